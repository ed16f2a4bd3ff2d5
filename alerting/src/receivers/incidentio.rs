//! incident.io: Alertmanager's JSON, under a version of its own.

use serde::Deserialize;

use super::answer::Judge;
use super::exchange::Outgoing;
use super::message::Message;
use super::webhook::Body;
use super::{SendFailure, json};
use crate::config::{IncidentioConfig, SecretUrl};

/// incident.io's limit.
const MAX_BYTES: usize = 512 << 10;

const JUDGE: Judge = Judge { retried: &[429], details };

pub(super) async fn send(config: &IncidentioConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    message.set_timeout(config.timeout);
    message.tell_at_most(config.max_alerts);
    let inline = config.url.as_ref().map(SecretUrl::from).unwrap_or_default();
    let url = message.secret_url("url", &inline, &config.url_file).await?;
    let mut body = json::line(&Body::of(message, "1"))?;
    if body.len() > MAX_BYTES {
        message.tell_at_most(1);
        body = json::line(&Body::of(message, "1"))?;
    }
    message.exchange_whole(Outgoing::post(&url, body)).await?.judge(JUDGE)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Complaint {
    message: String,
    errors: Vec<String>,
    error: String,
}

fn details(_: u16, body: &str) -> String {
    let Ok(Complaint { message, errors, error }) = serde_json::from_str(body) else { return String::new() };
    let parts = [message, error, errors.join(", ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}
