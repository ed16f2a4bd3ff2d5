//! The scraper: all pools, started, reloaded and stopped together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::storage::Append;
use model::{Clock, Rng};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::metrics::ScrapeMetrics;
use crate::pool::{Order, PoolHandle, PoolSettings, PoolStatus};
use crate::scrape_loop::{Buffers, Context, Departures, Shared};

/// Scrapes what its pools say, and stores it.
#[derive(Debug)]
pub struct Scraper {
    runtime: Handle,
    context: Arc<Context>,
    pools: Mutex<BTreeMap<String, PoolHandle>>,
    /// Pools that are no longer configured and still have stale markers to write.
    leaving: Mutex<Vec<PoolHandle>>,
}

impl Scraper {
    /// A scraper without pools. `offset_seed` shifts the moments at which targets are asked: it should differ between
    /// servers that scrape the same targets, and stay the same for one server. Everything runs on `runtime`: targets are
    /// asked by its workers, of which one is enough, and answers are recorded where it may block.
    pub fn new(
        runtime: Handle,
        appender: Arc<dyn Append>,
        clock: Arc<dyn Clock>,
        rng: &mut dyn Rng,
        offset_seed: u64,
    ) -> Scraper {
        let n_cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let shared = Shared { appender, clock, metrics: Arc::default(), seed: rng.next_u64() };
        let context = Context {
            shared,
            departures: Departures::default(),
            recording: Semaphore::new(n_cores.max(2)),
            buffers: Buffers::default(),
            offset_seed,
        };
        Scraper { runtime, context: Arc::new(context), pools: Mutex::default(), leaving: Mutex::default() }
    }

    /// Makes the pools those of a configuration. Pools that are the same go on undisturbed; those with other settings
    /// keep their targets' series; those that are no longer there end theirs.
    ///
    /// Everything that can fail has been done when `settings` were made, so that a configuration is taken whole.
    pub fn apply(&self, settings: Vec<PoolSettings>) {
        let mut pools = self.pools.lock();
        let mut gone = std::mem::take(&mut *pools);
        for settings in settings {
            let name = settings.config().job_name.clone();
            let pool = match gone.remove(&name) {
                Some(pool) if pool.settings.is_same(&settings) => pool,
                Some(mut pool) => {
                    pool.settings = settings.clone();
                    // A pool listens for as long as it is here.
                    let _ = pool.orders.send(Order::Reload(Box::new(settings)));
                    pool
                }
                None => PoolHandle::start(&self.runtime, Arc::clone(&self.context), settings),
            };
            pools.insert(name, pool);
        }
        let mut leaving = self.leaving.lock();
        leaving.retain(|pool| !pool.task.is_finished());
        for pool in gone.into_values() {
            let _ = pool.orders.send(Order::Leave);
            leaving.push(pool);
        }
    }

    /// How the pools are doing, sorted by name.
    pub fn status(&self) -> Vec<PoolStatus> {
        self.pools.lock().iter().map(|(name, pool)| pool.board.status(name)).collect()
    }

    /// The names of the pools, sorted.
    pub fn pool_names(&self) -> Vec<String> {
        self.pools.lock().keys().cloned().collect()
    }

    /// How one pool is doing.
    pub fn pool_status(&self, name: &str) -> Option<PoolStatus> {
        self.pools.lock().get(name).map(|pool| pool.board.status(name))
    }

    /// What is counted over all pools.
    pub fn metrics(&self) -> &Arc<ScrapeMetrics> {
        &self.context.shared.metrics
    }

    /// Stops all loops; each ends its series with stale markers. Waits for that, but not longer than `deadline`:
    /// `false` says that some did not make it.
    pub async fn shut_down(&self, deadline: Duration) -> bool {
        let mut all: Vec<PoolHandle> = std::mem::take(&mut *self.pools.lock()).into_values().collect();
        all.append(&mut self.leaving.lock());
        let ending = async {
            for pool in &all {
                let _ = pool.orders.send(Order::ShutDown);
            }
            for pool in &mut all {
                let _ = (&mut pool.task).await;
            }
        };
        timeout(deadline, ending).await.is_ok()
    }
}
