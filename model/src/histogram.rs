//! Native histograms: one sample that holds a whole distribution in sparse, exponentially growing buckets.
//!
//! The type is generic over its counts. Queries speak of [`Histogram`], whose counts are floats, because a rate of a
//! histogram has fractions; storage also keeps [`IntegerHistogram`], so that what came in as integers goes out as the
//! same integers, beyond 2^53 too.
//!
//! Bucket `i` of schema `s` ends at `2^(i · 2^-s)`; schema [`CUSTOM_BUCKETS_SCHEMA`] takes its bounds from
//! [`Histogram::custom_bounds`] instead. Which indices are present is said by spans.

use crate::sample;

/// The schema whose bucket bounds are listed one by one.
pub const CUSTOM_BUCKETS_SCHEMA: i32 = -53;

/// What is known of a counter reset between a histogram and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetHint {
    /// Nothing: compare the two.
    #[default]
    Unknown,
    /// There was a reset.
    Reset,
    /// There was none.
    NotReset,
    /// Resets have no meaning: a gauge histogram.
    Gauge,
}

/// A run of neighbouring buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Buckets left out since the span before; for the first span the index of its first bucket.
    pub offset: i32,
    /// How many buckets.
    pub length: u32,
}

/// A native histogram; `Count` is `f64` for queries and `u64` for what was observed as integers.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram<Count = f64> {
    /// What is known of a counter reset.
    pub reset_hint: ResetHint,
    /// Resolution: -4..=8, each step doubling the number of buckets, or [`CUSTOM_BUCKETS_SCHEMA`].
    pub schema: i32,
    /// Observations with an absolute value up to this are in the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: Count,
    /// All observations.
    pub count: Count,
    /// The sum of the observations. The stale marker here makes the whole sample a stale marker.
    pub sum: f64,
    /// Which positive buckets are present.
    pub positive_spans: Vec<Span>,
    /// Observations in each positive bucket that is present (not cumulative).
    pub positive: Vec<Count>,
    /// Which negative buckets are present.
    pub negative_spans: Vec<Span>,
    /// Observations in each negative bucket that is present (not cumulative).
    pub negative: Vec<Count>,
    /// Upper bounds of schema [`CUSTOM_BUCKETS_SCHEMA`], without the last, +Inf. Empty for other schemas.
    pub custom_bounds: Vec<f64>,
}

/// A native histogram as it was observed.
pub type IntegerHistogram = Histogram<u64>;

impl<Count> Histogram<Count> {
    /// Whether this is a stale marker.
    pub fn is_stale(&self) -> bool {
        sample::is_stale(self.sum)
    }
}

impl From<&IntegerHistogram> for Histogram {
    fn from(integer: &IntegerHistogram) -> Histogram {
        let floats = |counts: &[u64]| counts.iter().map(|&count| count as f64).collect();
        Histogram {
            reset_hint: integer.reset_hint,
            schema: integer.schema,
            zero_threshold: integer.zero_threshold,
            zero_count: integer.zero_count as f64,
            count: integer.count as f64,
            sum: integer.sum,
            positive_spans: integer.positive_spans.clone(),
            positive: floats(&integer.positive),
            negative_spans: integer.negative_spans.clone(),
            negative: floats(&integer.negative),
            custom_bounds: integer.custom_bounds.clone(),
        }
    }
}
