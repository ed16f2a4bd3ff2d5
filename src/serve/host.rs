//! What the web server asks of the process: orders, progress, limits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use alerting::dispatch::DispatchLimits;
use arc_swap::ArcSwap;
use net::remote_send::QueueCounts;
use net::server::ServerCounts;
use query::Engine;
use tokio::sync::{mpsc, oneshot};
use tsdb::Progress;
use web::{Host, LimitStatus, Reloading, ReplayProgress};

use super::remote_write::RemoteWrites;
use super::storage::OpenStore;
use super::{limits, settings};
use crate::config::{Config, GlobalConfig};

/// What the process is told to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Loads the configuration again, and answers how that went.
    Reload(oneshot::Sender<Result<(), String>>),
    /// Stops.
    Quit,
}

/// The process, as the web server sees it.
#[derive(Debug)]
pub(super) struct ServeHost {
    orders: mpsc::UnboundedSender<Order>,
    is_quitting: AtomicBool,
    progress: Arc<Progress>,
    counts: OnceLock<Arc<ServerCounts>>,
    remote_writes: OnceLock<Arc<RemoteWrites>>,
    limited: OnceLock<(Arc<OpenStore>, Arc<Engine>, DispatchLimits)>,
    global: ArcSwap<GlobalConfig>,
}

impl ServeHost {
    /// A host, and the orders that it will be given.
    pub(super) fn new() -> (Arc<ServeHost>, mpsc::UnboundedReceiver<Order>) {
        let (orders, received) = mpsc::unbounded_channel();
        let host = ServeHost {
            orders,
            is_quitting: AtomicBool::new(false),
            progress: Arc::default(),
            counts: OnceLock::new(),
            remote_writes: OnceLock::new(),
            limited: OnceLock::new(),
            global: ArcSwap::default(),
        };
        (Arc::new(host), received)
    }

    /// Where the store says how far its log has been read.
    pub(super) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// What the server has seen. Set once.
    pub(super) fn set_server_counts(&self, counts: Arc<ServerCounts>) {
        let _ = self.counts.set(counts);
    }

    /// Who sends remote writes. Set once.
    pub(super) fn set_remote_writes(&self, remote_writes: Arc<RemoteWrites>) {
        let _ = self.remote_writes.set(remote_writes);
    }

    /// Whose limits are listed. Set once.
    pub(super) fn set_limited(&self, store: Arc<OpenStore>, engine: Arc<Engine>, config: &Config) {
        let _ = self.limited.set((store, engine, settings::dispatch_limits(&config.narthex)));
        self.set_config(config);
    }

    /// A configuration is in force.
    pub(super) fn set_config(&self, config: &Config) {
        self.global.store(Arc::new(config.global.clone()));
    }
}

impl Host for ServeHost {
    fn reload(&self) -> Reloading {
        let (answer, answered) = oneshot::channel();
        let is_sent = self.orders.send(Order::Reload(answer)).is_ok();
        Box::pin(async move {
            match answered.await {
                Ok(result) if is_sent => result,
                _ => Err("narthex is stopping".to_owned()),
            }
        })
    }

    fn quit(&self) -> bool {
        let is_first = !self.is_quitting.swap(true, Ordering::AcqRel);
        is_first && self.orders.send(Order::Quit).is_ok()
    }

    fn replay_progress(&self) -> ReplayProgress {
        ReplayProgress {
            done_bytes: self.progress.done_bytes.load(Ordering::Relaxed),
            total_bytes: self.progress.total_bytes.load(Ordering::Relaxed),
        }
    }

    fn limits(&self) -> Vec<LimitStatus> {
        let Some((store, engine, dispatch)) = self.limited.get() else { return Vec::new() };
        limits::all(store.store(), engine, dispatch, &self.global.load())
    }

    fn remote_queues(&self) -> Vec<Arc<QueueCounts>> {
        self.remote_writes.get().map(|remote_writes| remote_writes.counts()).unwrap_or_default()
    }

    fn server_counts(&self) -> Option<Arc<ServerCounts>> {
        self.counts.get().cloned()
    }
}
