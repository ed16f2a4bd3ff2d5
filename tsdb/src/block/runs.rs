//! Rows of numbers in few bytes, where neighbours are equal or grow evenly.
//!
//! A row is written as runs: a number, shifted to make room for a bit that says whether a second one follows, which is the
//! length of the run less two. How many numbers a row has is known from elsewhere.

use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// Appends numbers below 2^63, equal neighbours as one.
pub(crate) fn push_equal(out: &mut Vec<u8>, numbers: impl IntoIterator<Item = u64>) {
    let mut numbers = numbers.into_iter().peekable();
    while let Some(number) = numbers.next() {
        let mut n_more = 0u64;
        while numbers.next_if_eq(&number).is_some() {
            n_more += 1;
        }
        push_unsigned(out, number << 1 | u64::from(n_more > 0));
        if n_more > 0 {
            push_unsigned(out, n_more - 1);
        }
    }
}

/// Appends numbers by their differences, equal ones as one. Any two neighbours are less than 2^62 apart.
pub(crate) fn push_even(out: &mut Vec<u8>, numbers: impl IntoIterator<Item = u64>) {
    let mut last = 0;
    let differences = numbers.into_iter().map(|number| {
        let difference = number.wrapping_sub(last) as i64;
        last = number;
        (difference << 1 ^ difference >> 63) as u64
    });
    push_equal(out, differences);
}

/// The numbers of a row, one after the other; after the first error there is no other.
#[derive(Clone, Debug)]
pub(crate) struct Equal {
    number: u64,
    n_more: u64,
}

impl Equal {
    pub(crate) fn new() -> Equal {
        Equal { number: 0, n_more: 0 }
    }

    pub(crate) fn next(&mut self, input: &mut Input<'_>) -> Result<u64, DecodeError> {
        if self.n_more > 0 {
            self.n_more -= 1;
            return Ok(self.number);
        }
        let token = input.unsigned("a number of a row")?;
        self.number = token >> 1;
        if token & 1 == 1 {
            self.n_more = input.unsigned("the length of a run")?.min(u64::MAX - 2) + 1;
        }
        Ok(self.number)
    }

    /// How many more numbers are equal to the last one.
    pub(crate) fn n_more(&self) -> u64 {
        self.n_more
    }

    /// Leaves out `n` of the numbers that are equal to the last one.
    pub(crate) fn skip(&mut self, n: u64) {
        self.n_more = self.n_more.saturating_sub(n);
    }
}

/// Takes a row of `n` numbers that [`push_equal`] has written.
pub(crate) fn take_equal(input: &mut Input<'_>, n: usize, out: &mut Vec<u64>) -> Result<(), DecodeError> {
    let mut row = Equal::new();
    for _ in 0..n {
        out.push(row.next(input)?);
    }
    Ok(())
}

/// Takes a row of `n` numbers that stand one by one.
pub(crate) fn take_single(input: &mut Input<'_>, n: usize, out: &mut Vec<u64>) -> Result<(), DecodeError> {
    for _ in 0..n {
        out.push(input.unsigned("a number of a row")?);
    }
    Ok(())
}

/// Takes a row of `n` numbers that [`push_even`] has written.
pub(crate) fn take_even(input: &mut Input<'_>, n: usize, out: &mut Vec<u64>) -> Result<(), DecodeError> {
    let mut row = Equal::new();
    let mut last = 0u64;
    for _ in 0..n {
        last = last.wrapping_add(unzigzag(row.next(input)?) as u64);
        out.push(last);
    }
    Ok(())
}

/// A difference as [`push_even`] writes it.
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows() -> impl Strategy<Value = Vec<u64>> {
        let run = (0..1u64 << 60, 0..4u64, 1..70usize);
        prop::collection::vec(run, 0..6).prop_map(|runs| {
            runs.into_iter().flat_map(|(first, step, n)| (0..n as u64).map(move |i| first + i * step)).collect()
        })
    }

    proptest! {
        #[test]
        fn rows_come_back(row in rows()) {
            let mut bytes = Vec::new();
            push_equal(&mut bytes, row.iter().copied());
            push_even(&mut bytes, row.iter().copied());
            let mut input = Input::new(&bytes);
            let (mut equal, mut even) = (Vec::new(), Vec::new());
            take_equal(&mut input, row.len(), &mut equal).unwrap();
            take_even(&mut input, row.len(), &mut even).unwrap();
            prop_assert_eq!(&equal, &row);
            prop_assert_eq!(&even, &row);
            prop_assert!(input.is_empty());
        }
    }

    #[test]
    fn even_rows_are_short() {
        for (row, n_bytes) in [(vec![7; 64], 2), ((0..64).collect(), 3), ((5..69).collect(), 3), (vec![1, 2, 4], 3)] {
            let (mut equal, mut even) = (Vec::new(), Vec::new());
            push_equal(&mut equal, row.iter().copied());
            push_even(&mut even, row.iter().copied());
            assert_eq!(equal.len().min(even.len()), n_bytes, "{row:?}");
        }
    }

    #[test]
    fn a_row_that_ends_early_is_an_error() {
        assert!(take_equal(&mut Input::new(&[3, 1]), 3, &mut Vec::new()).is_ok());
        assert!(take_equal(&mut Input::new(&[3, 1]), 4, &mut Vec::new()).is_err());
    }
}
