//! One attempt at sending: what it needs, and how it ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use net::client::Client;

use crate::Notification;
use crate::template::Templates;

/// What one attempt needs beside the configuration and the notification.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Talks HTTP as the integration's `http_config` says; `None` for mail.
    pub client: Option<&'a Client>,
    /// The templates of the configuration and Alertmanager's own.
    pub templates: &'a Templates,
    /// Under which URL this server is reached, without a slash at its end.
    pub external_url: &'a str,
    /// When the attempt begins, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// How long it may take.
    pub timeout: Duration,
    /// Draws what the alerts are about; `None` where nobody does.
    pub charts: Option<&'a dyn Charts>,
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
    /// It took too long.
    DeadlineExceeded,
    /// Everything else: nobody was reached, or the message could not be made.
    Other,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [FailureKind; 6] = [
        FailureKind::ClientError,
        FailureKind::AuthError,
        FailureKind::RateLimited,
        FailureKind::ServerError,
        FailureKind::DeadlineExceeded,
        FailureKind::Other,
    ];

    /// As a label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::ClientError => "clientError",
            FailureKind::AuthError => "authError",
            FailureKind::RateLimited => "rateLimited",
            FailureKind::ServerError => "serverError",
            FailureKind::DeadlineExceeded => "contextDeadlineExceeded",
            FailureKind::Other => "other",
        }
    }
}

/// Draws what notifications are about.
pub trait Charts: fmt::Debug + Send + Sync {
    /// A picture of what the first of the alerts is about, as PNG; nothing where there is nothing to be seen.
    fn png<'a>(&'a self, notification: &'a Notification) -> ChartFuture<'a>;
}

/// A picture to come.
pub type ChartFuture<'a> = Pin<Box<dyn Future<Output = Option<Arc<[u8]>>> + Send + 'a>>;
