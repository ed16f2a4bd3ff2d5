//! One histogram: its buckets grow, its sum and its count belong together and agree with the buckets.

use super::{Broken, Line, Rule};

#[derive(Clone, Debug)]
pub(super) struct Buckets {
    /// Whether it is a gauge histogram, whose sum may be negative where its bounds are.
    is_gauge: bool,
    at: usize,
    last: Option<(f64, f64)>,
    has_negative_bound: bool,
    count: Option<f64>,
    sum: Option<f64>,
}

impl Buckets {
    pub(super) fn new(is_gauge: bool, at: usize) -> Buckets {
        Buckets { is_gauge, at, last: None, has_negative_bound: false, count: None, sum: None }
    }

    pub(super) fn at_another_time(&self, at: usize) -> Buckets {
        Buckets::new(self.is_gauge, at)
    }

    pub(super) fn sample(&mut self, suffix: &str, bound: Option<f64>, line: &Line<'_>) -> Result<(), Rule> {
        let value = line.sample.value;
        match (suffix, bound) {
            ("_bucket", Some(bound)) => self.bucket(bound, value)?,
            ("_count" | "_gcount", _) => self.count = Some(value),
            ("_sum" | "_gsum", _) => self.sum = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn bucket(&mut self, bound: f64, count: f64) -> Result<(), Rule> {
        if let Some((last_bound, last_count)) = self.last {
            if bound <= last_bound {
                return Err(Rule::BucketOrder);
            }
            if count < last_count {
                return Err(Rule::BucketCounts);
            }
        }
        self.last = Some((bound, count));
        self.has_negative_bound |= bound < 0.0;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Broken> {
        let broken = |rule| Err((self.at, rule));
        let Some((_, total)) = self.last.filter(|(bound, _)| bound.is_infinite()) else {
            return broken(Rule::NoInfBucket);
        };
        if self.count.is_some_and(|count| count != total) {
            return broken(Rule::CountMismatch);
        }
        if self.has_negative_bound && !self.is_gauge && self.sum.is_some() {
            return broken(Rule::SumWithNegativeBuckets);
        }
        if self.count.is_some() != self.sum.is_some() {
            return broken(Rule::SumWithoutCount);
        }
        if !self.has_negative_bound && self.sum.is_some_and(|sum| sum < 0.0) {
            return broken(Rule::NegativeSum);
        }
        Ok(())
    }
}
