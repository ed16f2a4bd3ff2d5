//! `global`: what receivers take where they do not say it themselves.

use std::path::Path;

use model::duration::PromDuration;
use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, TlsConfig, join_directory};
use serde::{Deserialize, Serialize};

use super::receiver::{HostPort, HttpSettings, SecretUrl, at_most_one, check_url, is_default};

/// The section `global`, with Alertmanager's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct GlobalConfig {
    /// An alert without an end is over after this, unless it is reported again.
    pub resolve_timeout: PromDuration,
    /// How HTTP is talked to receivers.
    pub http_config: HttpSettings,
    /// Jira's API.
    #[serde(skip_serializing_if = "is_default")]
    pub jira_api_url: Option<ConfigUrl>,
    /// Whom mails are from.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_from: String,
    /// How we call ourselves to mail servers.
    pub smtp_hello: String,
    /// The mail server that takes our mails.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_smarthost: HostPort,
    /// The user at the mail server.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_auth_username: String,
    /// For `PLAIN` and `LOGIN`.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_auth_password: Secret,
    /// As `smtp_auth_password`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_auth_password_file: String,
    /// For `CRAM-MD5`.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_auth_secret: Secret,
    /// As `smtp_auth_secret`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_auth_secret_file: String,
    /// For whom the user acts.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_auth_identity: String,
    /// Whether a mail server must offer STARTTLS.
    pub smtp_require_tls: bool,
    /// TLS towards mail servers.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_tls_config: TlsConfig,
    /// Whether TLS begins with the connection; by the port where it is not said.
    #[serde(skip_serializing_if = "is_default")]
    pub smtp_force_implicit_tls: Option<bool>,
    /// Slack's incoming webhook.
    #[serde(skip_serializing_if = "is_default")]
    pub slack_api_url: SecretUrl,
    /// As `slack_api_url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub slack_api_url_file: String,
    /// A Slack app's token.
    #[serde(skip_serializing_if = "is_default")]
    pub slack_app_token: Secret,
    /// As `slack_app_token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub slack_app_token_file: String,
    /// Where a Slack app posts messages.
    #[serde(skip_serializing_if = "is_default")]
    pub slack_app_url: Option<ConfigUrl>,
    /// PagerDuty's events API, version 2.
    #[serde(skip_serializing_if = "is_default")]
    pub pagerduty_url: Option<ConfigUrl>,
    /// Opsgenie's API.
    #[serde(skip_serializing_if = "is_default")]
    pub opsgenie_api_url: Option<ConfigUrl>,
    /// The key for it.
    #[serde(skip_serializing_if = "is_default")]
    pub opsgenie_api_key: Secret,
    /// As `opsgenie_api_key`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub opsgenie_api_key_file: String,
    /// 企业微信's API.
    #[serde(skip_serializing_if = "is_default")]
    pub wechat_api_url: Option<ConfigUrl>,
    /// The secret of an application there.
    #[serde(skip_serializing_if = "is_default")]
    pub wechat_api_secret: Secret,
    /// As `wechat_api_secret`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub wechat_api_secret_file: String,
    /// The company's id there.
    #[serde(skip_serializing_if = "is_default")]
    pub wechat_api_corp_id: String,
    /// VictorOps' API.
    #[serde(skip_serializing_if = "is_default")]
    pub victorops_api_url: Option<ConfigUrl>,
    /// The key for it.
    #[serde(skip_serializing_if = "is_default")]
    pub victorops_api_key: Secret,
    /// As `victorops_api_key`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub victorops_api_key_file: String,
    /// Telegram's API.
    #[serde(skip_serializing_if = "is_default")]
    pub telegram_api_url: Option<ConfigUrl>,
    /// The bot's token.
    #[serde(skip_serializing_if = "is_default")]
    pub telegram_bot_token: Secret,
    /// As `telegram_bot_token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub telegram_bot_token_file: String,
    /// Webex' API.
    #[serde(skip_serializing_if = "is_default")]
    pub webex_api_url: Option<ConfigUrl>,
    /// Rocket.Chat's server.
    #[serde(skip_serializing_if = "is_default")]
    pub rocketchat_api_url: Option<ConfigUrl>,
    /// The token for it.
    #[serde(skip_serializing_if = "is_default")]
    pub rocketchat_token: Secret,
    /// As `rocketchat_token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub rocketchat_token_file: String,
    /// The user that the token belongs to.
    #[serde(skip_serializing_if = "is_default")]
    pub rocketchat_token_id: Secret,
    /// As `rocketchat_token_id`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub rocketchat_token_id_file: String,
    /// Mattermost's incoming webhook.
    #[serde(skip_serializing_if = "is_default")]
    pub mattermost_webhook_url: SecretUrl,
    /// As `mattermost_webhook_url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub mattermost_webhook_url_file: String,
}

