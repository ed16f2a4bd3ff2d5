//! Whether an answer is the one that was expected.

use std::collections::BTreeMap;

use model::float::plain;
use model::histogram::{Histogram, Span};
use model::sample::{Value as SampleValue, is_stale};
use query::syntax::series::{SequenceValue, histogram_text};
use query::{Series, Value, VectorSample};

use super::eval::{Eval, ExpectedSeries};

/// The relative difference that is allowed.
const EPSILON: f64 = 1e-6;

/// Compares an answer with what an eval expects.
///
/// # Errors
/// Says the first difference.
pub(crate) fn check(eval: &Eval, answer: &Value) -> Result<(), String> {
    let scalar = eval.expected.scalar;
    match answer {
        Value::Matrix(_) if eval.is_ordered => Err("expected ordered result, but query returned a matrix".to_owned()),
        Value::Matrix(_) | Value::Vector(_) if scalar.is_some() => Err(format!("expected scalar, but got {answer:?}")),
        Value::Matrix(series) => check_matrix(eval, series),
        Value::Vector(samples) => check_vector(eval, samples),
        Value::Scalar { value, .. } => match scalar {
            Some(wanted) if almost_equal(wanted, *value) => Ok(()),
            wanted => Err(format!("expected {wanted:?}, but got scalar {value}")),
        },
        Value::String { value, .. } if *value == eval.expected.string => Ok(()),
        Value::String { value, .. } => Err(format!("expected string {:?}, but got {value:?}", eval.expected.string)),
    }
}

fn check_matrix(eval: &Eval, all: &[Series]) -> Result<(), String> {
    if !all.is_sorted_by(|one, other| one.labels <= other.labels) {
        return Err("matrix results should always be sorted by labels".to_owned());
    }
    for series in all {
        let wanted = wanted(eval, &series.labels)?;
        let (floats, histograms) = expected_points(eval, wanted)?;
        let same_times = floats.iter().map(|(time_ms, _)| time_ms).eq(series.floats.iter().map(|(time_ms, _)| time_ms))
            && histograms
                .iter()
                .map(|(time_ms, _, _)| time_ms)
                .eq(series.histograms.iter().map(|(time_ms, _)| time_ms));
        if !same_times {
            return Err(format!(
                "{}: expected points {floats:?} and {} histograms, but got {:?} and {} histograms",
                series.labels,
                histograms.len(),
                series.floats,
                series.histograms.len()
            ));
        }
        for ((time_ms, wanted), (_, got)) in floats.iter().zip(&series.floats) {
            if !almost_equal(*wanted, *got) {
                return Err(format!("{} at {time_ms}: expected {wanted}, but got {got}", series.labels));
            }
        }
        for ((_, wanted, has_hint), (_, got)) in histograms.iter().zip(&series.histograms) {
            same_histogram(wanted, got, *has_hint).map_err(|why| format!("{}: {why}", series.labels))?;
        }
    }
    let is_there = |wanted: &&ExpectedSeries| all.iter().any(|series| series.labels == wanted.labels);
    all_there(eval, is_there)
}

type Points<'e> = (Vec<(i64, f64)>, Vec<(i64, &'e Histogram, bool)>);

fn expected_points<'e>(eval: &Eval, wanted: &'e ExpectedSeries) -> Result<Points<'e>, String> {
    let (mut floats, mut histograms) = (Vec::new(), Vec::new());
    for (step, value) in wanted.values.iter().enumerate() {
        let at_ms = eval.start_ms + step as i64 * eval.step_ms;
        if at_ms > eval.end_ms {
            return Err(format!("query time range cannot return {} points", wanted.values.len()));
        }
        match value {
            SequenceValue::Omitted => {}
            SequenceValue::Float(value) => floats.push((at_ms, *value)),
            SequenceValue::Histogram { histogram, has_reset_hint } => {
                histograms.push((at_ms, &**histogram, *has_reset_hint));
            }
        }
    }
    Ok((floats, histograms))
}

