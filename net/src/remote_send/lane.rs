//! The way of rows to one shard: full batches, and one that is being filled.
//!
//! The batch that is being filled is taken too once it has waited for long. Whoever fills holds the lock until a full batch
//! is on its way, so that what is taken then is what comes next.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::sleep;

use super::orders::Orders;
use super::prepare::Row;

/// The end that is filled.
#[derive(Debug)]
pub(super) struct Filling {
    partial: Arc<Mutex<Vec<Row>>>,
    full: mpsc::Sender<Vec<Row>>,
    batch_len: usize,
}

/// The end that is emptied.
#[derive(Debug)]
pub(super) struct Emptying {
    partial: Arc<Mutex<Vec<Row>>>,
    full: mpsc::Receiver<Vec<Row>>,
}

/// The shard has ended.
#[derive(Debug)]
pub(super) struct Ended;

/// A lane for so many rows in batches of a length.
pub(super) fn lane(capacity: usize, batch_len: usize) -> (Filling, Emptying) {
    let (sender, receiver) = mpsc::channel((capacity / batch_len).max(1));
    let partial = Arc::default();
    (Filling { partial: Arc::clone(&partial), full: sender, batch_len }, Emptying { partial, full: receiver })
}

impl Filling {
    /// Adds a row; waits while there is no room, but not beyond the order to end.
    pub(super) fn push(&self, row: Row, orders: &mut Orders) -> Result<(), Ended> {
        let mut partial = self.partial.lock();
        partial.push(row);
        if partial.len() < self.batch_len {
            return Ok(());
        }
        let batch = std::mem::take(&mut *partial);
        match self.full.try_send(batch) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(Ended),
            Err(TrySendError::Full(batch)) => {
                orders.unless_ended(self.full.send(batch)).ok_or(Ended)?.map_err(|_| Ended)
            }
        }
    }
}

impl Emptying {
    /// The next batch: a full one, or what has come together after `deadline`. `None` when nothing more will come.
    pub(super) async fn next(&mut self, deadline: Duration) -> Option<Vec<Row>> {
        loop {
            tokio::select! {
                full = self.full.recv() => return full.or_else(|| self.take_partial()),
                () = sleep(deadline) => {}
            }
            // Only where nothing waits before it; nothing can while the lock is held.
            let Some(mut partial) = self.partial.try_lock() else { continue };
            if let Ok(full) = self.full.try_recv() {
                return Some(full);
            }
            if !partial.is_empty() {
                return Some(std::mem::take(&mut *partial));
            }
        }
    }

    fn take_partial(&self) -> Option<Vec<Row>> {
        let rows = std::mem::take(&mut *self.partial.lock());
        (!rows.is_empty()).then_some(rows)
    }
}
