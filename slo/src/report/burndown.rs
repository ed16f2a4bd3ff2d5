//! What was left of a budget along a period: all of it at the start, and at the end what the report says.

use chart::{Chart, PngError, Series, Theme, Unit};
use serde::Serialize;

use super::cost::CostKind;
use super::language::day;
use super::{Period, Report};
use crate::budget::{Amount, Moment, ProductStatus};
use crate::history::Counts;
use crate::window::Span;

/// About so many steps.
const N_STEPS: i64 = 90;
const MINUTE_MS: i64 = 60_000;
/// So many incidents are shaded, the dearest.
const N_SHADED: usize = 6;

/// A point of a burn-down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BurnPoint {
    /// When.
    pub at: Moment,
    /// The share of the period's budget that was left; `None` where nothing was allowed.
    pub remaining_ratio: Option<f64>,
    /// The share that would have been left had it been spent evenly.
    pub even_ratio: f64,
    /// Bad events from the start of the period.
    pub bad: Amount,
    /// All events from the start of the period.
    pub total: Amount,
}

/// How far points are apart, in milliseconds.
pub(super) fn step_ms(span: Span) -> i64 {
    (span.length_ms() / N_STEPS).div_euclid(MINUTE_MS).max(1) * MINUTE_MS
}

/// The points of a period, from what was counted in its steps.
pub(super) fn points(span: Span, steps: &[Counts], over: &ProductStatus) -> Vec<BurnPoint> {
    let step_ms = step_ms(span);
    let spent: f64 = steps.iter().map(|step| step.bad).sum();
    // What is weighed over a whole period is not the sum of its steps; the last point is what the report says.
    let scale = if spent > 0.0 { over.budget.spent.0 / spent } else { 1.0 };
    let allowed = over.budget.allowed.0;
    let point = |at_ms: i64, so_far: Counts| BurnPoint {
        at: Moment(at_ms),
        remaining_ratio: (allowed > 0.0).then(|| 1.0 - so_far.bad * scale / allowed),
        even_ratio: 1.0 - (at_ms - span.from_ms) as f64 / span.length_ms().max(1) as f64,
        bad: Amount(so_far.bad * scale),
        total: Amount(so_far.total),
    };
    let mut points = vec![point(span.from_ms, Counts::default())];
    let mut so_far = Counts::default();
    for (number, step) in steps.iter().enumerate() {
        so_far = so_far + *step;
        points.push(point((span.from_ms + (number as i64 + 1) * step_ms).min(span.to_ms), so_far));
    }
    points
}

/// The burn-down of a report, to be drawn.
pub fn picture(report: &Report, period: &Period) -> Chart {
    let say = |english, chinese| report.language.say(english, chinese).to_owned();
    let first_ms = report.burndown.first().map_or(period.span.from_ms, |point| point.at.0);
    let second_ms = report.burndown.get(1).map_or(first_ms + 1, |point| point.at.0);
    let values = |value: fn(&BurnPoint) -> Option<f64>| report.burndown.iter().map(value).collect();
    Chart {
        title: say("Error budget left", "剩余错误预算"),
        series: vec![
            Series { name: say("left", "剩余"), values: values(|point| point.remaining_ratio) },
            Series { name: say("if spent evenly", "匀速消耗"), values: values(|point| Some(point.even_ratio)) },
        ],
        from_ms: first_ms,
        step_ms: (second_ms - first_ms).max(1),
        n_steps: report.burndown.len(),
        unit: Unit::Ratio,
        from_zero: true,
        threshold: None,
        spans: shaded(report, period),
        zone: period.zone.clone(),
        nothing: say("Nothing was measured.", "没有测量数据。"),
    }
}

fn shaded(report: &Report, period: &Period) -> Vec<chart::Span> {
    let times =
        report.costs.iter().filter(|cost| matches!(cost.kind, CostKind::Incident | CostKind::Deployment { .. }));
    let shade = |cost: &super::Cost| chart::Span {
        from_ms: cost.start.0,
        to_ms: cost.end.0,
        label: match &cost.kind {
            CostKind::Deployment { version, .. } => version.chars().take(12).collect(),
            _ => day(cost.start.0, &period.zone),
        },
    };
    times.take(N_SHADED).map(shade).collect()
}

/// The burn-down of a report as a PNG, on white, at twice its size.
///
/// # Errors
/// When it cannot be drawn.
pub fn png(report: &Report, period: &Period) -> Result<Vec<u8>, PngError> {
    chart::png(&picture(report, period), Theme::Light, 2)
}
