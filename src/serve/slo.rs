//! Error budgets in the server: counted from what is stored, looked at on a thread of their own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use alerting::rules::{AlertSink, RuleKind, Rules};
use anyhow::Context;
use journal::OsDisk;
use model::Clock;
use model::rng::{Rng, SeededRng};
use model::storage::{Append, Feed, Select};
use net::url::Url;
use query::Engine;
use slo::budget::{Budgets, BudgetsOptions, InForce};
use slo::count::{Counting, Options as CountingOptions};
use slo::spec::Catalog;

/// Where budgets are kept in the data directory.
const DIR: &str = "slo";

/// Error budgets at work, until they are closed.
#[derive(Debug)]
pub(super) struct Slo {
    counting: Arc<Counting>,
    /// The catalog in force could not be counted, and is tried again.
    is_uncounted: Arc<AtomicBool>,
    budgets: Arc<Budgets>,
    interval_ms: Arc<AtomicI64>,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// What error budgets are opened over.
pub(super) struct Over {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) append: Arc<dyn Append>,
    pub(super) select: Arc<dyn Select>,
    pub(super) feed: Arc<dyn Feed>,
    pub(super) engine: Arc<Engine>,
    pub(super) times: Times,
}

/// How long things are kept, and how far apart they are, in milliseconds.
pub(super) struct Times {
    pub(super) retention_ms: i64,
    /// `None` for raw samples that are kept for ever, as far as time goes.
    pub(super) raw_retention_ms: Option<i64>,
    pub(super) scrape_interval_ms: i64,
}

/// What a configuration says of error budgets.
pub(super) struct Configured<'c> {
    pub(super) catalog: Arc<Catalog>,
    /// How far ticks are apart, in milliseconds.
    pub(super) interval_ms: i64,
    /// Rules that record series by names of their own.
    pub(super) rules: &'c Rules,
}

impl Slo {
    /// Opens what the last run left, and begins to look at budgets.
    pub(super) fn open(
        data: &Path,
        external_url: &Url,
        over: Over,
        sinks: Vec<Arc<dyn AlertSink>>,
        configured: Configured<'_>,
    ) -> anyhow::Result<Slo> {
        let mut rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
        let counting = Counting::open(CountingOptions {
            disk: Arc::new(OsDisk),
            dir: data.join(DIR).join("history"),
            clock: Arc::clone(&over.clock),
            salt: (rng.next_u64() >> 32) as u32,
            select: over.select,
            feed: over.feed,
            engine: over.engine,
            retention_ms: over.times.retention_ms,
            raw_retention_ms: over.times.raw_retention_ms.unwrap_or(over.times.retention_ms),
            scrape_interval_ms: over.times.scrape_interval_ms,
            sample_every_ms: configured.interval_ms,
        })?;
        let counting = Arc::new(counting);
        let (budgets, n_damaged) = Budgets::open(BudgetsOptions {
            disk: Arc::new(OsDisk),
            dir: data.join(DIR).join("budget"),
            salt: (rng.next_u64() >> 32) as u32,
            clock: over.clock,
            history: Arc::clone(&counting) as _,
            append: over.append,
            external_url: external_url.to_string().trim_end_matches('/').to_owned(),
        })?;
        if n_damaged > 0 {
            tracing::warn!(records = n_damaged, "some of the state of error budgets is damaged, and was left out");
        }
        sinks.into_iter().for_each(|sink| budgets.add_sink(sink));
        let budgets = Arc::new(budgets);
        let interval_ms = Arc::new(AtomicI64::new(configured.interval_ms));
        let (stop, stopped) = channel();
        let (is_uncounted, thread) = (Arc::default(), None);
        let mut slo = Slo { counting, is_uncounted, budgets, interval_ms, stop, thread };
        slo.apply(configured);
        let ticking = Ticking {
            counting: Arc::clone(&slo.counting),
            is_uncounted: Arc::clone(&slo.is_uncounted),
            budgets: Arc::clone(&slo.budgets),
            interval_ms: Arc::clone(&slo.interval_ms),
        };
        let ticking = move || ticking.until(&stopped);
        slo.thread =
            Some(thread::Builder::new().name("slo".to_owned()).spawn(ticking).context("no thread for budgets")?);
        Ok(slo)
    }

    /// Budgets, for who asks.
    pub(super) fn budgets(&self) -> &Arc<Budgets> {
        &self.budgets
    }

    /// Puts a configuration in force.
    pub(super) fn apply(&self, configured: Configured<'_>) {
        self.interval_ms.store(configured.interval_ms, Ordering::Relaxed);
        count(&self.counting, &configured.catalog, &self.is_uncounted);
        let in_force = InForce {
            catalog: configured.catalog,
            interval_ms: configured.interval_ms,
            recorded: recorded(configured.rules),
        };
        if let Err(error) = self.budgets.apply(in_force) {
            tracing::error!(error, "targets of error budgets not noted");
        }
    }

    /// Stops looking. What is being looked at is looked at to its end.
    pub(super) fn close(mut self) {
        // The thread may have ended by itself.
        let _ = self.stop.send(());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("looking at error budgets ended with a panic");
        }
        self.budgets.close();
        self.counting.close();
    }
}

/// The names of all series that rules record.
fn recorded(rules: &Rules) -> BTreeSet<String> {
    let rules = rules.groups(false).into_iter().flat_map(|group| group.rules);
    rules.filter(|rule| matches!(rule.kind, RuleKind::Recording)).map(|rule| rule.name).collect()
}

/// Counts what a catalog says from now on.
fn count(counting: &Counting, catalog: &Arc<Catalog>, is_uncounted: &AtomicBool) {
    let counted = counting.apply(Arc::clone(catalog));
    is_uncounted.store(counted.is_err(), Ordering::Relaxed);
    if let Err(error) = counted {
        tracing::error!(%error, "events of error budgets cannot be counted back, and are tried again");
    }
}

/// What the thread has.
struct Ticking {
    counting: Arc<Counting>,
    is_uncounted: Arc<AtomicBool>,
    budgets: Arc<Budgets>,
    interval_ms: Arc<AtomicI64>,
}

impl Ticking {
    /// Counts and looks until it is told to stop.
    fn until(&self, stopped: &Receiver<()>) {
        let mut told: Vec<String> = Vec::new();
        loop {
            let interval_ms = self.interval_ms.load(Ordering::Relaxed);
            let wait = Duration::from_millis(u64::try_from(interval_ms).unwrap_or(0).max(1));
            if !matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
                return;
            }
            if self.is_uncounted.load(Ordering::Relaxed) {
                count(&self.counting, &self.budgets.catalog(), &self.is_uncounted);
            }
            self.counting.tick();
            let errors = self.budgets.tick().errors;
            // Once for the same trouble.
            if errors != told {
                errors.iter().for_each(|error| tracing::error!(error, "error budgets"));
                told = errors;
            }
        }
    }
}
