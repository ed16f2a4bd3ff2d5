//! What a selector reads.

use model::MatchOp;
use model::Matcher;
use model::labels::METRIC_NAME;
use model::storage::SelectHints;

use super::Grid;
use crate::syntax::{Border, Span};

/// Times beyond this may have been cut to what an integer holds.
const MAX_ALIGNED_MS: u64 = 1 << 53;

/// A selector with everything that is known before it is evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) matchers: Vec<Matcher>,
    /// What storage is told.
    pub(crate) hints: SelectHints,
    /// The time that `@` fixes, in milliseconds since the Unix epoch.
    pub(crate) at_ms: Option<i64>,
    pub(crate) offset_ms: i64,
    /// The range; 0 for an instant selector.
    pub(crate) range_ms: i64,
    pub(crate) border: Border,
    /// The place of the selector, with its range.
    pub(crate) span: Span,
}

impl Selection {
    /// The time of which samples are wanted at a time of the evaluation.
    #[inline]
    pub(crate) fn reference_ms(&self, at_ms: i64) -> i64 {
        self.at_ms.unwrap_or(at_ms).saturating_sub(self.offset_ms)
    }

    /// Sets the interval that is read on a grid.
    pub(super) fn set_interval(&mut self, grid: Grid, lookback_ms: i64) {
        let first_ms = self.reference_ms(grid.start_ms);
        let last_ms = self.reference_ms(grid.end_ms());
        let (before_ms, after_ms) = match (self.border, self.range_ms) {
            (Border::Plain | Border::Anchored, 0) => (lookback_ms, 0),
            (Border::Plain, range_ms) => (range_ms, 0),
            (Border::Anchored, range_ms) => (range_ms.saturating_add(lookback_ms), 0),
            (Border::Smoothed, range_ms) => (range_ms.saturating_add(lookback_ms), lookback_ms),
        };
        // Intervals are open on the left.
        self.hints.start_ms = first_ms.saturating_sub(before_ms).saturating_add(1);
        self.hints.end_ms = last_ms.saturating_add(after_ms);
        self.hints.step_ms = if grid.n_steps > 1 { grid.step_ms } else { 0 };
        self.hints.range_ms = self.range_ms;
        self.hints.alignment_ms = self.alignment_ms(grid);
    }

    /// The greatest length of which all borders of windows are multiples; 0 where there is none, or windows are not open on the
    /// left.
    fn alignment_ms(&self, grid: Grid) -> i64 {
        let (first_ms, last_ms) = (self.reference_ms(grid.start_ms), self.reference_ms(grid.end_ms()));
        let is_cut = [first_ms, last_ms, self.offset_ms].iter().any(|ms| ms.unsigned_abs() > MAX_ALIGNED_MS);
        if self.range_ms == 0 || self.border != Border::Plain || is_cut {
            return 0;
        }
        let step_ms = if grid.n_steps > 1 && self.at_ms.is_none() { grid.step_ms } else { 0 };
        let lengths = [first_ms, self.range_ms, step_ms];
        let greatest = lengths.into_iter().map(i64::unsigned_abs).fold(0, greatest_common_divisor);
        i64::try_from(greatest).unwrap_or(0)
    }

    /// Whether all series it can find have the same metric name.
    pub(crate) fn has_one_name(&self) -> bool {
        self.matchers.iter().any(|matcher| {
            matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal && !matcher.value().is_empty()
        })
    }

    /// The labels that `absent` gives: those that the matchers demand, each once.
    pub(crate) fn demanded_labels(matchers: &[Matcher]) -> model::Labels {
        let mut labels = model::LabelsBuilder::new();
        let mut seen: Vec<&str> = Vec::new();
        for matcher in matchers.iter().filter(|matcher| matcher.name() != METRIC_NAME) {
            if matcher.op() == MatchOp::Equal && !seen.contains(&matcher.name()) {
                labels.set(matcher.name(), matcher.value());
                seen.push(matcher.name());
            } else {
                labels.remove(matcher.name());
            }
        }
        labels.build()
    }
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_borders_are_multiples_of() {
        const MINUTE_MS: i64 = 60_000;
        let alignment = |grid: Grid, range_ms, offset_ms, at_ms, border| {
            let (matchers, hints, span) = (Vec::new(), SelectHints::default(), Span::default());
            let mut selection = Selection { matchers, hints, at_ms, offset_ms, range_ms, border, span };
            selection.set_interval(grid, 0);
            selection.hints.alignment_ms
        };
        let grid = |start, step, n_steps| Grid { start_ms: start * MINUTE_MS, step_ms: step * MINUTE_MS, n_steps };
        let check = |grid, range, offset, at: Option<i64>, want| {
            let at_ms = at.map(|at| at * MINUTE_MS);
            let of = |border| alignment(grid, range * MINUTE_MS, offset * MINUTE_MS, at_ms, border);
            assert_eq!(of(Border::Plain), want * MINUTE_MS, "{grid:?} {range} {offset} {at:?}");
            assert_eq!([of(Border::Anchored), of(Border::Smoothed)], [0, 0]);
        };
        check(grid(120, 60, 10), 60, 0, None, 60);
        check(grid(120, 60, 10), 90, 0, None, 30);
        check(grid(120, 60, 10), 60, 5, None, 5);
        check(grid(120, 60, 10), 60, -7, None, 1);
        check(grid(120, 7, 1), 60, 0, None, 60);
        check(grid(-120, 60, 2), 60, 0, None, 60);
        check(grid(13, 7, 10), 60, 0, Some(180), 60);
        check(grid(13, 7, 10), 60, 30, Some(180), 30);
        check(grid(0, 7, 1), 60, 0, None, 60);
        check(grid(120, 60, 10), 0, 0, None, 0);
        let far = Grid { start_ms: i64::MAX - 5, step_ms: MINUTE_MS, n_steps: 2 };
        assert_eq!(alignment(far, MINUTE_MS, 0, None, Border::Plain), 0);
        assert_eq!(alignment(grid(0, 1, 2), MINUTE_MS, i64::MIN, None, Border::Plain), 0);
    }
}
