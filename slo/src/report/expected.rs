//! How a period is expected to go on. The last so many days go on as a window does that moves with time.

use super::Period;
use crate::budget::{Budgets, ExpectedPoint, ProductStatus, course};
use crate::forecast::{Known, NOW_MS, Pace};
use crate::history::Counts;
use crate::window::Span;

/// What is to be expected after the last step of a burn-down; nothing where the period is over or nothing was counted.
pub(super) fn expected(
    budgets: &Budgets,
    ids: &[String],
    period: &Period,
    steps: (&[Counts], i64),
    over: &ProductStatus,
) -> Vec<ExpectedPoint> {
    let (steps, step_ms) = steps;
    let (until_ms, is_rolling) = (over.at.0, period.is_rolling());
    let ahead_ms = if is_rolling { period.span.length_ms() / 4 } else { period.span.to_ms - until_ms };
    let began_ms = ids.iter().filter_map(|id| budgets.history().began_ms(id)).min();
    let counted: f64 = steps.iter().map(|step| step.bad).sum();
    let (Some(began_ms), true) = (began_ms, ahead_ms > 0 && over.budget.allowed.0 > 0.0 && over.total.0 > 0.0) else {
        return Vec::new();
    };
    // As in the burn-down: what is weighed over a whole period is not the sum of its steps.
    let scale = if counted > 0.0 { over.budget.spent.0 / counted } else { 1.0 };
    let scaled = |counts: &Counts| Counts { bad: counts.bad * scale, ..*counts };
    let counts = |from_ms: i64, to_ms: i64| {
        let span = Span { from_ms, to_ms };
        let steps = budgets.product_steps(&over.name, span, span.length_ms()).unwrap_or_default();
        steps.first().map(scaled).unwrap_or_default()
    };
    let leaving: Vec<Counts> = if is_rolling { steps.iter().map(scaled).collect() } else { Vec::new() };
    let known = Known {
        at_ms: until_ms,
        step_ms,
        n_steps: usize::try_from(ahead_ms / step_ms.max(1)).unwrap_or(0),
        is_rolling,
        rest: over.budget.allowed.0 / over.total.0,
        bad: over.budget.spent.0,
        allowed: over.budget.allowed.0,
        leaving: &leaving,
    };
    course(&known, Pace::spread(until_ms, began_ms, NOW_MS, counts)).collect()
}
