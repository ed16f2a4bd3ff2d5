//! Slack: incoming webhooks, and `chat.postMessage` for apps.

use serde::{Deserialize, Serialize};

use super::answer::{Answer, Judge};
use super::message::Message;
use super::session::Place;
use super::{FailureKind, SendFailure, truncate};
use crate::config::{SlackAction, SlackConfig, SlackConfirmation, SlackField};

/// Slack's limit for titles, in characters.
const MAX_TITLE: usize = 1024;

/// Where Markdown is read, if nothing else is said.
const MARKDOWN_IN: [&str; 3] = ["fallback", "pretext", "text"];

#[derive(Serialize)]
struct Post {
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ts: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_emoji: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_url: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    link_names: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pretext: String,
    text: String,
    fallback: String,
    callback_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<SlackField>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<SlackAction>,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    footer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    mrkdwn_in: Vec<String>,
}

pub(super) async fn send(config: &SlackConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    message.set_timeout(config.timeout);
    let attachment = attachment(config, message)?;
    let mut url = message.secret_url("api_url", &config.api_url, &config.api_url_file).await?;
    let mut post = Post {
        channel: message.text(&config.channel)?,
        ts: String::new(),
        username: message.text(&config.username)?,
        icon_emoji: message.text(&config.icon_emoji)?,
        icon_url: message.text(&config.icon_url)?,
        link_names: config.link_names,
        text: message.text(&config.message_text)?,
        attachments: [attachment],
    };
    let group_key = &message.notification.group_key;
    if let Some(place) = message.context.session.message_of(group_key).filter(|_| config.update_message) {
        url = url.replace("chat.postMessage", "chat.update");
        (post.channel, post.ts) = (place.channel, place.timestamp);
    }
    let in_channel = |failure: SendFailure| failure.within(format_args!("channel {:?}", post.channel));
    let answer = message.post(&url, &post, Judge::PLAIN).await.map_err(in_channel)?;
    let place = said(&answer).map_err(in_channel)?;
    if let Some(place) = place.filter(|_| config.update_message) {
        message.context.session.set_message_of(group_key, place);
    }
    Ok(())
}

fn attachment(config: &SlackConfig, message: &mut Message<'_>) -> Result<Attachment, SendFailure> {
    let markdown_in = || MARKDOWN_IN.map(str::to_owned).to_vec();
    Ok(Attachment {
        title: truncate::to_runes(&message.text(&config.title)?, MAX_TITLE),
        title_link: message.text(&config.title_link)?,
        pretext: message.text(&config.pretext)?,
        text: message.text(&config.text)?,
        fallback: message.text(&config.fallback)?,
        callback_id: message.text(&config.callback_id)?,
        image_url: message.text(&config.image_url)?,
        thumb_url: message.text(&config.thumb_url)?,
        footer: message.text(&config.footer)?,
        color: message.text(&config.color)?,
        mrkdwn_in: if config.mrkdwn_in.is_empty() { markdown_in() } else { config.mrkdwn_in.clone() },
        fields: config.fields.iter().map(|one| field(one, config, message)).collect::<Result<_, _>>()?,
        actions: config.actions.iter().map(|one| action(one, message)).collect::<Result<_, _>>()?,
    })
}

fn field(field: &SlackField, config: &SlackConfig, message: &mut Message<'_>) -> Result<SlackField, SendFailure> {
    Ok(SlackField {
        title: message.text(&field.title)?,
        value: message.text(&field.value)?,
        short: Some(field.short.unwrap_or(config.short_fields)),
    })
}

fn action(action: &SlackAction, message: &mut Message<'_>) -> Result<SlackAction, SendFailure> {
    let mut confirm = None;
    if let Some(asked) = &action.confirm {
        confirm = Some(SlackConfirmation {
            text: message.text(&asked.text)?,
            title: message.text(&asked.title)?,
            ok_text: message.text(&asked.ok_text)?,
            dismiss_text: message.text(&asked.dismiss_text)?,
        });
    }
    Ok(SlackAction {
        r#type: message.text(&action.r#type)?,
        text: message.text(&action.text)?,
        url: message.text(&action.url)?,
        style: message.text(&action.style)?,
        name: message.text(&action.name)?,
        value: message.text(&action.value)?,
        confirm,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    ok: bool,
    error: String,
    channel: String,
    ts: String,
}

/// What Slack says beside `200`: a webhook `ok`, the API where the message stands.
fn said(answer: &Answer) -> Result<Option<Place>, SendFailure> {
    let refused = |error: &str| {
        let failure = SendFailure::permanent(format_args!("error response from Slack: {error}"));
        match error {
            "ratelimited" | "rate_limited" => {
                let retry_after = answer.retry_after();
                SendFailure { is_retryable: true, retry_after, ..failure.of_kind(FailureKind::RateLimited) }
            }
            _ => failure.of_kind(FailureKind::ClientError),
        }
    };
    if !answer.is_json() {
        return if answer.body == "ok" { Ok(None) } else { Err(refused(&truncate::to_bytes(&answer.body, 512))) };
    }
    let said: Said = answer.json()?;
    if !said.ok {
        return Err(refused(&said.error));
    }
    let place = Place { channel: said.channel, timestamp: said.ts };
    Ok((!place.channel.is_empty() && !place.timestamp.is_empty()).then_some(place))
}
