//! What does not count, and for how long of the period.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Language;
use crate::budget::Moment;
use crate::exclusion::{Spans, adjusted, joined, when};
use crate::spec::{Adjustment, Catalog};
use crate::window::{Span, duration_text};

/// So many spans are drawn at most.
const MAX_SPANS: usize = 400;

/// Time and events that do not count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exclusion {
    /// Its name.
    pub name: String,
    /// When it first begins.
    pub first: String,
    /// How long each lasts.
    pub length: String,
    /// How it repeats, as the rule says it.
    pub rrule: Option<String>,
    /// When it is, in words.
    pub when: String,
    /// Why.
    pub reason: String,
    /// How much of the period it takes out.
    pub seconds: f64,
}

/// A span that does not count for some objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ExcludedSpan {
    /// What comes after this does not count.
    pub start: Moment,
    /// Until when.
    pub end: Moment,
}

/// What does not count for some objectives, as far as it is about the span.
pub(super) fn exclusions(catalog: &Catalog, ids: &[String], span: Span, language: Language) -> Vec<Exclusion> {
    let mut its: BTreeMap<&str, (&Adjustment, Spans)> = BTreeMap::new();
    for (adjustment, excluded) in adjusted(catalog, ids, span.from_ms, span.to_ms) {
        its.entry(&adjustment.name).or_insert((adjustment, Spans::new())).1.push(excluded);
    }
    its.into_values().map(|(adjustment, spans)| told(adjustment, spans, language)).collect()
}

fn told(adjustment: &Adjustment, spans: Spans, language: Language) -> Exclusion {
    let lasted_ms: i64 = joined(spans).iter().map(|(from_ms, to_ms)| to_ms - from_ms).sum();
    Exclusion {
        name: adjustment.name.clone(),
        first: adjustment.first.timestamp().to_string(),
        length: duration_text(adjustment.length_ms),
        rrule: adjustment.rrule.clone(),
        when: when(adjustment, language),
        reason: adjustment.reason.clone(),
        seconds: lasted_ms as f64 / 1000.0,
    }
}

/// The spans that are hatched: what does not count for any of some objectives.
pub(super) fn excluded_spans(catalog: &Catalog, ids: &[String], span: Span) -> Vec<ExcludedSpan> {
    let spans = adjusted(catalog, ids, span.from_ms, span.to_ms).map(|(_, span)| span).collect();
    let spans = joined(spans).into_iter().take(MAX_SPANS);
    spans.map(|(from_ms, to_ms)| ExcludedSpan { start: Moment(from_ms), end: Moment(to_ms) }).collect()
}
