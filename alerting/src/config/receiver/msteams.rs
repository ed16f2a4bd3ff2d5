//! `msteams_configs` and `msteamsv2_configs`: Microsoft Teams.

use std::path::Path;

use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, SecretUrl, exactly_one, is_default};
use crate::config::global::GlobalConfig;

/// A channel of Teams, by a connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "msteams.plain", default, deny_unknown_fields)]
pub struct MsTeamsConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The incoming webhook's URL, which is a secret.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook_url: SecretUrl,
    /// As `webhook_url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook_url_file: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// What a preview shows.
    #[serde(skip_serializing_if = "is_default")]
    pub summary: String,
    /// The text, as Markdown.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
}

impl Default for MsTeamsConfig {
    fn default() -> MsTeamsConfig {
        MsTeamsConfig {
            send_resolved: true,
            http_config: None,
            webhook_url: SecretUrl::default(),
            webhook_url_file: String::new(),
            title: "{{ template \"msteams.default.title\" . }}".to_owned(),
            summary: "{{ template \"msteams.default.summary\" . }}".to_owned(),
            text: "{{ template \"msteams.default.text\" . }}".to_owned(),
        }
    }
}

impl Kind for MsTeamsConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("webhook_url", !self.webhook_url.is_empty(), &self.webhook_url_file, faults);
    }

    fn fill(&mut self, _: &GlobalConfig, _: &mut Faults) {}

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.webhook_url_file);
    }
}

impl MsTeamsConfig {
    pub(super) const NAME: &str = "msteams";
}

/// A channel of Teams, by a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "msteamsv2.plain", default, deny_unknown_fields)]
pub struct MsTeamsV2Config {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The incoming webhook's URL, which is a secret.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook_url: SecretUrl,
    /// As `webhook_url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook_url_file: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// The text, as Markdown.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
}

impl Default for MsTeamsV2Config {
    fn default() -> MsTeamsV2Config {
        MsTeamsV2Config {
            send_resolved: true,
            http_config: None,
            webhook_url: SecretUrl::default(),
            webhook_url_file: String::new(),
            title: "{{ template \"msteamsv2.default.title\" . }}".to_owned(),
            text: "{{ template \"msteamsv2.default.text\" . }}".to_owned(),
        }
    }
}

impl Kind for MsTeamsV2Config {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("webhook_url", !self.webhook_url.is_empty(), &self.webhook_url_file, faults);
    }

    /// The only kind that takes the proxy alone, where it says something else of HTTP itself.
    fn fill(&mut self, global: &GlobalConfig, _: &mut Faults) {
        if let Some(http) = &mut self.http_config
            && http.config.proxy.proxy_url.is_empty()
        {
            http.config.proxy.proxy_url = global.http_config.config.proxy.proxy_url.clone();
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.webhook_url_file);
    }
}

impl MsTeamsV2Config {
    pub(super) const NAME: &str = "msteamsv2";
}
