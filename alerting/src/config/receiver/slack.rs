//! `slack_configs`: Slack.

use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{GoDuration, HttpSettings, SecretUrl, at_most_one, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;

/// A channel of Slack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct SlackConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The incoming webhook's URL, which is a secret.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: SecretUrl,
    /// As `api_url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url_file: String,
    /// The app's token.
    #[serde(skip_serializing_if = "is_default")]
    pub app_token: Secret,
    /// As `app_token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub app_token_file: String,
    /// Where an app posts messages.
    #[serde(skip_serializing_if = "is_default")]
    pub app_url: Option<ConfigUrl>,
    /// The channel or the user.
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// Who speaks.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// The colour at the side.
    #[serde(skip_serializing_if = "is_default")]
    pub color: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// Where the title leads.
    #[serde(skip_serializing_if = "is_default")]
    pub title_link: String,
    /// What stands above.
    #[serde(skip_serializing_if = "is_default")]
    pub pretext: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// What stands outside of the attachment.
    #[serde(skip_serializing_if = "is_default")]
    pub message_text: String,
    /// A table below the text.
    #[serde(skip_serializing_if = "is_default")]
    pub fields: Vec<SlackField>,
    /// Whether two rows of it fit beside each other.
    pub short_fields: bool,
    /// What stands below.
    #[serde(skip_serializing_if = "is_default")]
    pub footer: String,
    /// What a preview shows.
    #[serde(skip_serializing_if = "is_default")]
    pub fallback: String,
    /// What buttons send back.
    #[serde(skip_serializing_if = "is_default")]
    pub callback_id: String,
    /// How who speaks looks, as an emoji.
    #[serde(skip_serializing_if = "is_default")]
    pub icon_emoji: String,
    /// The same as a picture.
    #[serde(skip_serializing_if = "is_default")]
    pub icon_url: String,
    /// A picture.
    #[serde(skip_serializing_if = "is_default")]
    pub image_url: String,
    /// A small picture.
    #[serde(skip_serializing_if = "is_default")]
    pub thumb_url: String,
    /// Whether `#name` and `@name` become links.
    pub link_names: bool,
    /// In which fields Markdown is read.
    #[serde(skip_serializing_if = "is_default")]
    pub mrkdwn_in: Vec<String>,
    /// Buttons.
    #[serde(skip_serializing_if = "is_default")]
    pub actions: Vec<SlackAction>,
    /// Whether what was said before is changed instead of said again.
    pub update_message: bool,
    /// How long one attempt may take; 0 for as long as the notification has.
    pub timeout: GoDuration,
}

impl Default for SlackConfig {
    fn default() -> SlackConfig {
        SlackConfig {
            send_resolved: false,
            http_config: None,
            api_url: SecretUrl::default(),
            api_url_file: String::new(),
            app_token: Secret::default(),
            app_token_file: String::new(),
            app_url: None,
            channel: String::new(),
            username: "{{ template \"slack.default.username\" . }}".to_owned(),
            color: "{{ template \"slack.default.color\" . }}".to_owned(),
            title: "{{ template \"slack.default.title\" . }}".to_owned(),
            title_link: "{{ template \"slack.default.titlelink\" . }}".to_owned(),
            pretext: "{{ template \"slack.default.pretext\" . }}".to_owned(),
            text: "{{ template \"slack.default.text\" . }}".to_owned(),
            message_text: String::new(),
            fields: Vec::new(),
            short_fields: false,
            footer: "{{ template \"slack.default.footer\" . }}".to_owned(),
            fallback: "{{ template \"slack.default.fallback\" . }}".to_owned(),
            callback_id: "{{ template \"slack.default.callbackid\" . }}".to_owned(),
            icon_emoji: "{{ template \"slack.default.iconemoji\" . }}".to_owned(),
            icon_url: "{{ template \"slack.default.iconurl\" . }}".to_owned(),
            image_url: String::new(),
            thumb_url: String::new(),
            link_names: false,
            mrkdwn_in: Vec::new(),
            actions: Vec::new(),
            update_message: false,
            timeout: GoDuration::default(),
        }
    }
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct SlackField {
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// The value.
    #[serde(skip_serializing_if = "is_default")]
    pub value: String,
    /// Whether another fits beside it.
    #[serde(skip_serializing_if = "is_default")]
    pub short: Option<bool>,
}

/// A button.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct SlackAction {
    /// `button`.
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    /// What stands on it.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// Where it leads.
    #[serde(skip_serializing_if = "is_default")]
    pub url: String,
    /// `primary`, `danger` or `default`.
    #[serde(skip_serializing_if = "is_default")]
    pub style: String,
    /// What it is called.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// What it sends.
    #[serde(skip_serializing_if = "is_default")]
    pub value: String,
    /// What is asked before.
    #[serde(skip_serializing_if = "is_default")]
    pub confirm: Option<SlackConfirmation>,
}

