//! Error budgets in the server: counted from what is stored, looked at on a thread of their own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use alerting::rules::{AlertSink, RuleKind, Rules};
use anyhow::Context;
use journal::OsDisk;
use model::Clock;
use model::rng::{Rng, SeededRng};
use model::storage::Append;
use net::url::Url;
use slo::budget::{Budgets, BudgetsOptions, InForce};
use slo::history::History;
use slo::spec::Catalog;

/// What is counted where nothing is.
#[derive(Debug)]
pub(super) struct NotCounted;

impl History for NotCounted {
    fn counts(&self, _: &str, _: i64, _: i64) -> slo::history::Counts {
        slo::history::Counts::default()
    }
    fn steps(&self, _: &str, _: i64, _: i64, _: i64) -> Vec<slo::history::Counts> {
        Vec::new()
    }
    fn began_ms(&self, _: &str) -> Option<i64> {
        None
    }
    fn newest_ms(&self, _: &str) -> Option<i64> {
        None
    }
    fn uncounted(&self, _: &str, _: i64, _: i64) -> Vec<slo::history::UncountedFirstValue> {
        Vec::new()
    }
    fn by_labels(&self, _: &str, _: &[String], _: i64, _: i64) -> Vec<(model::Labels, slo::history::Counts)> {
        Vec::new()
    }
}

/// Where budgets are kept in the data directory.
const DIR: &str = "slo";

/// Error budgets at work, until they are closed.
#[derive(Debug)]
pub(super) struct Slo {
    budgets: Arc<Budgets>,
    interval_ms: Arc<AtomicI64>,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// What error budgets are opened over.
pub(super) struct Over {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) append: Arc<dyn Append>,
    pub(super) history: Arc<dyn History>,
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
        let (budgets, n_damaged) = Budgets::open(BudgetsOptions {
            disk: Arc::new(OsDisk),
            dir: data.join(DIR).join("budget"),
            salt: (rng.next_u64() >> 32) as u32,
            clock: over.clock,
            history: over.history,
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
        let mut slo = Slo { budgets: Arc::clone(&budgets), interval_ms: Arc::clone(&interval_ms), stop, thread: None };
        slo.apply(configured);
        let ticking = move || tick(&budgets, &interval_ms, &stopped);
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
    }
}

/// The names of all series that rules record.
fn recorded(rules: &Rules) -> BTreeSet<String> {
    let rules = rules.groups(false).into_iter().flat_map(|group| group.rules);
    rules.filter(|rule| matches!(rule.kind, RuleKind::Recording)).map(|rule| rule.name).collect()
}

fn tick(budgets: &Budgets, interval_ms: &AtomicI64, stopped: &Receiver<()>) {
    let mut told: Vec<String> = Vec::new();
    loop {
        let wait = Duration::from_millis(u64::try_from(interval_ms.load(Ordering::Relaxed)).unwrap_or(0).max(1));
        if !matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
            return;
        }
        let errors = budgets.tick().errors;
        // Once for the same trouble.
        if errors != told {
            errors.iter().for_each(|error| tracing::error!(error, "error budgets"));
            told = errors;
        }
    }
}
