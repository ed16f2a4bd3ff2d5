//! A request as a handler sees it: the head as it came, the body when it asks for it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::{HeaderMap, HeaderName, Method};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::caller::Caller;
use super::encoding::Encoding;
use crate::form::{self, Form};

/// A form in a body may have so many bytes, as in Go.
pub const MAX_FORM_BYTES: usize = 10 << 20;

/// Of a body that is too large so many bytes more are read and thrown away: a client that is cut off while it still
/// sends never reads why.
const MAX_DISCARDED_BYTES: u64 = 64 << 20;

/// A request.
#[derive(Debug)]
pub struct Request {
    head: http::request::Parts,
    body: Option<Incoming>,
    peer: Option<SocketAddr>,
    caller: Caller,
    body_pause: Duration,
    body_timeout: Duration,
}

/// Why a body could not be had. Each has a status that the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Larger than is allowed (413).
    #[error("request body is too large: limit is {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// It did not come in time (408).
    #[error("request body was not received in time")]
    Timeout,
    /// It was cut short or its framing is broken (400).
    #[error("request body could not be read: {0}")]
    Broken(String),
    /// A form that is not UTF-8 (400).
    #[error("request body is not UTF-8")]
    NotUtf8,
}

impl BodyError {
    /// The status to answer with.
    pub fn status(&self) -> http::StatusCode {
        match self {
            BodyError::TooLarge { .. } => http::StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Timeout => http::StatusCode::REQUEST_TIMEOUT,
            BodyError::Broken(_) | BodyError::NotUtf8 => http::StatusCode::BAD_REQUEST,
        }
    }
}

impl Request {
    pub(super) fn new(
        request: http::Request<Incoming>,
        peer: Option<SocketAddr>,
        body_pause: Duration,
        body_timeout: Duration,
    ) -> Request {
        let (head, body) = request.into_parts();
        Request { head, body: Some(body), peer, caller: Caller::Anybody, body_pause, body_timeout }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path as it was sent, still escaped.
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// What stands behind the `?`, still escaped.
    pub fn query_text(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// What stands behind the `?`, decoded.
    pub fn query(&self) -> Form {
        Form::parse(self.query_text())
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// A header as text; empty where it is missing or not text.
    pub fn header(&self, name: &HeaderName) -> &str {
        self.head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// By what the request was let in.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn set_caller(&mut self, caller: Caller) {
        self.caller = caller;
    }

    /// From where it came.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The encoding of a response that the client takes.
    pub fn accepted_encoding(&self) -> Encoding {
        Encoding::accepted(&self.head.headers)
    }

    /// The whole body. A second call answers with nothing.
    ///
    /// # Errors
    /// When it is larger than `limit`, does not come in time, or is broken.
    pub async fn body(&mut self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let Some(mut body) = self.body.take() else { return Ok(Vec::new()) };
        let declared = self.declared_length();
        let deadline = Instant::now() + self.body_timeout;
        if declared > limit as u64 {
            // Who waits to be told to go on has sent nothing yet.
            if !self.head.headers.contains_key(EXPECT) && declared - limit as u64 <= MAX_DISCARDED_BYTES {
                self.discard(&mut body, declared, deadline).await;
            }
            return Err(BodyError::TooLarge { limit });
        }
        // What is declared is only believed as it comes: it costs nothing to declare much.
        let mut bytes = Vec::with_capacity((declared as usize).min(64 << 10));
        while let Some(piece) = next_piece(&mut body, self.next_by(deadline)).await? {
            if piece.len() > limit - bytes.len() {
                self.discard(&mut body, MAX_DISCARDED_BYTES, deadline).await;
                return Err(BodyError::TooLarge { limit });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// When the next piece of a body must be there.
    fn next_by(&self, deadline: Instant) -> Instant {
        deadline.min(Instant::now() + self.body_pause)
    }

    /// Reads on to the end of a body, or for so many bytes.
    async fn discard(&self, body: &mut Incoming, max_bytes: u64, deadline: Instant) {
        let mut n_left = max_bytes;
        while let Ok(Some(piece)) = next_piece(body, self.next_by(deadline)).await {
            n_left = n_left.saturating_sub(piece.len() as u64);
            if n_left == 0 {
                return;
            }
        }
    }

    fn declared_length(&self) -> u64 {
        self.header(&CONTENT_LENGTH).parse().unwrap_or(0)
    }

    /// The pairs of a form in the body, where there is one, and behind them those of the query.
    ///
    /// # Errors
    /// As for [`Request::body`].
    pub async fn form(&mut self) -> Result<Form, BodyError> {
        let mut form = Form::default();
        if self.has_form() {
            let body = self.body(MAX_FORM_BYTES).await?;
            form.extend_from_text(std::str::from_utf8(&body).map_err(|_| BodyError::NotUtf8)?);
        }
        form.extend_from_text(self.query_text());
        Ok(form)
    }

    fn has_form(&self) -> bool {
        let media_type = self.header(&CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        let method = &self.head.method;
        (method == Method::POST || method == Method::PUT || method == Method::PATCH)
            && media_type.eq_ignore_ascii_case(form::MEDIA_TYPE)
    }
}

async fn next_piece(body: &mut Incoming, deadline: Instant) -> Result<Option<Bytes>, BodyError> {
    loop {
        match timeout_at(deadline, poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx))).await {
            Err(_) => return Err(BodyError::Timeout),
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => return Err(BodyError::Broken(error.to_string())),
            Ok(Some(Ok(frame))) => {
                if let Ok(piece) = Frame::into_data(frame) {
                    return Ok(Some(piece));
                }
            }
        }
    }
}
