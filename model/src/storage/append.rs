//! Writing: resolve series once, then commit batches that name them by reference.

use std::fmt;
use std::sync::Arc;

use crate::Labels;
use crate::histogram::{Histogram, IntegerHistogram, ResetHint};

/// A series as the store knows it. Cheap to keep, so that a steady source never sends labels again.
///
/// A reference may outlive its series (which is dropped when nothing has been written to it for long): it is then
/// refused with [`Refusal::UnknownSeries`], and never means another series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesRef(pub u64);

/// A source that writes the same series again and again: a scrape target, a rule group.
///
/// The store keeps the series of a source together and remembers the last batch, so that the next one costs only what
/// has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceRef(pub u32);

/// The times of a batch, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub enum Timestamps<'a> {
    /// One for all rows, as in a scrape.
    All(i64),
    /// One for each row.
    Each(&'a [i64]),
}

impl Timestamps<'_> {
    /// The time of one row.
    pub fn at(&self, row: usize) -> i64 {
        match self {
            Timestamps::All(timestamp_ms) => *timestamp_ms,
            Timestamps::Each(timestamps) => timestamps[row],
        }
    }
}

/// Rows that are committed together: after a crash either all of them are there or none is.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Whose batch this is, if it comes from a source that writes regularly.
    pub source: Option<SourceRef>,
    /// The series of each float row.
    pub series: &'a [SeriesRef],
    /// The time of each float row.
    pub timestamps: Timestamps<'a>,
    /// The value of each float row.
    pub values: &'a [f64],
    /// The time since which each float row counts, in milliseconds since the Unix epoch, 0 where that is not known; empty
    /// where it is known of none.
    pub starts: &'a [i64],
    /// Rows that hold native histograms.
    pub histograms: &'a [HistogramRow],
}

/// One native histogram to be written.
#[derive(Clone, Debug)]
pub struct HistogramRow {
    /// The series.
    pub series: SeriesRef,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The time since which it counts; 0 where that is not known.
    pub start_ms: i64,
    /// The value, with the counts it was observed with.
    pub value: HistogramValue,
}

/// A native histogram with the counts it came with.
#[derive(Clone, Debug, PartialEq)]
pub enum HistogramValue {
    /// Integer counts.
    Integer(Arc<IntegerHistogram>),
    /// Float counts.
    Float(Arc<Histogram>),
}

impl HistogramValue {
    /// What is known of a counter reset.
    pub fn reset_hint(&self) -> ResetHint {
        match self {
            HistogramValue::Integer(histogram) => histogram.reset_hint,
            HistogramValue::Float(histogram) => histogram.reset_hint,
        }
    }

    /// Says what is known of a counter reset; copies a histogram that others hold too, if that is something else.
    pub fn set_reset_hint(&mut self, hint: ResetHint) {
        if hint == self.reset_hint() {
            return;
        }
        match self {
            HistogramValue::Integer(histogram) => Arc::make_mut(histogram).reset_hint = hint,
            HistogramValue::Float(histogram) => Arc::make_mut(histogram).reset_hint = hint,
        }
    }

    /// Whether this is a stale marker.
    pub fn is_stale(&self) -> bool {
        match self {
            HistogramValue::Integer(histogram) => histogram.is_stale(),
            HistogramValue::Float(histogram) => histogram.is_stale(),
        }
    }

    /// Whether this certainly counts on from `before`; see [`Histogram::counts_on_from`]. Integers and floats cannot be
    /// compared.
    pub fn counts_on_from(&self, before: &HistogramValue) -> bool {
        match (before, self) {
            (HistogramValue::Integer(before), HistogramValue::Integer(next)) => next.counts_on_from(before),
            (HistogramValue::Float(before), HistogramValue::Float(next)) => next.counts_on_from(before),
            _ => false,
        }
    }

    /// The histogram as queries see it.
    pub fn to_float(&self) -> Arc<Histogram> {
        match self {
            HistogramValue::Integer(histogram) => Arc::new(Histogram::from(&**histogram)),
            HistogramValue::Float(histogram) => Arc::clone(histogram),
        }
    }
}

/// Why a row, or a series, was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The series has a newer sample and late ones are not taken.
    #[error("out of order sample")]
    OutOfOrder,
    /// The series already has another value at this time.
    #[error("duplicate sample for timestamp")]
    Duplicate,
    /// The sample is older than the window for late samples.
    #[error("too old sample")]
    TooOld,
    /// The sample is further ahead of the clock than is allowed.
    #[error("timestamp is too far in the future: limit {limit_ms} ms")]
    TooFarAhead {
        /// How far ahead a sample may be.
        limit_ms: i64,
    },
    /// The reference is not, or no longer, a series of this store.
    #[error("unknown series reference")]
    UnknownSeries,
    /// A new series would exceed a limit; existing ones go on.
    #[error("too many series: limit {limit} of {name} is reached{}{}", by(.offender.as_deref()), raised(.setting))]
    SeriesLimit {
        /// The limit's name, as `/api/v1/status/limits` lists it.
        name: &'static str,
        /// Its value.
        limit: u64,
        /// The key that raises it, or `fixed`.
        setting: &'static str,
        /// Whose series they are, in words.
        offender: Option<Arc<str>>,
    },
}

fn by(offender: Option<&str>) -> String {
    offender.map_or(String::new(), |offender| format!(" by {offender}"))
}

fn raised(setting: &str) -> String {
    if setting == "fixed" { String::new() } else { format!(" (raised by {setting})") }
}

/// A row that was refused while others of its batch were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The row: float rows first, then histogram rows.
    pub row: usize,
    /// Why.
    pub refusal: Refusal,
}

/// Why nothing of a batch was taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The log could not be written; nothing of the batch is stored. Try again later.
    #[error("storage does not take writes: {0}")]
    NotWritable(String),
    /// The store is closing.
    #[error("storage is shutting down")]
    Closing,
    /// What was asked for is not built yet.
    #[error("{0} not supported yet")]
    NotSupported(&'static str),
}

/// A store that takes samples.
pub trait Append: fmt::Debug + Send + Sync {
    /// Makes a source known. `name` should be the same for the same source after a restart (a target's final labels).
    fn open_source(&self, name: &Labels) -> SourceRef;

    /// Makes a source known whose samples are derived from others in the store: [`FeedCursor::leave_out_derived`]
    /// (super::FeedCursor::leave_out_derived) is about these.
    fn open_derived_source(&self, name: &Labels) -> SourceRef {
        self.open_source(name)
    }

    /// Forgets a source. Its series stay.
    fn close_source(&self, source: SourceRef);

    /// Finds or creates series, one result for each set of labels, in order.
    ///
    /// # Errors
    /// When new series cannot be logged. A limit refuses single series instead.
    fn resolve(
        &self,
        source: Option<SourceRef>,
        series: &[Labels],
    ) -> Result<Vec<Result<SeriesRef, Refusal>>, AppendError>;

    /// Commits a batch and names the rows that were refused. When this returns, the other rows survive a kill.
    ///
    /// A row that repeats the last sample of its series, bit for bit, is taken and changes nothing, whatever it says of the
    /// time since which it counts.
    ///
    /// # Errors
    /// When nothing of the batch was stored.
    fn commit(&self, batch: &Batch<'_>) -> Result<Vec<Refused>, AppendError>;
}
