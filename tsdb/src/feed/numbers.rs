//! Numbers for references, given in the order in which these come.

use std::collections::BTreeMap;

use model::storage::SeriesRef;

/// The numbers of references. Those of neighbours are mostly neighbours, too, and are kept as a run.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// By the first reference.
    runs: BTreeMap<u64, Run>,
    /// How many numbers were given.
    len: u32,
    /// The run that was asked for last: series come again in the order in which they came first.
    last: (u64, Run),
}

#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// How many references.
    n: u32,
    /// The number of the first.
    number: u32,
}

impl Run {
    fn number(self, first: u64, reference: u64) -> Option<u32> {
        let at = reference.checked_sub(first).filter(|at| *at < self.n.into())?;
        Some(self.number + at as u32)
    }
}

impl Numbers {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// The number of a reference that has one.
    pub(super) fn of(&mut self, SeriesRef(reference): SeriesRef) -> Option<u32> {
        let (first, run) = self.last;
        if let Some(number) = run.number(first, reference) {
            return Some(number);
        }
        let (&first, &run) = self.runs.range(..=reference).next_back()?;
        let number = run.number(first, reference)?;
        self.last = (first, run);
        Some(number)
    }

    /// Gives a reference that has none the next number.
    pub(super) fn give(&mut self, SeriesRef(reference): SeriesRef) -> u32 {
        let number = self.len;
        self.len += 1;
        let before = self.runs.range_mut(..=reference).next_back();
        let goes_on =
            |(first, run): &(&u64, &mut Run)| *first + u64::from(run.n) == reference && run.number + run.n == number;
        match before.filter(goes_on) {
            Some((_, run)) => run.n += 1,
            None => drop(self.runs.insert(reference, Run { n: 1, number })),
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reference_keeps_the_number_that_it_was_given() {
        let mut numbers = Numbers::default();
        let references = [5, 6, 7, 9, 8, 4, 1 << 32, (1 << 32) + 1, 10, u64::MAX, 0];
        for (number, reference) in (0..).zip(references) {
            assert_eq!(numbers.of(SeriesRef(reference)), None);
            assert_eq!(numbers.give(SeriesRef(reference)), number);
        }
        for (number, reference) in (0..11).zip(references).rev().chain((0..11).zip(references)) {
            assert_eq!(numbers.of(SeriesRef(reference)), Some(number), "{reference}");
        }
        assert_eq!([11, 3, (1 << 32) + 2].map(|reference| numbers.of(SeriesRef(reference))), [None; 3]);
        assert_eq!((numbers.len(), numbers.runs.len()), (11, 8));
    }
}
