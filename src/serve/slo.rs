//! Error budgets in the server: counted from what is stored, looked at on a thread of their own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use alerting::rules::{AlertSink, RuleKind, Rules, Slots};
use anyhow::Context;
use journal::OsDisk;
use model::Clock;
use model::rng::{Rng, SeededRng};
use model::storage::{Append, Feed, Select};
use net::url::Url;
use parking_lot::Mutex;
use query::Engine;
use slo::budget::{Budgets, BudgetsOptions, InForce, Moment};
use slo::count::{Counting, Options as CountingOptions, SamplingChanges};
use slo::gate::Gates;
use slo::grouping::{self, Groups};
use slo::history::SamplingError;
use slo::spec::Catalog;

use super::ticks::Ticks;
use crate::config::Language;

/// Where budgets are kept in the data directory.
const DIR: &str = "slo";
/// Groups of series are looked for so often,
const LOOK_FOR_GROUPS: Duration = Duration::from_secs(15);
/// and less often where one look takes more than a thousandth of that time, as with a thousand objectives that have groups,
const LOOKS_PER_PAUSE: u32 = 1000;
/// but not less often than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Error budgets at work, until they are closed.
#[derive(Debug)]
pub(super) struct Slo {
    work: Arc<Work>,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// What is done at ticks, and at each change of the configuration.
#[derive(Debug)]
struct Work {
    counting: Arc<Counting>,
    /// The catalog in force could not be counted, and is tried again.
    is_uncounted: AtomicBool,
    budgets: Arc<Budgets>,
    select: Arc<dyn Select>,
    clock: Arc<dyn Clock>,
    interval_ms: AtomicI64,
    /// For how long counts are kept, in milliseconds.
    retention_ms: i64,
    /// As files have it, with objectives that stand for groups, and the groups that there are.
    written: Mutex<(InForce, Groups)>,
    /// Release gates, which judge by the catalog in force.
    gates: OnceLock<Arc<Gates>>,
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
    pub(super) scrape_interval_ms: i64,
}

/// What a configuration says of error budgets.
pub(super) struct Configured<'c> {
    pub(super) catalog: Arc<Catalog>,
    /// How far ticks are apart, in milliseconds.
    pub(super) interval_ms: i64,
    /// For how long raw samples are kept, in milliseconds; `None` for ever, as far as time goes.
    pub(super) raw_retention_ms: Option<i64>,
    /// Rules that record series by names of their own.
    pub(super) rules: &'c Rules,
    /// In which language alerts are.
    pub(super) language: Language,
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
            select: Arc::clone(&over.select),
            feed: over.feed,
            engine: over.engine,
            retention_ms: over.times.retention_ms,
            raw_retention_ms: configured.raw_retention_ms.unwrap_or(over.times.retention_ms),
            scrape_interval_ms: over.times.scrape_interval_ms,
            sample_every_ms: configured.interval_ms,
        })?;
        let counting = Arc::new(counting);
        let (budgets, n_damaged) = Budgets::open(BudgetsOptions {
            disk: Arc::new(OsDisk),
            dir: data.join(DIR).join("budget"),
            salt: (rng.next_u64() >> 32) as u32,
            clock: Arc::clone(&over.clock),
            history: Arc::clone(&counting) as _,
            append: over.append,
            external_url: external_url.to_string().trim_end_matches('/').to_owned(),
        })?;
        if n_damaged > 0 {
            tracing::warn!(records = n_damaged, "some of the state of error budgets is damaged, and was left out");
        }
        sinks.into_iter().for_each(|sink| budgets.add_sink(sink));
        let work = Work {
            counting,
            is_uncounted: AtomicBool::default(),
            budgets: Arc::new(budgets),
            select: over.select,
            clock: over.clock,
            interval_ms: AtomicI64::default(),
            retention_ms: over.times.retention_ms,
            written: Mutex::default(),
            gates: OnceLock::new(),
        };
        let (stop, stopped) = channel();
        let slo = Slo { work: Arc::new(work), stop, thread: None };
        slo.apply(configured);
        let work = Arc::clone(&slo.work);
        let ticking = move || work.until(&stopped);
        let thread = thread::Builder::new().name("slo".to_owned()).spawn(ticking).context("no thread for budgets")?;
        Ok(Slo { thread: Some(thread), ..slo })
    }

    /// Budgets, for who asks.
    pub(super) fn budgets(&self) -> &Arc<Budgets> {
        &self.work.budgets
    }

    /// From now on gates judge by the catalog in force. Only the first ones are taken.
    pub(super) fn set_gates(&self, gates: &Arc<Gates>) {
        // The catalog is in force for both or for none.
        let _written = self.work.written.lock();
        self.work.tell(self.work.gates.get_or_init(|| Arc::clone(gates)));
    }

    /// Puts a configuration in force.
    pub(super) fn apply(&self, configured: Configured<'_>) {
        let Configured { catalog, interval_ms, raw_retention_ms, rules, language } = configured;
        self.work.interval_ms.store(interval_ms, Ordering::Relaxed);
        self.work.counting.set_raw_retention_ms(raw_retention_ms.unwrap_or(self.work.retention_ms));
        let mut written = self.work.written.lock();
        written.0 = InForce { catalog, interval_ms, recorded: recorded(rules), language: language.of_reports() };
        if let Some(groups) = self.work.groups(&written) {
            written.1 = groups;
        }
        self.work.put_in_force(&written);
    }

    /// Stops looking. What is being looked at is looked at to its end.
    pub(super) fn close(mut self) {
        // The thread may have ended by itself.
        let _ = self.stop.send(());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("looking at error budgets ended with a panic");
        }
        self.work.budgets.close();
        self.work.counting.close();
    }
}

