//! `proxy_url` and its companions, which stand among the fields of what uses them.

use std::collections::BTreeMap;

use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::{ConfigUrl, is_default};
use crate::secret::Secret;

/// Which proxy to go through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.ProxyConfig", default, deny_unknown_fields)]
pub struct ProxyConfig {
    /// The proxy.
    #[serde(skip_serializing_if = "is_default")]
    pub proxy_url: ConfigUrl,
    /// Hosts, domains and networks to which no proxy leads, separated by commas.
    #[serde(skip_serializing_if = "is_default")]
    pub no_proxy: String,
    /// Take the proxy from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
    #[serde(skip_serializing_if = "is_default")]
    pub proxy_from_environment: bool,
    /// Headers for the proxy when a tunnel is asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub proxy_connect_header: BTreeMap<String, Vec<Secret>>,
}

impl ProxyConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        if !self.proxy_connect_header.is_empty() && !self.proxy_from_environment && self.proxy_url.is_empty() {
            faults.add(
                "proxy_connect_header",
                "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
            );
        }
        if self.proxy_from_environment && !self.proxy_url.is_empty() {
            faults.add("proxy_url", "if proxy_from_environment is configured, proxy_url must not be configured");
        }
        if self.proxy_from_environment && !self.no_proxy.is_empty() {
            faults.add("no_proxy", "if proxy_from_environment is configured, no_proxy must not be configured");
        }
        if !self.proxy_from_environment && self.proxy_url.is_empty() && !self.no_proxy.is_empty() {
            faults.add("no_proxy", "if no_proxy is configured, proxy_url must also be configured");
        }
    }
}
