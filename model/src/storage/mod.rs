//! What storage offers to everyone else, as three traits: [`Append`] takes batches, [`Select`] answers queries in
//! tiles, [`Feed`] hands on what was committed.
//!
//! They are all that `scrape`, `query` and `web` know of storage, and storage knows nothing of them: it is told by
//! hints what a query is about to do, and may use them or not.

mod append;
mod feed;
mod runs;
mod select;

pub use append::{
    Append, AppendError, Batch, HistogramRow, HistogramValue, Refusal, Refused, SeriesRef, SourceRef, Timestamps,
};
pub use feed::{Feed, FeedCursor, FeedError, FeedHold, FeedNumber, FeedPosition, FeedRow};
pub use runs::SeriesRuns;
pub use select::{
    Grouping, LabelRequest, Listing, Select, SelectError, SelectHints, SeriesReader, SeriesSet, TILE_SAMPLES, Tile,
};
