//! What was counted: good and bad events of each objective, along time.
//!
//! Whoever reads budgets, burn rates, ledgers and reports asks here and nowhere else, so that all of them agree to the event.

use std::fmt;
use std::sync::Arc;

use model::Labels;
use query::Cancel;

use crate::spec::Catalog;

/// What was counted in a span of time. For time slices the events are slices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Bad events. Exact for counters of whole numbers up to 2^53.
    pub bad: f64,
    /// All events, bad ones included.
    pub total: f64,
    /// The target-time in which events could be seen, in milliseconds: targets weigh alike, and are added up.
    pub measured_ms: f64,
    /// The target-time in which events should have been seen, in milliseconds.
    pub expected_ms: f64,
}

impl Counts {
    /// Good events.
    pub fn good(&self) -> f64 {
        self.total - self.bad
    }

    /// The share of bad events; `None` where there were no events.
    pub fn error_ratio(&self) -> Option<f64> {
        (self.total > 0.0).then(|| self.bad / self.total)
    }

    /// The share of the time that was measured; `None` where nothing was to be measured.
    pub fn coverage(&self) -> Option<f64> {
        (self.expected_ms > 0.0).then(|| self.measured_ms / self.expected_ms)
    }
}

impl std::ops::Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            bad: self.bad + other.bad,
            total: self.total + other.total,
            measured_ms: self.measured_ms + other.measured_ms,
            expected_ms: self.expected_ms + other.expected_ms,
        }
    }
}

/// The first value of a series that was not counted, because nobody knows whether it began at zero.
#[derive(Clone, Debug, PartialEq)]
pub struct UncountedFirstValue {
    /// The series.
    pub series: Labels,
    /// When it was first seen, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// Its value then.
    pub value: f64,
}

/// Why nothing more is counted of an objective that is sampled: one of its queries cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplingError {
    /// The first step that could not be evaluated, in milliseconds since the Unix epoch: nothing is counted from there on.
    pub since_ms: i64,
    /// The query as it is asked, with its window put in; cut where it is long.
    pub query: String,
    /// Why, in the words of the query engine; cut where they are long.
    pub error: String,
}

/// How counting stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Objectives that are counted.
    pub n_objectives: usize,
    /// Series that they are counted from.
    pub n_series: usize,
    /// Targets that are known.
    pub n_targets: usize,
    /// The memory that counts take, labels of series left out, in bytes.
    pub n_bytes: usize,
    /// What is on disk, in bytes.
    pub n_stored_bytes: u64,
    /// First values that were not counted and are listed, of the objective that has most of them.
    pub n_uncounted: usize,
    /// How often something could not be read, evaluated or written, and is tried again.
    pub n_failures: u64,
}

/// The counts of all objectives. Objectives are named by their id, [`crate::spec::Objective::id`]; one that is not known has
/// counted nothing.
///
/// A span is open on the left and closed on the right, `(from_ms, to_ms]`, to the millisecond of the sample.
pub trait History: fmt::Debug + Send + Sync {
    /// What was counted in a span, with exclusions taken out.
    fn counts(&self, id: &str, from_ms: i64, to_ms: i64) -> Counts;

    /// What was counted in each of the windows that end together; they begin at `from_ms`. Costs less than one span for each.
    fn windows(&self, id: &str, from_ms: &[i64], to_ms: i64) -> Vec<Counts> {
        from_ms.iter().map(|from_ms| self.counts(id, *from_ms, to_ms)).collect()
    }

    /// What was counted in each of the spans of `step_ms` that follow one another from `from_ms` to `to_ms`; the last may be
    /// shorter. Costs little more than one span.
    fn steps(&self, id: &str, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Counts>;

    /// When the objective's series were first seen; `None` while nothing was.
    fn began_ms(&self, id: &str) -> Option<i64>;

    /// The newest committed scrape of the objective's targets; `None` while there was none.
    fn newest_ms(&self, id: &str) -> Option<i64>;

    /// First values that were not counted in a span.
    fn uncounted(&self, id: &str, from_ms: i64, to_ms: i64) -> Vec<UncountedFirstValue>;

    /// Why nothing more is counted of an objective that is sampled; `None` while its queries are evaluated.
    fn sampling_error(&self, _id: &str) -> Option<SamplingError> {
        None
    }

    /// How many more first values were not counted in a span than [`History::uncounted`] has: of the oldest of very many only
    /// their number by the day is kept.
    fn n_uncounted_left_out(&self, _id: &str, _from_ms: i64, _to_ms: i64) -> u64 {
        0
    }

    /// What was counted in a span, apart by the values of the labels under which the objective's options want it apart. As far
    /// back as raw samples reach.
    fn by_labels(&self, id: &str, names: &[String], from_ms: i64, to_ms: i64) -> Vec<(Labels, Counts)>;

    /// What an objective of another catalog has counted, and what it consists of: what is not counted yet is counted back over
    /// the raw samples, and nothing of it is kept.
    ///
    /// # Errors
    /// In words: why it cannot be counted.
    fn rehearsed(&self, _catalog: &Arc<Catalog>, _id: &str, _cancel: &Cancel) -> Result<Box<dyn History + '_>, String> {
        Err("only what is counted already can be tried here".to_owned())
    }

    /// How counting stands; of counts that nobody keeps up, nothing.
    fn standing(&self) -> Standing {
        Standing::default()
    }
}
