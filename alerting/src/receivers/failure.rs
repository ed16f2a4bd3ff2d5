//! How failures are made.

use std::fmt;

use net::client::DialError;

use super::{FailureKind, SendFailure};

impl FailureKind {
    /// By the status of an HTTP response.
    pub fn of_status(status: u16) -> FailureKind {
        match status {
            401 | 403 => FailureKind::AuthError,
            429 => FailureKind::RateLimited,
            400..=499 => FailureKind::ClientError,
            500..=599 => FailureKind::ServerError,
            _ => FailureKind::Other,
        }
    }
}

impl SendFailure {
    /// It will not do the next time either.
    pub fn permanent(reason: impl fmt::Display) -> SendFailure {
        SendFailure {
            reason: reason.to_string(),
            kind: FailureKind::Other,
            is_retryable: false,
            is_refusal: false,
            retry_after: None,
            body: String::new(),
        }
    }

    /// It may do the next time.
    pub fn passing(reason: impl fmt::Display) -> SendFailure {
        SendFailure { is_retryable: true, ..SendFailure::permanent(reason) }
    }

    /// It will not do the next time either, whatever is configured: whom it is for, or the message itself, is refused.
    pub fn refusal(reason: impl fmt::Display) -> SendFailure {
        SendFailure { is_refusal: true, ..SendFailure::permanent(reason) }
    }

    /// Nobody was reached; it may do the next time, unless whoever is there may not be reached at all.
    pub(super) fn of_dial(reason: impl fmt::Display, error: &DialError) -> SendFailure {
        let is_retryable = !matches!(error, DialError::Refused { .. });
        SendFailure { is_retryable, ..SendFailure::permanent(reason) }
    }

    /// The same of another sort.
    #[must_use]
    pub fn of_kind(self, kind: FailureKind) -> SendFailure {
        SendFailure { kind, ..self }
    }

    /// The same with something said before the reason.
    #[must_use]
    pub fn within(self, what: impl fmt::Display) -> SendFailure {
        SendFailure { reason: format!("{what}: {}", self.reason), ..self }
    }
}

impl fmt::Display for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for SendFailure {}
