//! The samples of one series, gathered from several places.

use model::storage::HistogramValue;

use crate::block::SeriesSamples;

/// The samples of one series: floats, and native histograms. In any order until [`Samples::put_in_order`].
#[derive(Clone, Debug, Default)]
pub struct Samples {
    timestamps: Vec<i64>,
    bits: Vec<u64>,
    histograms: Vec<(i64, HistogramValue)>,
    /// The start of each, by its time, in the order in which they were added; none while none is known.
    starts: Vec<(i64, i64)>,
}

/// How many samples there were at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    n_floats: usize,
    n_histograms: usize,
    n_starts: usize,
}

/// Times of deleted samples, both ends included.
pub(crate) type Interval = (i64, i64);

impl Samples {
    /// Adds a float, which counts since `start_ms`; 0 where that is not known.
    pub fn push(&mut self, timestamp_ms: i64, start_ms: i64, bits: u64) {
        self.push_start(timestamp_ms, start_ms);
        self.timestamps.push(timestamp_ms);
        self.bits.push(bits);
    }

    /// Adds a native histogram.
    pub fn push_histogram(&mut self, timestamp_ms: i64, start_ms: i64, value: HistogramValue) {
        self.push_start(timestamp_ms, start_ms);
        self.histograms.push((timestamp_ms, value));
    }

    fn push_start(&mut self, timestamp_ms: i64, start_ms: i64) {
        if start_ms != 0 {
            self.know_starts();
        }
        if start_ms != 0 || !self.starts.is_empty() {
            self.starts.push((timestamp_ms, start_ms));
        }
    }

    /// Notes of all samples so far that their start is not known, where nothing has been noted.
    fn know_starts(&mut self) {
        if self.starts.is_empty() {
            let histograms = self.histograms.iter().map(|&(timestamp_ms, _)| timestamp_ms);
            self.starts = self.timestamps.iter().copied().chain(histograms).map(|time_ms| (time_ms, 0)).collect();
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.timestamps.len() + self.histograms.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes them, keeping the memory.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.bits.clear();
        self.histograms.clear();
        self.starts.clear();
    }

    /// As a block takes them; they are in order.
    pub fn as_written(&self) -> SeriesSamples<'_> {
        let Samples { timestamps, bits, histograms, starts } = self;
        SeriesSamples { timestamps, bits, histograms, starts }
    }

    /// Sorts them by time. Of several of one kind and time the first that was added stays; answers how many went.
    pub fn put_in_order(&mut self) -> usize {
        let n_before = self.len();
        if !self.timestamps.is_sorted_by(|a, b| a < b) {
            let mut order: Vec<usize> = (0..self.timestamps.len()).collect();
            order.sort_by_key(|&at| self.timestamps[at]);
            order.dedup_by_key(|at| self.timestamps[*at]);
            self.bits = order.iter().map(|&at| self.bits[at]).collect();
            self.timestamps = order.iter().map(|&at| self.timestamps[at]).collect();
        }
        if !self.histograms.is_sorted_by(|(a, _), (b, _)| a < b) {
            self.histograms.sort_by_key(|&(timestamp_ms, _)| timestamp_ms);
            self.histograms.dedup_by_key(|(timestamp_ms, _)| *timestamp_ms);
        }
        if !self.starts.is_sorted_by(|(a, _), (b, _)| a < b) {
            self.starts.sort_by_key(|&(timestamp_ms, _)| timestamp_ms);
            self.starts.dedup_by_key(|(timestamp_ms, _)| *timestamp_ms);
        }
        n_before - self.len()
    }

    /// Keeps those whose time is wanted; answers how many went.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(i64) -> bool) -> usize {
        let n_before = self.len();
        if !self.timestamps.iter().all(|&timestamp_ms| is_wanted(timestamp_ms)) {
            let mut kept = self.timestamps.iter().map(|&timestamp_ms| is_wanted(timestamp_ms));
            self.bits.retain(|_| kept.next().unwrap_or(true));
            self.timestamps.retain(|&timestamp_ms| is_wanted(timestamp_ms));
        }
        self.histograms.retain(|&(timestamp_ms, _)| is_wanted(timestamp_ms));
        self.starts.retain(|&(timestamp_ms, _)| is_wanted(timestamp_ms));
        n_before - self.len()
    }

    /// Removes those in some intervals; answers how many there were.
    pub(crate) fn delete(&mut self, intervals: &[Interval]) -> usize {
        if intervals.is_empty() {
            return 0;
        }
        self.retain(|timestamp_ms| !intervals.iter().any(|&(from, to)| (from..=to).contains(&timestamp_ms)))
    }

    pub(crate) fn mark(&self) -> Mark {
        let (n_floats, n_histograms) = (self.timestamps.len(), self.histograms.len());
        Mark { n_floats, n_histograms, n_starts: self.starts.len() }
    }

    /// Removes what was added since.
    pub(crate) fn cut(&mut self, mark: Mark) {
        self.timestamps.truncate(mark.n_floats);
        self.bits.truncate(mark.n_floats);
        self.histograms.truncate(mark.n_histograms);
        self.starts.truncate(mark.n_starts);
    }

    /// Adds all of others.
    pub(crate) fn append(&mut self, mut others: Samples) {
        if !self.starts.is_empty() || !others.starts.is_empty() {
            self.know_starts();
            others.know_starts();
            self.starts.append(&mut others.starts);
        }
        self.timestamps.append(&mut others.timestamps);
        self.bits.append(&mut others.bits);
        self.histograms.append(&mut others.histograms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(all: &[(i64, u64)]) -> Samples {
        let mut samples = Samples::default();
        all.iter().for_each(|&(timestamp_ms, bits)| samples.push(timestamp_ms, 0, bits));
        samples
    }

    fn floats(samples: &Samples) -> Vec<(i64, u64)> {
        samples.timestamps.iter().copied().zip(samples.bits.iter().copied()).collect()
    }

    #[test]
    fn they_are_sorted_and_the_first_of_a_time_stays() {
        let mut late = samples(&[(5, 1), (7, 2), (6, 3), (7, 4), (1, 5)]);
        assert_eq!(late.put_in_order(), 1);
        assert_eq!(floats(&late), [(1, 5), (5, 1), (6, 3), (7, 2)]);
    }

    #[test]
    fn deleted_times_go_with_their_values() {
        let mut all = samples(&[(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
        assert_eq!(all.delete(&[(2, 2), (4, 9)]), 3);
        assert_eq!(floats(&all), [(1, 1), (3, 3)]);
    }
}
