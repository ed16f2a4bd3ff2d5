//! From an `http_config` to a client.

use http::HeaderValue;

use super::auth::{Authorization, ConfiguredHeader};
use super::proxy::ProxyRules;
use super::{Client, Shared};
use crate::tls::{ClientSettings, ClientTls, TlsError};

/// What does not come from a configuration.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The `User-Agent`, where a request brings none.
    pub user_agent: HeaderValue,
    /// The head of a response may have so many bytes; at least 8192.
    pub max_head_bytes: usize,
}

impl Default for ClientOptions {
    fn default() -> ClientOptions {
        let user_agent = HeaderValue::from_static(concat!("narthex/", env!("CARGO_PKG_VERSION")));
        ClientOptions { user_agent, max_head_bytes: 64 << 10 }
    }
}

/// Why a configuration makes no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientSetupError {
    /// The TLS settings cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A proxy's URL cannot be used.
    #[error("proxy URL: {0}")]
    Proxy(#[from] crate::url::UrlError),
    /// A header's name or value cannot be sent.
    #[error("setting header {0:?} is not allowed")]
    Header(String),
    /// What is asked for is not built yet.
    #[error("{0} is not supported yet")]
    NotSupported(String),
}

/// What a client is made of, whatever file it was read from.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) tls: ClientSettings,
    pub(super) authorization: Authorization,
    pub(super) headers: Vec<ConfiguredHeader>,
    pub(super) proxy: ProxyRules,
    pub(super) follow_redirects: bool,
}

impl Settings {
    pub(super) fn build(self, options: ClientOptions) -> Result<Client, ClientSetupError> {
        let Settings { tls, authorization, headers, proxy, follow_redirects } = self;
        let tls = ClientTls::new(tls)?;
        Ok(Client {
            shared: std::sync::Arc::new(Shared { tls, authorization, headers, proxy, follow_redirects, options }),
        })
    }
}
