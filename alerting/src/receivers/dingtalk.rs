//! A robot in a group of 钉钉.
//!
//! <https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages>: 20 messages a minute, above which the robot
//! is silent for ten; bodies of 20 KB.

use net::Secret;
use net::form;
use serde_json::{Value, json};

use super::exchange::Outgoing;
use super::message::Message;
use super::robot::{self, Codes};
use super::{SendFailure, digest, json, truncate};
use crate::config::DingTalkConfig;

/// What the body holds beside the text needs the rest of 20 KB.
const MAX_TEXT_BYTES: usize = 18_000;
const MAX_BODY_BYTES: usize = 20_000;

const CODES: Codes = Codes { rate: &[130_101, 410_100], busy: &[-1], auth: &[300_001, 310_000, 40_035] };

pub(super) async fn send(config: &DingTalkConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let mut url = message.secret_url("webhook_url", &config.webhook_url, &config.webhook_url_file).await?;
    if !config.secret.is_empty() || !config.secret_file.is_empty() {
        let secret = message.secret("secret", &config.secret, &config.secret_file).await?;
        url = signed(&url, &secret.into(), message.context.now_ms);
    }
    let body = body(config, message)?;
    robot::judge(&message.exchange_whole(Outgoing::post(&url, body)).await?, &CODES)
}

/// The URL with a signature that is good for an hour.
fn signed(url: &str, secret: &Secret, now_ms: i64) -> String {
    let secret = secret.expose();
    let timestamp = now_ms.to_string();
    let signature = digest::hmac_sha256(secret, &format!("{timestamp}\n{secret}"));
    let query = form::encode([("timestamp", timestamp.as_str()), ("sign", signature.as_str())]);
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}")
}

fn body(config: &DingTalkConfig, message: &mut Message<'_>) -> Result<String, SendFailure> {
    let title = truncate::to_runes(&message.text(&config.title)?, 128);
    let text = message.text(&config.message)?;
    let mut max = MAX_TEXT_BYTES;
    loop {
        let body = json::line(&post(config, &title, &truncate::to_bytes(&text, max)))?;
        // Escapes may make it twice as long.
        if body.len() <= MAX_BODY_BYTES || max < 1000 {
            return Ok(body);
        }
        max = max * 9 / 10;
    }
}

fn post(config: &DingTalkConfig, title: &str, text: &str) -> Value {
    let at = json!({"atMobiles": config.at_mobiles, "atUserIds": config.at_user_ids, "isAtAll": config.at_all});
    // Who is called must also stand in the text.
    let called: String = config.at_mobiles.iter().chain(&config.at_user_ids).map(|user| format!(" @{user}")).collect();
    let text = if called.is_empty() { text.to_owned() } else { format!("{text}\n{called}") };
    match config.message_type.as_str() {
        "text" => json!({"msgtype": "text", "text": {"content": text}, "at": at}),
        _ => json!({"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": at}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        // By openssl: printf '1700000000000\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64
        let url = signed("https://h/robot/send?access_token=t", &"SECabc".into(), 1_700_000_000_000);
        let want = "https://h/robot/send?access_token=t&timestamp=1700000000000&sign=jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D";
        assert_eq!(url, want);
    }
}
