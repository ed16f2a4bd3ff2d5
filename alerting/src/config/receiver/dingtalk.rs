//! `dingtalk_configs`: a robot in a group of 钉钉.

use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, SecretUrl, at_most_one, exactly_one, is_default};
use crate::config::global::GlobalConfig;

/// A robot in a group of 钉钉.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "narthex.DingTalkConfig", default, deny_unknown_fields)]
pub struct DingTalkConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The robot's URL, which is a secret.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook_url: SecretUrl,
    /// As `webhook_url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook_url_file: String,
    /// What messages are signed with, where the robot demands it.
    #[serde(skip_serializing_if = "is_default")]
    pub secret: Secret,
    /// As `secret`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub secret_file: String,
    /// `markdown` or `text`.
    pub message_type: String,
    /// What a preview shows.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Who is called, by telephone.
    #[serde(skip_serializing_if = "is_default")]
    pub at_mobiles: Vec<String>,
    /// Who is called, by id.
    #[serde(skip_serializing_if = "is_default")]
    pub at_user_ids: Vec<String>,
    /// Whether all are called.
    #[serde(skip_serializing_if = "is_default")]
    pub at_all: bool,
}

impl Default for DingTalkConfig {
    fn default() -> DingTalkConfig {
        DingTalkConfig {
            send_resolved: true,
            http_config: None,
            webhook_url: SecretUrl::default(),
            webhook_url_file: String::new(),
            secret: Secret::default(),
            secret_file: String::new(),
            message_type: "markdown".to_owned(),
            title: "{{ template \"dingtalk.default.title\" . }}".to_owned(),
            message: "{{ template \"dingtalk.default.message\" . }}".to_owned(),
            at_mobiles: Vec::new(),
            at_user_ids: Vec::new(),
            at_all: false,
        }
    }
}

impl Kind for DingTalkConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("webhook_url", !self.webhook_url.is_empty(), &self.webhook_url_file, faults);
        at_most_one("secret", !self.secret.is_empty(), &self.secret_file, faults);
        if !matches!(self.message_type.as_str(), "markdown" | "text") {
            faults.add("message_type", "message_type of dingtalk_configs must be markdown or text");
        }
    }

    fn fill(&mut self, _: &GlobalConfig, _: &mut Faults) {}

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.webhook_url_file);
        join_directory(directory, &mut self.secret_file);
    }
}

impl DingTalkConfig {
    pub(super) const NAME: &str = "dingtalk";
}
