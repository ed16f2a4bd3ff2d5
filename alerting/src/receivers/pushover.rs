//! Pushover. All that is told stands in the URL's query.

use net::form;

use super::answer::Judge;
use super::exchange::Outgoing;
use super::message::Message;
use super::{SendFailure, truncate};
use crate::config::PushoverConfig;

const URL: &str = "https://api.pushover.net/1/messages.json";

/// Pushover's limits, in characters.
const MAX_TITLE: usize = 250;
const MAX_TEXT: usize = 1024;
const MAX_URL: usize = 512;

pub(super) async fn send(config: &PushoverConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let query = query(config, message).await?;
    message.record(&query);
    let post = Outgoing { content_type: "text/plain", ..Outgoing::post(&format!("{URL}?{query}"), String::new()) };
    message.exchange_whole(post).await?.judge(Judge::PLAIN)
}

/// The query, its keys sorted.
pub(super) async fn query(config: &PushoverConfig, message: &mut Message<'_>) -> Result<String, SendFailure> {
    let text = if config.html { message.html(&config.message)? } else { message.text(&config.message)? };
    let text = truncate::to_runes(&text, MAX_TEXT);
    // Pushover refuses what is empty.
    let text = if text.trim().is_empty() { "(no details)" } else { text.trim() };
    let mut pairs = vec![
        ("device", message.text(&config.device)?),
        ("expire", config.expire.whole_seconds().to_string()),
        ("message", text.to_owned()),
        ("priority", message.text(&config.priority)?),
        ("retry", config.retry.whole_seconds().to_string()),
        ("sound", message.text(&config.sound)?),
        ("title", truncate::to_runes(&message.text(&config.title)?, MAX_TITLE)),
        ("token", message.secret_text("token", &config.token, &config.token_file).await?),
        ("url", truncate::to_runes(&message.text(&config.url)?, MAX_URL)),
        ("url_title", message.text(&config.url_title)?),
        ("user", message.secret_text("user_key", &config.user_key, &config.user_key_file).await?),
    ];
    let flags = [("html", config.html), ("monospace", config.monospace)];
    pairs.extend(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (name, "1".to_owned())));
    if config.ttl.whole_seconds() > 0 {
        pairs.push(("ttl", config.ttl.whole_seconds().to_string()));
    }
    pairs.sort_by_key(|(name, _)| *name);
    Ok(form::encode(pairs.iter().map(|(name, value)| (*name, value.as_str()))))
}
