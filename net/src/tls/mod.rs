//! TLS by rustls with one provider, aws-lc-rs: settings of both sides, from files that may change while we run.
//!
//! Files are read again before each request or handshake and compared byte by byte with what they held; nothing is
//! built anew while they are the same. Certificates and keys are PEM. TLS 1.2 and 1.3 exist, nothing older.
//! Absent: session tickets across restarts, revocation lists, HTTP/2.

mod client;
mod error;
mod material;
mod san;
mod server;
mod versions;

pub(crate) use client::{ClientSettings, ClientTls};
pub use error::TlsError;
pub(crate) use material::Source;
pub(crate) use server::{ServerSettings, ServerTls};

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;

/// The one cryptography provider.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())).clone()
}
