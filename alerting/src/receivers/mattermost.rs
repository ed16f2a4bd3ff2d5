//! Mattermost's incoming webhooks.

use serde::Serialize;

use super::answer::Judge;
use super::message::Message;
use super::{SendFailure, truncate};
use crate::config::{MattermostAttachment, MattermostConfig, MattermostField, MattermostPriority, MattermostProps};

/// Mattermost's limit for texts, in characters.
const MAX_TEXT: usize = 16_383;

#[derive(Serialize)]
struct Post {
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_emoji: String,
    attachments: Vec<MattermostAttachment>,
    #[serde(skip_serializing_if = "String::is_empty")]
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    props: Option<MattermostProps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<MattermostPriority>,
}

pub(super) async fn send(config: &MattermostConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let url = message.secret_url("webhook_url", &config.webhook_url, &config.webhook_url_file).await?;
    let post = post(config, message)?;
    let in_channel = |failure: SendFailure| failure.within(format_args!("channel {:?}", post.channel));
    message.post(&url, &post, Judge::PLAIN).await.map(drop).map_err(in_channel)
}

fn post(config: &MattermostConfig, message: &mut Message<'_>) -> Result<Post, SendFailure> {
    let text = message.text(&config.text)?;
    let mut post = Post {
        text: String::new(),
        channel: message.text(&config.channel)?,
        username: message.text(&config.username)?,
        icon_url: message.text(&config.icon_url)?,
        icon_emoji: message.text(&config.icon_emoji)?,
        attachments: Vec::new(),
        r#type: message.text(&config.r#type)?,
        props: None,
        priority: priority(config, message)?,
    };
    if let Some(props) = config.props.as_ref().filter(|props| !props.card.is_empty()) {
        post.props = Some(MattermostProps { card: message.text(&props.card)? });
    }
    if config.attachments.is_empty() {
        post.attachments.push(attachment(&own(config), text, message)?);
    } else {
        post.text = truncate::to_runes(&text, MAX_TEXT);
        for one in &config.attachments {
            let text = message.text(&one.text)?;
            post.attachments.push(attachment(one, text, message)?);
        }
    }
    Ok(post)
}

/// The attachment that the receiver's own fields make.
fn own(config: &MattermostConfig) -> MattermostAttachment {
    MattermostAttachment {
        fallback: config.fallback.clone(),
        color: config.color.clone(),
        pretext: config.pretext.clone(),
        text: String::new(),
        author_name: config.author_name.clone(),
        author_link: config.author_link.clone(),
        author_icon: config.author_icon.clone(),
        title: config.title.clone(),
        title_link: config.title_link.clone(),
        fields: config.fields.clone(),
        thumb_url: config.thumb_url.clone(),
        footer: config.footer.clone(),
        footer_icon: config.footer_icon.clone(),
        image_url: config.image_url.clone(),
    }
}

fn attachment(
    of: &MattermostAttachment,
    text: String,
    message: &mut Message<'_>,
) -> Result<MattermostAttachment, SendFailure> {
    let mut fields = Vec::new();
    for field in &of.fields {
        let title = message.text(&field.title)?;
        fields.push(MattermostField { title, value: message.text(&field.value)?, short: field.short });
    }
    Ok(MattermostAttachment {
        fallback: message.text(&of.fallback)?,
        color: message.text(&of.color)?,
        pretext: message.text(&of.pretext)?,
        text,
        author_name: message.text(&of.author_name)?,
        author_link: message.text(&of.author_link)?,
        author_icon: message.text(&of.author_icon)?,
        title: message.text(&of.title)?,
        title_link: message.text(&of.title_link)?,
        fields,
        thumb_url: message.text(&of.thumb_url)?,
        footer: message.text(&of.footer)?,
        footer_icon: message.text(&of.footer_icon)?,
        image_url: message.text(&of.image_url)?,
    })
}

/// How urgent it is. Mattermost refuses what does not go together.
fn priority(config: &MattermostConfig, message: &mut Message<'_>) -> Result<Option<MattermostPriority>, SendFailure> {
    let Some(wanted) = config.priority.as_ref().filter(|wanted| !wanted.priority.is_empty()) else { return Ok(None) };
    let priority = message.text(&wanted.priority)?.to_lowercase();
    let known = ["urgent", "important"].contains(&priority.as_str());
    let priority = if known { priority } else { "standard".to_owned() };
    Ok(Some(MattermostPriority {
        requested_ack: wanted.requested_ack && priority != "standard",
        persistent_notifications: wanted.persistent_notifications && priority == "urgent",
        priority,
    }))
}
