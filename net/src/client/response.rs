//! A response whose body is still to be read.

use std::future::poll_fn;
use std::pin::Pin;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame};
use hyper::body::{Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::error::ReadError;
use super::{io_error, io_text};
use crate::body::{BodyDecoder, ContentEncoding, DecodeError};
use crate::url::Url;

/// The head of a response, and its body to come. Dropping it unread closes the connection.
#[derive(Debug)]
pub struct Response<'channel> {
    head: http::response::Parts,
    body: Incoming,
    url: Url,
    connection: Connection,
    kept: &'channel mut Option<Connection>,
    deadline: Instant,
}

impl<'channel> Response<'channel> {
    pub(super) fn new(
        response: http::Response<Incoming>,
        url: Url,
        connection: Connection,
        kept: &'channel mut Option<Connection>,
        deadline: Instant,
    ) -> Response<'channel> {
        let (head, body) = response.into_parts();
        Response { head, body, url, connection, kept, deadline }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The status as it was sent: `404 Not Found`.
    pub fn status_text(&self) -> String {
        let sent = self.head.extensions.get::<ReasonPhrase>().map(|reason| String::from_utf8_lossy(reason.as_bytes()));
        let known = || self.head.status.canonical_reason().unwrap_or_default().into();
        format!("{} {}", self.head.status.as_u16(), sent.unwrap_or_else(known))
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Who answered in the end.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Appends the whole body to `out`, decompressed, at most `limit` bytes of it, and keeps the connection. On error
    /// what `out` held is gone.
    ///
    /// # Errors
    /// When the body does not come in time, is cut short, damaged or too large.
    pub async fn read_into(mut self, limit: usize, out: &mut Vec<u8>) -> Result<(), ReadError> {
        let encoding = self.encoding()?;
        if encoding == ContentEncoding::Identity && self.declared_length().is_some_and(|length| length > limit as u64) {
            return Err(DecodeError::TooLarge { limit }.into());
        }
        let mut decoder = BodyDecoder::new(encoding, limit, std::mem::take(out));
        while let Some(piece) = self.next_piece().await? {
            if encoding == ContentEncoding::Identity {
                decoder.push(&piece)?;
                continue;
            }
            // A bomb must not keep a thread from everyone else: a kilobyte unpacks to a megabyte at most.
            for part in piece.chunks(1024) {
                decoder.push(part)?;
                tokio::task::yield_now().await;
            }
        }
        *out = decoder.finish()?;
        self.connection.idle_since = Instant::now();
        *self.kept = Some(self.connection);
        Ok(())
    }

    fn encoding(&self) -> Result<ContentEncoding, ReadError> {
        let Some(value) = self.head.headers.get(CONTENT_ENCODING) else { return Ok(ContentEncoding::Identity) };
        ContentEncoding::from_header(value.as_bytes())
            .ok_or_else(|| ReadError::Encoding(String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    fn declared_length(&self) -> Option<u64> {
        self.head.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, ReadError> {
        loop {
            let frame = timeout_at(self.deadline, poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)));
            match frame.await {
                Err(_) => return Err(ReadError::Deadline),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(self.read_error(&error)),
                Ok(Some(Ok(frame))) => {
                    if let Ok(piece) = Frame::into_data(frame) {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }

    fn read_error(&self, error: &hyper::Error) -> ReadError {
        match io_error(error) {
            Some(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => ReadError::UnexpectedEof,
            Some(io)
                if io.kind() == std::io::ErrorKind::InvalidInput || io.kind() == std::io::ErrorKind::InvalidData =>
            {
                ReadError::Malformed(io.to_string())
            }
            Some(io) => ReadError::Broken { name: self.connection.name.clone(), text: io_text(io) },
            None if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
                ReadError::UnexpectedEof
            }
            None => ReadError::Malformed(error.to_string()),
        }
    }
}
