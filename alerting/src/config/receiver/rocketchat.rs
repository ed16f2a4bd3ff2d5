//! `rocketchat_configs`: Rocket.Chat.

use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, at_most_one, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;

/// A channel of Rocket.Chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct RocketchatConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The server.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: Option<ConfigUrl>,
    /// The user that the token belongs to.
    #[serde(skip_serializing_if = "is_default")]
    pub token_id: Secret,
    /// As `token_id`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub token_id_file: String,
    /// The token.
    #[serde(skip_serializing_if = "is_default")]
    pub token: Secret,
    /// As `token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub token_file: String,
    /// The channel or the user.
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// The colour at the side.
    #[serde(skip_serializing_if = "is_default")]
    pub color: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// Where the title leads.
    #[serde(skip_serializing_if = "is_default")]
    pub title_link: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// A table below the text.
    #[serde(skip_serializing_if = "is_default")]
    pub fields: Vec<RocketchatField>,
    /// Whether two rows of it fit beside each other.
    pub short_fields: bool,
    /// How who speaks looks, as an emoji.
    #[serde(skip_serializing_if = "is_default")]
    pub emoji: String,
    /// The same as a picture.
    #[serde(skip_serializing_if = "is_default")]
    pub icon_url: String,
    /// A picture.
    #[serde(skip_serializing_if = "is_default")]
    pub image_url: String,
    /// A small picture.
    #[serde(skip_serializing_if = "is_default")]
    pub thumb_url: String,
    /// Not used, as in Alertmanager.
    pub link_names: bool,
    /// Buttons.
    #[serde(skip_serializing_if = "is_default")]
    pub actions: Vec<RocketchatAction>,
}

impl Default for RocketchatConfig {
    fn default() -> RocketchatConfig {
        RocketchatConfig {
            send_resolved: false,
            http_config: None,
            api_url: None,
            token_id: Secret::default(),
            token_id_file: String::new(),
            token: Secret::default(),
            token_file: String::new(),
            channel: String::new(),
            color: "{{ if eq .Status \"firing\" }}red{{ else }}green{{ end }}".to_owned(),
            title: "{{ template \"rocketchat.default.title\" . }}".to_owned(),
            title_link: "{{ template \"rocketchat.default.titlelink\" . }}".to_owned(),
            text: "{{ template \"rocketchat.default.text\" . }}".to_owned(),
            fields: Vec::new(),
            short_fields: false,
            emoji: "{{ template \"rocketchat.default.emoji\" . }}".to_owned(),
            icon_url: "{{ template \"rocketchat.default.iconurl\" . }}".to_owned(),
            image_url: String::new(),
            thumb_url: String::new(),
            link_names: false,
            actions: Vec::new(),
        }
    }
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.RocketchatAttachmentField", default, deny_unknown_fields)]
pub struct RocketchatField {
    /// Whether another fits beside it.
    #[serde(skip_serializing_if = "is_default")]
    pub short: Option<bool>,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// The value.
    #[serde(skip_serializing_if = "is_default")]
    pub value: String,
}

/// A button. In YAML its fields are written without the `_` between their words, as in Alertmanager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.RocketchatAttachmentAction", default, deny_unknown_fields)]
pub struct RocketchatAction {
    /// Not used: it is always a button.
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    /// What stands on it.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// Where it leads.
    #[serde(skip_serializing_if = "is_default")]
    pub url: String,
    /// Not used.
    #[serde(rename = "imageurl", skip_serializing_if = "is_default")]
    pub image_url: String,
    /// Not used.
    #[serde(rename = "iswebview", skip_serializing_if = "is_default")]
    pub is_web_view: bool,
    /// Not used.
    #[serde(rename = "webviewheightratio", skip_serializing_if = "is_default")]
    pub web_view_height_ratio: String,
    /// What it says in the channel.
    #[serde(skip_serializing_if = "is_default")]
    pub msg: String,
    /// Not used.
    #[serde(rename = "msginchatwindow", skip_serializing_if = "is_default")]
    pub msg_in_chat_window: bool,
    /// Not used.
    #[serde(rename = "msgprocessingtype", skip_serializing_if = "is_default")]
    pub msg_processing_type: String,
}

impl Kind for RocketchatConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        at_most_one("token", !self.token.is_empty(), &self.token_file, faults);
        at_most_one("token_id", !self.token_id.is_empty(), &self.token_id_file, faults);
        check_url("api_url", self.api_url.as_ref(), faults);
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_url(&mut self.api_url, global.rocketchat_api_url.as_ref());
        if self.token_id.is_empty() && self.token_id_file.is_empty() {
            self.token_id = global.rocketchat_token_id.clone();
            self.token_id_file.clone_from(&global.rocketchat_token_id_file);
        }
        if self.token_id.is_empty() && self.token_id_file.is_empty() {
            faults.add_here("no global Rocketchat TokenID set either inline or in a file");
        }
        if self.token.is_empty() && self.token_file.is_empty() {
            self.token = global.rocketchat_token.clone();
            self.token_file.clone_from(&global.rocketchat_token_file);
        }
        if self.token.is_empty() && self.token_file.is_empty() {
            faults.add_here("no global Rocketchat Token set either inline or in a file");
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.token_file);
        join_directory(directory, &mut self.token_id_file);
    }
}

impl RocketchatConfig {
    pub(super) const NAME: &str = "rocketchat";
}
