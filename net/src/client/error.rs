//! Why a request failed, in the words a user of Prometheus knows: `Get "http://host/": dial tcp 127.0.0.1:1: connect:
//! connection refused`.

use std::fmt;
use std::io;

use http::Method;

use crate::body::DecodeError;
use crate::tls::TlsError;
use crate::url::{Url, UrlError};

/// A request that got no response. Prints as Go's `url.Error` does.
#[derive(Debug)]
pub struct SendError {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) cause: SendCause,
}

impl SendError {
    /// What went wrong.
    pub fn cause(&self) -> &SendCause {
        &self.cause
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, rest) = self.method.as_str().split_at(1);
        write!(f, "{first}{} \"{}\": {}", rest.to_ascii_lowercase(), self.url, self.cause)
    }
}

impl std::error::Error for SendError {}

/// What went wrong before there was a response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendCause {
    /// The time allowed for the whole exchange is over.
    #[error("context deadline exceeded")]
    Deadline,
    /// No connection to the target or its proxy.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// No TLS session with the target or its proxy.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The proxy did not open a tunnel.
    #[error("{0}")]
    Proxy(String),
    /// A secret could not be read or a token not be had.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The proxy's connection broke.
    #[error("{}", io_text(.0))]
    Io(#[source] io::Error),
    /// The connection broke.
    #[error("read {name}: read: {text}")]
    Broken {
        /// Its two ends.
        name: String,
        /// What the operating system said.
        text: String,
    },
    /// The connection ended before the response began.
    #[error("EOF")]
    Eof,
    /// What came is not HTTP/1.
    #[error("malformed HTTP response: {0}")]
    Malformed(String),
    /// The head of the response is larger than is allowed.
    #[error("net/http: server response headers exceeded {limit} bytes; aborted")]
    HeadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A `Location` that leads nowhere.
    #[error("failed to parse Location header {location:?}: {error}")]
    Location {
        /// The header's value.
        location: String,
        /// What is wrong with it.
        error: UrlError,
    },
    /// More redirects in a row than are followed.
    #[error("stopped after {limit} redirects")]
    Redirects {
        /// The limit.
        limit: usize,
    },
    /// The request cannot be written as HTTP.
    #[error("net/http: {0}")]
    Request(String),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The name could not be resolved.
    #[error("dial tcp: lookup {host}: {reason}")]
    Lookup {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// The address did not accept.
    #[error("dial {network} {address}: connect: {}", io_text(.error))]
    Connect {
        /// `tcp` or `unix`.
        network: &'static str,
        /// The address.
        address: String,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The address is one that this client does not connect to.
    #[error("dial tcp {address}: link-local and metadata addresses are refused, unless {setting} lists them")]
    Refused {
        /// The address, without the port.
        address: String,
        /// The setting that allows addresses.
        setting: &'static str,
    },
    /// The address did not answer in its share of the time.
    #[error("dial tcp {address}: i/o timeout")]
    Timeout {
        /// The address.
        address: String,
    },
}

/// Why there is nothing to put into an `Authorization` or another secret header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// A file could not be read.
    #[error("unable to read {what}: unable to read file {path}: open {path}: {}", io_text(.error))]
    File {
        /// What the file holds.
        what: &'static str,
        /// Its path.
        path: String,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// A secret holds bytes that no header may hold.
    #[error("invalid header field value for {0:?}")]
    NotAHeader(String),
    /// The token endpoint gave no token.
    #[error("oauth2: {0}")]
    Token(String),
}

/// Why a body that had begun could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The time allowed for the whole exchange is over.
    #[error("context deadline exceeded")]
    Deadline,
    /// The connection ended within the body.
    #[error("unexpected EOF")]
    UnexpectedEof,
    /// The connection broke.
    #[error("read {name}: read: {text}")]
    Broken {
        /// Its two ends.
        name: String,
        /// What the operating system said.
        text: String,
    },
    /// The framing of the body is broken.
    #[error("malformed HTTP body: {0}")]
    Malformed(String),
    /// The body is encoded in a way that was not asked for.
    #[error("unsupported content encoding {0:?}")]
    Encoding(String),
    /// Too large, cut short or damaged.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// An I/O error as Go prints it: the system's words, in lower case, without the number.
pub(crate) fn io_text(error: &io::Error) -> String {
    let mut text = error.to_string();
    if error.raw_os_error().is_some() {
        if let Some(at) = text.find(" (os error ") {
            text.truncate(at);
        }
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_lowercase();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_in_go() {
        let refused = io::Error::from_raw_os_error(111);
        let dial = DialError::Connect { network: "tcp", address: "127.0.0.1:1".to_owned(), error: refused };
        let url = "http://u:secret@127.0.0.1:1/m?a=b".parse().unwrap();
        let error = SendError { method: Method::GET, url, cause: dial.into() };
        let want = "Get \"http://u:***@127.0.0.1:1/m?a=b\": dial tcp 127.0.0.1:1: connect: connection refused";
        assert_eq!(error.to_string(), want);
    }
}
