//! How a budget is expected to go on: at the pace of late, between the slowest and the fastest of what the forecast looks at.
//!
//! A period of a calendar goes on to its end. The last so many days go on for a quarter of their length: then what is shown at an
//! instant ahead is what will be left of as many days that end there, so that old events leave as they come out.

use serde::Serialize;

use super::Period;
use crate::budget::{Budgets, Moment, ProductStatus};
use crate::forecast::Pace;
use crate::history::Counts;
use crate::window::Span;

/// What is expected of an instant ahead: shares of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ExpectedPoint {
    /// When.
    pub at: Moment,
    /// At the pace of late.
    pub remaining_ratio: f64,
    /// At the fastest pace.
    pub low: f64,
    /// At the slowest pace.
    pub high: f64,
}

/// What the past says of what is to come.
struct Past<'p> {
    /// What was counted in steps of the period, the oldest first; they leave where the period moves with time.
    steps: &'p [Counts],
    step_ms: i64,
    is_rolling: bool,
    bad: f64,
    allowed: f64,
    /// How much of an event is allowed.
    rest: f64,
}

/// What is to be expected after the last step of a burn-down; nothing where the period is over or nothing was counted.
pub(super) fn expected(
    budgets: &Budgets,
    ids: &[String],
    period: &Period,
    steps: (&[Counts], i64),
    over: &ProductStatus,
) -> Vec<ExpectedPoint> {
    let (steps, step_ms) = steps;
    let until_ms = over.at.0;
    let ahead_ms = if period.is_rolling() { period.span.length_ms() / 4 } else { period.span.to_ms - until_ms };
    let began_ms = ids.iter().filter_map(|id| budgets.history().began_ms(id)).min();
    let counted: f64 = steps.iter().map(|step| step.bad).sum();
    let (Some(began_ms), true) = (began_ms, ahead_ms > 0 && over.budget.allowed.0 > 0.0 && over.total.0 > 0.0) else {
        return Vec::new();
    };
    // As in the burn-down: what is weighed over a whole period is not the sum of its steps.
    let scale = if counted > 0.0 { over.budget.spent.0 / counted } else { 1.0 };
    let counts = |from_ms: i64, to_ms: i64| {
        let span = Span { from_ms, to_ms };
        let steps = budgets.product_steps(&over.name, span, span.length_ms()).unwrap_or_default();
        let counts = steps.first().copied().unwrap_or_default();
        Counts { bad: counts.bad * scale, ..counts }
    };
    let steps: Vec<Counts> = steps.iter().map(|step| Counts { bad: step.bad * scale, ..*step }).collect();
    let past = Past {
        steps: &steps,
        step_ms,
        is_rolling: period.is_rolling(),
        bad: over.budget.spent.0,
        allowed: over.budget.allowed.0,
        rest: over.budget.allowed.0 / over.total.0,
    };
    let [slow, of_late, fast] = Pace::spread(until_ms, began_ms, counts);
    let n_steps = ahead_ms / step_ms.max(1);
    let point = |number: i64| {
        let left = |pace: Pace| past.left_after(number, pace);
        let at = Moment(until_ms + number * step_ms);
        ExpectedPoint { at, remaining_ratio: left(of_late), low: left(fast), high: left(slow) }
    };
    (1..=n_steps).map(point).collect()
}

impl Past<'_> {
    /// The share that is left after so many more steps.
    fn left_after(&self, n_steps: i64, pace: Pace) -> f64 {
        let n_leaving = if self.is_rolling { usize::try_from(n_steps).unwrap_or(0) } else { 0 };
        let leaving = self.steps.iter().take(n_leaving).fold(Counts::default(), |sum, step| sum + *step);
        let later_ms = (n_steps * self.step_ms) as f64;
        let bad = self.bad + pace.bad * later_ms - leaving.bad;
        let allowed = self.allowed + self.rest * (pace.total * later_ms - leaving.total);
        if allowed > 0.0 { 1.0 - bad.max(0.0) / allowed } else { 1.0 }
    }
}
