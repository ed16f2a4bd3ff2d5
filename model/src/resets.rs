//! Counter resets between native histograms: whether one counts on from the one before it in its series.
//!
//! The rules are Prometheus's. They rather say that nothing is known: a histogram of another resolution might be brought to
//! the same one and compared, but is not.

use std::ops::Range;

use crate::histogram::{CUSTOM_BUCKETS_SCHEMA, Histogram, ResetHint, Span};

impl<Count: Copy + Default + PartialOrd> Histogram<Count> {
    /// Whether this histogram certainly counts on from `before`: both are counters of one layout, nothing says that there was a
    /// reset, and nothing that was counted has become less. Stale markers do not count.
    pub fn counts_on_from(&self, before: &Histogram<Count>) -> bool {
        let is_counter = |histogram: &Self| histogram.reset_hint != ResetHint::Gauge && !histogram.is_stale();
        is_counter(self)
            && is_counter(before)
            && self.reset_hint != ResetHint::Reset
            && self.schema == before.schema
            && self.zero_threshold == before.zero_threshold
            && (self.schema != CUSTOM_BUCKETS_SCHEMA || self.custom_bounds == before.custom_bounds)
            && !(self.count < before.count || self.zero_count < before.zero_count)
            && none_fell(before.positive_buckets(), self.positive_buckets())
            && none_fell(before.negative_buckets(), self.negative_buckets())
    }

    /// The positive buckets that are present: index and count.
    fn positive_buckets(&self) -> Buckets<'_, Count> {
        Buckets { spans: &self.positive_spans, counts: &self.positive, indices: 0..0 }
    }

    /// The negative buckets that are present: index and count.
    fn negative_buckets(&self) -> Buckets<'_, Count> {
        Buckets { spans: &self.negative_spans, counts: &self.negative, indices: 0..0 }
    }
}

/// Whether each bucket that held something still holds as much.
fn none_fell<Count: Copy + Default + PartialOrd>(before: Buckets<'_, Count>, now: Buckets<'_, Count>) -> bool {
    let mut now = now.peekable();
    for (index, count) in before {
        while now.next_if(|(other, _)| *other < index).is_some() {}
        let has_fallen = match now.next_if(|(other, _)| *other == index) {
            Some((_, next)) => next < count,
            None => count != Count::default(),
        };
        if has_fallen {
            return false;
        }
    }
    true
}

/// Goes through the buckets of one side.
struct Buckets<'a, Count> {
    spans: &'a [Span],
    counts: &'a [Count],
    /// What is left of the span before `spans`.
    indices: Range<i64>,
}

impl<Count: Copy> Iterator for Buckets<'_, Count> {
    type Item = (i64, Count);

    fn next(&mut self) -> Option<(i64, Count)> {
        let index = loop {
            if let Some(index) = self.indices.next() {
                break index;
            }
            let (span, rest) = self.spans.split_first()?;
            self.spans = rest;
            let start = self.indices.end.wrapping_add(i64::from(span.offset));
            self.indices = start..start.wrapping_add(i64::from(span.length));
        };
        let (&count, rest) = self.counts.split_first()?;
        self.counts = rest;
        Some((index, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::stale_marker;

    fn histogram() -> Histogram<u64> {
        Histogram {
            reset_hint: ResetHint::Unknown,
            schema: 2,
            zero_threshold: 0.001,
            zero_count: 5,
            count: 30,
            sum: 1.5,
            positive_spans: vec![Span { offset: -2, length: 2 }, Span { offset: 3, length: 1 }],
            positive: vec![4, 0, 6],
            negative_spans: vec![Span { offset: 1, length: 1 }],
            negative: vec![7],
            custom_bounds: Vec::new(),
        }
    }

    fn check(what: &str, want: bool, change: impl Fn(&mut Histogram<u64>, &mut Histogram<u64>)) {
        let (mut before, mut next) = (histogram(), histogram());
        change(&mut before, &mut next);
        assert_eq!(next.counts_on_from(&before), want, "{what}");
        // Whole numbers and floats are judged alike.
        assert_eq!(Histogram::from(&next).counts_on_from(&Histogram::from(&before)), want, "{what}, as floats");
    }

    #[test]
    fn what_counts_on_and_what_does_not() {
        check("the same again", true, |_, _| {});
        check("all has grown", true, |_, next| {
            (next.count, next.zero_count, next.positive, next.negative) = (60, 9, vec![5, 6, 7], vec![8]);
        });
        check("the sum falls, of negative observations", true, |_, next| next.sum = -9.0);
        check("the count falls", false, |_, next| next.count = 29);
        check("the zero count falls", false, |_, next| next.zero_count = 4);
        check("a bucket falls", false, |_, next| next.positive[2] = 5);
        check("a negative bucket falls", false, |_, next| next.negative[0] = 6);
        check("a bucket is gone that held something", false, |_, next| {
            (next.positive_spans, next.positive) = (vec![Span { offset: -2, length: 2 }], vec![4, 0]);
        });
        check("a bucket is gone that was empty", true, |_, next| {
            let spans = vec![Span { offset: -2, length: 1 }, Span { offset: 4, length: 1 }];
            (next.positive_spans, next.positive) = (spans, vec![4, 6]);
        });
        check("all buckets are gone", false, |_, next| {
            (next.negative_spans, next.negative) = (Vec::new(), Vec::new());
        });
        check("buckets have come, before, between and behind", true, |_, next| {
            (next.positive_spans, next.positive) =
                (vec![Span { offset: -5, length: 12 }], vec![1, 1, 1, 4, 0, 1, 1, 1, 6, 1, 1, 1]);
        });
        check("another resolution", false, |_, next| next.schema = 1);
        check("another zero bucket", false, |_, next| next.zero_threshold = 0.01);
        check("a reset is told", false, |_, next| next.reset_hint = ResetHint::Reset);
        check("a reset was told before", true, |before, _| before.reset_hint = ResetHint::Reset);
        check("a gauge", false, |_, next| next.reset_hint = ResetHint::Gauge);
        check("after a gauge", false, |before, _| before.reset_hint = ResetHint::Gauge);
        check("a stale marker", false, |_, next| next.sum = stale_marker());
        check("after a stale marker", false, |before, _| before.sum = stale_marker());
    }

    #[test]
    fn custom_bounds_have_to_be_the_same() {
        let custom = |histogram: &mut Histogram<u64>, bounds: &[f64]| {
            (histogram.schema, histogram.custom_bounds) = (CUSTOM_BUCKETS_SCHEMA, bounds.to_vec());
        };
        check("the same", true, |before, next| {
            custom(before, &[1.0, 2.0]);
            custom(next, &[1.0, 2.0]);
        });
        check("another", false, |before, next| {
            custom(before, &[1.0, 2.0]);
            custom(next, &[1.0, 2.5]);
        });
    }
}
