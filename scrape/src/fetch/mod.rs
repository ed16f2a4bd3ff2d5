//! How a scrape loop asks a target: a trait, so that loops can be tested without a network and without waiting.

mod http;

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

/// What a scrape asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    /// The whole URL, with parameters.
    pub url: String,
    /// The value of `Accept`.
    pub accept: String,
    /// Whether a compressed answer is welcome.
    pub compression: bool,
    /// The time for everything, the body included.
    pub timeout: Duration,
    /// Bytes of the body, decompressed; `None` for no limit.
    pub body_limit: Option<u64>,
}

/// What a target answered, but for the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The value of `Content-Type`; empty where there is none.
    pub content_type: String,
}

/// Why there is no body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// No response, or one that breaks off.
    #[error("{0}")]
    Failed(String),
    /// A response that is not 200; the status with its text.
    #[error("server returned HTTP status {0}")]
    Status(String),
    /// More than is allowed.
    #[error("body size limit exceeded (limit: {limit} bytes; raise body_size_limit)")]
    BodyTooLarge {
        /// The limit.
        limit: u64,
    },
}

/// What a fetch comes back with.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send + 'a>>;

/// Asks one target, again and again.
pub trait Fetch: fmt::Debug + Send {
    /// Appends the body of a response with status 200 to `body`. What `body` holds on error is of no meaning.
    fn fetch<'a>(&'a mut self, request: &'a FetchRequest, body: &'a mut Vec<u8>) -> Fetching<'a>;
}

/// Makes fetchers for the targets of one scrape configuration.
pub trait FetchFrom: fmt::Debug + Send + Sync {
    /// A fetcher for one target, which is reached through a Unix socket where one is given.
    fn fetcher(&self, socket: Option<&Path>) -> Box<dyn Fetch>;
}
