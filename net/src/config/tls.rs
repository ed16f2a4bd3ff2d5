//! `tls_config`: whom a client trusts, and what it shows.

use std::path::Path;
use std::str::FromStr;

use model::yaml::Faults;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{are_several, is_default, join_directory};
use crate::secret::Secret;

/// A version of TLS that a configuration may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum TlsVersion {
    /// `TLS10`
    #[serde(rename = "TLS10")]
    Tls10,
    /// `TLS11`
    #[serde(rename = "TLS11")]
    Tls11,
    /// `TLS12`
    #[serde(rename = "TLS12")]
    Tls12,
    /// `TLS13`
    #[serde(rename = "TLS13")]
    Tls13,
}

impl FromStr for TlsVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<TlsVersion, String> {
        match text {
            "TLS10" => Ok(TlsVersion::Tls10),
            "TLS11" => Ok(TlsVersion::Tls11),
            "TLS12" => Ok(TlsVersion::Tls12),
            "TLS13" => Ok(TlsVersion::Tls13),
            _ => Err(format!("unknown TLS version: {text}")),
        }
    }
}

impl<'de> Deserialize<'de> for TlsVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TlsVersion, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The TLS settings of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.TLSConfig", default, deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificates to trust, in PEM.
    #[serde(skip_serializing_if = "is_default")]
    pub ca: String,
    /// Our certificate, in PEM.
    #[serde(skip_serializing_if = "is_default")]
    pub cert: String,
    /// Our key, in PEM.
    #[serde(skip_serializing_if = "is_default")]
    pub key: Secret,
    /// A file that holds the certificates to trust.
    #[serde(skip_serializing_if = "is_default")]
    pub ca_file: String,
    /// A file that holds our certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub cert_file: String,
    /// A file that holds our key.
    #[serde(skip_serializing_if = "is_default")]
    pub key_file: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub ca_ref: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub cert_ref: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub key_ref: String,
    /// The name that the server's certificate must bear; the host's where this is empty.
    #[serde(skip_serializing_if = "is_default")]
    pub server_name: String,
    /// Trust anyone.
    pub insecure_skip_verify: bool,
    /// The least version.
    #[serde(skip_serializing_if = "is_default")]
    pub min_version: Option<TlsVersion>,
    /// The greatest version.
    #[serde(skip_serializing_if = "is_default")]
    pub max_version: Option<TlsVersion>,
}

impl TlsConfig {
    /// Finds what contradicts itself.
    pub fn check(&self, faults: &mut Faults) {
        let cas = [&self.ca, &self.ca_file, &self.ca_ref].map(|text| !text.is_empty());
        let certs = [&self.cert, &self.cert_file, &self.cert_ref].map(|text| !text.is_empty());
        let keys = [self.key.is_empty(), self.key_file.is_empty(), self.key_ref.is_empty()].map(|is_empty| !is_empty);
        if are_several(cas) {
            faults.add_here("at most one of ca, ca_file & ca_ref must be configured");
        }
        if are_several(certs) {
            faults.add_here("at most one of cert, cert_file & cert_ref must be configured");
        }
        if are_several(keys) {
            faults.add_here("at most one of key and key_file must be configured");
        }
        let missing = match (certs.contains(&true), keys.contains(&true)) {
            (true, false) => {
                Some("exactly one of key or key_file must be configured when a client certificate is configured")
            }
            (false, true) => {
                Some("exactly one of cert or cert_file must be configured when a client key is configured")
            }
            _ => None,
        };
        if let Some(missing) = missing {
            faults.add_here(missing);
        }
        if let (Some(min), Some(max)) = (self.min_version, self.max_version)
            && max < min
        {
            faults.add(
                "max_version",
                "tls_config.max_version must be greater than or equal to tls_config.min_version if both are specified",
            );
        }
    }

    /// Makes relative file names relative to a directory.
    pub fn set_directory(&mut self, directory: &Path) {
        for file in [&mut self.ca_file, &mut self.cert_file, &mut self.key_file] {
            join_directory(directory, file);
        }
    }
}
