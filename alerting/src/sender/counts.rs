//! What has been sent to one Alertmanager, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets of [`Latencies`], in milliseconds.
const BOUNDS_MS: [u64; 4] = [10, 100, 1000, 10_000];

/// Numbers of one Alertmanager, with the meaning of Prometheus's `prometheus_notifications_*`.
#[derive(Debug, Default)]
pub struct SendCounts {
    /// Alerts that it has taken.
    pub sent: AtomicU64,
    /// Alerts in requests that failed.
    pub errors: AtomicU64,
    /// Alerts that were never taken: those, and those for which the queue had no room.
    pub dropped: AtomicU64,
    /// How long requests took that succeeded.
    pub latencies: Latencies,
}

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Latencies {
    /// Not cumulative; the last is for what is longer than all bounds.
    counts: [AtomicU64; BOUNDS_MS.len() + 1],
    sum_micros: AtomicU64,
}

impl Latencies {
    pub(super) fn observe(&self, latency: Duration) {
        let bucket = BOUNDS_MS.iter().position(|bound| latency <= Duration::from_millis(*bound));
        self.counts[bucket.unwrap_or(BOUNDS_MS.len())].fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Upper bounds in seconds, the last +Inf, and how many latencies are at or below each.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS_MS.iter().map(|bound| *bound as f64 / 1000.0).chain([f64::INFINITY]);
        let mut total = 0;
        let cumulative = self.counts.iter().map(|count| {
            total += count.load(Ordering::Relaxed);
            total
        });
        bounds.zip(cumulative).collect()
    }

    /// The sum of all latencies, in seconds.
    pub fn sum_seconds(&self) -> f64 {
        self.sum_micros.load(Ordering::Relaxed) as f64 / 1e6
    }
}

/// Adds a number of alerts.
pub(super) fn add(count: &AtomicU64, n_alerts: usize) {
    count.fetch_add(n_alerts as u64, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let latencies = Latencies::default();
        for millis in [1, 10, 11, 60_000] {
            latencies.observe(Duration::from_millis(millis));
        }
        assert_eq!(latencies.buckets(), [(0.01, 2), (0.1, 3), (1.0, 3), (10.0, 3), (f64::INFINITY, 4)]);
        assert_eq!(latencies.sum_seconds(), 60.022);
    }
}
