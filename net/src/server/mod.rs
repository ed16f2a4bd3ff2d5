//! An HTTP/1.1 server that holds out against slow, idle, numerous and broken clients.
//!
//! A [`Handler`] is a plain asynchronous function from [`Request`] to [`Response`]. [`Server::serve`] accepts on its
//! listeners, keeps to its [`ServerLimits`], speaks TLS and checks passwords and tokens where it is told to
//! ([`Access`]), turns a panic into a 500, and stops in time. Long work and long bodies go through [`produce`].
//! Absent: HTTP/2, upgrades, trailers.

mod access;
mod caller;
mod cors;
mod counts;
mod encoding;
mod limits;
mod outgoing;
mod panics;
mod passwords;
mod phase;
mod produce;
mod request;
mod response;
mod serve;
mod slots;
#[cfg(test)]
mod tests;
mod tokens;
mod watched;

pub use access::{Access, WebConfigError};
pub use caller::Caller;
pub use cors::Cors;
pub use counts::{Count, ServerCounts};
pub use encoding::{Encoding, gzip};
pub use limits::ServerLimits;
pub use passwords::MAX_WAITING as MAX_WAITING_LOGINS;
pub use produce::produce;
pub use request::{BodyError, MAX_FORM_BYTES, Request};
pub use response::{Body, Piece, Response, WriteBody};
pub use serve::{Handler, Server};
pub use tokens::Tokens;
