//! The lanes and their tasks.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Rng};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::counts::KindCounts;
use super::fallback::{Standing, Told, redirected};
use super::lane::{Item, Lane, Step};
use super::merge::merged;
use crate::receivers::{FailureKind, SendFailure, Sent};
use crate::{Attempt, Deliver, Integration, Notification, Outcome, Reason, Report};

/// How many notifications wait for one integration. (Limit `notification_queue`.)
const MAX_QUEUED: usize = 10_000;
/// What all that waits may take in memory, about. (Limit `notification_queue_bytes`.)
const MAX_QUEUED_BYTES: usize = 128 << 20;
/// How long one attempt may take. (Limit `notification_attempt_timeout`.)
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long, where the receiver counts as dead.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the fallback is tried at least.
const FALLBACK_MS: i64 = 60_000;
/// How much of a body is kept for the record.
const MAX_BODY_BYTES: usize = 64 << 10;

/// An attempt that is under way.
pub type AttemptFuture = Pin<Box<dyn Future<Output = Result<Sent, SendFailure>> + Send>>;

/// Whom there is to send to, and how.
pub trait Integrations: fmt::Debug + Send + Sync {
    /// One attempt at sending, which begins at `now_ms` and takes at most `timeout`.
    fn attempt(&self, notification: Arc<Notification>, now_ms: i64, timeout: Duration) -> AttemptFuture;

    /// The integrations of the fallback receiver.
    fn fallback(&self) -> Vec<Integration>;
}

/// What a [`Delivery`] needs.
#[derive(Debug)]
pub struct Options {
    /// Tells when attempts begin, and how long they take.
    pub clock: Arc<dyn Clock>,
    /// Keeps those who try again from trying at once.
    pub rng: Box<dyn Rng>,
    /// Runs the tasks.
    pub runtime: Handle,
    /// Whom there is to send to.
    pub integrations: Arc<dyn Integrations>,
}

/// Sends notifications, each integration's by itself.
#[derive(Debug)]
pub struct Delivery {
    shared: Arc<Shared>,
    runtime: Handle,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    integrations: Arc<dyn Integrations>,
    state: Mutex<State>,
    runtime: Handle,
}

#[derive(Debug)]
struct State {
    rng: Box<dyn Rng>,
    lanes: HashMap<Integration, Running>,
    counts: BTreeMap<&'static str, KindCounts>,
    told: Told,
    n_bytes: usize,
    is_closed: bool,
}

/// A lane and the task that works on it, while there is work.
#[derive(Debug)]
struct Running {
    lane: Lane,
    task: Option<AbortHandle>,
    news: Arc<Notify>,
}

impl Delivery {
    /// Begins without any lane; each comes with its first notification.
    pub fn new(options: Options) -> Delivery {
        let Options { clock, rng, runtime, integrations } = options;
        let state = State {
            rng,
            lanes: HashMap::new(),
            counts: BTreeMap::new(),
            told: Told::default(),
            n_bytes: 0,
            is_closed: false,
        };
        let shared = Shared { clock, integrations, state: Mutex::new(state), runtime: runtime.clone() };
        Delivery { shared: Arc::new(shared), runtime }
    }

    /// The counts by kind of receiver.
    pub fn counts(&self) -> BTreeMap<&'static str, KindCounts> {
        self.shared.state.lock().counts.clone()
    }

    /// How many notifications wait, for each integration that has any, and whether its receiver counts as dead.
    pub fn waiting(&self) -> Vec<(Integration, usize, bool)> {
        let state = self.shared.state.lock();
        let lanes = state.lanes.iter();
        lanes
            .map(|(integration, running)| (integration.clone(), running.lane.len(), running.lane.is_broken()))
            .collect()
    }

    #[cfg(test)]
    pub(super) fn queued_bytes(&self) -> usize {
        self.shared.state.lock().n_bytes
    }

    /// Stops all tasks. What had not ended gets no report: it is handed over again after the next start.
    pub fn close(&self) {
        let mut state = self.shared.state.lock();
        state.is_closed = true;
        for running in state.lanes.values_mut() {
            if let Some(task) = running.task.take() {
                task.abort();
            }
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.close();
    }
}

impl Deliver for Delivery {
    fn take(&self, notification: Arc<Notification>, report: Arc<dyn Report>) {
        if let Err(reason) = self.shared.take(&notification, &report) {
            // From a task, because whoever hands over does not expect to be called back at once.
            self.runtime.spawn(async move { report.end(&notification, &Outcome::Failed { reason }) });
        }
    }
}

