//! How much of the period's budget went of late: in its last seven days, or in its last day or hour where it is not longer than that.

use serde::Serialize;

use super::burndown::step_ms;
use super::summary::DAY_MS;
use crate::budget::{Budgets, ProductStatus};
use crate::history::Counts;
use crate::window::Span;

/// What "of late" means: the longest of these that the period is longer than.
const LENGTHS_MS: [i64; 3] = [7 * DAY_MS, DAY_MS, DAY_MS / 24];

/// What went at the end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OfLate {
    /// Over how many seconds before the end of what the report is about.
    pub seconds: i64,
    /// The share of the period's budget that went then; `None` where nothing was allowed.
    pub spent_ratio: Option<f64>,
}

/// How long "of late" is in a span; `None` where it has no such end.
fn length_ms(span: Span) -> Option<i64> {
    LENGTHS_MS.into_iter().find(|length_ms| *length_ms < span.length_ms())
}

/// What went of late of a span, of which all steps are given. They weigh so much that all of them are what was spent.
pub(super) fn of_late(budgets: &Budgets, span: Span, steps: &[Counts], over: &ProductStatus) -> Option<OfLate> {
    let length_ms = length_ms(span)?;
    let late = Span { from_ms: span.to_ms - length_ms, ..span };
    let of_late = budgets.product_steps(&over.name, late, step_ms(late))?;
    let [all, late] = [steps, &of_late].map(|steps| steps.iter().map(|step| step.bad).sum::<f64>());
    let share = if all > 0.0 { late / all } else { 0.0 };
    let (spent, allowed) = (over.budget.spent.0, over.budget.allowed.0);
    Some(OfLate { seconds: length_ms / 1000, spent_ratio: (allowed > 0.0).then(|| share * spent / allowed) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_period_is_shorter_than_the_period() {
        let check = |length_ms_of_all: i64, want: Option<i64>| {
            let span = Span { from_ms: 0, to_ms: length_ms_of_all };
            assert_eq!(length_ms(span), want, "{length_ms_of_all}");
        };
        check(28 * DAY_MS, Some(7 * DAY_MS));
        check(7 * DAY_MS, Some(DAY_MS));
        check(DAY_MS, Some(DAY_MS / 24));
        check(DAY_MS / 24, None);
    }
}
