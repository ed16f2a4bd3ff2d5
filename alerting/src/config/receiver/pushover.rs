//! `pushover_configs`: Pushover.

use std::path::Path;
use std::time::Duration;

use model::yaml::Faults;
use net::Secret;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{GoDuration, HttpSettings, exactly_one, is_default};
use crate::config::global::GlobalConfig;

/// A user of Pushover.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct PushoverConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The user's key; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub user_key: Secret,
    /// As `user_key`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub user_key_file: String,
    /// The application's token; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub token: Secret,
    /// As `token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub token_file: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// A link below it.
    #[serde(skip_serializing_if = "is_default")]
    pub url: String,
    /// What the link is called.
    #[serde(skip_serializing_if = "is_default")]
    pub url_title: String,
    /// Only this device of the user's.
    #[serde(skip_serializing_if = "is_default")]
    pub device: String,
    /// The sound.
    #[serde(skip_serializing_if = "is_default")]
    pub sound: String,
    /// From -2 to 2.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: String,
    /// How often it is repeated at priority 2.
    #[serde(skip_serializing_if = "is_default")]
    pub retry: GoDuration,
    /// For how long.
    #[serde(skip_serializing_if = "is_default")]
    pub expire: GoDuration,
    /// After which it vanishes; 0 for never.
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: GoDuration,
    /// Whether the text is HTML.
    #[serde(skip_serializing_if = "is_default")]
    pub html: bool,
    /// Whether all letters are equally wide.
    #[serde(skip_serializing_if = "is_default")]
    pub monospace: bool,
}

impl Default for PushoverConfig {
    fn default() -> PushoverConfig {
        PushoverConfig {
            send_resolved: true,
            http_config: None,
            user_key: Secret::default(),
            user_key_file: String::new(),
            token: Secret::default(),
            token_file: String::new(),
            title: "{{ template \"pushover.default.title\" . }}".to_owned(),
            message: "{{ template \"pushover.default.message\" . }}".to_owned(),
            url: "{{ template \"pushover.default.url\" . }}".to_owned(),
            url_title: String::new(),
            device: String::new(),
            sound: String::new(),
            priority: "{{ if eq .Status \"firing\" }}2{{ else }}0{{ end }}".to_owned(),
            retry: GoDuration(Duration::from_secs(60)),
            expire: GoDuration(Duration::from_secs(3600)),
            ttl: GoDuration::default(),
            html: false,
            monospace: false,
        }
    }
}

impl Kind for PushoverConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("user_key", !self.user_key.is_empty(), &self.user_key_file, faults);
        exactly_one("token", !self.token.is_empty(), &self.token_file, faults);
        if self.html && self.monospace {
            faults.add("monospace", "at most one of monospace & html must be configured");
        }
    }

    fn fill(&mut self, _: &GlobalConfig, _: &mut Faults) {}

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.user_key_file);
        join_directory(directory, &mut self.token_file);
    }
}

impl PushoverConfig {
    pub(super) const NAME: &str = "pushover";
}
