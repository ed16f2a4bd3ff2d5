//! What is counted over all groups.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets of durations, in seconds.
pub const DURATION_BOUNDS: [f64; 4] = [0.01, 0.1, 1.0, 10.0];

/// Durations, counted by how long they were.
#[derive(Debug, Default)]
pub struct Durations {
    buckets: [AtomicU64; DURATION_BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Durations {
    pub(super) fn add(&self, duration: Duration) {
        let bucket = DURATION_BOUNDS.partition_point(|bound| *bound < duration.as_secs_f64());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many were at most as long as each bound, and then how many there are.
    pub fn cumulative(&self) -> [u64; DURATION_BOUNDS.len() + 1] {
        let mut total = 0;
        self.buckets.each_ref().map(|bucket| {
            total += bucket.load(Ordering::Relaxed);
            total
        })
    }

    /// All of them together, in seconds.
    pub fn sum_seconds(&self) -> f64 {
        self.nanos.load(Ordering::Relaxed) as f64 / 1e9
    }
}

/// Counts of all groups since the start, those that are no more included.
#[derive(Debug, Default)]
pub struct RuleMetrics {
    /// How long evaluations of rules took.
    pub rules: Durations,
    /// How long evaluations of groups took.
    pub groups: Durations,
    /// Changes of alerts that the disk did not take at once.
    pub journal_failures: AtomicU64,
    /// Damaged records that the start had to leave out.
    pub damaged_records: AtomicU64,
    /// Rules whose code panicked.
    pub panics: AtomicU64,
    /// How often the clock was set back by more than a group's interval.
    pub set_back: AtomicU64,
}

impl RuleMetrics {
    pub(super) fn count(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}
