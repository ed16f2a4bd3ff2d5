//! From an [`HttpConfig`] to a client.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::addresses::Addresses;
use super::auth::{Authorization, ConfiguredHeader};
use super::oauth2::TokenSource;
use super::proxy::ProxyRules;
use super::{Client, Shared};
use crate::config::{Headers, HttpConfig, OAuth2, ProxyConfig, TlsConfig};
use crate::secret::Secret;
use crate::tls::{ClientSettings, ClientTls, Source, TlsError};
use crate::url::{Url, UrlError};

/// What does not come from a configuration.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The `User-Agent`, where a request brings none.
    pub user_agent: HeaderValue,
    /// The head of a response may have so many bytes; at least 8192.
    pub max_head_bytes: usize,
    /// Which addresses are connected to.
    pub addresses: Addresses,
}

impl Default for ClientOptions {
    fn default() -> ClientOptions {
        let user_agent = HeaderValue::from_static(concat!("narthex/", env!("CARGO_PKG_VERSION")));
        ClientOptions { user_agent, max_head_bytes: 64 << 10, addresses: Addresses::default() }
    }
}

/// Why a configuration makes no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientSetupError {
    /// The TLS settings cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A URL cannot be asked.
    #[error("{field}: {error}")]
    Url {
        /// `proxy_url` or `token_url`.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        error: UrlError,
    },
    /// A header's name or value cannot be sent.
    #[error("invalid header {0:?}")]
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
        Ok(Client { shared: Arc::new(Shared { tls, authorization, headers, proxy, follow_redirects, options }) })
    }
}

impl Client {
    /// A client as a configuration describes it. Reads certificates, to find now what is wrong with them.
    ///
    /// # Errors
    /// When the configuration cannot be used, or asks for what is not built yet.
    pub fn new(config: &HttpConfig, options: ClientOptions) -> Result<Client, ClientSetupError> {
        let settings = Settings {
            tls: tls_settings(&config.tls_config)?,
            authorization: authorization(config, &options)?,
            headers: configured_headers(&config.http_headers)?,
            proxy: proxy_rules(&config.proxy)?,
            follow_redirects: config.follow_redirects,
        };
        settings.build(options)
    }
}

fn authorization(config: &HttpConfig, options: &ClientOptions) -> Result<Authorization, ClientSetupError> {
    if let Some(basic) = &config.basic_auth {
        no_reference(&[&basic.username_ref, &basic.password_ref])?;
        let user = Source::given(&basic.username.as_str().into(), &basic.username_file);
        return Ok(Authorization::Basic { user, password: Source::given(&basic.password, &basic.password_file) });
    }
    if let Some(oauth2) = &config.oauth2 {
        return Ok(Authorization::OAuth2(Box::new(token_source(oauth2, options)?)));
    }
    let from_authorization = config.authorization.as_ref();
    if let Some(authorization) = from_authorization {
        no_reference(&[&authorization.credentials_ref])?;
        let scheme = match authorization.scheme.trim() {
            "" => crate::config::Authorization::DEFAULT_SCHEME,
            scheme => scheme,
        };
        let credentials = Source::given(&authorization.credentials, &authorization.credentials_file);
        return Ok(Authorization::Scheme { scheme: scheme.to_owned(), credentials });
    }
    let bearer = Source::given(&config.bearer_token, &config.bearer_token_file);
    let scheme = crate::config::Authorization::DEFAULT_SCHEME.to_owned();
    Ok(bearer.map_or(Authorization::None, |token| Authorization::Scheme { scheme, credentials: Some(token) }))
}

fn token_source(config: &OAuth2, options: &ClientOptions) -> Result<TokenSource, ClientSetupError> {
    if !matches!(config.grant_type.as_str(), "" | "client_credentials") {
        return Err(ClientSetupError::NotSupported(format!("oauth2 grant_type {:?}", config.grant_type)));
    }
    no_reference(&[&config.client_secret_ref])?;
    let token_url: Url =
        config.token_url.parse().map_err(|error| ClientSetupError::Url { field: "token_url", error })?;
    let settings = Settings {
        tls: tls_settings(&config.tls_config)?,
        proxy: proxy_rules(&config.proxy)?,
        follow_redirects: true,
        ..Settings::default()
    };
    let channel = settings.build(options.clone())?.channel();
    Ok(TokenSource::new(
        token_url,
        config.client_id.clone(),
        Source::given(&config.client_secret, &config.client_secret_file),
        config.scopes.clone(),
        config.endpoint_params.clone().into_iter().collect(),
        channel,
    ))
}

pub(super) fn tls_settings(config: &TlsConfig) -> Result<ClientSettings, ClientSetupError> {
    no_reference(&[&config.ca_ref, &config.cert_ref, &config.key_ref])?;
    let server_name = Some(config.server_name.clone()).filter(|name| !name.is_empty());
    Ok(ClientSettings {
        ca: Source::given(&config.ca.as_str().into(), &config.ca_file),
        cert: Source::given(&config.cert.as_str().into(), &config.cert_file),
        key: Source::given(&config.key, &config.key_file),
        server_name,
        insecure_skip_verify: config.insecure_skip_verify,
        min_version: config.min_version,
        max_version: config.max_version,
    })
}

fn proxy_rules(config: &ProxyConfig) -> Result<ProxyRules, ClientSetupError> {
    let mut rules = if config.proxy_from_environment {
        ProxyRules::from_environment(|name| std::env::var(name).ok())
    } else if config.proxy_url.is_empty() {
        return Ok(ProxyRules::default());
    } else {
        let proxy = match config.proxy_url.to_url() {
            Err(UrlError::Scheme(scheme)) => {
                return Err(ClientSetupError::NotSupported(format!("proxy_url with scheme {scheme:?}")));
            }
            Err(error) => return Err(ClientSetupError::Url { field: "proxy_url", error }),
            Ok(proxy) => proxy,
        };
        ProxyRules::fixed(proxy, &config.no_proxy)
    };
    for (name, values) in &config.proxy_connect_header {
        for value in values {
            let (name, value) = header(name, value)?;
            rules.connect_headers.append(name, value);
        }
    }
    Ok(rules)
}

fn configured_headers(config: &Headers) -> Result<Vec<ConfiguredHeader>, ClientSetupError> {
    let mut headers = Vec::new();
    for (name, values) in &config.0 {
        let plain = values.values.iter().map(|value| Secret::from(value.as_str()));
        for value in plain.chain(values.secrets.iter().cloned()) {
            let (name, _) = header(name, &value)?;
            headers.push(ConfiguredHeader { name, value: Source::Inline(value) });
        }
        for file in &values.files {
            let (name, _) = header(name, &Secret::default())?;
            headers.push(ConfiguredHeader { name, value: Source::File(file.into()) });
        }
    }
    Ok(headers)
}

fn header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), ClientSetupError> {
    let invalid = || ClientSetupError::Header(name.to_owned());
    let known: HeaderName = name.parse().map_err(|_| invalid())?;
    let mut value = HeaderValue::try_from(value.expose()).map_err(|_| invalid())?;
    value.set_sensitive(true);
    Ok((known, value))
}

/// References into a secret manager, of which there is none.
fn no_reference(references: &[&String]) -> Result<(), ClientSetupError> {
    if references.iter().all(|reference| reference.is_empty()) {
        return Ok(());
    }
    Err(ClientSetupError::NotSupported("a reference to a secret manager".to_owned()))
}
