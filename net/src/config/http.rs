//! `http_config`: how a client talks to its hosts. Mostly its fields stand among those of what it belongs to.

use std::path::Path;

use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::{Authorization, BasicAuth, Headers, OAuth2, ProxyConfig, TlsConfig, is_default, join_directory};
use crate::secret::Secret;

/// Credentials, TLS, proxy, redirects and headers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.HTTPClientConfig", default, deny_unknown_fields)]
pub struct HttpConfig {
    /// User and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<BasicAuth>,
    /// Another scheme of authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// A token that another server gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<OAuth2>,
    /// The old way to write `authorization`; [`HttpConfig::fill`] moves it there.
    #[serde(skip_serializing_if = "is_default")]
    pub bearer_token: Secret,
    /// As `bearer_token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub bearer_token_file: String,
    /// TLS towards the hosts.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_config: TlsConfig,
    /// Go where a `3xx` points.
    pub follow_redirects: bool,
    /// Use HTTP/2 where the host speaks it.
    pub enable_http2: bool,
    /// The proxy towards the hosts.
    #[serde(rename = "<inline>")]
    pub proxy: ProxyConfig,
    /// Headers for each request.
    #[serde(skip_serializing_if = "is_default")]
    pub http_headers: Headers,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig {
            basic_auth: None,
            authorization: None,
            oauth2: None,
            bearer_token: Secret::default(),
            bearer_token_file: String::new(),
            tls_config: TlsConfig::default(),
            follow_redirects: true,
            enable_http2: true,
            proxy: ProxyConfig::default(),
            http_headers: Headers::default(),
        }
    }
}

impl HttpConfig {
    /// Finds what contradicts itself.
    pub fn check(&self, faults: &mut Faults) {
        let has_bearer = !self.bearer_token.is_empty() || !self.bearer_token_file.is_empty();
        let has_basic_or_oauth2 = self.basic_auth.is_some() || self.oauth2.is_some();
        if !self.bearer_token.is_empty() && !self.bearer_token_file.is_empty() {
            faults.add("bearer_token_file", "at most one of bearer_token & bearer_token_file must be configured");
        }
        if has_basic_or_oauth2 && has_bearer {
            faults.add(
                if self.bearer_token.is_empty() { "bearer_token_file" } else { "bearer_token" },
                "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
            );
        }
        if self.authorization.is_some() && has_bearer {
            faults.add("authorization", "authorization is not compatible with bearer_token & bearer_token_file");
        }
        if (self.authorization.is_some() && has_basic_or_oauth2) || (self.basic_auth.is_some() && self.oauth2.is_some())
        {
            faults.add(
                if self.authorization.is_some() { "authorization" } else { "oauth2" },
                "at most one of basic_auth, oauth2 & authorization must be configured",
            );
        }
        if let Some(basic_auth) = &self.basic_auth {
            faults.within("basic_auth", |faults| basic_auth.check(faults));
        }
        if let Some(authorization) = &self.authorization {
            faults.within("authorization", |faults| authorization.check(faults));
        }
        if let Some(oauth2) = &self.oauth2 {
            faults.within("oauth2", |faults| oauth2.check(faults));
        }
        faults.within("tls_config", |faults| self.tls_config.check(faults));
        self.proxy.check(faults);
        faults.within("http_headers", |faults| self.http_headers.check(faults));
    }

    /// Puts what was written in an old way where it belongs, and defaults where nothing was written.
    pub fn fill(&mut self) {
        let token = std::mem::take(&mut self.bearer_token);
        let file = std::mem::take(&mut self.bearer_token_file);
        match &mut self.authorization {
            Some(authorization) => authorization.fill(),
            None if !token.is_empty() || !file.is_empty() => {
                self.authorization = Some(Authorization::bearer(token, file));
            }
            None => {}
        }
    }

    /// Makes relative file names relative to a directory.
    pub fn set_directory(&mut self, directory: &Path) {
        self.tls_config.set_directory(directory);
        self.http_headers.set_directory(directory);
        join_directory(directory, &mut self.bearer_token_file);
        if let Some(basic_auth) = &mut self.basic_auth {
            basic_auth.set_directory(directory);
        }
        if let Some(authorization) = &mut self.authorization {
            authorization.set_directory(directory);
        }
        if let Some(oauth2) = &mut self.oauth2 {
            oauth2.set_directory(directory);
        }
    }
}
