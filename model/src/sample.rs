//! Samples: a value at a time, and the value that says "this series has ended".

use std::sync::Arc;

use crate::Histogram;

/// The bits of the stale marker, the one NaN that says that a series has ended.
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;
/// The bits of the NaN that Go's `math.NaN` gives, and that every NaN of a scrape becomes.
pub const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

/// The stale marker as a float.
pub fn stale_marker() -> f64 {
    f64::from_bits(STALE_BITS)
}

/// Whether a value is the stale marker; other NaNs are values.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

/// The value of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A float, NaN and infinities included.
    Float(f64),
    /// A native histogram. Shared, because queries hand the same one on unchanged.
    Histogram(Arc<Histogram>),
}

/// One sample of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// When the series began to count, in milliseconds since the Unix epoch; 0 where it is not known.
    pub start_timestamp_ms: i64,
    /// The value.
    pub value: Value,
}

impl Sample {
    /// A float sample without a start timestamp.
    pub fn float(timestamp_ms: i64, value: f64) -> Sample {
        Sample { timestamp_ms, start_timestamp_ms: 0, value: Value::Float(value) }
    }
}
