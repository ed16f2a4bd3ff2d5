//! A native histogram as Prometheus prints it: `{count:3, sum:4.5, [-0.001,0.001]:1, (1,2]:2}`.

use model::Histogram;
use model::float;
use model::histogram::{CUSTOM_BUCKETS_SCHEMA, Span};

/// Appends a histogram; empty buckets are left out.
pub(super) fn push(out: &mut String, histogram: &Histogram) {
    out.push_str("{count:");
    float::push_general(out, histogram.count);
    out.push_str(", sum:");
    float::push_general(out, histogram.sum);
    let negative: Vec<_> = buckets(&histogram.negative_spans, &histogram.negative).collect();
    for (index, count) in negative.into_iter().rev() {
        let (lower, upper) = bounds(histogram, index);
        push_bucket(out, ['[', ')'], -upper, -lower, count);
    }
    if histogram.zero_count != 0.0 {
        let threshold = histogram.zero_threshold;
        push_bucket(out, ['[', ']'], -threshold, threshold, histogram.zero_count);
    }
    for (index, count) in buckets(&histogram.positive_spans, &histogram.positive) {
        let (lower, upper) = bounds(histogram, index);
        let is_first_of_custom = histogram.schema == CUSTOM_BUCKETS_SCHEMA && index == 0;
        push_bucket(out, [if is_first_of_custom { '[' } else { '(' }, ']'], lower, upper, count);
    }
    out.push('}');
}

fn push_bucket(out: &mut String, [open, close]: [char; 2], lower: f64, upper: f64, count: f64) {
    out.push_str(", ");
    out.push(open);
    float::push_general(out, lower);
    out.push(',');
    float::push_general(out, upper);
    out.push(close);
    out.push(':');
    float::push_general(out, count);
}

/// The buckets that are not empty: index and count.
fn buckets<'a>(spans: &'a [Span], counts: &'a [f64]) -> impl Iterator<Item = (i64, f64)> + 'a {
    let mut next = 0i64;
    let indices = spans.iter().flat_map(move |span| {
        let start = next + i64::from(span.offset);
        next = start + i64::from(span.length);
        start..next
    });
    indices.zip(counts.iter().copied()).filter(|(_, count)| *count != 0.0)
}

/// What lies in a positive bucket: above the first, up to the second.
fn bounds(histogram: &Histogram, index: i64) -> (f64, f64) {
    if histogram.schema == CUSTOM_BUCKETS_SCHEMA {
        let at = |index: i64, beyond: f64| {
            usize::try_from(index).ok().and_then(|index| histogram.custom_bounds.get(index)).copied().unwrap_or(beyond)
        };
        return (at(index - 1, f64::NEG_INFINITY), at(index, f64::INFINITY));
    }
    let bound = |index: i64| (index as f64 * (-f64::from(histogram.schema)).exp2()).exp2();
    (bound(index - 1), bound(index))
}

#[cfg(test)]
mod tests {
    use model::histogram::ResetHint;

    use super::*;

    #[test]
    fn buckets_have_their_bounds() {
        let mut histogram = Histogram {
            reset_hint: ResetHint::Unknown,
            schema: 0,
            zero_threshold: 0.001,
            zero_count: 1.0,
            count: 10.5,
            sum: 4.5,
            positive_spans: vec![Span { offset: 0, length: 2 }, Span { offset: 1, length: 1 }],
            positive: vec![2.0, 0.0, 3.0],
            negative_spans: vec![Span { offset: -1, length: 2 }],
            negative: vec![4.0, 0.5],
            custom_bounds: Vec::new(),
        };
        let mut text = String::new();
        push(&mut text, &histogram);
        let want = "{count:10.5, sum:4.5, [-1,-0.5):0.5, [-0.5,-0.25):4, [-0.001,0.001]:1, (0.5,1]:2, (4,8]:3}";
        assert_eq!(text, want);
        histogram.schema = CUSTOM_BUCKETS_SCHEMA;
        histogram.custom_bounds = vec![0.1, 0.25, 1.0];
        (histogram.zero_count, histogram.negative) = (0.0, Vec::new());
        text.clear();
        push(&mut text, &histogram);
        assert_eq!(text, "{count:10.5, sum:4.5, [-Inf,0.1]:2, (1,+Inf]:3}");
    }
}
