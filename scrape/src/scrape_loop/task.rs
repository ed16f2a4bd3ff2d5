//! The task of a loop: when to ask, when to stop, and what to leave behind.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::departures::{Departures, SharedRecorder};
use super::error::ScrapeError;
use super::recorder::{Answer, Shared};
use super::slots::{self, Slots};
use super::state::{Outcome, SharedState};
use crate::fetch::{Fetch, FetchError, FetchRequest, Fetched};
use crate::target::Target;

/// A fetcher is given so much more time than the scrape's timeout before it is cut off: it should end by itself, with a
/// better message.
const GRACE: Duration = Duration::from_millis(500);

/// What a loop is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Scrape.
    Run,
    /// Finish the scrape at hand; a successor goes on.
    HandOver,
    /// Finish the scrape at hand; the target is gone.
    Leave,
    /// Stop at once: narthex shuts down.
    ShutDown,
}

/// What all loops share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) shared: Shared,
    pub(crate) departures: Departures,
    /// How many answers are recorded at a time.
    pub(crate) recording: Semaphore,
    pub(crate) buffers: Buffers,
    /// Shifts the places of targets in their intervals, so that two servers do not ask at the same moment.
    pub(crate) offset_seed: u64,
}

/// Buffers for bodies. A few are kept, none that is large.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Mutex<Vec<Vec<u8>>>);

const MAX_KEPT_BUFFERS: usize = 16;
const MAX_KEPT_BUFFER_BYTES: usize = 1 << 20;

impl Buffers {
    fn take(&self) -> Vec<u8> {
        self.0.lock().pop().unwrap_or_default()
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        let mut kept = self.0.lock();
        if kept.len() < MAX_KEPT_BUFFERS && (1..=MAX_KEPT_BUFFER_BYTES).contains(&buffer.capacity()) {
            buffer.clear();
            kept.push(buffer);
        }
    }
}

/// A running loop, as its pool holds it.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) target: Arc<Target>,
    pub(crate) state: Arc<SharedState>,
    pub(crate) recorder: SharedRecorder,
    pub(crate) command: watch::Sender<Command>,
    pub(crate) task: JoinHandle<()>,
}

/// The loop before this one, of the same target.
pub(crate) struct Predecessor {
    pub(crate) recorder: SharedRecorder,
    pub(crate) task: JoinHandle<()>,
    /// Whether the settings make the same series of the same lines.
    pub(crate) same_series: bool,
}

pub(crate) struct ScrapeLoop {
    pub(crate) context: Arc<Context>,
    pub(crate) target: Arc<Target>,
    pub(crate) state: Arc<SharedState>,
    pub(crate) recorder: SharedRecorder,
    pub(crate) request: FetchRequest,
    /// An error that stands in for every scrape while it is there: too many targets.
    pub(crate) forced_error: Arc<RwLock<Option<ScrapeError>>>,
    pub(crate) predecessor: Option<Predecessor>,
}

impl ScrapeLoop {
    pub(crate) async fn run(mut self, mut fetcher: Box<dyn Fetch>, mut command: watch::Receiver<Command>) {
        self.begin().await;
        let interval = self.target.interval;
        let clock = &self.context.shared.clock;
        let place = self.target.hash() ^ self.context.offset_seed;
        let first = Instant::now() + slots::first_delay(clock.now_ms(), interval, place);
        if wait(first, &mut command).await != Command::Run {
            return self.end(first, false, &mut command).await;
        }
        let mut slots = Slots::new(self.context.shared.clock.now_ms(), interval);
        let mut slot = first;
        loop {
            self.context.shared.metrics.lateness.observe(slot.elapsed());
            let timestamp_ms = slots.timestamp_ms(self.context.shared.clock.now_ms());
            self.scrape(&mut *fetcher, timestamp_ms, &mut command).await;
            // Slots that a slow scrape has missed are left out.
            let n_slots = slot.elapsed().as_nanos() / interval.as_nanos().max(1) + 1;
            slot += interval.saturating_mul(u32::try_from(n_slots).unwrap_or(u32::MAX));
            if wait(slot, &mut command).await != Command::Run {
                return self.end(slot, true, &mut command).await;
            }
        }
    }

    /// Takes over what others have left.
    async fn begin(&mut self) {
        if let Some(predecessor) = self.predecessor.take() {
            // Whether it ended well or not, it has ended.
            let _ = predecessor.task.await;
            self.recorder.lock().succeed(&mut predecessor.recorder.lock(), predecessor.same_series);
        }
        let series = self.context.departures.take(&self.target.labels);
        self.recorder.lock().adopt(series);
    }

