//! Release gates in the server: what was decided and reported, and what time brings.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use journal::OsDisk;
use model::Clock;
use model::rng::SeededRng;
use slo::gate::{Budgets, Gates, GatesOptions};
use slo::spec::Catalog;

/// Where decisions are kept in the data directory.
const DIR: &str = "slo/decisions";

/// Gates, and the thread that lets policies see how budgets are.
#[derive(Debug)]
pub(super) struct Gating {
    gates: Arc<Gates>,
    interval_ms: Arc<AtomicU64>,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Gating {
    /// Goes on where an earlier run with the same data directory ended.
    pub(super) fn open(data: &Path, clock: Arc<dyn Clock>, budgets: Arc<dyn Budgets>) -> anyhow::Result<Gating> {
        let rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
        let options = GatesOptions { disk: Arc::new(OsDisk), dir: data.join(DIR), clock, rng: Box::new(rng) };
        let (gates, n_damaged) = Gates::open(options)?;
        if n_damaged > 0 {
            tracing::warn!(records = n_damaged, "some records of deployments and gates are damaged, and were left out");
        }
        gates.set_budgets(budgets);
        let gates = Arc::new(gates);
        let interval_ms = Arc::new(AtomicU64::new(60_000));
        let (stop, stopped) = channel();
        let (for_thread, interval) = (Arc::clone(&gates), Arc::clone(&interval_ms));
        let ticking = move || tick(&for_thread, &interval, &stopped);
        let thread = thread::Builder::new().name("gates".to_owned()).spawn(ticking).context("no thread for gates")?;
        Ok(Gating { gates, interval_ms, stop, thread: Some(thread) })
    }

    /// Gates, for who asks.
    pub(super) fn gates(&self) -> &Arc<Gates> {
        &self.gates
    }

    /// Puts what spec files say in force. `interval_ms` is how far ticks are apart.
    pub(super) fn apply(&self, catalog: Arc<Catalog>, interval_ms: i64) {
        self.interval_ms.store(u64::try_from(interval_ms).unwrap_or(0).max(1000), Ordering::Relaxed);
        for fault in self.gates.apply(catalog) {
            tracing::error!(fault, "an error-budget policy has no effect");
        }
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

fn tick(gates: &Gates, interval_ms: &AtomicU64, stopped: &Receiver<()>) {
    loop {
        let wait = Duration::from_millis(interval_ms.load(Ordering::Relaxed));
        if !matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
            return;
        }
        let outcome = gates.tick();
        for change in &outcome.changes {
            let (product, state, why) = (&change.product, &change.to, &change.why);
            tracing::info!(product, state, why, "the error-budget policy is in another state");
        }
        if let Some(error) = outcome.error {
            tracing::error!(%error, "what policies and gates decided could not be kept");
        }
    }
}
