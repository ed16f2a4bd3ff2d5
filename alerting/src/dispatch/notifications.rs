//! Dispatch while it runs: one lock, one thread that waits for the next timer, and receivers of its own pace.
//!
//! What is to be sent is first written down and synced, with the lock open, then handed to whoever delivers. Outcomes come
//! back on other threads. Timers are kept by the clock that never jumps: where the other one does, they are moved along.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use journal::Disk;
use model::{Clock, Rng};
use parking_lot::{Condvar, Mutex};

use super::alerts::Reported;
use super::core::{Core, SetSilenceError};
use super::counts::Counts;
use super::explain::Explanation;
use super::filter::DeliveryFilter;
use super::ledger::OpenError;
use super::limits::DispatchLimits;
use super::plan::Plan;
use super::views::{AlertView, DeliveryView, GroupView};
use crate::config::Loaded;
use crate::silence::{Silence, new_id};
use crate::{Alert, Attempt, Deliver, Fingerprint, Notification, Outcome, Report};

/// By how much the clocks may part before that is taken for a jump, in milliseconds.
const MIN_JUMP_MS: i64 = 1000;

/// With what it runs.
#[derive(Debug)]
pub struct Options {
    /// Where the journal is.
    pub disk: Arc<dyn Disk>,
    /// The directory of the journal.
    pub dir: PathBuf,
    /// The clock of all timers.
    pub clock: Arc<dyn Clock>,
    /// Makes the names of silences and segments.
    pub rng: Box<dyn Rng>,
    /// Sends notifications.
    pub deliver: Arc<dyn Deliver>,
    /// What it may cost.
    pub limits: DispatchLimits,
    /// How long no group is looked at after the start.
    pub start_delay: Duration,
    /// Under which URL the server is reached, for templates.
    pub external_url: String,
}

/// Alerts were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{n_refused} alerts were left out: there are {limit} already (limit alerting_alerts)")]
pub struct TooManyAlerts {
    /// How many.
    pub n_refused: usize,
    /// The limit.
    pub limit: usize,
}

/// Groups alerts, decides who is told what, and remembers it.
pub struct Notifications {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    /// Something changed that the thread should look at.
    wake: Condvar,
    clock: Arc<dyn Clock>,
    deliver: Arc<dyn Deliver>,
    loaded: ArcSwap<Loaded>,
    external_url: String,
}

struct State {
    core: Core,
    rng: Box<dyn Rng>,
    /// Both clocks when they were compared last.
    compared_ms: [i64; 2],
    is_stopping: bool,
}

