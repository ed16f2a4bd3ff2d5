//! A robot in a group of 飞书.
//!
//! <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>: 100 messages a minute and 5 a second; bodies of 20 KB.

use net::Secret;
use serde_json::{Value, json};

use super::exchange::Outgoing;
use super::message::Message;
use super::robot::{self, Codes};
use super::{SendFailure, digest, json, truncate};
use crate::config::FeishuConfig;

/// What the body holds beside the text needs the rest of 20 KB.
const MAX_TEXT_BYTES: usize = 18_000;
const MAX_BODY_BYTES: usize = 20_000;

const CODES: Codes = Codes { rate: &[11_232], busy: &[-1], auth: &[19_001, 19_021, 19_022] };

pub(super) async fn send(config: &FeishuConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let url = message.secret_url("webhook_url", &config.webhook_url, &config.webhook_url_file).await?;
    let mut signature = None;
    if !config.secret.is_empty() || !config.secret_file.is_empty() {
        let secret = message.secret("secret", &config.secret, &config.secret_file).await?;
        signature = Some(signed(&secret.into(), message.context.now_ms));
    }
    let body = body(config, signature.as_ref(), message)?;
    robot::judge(&message.exchange_whole(Outgoing::post(&url, body)).await?, &CODES)
}

/// The time in seconds and a signature of it, which is good for an hour. The key is what elsewhere would be signed.
fn signed(secret: &Secret, now_ms: i64) -> (String, String) {
    let timestamp = now_ms.div_euclid(1000).to_string();
    let signature = digest::hmac_sha256(&format!("{timestamp}\n{}", secret.expose()), "");
    (timestamp, signature)
}

fn body(
    config: &FeishuConfig,
    signature: Option<&(String, String)>,
    message: &mut Message<'_>,
) -> Result<String, SendFailure> {
    let title = truncate::to_runes(&message.text(&config.title)?, 128);
    let text = message.text(&config.message)?;
    let mut max = MAX_TEXT_BYTES;
    loop {
        let text = truncate::to_bytes(&text, max) + &called(config);
        let mut post = post(config, &title, &text, message.is_firing());
        if let Some((timestamp, signature)) = signature {
            post["timestamp"] = json!(timestamp);
            post["sign"] = json!(signature);
        }
        let body = json::line(&post)?;
        // Escapes may make it twice as long.
        if body.len() <= MAX_BODY_BYTES || max < 1000 {
            return Ok(body);
        }
        max = max * 9 / 10;
    }
}

/// Who is called; cards and texts call in different ways.
fn called(config: &FeishuConfig) -> String {
    let all = if config.at_all { Some("all") } else { None };
    let users = config.at_user_ids.iter().map(String::as_str).chain(all);
    let call = |user: &str| match config.message_type.as_str() {
        "text" => format!("<at user_id=\"{user}\"></at>"),
        _ => format!("<at id={user}></at>"),
    };
    let called: String = users.map(call).collect();
    if called.is_empty() { called } else { format!("\n{called}") }
}

fn post(config: &FeishuConfig, title: &str, text: &str, is_firing: bool) -> Value {
    if config.message_type == "text" {
        return json!({"msg_type": "text", "content": {"text": format!("{title}\n{text}")}});
    }
    let template = if is_firing { "red" } else { "green" };
    json!({
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": true},
            "header": {"template": template, "title": {"tag": "plain_text", "content": title}},
            "elements": [{"tag": "markdown", "content": text}],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        let (timestamp, signature) = signed(&"SECabc".into(), 1_700_000_000_999);
        assert_eq!(
            (timestamp.as_str(), signature.as_str()),
            ("1700000000", "XprR1de+0SSBnwWyU/4k6x2TL+Q2SJlM5NNEdAv7MWg=")
        );
    }
}
