//! What a queue has done, for `/metrics`.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::settings::{QueueSettings, Shards};
use super::written::Written;

/// Numbers of one queue. Names and meaning are those of Prometheus's `prometheus_remote_storage_*`.
#[derive(Debug)]
pub struct QueueCounts {
    /// The queue's name.
    pub name: String,
    /// Where it sends to, without credentials.
    pub url: String,
    /// How many shards there may be.
    pub shards_allowed: Shards,
    /// Samples that wait in each shard at most.
    pub shard_capacity: usize,
    /// Samples of one request at most.
    pub max_samples_per_send: usize,
    /// Samples and histograms read from the log that are to be sent.
    pub taken_in: AtomicU64,
    /// Samples that the receiver has taken.
    pub samples: AtomicU64,
    /// Native histograms that the receiver has taken.
    pub histograms: AtomicU64,
    /// Samples and histograms that the receiver has refused for good.
    pub failed: AtomicU64,
    /// Samples and histograms that the receiver has refused because it has, or may have, got them before this process began.
    pub repeated: AtomicU64,
    /// Samples and histograms in requests that are repeated, counted each time.
    pub retried: AtomicU64,
    /// Dropped by relabelling before they were sent.
    pub dropped_relabelled: AtomicU64,
    /// Dropped because they were too old.
    pub dropped_old: AtomicU64,
    /// Native histograms that are not to be sent.
    pub dropped_histograms: AtomicU64,
    /// Places of the log, and rows, that could not be read.
    pub lost: AtomicU64,
    /// Times that the log no longer reached back to where the queue was.
    pub gone: AtomicU64,
    /// Samples and histograms that wait in shards, or are being sent.
    pub pending: AtomicU64,
    /// Bytes of bodies sent, compressed.
    pub bytes: AtomicU64,
    /// Requests that were answered with success.
    pub requests: AtomicU64,
    /// Nanoseconds that these took.
    pub request_nanos: AtomicU64,
    /// Shards that run.
    pub shards: AtomicU64,
    /// Shards that would be right, as the bits of a float.
    shards_desired: AtomicU64,
    /// The time of the newest sample read from the log, in milliseconds; `i64::MIN` before the first.
    pub highest_read_ms: AtomicI64,
    /// The same of the newest sample sent.
    pub highest_sent_ms: AtomicI64,
}

impl QueueCounts {
    /// Of a queue that has done nothing.
    pub(super) fn new(settings: &QueueSettings) -> QueueCounts {
        let url = &settings.url;
        let zero = || AtomicU64::new(0);
        QueueCounts {
            name: settings.name.clone(),
            url: format!("{}{}", url.origin(), url.path_and_query()),
            shards_allowed: settings.shards,
            shard_capacity: settings.capacity,
            max_samples_per_send: settings.max_samples_per_send,
            taken_in: zero(),
            samples: zero(),
            histograms: zero(),
            failed: zero(),
            repeated: zero(),
            retried: zero(),
            dropped_relabelled: zero(),
            dropped_old: zero(),
            dropped_histograms: zero(),
            lost: zero(),
            gone: zero(),
            pending: zero(),
            bytes: zero(),
            requests: zero(),
            request_nanos: zero(),
            shards: zero(),
            shards_desired: zero(),
            highest_read_ms: AtomicI64::new(i64::MIN),
            highest_sent_ms: AtomicI64::new(i64::MIN),
        }
    }

    /// How many shards would be right.
    pub fn shards_desired(&self) -> f64 {
        f64::from_bits(self.shards_desired.load(Ordering::Relaxed))
    }

    pub(super) fn set_shards_desired(&self, shards: f64) {
        self.shards_desired.store(shards.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn note_request(&self, written: Written, n_bytes: usize, took: Duration) {
        self.samples.fetch_add(written.n_samples, Ordering::Relaxed);
        self.histograms.fetch_add(written.n_histograms, Ordering::Relaxed);
        self.bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.request_nanos.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
    }
}