impl Notifications {
    /// Goes on where an earlier run in the same directory ended: what was on its way then is sent again with the same id.
    ///
    /// # Errors
    /// When the journal can be neither read nor written. Damage in it is none; see [`Counts::n_damaged`].
    pub fn open(options: Options, loaded: Arc<Loaded>) -> Result<Notifications, OpenError> {
        let Options { disk, dir, clock, mut rng, deliver, limits, start_delay, external_url } = options;
        let random = [rng.next_u64(), rng.next_u64(), rng.next_u64()];
        let plan = Arc::new(Plan::new(Arc::clone(&loaded), &external_url));
        let start_delay_ms = i64::try_from(start_delay.as_millis()).unwrap_or(i64::MAX);
        let core = Core::open(&disk, Arc::clone(&clock), &dir, random, plan, limits, start_delay_ms)?;
        let compared_ms = clocks(&*clock);
        let state = Mutex::new(State { core, rng, compared_ms, is_stopping: false });
        let loaded = ArcSwap::new(loaded);
        let shared = Arc::new(Shared { state, wake: Condvar::new(), clock, deliver, loaded, external_url });
        let for_thread = Arc::clone(&shared);
        let run = move || for_thread.run();
        let thread = thread::Builder::new().name("notifications".to_owned()).spawn(run).map_err(OpenError::Thread)?;
        Ok(Notifications { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Takes another configuration: alerts are grouped anew, timers begin anew, what was told stays known.
    pub fn apply(&self, loaded: Arc<Loaded>) {
        self.shared.loaded.store(Arc::clone(&loaded));
        let plan = Arc::new(Plan::new(loaded, &self.shared.external_url));
        self.shared.change(|core, at_ms| core.dispatcher.apply(plan, at_ms));
    }

    /// The configuration in force.
    pub fn loaded(&self) -> Arc<Loaded> {
        self.shared.loaded.load_full()
    }

    /// Takes reports of alerts.
    ///
    /// # Errors
    /// When there are more than the limit allows; the rest is taken.
    pub fn post(&self, alerts: Vec<Alert>) -> Result<(), TooManyAlerts> {
        self.report(&alerts.into_iter().map(Reported::from).collect::<Vec<_>>())
    }

    /// Takes reports of alerts, some of which may have no end.
    ///
    /// # Errors
    /// When there are more than the limit allows; the rest is taken.
    pub fn report(&self, reports: &[Reported]) -> Result<(), TooManyAlerts> {
        let (n_refused, limit) =
            self.shared.change(|core, at_ms| (core.dispatcher.post(at_ms, reports), core.dispatcher.limits.alerts));
        if n_refused == 0 { Ok(()) } else { Err(TooManyAlerts { n_refused, limit }) }
    }

    /// All alerts that are not over.
    pub fn alerts(&self) -> Vec<AlertView> {
        self.shared.look(|core, at_ms| core.dispatcher.alert_views(at_ms))
    }

    /// All groups with alerts that are not over.
    pub fn groups(&self) -> Vec<GroupView> {
        self.shared.look(|core, at_ms| core.dispatcher.group_views(at_ms))
    }

    /// All silences, those that ended lately included, by id.
    pub fn silences(&self) -> Vec<Silence> {
        self.shared.look(|core, _| core.dispatcher.silences.iter().cloned().collect())
    }

    /// One silence.
    pub fn silence(&self, id: &str) -> Option<Silence> {
        self.shared.look(|core, _| core.dispatcher.silences.get(id).cloned())
    }

    /// Makes a silence, or changes the one with its id; returns its id, which is another where it had to be made anew. When
    /// this returns, it is on the disk.
    ///
    /// # Errors
    /// When it makes no sense, or cannot be written down.
    pub fn set_silence(&self, silence: Silence) -> Result<String, SetSilenceError> {
        self.shared.set_silence(silence)
    }

    /// Ends a silence, also one that has ended. When this returns, that is on the disk.
    ///
    /// # Errors
    /// When there is none with this id, or it cannot be written down.
    pub fn expire_silence(&self, id: &str) -> Result<(), SetSilenceError> {
        self.shared.change(|core, at_ms| core.expire_silence(id, at_ms))
    }

    /// The delivery log, newest first.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Vec<DeliveryView> {
        self.shared.look(|core, _| core.find(filter))
    }

    /// Why an alert was told or not.
    pub fn explain(&self, fingerprint: Fingerprint) -> Explanation {
        self.shared.look(|core, _| core.dispatcher.explain(fingerprint, &core.deliveries))
    }

    /// How much there is of everything.
    pub fn counts(&self) -> Counts {
        self.shared.look(Core::counts)
    }

    /// Stops the thread; nothing is decided after this. What happened until then is on the disk.
    pub fn close(&self) {
        self.shared.state.lock().is_stopping = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            // A panic of the thread has been reported already.
            let _ = thread.join();
        }
        let journal = self.shared.state.lock().core.journal();
        if let Err(error) = journal.sync() {
            tracing::error!(%error, "what happened last to notifications may be lost in a power cut");
        }
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn run(self: Arc<Self>) {
        let mut state = self.state.lock();
        while !state.is_stopping {
            let at_ms = state.now_ms(&*self.clock);
            state.core.dispatcher.advance(at_ms);
            state.commit(at_ms);
            let outgoing = state.core.dispatcher.outgoing();
            if !outgoing.is_empty() {
                let journal = state.core.journal();
                drop(state);
                self.send(&journal, outgoing);
                state = self.state.lock();
                continue;
            }
            match state.core.dispatcher.next_at_ms() {
                // Not longer than the clocks may part unseen, so that alerts end when they should.
                Some(next_at_ms) => {
                    let wait_ms = u64::try_from(next_at_ms.saturating_sub(at_ms)).unwrap_or(0);
                    self.wake.wait_for(&mut state, Duration::from_millis(wait_ms));
                }
                None => self.wake.wait(&mut state),
            }
        }
    }

    /// Sends what has been written down, once it would survive a power cut.
    fn send(self: &Arc<Self>, journal: &journal::Journal, outgoing: Vec<Arc<Notification>>) {
        if let Err(error) = journal.sync() {
            // Rather told twice after a crash than not told now.
            tracing::error!(%error, "notifications are sent although the disk does not take them");
        }
        for notification in outgoing {
            self.deliver.take(notification, Arc::clone(self) as Arc<dyn Report>);
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Core, i64) -> T) -> T {
        let at_ms = self.clock.now_ms();
        look(&self.state.lock().core, at_ms)
    }

    /// Changes something, writes that down, and lets the thread look at it.
    fn change<T>(&self, change: impl FnOnce(&mut Core, i64) -> T) -> T {
        let mut state = self.state.lock();
        let at_ms = state.now_ms(&*self.clock);
        let answer = change(&mut state.core, at_ms);
        state.commit(at_ms);
        drop(state);
        self.wake.notify_all();
        answer
    }

    fn set_silence(&self, silence: Silence) -> Result<String, SetSilenceError> {
        let new_id = new_id(&mut *self.state.lock().rng);
        self.change(|core, at_ms| core.set_silence(silence, new_id, at_ms))
    }
}

impl State {
    /// The time, after timers have been moved along with it where it has jumped.
    fn now_ms(&mut self, clock: &dyn Clock) -> i64 {
        let now_ms = clocks(clock);
        let [wall_ms, elapsed_ms] = [0, 1].map(|of| now_ms[of].saturating_sub(self.compared_ms[of]));
        let jump_ms = wall_ms.saturating_sub(elapsed_ms);
        if jump_ms.abs() >= MIN_JUMP_MS {
            tracing::warn!(jump_ms, "the clock has jumped, timers of notifications are moved along");
            self.core.dispatcher.shift(jump_ms);
            self.compared_ms = now_ms;
        }
        now_ms[0]
    }

    fn commit(&mut self, at_ms: i64) {
        let was_fine = self.core.disk_error.is_none();
        if !self.core.commit(at_ms) && was_fine {
            let error = self.core.disk_error.as_deref().unwrap_or_default();
            tracing::error!(error, "notifications cannot be written down; they are sent all the same");
        }
    }
}

/// The clock that may jump and the one that never does, in milliseconds.
fn clocks(clock: &dyn Clock) -> [i64; 2] {
    [clock.now_ms(), i64::try_from(clock.elapsed().as_millis()).unwrap_or(i64::MAX)]
}

impl Report for Shared {
    fn attempt(&self, notification: &Notification, attempt: &Attempt) {
        self.change(|core, _| core.attempt(notification, attempt));
    }

    fn end(&self, notification: &Notification, outcome: &Outcome) {
        self.change(|core, at_ms| core.dispatcher.ended(&notification.id, outcome, at_ms));
    }
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications").field("clock", &self.shared.clock).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("deliver", &self.deliver).finish_non_exhaustive()
    }
}
