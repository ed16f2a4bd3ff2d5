//! The section `tracing`. Read and checked, not built yet.

use std::collections::BTreeMap;

use model::duration::PromDuration;
use model::yaml::Faults;
use net::config::TlsConfig;
use serde::{Deserialize, Serialize};

use super::is_default;
use super::remote::is_reserved_header;

/// Where traces of narthex itself are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct TracingConfig {
    pub(crate) client_type: String,
    pub(crate) endpoint: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sampling_fraction: f64,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) insecure: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) tls_config: TlsConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) compression: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) timeout: PromDuration,
}

impl Default for TracingConfig {
    fn default() -> TracingConfig {
        TracingConfig {
            client_type: "grpc".to_owned(),
            endpoint: String::new(),
            sampling_fraction: 0.0,
            insecure: false,
            tls_config: TlsConfig::default(),
            headers: BTreeMap::new(),
            compression: String::new(),
            timeout: PromDuration::ZERO,
        }
    }
}

impl TracingConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        let client_type = &self.client_type;
        if !matches!(client_type.as_str(), "http" | "grpc") {
            faults.add(
                "client_type",
                format_args!("expected tracing client type to be to be http or grpc, but got {client_type}"),
            );
        }
        if self.endpoint.is_empty() {
            faults.add("endpoint", "tracing endpoint must be set");
        }
        if !matches!(self.compression.as_str(), "" | "gzip") {
            let compression = &self.compression;
            faults.add(
                "compression",
                format_args!("invalid compression type {compression} provided, valid options: gzip"),
            );
        }
        faults.within("headers", |faults| {
            for header in self.headers.keys() {
                if header.eq_ignore_ascii_case("authorization") {
                    faults.add(header, "custom authorization header configuration is not yet supported");
                } else if is_reserved_header(header) {
                    faults.add(header, format_args!("{header} is a reserved header. It must not be changed"));
                }
            }
        });
        faults.within("tls_config", |faults| self.tls_config.check(faults));
    }
}
