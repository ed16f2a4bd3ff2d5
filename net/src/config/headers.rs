//! `http_headers`.

use std::collections::BTreeMap;
use std::path::Path;

use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::{is_default, join_directory};
use crate::secret::Secret;

/// Headers that the connection, the protocol or Prometheus itself set.
const RESERVED: [&str; 18] = [
    "Authorization",
    "Host",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "User-Agent",
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Www-Authenticate",
    "Accept-Encoding",
    "X-Prometheus-Remote-Write-Version",
    "X-Prometheus-Remote-Read-Version",
    "X-Prometheus-Scrape-Timeout-Seconds",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];

/// Headers for each request, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(pub BTreeMap<String, HeaderValues>);

/// The values of one header: written out, secret, or in files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.Header", default, deny_unknown_fields)]
pub struct HeaderValues {
    /// Values that may be shown.
    #[serde(skip_serializing_if = "is_default")]
    pub values: Vec<String>,
    /// Values that may not.
    #[serde(skip_serializing_if = "is_default")]
    pub secrets: Vec<Secret>,
    /// Files that hold values.
    #[serde(skip_serializing_if = "is_default")]
    pub files: Vec<String>,
}

impl Headers {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        for name in self.0.keys() {
            if let Some(reserved) = RESERVED.iter().find(|reserved| reserved.eq_ignore_ascii_case(name)) {
                faults.add(name, format_args!("setting header {reserved:?} is not allowed"));
            }
        }
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        let files = self.0.values_mut().flat_map(|header| &mut header.files);
        files.for_each(|file| join_directory(directory, file));
    }
}
