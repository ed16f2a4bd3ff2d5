//! Native histograms in series descriptions: from their parts, added to one another, and back to text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::Histogram;
use model::histogram::{CUSTOM_BUCKETS_SCHEMA, ResetHint, Span};

use super::MAX_VALUES;
use crate::syntax::number::percent_g;

/// What was written between `{{` and `}}`.
#[derive(Clone, Debug, Default)]
pub(in crate::syntax) struct HistogramParts {
    pub(in crate::syntax) schema: Option<i64>,
    pub(in crate::syntax) sum: Option<f64>,
    pub(in crate::syntax) count: Option<f64>,
    pub(in crate::syntax) zero_count: Option<f64>,
    pub(in crate::syntax) zero_threshold: Option<f64>,
    pub(in crate::syntax) custom_bounds: Option<Vec<f64>>,
    pub(in crate::syntax) positive: Option<Vec<f64>>,
    pub(in crate::syntax) positive_offset: Option<i64>,
    pub(in crate::syntax) negative: Option<Vec<f64>>,
    pub(in crate::syntax) negative_offset: Option<i64>,
    pub(in crate::syntax) reset_hint: Option<ResetHint>,
}

impl HistogramParts {
    /// The histogram; nothing checks whether its parts agree.
    pub(in crate::syntax) fn build(self) -> Histogram {
        let positive = self.positive.unwrap_or_default();
        let negative = self.negative.unwrap_or_default();
        Histogram {
            reset_hint: self.reset_hint.unwrap_or_default(),
            schema: self.schema.unwrap_or_default() as i32,
            zero_threshold: self.zero_threshold.unwrap_or_default(),
            zero_count: self.zero_count.unwrap_or_default(),
            count: self.count.unwrap_or_default(),
            sum: self.sum.unwrap_or_default(),
            positive_spans: one_span(self.positive_offset, positive.len()),
            positive,
            negative_spans: one_span(self.negative_offset, negative.len()),
            negative,
            custom_bounds: self.custom_bounds.unwrap_or_default(),
        }
    }
}

fn one_span(offset: Option<i64>, n_buckets: usize) -> Vec<Span> {
    let span = Span { offset: offset.unwrap_or_default() as i32, length: n_buckets as u32 };
    if n_buckets == 0 { Vec::new() } else { vec![span] }
}

/// Why a sum of histograms is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::syntax) enum AddError {
    #[error("error combining histograms: cannot merge from schema {from} to {to}")]
    Schema { from: i32, to: i32 },
    #[error("adding native histograms of different zero buckets not supported yet")]
    ZeroBuckets,
    #[error("adding native histograms of different custom buckets not supported yet")]
    CustomBuckets,
}

/// `base + sign · other`, in the resolution of `base`, which must not be the finer one.
pub(in crate::syntax) fn added(base: &Histogram, other: &Histogram, sign: f64) -> Result<Histogram, AddError> {
    if base.schema > other.schema {
        return Err(AddError::Schema { from: other.schema, to: base.schema });
    }
    if base.schema == CUSTOM_BUCKETS_SCHEMA
        && (other.schema != base.schema || other.custom_bounds != base.custom_bounds)
    {
        return Err(AddError::CustomBuckets);
    }
    let has_zero_bucket = |histogram: &Histogram| histogram.zero_count != 0.0 || histogram.zero_threshold != 0.0;
    if base.zero_threshold != other.zero_threshold && has_zero_bucket(base) && has_zero_bucket(other) {
        return Err(AddError::ZeroBuckets);
    }
    let coarser_by = (i64::from(other.schema) - i64::from(base.schema)).min(63) as u32;
    let merge = |mine: BTreeMap<i64, f64>, theirs: BTreeMap<i64, f64>| {
        let mut sum = mine;
        for (index, count) in theirs {
            // A bucket's index at half the resolution is half of it, rounded up.
            let index = ((index - 1) >> coarser_by) + 1;
            *sum.entry(index).or_default() += sign * count;
        }
        sum
    };
    let (positive_spans, positive) =
        spans(&merge(buckets(&base.positive_spans, &base.positive), buckets(&other.positive_spans, &other.positive)));
    let (negative_spans, negative) =
        spans(&merge(buckets(&base.negative_spans, &base.negative), buckets(&other.negative_spans, &other.negative)));
    Ok(Histogram {
        reset_hint: hint_of_sum(base.reset_hint, other.reset_hint),
        schema: base.schema,
        zero_threshold: base.zero_threshold.max(other.zero_threshold),
        zero_count: base.zero_count + sign * other.zero_count,
        count: base.count + sign * other.count,
        sum: base.sum + sign * other.sum,
        positive_spans,
        positive,
        negative_spans,
        negative,
        custom_bounds: base.custom_bounds.clone(),
    })
}