fn check_vector(eval: &Eval, samples: &[VectorSample]) -> Result<(), String> {
    for (place, sample) in samples.iter().enumerate() {
        let wanted = wanted(eval, &sample.labels)?;
        if eval.is_ordered && wanted.place != place + 1 {
            return Err(format!("expected {} at position {} but was at {}", sample.labels, wanted.place, place + 1));
        }
        match (&wanted.values[0], &sample.value) {
            (SequenceValue::Float(wanted), SampleValue::Float(got)) if almost_equal(*wanted, *got) => {}
            (SequenceValue::Histogram { histogram, has_reset_hint }, SampleValue::Histogram(got)) => {
                same_histogram(histogram, got, *has_reset_hint).map_err(|why| format!("{}: {why}", sample.labels))?;
            }
            (wanted, got) => return Err(format!("{}: expected {wanted:?}, but got {got:?}", sample.labels)),
        }
    }
    let is_there = |wanted: &&ExpectedSeries| samples.iter().any(|sample| sample.labels == wanted.labels);
    all_there(eval, is_there)
}

fn wanted<'e>(eval: &'e Eval, labels: &model::Labels) -> Result<&'e ExpectedSeries, String> {
    let wanted = eval.expected.series.iter().find(|series| series.labels == *labels);
    wanted.ok_or_else(|| format!("unexpected metric {labels} in result"))
}

fn all_there(eval: &Eval, is_there: impl Fn(&&ExpectedSeries) -> bool) -> Result<(), String> {
    match eval.expected.series.iter().find(|series| !is_there(series)) {
        Some(missing) => Err(format!("expected metric {} not found", missing.labels)),
        None => Ok(()),
    }
}

/// Whether two floats are the same but for rounding. The stale marker is like no other NaN.
pub(crate) fn almost_equal(one: f64, other: f64) -> bool {
    if is_stale(one) || is_stale(other) {
        return is_stale(one) && is_stale(other);
    }
    if one.is_nan() && other.is_nan() || one == other {
        return true;
    }
    let (sum, difference) = (one.abs() + other.abs(), (one - other).abs());
    if one == 0.0 || other == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < EPSILON * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < EPSILON
}

fn same_histogram(wanted: &Histogram, got: &Histogram, has_hint: bool) -> Result<(), String> {
    let are_same = wanted.schema == got.schema
        && almost_equal(wanted.count, got.count)
        && almost_equal(wanted.sum, got.sum)
        && wanted.zero_threshold == got.zero_threshold
        && almost_equal(wanted.zero_count, got.zero_count)
        && wanted.custom_bounds == got.custom_bounds
        && same_buckets(&wanted.positive_spans, &wanted.positive, &got.positive_spans, &got.positive)
        && same_buckets(&wanted.negative_spans, &wanted.negative, &got.negative_spans, &got.negative)
        && (!has_hint || wanted.reset_hint == got.reset_hint);
    if are_same {
        return Ok(());
    }
    let shown = |histogram: &Histogram| histogram_text(histogram).unwrap_or_else(|error| error.to_string());
    Err(format!("expected {}, but got {} ({})", shown(wanted), shown(got), plain(got.count)))
}

fn same_buckets(wanted_spans: &[Span], wanted: &[f64], got_spans: &[Span], got: &[f64]) -> bool {
    let (wanted, got) = (buckets(wanted_spans, wanted), buckets(got_spans, got));
    wanted.keys().eq(got.keys()) && wanted.values().zip(got.values()).all(|(&one, &other)| almost_equal(one, other))
}

/// Counts by index, without empty buckets.
fn buckets(spans: &[Span], counts: &[f64]) -> BTreeMap<i64, f64> {
    let mut next = 0;
    let mut indices = Vec::with_capacity(counts.len());
    for span in spans {
        next += i64::from(span.offset);
        indices.extend(next..next + i64::from(span.length));
        next += i64::from(span.length);
    }
    indices.into_iter().zip(counts.iter().copied()).filter(|(_, count)| *count != 0.0).collect()
}
