//! `oauth2`: a token that another server gives.

use std::collections::BTreeMap;
use std::path::Path;

use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::{ProxyConfig, TlsConfig, are_several, is_default, join_directory};
use crate::secret::Secret;

/// Where tokens come from, and what is shown to get them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct OAuth2 {
    /// Who asks.
    #[serde(skip_serializing_if = "is_default")]
    pub client_id: String,
    /// What shows that it is that client.
    #[serde(skip_serializing_if = "is_default")]
    pub client_secret: Secret,
    /// A file that holds it.
    #[serde(skip_serializing_if = "is_default")]
    pub client_secret_file: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub client_secret_ref: String,
    /// For `jwt-bearer`: the name of the key.
    #[serde(skip_serializing_if = "is_default")]
    pub client_certificate_key_id: String,
    /// For `jwt-bearer`: the key.
    #[serde(skip_serializing_if = "is_default")]
    pub client_certificate_key: Secret,
    /// For `jwt-bearer`: a file that holds the key.
    #[serde(skip_serializing_if = "is_default")]
    pub client_certificate_key_file: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub client_certificate_key_ref: String,
    /// `client_credentials`, where this is empty, or [`OAuth2::JWT_BEARER`].
    #[serde(skip_serializing_if = "is_default")]
    pub grant_type: String,
    /// For `jwt-bearer`: RS256, RS384 or RS512.
    #[serde(skip_serializing_if = "is_default")]
    pub signature_algorithm: String,
    /// For `jwt-bearer`: who issues the assertion.
    #[serde(skip_serializing_if = "is_default")]
    pub iss: String,
    /// For `jwt-bearer`: for whom it is.
    #[serde(skip_serializing_if = "is_default")]
    pub audience: String,
    /// For `jwt-bearer`: what else it says.
    #[serde(skip_serializing_if = "is_default")]
    pub claims: BTreeMap<String, serde_json::Value>,
    /// What the token is for.
    #[serde(skip_serializing_if = "is_default")]
    pub scopes: Vec<String>,
    /// Where to ask.
    #[serde(skip_serializing_if = "is_default")]
    pub token_url: String,
    /// What else is sent.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint_params: BTreeMap<String, String>,
    /// TLS towards the server that gives tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_config: TlsConfig,
    /// The proxy towards it.
    #[serde(rename = "<inline>")]
    pub proxy: ProxyConfig,
}

impl OAuth2 {
    /// The other grant type.
    pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    pub(super) fn check(&self, faults: &mut Faults) {
        if self.client_id.is_empty() {
            faults.add("client_id", "oauth2 client_id must be configured");
        }
        if self.token_url.is_empty() {
            faults.add("token_url", "oauth2 token_url must be configured");
        }
        if self.grant_type == OAuth2::JWT_BEARER {
            self.check_jwt(faults);
        } else if are_several([
            !self.client_secret.is_empty(),
            !self.client_secret_file.is_empty(),
            !self.client_secret_ref.is_empty(),
        ]) {
            faults.add_here(
                "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using \
                 grant-type=client_credentials",
            );
        }
        faults.within("tls_config", |faults| self.tls_config.check(faults));
        self.proxy.check(faults);
    }

    fn check_jwt(&self, faults: &mut Faults) {
        if are_several([
            !self.client_certificate_key.is_empty(),
            !self.client_certificate_key_file.is_empty(),
            !self.client_certificate_key_ref.is_empty(),
        ]) {
            faults.add_here(
                "at most one of oauth2 client_certificate_key, client_certificate_key_file & \
                 client_certificate_key_ref must be configured using \
                 grant-type=urn:ietf:params:oauth:grant-type:jwt-bearer",
            );
        }
        if !matches!(self.signature_algorithm.as_str(), "" | "RS256" | "RS384" | "RS512") {
            faults.add("signature_algorithm", "valid signature algorithms are RS256, RS384 and RS512");
        }
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.client_secret_file);
        join_directory(directory, &mut self.client_certificate_key_file);
        self.tls_config.set_directory(directory);
    }
}
