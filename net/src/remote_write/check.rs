//! Whether a native histogram can be: its spans, buckets and counts must agree. The rules and texts are Prometheus's.

use model::Histogram;
use model::histogram::{CUSTOM_BUCKETS_SCHEMA, IntegerHistogram, Span};
use model::storage::HistogramValue;

/// Why a native histogram is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HistogramFault(String);

/// The counts of a side, in one of the two kinds.
trait Count: Copy {
    fn is_negative(self) -> bool;
    fn text(self) -> String;
}

impl Count for u64 {
    /// Counts come as differences, and one that goes below zero has wrapped.
    fn is_negative(self) -> bool {
        (self as i64) < 0
    }

    fn text(self) -> String {
        (self as i64).to_string()
    }
}

impl Count for f64 {
    fn is_negative(self) -> bool {
        self < 0.0
    }

    fn text(self) -> String {
        model::float::general(self)
    }
}

/// Whether a histogram can be.
///
/// # Errors
/// What of it contradicts what.
pub fn check_histogram(value: &HistogramValue) -> Result<(), HistogramFault> {
    match value {
        HistogramValue::Integer(histogram) => check_integers(histogram),
        HistogramValue::Float(histogram) => check_floats(histogram),
    }
    .map_err(HistogramFault)
}

fn check_integers(histogram: &IntegerHistogram) -> Result<(), String> {
    check_shape(histogram, histogram.zero_count == 0)?;
    let sum = |counts: &[u64]| counts.iter().fold(0u64, |sum, count| sum.wrapping_add(*count));
    let observed = sum(&histogram.negative).wrapping_add(sum(&histogram.positive)).wrapping_add(histogram.zero_count);
    let found = || format!("{observed} observations found in buckets, but the Count field is {}", histogram.count);
    if histogram.sum.is_nan() {
        if observed > histogram.count {
            let rule =
                "histogram's observation count should be at least the number of observations found in the buckets";
            return Err(format!("{}: {rule}", found()));
        }
    } else if observed != histogram.count {
        let rule = "histogram's observation count should equal the number of observations found in the buckets (in \
                    absence of NaN)";
        return Err(format!("{}: {rule}", found()));
    }
    Ok(())
}

fn check_floats(histogram: &Histogram) -> Result<(), String> {
    check_shape(histogram, histogram.zero_count == 0.0)?;
    if histogram.zero_count < 0.0 {
        let rule = "histogram has a bucket whose observation count is negative";
        return Err(format!("zero bucket has observation count of {}: {rule}", histogram.zero_count.text()));
    }
    if histogram.count < 0.0 {
        let rule = "histogram's observation count is negative";
        return Err(format!("observation count is {}: {rule}", histogram.count.text()));
    }
    Ok(())
}

/// What both kinds must be.
fn check_shape<C: Count>(histogram: &Histogram<C>, has_empty_zero_bucket: bool) -> Result<(), String> {
    match histogram.schema {
        CUSTOM_BUCKETS_SCHEMA => check_custom(histogram, has_empty_zero_bucket)?,
        -4..=8 => {
            let positive = check_spans(&histogram.positive_spans, histogram.positive.len(), false);
            positive.map_err(|fault| format!("positive side: {fault}"))?;
            let negative = check_spans(&histogram.negative_spans, histogram.negative.len(), false);
            let negative = negative.and_then(|_| check_counts(&histogram.negative));
            negative.map_err(|fault| format!("negative side: {fault}"))?;
            if !histogram.custom_bounds.is_empty() {
                return Err("histogram with exponential schema must not have custom bounds".to_owned());
            }
        }
        other => {
            return Err(format!(
                "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or \
                 {CUSTOM_BUCKETS_SCHEMA} for custom buckets, got schema {other}"
            ));
        }
    }
    check_counts(&histogram.positive).map_err(|fault| format!("positive side: {fault}"))
}

