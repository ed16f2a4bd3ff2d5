//! One attempt at sending: what it needs, and how it ends.

use std::time::Duration;

use super::Session;
use crate::delivery::Pictures;
use crate::template::Templates;

/// What one attempt needs beside the configuration and the notification.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What is kept between attempts at this integration: one that talks HTTP as its `http_config` says.
    pub session: &'a Session,
    /// The templates of the configuration and Alertmanager's own: those that [`templates`](super::templates) makes.
    pub templates: &'a Templates,
    /// Under which URL this server is reached, without a slash at its end.
    pub external_url: &'a str,
    /// When the attempt begins, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// How long it may take.
    pub timeout: Duration,
    /// Draws what notifications are about; `None` where nobody does.
    pub pictures: Option<&'a Pictures>,
    /// In which language is written what the configuration does not word.
    pub language: Language,
}

/// A language in which people are written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `en`
    #[default]
    English,
    /// `zh-CN`
    Chinese,
}

/// It was sent, and the receiver has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What was sent, without secrets.
    pub body: String,
}

/// It was not sent, or the receiver does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendFailure {
    /// In words, without secrets: what was tried, and what was answered.
    pub reason: String,
    /// For the metrics.
    pub kind: FailureKind,
    /// Whether another attempt may succeed.
    pub is_retryable: bool,
    /// Whether whom it is for, or the message itself, was refused: another configuration would not change that.
    pub is_refusal: bool,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
    /// What was sent or was to be sent, without secrets; empty where it did not come to that.
    pub body: String,
}

/// Alertmanager's `reason` of `alertmanager_notifications_failed_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// The receiver finds our message wrong, or does not know us.
    ClientError,
    /// The receiver does not let us in.
    AuthError,
    /// The receiver has had enough for now.
    RateLimited,
    /// The receiver is unwell.
    ServerError,
    /// It was cut off.
    ContextCanceled,
    /// It took too long.
    ContextDeadlineExceeded,
    /// Everything else: nobody was reached, or the message could not be made.
    Other,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [FailureKind; 7] = [
        FailureKind::ClientError,
        FailureKind::AuthError,
        FailureKind::RateLimited,
        FailureKind::ServerError,
        FailureKind::ContextCanceled,
        FailureKind::ContextDeadlineExceeded,
        FailureKind::Other,
    ];

    /// As a label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::ClientError => "clientError",
            FailureKind::AuthError => "authError",
            FailureKind::RateLimited => "rateLimited",
            FailureKind::ServerError => "serverError",
            FailureKind::ContextCanceled => "contextCanceled",
            FailureKind::ContextDeadlineExceeded => "contextDeadlineExceeded",
            FailureKind::Other => "other",
        }
    }
}
