//! All that a report says.

use net::percent::{self, Place};
use serde::Serialize;

use super::burndown::{points, step_ms};
use super::cost::costs;
use super::due::due;
use super::earlier::{before, earlier, suggestions};
use super::exclusion::{excluded_spans, exclusions};
use super::expected::expected;
use super::felt::felt;
use super::objective::{in_units, objective_row};
use super::of_late::of_late;
use super::speed::speed_row;
use super::target::target_changes;
use super::words::Words;
use super::{
    Alerted, BurnPoint, Cost, Delivery, DeploymentMark, Due, Earlier, ExcludedSpan, Exclusion, Felt, InUnits, Language,
    Naming, ObjectiveRow, OfLate, Period, Release, SpeedRow, TargetChange,
};
use crate::budget::{Budgets, ExpectedPoint, Moment, ProductStatus};
use crate::ledger;
use crate::spec::Catalog;
use crate::window::Span;

/// The limit `report_objectives`: so many are told of.
pub const MAX_OBJECTIVES: usize = 100;
pub(super) const DAY_MS: i64 = 86_400_000;

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
    /// What of it went of late; `None` where the period is too short to have an end.
    pub of_late: Option<OfLate>,
    /// How it is expected to go on.
    pub expected: Vec<ExpectedPoint>,
    /// Targets that were changed in the period: the product's own, or those of its objectives.
    pub target_changes: Vec<TargetChange>,
    /// Deployments of the period, the oldest first.
    pub deployments: Vec<DeploymentMark>,
    /// What bad events were to the team.
    pub in_units: Option<InUnits>,
    /// What cost what.
    pub costs: Vec<Cost>,
    /// Who felt it.
    pub felt: Vec<Felt>,
    /// The objectives that count, and those that are only shown.
    pub objectives: Vec<ObjectiveRow>,
    /// Whom the product's own budget called, beside those of its objectives; `None` where it calls nobody.
    pub alerted: Option<Alerted>,
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
    /// When that was.
    pub excluded: Vec<ExcludedSpan>,
    /// Where more is to be seen.
    pub links: Links,
}

/// Where more is to be seen, on the server that made the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Links {
    /// The product's page.
    pub page: String,
    /// All that the report says, as JSON.
    pub json: String,
}

impl Links {
    fn of(external_url: &str, product: &str, period: &str) -> Links {
        let path = percent::encode(product, Place::Path);
        let [product, period] = [product, period].map(|text| percent::encode(text, Place::Query));
        Links {
            page: format!("{external_url}/products?name={product}"),
            json: format!("{external_url}/api/v1/reports/{path}?period={period}&format=json"),
        }
    }
}

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
        let objectives = objective_rows(budgets, &catalog, &status, (period, span));
        let periods = before(budgets, &ids, period);
        let is_over = period.is_over(now_ms);
        let over = periods.iter().map(|period| period.span).chain((is_over || period.is_rolling()).then_some(span));
        let suggested = suggestions(budgets, &objectives, &over.collect::<Vec<_>>());
        let mut report = Report {
            product: status.name.clone(),
            title: if status.title.is_empty() { status.name.clone() } else { status.title.clone() },
            language,
            period: period.name.clone(),
            start: Moment(period.span.from_ms),
            end: Moment(period.span.to_ms),
            until: Moment(span.to_ms),
            data_until: Moment(now.at.0.min(span.to_ms)),
            is_over,
            made_at: Moment(now_ms),
            words: Words::default(),
            kept: kept(&status),
            release: Release::of(&now, delivery),
            burndown: points(span, &steps, &status),
            of_late: of_late(budgets, span, &steps, &status),
            expected: if is_over {
                Vec::new()
            } else {
                expected(budgets, &ids, period, (&steps, step_ms(span)), &status)
            },
            target_changes: target_changes(budgets, product, &ids, span),
            deployments: delivery.marks(),
            in_units: in_units(&catalog, &objectives),
            costs: costs(&ledger, &Naming::new(language, &period.zone, span.to_ms)),
            felt: felt(budgets, &catalog, &objectives, span),
            alerted: budgets.product_told(product, span).as_ref().map(Alerted::of),
            n_more_objectives: (ids.len() + status.informational.len()).saturating_sub(MAX_OBJECTIVES),
            objectives,
            earlier: earlier(budgets, product, &periods),
            speed: delivery.speed.as_ref().map(speed_row),
            due: Vec::new(),
            exclusions: exclusions(&catalog, &ids, span, language),
            excluded: excluded_spans(&catalog, &ids, span),
            links: Links::of(budgets.external_url(), product, &period.name),
            status,
            now,
        };
        report.due = due(&report, period, suggested);
        report.words = Words::of(&report, period);
        Some(report)
    }
}

impl Report {
    /// Whom all budgets called that count: the product's own, and those of its objectives. `None` where none is known to call.
    pub(super) fn alerted_in_all(&self) -> Option<Alerted> {
        let of_objectives = self.objectives.iter().filter(|row| row.counts).map(|row| row.alerted);
        of_objectives.chain([self.alerted]).flatten().reduce(|sum, one| sum + one)
    }
}

/// The objectives of a product, those that count first, of these the worst.
fn objective_rows(
    budgets: &Budgets,
    catalog: &Catalog,
    status: &ProductStatus,
    over: (&Period, Span),
) -> Vec<ObjectiveRow> {
    let ids = status.components.iter().map(|component| (&component.slo, true));
    let ids = ids.chain(status.informational.iter().map(|id| (id, false))).take(MAX_OBJECTIVES);
    let mut rows: Vec<ObjectiveRow> =
        ids.filter_map(|(id, counts)| objective_row(budgets, catalog.objectives.get(id)?, over, counts)).collect();
    rows.sort_by(|a, b| {
        let left = |row: &ObjectiveRow| row.status.budget.remaining_ratio.unwrap_or(f64::INFINITY);
        b.counts.cmp(&a.counts).then(left(a).total_cmp(&left(b)))
    });
    rows
}

/// Whether a promise was kept: something is left, and anything was counted.
pub(super) fn kept(status: &ProductStatus) -> Option<bool> {
    (status.total.0 > 0.0).then_some(status.budget.spent.0 <= status.budget.allowed.0)
}
