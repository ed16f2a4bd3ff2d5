//! What a receiver answered, and what that means.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::fmt::rfc2822::DateTimeParser;
use serde::de::DeserializeOwned;

use super::{FailureKind, SendFailure, truncate};

/// What is shown of an answer.
const MAX_SHOWN_BYTES: usize = 512;

/// A receiver that wants to be left alone for longer is asked again after this.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Empty where it could not be read.
    pub(super) body: String,
    /// When it came, in milliseconds since the Unix epoch.
    pub(super) at_ms: i64,
}

/// How the statuses of a kind of receiver are judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge {
    /// Which statuses, beside 429 and those from 500, mean that another attempt may do.
    pub(super) retried: &'static [u16],
    /// What the body says is wrong.
    pub(super) details: fn(u16, &str) -> String,
}

impl Judge {
    /// What is wrong is all that the body says.
    pub(super) const PLAIN: Judge = Judge { retried: &[], details: |_, body| body.to_owned() };
}

impl Answer {
    /// Whether the receiver took it, by the status alone.
    ///
    /// # Errors
    /// Why it did not.
    pub(super) fn judge(&self, judge: Judge) -> Result<(), SendFailure> {
        let status = self.status.as_u16();
        if self.status.is_success() {
            return Ok(());
        }
        let mut reason = format!("unexpected status code {status}");
        let details = truncate::to_bytes((judge.details)(status, &self.body).trim(), MAX_SHOWN_BYTES);
        if !details.is_empty() {
            reason = format!("{reason}: {details}");
        }
        if self.status.is_redirection() {
            reason.push_str(" (redirects are followed only where http_config says follow_redirects: true)");
        }
        // Alertmanager gives a notification up that most kinds of receivers answer with 429.
        let is_retryable = status >= 500 || status == 429 || judge.retried.contains(&status);
        let failure = SendFailure::permanent(reason).of_kind(FailureKind::of_status(status));
        Err(SendFailure { is_retryable, retry_after: self.retry_after(), ..failure })
    }

    /// After which time the receiver wants to be asked again.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until_ms = DateTimeParser::new().parse_timestamp(text).ok()?.as_millisecond();
                Duration::from_millis(until_ms.saturating_sub(self.at_ms).max(0).cast_unsigned())
            }
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }

    /// Whether the body is said to be JSON.
    pub(super) fn is_json(&self) -> bool {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.is_some_and(|content_type| content_type.starts_with("application/json"))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Where it is none: perhaps somebody in between answered.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, SendFailure> {
        serde_json::from_str(&self.body).map_err(|error| {
            let shown = truncate::to_bytes(&self.body, MAX_SHOWN_BYTES);
            SendFailure::passing(format_args!("could not unmarshal JSON response {shown:?}: {error}"))
        })
    }
}
