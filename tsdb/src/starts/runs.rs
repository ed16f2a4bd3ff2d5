//! The runs of one series, and their bytes.
//!
//! ```text
//! change of the distance between runs signed | change of the lag signed | …
//! ```
//!
//! The lag is how far the start lies before the run's first time. Both are the same from run to run where each sample counts
//! since the one before it.

use crate::wal::varint::{DecodeError, Input, push_signed};

/// Samples from a time on have a start: (the time, the start), both in milliseconds since the Unix epoch; 0 for a start that is
/// not known.
pub(crate) type Run = (i64, i64);

/// Writes or reads runs one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coder {
    from_ms: i64,
    distance_ms: i64,
    lag_ms: i64,
}

impl Coder {
    /// A coder whose first run is expected at some time with some start.
    pub(crate) fn expecting((from_ms, start_ms): Run) -> Coder {
        Coder { from_ms, distance_ms: 0, lag_ms: from_ms.wrapping_sub(start_ms) }
    }

    /// Appends the next run.
    pub(crate) fn push(&mut self, (from_ms, start_ms): Run, out: &mut Vec<u8>) {
        let distance_ms = from_ms.wrapping_sub(self.from_ms);
        let lag_ms = from_ms.wrapping_sub(start_ms);
        push_signed(out, distance_ms.wrapping_sub(self.distance_ms));
        push_signed(out, lag_ms.wrapping_sub(self.lag_ms));
        *self = Coder { from_ms, distance_ms, lag_ms };
    }

    /// Takes the next run.
    ///
    /// # Errors
    /// When the bytes are none.
    pub(crate) fn take(&mut self, input: &mut Input<'_>) -> Result<Run, DecodeError> {
        let distance_ms = self.distance_ms.wrapping_add(input.signed("the distance of a run")?);
        let from_ms = self.from_ms.wrapping_add(distance_ms);
        let lag_ms = self.lag_ms.wrapping_add(input.signed("the lag of a start")?);
        *self = Coder { from_ms, distance_ms, lag_ms };
        Ok((from_ms, from_ms.wrapping_sub(lag_ms)))
    }
}

/// The runs of a series in memory, in the order of time. Before the first no start is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    bytes: Vec<u8>,
    /// What the next run is written against.
    coder: Coder,
    /// The start of the last run; 0 where there is none.
    last_start_ms: i64,
}

impl Runs {
    /// The runs that some bytes hold, which [`Runs::bytes`] gave.
    ///
    /// # Errors
    /// When they are none, or are not in the order of time.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Runs, DecodeError> {
        let mut runs = Runs { bytes: bytes.to_vec(), ..Runs::default() };
        let mut input = Input::new(bytes);
        let mut last_ms = None;
        while !input.is_empty() {
            let (from_ms, start_ms) = runs.coder.take(&mut input)?;
            if last_ms.is_some_and(|last_ms| last_ms >= from_ms) {
                return Err(input.error("runs in the order of time"));
            }
            (last_ms, runs.last_start_ms) = (Some(from_ms), start_ms);
        }
        Ok(runs)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether no start is known at any time.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// All runs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Run> {
        let (mut input, mut coder) = (Input::new(&self.bytes), Coder::default());
        // They were written here, or looked at when they were read.
        std::iter::from_fn(move || if input.is_empty() { None } else { coder.take(&mut input).ok() })
    }

    /// Notes the start of a sample that is newer than all others.
    pub(crate) fn note_newest(&mut self, timestamp_ms: i64, start_ms: i64) {
        if start_ms != self.last_start_ms {
            self.coder.push((timestamp_ms, start_ms), &mut self.bytes);
            self.last_start_ms = start_ms;
        }
    }

    /// Notes the start of a sample between others, which keep theirs.
    pub(crate) fn note_late(&mut self, timestamp_ms: i64, start_ms: i64) {
        let runs: Vec<Run> = self.iter().collect();
        let n_before = runs.partition_point(|&(from_ms, _)| from_ms <= timestamp_ms);
        let here_ms = start_at(&runs, timestamp_ms);
        if here_ms == start_ms {
            return;
        }
        let after_ms = timestamp_ms.checked_add(1);
        let goes_on = after_ms.filter(|&after_ms| runs.get(n_before).is_none_or(|&(from_ms, _)| from_ms > after_ms));
        let before = runs[..n_before].iter().copied().filter(|&(from_ms, _)| from_ms < timestamp_ms);
        let changed = [(timestamp_ms, start_ms)].into_iter().chain(goes_on.map(|after_ms| (after_ms, here_ms)));
        *self = before.chain(changed).chain(runs[n_before..].iter().copied()).collect();
    }

    /// Forgets what was before a time.
    pub(crate) fn drop_before(&mut self, time_ms: i64) {
        let n_before = self.iter().take_while(|&(from_ms, _)| from_ms <= time_ms).count();
        if n_before > 1 {
            *self = self.iter().skip(n_before - 1).collect();
        }
        if n_before > 0 && self.last_start_ms == 0 && self.iter().nth(1).is_none() {
            *self = Runs::default();
        }
    }
}

