//! `webhook_configs`: any program that takes JSON.

use std::path::Path;

use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{GoDuration, HttpSettings, Payload, TemplatedUrl, exactly_one, is_default};
use crate::config::global::GlobalConfig;

/// A program that takes JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "webhook.plain", default, deny_unknown_fields)]
pub struct WebhookConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// Where the JSON is posted; a secret and a template.
    #[serde(skip_serializing_if = "is_default")]
    pub url: TemplatedUrl,
    /// As `url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub url_file: String,
    /// More alerts than this are left out; 0 for no limit.
    pub max_alerts: u64,
    /// How long one attempt may take; 0 for as long as the notification has.
    pub timeout: GoDuration,
    /// JSON of the user's own instead of Alertmanager's.
    #[serde(skip_serializing_if = "is_default")]
    pub payload: Payload,
}

impl Default for WebhookConfig {
    fn default() -> WebhookConfig {
        WebhookConfig {
            send_resolved: true,
            http_config: None,
            url: TemplatedUrl::default(),
            url_file: String::new(),
            max_alerts: 0,
            timeout: GoDuration::default(),
            payload: Payload::default(),
        }
    }
}

impl Kind for WebhookConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("url", !self.url.is_empty(), &self.url_file, faults);
    }

    fn fill(&mut self, _: &GlobalConfig, _: &mut Faults) {}

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.url_file);
    }
}

impl WebhookConfig {
    pub(super) const NAME: &str = "webhook";
}
