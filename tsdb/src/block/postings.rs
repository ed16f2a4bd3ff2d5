//! Which series carry a label.
//!
//! A single series is a number. Others are written as the shorter of two: runs of even differences (every 300th series
//! is one run), or a roaring bitmap.

use roaring::RoaringBitmap;

use super::runs::{self, Equal};
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// How series are written; the two lowest bits of the number they begin with, whose others hold the series or the count.
const ONE: u64 = 0;
const RUNS: u64 = 1;
const BITMAP: u64 = 2;

/// Appends the postings of a label, which are sorted and not empty.
pub(crate) fn write(series: &[u32], out: &mut Vec<u8>) {
    if let [series] = *series {
        return push_unsigned(out, u64::from(series) << 2 | ONE);
    }
    let mut as_runs = Vec::new();
    runs::push_even(&mut as_runs, series.iter().map(|&series| u64::from(series)));
    let n_series = (series.len() as u64) << 2;
    if as_runs.len() >= 16 {
        let mut bitmap = RoaringBitmap::from_sorted_iter(series.iter().copied()).unwrap_or_default();
        bitmap.optimize();
        if bitmap.serialized_size() < as_runs.len() {
            push_unsigned(out, n_series | BITMAP);
            bitmap.serialize_into(out).expect("writing into memory does not fail");
            return;
        }
    }
    push_unsigned(out, n_series | RUNS);
    out.extend_from_slice(&as_runs);
}

/// The postings of a label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Postings<'a> {
    input: Input<'a>,
    kind: u64,
    /// The series, where it is one, or how many there are.
    number: u64,
    n_series: u32,
}

impl<'a> Postings<'a> {
    /// Postings out of a block of `n_series`.
    pub(crate) fn new(bytes: &'a [u8], n_series: u32) -> Result<Postings<'a>, DecodeError> {
        let mut input = Input::new(bytes);
        let number = input.unsigned("postings")?;
        let postings = Postings { input, kind: number & 3, number: number >> 2, n_series };
        let is_right = match postings.kind {
            ONE => postings.number < u64::from(n_series),
            RUNS | BITMAP => postings.number <= u64::from(n_series),
            _ => false,
        };
        if is_right { Ok(postings) } else { Err(input.error("as many series as there are")) }
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> u64 {
        if self.kind == ONE { 1 } else { self.number }
    }

    /// The series.
    pub(crate) fn to_bitmap(mut self) -> Result<RoaringBitmap, DecodeError> {
        let bitmap = match self.kind {
            ONE => std::iter::once(self.number as u32).collect(),
            RUNS => self.runs()?,
            _ => {
                let n_bytes = self.input.n_left();
                let bytes = self.input.bytes(n_bytes, "a bitmap")?;
                RoaringBitmap::deserialize_from(bytes).map_err(|_| self.input.error("a bitmap"))?
            }
        };
        let is_right = bitmap.len() == self.len() && bitmap.max().is_none_or(|max| max < self.n_series);
        if is_right { Ok(bitmap) } else { Err(self.input.error("series of the block")) }
    }

    fn runs(&mut self) -> Result<RoaringBitmap, DecodeError> {
        let mut bitmap = RoaringBitmap::new();
        let mut row = Equal::new();
        let (mut last, mut n_left) = (0u64, self.number);
        while n_left > 0 {
            let difference = runs::unzigzag(row.next(&mut self.input)?);
            // The first of a run, and the others of it, which are no more than are left.
            let n_run = (row.n_more() + 1).min(n_left);
            row.skip(n_run - 1);
            let first = last.wrapping_add(difference as u64);
            let step = difference as u64;
            last = first.wrapping_add(step.wrapping_mul(n_run - 1));
            n_left -= n_run;
            let is_first = n_left + n_run == self.number;
            let in_order = difference > 0 || is_first && n_run == 1 && difference == 0;
            if !in_order || last >= u64::from(self.n_series) || step > u64::from(self.n_series) {
                return Err(self.input.error("rising numbers of series"));
            }
            if step == 1 {
                bitmap.insert_range(first as u32..=last as u32);
            } else {
                bitmap.extend((0..n_run).map(|i| (first + i * step) as u32));
            }
        }
        Ok(bitmap)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(series: &[u32]) -> usize {
        let mut bytes = Vec::new();
        write(series, &mut bytes);
        let postings = Postings::new(&bytes, 100_000).unwrap();
        assert_eq!(postings.len(), series.len() as u64);
        assert_eq!(postings.to_bitmap().unwrap().iter().collect::<Vec<_>>(), series);
        let n_series = *series.last().unwrap();
        let too_few = Postings::new(&bytes, n_series).and_then(Postings::to_bitmap);
        assert!(too_few.is_err(), "{series:?}");
        bytes.len()
    }

    #[test]
    fn the_shorter_form_is_taken() {
        assert_eq!(check(&[0]), 1);
        assert_eq!(check(&[99_999]), 3);
        assert_eq!(check(&[0, 1]), 3);
        assert_eq!(check(&[0, 2]), 3);
        assert_eq!(check(&(0..100).collect::<Vec<_>>()), 5);
        // One series of each of 215 hosts of 300.
        assert_eq!(check(&(0..215).map(|host| 17 + 300 * host).collect::<Vec<_>>()), 7);
        let odd: Vec<u32> = (0..90_000).filter(|i| i % 7 < 3).collect();
        assert!(check(&odd) < 20_000);
    }

    proptest! {
        #[test]
        fn any_series_come_back(series in prop::collection::btree_set(0..100_000u32, 1..400)) {
            check(&series.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn anything_is_read_or_refused(bytes: Vec<u8>) {
            let _ = Postings::new(&bytes, 1000).and_then(Postings::to_bitmap);
        }
    }
}
