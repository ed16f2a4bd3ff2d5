//! Following: a cursor over what was committed, in the order in which it was committed.
//!
//! Remote write out and the budget engine read here. Time order is not promised: a late sample comes when it is
//! committed, which is the point.

use std::fmt;

use super::append::HistogramValue;
use crate::Labels;

/// How far a follower has read. Stored by the follower; survives a restart of the store. The default is the oldest record
/// that is still there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPosition {
    /// The log segment.
    pub segment: u64,
    /// The byte in it at which the next record begins.
    pub offset: u64,
    /// Which run of the process wrote it: after a power cut another segment can get the number.
    pub run: u32,
}

/// A number that a cursor gives a series, so that who follows may keep a table of what it knows of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FeedNumber {
    /// Which numbering it is of. Once another begins, numbers of this one mean nothing.
    pub numbering: u32,
    /// Counted from 0 in each numbering.
    pub number: u32,
}

/// One committed sample.
#[derive(Clone, Debug)]
pub enum FeedRow<'a> {
    /// A float.
    Float {
        /// The number of the series.
        number: FeedNumber,
        /// The series; nothing where that was said before, and the follower asked for that ([`FeedCursor::name_once`]).
        labels: &'a Labels,
        /// Milliseconds since the Unix epoch.
        timestamp_ms: i64,
        /// The time since which it counts; 0 where that is not known.
        start_ms: i64,
        /// The value.
        value: f64,
    },
    /// A native histogram.
    Histogram {
        /// The number of the series.
        number: FeedNumber,
        /// As that of a float.
        labels: &'a Labels,
        /// Milliseconds since the Unix epoch.
        timestamp_ms: i64,
        /// The time since which it counts; 0 where that is not known.
        start_ms: i64,
        /// The value.
        value: &'a HistogramValue,
    },
}

/// A store that can be followed.
pub trait Feed: fmt::Debug + Send + Sync {
    /// A cursor that begins at a position that an earlier cursor gave, or at the oldest record that is still there.
    ///
    /// # Errors
    /// When the log cannot be read, or no longer reaches back so far.
    fn follow(&self, from: FeedPosition) -> Result<Box<dyn FeedCursor>, FeedError>;

    /// The position behind the newest committed record.
    fn newest(&self) -> FeedPosition;

    /// Keeps what stands behind a position from being deleted, up to a limit of the store's.
    fn hold(&self, position: FeedPosition) -> Box<dyn FeedHold>;
}

/// Keeps a part of the log. Dropping it lets go.
pub trait FeedHold: fmt::Debug + Send + Sync {
    /// What stands before a position is needed no longer.
    fn move_to(&self, position: FeedPosition);
}

/// A place in the feed.
pub trait FeedCursor: fmt::Debug + Send {
    /// Hands the rows of the next committed batch to `take`; answers `false` where there is none yet.
    ///
    /// # Errors
    /// When the log cannot be read, or when it no longer holds the position.
    fn next_batch(&mut self, take: &mut dyn FnMut(FeedRow<'_>)) -> Result<bool, FeedError>;

    /// Begins another numbering, in which only the first row of each series bears its labels: later ones have none. So
    /// nobody keeps the labels of series that the follower does not care for.
    fn name_once(&mut self);

    /// From now on batches of derived sources are empty: a follower from whose counts they are derived has no use for them. Must
    /// be said before the first batch is asked for.
    fn leave_out_derived(&mut self);

    /// The position behind the last batch handed out.
    fn position(&self) -> FeedPosition;

    /// Damaged places, and rows of unknown series, that were left out since the cursor was made.
    fn n_lost(&self) -> u64;
}

/// Why a follower cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FeedError {
    /// The log no longer reaches back to the position: what lies between was deleted by retention.
    #[error("the log begins after position {0:?}: what lies between has been deleted")]
    Gone(FeedPosition),
    /// The log could not be read.
    #[error("the log cannot be read: {0}")]
    Unreadable(String),
}
