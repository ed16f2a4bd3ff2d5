//! A notification on its way to one integration: its data, its templates, its secrets, and what was sent of it.

use std::time::Duration;

use net::Secret;
use tokio::time::Instant;

use super::markup::Markup;
use super::secrets::{Secrets, of_file};
use super::{Context, SendFailure, Sent, data, digest, truncate};
use crate::Notification;
use crate::config::{GoDuration, IntegrationConfig, SecretUrl};
use crate::template::{Host, Limits, Mode, NotificationData, Sample, Value};

/// Steps of templates for each alert of a notification, beside those that each has.
const STEPS_PER_ALERT: u64 = 1_000;

/// One attempt at telling one integration.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) notification: &'a Notification,
    pub(super) context: &'a Context<'a>,
    markup: Markup,
    /// How many of the alerts the templates know; all, unless that was too much.
    n_alerts: usize,
    data: NotificationData,
    value: Value,
    /// What the templates of this notification may still write.
    n_left_bytes: usize,
    pub(super) secrets: Secrets,
    /// What was sent, for the record.
    sent: String,
    began: Instant,
    timeout: Duration,
}

impl<'a> Message<'a> {
    /// Nothing is sent yet.
    pub(super) async fn new(
        config: IntegrationConfig<'_>,
        notification: &'a Notification,
        context: &'a Context<'a>,
    ) -> Result<Message<'a>, SendFailure> {
        let markup = markup_of(config);
        let n_alerts = notification.alerts.len();
        let data = data::data_of(notification, n_alerts, context.external_url, markup);
        let mut secrets = Secrets::default();
        if let Some(http) = config.http_config() {
            secrets.add_of_http(http).await;
        }
        context.session.add_secrets_to(&mut secrets);
        Ok(Message {
            notification,
            context,
            markup,
            n_alerts,
            value: Value::from(&data),
            data,
            n_left_bytes: Limits::NOTIFICATION.output_bytes,
            secrets,
            sent: String::new(),
            began: Instant::now(),
            timeout: context.timeout,
        })
    }

    /// A shorter time than the notification has, if one is set.
    pub(super) fn set_timeout(&mut self, timeout: GoDuration) {
        if timeout.0 > Duration::ZERO {
            self.timeout = self.timeout.min(timeout.0);
        }
    }

    /// What is left of the time.
    pub(super) fn time_left(&self) -> Duration {
        self.timeout.saturating_sub(self.began.elapsed())
    }

    /// The time that it has in all.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether something fires.
    pub(super) fn is_firing(&self) -> bool {
        self.notification.alerts.iter().any(|alert| !alert.is_resolved_at(self.notification.at_ms))
    }

    /// The group's key, as receivers tell groups by it: SHA-256 in hexadecimal digits.
    pub(super) fn group_hash(&self) -> String {
        digest::sha256_hex(&self.notification.group_key)
    }

    /// What templates know.
    pub(super) fn data(&self) -> &NotificationData {
        &self.data
    }

    /// A template, filled in.
    pub(super) fn text(&mut self, template: &str) -> Result<String, SendFailure> {
        self.fill_in(template, Mode::Text)
    }

    /// A template, filled in, where what is filled in is escaped for HTML.
    pub(super) fn html(&mut self, template: &str) -> Result<String, SendFailure> {
        self.fill_in(template, Mode::Html)
    }

    fn fill_in(&mut self, template: &str, mode: Mode) -> Result<String, SendFailure> {
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        loop {
            let limits = Limits {
                output_bytes: self.n_left_bytes,
                steps: Limits::NOTIFICATION.steps + STEPS_PER_ALERT * self.n_alerts as u64,
                ..Limits::NOTIFICATION
            };
            let mut host = World { now_ms: self.context.now_ms, external_url: self.context.external_url };
            match self.context.templates.execute_text(template, &self.value, &mut host, mode, limits) {
                Ok(text) => {
                    self.n_left_bytes -= text.len();
                    return Ok(text);
                }
                // News of some is better than of none.
                Err(error) if error.is_limit() && self.tell_fewer() => {}
                Err(error) => return Err(SendFailure::permanent(format_args!("templating error: {error}"))),
            }
        }
    }

    /// Leaves the second half of the alerts out of what follows; answers `false` where there is one at most.
    pub(super) fn tell_fewer(&mut self) -> bool {
        if self.n_alerts <= 1 {
            return false;
        }
        self.n_alerts /= 2;
        // What was written with all of them is not sent.
        self.n_left_bytes = Limits::NOTIFICATION.output_bytes;
        self.data = data::data_of(self.notification, self.n_alerts, self.context.external_url, self.markup);
        self.value = Value::from(&self.data);
        true
    }

    /// Leaves out the alerts behind the first `max`; answers how many those are. 0 leaves out none.
    pub(super) fn tell_at_most(&mut self, max: u64) -> u64 {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        if max > 0 && self.n_alerts > max {
            self.n_alerts = max;
            self.data = data::data_of(self.notification, max, self.context.external_url, self.markup);
            self.value = Value::from(&self.data);
        }
        self.n_left_out()
    }

    /// How many alerts are left out.
    pub(super) fn n_left_out(&self) -> u64 {
        (self.notification.alerts.len() - self.n_alerts) as u64
    }

    /// A secret as it is now, from the configuration or a file.
    pub(super) async fn secret(&mut self, what: &str, inline: &Secret, file: &str) -> Result<String, SendFailure> {
        self.secrets.read(what, inline, file).await
    }

    /// A secret that is a template.
    pub(super) async fn secret_text(&mut self, what: &str, inline: &Secret, file: &str) -> Result<String, SendFailure> {
        let template = self.secret(what, inline, file).await?;
        let text = self.text(&template)?.trim().to_owned();
        if text.is_empty() {
            return Err(SendFailure::permanent(format_args!("{what} is empty")));
        }
        self.secrets.add(&text);
        Ok(text)
    }

    /// A URL that is a secret.
    pub(super) async fn secret_url(
        &mut self,
        what: &str,
        inline: &SecretUrl,
        file: &str,
    ) -> Result<String, SendFailure> {
        let text = if inline.is_empty() { of_file(what, file).await? } else { inline.expose().to_owned() };
        self.secrets.add_url(&text);
        Ok(text)
    }

    /// Remembers a body as sent.
    pub(super) fn record(&mut self, body: &str) {
        if !self.sent.is_empty() && !self.sent.ends_with('\n') {
            self.sent.push('\n');
        }
        self.sent.push_str(body);
    }

    /// What is told of the attempt.
    pub(super) fn end(self, sent: Result<(), SendFailure>) -> Result<Sent, SendFailure> {
        let body = truncate::kept(self.secrets.hide(self.sent));
        match sent {
            Ok(()) => Ok(Sent { body }),
            Err(failure) => Err(SendFailure { reason: self.secrets.hide(failure.reason), body, ..failure }),
        }
    }
}

