//! First values that were not counted: the newest one by one, of older ones only how many there were on each day.

use std::collections::VecDeque;

use super::bytes::{In, Out};
use crate::history::UncountedFirstValue;

/// The limit `slo_uncounted_first_values`: so many of an objective are kept with their series, the newest.
pub const MAX_UNCOUNTED: usize = 1000;
const DAY_MS: i64 = 86_400_000;

/// First values of an objective's series.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Uncounted {
    listed: VecDeque<UncountedFirstValue>,
    left_out: Vec<Day>,
}

/// Those of a day that are not listed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day {
    /// The newest of them.
    newest_ms: i64,
    n: u64,
}

impl Uncounted {
    /// Takes one.
    pub(super) fn note(&mut self, first: UncountedFirstValue) {
        self.listed.push_back(first);
        while self.listed.len() > MAX_UNCOUNTED {
            let Some(oldest) = self.listed.pop_front() else { return };
            self.leave_out(oldest.timestamp_ms);
        }
    }

    fn leave_out(&mut self, at_ms: i64) {
        let is_its = |day: &&mut Day| day.newest_ms.div_euclid(DAY_MS) == at_ms.div_euclid(DAY_MS);
        match self.left_out.iter_mut().find(is_its) {
            Some(day) => *day = Day { newest_ms: day.newest_ms.max(at_ms), n: day.n + 1 },
            None => self.left_out.push(Day { newest_ms: at_ms, n: 1 }),
        }
    }

    /// Those of a span that are listed.
    pub(super) fn within(&self, from_ms: i64, to_ms: i64) -> Vec<UncountedFirstValue> {
        let is_within = |first: &&UncountedFirstValue| first.timestamp_ms > from_ms && first.timestamp_ms <= to_ms;
        let mut firsts: Vec<UncountedFirstValue> = self.listed.iter().filter(is_within).cloned().collect();
        firsts.sort_by(|one, other| (one.timestamp_ms, &one.series).cmp(&(other.timestamp_ms, &other.series)));
        firsts
    }

    /// How many of a span are not listed, by whole days: a day is in the span where its newest is.
    pub(super) fn n_left_out(&self, from_ms: i64, to_ms: i64) -> u64 {
        let is_within = |day: &&Day| day.newest_ms > from_ms && day.newest_ms <= to_ms;
        self.left_out.iter().filter(is_within).map(|day| day.n).sum()
    }

    /// How many are listed.
    pub(super) fn n_listed(&self) -> usize {
        self.listed.len()
    }

    /// Puts what another has found behind a time in place of what it has itself.
    pub(super) fn replace_behind(&mut self, from_ms: i64, other: &Uncounted) {
        self.listed.retain(|first| first.timestamp_ms <= from_ms);
        self.left_out.retain(|day| day.newest_ms <= from_ms);
        self.left_out.extend(other.left_out.iter().filter(|day| day.newest_ms > from_ms));
        other.listed.iter().filter(|first| first.timestamp_ms > from_ms).cloned().for_each(|first| self.note(first));
    }

    /// Forgets of what is not listed that which is older than a time.
    pub(super) fn forget_before(&mut self, at_ms: i64) {
        self.left_out.retain(|day| day.newest_ms >= at_ms);
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.u64(self.listed.len() as u64);
        for first in &self.listed {
            out.labels(&first.series);
            out.i64(first.timestamp_ms);
            out.f64(first.value);
        }
    }

    pub(super) fn read(&mut self, input: &mut In<'_>) -> Option<()> {
        for _ in 0..input.count()? {
            let series = input.labels()?;
            self.note(UncountedFirstValue { series, timestamp_ms: input.i64()?, value: input.f64()? });
        }
        Some(())
    }

    /// Writes how many there are beside those that are listed.
    pub(super) fn write_left_out(&self, out: &mut Out) {
        out.u64(self.left_out.len() as u64);
        for day in &self.left_out {
            out.i64(day.newest_ms);
            out.u64(day.n);
        }
    }

    /// Reads that; where nothing more was written there are none.
    pub(super) fn read_left_out(&mut self, input: &mut In<'_>) -> Option<()> {
        if input.0.is_empty() {
            return Some(());
        }
        for _ in 0..input.count()? {
            self.left_out.push(Day { newest_ms: input.i64()?, n: input.u64()? });
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use model::Labels;

    use super::*;

    fn first(at_ms: i64) -> UncountedFirstValue {
        let series = Labels::from_pairs([("__name__", "a_total"), ("pod", &at_ms.to_string())]);
        UncountedFirstValue { series, timestamp_ms: at_ms, value: 1.0 }
    }

    /// Six hundred a day.
    fn noted(n_days: i64) -> Uncounted {
        let mut uncounted = Uncounted::default();
        for day in 0..n_days {
            (1..=600).for_each(|number| uncounted.note(first(day * DAY_MS + number)));
        }
        uncounted
    }

    #[test]
    fn of_the_oldest_only_their_number_is_kept() {
        let uncounted = noted(4);
        assert_eq!((uncounted.n_listed(), uncounted.within(0, i64::MAX).len()), (MAX_UNCOUNTED, MAX_UNCOUNTED));
        let check = |from_ms: i64, to_ms: i64, want: (usize, u64)| {
            let got = (uncounted.within(from_ms, to_ms).len(), uncounted.n_left_out(from_ms, to_ms));
            assert_eq!(got, want, "{from_ms} {to_ms}");
        };
        check(0, i64::MAX, (1000, 1400));
        check(DAY_MS, i64::MAX, (1000, 800));
        check(2 * DAY_MS, i64::MAX, (1000, 200));
        check(3 * DAY_MS, i64::MAX, (600, 0));
        check(0, DAY_MS, (0, 600));
    }

    #[test]
    fn what_is_written_is_read_again_and_so_is_what_was_written_before_there_were_days() {
        let check = |uncounted: &Uncounted, is_before: bool| {
            let (mut out, mut read) = (Out::default(), Uncounted::default());
            uncounted.write(&mut out);
            if !is_before {
                uncounted.write_left_out(&mut out);
            }
            let mut input = In(&out.0);
            read.read(&mut input).unwrap();
            read.read_left_out(&mut input).unwrap();
            assert_eq!((&read, input.0), (uncounted, &[][..]));
        };
        check(&noted(4), false);
        check(&noted(1), false);
        check(&noted(1), true);
    }

    #[test]
    fn what_is_behind_a_time_is_replaced_and_the_limit_holds() {
        let mut uncounted = noted(3);
        uncounted.replace_behind(2 * DAY_MS, &noted(4));
        assert_eq!((uncounted.n_listed(), uncounted.n_left_out(0, i64::MAX)), (1000, 1400));
        uncounted.forget_before(DAY_MS);
        assert_eq!(uncounted.n_left_out(0, i64::MAX), 800);
    }
}
