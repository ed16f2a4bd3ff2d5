//! The section `narthex`: what is our own.

use std::collections::BTreeMap;
use std::path::Path;

use model::duration::PromDuration;
use model::name;
use model::size::ByteSize;
use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::is_default;

/// What Prometheus's file has no place for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "narthex", default, deny_unknown_fields)]
pub(crate) struct NarthexConfig {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) alertmanager_config_file: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) slo_files: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) dashboard_files: Vec<String>,
    /// Of mails and reports.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) language: Language,
    /// Limits by name, as they are written; see [`NarthexConfig::limit`].
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) limits: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) tokens: Vec<Token>,
}

/// A language that every text is there in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN")]
    Chinese,
}

/// Who may come in with a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "narthex.token", default, deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) name: String,
    /// The SHA-256 of the token, in hexadecimal digits.
    pub(crate) sha256: net::Secret,
    pub(crate) roles: Vec<Role>,
    /// The products that the roles are for; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) products: Vec<String>,
}

/// What someone may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Read.
    Viewer,
    /// Record deployments and ask gates.
    Deployer,
    /// Silence and override.
    Operator,
    /// Everything.
    Admin,
}

/// How a limit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Count,
    Bytes,
    Duration,
}

/// The limits that the section sets. Those of queries and of connections have flags, as in Prometheus.
const LIMITS: [(&str, Unit); 5] = [
    ("head_series", Unit::Count),
    ("sample_ahead", Unit::Duration),
    ("query_memory", Unit::Bytes),
    ("query_memory_total", Unit::Bytes),
    ("remote_write_body", Unit::Bytes),
];

impl NarthexConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.within("limits", |faults| {
            for (limit, text) in &self.limits {
                match LIMITS.iter().find(|(known, _)| known == limit) {
                    None => {
                        let known = LIMITS.map(|(known, _)| known).join(", ");
                        faults.add(limit, format_args!("there is no limit {limit}; there are {known}"));
                    }
                    Some((_, unit)) => {
                        if let Err(error) = parse_limit(text, *unit) {
                            faults.add(limit, error);
                        }
                    }
                }
            }
        });
        faults.within_each("tokens", self.tokens.iter().enumerate(), |faults, (index, token)| {
            if token.name.is_empty() {
                faults.add("name", "a token needs a name");
            } else if self.tokens[..index].iter().any(|before| before.name == token.name) {
                faults.add("name", format_args!("there are two tokens with the name {}", name::quoted(&token.name)));
            }
            let hash = token.sha256.expose();
            if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                faults.add(
                    "sha256",
                    "not a SHA-256: 64 hexadecimal digits are needed (printf %s TOKEN | sha256sum makes them)",
                );
            }
            if token.roles.is_empty() {
                faults.add("roles", "a token needs roles: viewer, deployer, operator, admin");
            }
        });
    }

    /// The value of a limit that is set: a number, bytes or milliseconds.
    pub(crate) fn limit(&self, name: &str) -> Option<u64> {
        let (_, unit) = LIMITS.iter().find(|(known, _)| *known == name)?;
        parse_limit(self.limits.get(name)?, *unit).ok()
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.alertmanager_config_file);
        for file in self.slo_files.iter_mut().chain(&mut self.dashboard_files) {
            join_directory(directory, file);
        }
    }
}

fn parse_limit(text: &str, unit: Unit) -> Result<u64, String> {
    match unit {
        Unit::Count => text.parse().map_err(|_| format!("not a whole number: {text}")),
        Unit::Bytes => text.parse().map(|ByteSize(bytes)| bytes).map_err(|error| error.to_string()),
        Unit::Duration => {
            let millis = text.parse().map(PromDuration::as_millis).map_err(|error| error.to_string())?;
            Ok(millis.unsigned_abs())
        }
    }
}
