//! Connections for protocols other than HTTP, with the same look-ups, TLS and words for errors.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use super::addresses::Addresses;
use super::dial;
use super::error::DialError;
use super::settings::{ClientSetupError, tls_settings};
use crate::config::TlsConfig;
use crate::tls::{ClientTls, TlsError};

/// Connects, and begins TLS when its user wants it to begin.
#[derive(Clone, Debug)]
pub struct Dialer {
    tls: Arc<ClientTls>,
    addresses: Addresses,
}

impl Dialer {
    /// A dialer to these addresses with the TLS settings of a configuration. Reads certificates, to find now what is wrong with them.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(config: &TlsConfig, addresses: Addresses) -> Result<Dialer, ClientSetupError> {
        Ok(Dialer { tls: ClientTls::new(tls_settings(config)?)?, addresses })
    }

    /// Connects to the first address of `host` that accepts.
    ///
    /// # Errors
    /// When none does until the deadline.
    pub async fn connect(&self, host: &str, port: u16, deadline: Instant) -> Result<TcpStream, DialError> {
        dial::tcp(host, port, &self.addresses, deadline).await
    }

    /// Begins TLS with `host`, whose name the certificate must bear.
    ///
    /// # Errors
    /// When the settings cannot be used, or either side does not trust the other.
    pub async fn secure(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, TlsError> {
        self.tls.handshake(self.tls.current().await?, host, stream).await
    }
}