/// What is asked before a button does something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct SlackConfirmation {
    /// The question.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// What stands on yes.
    #[serde(skip_serializing_if = "is_default")]
    pub ok_text: String,
    /// What stands on no.
    #[serde(skip_serializing_if = "is_default")]
    pub dismiss_text: String,
}

/// Where alone messages can be changed.
const POST_MESSAGE: &str = "https://slack.com/api/chat.postMessage";

impl SlackField {
    fn check(&self, faults: &mut Faults) {
        if self.title.is_empty() {
            faults.add("title", "missing title in Slack field configuration");
        } else if self.value.is_empty() {
            faults.add("value", "missing value in Slack field configuration");
        }
    }
}

impl SlackAction {
    fn check(&self, faults: &mut Faults) {
        if self.r#type.is_empty() {
            faults.add("type", "missing type in Slack action configuration");
        } else if self.text.is_empty() {
            faults.add("text", "missing text in Slack action configuration");
        } else if self.url.is_empty() && self.name.is_empty() {
            faults.add_here("missing name or url in Slack action configuration");
        }
        if self.confirm.as_ref().is_some_and(|confirm| confirm.text.is_empty()) {
            faults.within("confirm", |faults| {
                faults.add("text", "missing text in Slack confirmation configuration");
            });
        }
    }

    /// A link sends nothing.
    fn fill(&mut self) {
        if !self.url.is_empty() {
            self.name.clear();
            self.value.clear();
            self.confirm = None;
        }
    }
}

impl Kind for SlackConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        at_most_one("api_url", !self.api_url.is_empty(), &self.api_url_file, faults);
        at_most_one("app_token", !self.app_token.is_empty(), &self.app_token_file, faults);
        if self.has_url() && self.has_token() {
            faults.add_here("at most one of api_url/api_url_file & app_token/app_token_file must be configured");
        }
        if self.update_message && self.api_url.expose() != POST_MESSAGE {
            faults.add(
                "update_message",
                format_args!("update_message can only be used with bot tokens. api_url must be set to {POST_MESSAGE}"),
            );
        }
        check_url("app_url", self.app_url.as_ref(), faults);
        faults.within_each("fields", &self.fields, |faults, field| field.check(faults));
        faults.within_each("actions", &self.actions, |faults, action| action.check(faults));
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        self.actions.iter_mut().for_each(SlackAction::fill);
        or_url(&mut self.app_url, global.slack_app_url.as_ref());
        if self.app_url.is_none() {
            faults.add("app_url", "no global Slack App URL set");
        }
        if !self.has_token() && !self.has_authorization() && self.api_url.is_empty() {
            self.app_token = global.slack_app_token.clone();
            self.app_token_file.clone_from(&global.slack_app_token_file);
        }
        if !self.has_url() {
            self.api_url = global.slack_api_url.clone();
            self.api_url_file.clone_from(&global.slack_api_url_file);
        }
        if !self.has_url() && !self.has_token() {
            faults.add_here("no Slack API URL nor App token set either inline or in a file");
        }
        if self.has_token() {
            self.use_token(global, faults);
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.api_url_file);
        join_directory(directory, &mut self.app_token_file);
    }
}

impl SlackConfig {
    pub(super) const NAME: &str = "slack";

    fn has_url(&self) -> bool {
        !self.api_url.is_empty() || !self.api_url_file.is_empty()
    }

    fn has_token(&self) -> bool {
        !self.app_token.is_empty() || !self.app_token_file.is_empty()
    }

    fn has_authorization(&self) -> bool {
        self.http_config.as_ref().is_some_and(|http| http.config.authorization.is_some())
    }

    /// An app's token is sent as a header, and to the app's URL.
    fn use_token(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        let http = self.http_config.get_or_insert_with(|| global.http_config.clone());
        if http.config.authorization.is_some() {
            faults.add_here("http authorization can't be set when using Slack App tokens");
        }
        http.set_bearer(&self.app_token, &self.app_token_file);
        self.api_url = self.app_url.as_ref().map(SecretUrl::from).unwrap_or_default();
        self.api_url_file.clear();
    }
}
