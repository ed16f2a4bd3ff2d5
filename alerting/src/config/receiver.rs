//! `receivers`: to whom something is told, and how. Alertmanager 0.34's kinds, but for SNS, and three of our own.
//!
//! The types hold what was written, with Alertmanager's defaults; `check` finds what contradicts itself, `fill` takes from
//! `global` what is not said and finds what is then still missing, `set_directory` makes relative file names relative to
//! the configuration's directory. Nothing here reads a file.

mod dingtalk;
mod discord;
mod email;
mod feishu;
mod go_duration;
mod host_port;
mod http;
mod incidentio;
mod jira;
mod kind;
mod mattermost;
mod msteams;
mod opsgenie;
mod pagerduty;
mod payload;
mod pushover;
mod rocketchat;
mod slack;
mod telegram;
mod url;
mod victorops;
mod webex;
mod webhook;
mod wechat;
mod wecom_robot;

#[cfg(test)]
mod tests;

pub use dingtalk::DingTalkConfig;
pub use discord::DiscordConfig;
pub use email::{EmailConfig, ThreadingConfig};
pub use feishu::FeishuConfig;
pub use go_duration::GoDuration;
pub use host_port::HostPort;
pub use http::HttpSettings;
pub use incidentio::IncidentioConfig;
pub use jira::{JiraConfig, JiraField};
pub use mattermost::{MattermostAttachment, MattermostConfig, MattermostField, MattermostPriority, MattermostProps};
pub use msteams::{MsTeamsConfig, MsTeamsV2Config};
pub use opsgenie::{OpsgenieConfig, OpsgenieResponder};
pub use pagerduty::{PagerdutyConfig, PagerdutyImage, PagerdutyLink};
pub use payload::Payload;
pub use pushover::PushoverConfig;
pub use rocketchat::{RocketchatAction, RocketchatConfig, RocketchatField};
pub use slack::{SlackAction, SlackConfig, SlackConfirmation, SlackField};
pub use telegram::TelegramConfig;
pub use url::{SecretUrl, TemplatedUrl};
pub use victorops::VictoropsConfig;
pub use webex::WebexConfig;
pub use webhook::WebhookConfig;
pub use wechat::WechatConfig;
pub use wecom_robot::WecomRobotConfig;

pub(super) use url::check_url;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kind::Kind;
use model::yaml::Faults;
use net::config::{ConfigUrl, HttpConfig};
use serde::{Deserialize, Serialize};

use super::global::GlobalConfig;
use crate::Integration;

