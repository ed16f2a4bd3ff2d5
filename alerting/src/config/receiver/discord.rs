//! `discord_configs`: Discord.

use std::path::Path;

use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, SecretUrl, exactly_one, is_default};
use crate::config::global::GlobalConfig;

/// A channel of Discord.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "discord.plain", default, deny_unknown_fields)]
pub struct DiscordConfig {
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
    /// What stands above the embedded message.
    #[serde(skip_serializing_if = "is_default")]
    pub content: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Who speaks; not a template.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// How who speaks looks; not a template.
    #[serde(skip_serializing_if = "is_default")]
    pub avatar_url: String,
}

impl Default for DiscordConfig {
    fn default() -> DiscordConfig {
        DiscordConfig {
            send_resolved: true,
            http_config: None,
            webhook_url: SecretUrl::default(),
            webhook_url_file: String::new(),
            content: String::new(),
            title: "{{ template \"discord.default.title\" . }}".to_owned(),
            message: "{{ template \"discord.default.message\" . }}".to_owned(),
            username: String::new(),
            avatar_url: String::new(),
        }
    }
}

impl Kind for DiscordConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("webhook_url", !self.webhook_url.is_empty(), &self.webhook_url_file, faults);
    }

    fn fill(&mut self, _: &GlobalConfig, _: &mut Faults) {}

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.webhook_url_file);
    }
}

impl DiscordConfig {
    pub(super) const NAME: &str = "discord";
}
