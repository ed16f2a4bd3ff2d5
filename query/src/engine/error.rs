//! Why a query has no answer.

use model::storage::SelectError;

use crate::syntax::ParseErrors;

/// The error types of the HTTP API that a query can end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The query makes no sense.
    BadData,
    /// It failed while it ran.
    Execution,
    /// It was stopped by whoever asked.
    Canceled,
    /// It took too long.
    Timeout,
    /// The storage failed.
    Internal,
}

impl ErrorKind {
    /// The name in the HTTP API.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::BadData => "bad_data",
            ErrorKind::Execution => "execution",
            ErrorKind::Canceled => "canceled",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Internal => "internal",
        }
    }
}

/// Why a query has no answer, in Prometheus's words where it has any.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueryError {
    /// The text is no expression.
    #[error(transparent)]
    Parse(#[from] ParseErrors),
    /// The expression cannot be evaluated as asked.
    #[error("{0}")]
    Invalid(String),
    /// The evaluation came to something that is not allowed.
    #[error("{0}")]
    Execution(String),
    /// More samples in memory than [`Limits::max_samples`](super::Limits::max_samples).
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
    /// More memory than a query, or all of them together, may take.
    #[error("query needs too much memory: {needed_bytes} bytes, limit {limit_bytes} ({name}, raised by {setting})")]
    TooMuchMemory {
        /// The limit's name, as `/api/v1/status/limits` lists it.
        name: &'static str,
        /// The limit.
        limit_bytes: u64,
        /// What would have been in use.
        needed_bytes: u64,
        /// What raises the limit.
        setting: &'static str,
    },
    /// What is not built yet.
    #[error("native histograms in {0} not supported yet")]
    Unsupported(String),
    /// Whoever asked has gone.
    #[error("query was canceled in {0}")]
    Canceled(&'static str),
    /// It took longer than [`Limits::timeout`](super::Limits::timeout).
    #[error("query timed out in {0}")]
    Timeout(&'static str),
    /// The storage failed.
    #[error("expanding series: {0}")]
    Storage(#[from] SelectError),
}

impl QueryError {
    /// The error type of the HTTP API.
    pub fn kind(&self) -> ErrorKind {
        match self {
            QueryError::Parse(_) | QueryError::Invalid(_) => ErrorKind::BadData,
            QueryError::Execution(_)
            | QueryError::TooManySamples
            | QueryError::TooMuchMemory { .. }
            | QueryError::Unsupported(_) => ErrorKind::Execution,
            QueryError::Canceled(_) => ErrorKind::Canceled,
            QueryError::Timeout(_) => ErrorKind::Timeout,
            QueryError::Storage(_) => ErrorKind::Internal,
        }
    }

    /// Two series with the same labels at the same time.
    pub(crate) fn same_labelset() -> QueryError {
        QueryError::Execution("vector cannot contain metrics with the same labelset".to_owned())
    }
}
