//! The slices of a composite, kept as sums from the first one on, so that any span is two look-ups.
//!
//! A tick adds what has ended since, and counts the last half hour again, for samples may come late. What comes later than that,
//! and what is corrected afterwards, is counted when everything is, [`Slices::of`].

use crate::history::Counts;

use super::{Composed, Composite};

/// How far back slices are counted again, in milliseconds: late samples are taken for half an hour where nothing else is said.
const AGAIN_MS: i64 = 35 * 60_000;

/// The slices of a composite.
#[derive(Clone, Debug)]
pub(crate) struct Slices {
    slice_ms: i64,
    /// When the first slice begins.
    first_ms: i64,
    /// Bad and all slices before each slice, and behind the last one.
    sums: Vec<(f64, f64)>,
}

impl Slices {
    /// The slices of which the ends lie in a span.
    pub(crate) fn of(composed: &Composed<'_>, composite: &Composite<'_>, from_ms: i64, to_ms: i64) -> Slices {
        let (first_ms, slices) = composed.slices(composite, from_ms, to_ms);
        let mut sums = Slices { slice_ms: composite.slice_ms, first_ms, sums: vec![(0.0, 0.0)] };
        sums.push(&slices);
        sums
    }

    /// Whether it was made for a span that begins so.
    pub(crate) fn reaches(&self, from_ms: i64, slice_ms: i64) -> bool {
        self.slice_ms == slice_ms && self.first_ms <= from_ms.div_euclid(slice_ms) * slice_ms
    }

    /// Whether it has all slices of which the ends lie in a span.
    pub(crate) fn covers(&self, from_ms: i64, to_ms: i64, slice_ms: i64) -> bool {
        self.reaches(from_ms, slice_ms) && to_ms.div_euclid(slice_ms) * slice_ms <= self.end_ms()
    }

    /// Goes on to a time, and forgets what lies before another.
    pub(crate) fn move_to(&mut self, composed: &Composed<'_>, composite: &Composite<'_>, from_ms: i64, to_ms: i64) {
        let again_ms = (self.end_ms() - AGAIN_MS).max(self.first_ms).min(to_ms);
        let n_kept = self.index(again_ms);
        self.sums.truncate(n_kept + 1);
        let (_, slices) = composed.slices(composite, self.end_ms(), to_ms);
        self.push(&slices);
        let n_old = self.index(from_ms);
        // Not at each tick: what lies behind moves up.
        if n_old > self.sums.len() / 8 {
            self.sums.drain(..n_old);
            self.first_ms += n_old as i64 * self.slice_ms;
        }
    }

    /// Bad and all slices of which the ends lie in a span. Coverage is not known here.
    pub(crate) fn counts(&self, from_ms: i64, to_ms: i64) -> Counts {
        let (before, behind) = (self.sums[self.index(from_ms)], self.sums[self.index(to_ms)]);
        Counts { bad: (behind.0 - before.0).max(0.0), total: (behind.1 - before.1).max(0.0), ..Counts::default() }
    }

    /// How many slices have ended at a time.
    fn index(&self, at_ms: i64) -> usize {
        let n_ended = (at_ms - self.first_ms).div_euclid(self.slice_ms);
        usize::try_from(n_ended).unwrap_or(0).min(self.sums.len() - 1)
    }

    fn end_ms(&self) -> i64 {
        self.first_ms + (self.sums.len() as i64 - 1) * self.slice_ms
    }

    fn push(&mut self, slices: &[Counts]) {
        let (mut bad, mut total) = self.sums.last().copied().unwrap_or_default();
        self.sums.extend(slices.iter().map(|slice| {
            bad += slice.bad;
            total += slice.total;
            (bad, total)
        }));
    }
}
