//! A robot in a group of 企业微信.
//!
//! <https://developer.work.weixin.qq.com/document/path/91770>: 20 messages a minute; Markdown of 4096 bytes, texts of 2048,
//! pictures of 2 MB.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::exchange::Outgoing;
use super::message::Message;
use super::robot::{self, Codes};
use super::{SendFailure, json, truncate};
use crate::config::WecomRobotConfig;

const MAX_MARKDOWN_BYTES: usize = 4096;
const MAX_TEXT_BYTES: usize = 2048;
const MAX_PICTURE_BYTES: usize = 2 << 20;

const CODES: Codes = Codes { rate: &[45009], busy: &[-1], auth: &[93000, 40001, 40014] };

pub(super) async fn send(config: &WecomRobotConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let url = message.secret_url("webhook_url", &config.webhook_url, &config.webhook_url_file).await?;
    let body = json::line(&body(config, message)?)?;
    robot::judge(&message.exchange_whole(Outgoing::post(&url, body)).await?, &CODES)?;
    if let Some(pictures) = message.context.pictures.filter(|_| config.chart)
        && let Some(png) = pictures.png(message.notification).await
        && png.len() <= MAX_PICTURE_BYTES
    {
        send_picture(&url, &png, message).await;
    }
    Ok(())
}

fn body(config: &WecomRobotConfig, message: &mut Message<'_>) -> Result<Value, SendFailure> {
    let text = message.text(&config.message)?;
    if config.message_type == "text" {
        let content = truncate::to_bytes(&text, MAX_TEXT_BYTES);
        return Ok(json!({
            "msgtype": "text",
            "text": {
                "content": content,
                "mentioned_list": config.mentioned_list,
                "mentioned_mobile_list": config.mentioned_mobile_list,
            },
        }));
    }
    let called: String = config.mentioned_list.iter().map(|user| format!("\n<@{user}>")).collect();
    let text = truncate::to_bytes(&text, MAX_MARKDOWN_BYTES.saturating_sub(called.len()));
    Ok(json!({"msgtype": "markdown", "markdown": {"content": text + &called}}))
}

/// The text has arrived; that it would be told again is worse than that the picture is missing.
async fn send_picture(url: &str, png: &[u8], message: &mut Message<'_>) {
    let digest: String = Md5::digest(png).iter().map(|byte| format!("{byte:02x}")).collect();
    let body = json!({"msgtype": "image", "image": {"base64": STANDARD.encode(png), "md5": digest}});
    let sent = match json::line(&body) {
        Ok(body) => message
            .exchange_unrecorded(Outgoing::post(url, body))
            .await
            .and_then(|answer| robot::judge(&answer, &CODES)),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = sent {
        let reason = message.secrets.hide(failure.reason);
        tracing::warn!(integration = %message.notification.integration, reason, "the chart was not sent");
    }
}