fn hint_of_sum(base: ResetHint, other: ResetHint) -> ResetHint {
    match (base, other) {
        (base, other) if base == other => base,
        (ResetHint::Gauge, _) | (_, ResetHint::Gauge) => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    }
}

/// Counts by index.
fn buckets(spans: &[Span], counts: &[f64]) -> BTreeMap<i64, f64> {
    let mut counts = counts.iter().copied();
    let mut index = 0i64;
    let mut out = BTreeMap::new();
    for span in spans {
        index += i64::from(span.offset);
        for count in counts.by_ref().take(span.length as usize) {
            out.insert(index, count);
            index += 1;
        }
    }
    out
}

fn spans(buckets: &BTreeMap<i64, f64>) -> (Vec<Span>, Vec<f64>) {
    let mut spans: Vec<Span> = Vec::new();
    let mut next = 0i64;
    for &index in buckets.keys() {
        match spans.last_mut() {
            Some(span) if index == next => span.length += 1,
            _ => spans.push(Span { offset: (index - next) as i32, length: 1 }),
        }
        next = index + 1;
    }
    (spans, buckets.values().copied().collect())
}

/// Why a histogram has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("native histogram spans {n_buckets} buckets: limit {MAX_VALUES} (max_series_values, fixed)")]
pub struct Unprintable {
    n_buckets: i64,
}

/// The text between double braces, with a single run of buckets for each sign.
pub(super) fn text(histogram: &Histogram) -> Result<String, Unprintable> {
    let mut parts: Vec<String> = Vec::new();
    if histogram.schema != 0 {
        parts.push(format!("schema:{}", histogram.schema));
    }
    let numbers = [
        ("count", histogram.count),
        ("sum", histogram.sum),
        ("z_bucket", histogram.zero_count),
        ("z_bucket_w", histogram.zero_threshold),
    ];
    parts.extend(
        numbers.iter().filter(|(_, value)| *value != 0.0).map(|(key, value)| format!("{key}:{}", percent_g(*value))),
    );
    if histogram.schema == CUSTOM_BUCKETS_SCHEMA {
        parts.push(format!("custom_values:[{}]", list(histogram.custom_bounds.iter().copied())));
    }
    match histogram.reset_hint {
        ResetHint::Unknown => {}
        ResetHint::Reset => parts.push("counter_reset_hint:reset".to_owned()),
        ResetHint::NotReset => parts.push("counter_reset_hint:not_reset".to_owned()),
        ResetHint::Gauge => parts.push("counter_reset_hint:gauge".to_owned()),
    }
    for (key, offset_key, spans, counts) in [
        ("buckets", "offset", &histogram.positive_spans, &histogram.positive),
        ("n_buckets", "n_offset", &histogram.negative_spans, &histogram.negative),
    ] {
        let buckets = buckets(spans, counts);
        let is_set = |(_, count): &(&i64, &f64)| **count != 0.0;
        let Some((&first, _)) = buckets.iter().find(is_set) else { continue };
        let last = buckets.iter().rev().find(is_set).map_or(first, |(&last, _)| last);
        if last - first >= MAX_VALUES as i64 {
            return Err(Unprintable { n_buckets: last - first + 1 });
        }
        if first != 0 {
            parts.push(format!("{offset_key}:{first}"));
        }
        let counts = (first..=last).map(|index| buckets.get(&index).copied().unwrap_or_default());
        parts.push(format!("{key}:[{}]", list(counts)));
    }
    Ok(format!("{{{{{}}}}}", parts.join(" ")))
}

fn list(values: impl Iterator<Item = f64>) -> String {
    let mut out = String::new();
    for value in values {
        if !out.is_empty() {
            out.push(' ');
        }
        let _ = write!(out, "{}", percent_g(value));
    }
    out
}
