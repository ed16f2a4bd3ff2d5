//! The objectives of a product over a period, and what they were to the team: orders, money.

use serde::Serialize;

use super::language::count;
use super::summary::DAY_MS;
use super::{Alerted, Period};
use crate::budget::{Amount, Budgets, Status};
use crate::spec::{Catalog, Objective};
use crate::window::Span;

/// So many steps make a trend.
const N_TREND: i64 = 14;

/// An objective over the period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObjectiveRow {
    /// Over the period.
    pub status: Status,
    /// The share of good events over the last 7 days of it.
    pub sli_7d: Option<f64>,
    /// The share of good events over the last 28 days of it.
    pub sli_28d: Option<f64>,
    /// The share of good events since the month began in which the report ends.
    pub sli_month: Option<f64>,
    /// The share of good events in steps of the period.
    pub trend: Vec<Option<f64>>,
    /// Whom it called, and how often; `None` where nobody is called, or that cannot be worked out.
    pub alerted: Option<Alerted>,
    /// What bad events were to the team: `1240 orders`.
    pub in_units: Option<String>,
    /// What they cost: `12400 EUR`.
    pub in_money: Option<String>,
    /// Whether it counts for the product.
    pub counts: bool,
}

/// What bad events were to the team, those of all objectives that count and are counted alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InUnits {
    /// What they are called: `orders`.
    pub name: String,
    /// How many were lost.
    pub spent: Amount,
    /// How many might have been.
    pub allowed: Amount,
    /// What those that were lost cost.
    pub money: Option<Amount>,
    /// In which currency.
    pub currency: Option<String>,
}

/// An objective over the part of a period that has passed.
pub(super) fn objective_row(
    budgets: &Budgets,
    objective: &Objective,
    (period, span): (&Period, Span),
    counts: bool,
) -> Option<ObjectiveRow> {
    let status = budgets.objective_over(&objective.id, span)?;
    let since = |from_ms: i64| {
        let span = Span { from_ms, to_ms: span.to_ms };
        budgets.objective_over(&objective.id, span).and_then(|status| status.sli)
    };
    let step_ms = (span.length_ms() / N_TREND).max(1);
    let instants = (0..N_TREND).map(|step| span.from_ms + step * step_ms);
    let steps = instants.map(|from_ms| budgets.history().counts(&objective.id, from_ms, from_ms + step_ms));
    let bad = status.bad.0;
    let units = objective.options.units.as_ref();
    let money = units.and_then(|units| units.money.as_ref());
    Some(ObjectiveRow {
        sli_7d: since(span.to_ms - 7 * DAY_MS),
        sli_28d: since(span.to_ms - 28 * DAY_MS),
        sli_month: since(period.month_begin_ms(span.to_ms)),
        trend: steps.map(|counts| counts.error_ratio().map(|ratio| 1.0 - ratio)).collect(),
        alerted: budgets.objective_told(&objective.id, span).as_ref().map(Alerted::of),
        in_units: units.map(|units| format!("{} {}", count(bad * units.per_event), units.name)),
        in_money: money.map(|(currency, each)| format!("{} {currency}", count(bad * each))),
        counts,
        status,
    })
}

impl ObjectiveRow {
    /// Its name for people.
    pub(super) fn name(&self) -> &str {
        if self.status.title.is_empty() { &self.status.id } else { &self.status.title }
    }
}

/// What it was to the team; `None` where nobody said, or the objectives that count are not counted alike.
pub(super) fn in_units(catalog: &Catalog, rows: &[ObjectiveRow]) -> Option<InUnits> {
    let with_units = rows.iter().filter(|row| row.counts).filter_map(|row| {
        let units = catalog.objectives.get(&row.status.id)?.options.units.as_ref()?;
        Some((&row.status, units))
    });
    let mut sum: Option<InUnits> = None;
    for (status, units) in with_units {
        let (spent, allowed) = (status.bad.0 * units.per_event, status.budget.allowed.0 * units.per_event);
        let money = units.money.as_ref().map(|(currency, each)| (currency.clone(), status.bad.0 * each));
        let (currency, money) = money.unzip();
        let one = InUnits {
            name: units.name.clone(),
            spent: Amount(spent),
            allowed: Amount(allowed),
            money: money.map(Amount),
            currency,
        };
        sum = match sum {
            None => Some(one),
            Some(all) if all.name == one.name && all.currency == one.currency => Some(all.with(&one)),
            Some(_) => return None,
        };
    }
    sum
}

impl InUnits {
    fn with(self, other: &InUnits) -> InUnits {
        InUnits {
            spent: Amount(self.spent.0 + other.spent.0),
            allowed: Amount(self.allowed.0 + other.allowed.0),
            money: self.money.zip(other.money).map(|(one, other)| Amount(one.0 + other.0)),
            ..self
        }
    }
}
