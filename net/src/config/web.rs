//! The file of `--web.config.file`: TLS, users and headers of our own server, in the format of Prometheus's
//! exporter-toolkit.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use model::yaml::Faults;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::join_directory;
use super::tls::TlsVersion;
use crate::secret::Secret;

/// All of the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "web.Config", default, deny_unknown_fields)]
pub struct WebConfig {
    /// TLS; off where nothing of it is given.
    pub tls_server_config: WebTlsConfig,
    /// HTTP/2 and headers.
    pub http_server_config: WebHttpConfig,
    /// How many requests are taken.
    pub rate_limit: RateLimit,
    /// Who may come in, and the bcrypt hash of each password.
    pub basic_auth_users: BTreeMap<String, Secret>,
}

/// TLS of the server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename = "web.TLSConfig", default, deny_unknown_fields)]
pub struct WebTlsConfig {
    /// The certificate, in PEM.
    pub cert: String,
    /// The key, in PEM.
    pub key: Secret,
    /// The authority of clients, in PEM.
    pub client_ca: String,
    /// A file that holds the certificate.
    pub cert_file: String,
    /// A file that holds the key.
    pub key_file: String,
    /// What clients must show; `None` where nothing is said.
    pub client_auth_type: Option<ClientAuthType>,
    /// A file that holds the authority of clients.
    pub client_ca_file: String,
    /// Ciphers of TLS 1.2, by Go's names.
    pub cipher_suites: Vec<String>,
    /// Curves, by Go's names.
    pub curve_preferences: Vec<String>,
    /// The least version.
    pub min_version: TlsVersion,
    /// The greatest version.
    pub max_version: TlsVersion,
    /// Of no effect, as in Go.
    pub prefer_server_cipher_suites: bool,
    /// Names one of which a client's certificate must bear.
    pub client_allowed_sans: Vec<String>,
}

impl Default for WebTlsConfig {
    fn default() -> WebTlsConfig {
        WebTlsConfig {
            cert: String::new(),
            key: Secret::default(),
            client_ca: String::new(),
            cert_file: String::new(),
            key_file: String::new(),
            client_auth_type: None,
            client_ca_file: String::new(),
            cipher_suites: Vec::new(),
            curve_preferences: Vec::new(),
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
            prefer_server_cipher_suites: true,
            client_allowed_sans: Vec::new(),
        }
    }
}

/// What a client must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthType {
    /// `NoClientCert`: nothing.
    None,
    /// `RequestClientCert`: a certificate is asked for, none is needed.
    Request,
    /// `RequireAnyClientCert`: any certificate.
    RequireAny,
    /// `VerifyClientCertIfGiven`: none, or one of the authority.
    VerifyIfGiven,
    /// `RequireAndVerifyClientCert`: one of the authority.
    RequireAndVerify,
}

impl FromStr for ClientAuthType {
    type Err = String;

    fn from_str(text: &str) -> Result<ClientAuthType, String> {
        match text {
            "NoClientCert" => Ok(ClientAuthType::None),
            "RequestClientCert" => Ok(ClientAuthType::Request),
            "RequireAnyClientCert" | "RequireClientCert" => Ok(ClientAuthType::RequireAny),
            "VerifyClientCertIfGiven" => Ok(ClientAuthType::VerifyIfGiven),
            "RequireAndVerifyClientCert" => Ok(ClientAuthType::RequireAndVerify),
            _ => Err(format!("invalid ClientAuth: {text}")),
        }
    }
}

impl<'de> Deserialize<'de> for ClientAuthType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ClientAuthType, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// HTTP/2 and headers of the server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename = "web.HTTPConfig", default, deny_unknown_fields)]
pub struct WebHttpConfig {
    /// Speak HTTP/2 where TLS is on.
    pub http2: bool,
    /// Headers of each response.
    pub headers: BTreeMap<String, String>,
}

impl Default for WebHttpConfig {
    fn default() -> WebHttpConfig {
        WebHttpConfig { http2: true, headers: BTreeMap::new() }
    }
}

