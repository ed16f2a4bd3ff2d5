//! Microsoft Teams: message cards for connectors, adaptive cards for workflows.

use serde::Serialize;
use serde_json::json;

use super::SendFailure;
use super::answer::Judge;
use super::message::Message;
use crate::config::{MsTeamsConfig, MsTeamsV2Config};

#[derive(Serialize)]
struct Card {
    #[serde(rename = "@context")]
    context: &'static str,
    r#type: &'static str,
    title: String,
    summary: String,
    text: String,
    #[serde(rename = "themeColor")]
    theme_color: &'static str,
}

pub(super) async fn send(config: &MsTeamsConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let url = message.secret_url("webhook_url", &config.webhook_url, &config.webhook_url_file).await?;
    let card = Card {
        context: "http://schema.org/extensions",
        r#type: "MessageCard",
        title: message.text(&config.title)?,
        summary: message.text(&config.summary)?,
        text: message.text(&config.text)?,
        theme_color: if message.is_firing() { "8C1A1A" } else { "2DC72D" },
    };
    message.post(&url, &card, Judge::PLAIN).await.map(drop)
}

pub(super) async fn send_v2(config: &MsTeamsV2Config, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let url = message.secret_url("webhook_url", &config.webhook_url, &config.webhook_url_file).await?;
    let title = message.text(&config.title)?;
    let text = message.text(&config.text)?;
    let color = if message.is_firing() { "Attention" } else { "Good" };
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [
            {
                "type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": true,
                "style": "heading", "color": color,
            },
            {"type": "TextBlock", "text": text, "wrap": true},
        ],
        "msteams": {"width": "full"},
    });
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": card,
    });
    message.post(&url, &json!({"type": "message", "attachments": [attachment]}), Judge::PLAIN).await.map(drop)
}
