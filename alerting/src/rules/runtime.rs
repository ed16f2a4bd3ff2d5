//! Rules at work: threads that evaluate groups when they are due, and what becomes of the outcome.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use journal::Disk;
use model::storage::{Append, Select};
use model::{Clock, Labels};
use parking_lot::{Condvar, Mutex, MutexGuard};
use query::Engine;

use super::freshness::Freshness;
use super::group::{Group, GroupStatus, Orphans};
use super::instance::AlertState;
use super::metrics::RuleMetrics;
use super::output::mark_stale;
use super::schedule::{Entry, Schedule};
use super::sink::{AlertSink, RuleAlert};
use super::slot::Next;
use super::state::{Restored, StateError, StateJournal};
use super::world::{RuleError, World};

/// How many groups are evaluated at the same time.
const THREADS: usize = 4;
/// How many recording rules that stand upon each other are waited for after a start.
const LONGEST_CHAIN: usize = 4;
/// How long a thread sleeps at most: the clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What rules at work need.
#[derive(Debug)]
pub struct RulesOptions {
    /// Where the state of alerts is kept.
    pub disk: Arc<dyn Disk>,
    /// The directory of it.
    pub dir: PathBuf,
    /// Random: tells this run's records from others'.
    pub salt: u32,
    /// Says when groups are due.
    pub clock: Arc<dyn Clock>,
    /// Evaluates expressions.
    pub engine: Arc<Engine>,
    /// What they are evaluated over.
    pub select: Arc<dyn Select>,
    /// Takes what rules write.
    pub append: Arc<dyn Append>,
    /// Knows whether samples are from before the start.
    pub freshness: Arc<dyn Freshness>,
    /// The URL under which this server is reached, without a slash at its end.
    pub external_url: String,
    /// After how many milliseconds what fires is told again.
    pub resend_delay_ms: i64,
    /// After an outage of so many milliseconds what was pending begins anew.
    pub outage_tolerance_ms: i64,
}

/// Rules at work.
#[derive(Debug)]
pub struct Rules {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    options: RulesOptions,
    journal: StateJournal,
    schedule: Mutex<Schedule>,
    /// Something in the schedule has changed.
    changed: Condvar,
    external_labels: ArcSwap<Labels>,
    sinks: ArcSwap<Vec<Arc<dyn AlertSink>>>,
    /// What the last run left, until the first groups are there.
    restored: Mutex<Option<Restored>>,
    /// Series of groups that are no more.
    departing: Mutex<Vec<Departing>>,
    metrics: RuleMetrics,
}

/// Series of a group that was removed: marked as ended after two intervals, unless another group writes them by then.
#[derive(Debug)]
struct Departing {
    due_ms: i64,
    removed_ms: i64,
    series: Vec<Labels>,
}

impl Rules {
    /// Opens the state of alerts. Nothing is evaluated before [`Rules::apply`] and [`Rules::start`].
    ///
    /// # Errors
    /// When the state cannot be read or kept.
    pub fn open(options: RulesOptions) -> Result<Rules, StateError> {
        let RulesOptions { disk, dir, salt, clock, .. } = &options;
        let (journal, restored) = StateJournal::open(Arc::clone(disk), Arc::clone(clock), dir.clone(), *salt)?;
        let metrics = RuleMetrics::default();
        RuleMetrics::count(&metrics.damaged_records, restored.n_damaged as u64);
        let shared = Shared {
            journal,
            schedule: Mutex::default(),
            changed: Condvar::new(),
            external_labels: ArcSwap::from_pointee(Labels::empty()),
            sinks: ArcSwap::default(),
            restored: Mutex::new(Some(restored)),
            departing: Mutex::default(),
            metrics,
            options,
        };
        Ok(Rules { shared: Arc::new(shared), threads: Mutex::default() })
    }

    /// Who is to hear of alerts, from now on. What the last run left is told with the first [`Rules::apply`].
    pub fn add_sink(&self, sink: Arc<dyn AlertSink>) {
        let mut sinks = Vec::clone(&self.shared.sinks.load());
        sinks.push(sink);
        self.shared.sinks.store(Arc::new(sinks));
    }