/// The markup that a receiver reads.
fn markup_of(config: IntegrationConfig<'_>) -> Markup {
    match config {
        IntegrationConfig::Slack(_) => Markup::Slack,
        IntegrationConfig::WecomRobot(_) | IntegrationConfig::DingTalk(_) | IntegrationConfig::Feishu(_) => {
            Markup::Robot
        }
        IntegrationConfig::Telegram(config) if config.parse_mode.starts_with("Markdown") => Markup::Markdown,
        IntegrationConfig::Wechat(config) if config.message_type == "markdown" => Markup::Markdown,
        IntegrationConfig::Discord(_)
        | IntegrationConfig::Webex(_)
        | IntegrationConfig::MsTeams(_)
        | IntegrationConfig::MsTeamsV2(_)
        | IntegrationConfig::Jira(_)
        | IntegrationConfig::Rocketchat(_)
        | IntegrationConfig::Mattermost(_) => Markup::Markdown,
        IntegrationConfig::Webhook(_)
        | IntegrationConfig::Email(_)
        | IntegrationConfig::Pagerduty(_)
        | IntegrationConfig::Opsgenie(_)
        | IntegrationConfig::Wechat(_)
        | IntegrationConfig::Victorops(_)
        | IntegrationConfig::Pushover(_)
        | IntegrationConfig::Telegram(_)
        | IntegrationConfig::Incidentio(_) => Markup::Plain,
    }
}

/// What templates of notifications know of the world.
struct World<'w> {
    now_ms: i64,
    external_url: &'w str,
}

impl Host for World<'_> {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn external_url(&self) -> &str {
        self.external_url
    }

    fn query(&mut self, _: &str) -> Result<Vec<Sample>, String> {
        Err("notifications have no queries".to_owned())
    }
}
