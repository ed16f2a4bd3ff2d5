//! Running sums over the samples of a series, for differences between any two of them.

use std::collections::VecDeque;

/// The sum of the marks of all samples up to each one that is kept.
#[derive(Debug, Default)]
pub(super) struct Cumulative {
    /// The sum up to and with each sample, from the one numbered `first` on.
    sums: VecDeque<i64>,
    first: usize,
    /// The sum before the sample numbered `first`.
    before: i64,
}

impl Cumulative {
    /// Adds the mark of the next sample.
    #[inline]
    pub(super) fn push(&mut self, mark: i64) {
        let sum = self.sums.back().copied().unwrap_or(self.before) + mark;
        self.sums.push_back(sum);
    }

    /// Forgets the samples before a number.
    #[inline]
    pub(super) fn forget_before(&mut self, number: usize) {
        while self.first < number {
            let Some(sum) = self.sums.pop_front() else { return };
            self.before = sum;
            self.first += 1;
        }
    }

    /// The sum of the marks of the samples numbered from `from` up to `to`, which is not included.
    #[inline]
    pub(super) fn between(&self, from: usize, to: usize) -> i64 {
        let up_to = |number: usize| match number.checked_sub(self.first + 1) {
            Some(at) => self.sums.get(at).copied().unwrap_or(self.before),
            None => self.before,
        };
        if to <= from { 0 } else { up_to(to) - up_to(from) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_between_any_two() {
        let mut cumulative = Cumulative::default();
        (1..=10).for_each(|mark| cumulative.push(mark));
        assert_eq!((cumulative.between(0, 10), cumulative.between(2, 4), cumulative.between(3, 3)), (55, 7, 0));
        cumulative.forget_before(5);
        assert_eq!((cumulative.between(5, 10), cumulative.between(9, 10)), (40, 10));
    }
}