    async fn scrape(&self, fetcher: &mut dyn Fetch, timestamp_ms: i64, command: &mut watch::Receiver<Command>) {
        let started = self.context.shared.clock.elapsed();
        let mut body = self.context.buffers.take();
        let forced = self.forced_error.read().clone();
        let fetched = match forced {
            Some(error) => Err(error),
            None => tokio::select! {
                biased;
                // Only shutting down breaks a scrape off.
                Ok(_) = command.wait_for(|command| *command == Command::ShutDown) => return,
                fetched = fetch(fetcher, &self.request, &mut body) => fetched.map_err(ScrapeError::from),
            },
        };
        if fetched.is_err() {
            body.clear();
        }
        self.record(fetched, body, timestamp_ms, started).await;
    }

    /// Records an answer where it may block.
    async fn record(&self, fetched: Result<Fetched, ScrapeError>, body: Vec<u8>, timestamp_ms: i64, started: Duration) {
        let _permit = self.context.recording.acquire().await;
        let recorder = Arc::clone(&self.recorder);
        let recording = tokio::task::spawn_blocking(move || {
            let outcome = recorder.lock().record(Answer { fetched, body: &body, timestamp_ms, started });
            (outcome, body)
        });
        match recording.await {
            Ok((outcome, body)) => {
                self.context.buffers.give_back(body);
                self.state.report(outcome);
            }
            Err(error) => self.state.report(lost(timestamp_ms, &error)),
        }
    }

    /// Does what is to be done behind the last scrape.
    async fn end(self, slot: Instant, was_scraped: bool, command: &mut watch::Receiver<Command>) {
        let last = *command.borrow();
        match last {
            Command::Run | Command::HandOver => {}
            Command::Leave if was_scraped => self.leave(slot, command).await,
            // Without a scrape there is only what it has taken over from others.
            Command::Leave | Command::ShutDown => self.write_end(self.now_ms()).await,
        }
    }

    /// A time behind that of the last scrape, which may be a little ahead of the clock.
    fn now_ms(&self) -> i64 {
        let last_ms = self.state.get().last_scrape_ms;
        self.context.shared.clock.now_ms().max(last_ms.map_or(i64::MIN, |last_ms| last_ms + 1))
    }

    /// Waits whether the target comes back, for two more scrapes and a little; then ends its series, with the time of
    /// the first scrape that it missed.
    async fn leave(&self, slot: Instant, command: &mut watch::Receiver<Command>) {
        let interval = self.target.interval;
        self.context.departures.leave(&self.target.labels, &self.recorder);
        let shut_down = command.wait_for(|command| *command == Command::ShutDown);
        let missed_ms = tokio::select! {
            biased;
            Ok(_) = shut_down => None,
            () = sleep_until(slot) => Some(self.now_ms()),
        };
        if missed_ms.is_some() {
            let shut_down = command.wait_for(|command| *command == Command::ShutDown);
            tokio::select! {
                biased;
                Ok(_) = shut_down => {}
                () = sleep(interval + interval / 10) => {}
            }
        }
        if self.context.departures.forget(&self.recorder) {
            let timestamp_ms = missed_ms.unwrap_or_else(|| self.now_ms());
            self.write_end(timestamp_ms).await;
        }
    }

    /// Writes stale markers for everything that this loop has left alive.
    async fn write_end(&self, timestamp_ms: i64) {
        let (context, recorder) = (Arc::clone(&self.context), Arc::clone(&self.recorder));
        let writing = tokio::task::spawn_blocking(move || {
            let alive = recorder.lock().take_alive();
            let series = context.departures.not_overlapping(&recorder, alive);
            recorder.lock().end(&series, timestamp_ms);
        });
        if let Err(error) = writing.await {
            tracing::error!(target = %self.target.url, %error, "Stale markers could not be written.");
        }
    }
}

/// Waits for a time or for a command, whichever comes first.
async fn wait(until: Instant, command: &mut watch::Receiver<Command>) -> Command {
    tokio::select! {
        // A command that is there already must win.
        biased;
        told = command.wait_for(|command| *command != Command::Run) => told.map_or(Command::ShutDown, |told| *told),
        () = sleep_until(until) => Command::Run,
    }
}

async fn fetch(fetcher: &mut dyn Fetch, request: &FetchRequest, body: &mut Vec<u8>) -> Result<Fetched, FetchError> {
    match timeout(request.timeout + GRACE, fetcher.fetch(request, body)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(FetchError::Failed(format!("Get \"{}\": context deadline exceeded", request.url))),
    }
}

/// The outcome of a scrape whose recording ended in a panic outside of what guards it.
fn lost(timestamp_ms: i64, error: &tokio::task::JoinError) -> Outcome {
    Outcome {
        timestamp_ms,
        duration: Duration::ZERO,
        n_samples: 0,
        error: Some(ScrapeError::Panicked(error.to_string()).to_string()),
        warning: None,
    }
}
