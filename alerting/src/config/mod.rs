//! `alertmanager.yml`: Alertmanager's file as it is, with one key of our own and three kinds of receivers.
//!
//! [`AlertmanagerConfig::read`] reads a text, checks all of it, and fills in what was left out; what is wrong is told all at
//! once, each mistake with its place. [`Loaded`] is what is made of a configuration to put it into force. Nothing here reads
//! a file.

mod alertmanager_config;
mod global;
mod inhibit_rule;
mod loaded;
mod matchers;
mod named_intervals;
mod own;
mod read;
mod receiver;
mod route;

#[cfg(test)]
mod suite;

pub use alertmanager_config::AlertmanagerConfig;
pub use global::GlobalConfig;
pub use inhibit_rule::InhibitRuleConfig;
pub use loaded::{Loaded, TemplateFile, TemplateFileError};
pub use matchers::{MatchRegexp, MatchRegexps, MatcherLines};
pub use named_intervals::NamedIntervals;
pub use own::OwnConfig;
pub use receiver::{
    DingTalkConfig, DiscordConfig, EmailConfig, FeishuConfig, GoDuration, HostPort, HttpSettings, IncidentioConfig,
    IntegrationConfig, JiraConfig, JiraField, MattermostAttachment, MattermostConfig, MattermostField,
    MattermostPriority, MattermostProps, MsTeamsConfig, MsTeamsV2Config, OpsgenieConfig, OpsgenieResponder,
    PagerdutyConfig, PagerdutyImage, PagerdutyLink, Payload, PushoverConfig, ReceiverConfig, RocketchatAction,
    RocketchatConfig, RocketchatField, SecretUrl, SlackAction, SlackConfig, SlackConfirmation, SlackField,
    TelegramConfig, TemplatedUrl, ThreadingConfig, VictoropsConfig, WebexConfig, WebhookConfig, WechatConfig,
    WecomRobotConfig,
};
pub use route::RouteConfig;
