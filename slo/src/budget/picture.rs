//! What was left of a budget along its window, as a picture beside an alert.

use chart::{Chart, Look, Series, Threshold, Unit};
use jiff::tz::TimeZone;

use super::Point;
use crate::report::Language;
use crate::window::Span;

/// So many steps.
const N_STEPS: i64 = 160;

/// The instants that are drawn.
pub(super) fn instants(span: Span) -> Vec<i64> {
    let step_ms = (span.length_ms() / N_STEPS).max(1);
    (0..=N_STEPS).map(|step| span.to_ms - (N_STEPS - step) * step_ms).collect()
}

/// The picture of what was left at some instants that are equally far apart.
pub(super) fn drawn(title: &str, instants: &[i64], points: &[Point], language: Language) -> Chart {
    let (from_ms, next_ms) = (instants.first().copied().unwrap_or(0), instants.get(1).copied().unwrap_or(1));
    let (of, left, nothing_left, nothing) = match language {
        Language::English => ("Error budget left", "left", "nothing left", "Nothing was measured."),
        Language::Chinese => ("剩余错误预算", "剩余", "已耗尽", "没有测量数据。"),
    };
    Chart {
        title: format!("{of} · {title}"),
        series: vec![Series {
            look: Look::Main,
            ..Series::new(left.to_owned(), points.iter().map(|point| point.remaining_ratio).collect())
        }],
        from_ms,
        step_ms: (next_ms - from_ms).max(1),
        n_steps: points.len(),
        unit: Unit::Ratio,
        from_zero: true,
        threshold: Some(Threshold { value: 0.0, label: nothing_left.to_owned() }),
        spans: Vec::new(),
        marks: Vec::new(),
        band: None,
        zone: TimeZone::UTC,
        nothing: nothing.to_owned(),
    }
}