impl FromIterator<Run> for Runs {
    /// Of runs in the order of time; those that change nothing are left out.
    fn from_iter<T: IntoIterator<Item = Run>>(runs: T) -> Runs {
        let mut all = Runs::default();
        runs.into_iter().for_each(|(from_ms, start_ms)| all.note_newest(from_ms, start_ms));
        all
    }
}

/// The start of a sample, by a list of runs in the order of time; 0 where it is not known.
pub(crate) fn start_at(runs: &[Run], timestamp_ms: i64) -> i64 {
    let n_before = runs.partition_point(|&(from_ms, _)| from_ms <= timestamp_ms);
    n_before.checked_sub(1).map_or(0, |last| runs[last].1)
}

/// The runs that say something of the times between two, both included, in a list in the order of time.
pub(crate) fn within(runs: &[Run], first_ms: i64, last_ms: i64) -> &[Run] {
    let from = runs.partition_point(|&(from_ms, _)| from_ms <= first_ms).saturating_sub(1);
    let to = runs.partition_point(|&(from_ms, _)| from_ms <= last_ms);
    &runs[from.min(to)..to]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The start at a time.
    fn start_in(runs: &Runs, time_ms: i64) -> i64 {
        start_at(&runs.iter().collect::<Vec<_>>(), time_ms)
    }

    proptest! {
        #[test]
        fn each_sample_keeps_its_start(
            samples in prop::collection::vec((any::<bool>(), 0..200i64, 0..4i64), 0..60),
            cut_ms in 0..200i64,
        ) {
            let (mut runs, mut model) = (Runs::default(), BTreeMap::new());
            let mut newest_ms = 0;
            for (is_newest, time_ms, start_ms) in samples {
                if is_newest {
                    newest_ms += 1 + time_ms / 40;
                    runs.note_newest(newest_ms, start_ms);
                    model.insert(newest_ms, start_ms);
                } else if time_ms < newest_ms && !model.contains_key(&time_ms) {
                    runs.note_late(time_ms, start_ms);
                    model.insert(time_ms, start_ms);
                }
            }
            let mut left = runs.clone();
            left.drop_before(cut_ms);
            prop_assert!(left.bytes().len() <= runs.bytes().len() + 20);
            let read = Runs::of_bytes(runs.bytes()).unwrap();
            prop_assert_eq!((read.coder, read.last_start_ms), (runs.coder, runs.last_start_ms));
            for (&time_ms, &start_ms) in &model {
                prop_assert_eq!(start_in(&runs, time_ms), start_ms);
                prop_assert_eq!(start_in(&read, time_ms), start_ms);
                if time_ms >= cut_ms {
                    prop_assert_eq!(start_in(&left, time_ms), start_ms);
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(runs) = Runs::of_bytes(&bytes) {
                let all: Vec<Run> = runs.iter().collect();
                prop_assert!(all.is_sorted_by(|(one, _), (next, _)| one < next));
            }
        }
    }

    #[test]
    fn extreme_times_come_back() {
        let all = [(i64::MIN, i64::MAX), (-1, i64::MIN), (0, 0), (i64::MAX, -1)];
        let runs: Runs = all.into_iter().collect();
        assert_eq!(runs.iter().collect::<Vec<_>>(), all);
    }

    #[test]
    fn a_counter_that_restarts_seldom_takes_a_few_bytes_and_delta_temporality_two_a_sample() {
        let mut of_counter = Runs::default();
        (0..480).for_each(|i| of_counter.note_newest(1_700_000_000_000 + i * 15_000, 1_699_000_000_123 + i / 240));
        assert!(of_counter.bytes().len() <= 24, "{}", of_counter.bytes().len());
        let mut delta = Runs::default();
        (0..480).for_each(|i| delta.note_newest(1_700_000_000_000 + i * 15_000, 1_700_000_000_000 + (i - 1) * 15_000));
        assert!(delta.bytes().len() <= 2 * 480 + 16, "{}", delta.bytes().len());
    }

    #[test]
    fn what_no_longer_says_anything_is_forgotten() {
        let mut runs: Runs = [(10, 5), (20, 0)].into_iter().collect();
        runs.drop_before(19);
        assert_eq!(runs.iter().collect::<Vec<_>>(), [(10, 5), (20, 0)]);
        runs.drop_before(20);
        assert!(runs.is_empty());
    }

    #[test]
    fn runs_within_a_stretch_begin_with_the_one_in_force() {
        let runs = [(10, 1), (20, 2), (30, 3)];
        let check = |first_ms, last_ms, want: &[Run]| assert_eq!(within(&runs, first_ms, last_ms), want);
        check(0, 9, &[]);
        check(0, 10, &runs[..1]);
        check(15, 29, &runs[..2]);
        check(20, 25, &runs[1..2]);
        check(35, 99, &runs[2..]);
        assert_eq!(within(&[], 0, 99), &[]);
    }
}
