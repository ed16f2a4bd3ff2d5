//! Why a scrape failed: what `up` being 0 means.

use super::ingest::IngestError;
use super::labels::SeriesError;
use super::recognise::{ContentError, Hinted};
use crate::fetch::FetchError;

/// Why a scrape failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScrapeError {
    /// The target did not answer, or with less or more than it should.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The answer is nothing that can be read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The answer is not in its format, or holds series that cannot be stored.
    #[error("{error}{}", Hinted(.hint))]
    Ingest {
        /// What is wrong.
        error: IngestError,
        /// What the body seems to be.
        hint: Option<String>,
    },
    /// There are more targets in the scrape configuration than are allowed; none of them is scraped.
    #[error("target_limit exceeded (number of targets: {n_targets}, limit: {limit})")]
    TargetLimit {
        /// How many there are.
        n_targets: usize,
        /// The limit.
        limit: u64,
    },
    /// A bug. The scrape ended there; the next one begins anew.
    #[error("internal error, please report it: {0}")]
    Panicked(String),
}

/// Kinds of failure, for counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// No answer, or one that breaks off.
    Fetch,
    /// An answer with a status other than 200.
    Status,
    /// A body that is too large.
    BodySizeLimit,
    /// A type that cannot be read.
    ContentType,
    /// A body that is not in its format.
    Parse,
    /// A series that cannot be stored.
    Series,
    /// Too many labels, or too long ones.
    LabelLimit,
    /// Too many samples.
    SampleLimit,
    /// Too many targets.
    TargetLimit,
    /// A bug.
    Panic,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [FailureKind; 10] = [
        FailureKind::Fetch,
        FailureKind::Status,
        FailureKind::BodySizeLimit,
        FailureKind::ContentType,
        FailureKind::Parse,
        FailureKind::Series,
        FailureKind::LabelLimit,
        FailureKind::SampleLimit,
        FailureKind::TargetLimit,
        FailureKind::Panic,
    ];

    /// The value of a label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::Fetch => "fetch",
            FailureKind::Status => "status",
            FailureKind::BodySizeLimit => "body_size_limit",
            FailureKind::ContentType => "content_type",
            FailureKind::Parse => "parse",
            FailureKind::Series => "series",
            FailureKind::LabelLimit => "label_limit",
            FailureKind::SampleLimit => "sample_limit",
            FailureKind::TargetLimit => "target_limit",
            FailureKind::Panic => "panic",
        }
    }
}

impl ScrapeError {
    /// What kind of failure it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            ScrapeError::Fetch(FetchError::Failed(_)) => FailureKind::Fetch,
            ScrapeError::Fetch(FetchError::Status(_)) => FailureKind::Status,
            ScrapeError::Fetch(FetchError::BodyTooLarge { .. }) => FailureKind::BodySizeLimit,
            ScrapeError::Content(_) => FailureKind::ContentType,
            ScrapeError::Ingest { error: IngestError::Parse(_), .. } => FailureKind::Parse,
            ScrapeError::Ingest { error: IngestError::Series(SeriesError::Limit(_)), .. } => FailureKind::LabelLimit,
            ScrapeError::Ingest { error: IngestError::Series(_), .. } => FailureKind::Series,
            ScrapeError::Ingest { error: IngestError::SampleLimit { .. }, .. } => FailureKind::SampleLimit,
            ScrapeError::TargetLimit { .. } => FailureKind::TargetLimit,
            ScrapeError::Panicked(_) => FailureKind::Panic,
        }
    }
}
