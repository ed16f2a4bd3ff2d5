//! Reading: matchers and hints in, series and tiles of decoded samples out.

use std::fmt;

use super::append::HistogramValue;
use crate::{Labels, Matcher};

/// Samples a [`Tile`] holds at most: 8 KiB of values, which stay in the first-level cache.
pub const TILE_SAMPLES: usize = 1024;

/// What a query is about to do with what it selects. Storage may use it to read less, never to answer otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SelectHints {
    /// The first time of interest, in milliseconds, inclusive.
    pub start_ms: i64,
    /// The last time of interest, in milliseconds, inclusive.
    pub end_ms: i64,
    /// The distance between evaluations; 0 for a single one.
    pub step_ms: i64,
    /// The range of a range selector; 0 for an instant selector.
    pub range_ms: i64,
    /// Where the function takes windows that are open on the left: all their borders are multiples of this, in milliseconds,
    /// and the function heeds [`Tile::weights`]. Storage may then leave out samples that cannot change the answer. 0 where
    /// all samples are wanted.
    pub alignment_ms: i64,
    /// The function or aggregation around the selector, by its PromQL name; `series` where only labels are wanted.
    pub function: Option<&'static str>,
    /// The grouping of the aggregation directly around the selector.
    pub grouping: Option<Grouping>,
    /// At most this many series are wanted; 0 for all.
    pub limit: usize,
}

/// The labels an aggregation keeps or drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// The labels named.
    pub labels: Vec<String>,
    /// `true` for `by`, `false` for `without`.
    pub by: bool,
}

/// A store that can be read.
pub trait Select: fmt::Debug + Send + Sync {
    /// The series that match all of `matchers` and have samples between the hints' start and end, as they are at this
    /// moment: what is committed later is not seen through the returned set, and no batch is seen by half.
    ///
    /// # Errors
    /// When the store cannot be read or a limit is reached.
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError>;

    /// The label names of the series a request describes, sorted.
    ///
    /// # Errors
    /// As for [`Select::select`].
    fn label_names(&self, request: &LabelRequest) -> Result<Listing, SelectError>;

    /// The values of one label on the series a request describes, sorted.
    ///
    /// # Errors
    /// As for [`Select::select`].
    fn label_values(&self, name: &str, request: &LabelRequest) -> Result<Listing, SelectError>;
}

/// Which series a listing of label names or values is about.
#[derive(Clone, Debug, Default)]
pub struct LabelRequest {
    /// Each element is one selector; a series that matches any of them counts. Empty for all series.
    pub selectors: Vec<Vec<Matcher>>,
    /// The first time of interest, in milliseconds, inclusive.
    pub start_ms: i64,
    /// The last time of interest, in milliseconds, inclusive.
    pub end_ms: i64,
    /// At most this many entries are wanted; 0 for all.
    pub limit: usize,
}

/// Sorted label names or values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries, sorted, at most as many as were asked for.
    pub entries: Vec<String>,
    /// Whether there are more.
    pub truncated: bool,
}

/// The series that a selection found, in no particular order.
pub trait SeriesSet: fmt::Debug + Send + Sync {
    /// How many series there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels of one series.
    fn labels(&self, series: usize) -> Labels;

    /// A reader of samples. Take one for each thread.
    fn reader(&self) -> Box<dyn SeriesReader + '_>;

    /// What was found to be damaged and left out, each named; shown to the user as a warning.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Reads one series after the other.
pub trait SeriesReader {
    /// Goes to the first sample of a series, not before `start_ms`.
    fn seek(&mut self, series: usize, start_ms: i64);

    /// Replaces the tile by the next samples, in time order, at most [`TILE_SAMPLES`] of one kind; answers `false`
    /// where there are no more up to the selection's end.
    ///
    /// # Errors
    /// When the series cannot be read. Damage is not an error: it is left out and named in [`SeriesSet::warnings`].
    fn next_tile(&mut self, tile: &mut Tile) -> Result<bool, SelectError>;
}

/// Decoded samples of one series, all floats or all histograms.
#[derive(Clone, Debug, Default)]
pub struct Tile {
    /// Milliseconds since the Unix epoch, strictly increasing.
    pub timestamps: Vec<i64>,
    /// The values where the tile holds floats, as many as there are timestamps; otherwise empty.
    pub values: Vec<f64>,
    /// The values where the tile holds histograms, with the counts they came with, as many as there are timestamps; otherwise
    /// empty. Of counter resets each says what is true of the samples that the reader hands out: that it counts on from the
    /// one before it, or nothing.
    pub histograms: Vec<HistogramValue>,
    /// The time since which each sample counts, in milliseconds since the Unix epoch, 0 where that is not known; empty where it
    /// is known of none.
    pub start_timestamps: Vec<i64>,
    /// How many samples each value stands for, itself included, where [`SelectHints::alignment_ms`] let some be left out: it
    /// is the value that the function looks for among them, at some time between the same two multiples of the alignment.
    /// Where it counts, the value is how many they are. Empty where each stands for itself.
    pub weights: Vec<u32>,
    /// Equal numbers mean equal timestamps, so that window borders found for one series serve for the next; 0 where
    /// nothing is known.
    pub column: u64,
}

impl Tile {
    /// Empties the tile, keeping its memory.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
        self.histograms.clear();
        self.start_timestamps.clear();
        self.weights.clear();
        self.column = 0;
    }
}

/// Why a selection gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SelectError {
    /// The store is not open yet, or no longer.
    #[error("storage is not ready")]
    NotReady,
    /// The store could not be read.
    #[error("storage cannot be read: {0}")]
    Unreadable(String),
}
