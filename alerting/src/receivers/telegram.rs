//! Telegram's bot API.

use std::collections::BTreeMap;
use std::time::Duration;

use net::Secret;
use serde::Deserialize;

use super::answer::Answer;
use super::exchange::Outgoing;
use super::message::Message;
use super::{FailureKind, SendFailure, json, truncate};
use crate::config::TelegramConfig;

/// Telegram's limit for texts, in characters.
const MAX_TEXT: usize = 4096;

/// What is said where not even one alert can be told: HTML cannot be cut anywhere.
const TOO_LONG: &str = "The notification is longer than Telegram takes, even with one alert. \
                        Make the template of its message shorter.";

pub(super) async fn send(config: &TelegramConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let text = text(config, message)?;
    let token = message.secret("bot_token", &config.bot_token, &config.bot_token_file).await?;
    let chat_id = match config.chat_id {
        0 => chat_id(&message.secret("chat_id", &Secret::default(), &config.chat_id_file).await?)?,
        chat_id => chat_id,
    };
    let mut post = BTreeMap::from([
        ("chat_id", chat_id.to_string()),
        ("text", text),
        ("disable_web_page_preview", "true".to_owned()),
    ]);
    if config.disable_notifications {
        post.insert("disable_notification", "true".to_owned());
    }
    if !config.parse_mode.is_empty() {
        post.insert("parse_mode", config.parse_mode.clone());
    }
    if config.message_thread_id != 0 {
        post.insert("message_thread_id", config.message_thread_id.to_string());
    }
    let base = config.api_url.as_ref().map_or("", |url| url.expose()).trim_end_matches('/');
    let url = format!("{base}/bot{token}/sendMessage");
    let answer = message.exchange_whole(Outgoing::post(&url, json::line(&post)?)).await?;
    judge(&answer)
}

fn chat_id(text: &str) -> Result<i64, SendFailure> {
    text.parse().map_err(|error| SendFailure::permanent(format_args!("chat_id_file: {error}")))
}

/// The text. As HTML it is not cut: it would lose the ends of its elements; alerts are left out instead.
fn text(config: &TelegramConfig, message: &mut Message<'_>) -> Result<String, SendFailure> {
    if config.parse_mode != "HTML" {
        return Ok(truncate::to_runes(&message.text(&config.message)?, MAX_TEXT));
    }
    loop {
        let text = message.html(&config.message)?;
        if text.chars().nth(MAX_TEXT).is_none() {
            return Ok(text);
        }
        if !message.tell_fewer() {
            return Ok(TOO_LONG.to_owned());
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    ok: bool,
    error_code: u16,
    description: String,
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    retry_after: u64,
}

/// Telegram says in the body what it thinks, whatever the status.
fn judge(answer: &Answer) -> Result<(), SendFailure> {
    let Ok(said) = answer.json::<Said>() else {
        answer.judge(super::answer::Judge::PLAIN)?;
        // Somebody else may have answered; that Telegram has it is not known.
        return Err(SendFailure::passing("the answer is not Telegram's"));
    };
    if said.ok {
        return Ok(());
    }
    let status = if said.error_code == 0 { answer.status.as_u16() } else { said.error_code };
    let shown = truncate::to_bytes(&said.description, 512);
    let failure = SendFailure::permanent(format_args!("telegram: {shown} ({status})"));
    let told = Some(said.parameters.retry_after).filter(|seconds| *seconds > 0).map(Duration::from_secs);
    Err(SendFailure {
        is_retryable: status == 429 || status >= 500,
        retry_after: told.or_else(|| answer.retry_after()),
        ..failure.of_kind(FailureKind::of_status(status))
    })
}
