//! What the scraper counts about itself. Plain numbers; `web` shows them as `narthex_*` series.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::scrape_loop::FailureKind;

/// Counts of all scrapes of the process.
#[derive(Debug, Default)]
pub struct ScrapeMetrics {
    n_ok: Counter,
    n_failed: [Counter; FailureKind::ALL.len()],
    /// Bytes of bodies, decompressed.
    pub body_bytes: Counter,
    /// Samples in bodies that could be read.
    pub samples: Counter,
    /// Series that were new to their target.
    pub series_added: Counter,
    /// Samples that were late, or older than is taken.
    pub samples_out_of_order: Counter,
    /// Samples of a series that already had another value at the time.
    pub samples_duplicate: Counter,
    /// Samples with times too far away.
    pub samples_out_of_bounds: Counter,
    /// Samples of series that storage did not take.
    pub samples_refused: Counter,
    /// Scrapes that storage did not take.
    pub append_failures: Counter,
    /// Targets that could not be made of what discovery found.
    pub target_failures: Counter,
    /// Files of targets that could not be read.
    pub discovery_failures: Counter,
    /// From the request to the moment before the samples are stored.
    pub durations: Durations,
    /// How much later than planned scrapes began.
    pub lateness: Durations,
}

impl ScrapeMetrics {
    /// Scrapes that succeeded.
    pub fn n_ok(&self) -> u64 {
        self.n_ok.get()
    }

    /// Scrapes that failed for a reason.
    pub fn n_failed(&self, kind: FailureKind) -> u64 {
        self.n_failed[kind as usize].get()
    }

    pub(crate) fn count(&self, failure: Option<FailureKind>) {
        match failure {
            Some(kind) => self.n_failed[kind as usize].add(1),
            None => self.n_ok.add(1),
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
}

/// Upper bounds of the buckets of [`Durations`], in milliseconds.
const BOUNDS_MS: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 10_000];

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Durations {
    /// Not cumulative; the last is for what is longer than all bounds.
    counts: [Counter; BOUNDS_MS.len() + 1],
    sum_micros: Counter,
}

impl Durations {
    pub(crate) fn observe(&self, duration: Duration) {
        let bucket = BOUNDS_MS.iter().position(|bound| duration <= Duration::from_millis(*bound));
        self.counts[bucket.unwrap_or(BOUNDS_MS.len())].add(1);
        self.sum_micros.add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Upper bounds in seconds, the last +Inf, and how many durations are at or below each.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS_MS.iter().map(|bound| *bound as f64 / 1000.0).chain([f64::INFINITY]);
        let mut total = 0;
        let cumulative = self.counts.iter().map(|count| {
            total += count.get();
            total
        });
        bounds.zip(cumulative).collect()
    }

    /// The sum of all durations, in seconds.
    pub fn sum_seconds(&self) -> f64 {
        self.sum_micros.get() as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let durations = Durations::default();
        for millis in [1, 2, 3, 60_000] {
            durations.observe(Duration::from_millis(millis));
        }
        let buckets = durations.buckets();
        assert_eq!(buckets[..3], [(0.001, 1), (0.002, 2), (0.005, 3)]);
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, 4)));
        assert_eq!(durations.sum_seconds(), 60.006);
    }

    #[test]
    fn failures_are_counted_by_kind() {
        let metrics = ScrapeMetrics::default();
        metrics.count(None);
        for kind in FailureKind::ALL {
            metrics.count(Some(kind));
        }
        assert_eq!(metrics.n_ok(), 1);
        assert!(FailureKind::ALL.into_iter().all(|kind| metrics.n_failed(kind) == 1));
    }
}
