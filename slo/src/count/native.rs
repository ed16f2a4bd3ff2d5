//! Native histograms: how many observations lie at or below a value.

use model::Histogram;
use model::histogram::{CUSTOM_BUCKETS_SCHEMA, Span};

/// The observations at or below a value: exact where it is the bound of a bucket, else the bucket that holds it is shared out
/// as `histogram_fraction` does it.
pub(super) fn at_or_below(histogram: &Histogram, bound: f64) -> f64 {
    let negative: f64 = buckets(&histogram.negative_spans, &histogram.negative)
        .map(|(index, count)| {
            let (lower, upper) = exponential(histogram.schema, index);
            count * (1.0 - share(lower, upper, -bound))
        })
        .sum();
    let positive: f64 = buckets(&histogram.positive_spans, &histogram.positive)
        .map(|(index, count)| {
            if histogram.schema != CUSTOM_BUCKETS_SCHEMA {
                let (lower, upper) = exponential(histogram.schema, index);
                return count * share(lower, upper, bound);
            }
            let (lower, upper) = custom(&histogram.custom_bounds, index);
            count * linear_share(lower, upper, bound)
        })
        .sum();
    let (zero, count) = (histogram.zero_threshold, histogram.zero_count);
    let has_negative = histogram.negative.iter().any(|count| *count > 0.0);
    let lowest = if has_negative { -zero } else { 0.0 };
    let at_zero = if count == 0.0 { 0.0 } else { count * linear_share(lowest, zero, bound) };
    negative + at_zero + positive
}

/// The index of each bucket that is present, and its count.
fn buckets<'a>(spans: &'a [Span], counts: &'a [f64]) -> impl Iterator<Item = (i32, f64)> + 'a {
    let mut next = 0i32;
    let indices = spans.iter().flat_map(move |span| {
        let first = next.wrapping_add(span.offset);
        next = first.wrapping_add(i32::try_from(span.length).unwrap_or(i32::MAX));
        first..next
    });
    indices.zip(counts.iter().copied())
}

fn exponential(schema: i32, index: i32) -> (f64, f64) {
    let base = (-f64::from(schema)).exp2();
    let bound = |index: f64| (index * base).exp2();
    (bound(f64::from(index) - 1.0), bound(f64::from(index)))
}

fn custom(bounds: &[f64], index: i32) -> (f64, f64) {
    let bound = |index: i32| usize::try_from(index).ok().and_then(|index| bounds.get(index)).copied();
    let upper = bound(index).unwrap_or(f64::INFINITY);
    let lower = bound(index - 1).unwrap_or(if upper > 0.0 { 0.0 } else { f64::NEG_INFINITY });
    (lower, upper)
}

/// The share of a bucket with exponential bounds that lies at or below a value.
fn share(lower: f64, upper: f64, bound: f64) -> f64 {
    if bound >= upper {
        1.0
    } else if bound <= lower {
        0.0
    } else {
        (bound.log2() - lower.log2()) / (upper.log2() - lower.log2())
    }
}

fn linear_share(lower: f64, upper: f64, bound: f64) -> f64 {
    if bound >= upper {
        1.0
    } else if bound <= lower || lower.is_infinite() {
        0.0
    } else if upper.is_infinite() {
        // Nothing is known within the last bucket.
        0.0
    } else {
        (bound - lower) / (upper - lower)
    }
}

#[cfg(test)]
mod tests {
    use model::histogram::ResetHint;

    use super::*;

    fn histogram(schema: i32, offset: i32, positive: &[f64], negative: &[f64], custom_bounds: &[f64]) -> Histogram {
        let spans = |counts: &[f64]| vec![Span { offset, length: counts.len() as u32 }];
        Histogram {
            reset_hint: ResetHint::Unknown,
            schema,
            zero_threshold: 0.001,
            zero_count: 1.0,
            count: 1.0 + positive.iter().chain(negative).sum::<f64>(),
            sum: 0.0,
            positive_spans: spans(positive),
            positive: positive.to_vec(),
            negative_spans: spans(negative),
            negative: negative.to_vec(),
            custom_bounds: custom_bounds.to_vec(),
        }
    }

    #[test]
    fn bounds_are_exact_and_within_is_shared_out() {
        let check = |histogram: &Histogram, bound, want: f64| {
            let got = at_or_below(histogram, bound);
            assert!((got - want).abs() < 1e-9, "{bound}: {got} {want}");
        };
        // Buckets up to 1, 2, 4.
        let powers = histogram(0, 0, &[10.0, 20.0, 30.0], &[], &[]);
        for (bound, want) in
            [(-1.0, 0.0), (0.001, 1.0), (1.0, 11.0), (2.0, 31.0), (2.0f64.powf(1.5), 46.0), (4.0, 61.0), (9.0, 61.0)]
        {
            check(&powers, bound, want);
        }
        let with_negative = histogram(0, 0, &[10.0], &[20.0], &[]);
        for (bound, want) in [(-1.0, 0.0), (-0.5, 20.0), (0.5, 21.0), (1.0, 31.0)] {
            check(&with_negative, bound, want);
        }
        let mut custom = histogram(CUSTOM_BUCKETS_SCHEMA, 0, &[10.0, 20.0, 5.0], &[], &[0.1, 0.3]);
        custom.zero_count = 0.0;
        for (bound, want) in [(0.1, 10.0), (0.2, 20.0), (0.3, 30.0), (1.0, 30.0), (f64::INFINITY, 35.0)] {
            check(&custom, bound, want);
        }
    }
}
