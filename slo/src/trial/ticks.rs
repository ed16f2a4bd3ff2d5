//! What was counted up to each tick: a window is the difference of two sums.

use crate::budget::{Evaluation, Versions};
use crate::history::Counts;
use crate::spec::{BurnPair, Objective};
use crate::window::Span;

use super::TrialError;

/// The limit `trial_ticks`: so many ticks are looked at, about a year at half a minute.
pub const MAX_TICKS: i64 = 1_000_000;

/// So many ticks are passed over together where none of them can burn.
const BLOCK: i64 = 64;
/// Sums of many fractions are so far off at most.
const ROUNDING: f64 = 1e-9;

/// Sums along a grid of time. Edges of the grid are multiples of its step, those of all windows among them.
#[derive(Clone, Debug)]
pub(super) struct Ticks {
    /// The grid's first edge, behind which counting begins.
    first_ms: i64,
    step_ms: i64,
    /// How far ticks are apart: a multiple of the step.
    interval_ms: i64,
    /// What was counted from the first edge to each.
    sums: Vec<Counts>,
    /// The first tick of the time that is looked at.
    first_tick_ms: i64,
}

/// The grid of an objective over a time: where it begins, and its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) span: Span,
    pub(super) step_ms: i64,
    interval_ms: i64,
    first_tick_ms: i64,
}

impl Grid {
    /// Ticks in a span, and before them the longest window of the pairs.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn of(objective: &Objective, span: Span, interval_ms: i64) -> Result<Grid, TrialError> {
        let windows = || objective.burn.pairs.iter().flat_map(|pair| [pair.long_ms, pair.short_ms]);
        let interval_ms = interval_ms.max(1);
        let step_ms = windows().fold(interval_ms, common_divisor);
        let longest_ms = windows().max().unwrap_or(0);
        let first_tick_ms = (span.from_ms.div_euclid(interval_ms) + 1) * interval_ms;
        let from_ms = (first_tick_ms - longest_ms).div_euclid(step_ms) * step_ms;
        let to_ms = span.to_ms.div_euclid(interval_ms) * interval_ms;
        let n_ticks = (to_ms - from_ms) / step_ms;
        if n_ticks > MAX_TICKS {
            return Err(TrialError::Ticks { n_ticks });
        }
        let span = Span { from_ms, to_ms: to_ms.max(from_ms) };
        Ok(Grid { span, step_ms, interval_ms, first_tick_ms })
    }
}

