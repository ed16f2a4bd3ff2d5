//! `wechat_configs`: an application of 企业微信.

use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, at_most_one, check_url, is_default, or_text, or_url};
use crate::config::global::GlobalConfig;

/// Whom an application of 企业微信 tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct WechatConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The application's secret; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub api_secret: Secret,
    /// As `api_secret`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub api_secret_file: String,
    /// The company's id; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub corp_id: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// The API.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: Option<ConfigUrl>,
    /// Users, with `|` between; `@all` for all.
    #[serde(skip_serializing_if = "is_default")]
    pub to_user: String,
    /// Departments, with `|` between.
    #[serde(skip_serializing_if = "is_default")]
    pub to_party: String,
    /// Tags, with `|` between.
    #[serde(skip_serializing_if = "is_default")]
    pub to_tag: String,
    /// The application's id.
    #[serde(skip_serializing_if = "is_default")]
    pub agent_id: String,
    /// `text` or `markdown`; `text` where it is not said.
    #[serde(skip_serializing_if = "is_default")]
    pub message_type: String,
}

impl Default for WechatConfig {
    fn default() -> WechatConfig {
        WechatConfig {
            send_resolved: false,
            http_config: None,
            api_secret: Secret::default(),
            api_secret_file: String::new(),
            corp_id: String::new(),
            message: "{{ template \"wechat.default.message\" . }}".to_owned(),
            api_url: None,
            to_user: "{{ template \"wechat.default.to_user\" . }}".to_owned(),
            to_party: "{{ template \"wechat.default.to_party\" . }}".to_owned(),
            to_tag: "{{ template \"wechat.default.to_tag\" . }}".to_owned(),
            agent_id: "{{ template \"wechat.default.agent_id\" . }}".to_owned(),
            message_type: String::new(),
        }
    }
}

impl Kind for WechatConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        if !matches!(self.message_type.as_str(), "" | "text" | "markdown") {
            let found = &self.message_type;
            faults.add(
                "message_type",
                format_args!("weChat message type {found:?} does not match valid options ^(text|markdown)$"),
            );
        }
        at_most_one("api_secret", !self.api_secret.is_empty(), &self.api_secret_file, faults);
        check_url("api_url", self.api_url.as_ref(), faults);
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_text(&mut self.message_type, "text");
        or_url(&mut self.api_url, global.wechat_api_url.as_ref());
        if self.api_url.is_none() {
            faults.add("api_url", "no global Wechat URL set");
        }
        if self.api_secret.is_empty() && self.api_secret_file.is_empty() {
            self.api_secret = global.wechat_api_secret.clone();
            self.api_secret_file.clone_from(&global.wechat_api_secret_file);
        }
        if self.api_secret.is_empty() && self.api_secret_file.is_empty() {
            faults.add_here("no global Wechat Api Secret set either inline or in a file");
        }
        or_text(&mut self.corp_id, &global.wechat_api_corp_id);
        if self.corp_id.is_empty() {
            faults.add_here("no global Wechat CorpID set");
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.api_secret_file);
    }
}

impl WechatConfig {
    pub(super) const NAME: &str = "wechat";
}
