//! `mattermost_configs`: Mattermost.

use std::path::Path;

use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, SecretUrl, at_most_one, is_default};
use crate::config::global::GlobalConfig;

/// A channel of Mattermost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "mattermost.plain", default, deny_unknown_fields)]
pub struct MattermostConfig {
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
    /// Another channel than the webhook's.
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// Who speaks.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// What a preview shows.
    #[serde(skip_serializing_if = "is_default")]
    pub fallback: String,
    /// The colour at the side.
    #[serde(skip_serializing_if = "is_default")]
    pub color: String,
    /// What stands above.
    #[serde(skip_serializing_if = "is_default")]
    pub pretext: String,
    /// The author.
    #[serde(skip_serializing_if = "is_default")]
    pub author_name: String,
    /// Where the author's name leads.
    #[serde(skip_serializing_if = "is_default")]
    pub author_link: String,
    /// The author's picture.
    #[serde(skip_serializing_if = "is_default")]
    pub author_icon: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// Where the title leads.
    #[serde(skip_serializing_if = "is_default")]
    pub title_link: String,
    /// A table below the text.
    #[serde(skip_serializing_if = "is_default")]
    pub fields: Vec<MattermostField>,
    /// A small picture.
    #[serde(skip_serializing_if = "is_default")]
    pub thumb_url: String,
    /// What stands below.
    #[serde(skip_serializing_if = "is_default")]
    pub footer: String,
    /// A picture beside it.
    #[serde(skip_serializing_if = "is_default")]
    pub footer_icon: String,
    /// A picture.
    #[serde(skip_serializing_if = "is_default")]
    pub image_url: String,
    /// How who speaks looks.
    #[serde(skip_serializing_if = "is_default")]
    pub icon_url: String,
    /// The same as an emoji.
    #[serde(skip_serializing_if = "is_default")]
    pub icon_emoji: String,
    /// Attachments of the user's own in the place of ours.
    #[serde(skip_serializing_if = "is_default")]
    pub attachments: Vec<MattermostAttachment>,
    /// The type of the post.
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    /// Properties of the post.
    #[serde(skip_serializing_if = "is_default")]
    pub props: Option<MattermostProps>,
    /// How urgent the post is.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: Option<MattermostPriority>,
}

impl Default for MattermostConfig {
    fn default() -> MattermostConfig {
        MattermostConfig {
            send_resolved: true,
            http_config: None,
            webhook_url: SecretUrl::default(),
            webhook_url_file: String::new(),
            channel: String::new(),
            username: "{{ template \"mattermost.default.username\" . }}".to_owned(),
            text: "{{ template \"mattermost.default.text\" . }}".to_owned(),
            fallback: "{{ template \"mattermost.default.fallback\" . }}".to_owned(),
            color: "{{ template \"mattermost.default.color\" . }}".to_owned(),
            pretext: String::new(),
            author_name: String::new(),
            author_link: String::new(),
            author_icon: String::new(),
            title: "{{ template \"mattermost.default.title\" . }}".to_owned(),
            title_link: "{{ template \"mattermost.default.titlelink\" . }}".to_owned(),
            fields: Vec::new(),
            thumb_url: String::new(),
            footer: String::new(),
            footer_icon: String::new(),
            image_url: String::new(),
            icon_url: String::new(),
            icon_emoji: String::new(),
            attachments: Vec::new(),
            r#type: String::new(),
            props: None,
            priority: None,
        }
    }
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "mattermost.plain", default, deny_unknown_fields)]
pub struct MattermostField {
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

/// An attachment; each field is as in [`MattermostConfig`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "mattermost.MattermostAttachment", default, deny_unknown_fields)]
pub struct MattermostAttachment {
    /// What a preview shows.
    #[serde(skip_serializing_if = "is_default")]
    pub fallback: String,
    /// The colour at the side.
    #[serde(skip_serializing_if = "is_default")]
    pub color: String,
    /// What stands above.
    #[serde(skip_serializing_if = "is_default")]
    pub pretext: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// The author.
    #[serde(skip_serializing_if = "is_default")]
    pub author_name: String,
    /// Where the author's name leads.
    #[serde(skip_serializing_if = "is_default")]
    pub author_link: String,
    /// The author's picture.
    #[serde(skip_serializing_if = "is_default")]
    pub author_icon: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub title: String,
    /// Where the title leads.
    #[serde(skip_serializing_if = "is_default")]
    pub title_link: String,
    /// A table below the text.
    #[serde(skip_serializing_if = "is_default")]
    pub fields: Vec<MattermostField>,
    /// A small picture.
    #[serde(skip_serializing_if = "is_default")]
    pub thumb_url: String,
    /// What stands below.
    #[serde(skip_serializing_if = "is_default")]
    pub footer: String,
    /// A picture beside it.
    #[serde(skip_serializing_if = "is_default")]
    pub footer_icon: String,
    /// A picture.
    #[serde(skip_serializing_if = "is_default")]
    pub image_url: String,
}

/// How urgent a post is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "mattermost.MattermostPriority", default, deny_unknown_fields)]
pub struct MattermostPriority {
    /// `urgent`, `important` or `standard`; not sent where empty.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: String,
    /// Whether readers are asked to say that they read it.
    #[serde(skip_serializing_if = "is_default")]
    pub requested_ack: bool,
    /// Whether they are reminded until they do.
    #[serde(skip_serializing_if = "is_default")]
    pub persistent_notifications: bool,
}

/// Properties of a post.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "mattermost.MattermostProps", default, deny_unknown_fields)]
pub struct MattermostProps {
    /// What stands beside it, as Markdown.
    #[serde(skip_serializing_if = "is_default")]
    pub card: String,
}

impl Kind for MattermostConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        at_most_one("webhook_url", !self.webhook_url.is_empty(), &self.webhook_url_file, faults);
        let check_fields = |faults: &mut Faults, fields: &[MattermostField]| {
            faults.within_each("fields", fields, |faults, field| {
                if field.title.is_empty() {
                    faults.add("title", "missing title in Mattermost field configuration");
                } else if field.value.is_empty() {
                    faults.add("value", "missing value in Mattermost field configuration");
                }
            });
        };
        check_fields(faults, &self.fields);
        faults.within_each("attachments", &self.attachments, |faults, one| check_fields(faults, &one.fields));
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        if !self.webhook_url.is_empty() || !self.webhook_url_file.is_empty() {
            return;
        }
        self.webhook_url = global.mattermost_webhook_url.clone();
        self.webhook_url_file.clone_from(&global.mattermost_webhook_url_file);
        if self.webhook_url.is_empty() && self.webhook_url_file.is_empty() {
            faults.add_here("missing webhook_url or webhook_url_file on mattermost_config");
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.webhook_url_file);
    }
}

impl MattermostConfig {
    pub(super) const NAME: &str = "mattermost";
}