fn common_divisor(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

impl Ticks {
    /// What was counted in each step of a grid.
    pub(super) fn of(grid: Grid, steps: &[Counts]) -> Ticks {
        let mut sums = Vec::with_capacity(steps.len() + 1);
        sums.push(Counts::default());
        let mut sum = Counts::default();
        for step in steps {
            sum = sum + *step;
            sums.push(sum);
        }
        let Grid { span, step_ms, interval_ms, first_tick_ms } = grid;
        Ticks { first_ms: span.from_ms, step_ms, interval_ms, sums, first_tick_ms }
    }

    /// The ticks that are looked at.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        (0..self.n_ticks()).map(|tick| self.at_ms(tick))
    }

    /// The same, several that follow one another at a time.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Vec<i64>> + '_ {
        let n_ticks = self.n_ticks();
        let block = move |first: i64| (first..(first + BLOCK).min(n_ticks)).map(|tick| self.at_ms(tick)).collect();
        (0..n_ticks).step_by(BLOCK as usize).map(block)
    }

    fn n_ticks(&self) -> i64 {
        let last_ms = self.first_ms + (self.sums.len() as i64 - 1) * self.step_ms;
        ((last_ms - self.first_tick_ms).div_euclid(self.interval_ms) + 1).max(0)
    }

    fn at_ms(&self, tick: i64) -> i64 {
        self.first_tick_ms + tick * self.interval_ms
    }

    /// Whether a window that ends with one of some ticks may burn faster than a factor. What it holds at most of bad events is
    /// what all of them hold together, and at least of all events what each of them holds.
    fn may_burn(&self, length_ms: i64, (first_ms, last_ms): (i64, i64), allowed: f64) -> bool {
        let (before, until) = (self.sum(first_ms - length_ms), self.sum(last_ms));
        let (inner, begin) = (self.sum(first_ms), self.sum(last_ms - length_ms));
        let (bad, total) = (until.bad - before.bad, (inner.total - begin.total).max(0.0));
        bad * (1.0 + ROUNDING) > allowed * total * (1.0 - ROUNDING) && bad > 0.0
    }

    /// What was counted in the last so many milliseconds. Nothing was before the grid.
    fn window(&self, length_ms: i64, at_ms: i64) -> Counts {
        let (from, to) = (self.sum(at_ms - length_ms), self.sum(at_ms));
        Counts { bad: to.bad - from.bad, total: to.total - from.total, ..Counts::default() }
    }

    /// When the burn began that a pair told at a tick.
    ///
    /// Of all edges in the long window it is the one since which most was spent beyond the pair's pace: what errors there were
    /// before at a slower pace are not of it. The first bad event behind it is its beginning, as of the next edge.
    pub(super) fn burn_began_ms(&self, pair: &BurnPair, allowed_ratio: f64, fired_ms: i64) -> i64 {
        let pace = pair.factor * allowed_ratio;
        let edges = || (fired_ms - pair.long_ms..=fired_ms).step_by(usize::try_from(self.step_ms).unwrap_or(1));
        let excess = |at_ms: i64| {
            let sum = self.sum(at_ms);
            sum.bad - pace * sum.total
        };
        let lowest = edges().fold((f64::INFINITY, fired_ms), |lowest, at_ms| {
            let excess = excess(at_ms);
            if excess <= lowest.0 { (excess, at_ms) } else { lowest }
        });
        let bad_before = self.sum(lowest.1).bad;
        let is_behind = |at_ms: &i64| *at_ms > lowest.1 && self.sum(*at_ms).bad > bad_before;
        edges().find(is_behind).unwrap_or(fired_ms)
    }

    /// How far edges are apart.
    pub(super) fn step_ms(&self) -> i64 {
        self.step_ms
    }

    fn sum(&self, at_ms: i64) -> Counts {
        let edge = (at_ms - self.first_ms).div_euclid(self.step_ms).max(0);
        let last = self.sums.len() - 1;
        self.sums[usize::try_from(edge).map_or(last, |edge| edge.min(last))]
    }
}

/// What was counted in windows that end with ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows<'a> {
    pub(super) ticks: &'a Ticks,
    /// Who is asked for each window, where counts of steps do not add up to those of windows.
    pub(super) asked: Option<(Evaluation<'a>, &'a Objective)>,
}

impl Windows<'_> {
    /// What was counted in both windows of a pair at a tick.
    pub(super) fn of_pair(&self, pair: &BurnPair, at_ms: i64) -> (Counts, Counts) {
        (self.window(pair.long_ms, at_ms), self.window(pair.short_ms, at_ms))
    }

    /// Whether some pair may burn at one of some ticks. It is sure to be told where it does, and costs less than to look.
    pub(super) fn may_burn(&self, objective: &Objective, versions: &Versions, ticks: &[i64]) -> bool {
        let (Some(first_ms), Some(last_ms)) = (ticks.first(), ticks.last()) else { return false };
        let is_changing = versions.iter().any(|version| (*first_ms..*last_ms).contains(&version.since_ms));
        if self.asked.is_some() || is_changing {
            return true;
        }
        let rest = versions.at(*last_ms).target.rest().as_f64();
        objective.burn.pairs.iter().any(|pair| {
            let may_burn = |length_ms: i64| self.ticks.may_burn(length_ms, (*first_ms, *last_ms), pair.factor * rest);
            may_burn(pair.long_ms) && may_burn(pair.short_ms)
        })
    }

    fn window(&self, length_ms: i64, at_ms: i64) -> Counts {
        match self.asked {
            Some((evaluation, objective)) => {
                evaluation.objective_counts(objective, Span { from_ms: at_ms - length_ms, to_ms: at_ms })
            }
            None => self.ticks.window(length_ms, at_ms),
        }
    }
}
