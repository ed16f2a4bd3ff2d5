//! One attempt at sending: what it needs, and how it ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use model::Labels;
use net::client::Client;

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
    /// Answers what expressions were, for pictures; `None` where nobody does.
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

/// A series as it is asked for a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartSeries {
    /// Its labels.
    pub labels: Labels,
    /// A value for each step; `None` where there was none.
    pub values: Vec<Option<f64>>,
}

/// What a picture asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartQuery {
    /// PromQL.
    pub expr: String,
    /// The first time, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// From one time to the next.
    pub step_ms: i64,
    /// How many times.
    pub n_steps: usize,
}

/// Answers what expressions were. The engine does, under its limits; a picture that fails is left out.
pub trait Charts: fmt::Debug + Send + Sync {
    /// The values of an expression at the query's times.
    fn series<'a>(&'a self, query: &'a ChartQuery) -> ChartFuture<'a>;
}

/// An answer to come: series, or why there are none.
pub type ChartFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<ChartSeries>, String>> + Send + 'a>>;
