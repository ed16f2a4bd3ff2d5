//! All that a report says.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::burndown::{points, step_ms};
use super::cost::costs;
use super::words::Words;
use super::{BurnPoint, Cost, Delivery, Language, Period, Release};
use crate::budget::{Amount, Budgets, Moment, ProductStatus, Status};
use crate::ledger;
use crate::spec::{Catalog, Objective};
use crate::window::{Span, duration_text};

/// The limit `report_objectives`: so many are told of.
pub const MAX_OBJECTIVES: usize = 100;
/// So many of those who felt it are told of.
const MAX_FELT: usize = 10;
/// So many earlier periods are told of.
const N_EARLIER: usize = 11;
/// So many steps make a trend.
const N_TREND: i64 = 14;
const DAY_MS: i64 = 86_400_000;

/// A report on a product over a period.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The product.
    pub product: String,
    /// Its name for people.
    pub title: String,
    /// In which language the words are.
    pub language: Language,
    /// The period as it was asked for.
    pub period: String,
    /// What comes after this is in the period.
    pub start: Moment,
    /// The end of the period, which may lie ahead.
    pub end: Moment,
    /// Up to where the report goes.
    pub until: Moment,
    /// The newest sample.
    pub data_until: Moment,
    /// Whether nothing of the period lies ahead.
    pub is_over: bool,
    /// When the report was made.
    pub made_at: Moment,
    /// The answers in words.
    pub words: Words,
    /// Whether the promise was kept, so far at least; `None` where nobody knows.
    pub kept: Option<bool>,
    /// The product over the period.
    pub status: ProductStatus,
    /// The product over its own window, now.
    pub now: ProductStatus,
    /// Whether it may be released now.
    pub release: Release,
    /// What was left along the period.
    pub burndown: Vec<BurnPoint>,
    /// What cost what.
    pub costs: Vec<Cost>,
    /// Who felt it.
    pub felt: Vec<Felt>,
    /// The objectives that count, and those that are only shown.
    pub objectives: Vec<ObjectiveRow>,
    /// How many more there are.
    pub n_more_objectives: usize,
    /// Periods of the same kind before this one, the newest first.
    pub earlier: Vec<Earlier>,
    /// How it was delivered; `None` where nobody reported deployments.
    pub speed: Option<SpeedRow>,
    /// What somebody has to decide.
    pub due: Vec<Due>,
    /// What does not count.
    pub exclusions: Vec<Exclusion>,
}

/// Who felt bad events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Felt {
    /// The name of the objective.
    pub objective: String,
    /// The labels that tell them apart.
    pub labels: String,
    /// Their bad events.
    pub bad: Amount,
    /// The share of the objective's bad events.
    pub bad_share: Option<f64>,
    /// The share of its events.
    pub traffic_share: Option<f64>,
}

/// An objective over the period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObjectiveRow {
    /// Over the period.
    pub status: Status,
    /// The share of good events over the last 7 days of it.
    pub sli_7d: Option<f64>,
    /// The share of good events over the last 28 days of it.
    pub sli_28d: Option<f64>,
    /// The share of good events in steps of the period.
    pub trend: Vec<Option<f64>>,
    /// What bad events were to the team: `1240 orders`.
    pub in_units: Option<String>,
    /// What they cost: `12400 EUR`.
    pub in_money: Option<String>,
    /// Whether it counts for the product.
    pub counts: bool,
}

/// An earlier period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Earlier {
    /// What it is called.
    pub period: String,
    /// Whether the promise was kept.
    pub kept: Option<bool>,
    /// The share of good events.
    pub sli: Option<f64>,
    /// What was left of the budget at its end.
    pub remaining_ratio: Option<f64>,
}

/// How a product was delivered: the four keys of DORA, and what stood in the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpeedRow {
    /// How many deployments there were.
    pub n_deployments: usize,
    /// Of them within a day.
    pub per_day: f64,
    /// From a commit to its deployment's end, the median.
    pub lead_time_seconds: Option<f64>,
    /// How many failed, were taken back, or failed a gate.
    pub n_failed: usize,
    /// The share that failed.
    pub failure_ratio: Option<f64>,
    /// From a failure to the next success, the median.
    pub recovery_seconds: Option<f64>,
    /// For how long releases were frozen.
    pub frozen_seconds: f64,
    /// Who overrode a gate, and why.
    pub overrides: Vec<OverrideRow>,
}

/// An override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverrideRow {
    /// When.
    pub at: Moment,
    /// Which gate.
    pub gate: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What somebody has to decide.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Due {
    /// The policy wants a post-mortem.
    Postmortem {
        /// Since when it burned.
        at: Moment,
        /// What share of a budget it spent.
        budget_share: Option<f64>,
    },
    /// An objective should have been looked at.
    Review {
        /// Its name.
        objective: String,
        /// By when.
        review_by: String,
    },
    /// Nobody agreed what a spent budget means.
    NoPolicy,
    /// Not all was measured.
    Coverage {
        /// The name of the objective.
        objective: String,
        /// How much was.
        coverage: f64,
    },
}

