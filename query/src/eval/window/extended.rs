//! `rate`, `increase` and `delta` of anchored and smoothed ranges: no extrapolation, but values at the borders.
//!
//! Anchored, the last sample before the range stands for its start, and the last in it for its end. Smoothed, the values
//! at both borders are interpolated between the samples around them.

use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;
use crate::plan::seconds;
use crate::syntax::Border;

#[derive(Debug)]
pub(super) struct Extended {
    pub(super) is_counter: bool,
    pub(super) is_rate: bool,
}

impl WindowFn for Extended {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if view.is_mixed() {
            return Ok(context.warn_mixed());
        }
        if view.values.is_empty() {
            return context.unsupported();
        }
        context.tick(view.values.len())?;
        let is_smoothed = context.call.border == Border::Smoothed;
        let Some(borders) = Borders::find(view.times, view.values, view.start_ms, view.end_ms, is_smoothed) else {
            return Ok(Output::None);
        };
        let (left, right) = borders.values(self.is_counter);
        let mut change = right - left;
        if self.is_counter {
            change += borders.lost(left, right);
        }
        if self.is_rate {
            change /= seconds(view.end_ms - view.start_ms);
        }
        Ok(Output::Float(change))
    }
}

/// The samples that decide the values at the borders of a range.
#[derive(Debug)]
pub(crate) struct Borders<'a> {
    times: &'a [i64],
    values: &'a [f64],
    start_ms: i64,
    end_ms: i64,
    is_smoothed: bool,
    first: usize,
    last: usize,
}

impl<'a> Borders<'a> {
    /// `None` where no sample is in reach of the range.
    pub(crate) fn find(
        times: &'a [i64],
        values: &'a [f64],
        start_ms: i64,
        end_ms: i64,
        is_smoothed: bool,
    ) -> Option<Borders<'a>> {
        let newest = times.len().checked_sub(1)?;
        let first = times[..newest].partition_point(|&time_ms| time_ms <= start_ms).saturating_sub(1);
        let last = if is_smoothed { times[..newest].partition_point(|&time_ms| time_ms < end_ms) } else { newest };
        if times[last] <= start_ms || is_smoothed && times[first] > end_ms {
            return None;
        }
        Some(Borders { times, values, start_ms, end_ms, is_smoothed, first, last })
    }

    /// The values at the start and at the end.
    pub(crate) fn values(&self, is_counter: bool) -> (f64, f64) {
        let between = |at: usize, time_ms: i64| self.interpolated(at, time_ms, is_counter);
        let left = if self.is_smoothed && self.times[self.first] < self.start_ms {
            between(self.first, self.start_ms)
        } else {
            self.values[self.first]
        };
        let right = if self.is_smoothed && self.last > 0 && self.times[self.last] > self.end_ms {
            between(self.last - 1, self.end_ms)
        } else {
            self.values[self.last]
        };
        (left, right)
    }

    /// The indices of the samples strictly between the borders.
    pub(crate) fn inner(&self) -> std::ops::Range<usize> {
        let start = self.first + usize::from(self.times[self.first] <= self.start_ms);
        let end = (self.last + 1) - usize::from(self.times[self.last] >= self.end_ms);
        start..end.max(start)
    }

    /// What a counter lost at its falls between the borders.
    fn lost(&self, left: f64, right: f64) -> f64 {
        let mut lost = 0.0;
        let mut before = left;
        for &value in &self.values[self.inner()] {
            if value < before {
                lost += before;
            }
            before = value;
        }
        if right < before {
            lost += before;
        }
        lost
    }

    fn interpolated(&self, at: usize, time_ms: i64, is_counter: bool) -> f64 {
        let (before, next) = ((self.times[at], self.values[at]), (self.times[at + 1], self.values[at + 1]));
        interpolated(before, next, time_ms, is_counter)
    }
}

/// The value between two samples. A counter that fell began again with zero.
pub(crate) fn interpolated(before: (i64, f64), next: (i64, f64), time_ms: i64, is_counter: bool) -> f64 {
    let from = if is_counter && next.1 < before.1 { 0.0 } else { before.1 };
    from + (next.1 - from) * (time_ms - before.0) as f64 / (next.0 - before.0) as f64
}
