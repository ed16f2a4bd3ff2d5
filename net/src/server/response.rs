//! A response as a handler makes it.

use std::fmt;
use std::io::{self, Write};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::sync::mpsc;

use super::encoding::{Encoding, gzip};

/// Bodies shorter than this are not worth compressing.
pub(super) const MIN_COMPRESSED_BYTES: usize = 512;

/// A response.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers beside those of the protocol.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// Writes a body piece by piece.
pub type WriteBody = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// The body of a response.
pub enum Body {
    /// All of it.
    Bytes(Bytes),
    /// To be written; for [`super::produce`], which does so on a blocking thread and lets it flow.
    Write(WriteBody),
    /// Pieces as they come.
    Pieces(mpsc::Receiver<Piece>),
}

/// A part of a body.
#[derive(Debug)]
pub enum Piece {
    /// The next bytes.
    Bytes(Bytes),
    /// There are no more. Without this the body was broken off.
    End,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Body::Write(_) => f.write_str("to be written"),
            Body::Pieces(_) => f.write_str("pieces"),
        }
    }
}

impl Response {
    /// A response without a body.
    pub fn new(status: StatusCode) -> Response {
        Response { status, headers: HeaderMap::new(), body: Body::Bytes(Bytes::new()) }
    }

    /// A response with a body and its type.
    pub fn with_body(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
        Response { body: Body::Bytes(body.into()), ..Response::new(status) }
            .with(CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// A response whose body is still to be written, for [`super::produce`].
    pub fn written(
        status: StatusCode,
        content_type: &'static str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> Response {
        Response { body: Body::Write(Box::new(write)), ..Response::new(status) }
            .with(CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// Plain text.
    pub fn text(status: StatusCode, text: impl Into<String>) -> Response {
        Response::with_body(status, "text/plain; charset=utf-8", text.into())
    }

    /// Plain text as Go's `http.Error` sends it: with a line end and a warning against guessing its type.
    pub fn error(status: StatusCode, text: impl fmt::Display) -> Response {
        Response::text(status, format!("{text}\n"))
            .with(http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
    }

    /// To another place of this server. `location` must not come from outside.
    pub fn redirect(status: StatusCode, location: &str) -> Response {
        match HeaderValue::try_from(location) {
            Ok(location) => Response::new(status).with(http::header::LOCATION, location),
            Err(_) => Response::error(StatusCode::BAD_REQUEST, "invalid redirect"),
        }
    }

    /// The same with a header set.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Response {
        self.headers.insert(name, value);
        self
    }

    /// The same, compressed if the client takes that and it is worth it. Says in `Vary` that it depends on the client.
    #[must_use]
    pub fn compressed(mut self, encoding: Encoding) -> Response {
        self.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        if encoding == Encoding::Gzip
            && let Body::Bytes(bytes) = &self.body
            && bytes.len() >= MIN_COMPRESSED_BYTES
        {
            self.body = Body::Bytes(gzip(bytes).into());
            self.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            self.headers.remove(CONTENT_LENGTH);
        }
        self
    }
}
