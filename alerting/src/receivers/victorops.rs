//! VictorOps' REST endpoint.

use std::collections::BTreeMap;

use net::percent::{self, Place};

use super::answer::Judge;
use super::message::Message;
use super::{SendFailure, truncate};
use crate::config::VictoropsConfig;

/// VictorOps' limit for texts, in characters.
const MAX_TEXT: usize = 20_480;

/// What may be said of what fires.
const TYPES: [&str; 3] = ["INFO", "WARNING", "CRITICAL"];

pub(super) async fn send(config: &VictoropsConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let key = message.secret("api_key", &config.api_key, &config.api_key_file).await?;
    let routing_key = message.text(&config.routing_key)?;
    let base = config.api_url.as_ref().map_or("", |url| url.expose()).trim_end_matches('/');
    let url = format!("{base}/{}/{}", percent::encode(&key, Place::Path), percent::encode(&routing_key, Place::Path));
    let post = post(config, message)?;
    message.post(&url, &post, Judge::PLAIN).await.map(drop)
}

fn post(config: &VictoropsConfig, message: &mut Message<'_>) -> Result<BTreeMap<String, String>, SendFailure> {
    let r#type = message.text(&config.message_type)?;
    let r#type = match (message.is_firing(), TYPES.contains(&r#type.as_str())) {
        (true, true) => r#type,
        (true, false) => "CRITICAL".to_owned(),
        (false, _) => "RECOVERY".to_owned(),
    };
    let ours = [
        ("message_type", r#type),
        ("entity_id", message.group_hash()),
        ("entity_display_name", message.text(&config.entity_display_name)?),
        ("state_message", truncate::to_runes(&message.text(&config.state_message)?, MAX_TEXT)),
        ("monitoring_tool", message.text(&config.monitoring_tool)?),
    ];
    let mut post: BTreeMap<String, String> = ours.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    for (name, template) in &config.custom_fields {
        post.insert(name.clone(), message.text(template)?);
    }
    Ok(post)
}
