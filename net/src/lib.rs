//! HTTP: server and client on hyper, TLS, authentication, limits, capped decompression, and the codecs of
//! remote write and remote read.

pub mod body;
pub mod client;
pub mod config;
pub mod form;
pub mod percent;
pub mod remote_read;
pub mod remote_send;
pub mod remote_write;
pub mod secret;
pub mod server;
mod tls;
pub mod url;

pub use secret::Secret;
pub use tls::TlsError;
