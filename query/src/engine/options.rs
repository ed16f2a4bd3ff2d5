//! How an engine evaluates, and what it allows a query to cost.

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, SystemClock};

use crate::syntax::Options as ParseOptions;

/// How an engine behaves.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// What the language has beyond its stable core.
    pub parse: ParseOptions,
    /// How old a sample may be to count as the value of its series, in milliseconds. The default is five minutes.
    pub lookback_ms: i64,
    /// The step of a subquery that names none, in milliseconds. The default is one minute; a server sets its evaluation
    /// interval, and sets it again when that changes ([`Engine::set_default_subquery_step_ms`](super::Engine)).
    pub default_subquery_step_ms: i64,
    /// Metric names are dropped at the end of a query instead of by each function.
    pub delayed_name_removal: bool,
    /// `rate` and its kin know when a counter began.
    pub use_start_timestamps: bool,
    /// A metric's type is looked for in its `__type__` label instead of in its name.
    pub type_and_unit_labels: bool,
    /// What a query may cost.
    pub limits: Limits,
    /// How many threads may work on one query. The default is as many as there are cores, at most eight.
    pub n_threads: usize,
    /// The clock by which queries time out and are timed.
    pub clock: Arc<dyn Clock>,
}

impl Default for EngineOptions {
    fn default() -> EngineOptions {
        EngineOptions {
            parse: ParseOptions::default(),
            lookback_ms: 5 * 60_000,
            default_subquery_step_ms: 60_000,
            delayed_name_removal: false,
            use_start_timestamps: false,
            type_and_unit_labels: false,
            limits: Limits::default(),
            n_threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8),
            clock: Arc::new(SystemClock::new()),
        }
    }
}

/// What a query may cost. The points of a range query are limited by whoever asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a query may take, parsing included. The default is two minutes.
    pub timeout: Duration,
    /// How many samples a query may have in memory at once, counted as Prometheus counts them but for those that are
    /// never there at once, because series stream through. The default is 50,000,000.
    pub max_samples: u64,
    /// How much memory a query may take, in bytes. The default is 256 MiB.
    pub max_query_bytes: u64,
    /// How much memory all queries of an engine may take together, in bytes. The default is 1 GiB.
    pub max_queries_bytes: u64,
    /// How long a label value may be that a query builds, in bytes. The default is 64 KiB.
    pub max_label_value_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            timeout: Duration::from_secs(120),
            max_samples: 50_000_000,
            max_query_bytes: 256 << 20,
            max_queries_bytes: 1 << 30,
            max_label_value_bytes: 64 << 10,
        }
    }
}