    /// Puts groups in the place of those that are there. A group that is the same goes on undisturbed; what has changed takes
    /// over the state of its rules by their names and labels. What fired of rules that are no more is told as over. Waits
    /// for evaluations that are going on.
    pub fn apply(&self, groups: Vec<Group>, external_labels: &Labels) {
        let mut schedule = self.shared.schedule.lock();
        while schedule.is_running() {
            self.shared.changed.wait(&mut schedule);
        }
        self.shared.external_labels.store(Arc::new(external_labels.clone()));
        let ended = self.shared.replace(&mut schedule, groups);
        let all = schedule.groups();
        drop(schedule);
        let now_ms = self.shared.options.clock.now_ms();
        self.shared.noted(self.shared.journal.note_all(&all, now_ms));
        self.shared.tell(now_ms, &ended);
        self.shared.changed.notify_all();
    }

    /// Begins to evaluate groups when they are due, on threads of its own.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(&self) -> std::io::Result<()> {
        let mut threads = self.threads.lock();
        for _ in 0..THREADS {
            let shared = Arc::clone(&self.shared);
            threads.push(thread::Builder::new().name("rules".to_owned()).spawn(move || shared.work())?);
        }
        Ok(())
    }

    /// Evaluates all groups that are due now, on this thread; answers how many there were.
    pub fn evaluate_due(&self) -> usize {
        let mut n_evaluated = 0;
        loop {
            let due = self.shared.schedule.lock().take_due(self.shared.options.clock.now_ms());
            let Some((group, next)) = due else { return n_evaluated };
            self.shared.evaluate(&group, next);
            self.shared.schedule.lock().finish(&group);
            n_evaluated += 1;
        }
    }

    /// Stops after the evaluations that are going on. Alerts stay what they are.
    pub fn stop(&self) {
        self.shared.schedule.lock().is_stopping = true;
        self.shared.changed.notify_all();
        for thread in self.threads.lock().drain(..) {
            // A thread that has panicked has ended, too.
            let _ = thread.join();
        }
    }

    /// How all groups are doing, sorted by file and name; `has_alerts` says whether instances are wanted.
    pub fn groups(&self, has_alerts: bool) -> Vec<GroupStatus> {
        let groups = self.shared.schedule.lock().groups();
        groups.iter().map(|group| group.status(has_alerts)).collect()
    }

    /// What is counted over all groups.
    pub fn metrics(&self) -> &RuleMetrics {
        &self.shared.metrics
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Evaluates what is due, one group after the other, until it is told to stop.
    fn work(&self) {
        let mut schedule = self.schedule.lock();
        while !schedule.is_stopping {
            let now_ms = self.options.clock.now_ms();
            let Some((group, next)) = schedule.take_due(now_ms) else {
                let wait_ms = schedule.wait_ms(now_ms).and_then(|wait_ms| u64::try_from(wait_ms).ok());
                let longest = wait_ms.map_or(LONGEST_SLEEP, |ms| Duration::from_millis(ms).min(LONGEST_SLEEP));
                self.changed.wait_for(&mut schedule, longest);
                continue;
            };
            MutexGuard::unlocked(&mut schedule, || self.evaluate(&group, next));
            schedule.finish(&group);
            self.changed.notify_all();
        }
    }

    /// Evaluates a group, remembers what changed, and then tells it.
    fn evaluate(&self, group: &Arc<Group>, next: Next) {
        group.add_missed(next.n_missed);
        let external_labels = self.external_labels.load();
        let world = World {
            engine: &self.options.engine,
            select: &*self.options.select,
            append: &*self.options.append,
            freshness: &*self.options.freshness,
            external_labels: &external_labels,
            external_url: &self.options.external_url,
            resend_delay_ms: self.options.resend_delay_ms,
            clock: &*self.options.clock,
        };
        if next.set_back_ms > 0 {
            RuleMetrics::count(&self.metrics.set_back, 1);
            group.shift(-next.set_back_ms);
        }
        let began = world.clock.elapsed();
        let mut evaluation = group.evaluate_at(next.slot_ms, &world);
        self.metrics.groups.add(world.clock.elapsed().saturating_sub(began));
        evaluation.durations.iter().for_each(|duration| self.metrics.rules.add(*duration));
        for (rule, error) in &evaluation.failures {
            RuleMetrics::count(&self.metrics.panics, u64::from(matches!(error, RuleError::Panic(_))));
            let (file, group) = (group.file(), group.name());
            tracing::warn!(file, group, rule, %error, "evaluating a rule failed");
        }
        for (rule, warning) in &evaluation.warnings {
            tracing::warn!(
                file = group.file(),
                group = group.name(),
                rule,
                warning,
                "a template could not be filled in"
            );
        }
        if next.set_back_ms > 0 {
            evaluation.changes.extend(group.all_as_changes());
        }
        let now_ms = world.clock.now_ms();
        let all = self.schedule.lock().groups();
        self.noted(self.journal.note(group, &evaluation.changes, now_ms, &all));
        self.tell(now_ms, &evaluation.alerts);
        self.mark_departed(now_ms, &all);
    }

    /// Counts what the disk did not take. Alerts are told all the same: a page twice is better than none.
    fn noted(&self, result: Result<(), journal::JournalError>) {
        if let Err(error) = result {
            RuleMetrics::count(&self.metrics.journal_failures, 1);
            tracing::error!(%error, "the state of alerts cannot be written");
        }
    }

    fn tell(&self, now_ms: i64, alerts: &[RuleAlert]) {
        if !alerts.is_empty() {
            self.sinks.load().iter().for_each(|sink| sink.take(now_ms, alerts));
        }
    }

    /// Puts new groups into the schedule; answers what is over because its rule is no more.
    fn replace(&self, schedule: &mut Schedule, groups: Vec<Group>) -> Vec<RuleAlert> {
        let now_ms = self.options.clock.now_ms();
        let mut old = std::mem::take(&mut schedule.entries);
        let mut orphans = self.restored.lock().take().map_or_else(Vec::new, |restored| self.aged(restored, now_ms));
        for group in groups {
            let named = |entry: &Entry| entry.group.file() == group.file() && entry.group.name() == group.name();
            let before = old.iter().position(named).map(|at| old.swap_remove(at));
            let entry = match before {
                Some(entry) if entry.group.is_as(&group) => entry,
                before => self.new_entry(group, before, now_ms, &mut orphans),
            };
            schedule.entries.push(entry);
        }
        for Entry { group, .. } in old {
            let (series, left) = group.take_apart();
            group.close(&*self.options.append);
            orphans.extend(left);
            let due_ms = now_ms + 2 * group.slots().interval_ms;
            self.departing.lock().push(Departing { due_ms, removed_ms: now_ms, series });
        }
        schedule
            .entries
            .sort_by(|one, other| (one.group.file(), one.group.name()).cmp(&(other.group.file(), other.group.name())));
        let all = schedule.groups();
        for _ in 0..LONGEST_CHAIN {
            all.iter().for_each(|group| group.settle(&all));
        }
        // First to the rules at the same place, then to those that were moved.
        for is_moved in [false, true] {
            for entry in &schedule.entries {
                orphans = entry.group.restore(orphans, is_moved);
            }
        }
        let url = format!("{}/alerts", self.options.external_url);
        orphans.into_iter().flat_map(|orphans| orphans.ended(now_ms, &url)).collect()
    }

    fn new_entry(&self, group: Group, before: Option<Entry>, now_ms: i64, orphans: &mut Vec<Orphans>) -> Entry {
        let (mut last_ms, mut set_back_ms) = (group.slots().at_or_before(now_ms), 0);
        if let Some(before) = before {
            if before.group.slots() == group.slots() {
                (last_ms, set_back_ms) = (before.last_ms, before.set_back_ms);
            }
            orphans.extend(group.adopt(&before.group));
            before.group.close(&*self.options.append);
        }
        Entry { group: Arc::new(group), last_ms, is_running: false, set_back_ms }
    }

    /// What the last run left, without what was pending before an outage that was too long.
    fn aged(&self, restored: Restored, now_ms: i64) -> Vec<Orphans> {
        let Restored { mut orphans, alive_ms, .. } = restored;
        let is_long_ago = alive_ms.is_some_and(|alive_ms| now_ms - alive_ms > self.options.outage_tolerance_ms);
        if is_long_ago {
            for orphan in &mut orphans {
                orphan.instances.retain(|instance| instance.state != AlertState::Pending);
            }
        }
        orphans
    }

    /// Marks series of groups that were removed as ended.
    fn mark_departed(&self, now_ms: i64, all: &[Arc<Group>]) {
        let due: Vec<Departing> =
            self.departing.lock().extract_if(.., |departing| departing.due_ms <= now_ms).collect();
        for Departing { due_ms, removed_ms, mut series } in due {
            series.retain(|series| !all.iter().any(|group| group.writes(series)));
            if mark_stale(&*self.options.append, &series, removed_ms).is_err() {
                self.departing.lock().push(Departing { due_ms, removed_ms, series });
            }
        }
    }
}
