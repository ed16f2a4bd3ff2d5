//! `webex_configs`: Webex.

use std::path::Path;

use model::yaml::Faults;
use net::config::{ConfigUrl, HttpConfig};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;

/// A room of Webex.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct WebexConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The API.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: Option<ConfigUrl>,
    /// The text, as Markdown.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// The room; a template.
    pub room_id: String,
}

impl Default for WebexConfig {
    fn default() -> WebexConfig {
        WebexConfig {
            send_resolved: true,
            http_config: None,
            api_url: None,
            message: "{{ template \"webex.default.message\" . }}".to_owned(),
            room_id: String::new(),
        }
    }
}

impl Kind for WebexConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        if self.room_id.is_empty() {
            faults.add("room_id", "missing room_id on webex_config");
        }
        let http = self.http_config.as_ref().map(|http| &http.config);
        let has_token = |http: &HttpConfig| {
            http.authorization.is_some() || !http.bearer_token.is_empty() || !http.bearer_token_file.is_empty()
        };
        if !http.is_some_and(has_token) {
            faults.add_here("missing webex_configs.http_config.authorization");
        }
        check_url("api_url", self.api_url.as_ref(), faults);
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_url(&mut self.api_url, global.webex_api_url.as_ref());
        if self.api_url.is_none() {
            faults.add("api_url", "no global Webex URL set");
        }
    }

    fn set_directory(&mut self, _: &Path) {}
}

impl WebexConfig {
    pub(super) const NAME: &str = "webex";
}
