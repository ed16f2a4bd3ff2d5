//! The native histograms of a series, in the order of time.

use model::storage::HistogramValue;

/// The native histograms of a series. Those that stand in a block are dropped; counts go on from the first ever.
#[derive(Debug, Default)]
pub(crate) struct Histograms {
    samples: Vec<(i64, HistogramValue)>,
    /// How many were dropped, and the time of the last of them.
    n_dropped: usize,
    dropped_ms: Option<i64>,
}

impl Histograms {
    pub(crate) fn push(&mut self, timestamp_ms: i64, value: HistogramValue) {
        self.samples.push((timestamp_ms, value));
    }

    /// The newest one, if it has not been dropped.
    pub(crate) fn newest(&self) -> Option<&(i64, HistogramValue)> {
        self.samples.last()
    }

    /// The time of the newest one, dropped or not.
    pub(crate) fn newest_ms(&self) -> Option<i64> {
        self.newest().map(|(timestamp_ms, _)| *timestamp_ms).or(self.dropped_ms)
    }

    /// The times of the oldest and the newest that are left.
    pub(crate) fn interval(&self) -> Option<(i64, i64)> {
        Some((self.samples.first()?.0, self.samples.last()?.0))
    }

    /// How many there have ever been: what a selection remembers of them.
    pub(crate) fn n_ever(&self) -> usize {
        self.n_dropped + self.samples.len()
    }

    /// Those that are left of the first `n_committed`.
    pub(crate) fn first(&self, n_committed: usize) -> &[(i64, HistogramValue)] {
        let n_left = n_committed.saturating_sub(self.n_dropped).min(self.samples.len());
        &self.samples[..n_left]
    }

    /// All that are left.
    pub(crate) fn all(&self) -> &[(i64, HistogramValue)] {
        &self.samples
    }

    /// Drops those from before a time.
    pub(crate) fn drop_before(&mut self, time_ms: i64) {
        let n_old = self.samples.partition_point(|&(timestamp_ms, _)| timestamp_ms < time_ms);
        if let Some((last, _)) = self.samples[..n_old].split_last() {
            self.dropped_ms = Some(last.0);
            self.n_dropped += n_old;
            self.samples.drain(..n_old);
        }
    }
}