fn check_custom<C: Count>(histogram: &Histogram<C>, has_empty_zero_bucket: bool) -> Result<(), String> {
    check_bounds(&histogram.custom_bounds)
        .and_then(|()| check_spans(&histogram.positive_spans, histogram.positive.len(), true))
        .and_then(|length| check_length(histogram.custom_bounds.len(), length))
        .map_err(|fault| format!("custom buckets: {fault}"))?;
    let rules = [
        (has_empty_zero_bucket, "must have zero count of 0"),
        (histogram.zero_threshold == 0.0, "must have zero threshold of 0"),
        (histogram.negative_spans.is_empty(), "must not have negative spans"),
        (histogram.negative.is_empty(), "must not have negative buckets"),
    ];
    let broken = rules.iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, rule)| Err(format!("custom buckets: {rule}")))
}

fn check_bounds(bounds: &[f64]) -> Result<(), String> {
    if bounds.iter().any(|bound| bound.is_nan()) {
        return Err("histogram custom bounds must not be NaN".to_owned());
    }
    if let Some(pair) = bounds.windows(2).find(|pair| pair[1] <= pair[0]) {
        let (previous, current) = (pair[0], pair[1]);
        let rule = "histogram custom bounds must be in strictly increasing order";
        return Err(format!("previous bound is {previous:.6} and current is {current:.6}: {rule}"));
    }
    if bounds.last() == Some(&f64::INFINITY) {
        return Err("last +Inf bound must not be explicitly defined: histogram custom bounds must be finite".to_owned());
    }
    Ok(())
}

/// Whether the spans have as many buckets as there are; how many buckets they cover from the first one, gaps included.
fn check_spans(spans: &[Span], n_buckets: usize, is_first_fixed: bool) -> Result<u64, String> {
    let (mut n_in_spans, mut length) = (0u64, 0u64);
    for (at, span) in spans.iter().enumerate() {
        if span.offset < 0 && (at > 0 || is_first_fixed) {
            let rule = "histogram has a span whose offset is negative";
            return Err(format!("span number {} with offset {}: {rule}", at + 1, span.offset));
        }
        n_in_spans += u64::from(span.length);
        length += u64::from(span.length) + u64::from(span.offset.unsigned_abs());
    }
    if n_in_spans != n_buckets as u64 {
        let rule = "histogram spans specify different number of buckets than provided";
        return Err(format!("spans need {n_in_spans} buckets, have {n_buckets} buckets: {rule}"));
    }
    Ok(length)
}

fn check_length(n_bounds: usize, length: u64) -> Result<(), String> {
    if (n_bounds as u64) + 1 >= length {
        return Ok(());
    }
    Err(format!(
        "only {n_bounds} custom bounds defined which is insufficient to cover total span length of {length}: histogram \
         custom bounds are too few"
    ))
}

