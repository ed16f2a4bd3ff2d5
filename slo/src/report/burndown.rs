//! What was left of a budget along a period: all of it at the start, and at the end what the report says.

use chart::{Band, Chart, Fill, Look, Mark, MarkKind, PngError, Series, Theme, Unit};
use serde::Serialize;

use super::cost::CostKind;
use super::language::day;
use super::markup::shown;
use super::{Period, Report};
use crate::budget::{Amount, ExpectedPoint, Moment, ProductStatus};
use crate::history::Counts;
use crate::window::Span;

/// About so many steps.
const N_STEPS: i64 = 90;
const MINUTE_MS: i64 = 60_000;
/// So many incidents and deployments are shaded, the dearest.
const N_SHADED: usize = 6;
/// What cost less than this share of all that went wrong is not shaded.
const LEAST_SHADED: f64 = 0.01;

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

/// How far below nothing, or below what has been, it is drawn how a budget goes on: what falls further would flatten all else.
const ROOM_BELOW: f64 = 0.25;

/// The lowest that is drawn of what is expected.
fn floor(points: &[BurnPoint]) -> f64 {
    points.iter().filter_map(|point| point.remaining_ratio).fold(0.0, f64::min) - ROOM_BELOW
}

/// A line that leaves the picture where it first falls below the floor.
fn down_to(floor: f64, values: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let mut is_out = false;
    let drawn = values.into_iter().map(|value| {
        let value = value.filter(|_| !is_out)?;
        is_out = value < floor;
        Some(value.max(floor))
    });
    drawn.collect()
}

/// The burn-down of a report, to be drawn.
pub fn picture(report: &Report, period: &Period) -> Chart {
    let say = |english, chinese| report.language.say(english, chinese).to_owned();
    let first_ms = report.burndown.first().map_or(period.span.from_ms, |point| point.at.0);
    let second_ms = report.burndown.get(1).map_or(first_ms + 1, |point| point.at.0);
    let (n_past, n_ahead) = (report.burndown.len(), report.expected.len());
    let past = |value: fn(&BurnPoint) -> Option<f64>| report.burndown.iter().map(value).collect::<Vec<_>>();
    // What is expected begins where the past ends.
    let ahead = |value: fn(&ExpectedPoint) -> f64| {
        let now = report.burndown.last().and_then(|point| point.remaining_ratio);
        let gap = std::iter::repeat_n(None, n_past.saturating_sub(1));
        gap.chain([now]).chain(report.expected.iter().map(|point| Some(value(point)))).collect::<Vec<_>>()
    };
    let floor = floor(&report.burndown);
    let above = |value: fn(&ExpectedPoint) -> f64| ahead(value).into_iter().map(|one| Some(one?.max(floor))).collect();
    let line = |name, values, look| Series { look, ..Series::new(name, values) };
    let mut series = vec![
        line(say("left", "剩余"), past(|point| point.remaining_ratio), Look::Main),
        line(say("if spent evenly", "匀速消耗"), past(|point| Some(point.even_ratio)), Look::Guide),
    ];
    if n_ahead > 0 {
        series.insert(
            1,
            line(say("expected", "预测"), down_to(floor, ahead(|point| point.remaining_ratio)), Look::Expected),
        );
    }
    let title: String = report.title.chars().map(shown).collect();
    Chart {
        title: format!("{} · {title} · {}", say("Error budget left", "剩余错误预算"), period.title(report.language)),
        series,
        from_ms: first_ms,
        step_ms: (second_ms - first_ms).max(1),
        n_steps: n_past + n_ahead,
        unit: Unit::Ratio,
        from_zero: true,
        threshold: None,
        spans: shaded(report, period).into_iter().chain(hatched(report)).collect(),
        marks: marks(report),
        band: (n_ahead > 0).then(|| Band { lows: above(|point| point.low), highs: above(|point| point.high) }),
        zone: period.zone.clone(),
        nothing: say("Nothing was measured.", "没有测量数据。"),
    }
}

/// The numbers under which costs are shaded, by their place among them.
pub(super) fn numbered(report: &Report) -> impl Iterator<Item = (usize, &super::Cost)> {
    let is_dear = |cost: &&super::Cost| {
        matches!(cost.kind, CostKind::Incident | CostKind::Deployment { .. }) && cost.share >= LEAST_SHADED
    };
    report.costs.iter().filter(is_dear).take(N_SHADED).enumerate().map(|(place, cost)| (place + 1, cost))
}

/// What cost most, under the numbers that the ledger gives it.
fn shaded(report: &Report, period: &Period) -> Vec<chart::Span> {
    let shade = |(number, cost): (usize, &super::Cost)| {
        let name = match &cost.kind {
            CostKind::Deployment { version, .. } => version.chars().take(12).map(shown).collect(),
            _ => day(cost.start.0, &period.zone),
        };
        chart::Span::shaded(cost.start.0, cost.end.0, format!("{number}: {name}"))
    };
    numbered(report).map(shade).collect()
}

/// What does not count.
fn hatched(report: &Report) -> impl Iterator<Item = chart::Span> {
    report
        .excluded
        .iter()
        .map(|span| chart::Span { fill: Fill::Hatched, ..chart::Span::shaded(span.start.0, span.end.0, String::new()) })
}

/// Deployments, what went wrong in front of what went well, and targets that were changed.
fn marks(report: &Report) -> Vec<Mark> {
    let (wrong, fine): (Vec<_>, Vec<_>) = report.deployments.iter().partition(|one| one.is_failure);
    let deployments = fine.into_iter().chain(wrong).map(|one| Mark {
        at_ms: one.at.0,
        kind: if one.is_failure { MarkKind::Wrong } else { MarkKind::Fine },
        label: String::new(),
    });
    let changes = report.target_changes.iter().map(|change| Mark {
        at_ms: change.at.0,
        kind: MarkKind::Change,
        label: format!("{} → {} %", change.from, change.to),
    });
    deployments.chain(changes).collect()
}

/// The burn-down of a report as a PNG, on white, at twice its size.
///
/// # Errors
/// When it cannot be drawn.
pub fn png(report: &Report, period: &Period) -> Result<Vec<u8>, PngError> {
    chart::png(&picture(report, period), Theme::Light, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_without_end_leaves_the_picture() {
        let point = |remaining_ratio| BurnPoint {
            at: Moment(0),
            remaining_ratio,
            even_ratio: 1.0,
            bad: Amount(0.0),
            total: Amount(0.0),
        };
        assert_eq!(floor(&[point(Some(1.0)), point(None)]), -ROOM_BELOW);
        assert_eq!(floor(&[point(Some(1.0)), point(Some(-0.5))]), -0.5 - ROOM_BELOW);
        let line = vec![None, Some(0.5), Some(-0.2), Some(-0.8), Some(-1.4), Some(0.0)];
        assert_eq!(down_to(-0.25, line), [None, Some(0.5), Some(-0.2), Some(-0.25), None, None]);
    }
}
