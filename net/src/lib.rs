//! HTTP: server and client on hyper, TLS, authentication, limits, capped decompression, and the remote-write codec.

pub mod body;
pub mod client;
pub mod form;
pub mod percent;
mod tls;
pub mod url;

pub use tls::TlsError;
