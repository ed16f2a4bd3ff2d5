//! Rocket.Chat's REST API.

use serde::{Deserialize, Serialize};

use super::answer::Judge;
use super::exchange::Outgoing;
use super::message::Message;
use super::{FailureKind, SendFailure, json, truncate};
use crate::config::{RocketchatConfig, RocketchatField};

/// The limit for titles, in characters.
const MAX_TITLE: usize = 1024;

#[derive(Serialize)]
struct Post {
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    emoji: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    avatar: String,
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
}

#[derive(Serialize)]
struct Field {
    short: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
}

#[derive(Serialize)]
struct Action {
    r#type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    is_webview: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    msg: String,
    msg_in_chat_window: bool,
}

pub(super) async fn send(config: &RocketchatConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let post = post(config, message)?;
    let token = message.secret("token", &config.token, &config.token_file).await?;
    let user = message.secret("token_id", &config.token_id, &config.token_id_file).await?;
    let base = config.api_url.as_ref().map_or("", |url| url.expose()).trim_end_matches('/');
    let outgoing = Outgoing::post(&format!("{base}/api/v1/chat.postMessage"), json::line(&post)?)
        .with_secret("x-auth-token", &token)?
        .with_secret("x-user-id", &user)?;
    let in_channel = |failure: SendFailure| failure.within(format_args!("channel {:?}", post.channel));
    let answer = message.exchange_whole(outgoing).await.map_err(in_channel)?;
    answer.judge(Judge::PLAIN).map_err(in_channel)?;
    let said: Said = answer.json().map_err(in_channel)?;
    if said.success {
        return Ok(());
    }
    let shown = truncate::to_bytes(&said.error, 512);
    let failure = SendFailure::permanent(format_args!("error response from Rocketchat: {shown}"));
    Err(in_channel(failure.of_kind(FailureKind::ClientError)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    success: bool,
    error: String,
}

fn post(config: &RocketchatConfig, message: &mut Message<'_>) -> Result<Post, SendFailure> {
    let mut attachment = Attachment {
        title: truncate::to_runes(&message.text(&config.title)?, MAX_TITLE),
        title_link: message.text(&config.title_link)?,
        text: message.text(&config.text)?,
        image_url: message.text(&config.image_url)?,
        thumb_url: message.text(&config.thumb_url)?,
        color: message.text(&config.color)?,
        fields: Vec::new(),
        actions: Vec::new(),
    };
    for RocketchatField { short, title, value } in &config.fields {
        let short = short.unwrap_or(config.short_fields);
        attachment.fields.push(Field { short, title: message.text(title)?, value: message.text(value)? });
    }
    for action in &config.actions {
        attachment.actions.push(Action {
            r#type: "button",
            text: message.text(&action.text)?,
            url: message.text(&action.url)?,
            is_webview: false,
            msg: message.text(&action.msg)?,
            msg_in_chat_window: false,
        });
    }
    Ok(Post {
        channel: message.text(&config.channel)?,
        emoji: message.text(&config.emoji)?,
        avatar: message.text(&config.icon_url)?,
        attachments: [attachment],
    })
}
