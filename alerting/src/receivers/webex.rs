//! Webex.

use serde::Serialize;

use super::answer::Judge;
use super::message::Message;
use super::{SendFailure, truncate};
use crate::config::WebexConfig;

/// Webex' limit.
const MAX_BYTES: usize = 7439;

#[derive(Serialize)]
struct Post {
    markdown: String,
    #[serde(rename = "roomId", skip_serializing_if = "String::is_empty")]
    room_id: String,
}

pub(super) async fn send(config: &WebexConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let post = Post {
        markdown: truncate::to_bytes(&message.text(&config.message)?, MAX_BYTES),
        room_id: message.text(&config.room_id)?,
    };
    let url = config.api_url.as_ref().map_or("", |url| url.expose());
    message.post(url, &post, Judge::PLAIN).await.map(drop)
}