/// Makes the types that name each kind, from one table.
macro_rules! receiver_config {
    ($($(#[$doc:meta])* $field:ident: $config:ident => $kind:ident,)*) => {
        /// One of `receivers`.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename = "config.plain", default, deny_unknown_fields)]
        pub struct ReceiverConfig {
            /// What routes call it.
            pub name: String,
            /// What the API tells receivers by; `name` is always among them.
            #[serde(skip_serializing_if = "is_default")]
            pub labels: BTreeMap<String, String>,
            $($(#[$doc])* #[serde(skip_serializing_if = "is_default")] pub $field: Vec<$config>,)*
            /// Amazon's SNS, which is refused.
            #[serde(skip_serializing_if = "is_default")]
            pub sns_configs: Vec<Payload>,
        }

        /// The configuration of one integration.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum IntegrationConfig<'c> {
            $($(#[$doc])* $kind(&'c $config),)*
        }

        impl ReceiverConfig {
            /// What the receiver consists of, in Alertmanager's order: who it is, whether it is told what is over, and how
            /// it is reached.
            pub fn integrations(&self) -> impl Iterator<Item = (Integration, bool, IntegrationConfig<'_>)> {
                let receiver: Arc<str> = self.name.as_str().into();
                let mut integrations = Vec::new();
                $(for (index, config) in self.$field.iter().enumerate() {
                    let integration = Integration { receiver: receiver.clone(), kind: $config::NAME, index };
                    integrations.push((integration, config.send_resolved, IntegrationConfig::$kind(config)));
                })*
                integrations.into_iter()
            }

            fn check_kinds(&self, faults: &mut Faults) {
                $(faults.within_each(stringify!($field), &self.$field, |faults, config| {
                    if let Some(http) = config.http() {
                        faults.within("http_config", |faults| http.check(faults));
                    }
                    config.check(faults);
                });)*
            }

            fn fill_kinds(&mut self, global: &GlobalConfig, faults: &mut Faults) {
                $(faults.within_each(stringify!($field), &mut self.$field, |faults, config| {
                    if let Some(Some(http)) = config.http_mut() {
                        http.fill();
                    }
                    config.fill(global, faults);
                    if let Some(http) = config.http_mut() {
                        http.get_or_insert_with(|| global.http_config.clone());
                    }
                });)*
            }

            /// Makes relative file names relative to a directory.
            pub fn set_directory(&mut self, directory: &Path) {
                $(for config in &mut self.$field {
                    if let Some(Some(http)) = config.http_mut() {
                        http.set_directory(directory);
                    }
                    config.set_directory(directory);
                })*
            }
        }

        impl<'c> IntegrationConfig<'c> {
            /// How HTTP is talked to it; `None` for mail.
            pub fn http_config(self) -> Option<&'c HttpConfig> {
                match self {
                    $(IntegrationConfig::$kind(config) => config.http().map(|http| &http.config),)*
                }
            }
        }
    };
}

receiver_config! {
    /// Any program: Alertmanager's JSON, or JSON of the user's own.
    webhook_configs: WebhookConfig => Webhook,
    /// Mail.
    email_configs: EmailConfig => Email,
    /// PagerDuty.
    pagerduty_configs: PagerdutyConfig => Pagerduty,
    /// Opsgenie.
    opsgenie_configs: OpsgenieConfig => Opsgenie,
    /// An application of 企业微信.
    wechat_configs: WechatConfig => Wechat,
    /// Slack.
    slack_configs: SlackConfig => Slack,
    /// VictorOps, now Splunk On-Call.
    victorops_configs: VictoropsConfig => Victorops,
    /// Pushover.
    pushover_configs: PushoverConfig => Pushover,
    /// Telegram.
    telegram_configs: TelegramConfig => Telegram,
    /// Discord.
    discord_configs: DiscordConfig => Discord,
    /// Webex.
    webex_configs: WebexConfig => Webex,
    /// Microsoft Teams by connectors, which Microsoft gives up.
    msteams_configs: MsTeamsConfig => MsTeams,
    /// Microsoft Teams by workflows.
    msteamsv2_configs: MsTeamsV2Config => MsTeamsV2,
    /// Jira.
    jira_configs: JiraConfig => Jira,
    /// incident.io.
    incidentio_configs: IncidentioConfig => Incidentio,
    /// Rocket.Chat.
    rocketchat_configs: RocketchatConfig => Rocketchat,
    /// Mattermost.
    mattermost_configs: MattermostConfig => Mattermost,
    /// A robot in a group of 企业微信.
    wecom_robot_configs: WecomRobotConfig => WecomRobot,
    /// A robot in a group of 钉钉.
    dingtalk_configs: DingTalkConfig => DingTalk,
    /// A robot in a group of 飞书.
    feishu_configs: FeishuConfig => Feishu,
}

impl ReceiverConfig {
    /// Finds what contradicts itself.
    pub fn check(&self, faults: &mut Faults) {
        if self.name.is_empty() {
            faults.add("name", "missing name in receiver");
        }
        if let Some(name) = self.labels.get("name").filter(|name| **name != self.name) {
            let message =
                format_args!("receiver label \"name\" must match receiver name {:?}, got {name:?}", self.name);
            faults.within("labels", |faults| faults.add("name", message));
        }
        if !self.sns_configs.is_empty() {
            faults.add(
                "sns_configs",
                "sns_configs is not supported: send to a webhook_configs that publishes to SNS, or remove it",
            );
        }
        self.check_kinds(faults);
    }

    /// Takes from `global` what is not said here, and finds what is then still missing. `global` must be filled itself.
    pub fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        self.labels.insert("name".to_owned(), self.name.clone());
        self.fill_kinds(global, faults);
    }
}

/// Whether a value is its type's default, and need not be written.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Complains where a value is given twice: here and in a file.
pub(super) fn at_most_one(name: &str, is_inline: bool, file: &str, faults: &mut Faults) {
    if is_inline && !file.is_empty() {
        faults.add(&format!("{name}_file"), format_args!("at most one of {name} & {name}_file must be configured"));
    }
}

/// Complains where a value is given neither here nor in a file.
fn exactly_one(name: &str, is_inline: bool, file: &str, faults: &mut Faults) {
    if !is_inline && file.is_empty() {
        faults.add_here(format_args!("one of {name} or {name}_file must be configured"));
    }
    at_most_one(name, is_inline, file, faults);
}

/// Takes another text where there is none.
fn or_text(text: &mut String, other: &str) {
    if text.is_empty() {
        other.clone_into(text);
    }
}

/// Takes another URL where there is none.
fn or_url(url: &mut Option<ConfigUrl>, other: Option<&ConfigUrl>) {
    if url.is_none() {
        *url = other.cloned();
    }
}