impl Shared {
    fn take(self: &Arc<Shared>, notification: &Arc<Notification>, report: &Arc<dyn Report>) -> Result<(), String> {
        let now = self.clock.elapsed();
        let left_ms = notification.deadline_ms.saturating_sub(self.clock.now_ms()).max(0);
        let n_bytes = size_of(notification);
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if state.is_closed {
            return Ok(());
        }
        let integration = &notification.integration;
        let running = state.lanes.entry(integration.clone()).or_insert_with(|| Running {
            lane: Lane::new(integration.kind, now),
            task: None,
            news: Arc::default(),
        });
        if running.lane.len() >= MAX_QUEUED {
            return Err(format!("{MAX_QUEUED} notifications wait for {integration} (limit notification_queue)"));
        }
        if state.n_bytes + n_bytes > MAX_QUEUED_BYTES {
            let limit = "limit notification_queue_bytes";
            return Err(format!("what waits to be sent takes more than {MAX_QUEUED_BYTES} bytes ({limit})"));
        }
        state.n_bytes += n_bytes;
        state.counts.entry(integration.kind).or_default().n_notifications += 1;
        running.lane.push(Item {
            notification: notification.clone(),
            report: report.clone(),
            deadline: now + Duration::from_millis(left_ms as u64),
            n_bytes,
            ready_at: now,
            backoff: super::backoff::Backoff::default(),
            last_failure: None,
        });
        if running.task.is_none() {
            let task = self.runtime.spawn(self.clone().work(integration.clone(), running.news.clone()));
            running.task = Some(task.abort_handle());
        }
        running.news.notify_one();
        Ok(())
    }

    /// Does what there is to do for one integration, until there is nothing.
    async fn work(self: Arc<Shared>, integration: Integration, news: Arc<Notify>) {
        loop {
            match self.step(&integration) {
                Step::Idle => return,
                Step::Wait(until) => {
                    let wait = tokio::time::sleep(until.saturating_sub(self.clock.elapsed()).max(SHORTEST_WAIT));
                    tokio::select! {
                        () = wait => {}
                        () = news.notified() => {}
                    }
                }
                Step::Expire(item) => self.expire(&item),
                Step::Send(items) => self.send(&integration, items).await,
            }
        }
    }

    fn step(&self, integration: &Integration) -> Step {
        let now = self.clock.elapsed();
        let mut state = self.state.lock();
        let Some(running) = state.lanes.get_mut(integration) else { return Step::Idle };
        let step = running.lane.step(now);
        if matches!(step, Step::Idle) {
            running.task = None;
        }
        step
    }

    fn expire(self: &Arc<Shared>, item: &Item) {
        let state = self.state.lock();
        let lane = state.lanes.get(&item.notification.integration).map(|running| &running.lane);
        let lane_reason = lane.and_then(|lane| lane.last_reason().map(str::to_owned));
        drop(state);
        let own_reason = item.last_failure.as_ref().map(|failure| failure.reason.clone());
        let why = match (own_reason, lane_reason) {
            (Some(reason), _) => format!("not delivered until its deadline: {reason}"),
            (None, Some(reason)) => format!("not tried until its deadline, because others failed: {reason}"),
            (None, None) => "not tried until its deadline: what came before it took all the time".to_owned(),
        };
        let kind = item.last_failure.as_ref().map_or(FailureKind::ContextDeadlineExceeded, |failure| failure.kind);
        self.give_up(item, kind, why);
    }

    async fn send(self: &Arc<Shared>, integration: &Integration, items: Vec<Item>) {
        let notifications: Vec<_> = items.iter().map(|item| item.notification.clone()).collect();
        let Some(notification) = merged(&notifications) else { return };
        let (began, now_ms) = (self.clock.elapsed(), self.clock.now_ms());
        let timeout = self.timeout(integration, &items, began);
        let outcome = self.attempt(notification, now_ms, timeout).await;
        let now = self.clock.elapsed();
        let took = now.saturating_sub(began);
        let record = |body: &str, error: Option<String>, next_at_ms: Option<i64>| {
            let attempt = Attempt { at_ms: now_ms, took, body: cut(body, MAX_BODY_BYTES), error, next_at_ms };
            for item in &items {
                item.report.attempt(&item.notification, &attempt);
            }
        };
        self.state.lock().counts.entry(integration.kind).or_default().request(took, outcome.is_err());
        match outcome {
            Ok(sent) => {
                record(&sent.body, None, None);
                for item in &items {
                    self.deliver(item);
                }
            }
            Err(failure) if failure.is_retryable => {
                let next_at = self.again(integration, &items, &failure, now);
                let is_over = items.iter().all(|item| item.deadline <= next_at);
                let next_at_ms = now_ms.saturating_add(next_at.saturating_sub(began).as_millis() as i64);
                record(&failure.body, Some(failure.reason.clone()), (!is_over).then_some(next_at_ms));
            }
            Err(failure) => {
                record(&failure.body, Some(failure.reason.clone()), None);
                self.answered(integration);
                for item in &items {
                    self.give_up(item, failure.kind, failure.reason.clone());
                }
            }
        }
    }

