//! `alertmanager.yml`.

mod global;
mod receiver;

pub use global::GlobalConfig;
pub use receiver::{
    DingTalkConfig, DiscordConfig, EmailConfig, FeishuConfig, GoDuration, HostPort, HttpSettings, IncidentioConfig,
    IntegrationConfig, JiraConfig, JiraField, MattermostAttachment, MattermostConfig, MattermostField,
    MattermostPriority, MattermostProps, MsTeamsConfig, MsTeamsV2Config, OpsgenieConfig, OpsgenieResponder,
    PagerdutyConfig, PagerdutyImage, PagerdutyLink, Payload, PushoverConfig, ReceiverConfig, RocketchatAction,
    RocketchatConfig, RocketchatField, SecretUrl, SlackAction, SlackConfig, SlackConfirmation, SlackField,
    TelegramConfig, TemplatedUrl, ThreadingConfig, VictoropsConfig, WebexConfig, WebhookConfig, WechatConfig,
    WecomRobotConfig,
};