/// How many requests are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename = "web.RateLimiterConfig", default, deny_unknown_fields)]
pub struct RateLimit {
    /// Requests at once.
    pub burst: i64,
    /// Time after which one more is taken; zero for no limit.
    #[serde(deserialize_with = "go_duration")]
    pub interval: Duration,
}

/// Ciphers that Go offers to choose from.
const CIPHERS: [&str; 13] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
];
/// Curves that the toolkit offers to choose from.
const CURVES: [&str; 4] = ["CurveP256", "CurveP384", "CurveP521", "X25519"];
/// Headers that may be set, and their values where only some mean something.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];

impl WebConfig {
    /// Finds what contradicts itself.
    pub fn check(&self, faults: &mut Faults) {
        faults.within("tls_server_config", |faults| self.tls_server_config.check(faults));
        faults.within("http_server_config", |faults| {
            faults.within("headers", |faults| check_headers(&self.http_server_config.headers, faults));
        });
        faults.within("basic_auth_users", |faults| {
            for (user, hash) in &self.basic_auth_users {
                if hash.expose().parse::<bcrypt::HashParts>().is_err() {
                    faults.add(user, "the password of this user is not a bcrypt hash (htpasswd -nBC 10 makes one)");
                }
            }
        });
    }

    /// Makes relative file names relative to a directory.
    pub fn set_directory(&mut self, directory: &Path) {
        let tls = &mut self.tls_server_config;
        for file in [&mut tls.cert_file, &mut tls.key_file, &mut tls.client_ca_file] {
            join_directory(directory, file);
        }
    }
}

impl WebTlsConfig {
    /// Whether anything is said that turns TLS on.
    pub fn is_on(&self) -> bool {
        let texts =
            [&self.cert, &self.cert_file, &self.key_file, &self.client_ca, &self.client_ca_file].map(String::is_empty);
        texts.contains(&false) || !self.key.is_empty() || self.client_auth_type.is_some()
    }

    fn check(&self, faults: &mut Faults) {
        for (field, known, names, what) in [
            ("cipher_suites", CIPHERS.as_slice(), &self.cipher_suites, "cipher"),
            ("curve_preferences", CURVES.as_slice(), &self.curve_preferences, "curve"),
        ] {
            faults.within_each(field, names, |faults, name| {
                if !known.contains(&name.as_str()) {
                    faults.add_here(format_args!("unknown {what}: {name}"));
                }
            });
        }
        if !self.is_on() {
            return;
        }
        if self.cert.is_empty() && self.cert_file.is_empty() {
            faults.add("cert_file", "missing one of cert or cert_file");
        }
        if self.key.is_empty() && self.key_file.is_empty() {
            faults.add("key_file", "missing one of key or key_file");
        }
        let has_authority = !self.client_ca.is_empty() || !self.client_ca_file.is_empty();
        if has_authority && matches!(self.client_auth_type, None | Some(ClientAuthType::None)) {
            faults.add("client_ca_file", "client CA's have been configured without a Client Auth Policy");
        }
        if self.max_version < self.min_version {
            faults.add("max_version", "max_version is less than min_version");
        }
    }
}

fn check_headers(headers: &BTreeMap<String, String>, faults: &mut Faults) {
    for (name, value) in headers {
        match HEADERS.iter().find(|(known, _)| known == name) {
            None => faults.add(name, format_args!("HTTP header {name:?} can not be configured")),
            Some((_, values)) if !values.is_empty() && !values.contains(&value.as_str()) => {
                let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
                let values = values.join(" ");
                faults.add(
                    name,
                    format_args!("invalid value for {name}. Expected one of: [{values}], but got: {value:?}"),
                );
            }
            Some(_) => {}
        }
    }
}

/// A duration as Go writes them: `1m30s`, `1.5s`, `100ms`.
fn go_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(Duration::ZERO) };
    parse_go_duration(&text).ok_or_else(|| D::Error::custom(format_args!("time: invalid duration {text:?}")))
}

fn parse_go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, after) = rest.split_at(rest.find(|c| !is_number(c)).unwrap_or(rest.len()));
        let (unit, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        let factor = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok() }
}
