//! Where notifications go: one module for each kind of receiver.
//!
//! [`send`] is one attempt: a [`Notification`] becomes the receiver's message by its templates (`message`), the message is
//! sent (`exchange`), and the answer is judged (`answer`). Whoever calls it owns what is around it: the queue, when to try
//! again, when to give up. What is kept between attempts is a [`Session`].
//!
//! Messages are Alertmanager 0.34's, byte for byte where they can be. What differs is on purpose, and listed in
//! docs/receivers.md: labels make no links and no mentions (`markup`), too large a message loses alerts rather than
//! failing, redirects are not followed, and a receiver that answers 429 is asked again.
//!
//! Nothing that is told of an attempt holds a secret (`secrets`).

mod answer;
mod attempt;
mod data;
mod digest;
mod dingtalk;
mod discord;
mod email;
mod exchange;
mod failure;
mod feishu;

mod incidentio;
mod jira;
mod json;
mod markup;
mod mattermost;
mod message;
mod msteams;
mod opsgenie;
mod pagerduty;
mod payload;
mod pushover;
mod robot;
mod rocketchat;
mod secrets;
mod session;
mod slack;
mod telegram;
mod templates;
mod truncate;
mod victorops;
mod webex;
mod webhook;
mod wechat;
mod wecom_robot;

#[cfg(test)]
pub(crate) mod tests;

pub use attempt::{Context, FailureKind, Language, SendFailure, Sent};
pub use data::notification_data;
pub use email::{Attached, Mail, SealedMail, mail_address};
pub use session::Session;
pub use templates::templates;

use message::Message;

use crate::Notification;
use crate::config::IntegrationConfig;

/// What is kept of what was sent, for the record; more is cut off.
pub const MAX_KEPT_BYTES: usize = 64 << 10;

/// Tries once to tell a receiver.
///
/// # Errors
/// Why the receiver does not have it, as far as is known, and whether to try again.
pub async fn send(
    config: IntegrationConfig<'_>,
    notification: &Notification,
    context: &Context<'_>,
) -> Result<Sent, SendFailure> {
    let mut message = Message::new(config, notification, context).await?;
    let sent = match config {
        IntegrationConfig::Email(config) => email::send(config, &mut message).await,
        IntegrationConfig::Webhook(config) => webhook::send(config, &mut message).await,
        IntegrationConfig::Pagerduty(config) => pagerduty::send(config, &mut message).await,
        IntegrationConfig::Opsgenie(config) => opsgenie::send(config, &mut message).await,
        IntegrationConfig::Wechat(config) => wechat::send(config, &mut message).await,
        IntegrationConfig::Slack(config) => slack::send(config, &mut message).await,
        IntegrationConfig::Victorops(config) => victorops::send(config, &mut message).await,
        IntegrationConfig::Pushover(config) => pushover::send(config, &mut message).await,
        IntegrationConfig::Telegram(config) => telegram::send(config, &mut message).await,
        IntegrationConfig::Discord(config) => discord::send(config, &mut message).await,
        IntegrationConfig::Webex(config) => webex::send(config, &mut message).await,
        IntegrationConfig::MsTeams(config) => msteams::send(config, &mut message).await,
        IntegrationConfig::MsTeamsV2(config) => msteams::send_v2(config, &mut message).await,
        IntegrationConfig::Jira(config) => jira::send(config, &mut message).await,
        IntegrationConfig::Incidentio(config) => incidentio::send(config, &mut message).await,
        IntegrationConfig::Rocketchat(config) => rocketchat::send(config, &mut message).await,
        IntegrationConfig::Mattermost(config) => mattermost::send(config, &mut message).await,
        IntegrationConfig::WecomRobot(config) => wecom_robot::send(config, &mut message).await,
        IntegrationConfig::DingTalk(config) => dingtalk::send(config, &mut message).await,
        IntegrationConfig::Feishu(config) => feishu::send(config, &mut message).await,
    };
    message.end(sent)
}