fn check_counts<C: Count>(counts: &[C]) -> Result<(), String> {
    let Some(at) = counts.iter().position(|count| count.is_negative()) else { return Ok(()) };
    let rule = "histogram has a bucket whose observation count is negative";
    Err(format!("bucket number {} has observation count of {}: {rule}", at + 1, counts[at].text()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::histogram::ResetHint;

    use super::*;

    /// Ten observations in two buckets, two of them in the zero bucket.
    fn histogram() -> IntegerHistogram {
        Histogram {
            reset_hint: ResetHint::Unknown,
            schema: 0,
            zero_threshold: 0.001,
            zero_count: 2,
            count: 10,
            sum: 1.0,
            positive_spans: vec![Span { offset: -3, length: 1 }, Span { offset: 2, length: 1 }],
            positive: vec![3, 5],
            negative_spans: vec![],
            negative: vec![],
            custom_bounds: vec![],
        }
    }

    fn custom() -> IntegerHistogram {
        let positive_spans = vec![Span { offset: 1, length: 2 }];
        let custom_bounds = vec![1.0, 2.0];
        IntegerHistogram {
            schema: -53,
            zero_threshold: 0.0,
            zero_count: 0,
            count: 8,
            positive_spans,
            custom_bounds,
            ..histogram()
        }
    }

    fn check(change: impl FnOnce(&mut IntegerHistogram), base: IntegerHistogram, want: &str) {
        let mut changed = base;
        change(&mut changed);
        let floats = HistogramValue::Float(Arc::new(Histogram::from(&changed)));
        let got = check_histogram(&HistogramValue::Integer(Arc::new(changed))).err();
        assert_eq!(got.as_ref().map_or(String::new(), ToString::to_string), want);
        // What is said of counts that do not add up is said of integers only.
        if !want.contains("observation") {
            assert_eq!(check_histogram(&floats).err(), got);
        }
    }

    #[test]
    fn what_contradicts_itself() {
        check(|_| {}, histogram(), "");
        check(|_| {}, custom(), "");
        check(
            |h| h.schema = 9,
            histogram(),
            "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 9",
        );
        check(
            |h| h.positive_spans[1].offset = -1,
            histogram(),
            "positive side: span number 2 with offset -1: histogram has a span whose offset is negative",
        );
        check(
            |h| h.positive_spans[1].length = u32::MAX,
            histogram(),
            "positive side: spans need 4294967296 buckets, have 2 buckets: histogram spans specify different number of buckets than provided",
        );
        check(
            |h| h.negative = vec![1],
            histogram(),
            "negative side: spans need 0 buckets, have 1 buckets: histogram spans specify different number of buckets than provided",
        );
        check(
            |h| h.custom_bounds = vec![1.0],
            histogram(),
            "histogram with exponential schema must not have custom bounds",
        );
        check(
            |h| h.positive[1] = -4i64 as u64,
            histogram(),
            "positive side: bucket number 2 has observation count of -4: histogram has a bucket whose observation count is negative",
        );
        check(
            |h| h.count = 11,
            histogram(),
            "10 observations found in buckets, but the Count field is 11: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
        );
        check(|h| (h.count, h.sum) = (11, f64::NAN), histogram(), "");
        check(
            |h| (h.count, h.sum) = (9, f64::NAN),
            histogram(),
            "10 observations found in buckets, but the Count field is 9: histogram's observation count should be at least the number of observations found in the buckets",
        );
        check(
            |h| h.custom_bounds[1] = 1.0,
            custom(),
            "custom buckets: previous bound is 1.000000 and current is 1.000000: histogram custom bounds must be in strictly increasing order",
        );
        check(
            |h| h.custom_bounds[1] = f64::INFINITY,
            custom(),
            "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite",
        );
        check(|h| h.custom_bounds[1] = f64::NAN, custom(), "custom buckets: histogram custom bounds must not be NaN");
        check(
            |h| h.custom_bounds = vec![1.0],
            custom(),
            "custom buckets: only 1 custom bounds defined which is insufficient to cover total span length of 3: histogram custom bounds are too few",
        );
        check(|h| h.zero_count = 1, custom(), "custom buckets: must have zero count of 0");
        check(|h| h.zero_threshold = 1.0, custom(), "custom buckets: must have zero threshold of 0");
        check(
            |h| h.negative_spans = vec![Span { offset: 0, length: 0 }],
            custom(),
            "custom buckets: must not have negative spans",
        );
        check(|h| h.negative = vec![1], custom(), "custom buckets: must not have negative buckets");
    }

    #[test]
    fn floats_that_are_negative() {
        let check = |change: fn(&mut Histogram), want: &str| {
            let mut changed = Histogram::from(&histogram());
            change(&mut changed);
            let got = check_histogram(&HistogramValue::Float(Arc::new(changed))).err();
            assert_eq!(got.map_or(String::new(), |fault| fault.to_string()), want);
        };
        check(|h| h.count = 99.5, "");
        check(|h| h.count = -1.0, "observation count is -1: histogram's observation count is negative");
        check(
            |h| h.zero_count = -0.5,
            "zero bucket has observation count of -0.5: histogram has a bucket whose observation count is negative",
        );
        check(
            |h| h.positive[0] = -0.5,
            "positive side: bucket number 1 has observation count of -0.5: histogram has a bucket whose observation count is negative",
        );
    }
}
