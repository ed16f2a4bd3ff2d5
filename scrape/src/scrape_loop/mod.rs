//! The scrape loop of one target: wait for the slot, ask, read, store, tell how it went.
//!
//! One task per target waits and asks. What it is answered goes to a [`Recorder`](recorder::Recorder), which blocks and
//! therefore runs on the threads for that, only so many at a time.

mod cache;
mod departures;
mod error;
mod exposition;
mod failure_log;
mod ingest;
mod labels;
mod limits;
mod metadata;
mod recognise;
mod recorder;
mod report;
mod slots;
mod starts;
mod state;
mod task;
mod write;

pub(crate) use departures::Departures;
pub(crate) use failure_log::FailureLog;
pub(crate) use ingest::IngestSettings;
pub(crate) use labels::LabelSettings;
pub(crate) use recorder::{RecordSettings, Recorder, Shared, TargetFailures};
pub(crate) use state::SharedState;
pub(crate) use task::{Buffers, Command, Context, Predecessor, Running, ScrapeLoop};

pub use error::{FailureKind, ScrapeError};
pub use failure_log::FailureLogError;
pub use ingest::IngestError;
pub use labels::SeriesError;
pub use limits::{LabelLimitError, Limits};
pub use metadata::{FamilyMetadata, Metadata};
pub use recognise::ContentError;
pub use state::{Health, PastScrape, TargetState};
