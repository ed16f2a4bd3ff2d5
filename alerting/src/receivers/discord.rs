//! Discord's webhooks.

use serde::Serialize;

use super::answer::Judge;
use super::message::Message;
use super::{SendFailure, truncate};
use net::config::ConfigUrl;

use crate::config::DiscordConfig;

/// Discord's limits, in characters.
const MAX_TITLE: usize = 256;
const MAX_TEXT: usize = 4096;
const MAX_CONTENT: usize = 2000;

const RED: u32 = 0x99_2d22;
const GREEN: u32 = 0x2e_cc71;

#[derive(Serialize)]
struct Post<'m> {
    content: String,
    embeds: [Embed; 1],
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    avatar_url: &'m str,
}

#[derive(Serialize)]
struct Embed {
    title: String,
    description: String,
    color: u32,
}

pub(super) async fn send(config: &DiscordConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let url = message.secret_url("webhook_url", &config.webhook_url, &config.webhook_url_file).await?;
    let embed = Embed {
        title: truncate::to_runes(&message.text(&config.title)?, MAX_TITLE),
        description: truncate::to_runes(&message.text(&config.message)?, MAX_TEXT),
        color: if message.is_firing() { RED } else { GREEN },
    };
    let is_url = ConfigUrl::try_from(config.avatar_url.as_str()).is_ok();
    let post = Post {
        content: truncate::to_runes(&message.text(&config.content)?, MAX_CONTENT),
        embeds: [embed],
        username: &config.username,
        avatar_url: if is_url { &config.avatar_url } else { "" },
    };
    message.post(&url, &post, Judge::PLAIN).await.map(drop)
}
