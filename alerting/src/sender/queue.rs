//! The alerts that wait for one Alertmanager.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Outgoing;

/// A queue that one task empties. Where it is full the oldest alerts go.
#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    alerts: VecDeque<Arc<Outgoing>>,
    /// Nothing more enters.
    is_ending: bool,
}

impl Queue {
    /// An empty one, for at most `capacity` alerts.
    pub(super) fn new(capacity: usize) -> Queue {
        Queue { capacity, waiting: Mutex::default(), news: Notify::new() }
    }

    /// Adds alerts; answers how many, the oldest, had to go. One that ends takes nothing.
    pub(super) fn add(&self, alerts: &[Arc<Outgoing>]) -> usize {
        let mut waiting = self.waiting.lock();
        if waiting.is_ending {
            return 0;
        }
        waiting.alerts.extend(alerts.iter().cloned());
        let n_over = waiting.alerts.len().saturating_sub(self.capacity);
        waiting.alerts.drain(..n_over);
        drop(waiting);
        self.news.notify_one();
        n_over
    }

    /// How many alerts wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().alerts.len()
    }

    /// Waits for alerts and takes the oldest, at most `n_alerts`; `None` once it has ended.
    pub(super) async fn next_batch(&self, n_alerts: usize) -> Option<Vec<Arc<Outgoing>>> {
        loop {
            let batch = {
                let mut waiting = self.waiting.lock();
                let n_alerts = n_alerts.min(waiting.alerts.len());
                if n_alerts == 0 && waiting.is_ending {
                    return None;
                }
                waiting.alerts.drain(..n_alerts).collect::<Vec<_>>()
            };
            if !batch.is_empty() {
                return Some(batch);
            }
            self.news.notified().await;
        }
    }

    /// Takes nothing more, and ends once it is empty.
    pub(super) fn end(&self) {
        self.waiting.lock().is_ending = true;
        self.news.notify_one();
    }

    /// Drops what waits; answers how many alerts that are.
    pub(super) fn clear(&self) -> usize {
        std::mem::take(&mut self.waiting.lock().alerts).len()
    }
}
