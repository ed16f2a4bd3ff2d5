//! The thread that looks after the store while it runs.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use tsdb::{Maintained, MaintenanceError, Store};

/// From one look to the next, at least and at most.
const EVERY: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(1);

/// The running thread. Dropped, it ends what it is at and stops.
#[derive(Debug)]
pub(super) struct Maintenance {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Maintenance {
    /// Starts the thread.
    pub(super) fn start(store: Arc<Store>) -> anyhow::Result<Maintenance> {
        let (stop, stops) = channel();
        let every = store.options().checkpoint_interval.clamp(*EVERY.start(), *EVERY.end());
        let look = move || {
            // A disk that refuses is tried again every time, and named once.
            let mut is_refused = false;
            while stops.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                is_refused = match do_what_is_due(&store, &stops) {
                    Ok(()) => false,
                    Err(error) => {
                        if !is_refused {
                            tracing::error!(%error, "the store cannot be looked after; nothing is lost, and it is tried again");
                        }
                        true
                    }
                };
            }
        };
        let thread = std::thread::Builder::new().name("maintenance".to_owned()).spawn(look);
        Ok(Maintenance { stop: Some(stop), thread: Some(thread.context("no thread for the store")?) })
    }
}

/// Does one piece after the other until nothing is left, or the thread is to stop.
fn do_what_is_due(store: &Store, stops: &Receiver<()>) -> Result<(), MaintenanceError> {
    while stops.try_recv() == Err(TryRecvError::Empty) {
        match store.maintain()? {
            Maintained::Nothing => return Ok(()),
            Maintained::Sealed(stats) => {
                tracing::info!(
                    blocks = stats.n_blocks,
                    samples = stats.n_samples,
                    bytes = stats.n_bytes,
                    "head sealed"
                );
            }
            Maintained::Compacted(stats) => {
                tracing::info!(
                    blocks = stats.n_blocks,
                    samples = stats.n_samples,
                    bytes_before = stats.n_bytes_before,
                    bytes = stats.n_bytes,
                    seconds = stats.duration.as_secs_f64(),
                    "blocks became one"
                );
            }
            Maintained::Cleaned(stats) => {
                tracing::info!(
                    bytes_before = stats.n_bytes_before,
                    bytes = stats.n_bytes,
                    seconds = stats.duration.as_secs_f64(),
                    "a block was written anew without what had been deleted in it"
                );
            }
            Maintained::Downsampled(stats) => {
                tracing::info!(
                    spans = stats.resolution.name(),
                    bytes_of_block = stats.n_block_bytes,
                    bytes = stats.n_bytes,
                    seconds = stats.duration.as_secs_f64(),
                    "a block was downsampled"
                );
            }
            Maintained::Expired(blocks) => tracing::info!(blocks, "expired blocks deleted"),
            done => tracing::debug!(?done, "maintained"),
        }
    }
    Ok(())
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic has been reported where it happened.
            let _ = thread.join();
        }
    }
}
