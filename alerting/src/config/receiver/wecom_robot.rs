//! `wecom_robot_configs`: a robot in a group of 企业微信.

use std::path::Path;

use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, SecretUrl, exactly_one, is_default};
use crate::config::global::GlobalConfig;

/// A robot in a group of 企业微信.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "narthex.WecomRobotConfig", default, deny_unknown_fields)]
pub struct WecomRobotConfig {
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
    /// `markdown` or `text`.
    pub message_type: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Users who are called; `@all` for all, in texts only.
    #[serde(skip_serializing_if = "is_default")]
    pub mentioned_list: Vec<String>,
    /// The same by their telephones, in texts only.
    #[serde(skip_serializing_if = "is_default")]
    pub mentioned_mobile_list: Vec<String>,
    /// Whether a picture of what the alert is about follows, where there is one.
    pub chart: bool,
}

impl Default for WecomRobotConfig {
    fn default() -> WecomRobotConfig {
        WecomRobotConfig {
            send_resolved: true,
            http_config: None,
            webhook_url: SecretUrl::default(),
            webhook_url_file: String::new(),
            message_type: "markdown".to_owned(),
            message: "{{ template \"wecom_robot.default.message\" . }}".to_owned(),
            mentioned_list: Vec::new(),
            mentioned_mobile_list: Vec::new(),
            chart: true,
        }
    }
}

impl Kind for WecomRobotConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("webhook_url", !self.webhook_url.is_empty(), &self.webhook_url_file, faults);
        if !matches!(self.message_type.as_str(), "markdown" | "text") {
            faults.add("message_type", "message_type of wecom_robot_configs must be markdown or text");
        }
        if self.message_type == "markdown" && !self.mentioned_mobile_list.is_empty() {
            faults.add("mentioned_mobile_list", "only texts call by telephone: set message_type: text");
        }
    }

    fn fill(&mut self, _: &GlobalConfig, _: &mut Faults) {}

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.webhook_url_file);
    }
}

impl WecomRobotConfig {
    pub(super) const NAME: &str = "wecom_robot";
}