/// Time and events that do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// Its name.
    pub name: String,
    /// When it first begins.
    pub first: String,
    /// How long each lasts.
    pub length: String,
    /// How it repeats.
    pub rrule: Option<String>,
    /// Why.
    pub reason: String,
}

/// Less than this measured is told of.
const ENOUGH_COVERAGE: f64 = 0.95;

impl Report {
    /// The report on a product; `None` where there is no such product. `delivery` is what gates know of it over
    /// [`Period::so_far`].
    pub fn of(
        budgets: &Budgets,
        product: &str,
        period: &Period,
        language: Language,
        delivery: &Delivery,
        now_ms: i64,
    ) -> Option<Report> {
        let catalog = budgets.catalog();
        let span = period.so_far(now_ms);
        let status = budgets.product_over(product, span)?;
        let now = budgets.product(product, None)?;
        let steps = budgets.product_steps(product, span, step_ms(span))?;
        let ledger = delivery.ledger.clone().or_else(|| {
            let product = catalog.products.get(product)?;
            let history = &**budgets.history();
            Some(ledger::of_product(&catalog, product, history, &[], (span.from_ms, span.to_ms), 0))
        })?;
        let ids: Vec<String> = status.components.iter().map(|component| component.slo.clone()).collect();
        let shown = ids.iter().map(|id| (id, true)).chain(status.informational.iter().map(|id| (id, false)));
        let mut objectives: Vec<ObjectiveRow> = shown
            .clone()
            .take(MAX_OBJECTIVES)
            .filter_map(|(id, counts)| objective_row(budgets, catalog.objectives.get(id)?, span, counts))
            .collect();
        objectives.sort_by(|a, b| {
            let left = |row: &ObjectiveRow| row.status.budget.remaining_ratio.unwrap_or(f64::INFINITY);
            b.counts.cmp(&a.counts).then(left(a).total_cmp(&left(b)))
        });
        let mut report = Report {
            product: status.name.clone(),
            title: if status.title.is_empty() { status.name.clone() } else { status.title.clone() },
            language,
            period: period.name.clone(),
            start: Moment(period.span.from_ms),
            end: Moment(period.span.to_ms),
            until: Moment(span.to_ms),
            data_until: Moment(now.at.0.min(span.to_ms)),
            is_over: period.is_over(now_ms),
            made_at: Moment(now_ms),
            words: Words::default(),
            kept: kept(&status),
            release: Release::of(&now, delivery),
            burndown: points(span, &steps, &status),
            costs: costs(&ledger),
            felt: felt(budgets, &catalog, &ids, span),
            n_more_objectives: shown.count().saturating_sub(MAX_OBJECTIVES),
            objectives,
            earlier: earlier(budgets, product, &ids, period),
            speed: delivery.speed.as_ref().map(speed_row),
            due: Vec::new(),
            exclusions: exclusions(&catalog, &ids),
            status,
            now,
        };
        report.due = due(&report, period);
        report.words = Words::of(&report, period);
        Some(report)
    }
}

/// Whether a promise was kept: something is left, and anything was counted.
fn kept(status: &ProductStatus) -> Option<bool> {
    (status.total.0 > 0.0).then_some(status.budget.spent.0 <= status.budget.allowed.0)
}

fn objective_row(budgets: &Budgets, objective: &Objective, span: Span, counts: bool) -> Option<ObjectiveRow> {
    let status = budgets.objective_over(&objective.id, span)?;
    let last = |n_days: i64| {
        let last = Span { from_ms: span.to_ms - n_days * DAY_MS, to_ms: span.to_ms };
        budgets.objective_over(&objective.id, last).and_then(|status| status.sli)
    };
    let (sli_7d, sli_28d) = (last(7), last(28));
    let step_ms = (span.length_ms() / N_TREND).max(1);
    let instants = (0..N_TREND).map(|step| span.from_ms + step * step_ms);
    let steps = instants.map(|from_ms| budgets.history().counts(&objective.id, from_ms, from_ms + step_ms));
    let bad = status.bad.0;
    let units = objective.options.units.as_ref();
    let money = units.and_then(|units| units.money.as_ref());
    Some(ObjectiveRow {
        sli_7d,
        sli_28d,
        trend: steps.map(|counts| counts.error_ratio().map(|ratio| 1.0 - ratio)).collect(),
        in_units: units.map(|units| format!("{} {}", super::language::count(bad * units.per_event), units.name)),
        in_money: money.map(|(currency, each)| format!("{} {currency}", super::language::count(bad * each))),
        counts,
        status,
    })
}

