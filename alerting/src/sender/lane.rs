//! The way to one Alertmanager: its queue, and the task that empties it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use model::Clock;
use net::client::{Channel, Request};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::address::Address;
use super::counts::{SendCounts, add};
use super::queue::Queue;
use super::settings::{SenderOptions, SetSettings};
use super::{Outgoing, body};

/// So much of an answer is read: what an Alertmanager says of a mistake.
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// So much of it is told in the log.
const MAX_SHOWN_CHARS: usize = 512;

/// A queue and the task that empties it. Dropped, what waits is not sent.
#[derive(Debug)]
pub(super) struct Lane {
    /// The URL, as it is shown.
    pub(super) url: String,
    pub(super) queue: Arc<Queue>,
    pub(super) counts: Arc<SendCounts>,
    task: JoinHandle<()>,
}

impl Lane {
    pub(super) fn start(
        runtime: &Handle,
        address: Address,
        settings: &Arc<SetSettings>,
        options: SenderOptions,
        clock: Arc<dyn Clock>,
    ) -> Lane {
        let (queue, counts) = (Arc::new(Queue::new(options.queue_capacity)), Arc::new(SendCounts::default()));
        let sending = Sending {
            address: address.clone(),
            queue: Arc::clone(&queue),
            counts: Arc::clone(&counts),
            settings: Arc::clone(settings),
            clock,
        };
        let task = runtime.spawn(sending.run(options.batch_size.max(1)));
        Lane { url: address.text, queue, counts, task }
    }

    pub(super) fn add(&self, alerts: &[Arc<Outgoing>]) {
        let n_dropped = self.queue.add(alerts);
        if n_dropped > 0 {
            add(&self.counts.dropped, n_dropped);
            tracing::warn!(alertmanager = %self.url, count = n_dropped, "queue of alerts is full, the oldest are dropped");
        }
    }

    /// Takes nothing more; with `drains` what waits is still sent.
    pub(super) fn end(&self, drains: bool) {
        self.queue.end();
        if !drains {
            self.drop_waiting();
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until everything is sent, after [`Lane::end`].
    pub(super) async fn ended(&mut self) {
        // A panic has been told by whoever looks after panics.
        let _ = (&mut self.task).await;
    }

    fn drop_waiting(&self) {
        let n_dropped = self.queue.clear();
        if n_dropped > 0 {
            add(&self.counts.dropped, n_dropped);
            tracing::warn!(alertmanager = %self.url, count = n_dropped, "alerts that wait are dropped");
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.task.abort();
        self.drop_waiting();
    }
}

/// What the task works with.
struct Sending {
    address: Address,
    queue: Arc<Queue>,
    counts: Arc<SendCounts>,
    settings: Arc<SetSettings>,
    clock: Arc<dyn Clock>,
}

impl Sending {
    async fn run(self, batch_size: usize) {
        let mut channel = self.settings.client.channel();
        while let Some(alerts) = self.queue.next_batch(batch_size).await {
            let begin = self.clock.elapsed();
            match self.post(&mut channel, body::of(&alerts)).await {
                Ok(()) => {
                    self.counts.latencies.observe(self.clock.elapsed().saturating_sub(begin));
                    add(&self.counts.sent, alerts.len());
                }
                Err(error) => {
                    add(&self.counts.errors, alerts.len());
                    add(&self.counts.dropped, alerts.len());
                    let alertmanager = &self.address.text;
                    tracing::error!(alertmanager, count = alerts.len(), error, "alerts could not be sent");
                }
            }
        }
    }

    async fn post(&self, channel: &mut Channel, body: Bytes) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = Request { method: Method::POST, url: self.address.url.clone(), headers, body };
        let sent = channel.send(&request, self.settings.timeout).await;
        let response = sent.map_err(|error| error.to_string())?;
        let (is_taken, status) = (response.status().is_success(), response.status_text());
        let mut answer = Vec::new();
        // An answer that cannot be read costs the connection, no more.
        let _ = response.read_into(MAX_ANSWER_BYTES, &mut answer).await;
        if is_taken {
            return Ok(());
        }
        let shown: String = String::from_utf8_lossy(&answer).trim().chars().take(MAX_SHOWN_CHARS).collect();
        Err(if shown.is_empty() {
            format!("bad response status {status}")
        } else {
            format!("bad response status {status}: {shown}")
        })
    }
}
