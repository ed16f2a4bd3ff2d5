//! `telegram_configs`: Telegram.

use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, at_most_one, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;

/// A chat of Telegram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "telegram.plain", default, deny_unknown_fields)]
pub struct TelegramConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The API.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: Option<ConfigUrl>,
    /// The bot's token.
    #[serde(skip_serializing_if = "is_default")]
    pub bot_token: Secret,
    /// As `bot_token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub bot_token_file: String,
    /// The chat.
    #[serde(skip_serializing_if = "is_default")]
    pub chat_id: i64,
    /// As `chat_id`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub chat_id_file: String,
    /// A topic in the chat.
    #[serde(skip_serializing_if = "is_default")]
    pub message_thread_id: i64,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Whether it comes without a sound.
    #[serde(skip_serializing_if = "is_default")]
    pub disable_notifications: bool,
    /// `HTML`, `Markdown`, `MarkdownV2`, or empty for plain text.
    #[serde(skip_serializing_if = "is_default")]
    pub parse_mode: String,
}

impl Default for TelegramConfig {
    fn default() -> TelegramConfig {
        TelegramConfig {
            send_resolved: true,
            http_config: None,
            api_url: None,
            bot_token: Secret::default(),
            bot_token_file: String::new(),
            chat_id: 0,
            chat_id_file: String::new(),
            message_thread_id: 0,
            message: "{{ template \"telegram.default.message\" . }}".to_owned(),
            disable_notifications: false,
            parse_mode: "HTML".to_owned(),
        }
    }
}

impl Kind for TelegramConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        at_most_one("bot_token", !self.bot_token.is_empty(), &self.bot_token_file, faults);
        at_most_one("chat_id", self.chat_id != 0, &self.chat_id_file, faults);
        if self.chat_id == 0 && self.chat_id_file.is_empty() {
            faults.add_here("missing chat_id or chat_id_file on telegram_config");
        }
        if !matches!(self.parse_mode.as_str(), "" | "Markdown" | "MarkdownV2" | "HTML") {
            faults.add(
                "parse_mode",
                "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string",
            );
        }
        check_url("api_url", self.api_url.as_ref(), faults);
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_url(&mut self.api_url, global.telegram_api_url.as_ref());
        if !self.bot_token.is_empty() || !self.bot_token_file.is_empty() {
            return;
        }
        self.bot_token = global.telegram_bot_token.clone();
        self.bot_token_file.clone_from(&global.telegram_bot_token_file);
        if self.bot_token.is_empty() && self.bot_token_file.is_empty() {
            faults.add_here("missing bot_token or bot_token_file on telegram_config");
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.bot_token_file);
        join_directory(directory, &mut self.chat_id_file);
    }
}

impl TelegramConfig {
    pub(super) const NAME: &str = "telegram";
}