/// Says once whose queries fail, and once that they do no more.
fn tell_of_queries(changes: SamplingChanges) {
    for (slo, SamplingError { since_ms, query, error }) in changes.failing {
        let since = Moment(since_ms);
        tracing::error!(slo, query, error, %since, "a query of an error budget fails; nothing more is counted of it");
    }
    for slo in changes.mended {
        tracing::info!(slo, "the query of an error budget is evaluated again");
    }
}

/// The names of all series that rules record.
fn recorded(rules: &Rules) -> BTreeSet<String> {
    let rules = rules.groups(false).into_iter().flat_map(|group| group.rules);
    rules.filter(|rule| matches!(rule.kind, RuleKind::Recording)).map(|rule| rule.name).collect()
}

impl Work {
    /// Counts and looks until it is told to stop.
    fn until(&self, stopped: &Receiver<()>) {
        let mut told: Vec<String> = Vec::new();
        let mut looked = self.clock.elapsed();
        let mut pause = LOOK_FOR_GROUPS;
        let mut ticks = Ticks::after(self.clock.now_ms(), self.slots());
        loop {
            let slots = self.slots();
            let wait = ticks.wait(self.clock.now_ms(), slots);
            if !matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
                return;
            }
            let Some(first_ms) = ticks.due(self.clock.now_ms(), slots) else { continue };
            if self.clock.elapsed().saturating_sub(looked) >= pause {
                looked = self.clock.elapsed();
                let took = self.look_for_groups();
                pause = (LOOKS_PER_PAUSE * took).clamp(LOOK_FOR_GROUPS, LONGEST_PAUSE);
            }
            if self.is_uncounted.load(Ordering::Relaxed) {
                // Nobody puts another catalog in force meanwhile.
                let _written = self.written.lock();
                self.count(&self.budgets.catalog());
            }
            tell_of_queries(self.counting.tick());
            // Counting may have gone on beyond a slot: what is written says what is counted now.
            let slot_ms = ticks.due(self.clock.now_ms(), slots).unwrap_or(first_ms);
            ticks.note(slot_ms);
            let errors = self.budgets.tick_of(slot_ms).errors;
            // Once for the same trouble.
            if errors != told {
                errors.iter().for_each(|error| tracing::error!(error, "error budgets"));
                told = errors;
            }
        }
    }

    /// When ticks are: at times of their own, as those of a group of rules.
    fn slots(&self) -> Slots {
        Slots::of(DIR, DIR, self.interval_ms.load(Ordering::Relaxed))
    }

    /// Counts what a catalog says from now on.
    fn count(&self, catalog: &Arc<Catalog>) {
        let counted = self.counting.apply(Arc::clone(catalog));
        self.is_uncounted.store(counted.is_err(), Ordering::Relaxed);
        if let Err(error) = counted {
            tracing::error!(%error, "events of error budgets cannot be counted back, and are tried again");
        }
    }

    /// Puts what was written in force, with an objective for each group.
    fn put_in_force(&self, (in_force, groups): &(InForce, Groups)) {
        let mut in_force = in_force.clone();
        if grouping::has_groups(&in_force.catalog) {
            in_force.catalog = Arc::new(grouping::split(&in_force.catalog, groups));
        }
        self.count(&in_force.catalog);
        if let Err(error) = self.budgets.apply(in_force) {
            tracing::error!(error, "targets of error budgets not noted");
        }
        self.gates.get().into_iter().for_each(|gates| self.tell(gates));
    }

    /// Tells gates which catalog is in force, and in which language people are written to.
    fn tell(&self, gates: &Gates) {
        gates.set_language(self.budgets.language());
        for fault in gates.apply(self.budgets.catalog()) {
            tracing::error!(fault, "an error-budget policy has no effect");
        }
    }

    /// The groups that there are now; `None` where nobody can tell.
    fn groups(&self, (in_force, known): &(InForce, Groups)) -> Option<Groups> {
        let from_ms = self.clock.now_ms().saturating_sub(self.counting.raw_retention_ms());
        let found = grouping::discover(&in_force.catalog, known, &*self.select, from_ms);
        found.inspect_err(|error| tracing::error!(%error, "groups of objectives cannot be looked for")).ok()
    }

    /// Takes up groups that have come, and lets go those that have gone. Answers how long it looked for them.
    fn look_for_groups(&self) -> Duration {
        let mut written = self.written.lock();
        if !grouping::has_groups(&written.0.catalog) {
            return Duration::ZERO;
        }
        let began = self.clock.elapsed();
        let found = self.groups(&written);
        let took = self.clock.elapsed().saturating_sub(began);
        if let Some(groups) = found.filter(|groups| *groups != written.1) {
            written.1 = groups;
            self.put_in_force(&written);
        }
        took
    }
}