    fn timeout(&self, integration: &Integration, items: &[Item], now: Duration) -> Duration {
        let is_broken = self.state.lock().lanes.get(integration).is_some_and(|running| running.lane.is_broken());
        let most = if is_broken { PROBE_TIMEOUT } else { ATTEMPT_TIMEOUT };
        let deadline = items.iter().map(|item| item.deadline).max().unwrap_or(now);
        most.min(deadline.saturating_sub(now))
    }

    /// In a task of its own, so that a panic ends the attempt only.
    async fn attempt(
        &self,
        notification: Arc<Notification>,
        now_ms: i64,
        timeout: Duration,
    ) -> Result<Sent, SendFailure> {
        let attempt = self.integrations.attempt(notification, now_ms, timeout);
        let attempt = AbortOnDrop(self.runtime.spawn(tokio::time::timeout(timeout, attempt)));
        let cut_off = |reason: String, kind| Err(SendFailure::passing(reason).of_kind(kind));
        match attempt.join().await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => cut_off(format!("no answer within {timeout:.0?}"), FailureKind::ContextDeadlineExceeded),
            Err(error) if error.is_panic() => cut_off("the attempt panicked".to_owned(), FailureKind::Other),
            Err(_) => cut_off("the attempt was cut off".to_owned(), FailureKind::ContextCanceled),
        }
    }

    fn answered(&self, integration: &Integration) {
        if let Some(running) = self.state.lock().lanes.get_mut(integration) {
            running.lane.answered();
        }
    }

    fn again(&self, integration: &Integration, items: &[Item], failure: &SendFailure, now: Duration) -> Duration {
        let mut guard = self.state.lock();
        let State { lanes, rng, .. } = &mut *guard;
        let Some(running) = lanes.get_mut(integration) else { return now };
        running.lane.again(items.to_vec(), failure, now, rng.as_mut())
    }

    fn deliver(&self, item: &Item) {
        let integration = &item.notification.integration;
        self.answered(integration);
        let mut state = self.state.lock();
        state.n_bytes = state.n_bytes.saturating_sub(item.n_bytes);
        state.told.forget(&item.notification);
        drop(state);
        item.report.end(&item.notification, &Outcome::Delivered);
    }

    /// Ends a notification that failed, or has the fallback receiver told before that.
    fn give_up(self: &Arc<Shared>, item: &Item, kind: FailureKind, reason: String) {
        let notification = &item.notification;
        let is_news = {
            let mut state = self.state.lock();
            state.n_bytes = state.n_bytes.saturating_sub(item.n_bytes);
            let counts = state.counts.entry(notification.integration.kind).or_default();
            *counts.n_failed.entry(kind).or_default() += 1;
            notification.reason != Reason::Test && state.told.is_news(notification)
        };
        let fallback = if is_news { self.integrations.fallback() } else { Vec::new() };
        let is_fallback = fallback.iter().any(|other| other.receiver == notification.integration.receiver);
        if fallback.is_empty() || is_fallback {
            return item.report.end(notification, &Outcome::Failed { reason });
        }
        tracing::warn!(integration = %notification.integration, reason, "telling the fallback receiver");
        let deadline_ms = notification.deadline_ms.max(self.clock.now_ms().saturating_add(FALLBACK_MS));
        let standing: Arc<dyn Report> =
            Arc::new(Standing::new(notification.clone(), item.report.clone(), reason, fallback.len()));
        for to in &fallback {
            let redirected = Arc::new(redirected(notification, to, deadline_ms));
            if let Err(reason) = self.take(&redirected, &standing) {
                standing.end(&redirected, &Outcome::Failed { reason });
            }
        }
    }
}

/// Less than this is not waited for; a timer is no more exact.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn join(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a notification takes in memory, about.
fn size_of(notification: &Notification) -> usize {
    let labels =
        |labels: &model::Labels| labels.iter().map(|(name, value)| name.len() + value.len() + 16).sum::<usize>();
    let alerts = notification.alerts.iter();
    let alerts =
        alerts.map(|alert| 200 + labels(&alert.labels) + labels(&alert.annotations) + alert.generator_url.len());
    500 + alerts.sum::<usize>()
}

/// At most so many bytes of a text, and whole characters.
fn cut(text: &str, max_bytes: usize) -> String {
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
