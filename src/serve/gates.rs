//! Release gates in the server: what was decided and reported, and what time brings.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use alerting::rules::AlertSink;
use anyhow::Context;
use journal::OsDisk;
use model::Clock;
use model::rng::SeededRng;
use net::percent::{self, Place};
use net::url::Url;
use slo::gate::{Budgets, FiringAlerts, Gates, GatesOptions};
use slo::policy::FreezePeriod;
use tokio::sync::watch;

use super::freezes::Freezes;

/// Where decisions are kept in the data directory.
const DIR: &str = "slo/decisions";
/// How often is told where products stand while that does not change, in milliseconds: as alerts of rules are.
const TELL_EVERY_MS: i64 = 60_000;
/// Who hears nothing more for so many ticks takes a state for left.
const VALID_TICKS: i64 = 4;
/// The shortest time after which that is so, in milliseconds.
const VALID_AT_LEAST_MS: i64 = 4 * 60_000;

/// What gates are opened over.
pub(super) struct Over {
    pub(super) budgets: Arc<dyn Budgets>,
    /// All alerts that fire, beside those of budgets.
    pub(super) alerts: Arc<dyn FiringAlerts>,
    /// Who hears of changes of state.
    pub(super) sinks: Vec<Arc<dyn AlertSink>>,
}

/// Gates, and the thread that lets policies see how budgets are.
#[derive(Debug)]
pub(super) struct Gating {
    gates: Arc<Gates>,
    interval_ms: Arc<AtomicU64>,
    /// Keeps GitLab as policies want it.
    _freezes: Freezes,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Gating {
    /// Goes on where an earlier run with the same data directory ended.
    pub(super) fn open(data: &Path, external_url: &Url, clock: Arc<dyn Clock>, over: Over) -> anyhow::Result<Gating> {
        let rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
        let options =
            GatesOptions { disk: Arc::new(OsDisk), dir: data.join(DIR), clock: Arc::clone(&clock), rng: Box::new(rng) };
        let (gates, n_damaged) = Gates::open(options)?;
        if n_damaged > 0 {
            tracing::warn!(records = n_damaged, "some records of deployments and gates are damaged, and were left out");
        }
        gates.set_budgets(over.budgets);
        gates.set_alerts(over.alerts);
        let gates = Arc::new(gates);
        let interval_ms = Arc::new(AtomicU64::new(60_000));
        let (stop, stopped) = channel();
        let freezes = Freezes::start(Arc::clone(&gates));
        let ticking = Ticking {
            freezes: freezes.wants(),
            gates: Arc::clone(&gates),
            interval_ms: Arc::clone(&interval_ms),
            clock,
            sinks: over.sinks,
            external_url: external_url.to_string().trim_end_matches('/').to_owned(),
        };
        let ticking = move || ticking.until(&stopped);
        let thread = thread::Builder::new().name("gates".to_owned()).spawn(ticking).context("no thread for gates")?;
        Ok(Gating { gates, interval_ms, _freezes: freezes, stop, thread: Some(thread) })
    }

    /// Gates, for who asks.
    pub(super) fn gates(&self) -> &Arc<Gates> {
        &self.gates
    }

    /// How far ticks are apart from now on, in milliseconds.
    pub(super) fn set_interval_ms(&self, interval_ms: i64) {
        self.interval_ms.store(u64::try_from(interval_ms).unwrap_or(0).max(1000), Ordering::Relaxed);
    }

    /// Stops looking, and writes what is left.
    pub(super) fn close(mut self) {
        // The thread may have ended by itself.
        let _ = self.stop.send(());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("looking at release gates ended with a panic");
        }
        if let Err(error) = self.gates.close() {
            tracing::error!(%error, "decisions of gates not synced");
        }
    }
}

/// What the thread has.
struct Ticking {
    gates: Arc<Gates>,
    interval_ms: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
    sinks: Vec<Arc<dyn AlertSink>>,
    external_url: String,
    freezes: watch::Sender<Vec<FreezePeriod>>,
}

impl Ticking {
    /// Lets policies see how budgets are until it is told to stop.
    fn until(&self, stopped: &Receiver<()>) {
        let mut told_ms = None;
        loop {
            let interval_ms = self.interval_ms.load(Ordering::Relaxed);
            if !matches!(stopped.recv_timeout(Duration::from_millis(interval_ms)), Err(RecvTimeoutError::Timeout)) {
                return;
            }
            let outcome = self.gates.tick();
            for change in &outcome.changes {
                let (product, state, why) = (&change.product, &change.to, &change.why);
                tracing::info!(product, state, why, "the error-budget policy is in another state");
            }
            if let Some(error) = outcome.error {
                tracing::error!(%error, "what policies and gates decided could not be kept");
            }
            self.freeze();
            let now_ms = self.clock.now_ms();
            let is_due = told_ms.is_none_or(|told_ms: i64| (now_ms - told_ms).abs() >= TELL_EVERY_MS);
            if is_due || !outcome.changes.is_empty() {
                self.tell(now_ms, interval_ms);
                told_ms = Some(now_ms);
            }
        }
    }

    /// Says which freeze periods are wanted, where that is another thing than it was.
    fn freeze(&self) {
        let wanted = self.gates.freeze_periods();
        self.freezes.send_if_modified(|known| {
            let is_new = *known != wanted;
            *known = wanted;
            is_new
        });
    }

    /// Tells where products stand.
    fn tell(&self, now_ms: i64, interval_ms: u64) {
        let valid_for_ms = i64::try_from(interval_ms).unwrap_or(i64::MAX).saturating_mul(VALID_TICKS);
        let page =
            |product: &str| format!("{}/products?name={}", self.external_url, percent::encode(product, Place::Query));
        let alerts = self.gates.alerts_told(valid_for_ms.max(VALID_AT_LEAST_MS), page);
        if !alerts.is_empty() {
            self.sinks.iter().for_each(|sink| sink.take(now_ms, &alerts));
        }
    }
}