impl Default for GlobalConfig {
    fn default() -> GlobalConfig {
        let url = |text: &str| ConfigUrl::try_from(text).ok();
        GlobalConfig {
            resolve_timeout: PromDuration::from_secs(300),
            http_config: HttpSettings::default(),
            jira_api_url: None,
            smtp_from: String::new(),
            smtp_hello: "localhost".to_owned(),
            smtp_smarthost: HostPort::default(),
            smtp_auth_username: String::new(),
            smtp_auth_password: Secret::default(),
            smtp_auth_password_file: String::new(),
            smtp_auth_secret: Secret::default(),
            smtp_auth_secret_file: String::new(),
            smtp_auth_identity: String::new(),
            smtp_require_tls: true,
            smtp_tls_config: TlsConfig::default(),
            smtp_force_implicit_tls: None,
            slack_api_url: SecretUrl::default(),
            slack_api_url_file: String::new(),
            slack_app_token: Secret::default(),
            slack_app_token_file: String::new(),
            slack_app_url: url("https://slack.com/api/chat.postMessage"),
            pagerduty_url: url("https://events.pagerduty.com/v2/enqueue"),
            opsgenie_api_url: url("https://api.opsgenie.com/"),
            opsgenie_api_key: Secret::default(),
            opsgenie_api_key_file: String::new(),
            wechat_api_url: url("https://qyapi.weixin.qq.com/cgi-bin/"),
            wechat_api_secret: Secret::default(),
            wechat_api_secret_file: String::new(),
            wechat_api_corp_id: String::new(),
            victorops_api_url: url("https://alert.victorops.com/integrations/generic/20131114/alert/"),
            victorops_api_key: Secret::default(),
            victorops_api_key_file: String::new(),
            telegram_api_url: url("https://api.telegram.org"),
            telegram_bot_token: Secret::default(),
            telegram_bot_token_file: String::new(),
            webex_api_url: url("https://webexapis.com/v1/messages"),
            rocketchat_api_url: url("https://open.rocket.chat/"),
            rocketchat_token: Secret::default(),
            rocketchat_token_file: String::new(),
            rocketchat_token_id: Secret::default(),
            rocketchat_token_id_file: String::new(),
            mattermost_webhook_url: SecretUrl::default(),
            mattermost_webhook_url_file: String::new(),
        }
    }
}

impl GlobalConfig {
    /// Finds what contradicts itself.
    pub fn check(&self, faults: &mut Faults) {
        faults.within("http_config", |faults| self.http_config.check(faults));
        for (name, url) in self.urls() {
            check_url(name, url.as_ref(), faults);
        }
        let pairs = [
            ("slack_app_token", !self.slack_app_token.is_empty(), &self.slack_app_token_file),
            ("slack_api_url", !self.slack_api_url.is_empty(), &self.slack_api_url_file),
            ("opsgenie_api_key", !self.opsgenie_api_key.is_empty(), &self.opsgenie_api_key_file),
            ("victorops_api_key", !self.victorops_api_key.is_empty(), &self.victorops_api_key_file),
            ("telegram_bot_token", !self.telegram_bot_token.is_empty(), &self.telegram_bot_token_file),
            ("smtp_auth_password", !self.smtp_auth_password.is_empty(), &self.smtp_auth_password_file),
            ("rocketchat_token", !self.rocketchat_token.is_empty(), &self.rocketchat_token_file),
            ("rocketchat_token_id", !self.rocketchat_token_id.is_empty(), &self.rocketchat_token_id_file),
            ("smtp_auth_secret", !self.smtp_auth_secret.is_empty(), &self.smtp_auth_secret_file),
            ("wechat_api_secret", !self.wechat_api_secret.is_empty(), &self.wechat_api_secret_file),
            ("mattermost_webhook_url", !self.mattermost_webhook_url.is_empty(), &self.mattermost_webhook_url_file),
        ];
        for (name, is_inline, file) in pairs {
            at_most_one(name, is_inline, file, faults);
        }
        self.check_slack(faults);
    }

    /// The API's URL beside an app's token is how tokens were given before there was a field for them.
    fn check_slack(&self, faults: &mut Faults) {
        let has_token = !self.slack_app_token.is_empty() || !self.slack_app_token_file.is_empty();
        let has_url = !self.slack_api_url.is_empty() || !self.slack_api_url_file.is_empty();
        let app_url = self.slack_app_url.as_ref().map_or("", ConfigUrl::expose);
        if has_token && has_url && self.slack_api_url.expose() != app_url {
            faults.add(
                if self.slack_app_token.is_empty() { "slack_app_token_file" } else { "slack_app_token" },
                "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be \
                 configured",
            );
        }
    }

    fn urls(&self) -> [(&'static str, &Option<ConfigUrl>); 9] {
        [
            ("jira_api_url", &self.jira_api_url),
            ("slack_app_url", &self.slack_app_url),
            ("pagerduty_url", &self.pagerduty_url),
            ("opsgenie_api_url", &self.opsgenie_api_url),
            ("wechat_api_url", &self.wechat_api_url),
            ("victorops_api_url", &self.victorops_api_url),
            ("telegram_api_url", &self.telegram_api_url),
            ("webex_api_url", &self.webex_api_url),
            ("rocketchat_api_url", &self.rocketchat_api_url),
        ]
    }

    /// Puts what was written in an old way where it belongs. To be called before receivers take anything from here.
    pub fn fill(&mut self) {
        self.http_config.fill();
    }

    /// Makes relative file names relative to a directory.
    pub fn set_directory(&mut self, directory: &Path) {
        self.http_config.set_directory(directory);
        self.smtp_tls_config.set_directory(directory);
        for file in [
            &mut self.smtp_auth_password_file,
            &mut self.smtp_auth_secret_file,
            &mut self.slack_api_url_file,
            &mut self.slack_app_token_file,
            &mut self.opsgenie_api_key_file,
            &mut self.wechat_api_secret_file,
            &mut self.victorops_api_key_file,
            &mut self.telegram_bot_token_file,
            &mut self.rocketchat_token_file,
            &mut self.rocketchat_token_id_file,
            &mut self.mattermost_webhook_url_file,
        ] {
            join_directory(directory, file);
        }
    }
}