/// Who felt most of it, as far back as raw samples reach.
fn felt(budgets: &Budgets, catalog: &Catalog, ids: &[String], span: Span) -> Vec<Felt> {
    let mut all = Vec::new();
    for objective in ids.iter().take(MAX_OBJECTIVES).filter_map(|id| catalog.objectives.get(id)) {
        let names = &objective.options.attribution;
        if names.is_empty() {
            continue;
        }
        let groups = budgets.history().by_labels(&objective.id, names, span.from_ms, span.to_ms);
        let bad: f64 = groups.iter().map(|(_, counts)| counts.bad).sum();
        let total: f64 = groups.iter().map(|(_, counts)| counts.total).sum();
        let share = |part: f64, all: f64| (all > 0.0).then(|| part / all);
        all.extend(groups.iter().filter(|(_, counts)| counts.bad > 0.0).map(|(labels, counts)| Felt {
            objective: if objective.title.is_empty() { objective.id.clone() } else { objective.title.clone() },
            labels: labels.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", "),
            bad: Amount(counts.bad),
            bad_share: share(counts.bad, bad),
            traffic_share: share(counts.total, total),
        }));
    }
    all.sort_by(|a, b| b.bad.0.total_cmp(&a.bad.0));
    all.truncate(MAX_FELT);
    all
}

/// Periods before this one, as far as anything was counted.
fn earlier(budgets: &Budgets, product: &str, ids: &[String], period: &Period) -> Vec<Earlier> {
    let began_ms = ids.iter().filter_map(|id| budgets.history().began_ms(id)).min();
    let periods = std::iter::successors(Some(period.before()), |period| Some(period.before()));
    let is_known = |period: &Period| began_ms.is_some_and(|began_ms| period.span.to_ms >= began_ms);
    let told = |period: Period| {
        let status = budgets.product_over(product, period.span)?;
        let (kept, remaining_ratio) = (kept(&status), status.budget.remaining_ratio);
        Some(Earlier { period: period.name, kept, sli: status.sli, remaining_ratio })
    };
    periods.take(N_EARLIER).take_while(is_known).filter_map(told).collect()
}

fn speed_row(speed: &crate::gate::Speed) -> SpeedRow {
    let seconds = |duration_ms: i64| duration_ms as f64 / 1000.0;
    let overrides = speed.overrides.iter().map(|given| OverrideRow {
        at: Moment(given.created_ms),
        gate: given.gate.clone(),
        by: given.by.clone(),
        reason: given.reason.clone(),
    });
    SpeedRow {
        n_deployments: speed.dora.n_deployments,
        per_day: speed.dora.per_day,
        lead_time_seconds: speed.dora.lead_time_ms.map(seconds),
        n_failed: speed.dora.n_failed,
        failure_ratio: speed.dora.failure_ratio,
        recovery_seconds: speed.dora.recovery_ms.map(seconds),
        frozen_seconds: seconds(speed.frozen_ms),
        overrides: overrides.collect(),
    }
}

fn due(report: &Report, period: &Period) -> Vec<Due> {
    let mut due: Vec<Due> = Vec::new();
    let needed = report.costs.iter().filter(|cost| cost.needs_postmortem);
    due.extend(needed.map(|cost| Due::Postmortem { at: cost.start, budget_share: cost.budget_share }));
    if report.status.policy.is_none() {
        due.push(Due::NoPolicy);
    }
    let today = Timestamp::from_millisecond(report.made_at.0).unwrap_or_default().to_zoned(period.zone.clone()).date();
    for row in &report.objectives {
        let objective = row.name().to_owned();
        let is_past = |date: &String| date.parse::<Date>().is_ok_and(|date| date < today);
        if let Some(review_by) = row.status.review_by.clone().filter(is_past) {
            due.push(Due::Review { objective: objective.clone(), review_by });
        }
        if let Some(coverage) = row.status.coverage.filter(|coverage| *coverage < ENOUGH_COVERAGE) {
            due.push(Due::Coverage { objective, coverage });
        }
    }
    due
}

impl ObjectiveRow {
    /// Its name for people.
    pub(super) fn name(&self) -> &str {
        if self.status.title.is_empty() { &self.status.id } else { &self.status.title }
    }
}

fn exclusions(catalog: &Catalog, ids: &[String]) -> Vec<Exclusion> {
    let ids: BTreeSet<&String> = ids.iter().collect();
    let its = catalog.adjustments.values().filter(|one| one.objectives.iter().any(|id| ids.contains(id)));
    its.map(|one| Exclusion {
        name: one.name.clone(),
        first: one.first.timestamp().to_string(),
        length: duration_text(one.length_ms),
        rrule: one.rrule.clone(),
        reason: one.reason.clone(),
    })
    .collect()
}
