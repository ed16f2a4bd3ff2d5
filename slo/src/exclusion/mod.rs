//! Time that does not count: agreed maintenance, and corrections made afterwards.
//!
//! Exclusions are taken out when counts are read, so that they hold for the past, and taking one away gives back what was.

mod recurrence;
mod words;

pub use recurrence::{MAX_RULE_BYTES, Recurrence, RecurrenceError, RecurrenceFault};
pub use words::when;

use crate::spec::{Adjustment, Catalog};

/// Spans of time, open on the left and closed on the right, in order and apart from one another.
pub type Spans = Vec<(i64, i64)>;

/// The time that does not count for an objective within a span.
pub fn excluded(catalog: &Catalog, objective: &str, from_ms: i64, to_ms: i64) -> Spans {
    let is_its = |adjustment: &&Adjustment| adjustment.objectives.iter().any(|id| id == objective);
    joined(catalog.adjustments.values().filter(is_its).flat_map(|each| of(each, from_ms, to_ms)).collect())
}

/// Spans that may overlap and stand in any order, as those apart from one another that cover the same time.
pub(crate) fn joined(mut spans: Spans) -> Spans {
    spans.sort_unstable();
    let mut joined: Spans = Vec::with_capacity(spans.len());
    for (start_ms, end_ms) in spans {
        match joined.last_mut() {
            Some((_, last_ms)) if start_ms <= *last_ms => *last_ms = (*last_ms).max(end_ms),
            _ => joined.push((start_ms, end_ms)),
        }
    }
    joined
}

/// Each time that an adjustment of any of these objectives takes out of a span, with the adjustment.
pub fn adjusted<'c>(
    catalog: &'c Catalog,
    objectives: &[String],
    from_ms: i64,
    to_ms: i64,
) -> impl Iterator<Item = (&'c Adjustment, (i64, i64))> {
    let is_its = move |adjustment: &&Adjustment| adjustment.objectives.iter().any(|id| objectives.contains(id));
    let its = catalog.adjustments.values().filter(is_its);
    its.flat_map(move |adjustment| of(adjustment, from_ms, to_ms).into_iter().map(move |span| (adjustment, span)))
}

/// What an adjustment takes out of a span. One whose repetition cannot be read is taken out once.
fn of(adjustment: &Adjustment, from_ms: i64, to_ms: i64) -> Spans {
    let length_ms = adjustment.length_ms.max(0);
    let recurrence = adjustment.rrule.as_deref().and_then(|rrule| rrule.parse::<Recurrence>().ok());
    let starts = match recurrence {
        Some(recurrence) => recurrence.starts(&adjustment.first, from_ms.saturating_sub(length_ms), to_ms),
        None => vec![adjustment.first.timestamp().as_millisecond()],
    };
    let span = |start_ms: i64| (start_ms.max(from_ms), start_ms.saturating_add(length_ms).min(to_ms));
    starts.into_iter().map(span).filter(|(start_ms, end_ms)| start_ms < end_ms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SourcePlace;

    fn adjustment(name: &str, first: &str, minutes: i64, rrule: Option<&str>) -> Adjustment {
        Adjustment {
            name: name.to_owned(),
            objectives: vec!["a".to_owned()],
            first: first.parse().unwrap(),
            length_ms: minutes * 60_000,
            rrule: rrule.map(str::to_owned),
            reason: String::new(),
            source: SourcePlace::default(),
        }
    }

    #[test]
    fn what_overlaps_is_taken_out_once() {
        let mut catalog = Catalog::default();
        for adjustment in [
            adjustment("x", "1970-01-01T00:10:00+00:00[UTC]", 10, None),
            adjustment("y", "1970-01-01T00:15:00+00:00[UTC]", 10, None),
            adjustment("z", "1970-01-01T01:00:00+00:00[UTC]", 5, Some("FREQ=DAILY")),
        ] {
            catalog.adjustments.insert(adjustment.name.clone(), adjustment);
        }
        let minutes = |objective: &str, from: i64, to: i64| -> Spans {
            let spans = excluded(&catalog, objective, from * 60_000, to * 60_000);
            spans.into_iter().map(|(start_ms, end_ms)| (start_ms / 60_000, end_ms / 60_000)).collect()
        };
        assert_eq!(minutes("a", 0, 1600), [(10, 25), (60, 65), (1500, 1505)]);
        assert_eq!(minutes("a", 12, 63), [(12, 25), (60, 63)]);
        assert_eq!(minutes("a", 25, 60), []);
        assert_eq!(minutes("b", 0, 1600), []);
    }
}
