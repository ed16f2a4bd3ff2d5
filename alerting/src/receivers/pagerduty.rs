//! PagerDuty's events API, both versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::Judge;
use super::exchange::Outgoing;
use super::message::Message;
use super::{SendFailure, json, payload, truncate};
use crate::config::{PagerdutyConfig, Payload};

/// PagerDuty's limit for an event.
const MAX_EVENT_BYTES: usize = 512_000;
/// Its limit for titles, in characters.
const MAX_TITLE: usize = 1024;

const V1_URL: &str = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";

/// Version 1 says 403 where version 2 says 429.
const V1: Judge = Judge { retried: &[403], details };
const V2: Judge = Judge { retried: &[429], details };

type Details = BTreeMap<String, Payload>;

#[derive(Default, Serialize)]
struct Event {
    #[serde(skip_serializing_if = "String::is_empty")]
    routing_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    service_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dedup_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    incident_key: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    event_type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    event_action: &'static str,
    payload: Option<Content>,
    #[serde(skip_serializing_if = "String::is_empty")]
    client: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    client_url: String,
    #[serde(skip_serializing_if = "Details::is_empty")]
    details: Details,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Content {
    summary: String,
    source: String,
    severity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    class: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    component: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "Details::is_empty")]
    custom_details: Details,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: String,
}

#[derive(Serialize)]
struct Image {
    src: String,
    alt: String,
    href: String,
}

pub(super) async fn send(config: &PagerdutyConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    message.set_timeout(config.timeout);
    let mut details = Details::new();
    for (name, value) in &config.details {
        details.insert(name.clone(), payload::filled_in(value, message)?);
    }
    let is_v1 = !config.service_key.is_empty() || !config.service_key_file.is_empty();
    let (event, url, judge) = if is_v1 {
        (v1(config, message, details).await?, V1_URL, V1)
    } else {
        (v2(config, message, details).await?, config.url.as_ref().map_or("", |url| url.expose()), V2)
    };
    message.exchange_whole(Outgoing::post(url, line(event)?)).await?.judge(judge)
}

fn action(message: &Message<'_>) -> &'static str {
    if message.is_firing() { "trigger" } else { "resolve" }
}

async fn v1(config: &PagerdutyConfig, message: &mut Message<'_>, details: Details) -> Result<Event, SendFailure> {
    let mut event = Event {
        service_key: message.secret_text("service_key", &config.service_key, &config.service_key_file).await?,
        event_type: action(message),
        incident_key: message.group_hash(),
        description: truncate::to_runes(&message.text(&config.description)?, MAX_TITLE),
        details,
        ..Event::default()
    };
    if message.is_firing() {
        event.client = message.text(&config.client)?;
        event.client_url = message.text(&config.client_url)?;
    }
    Ok(event)
}

async fn v2(config: &PagerdutyConfig, message: &mut Message<'_>, details: Details) -> Result<Event, SendFailure> {
    let severity = if config.severity.is_empty() { "error" } else { &config.severity };
    let content = Content {
        summary: truncate::to_runes(&message.text(&config.description)?, MAX_TITLE),
        source: message.text(&config.source)?,
        severity: message.text(severity)?,
        class: message.text(&config.class)?,
        component: message.text(&config.component)?,
        group: message.text(&config.group)?,
        custom_details: details,
    };
    let mut event = Event {
        routing_key: message.secret_text("routing_key", &config.routing_key, &config.routing_key_file).await?,
        client: message.text(&config.client)?,
        client_url: message.text(&config.client_url)?,
        event_action: action(message),
        dedup_key: message.group_hash(),
        payload: Some(content),
        ..Event::default()
    };
    for image in &config.images {
        let src = message.text(&image.src)?;
        let image = Image { src, alt: message.text(&image.alt)?, href: message.text(&image.href)? };
        event.images.extend((!image.src.is_empty()).then_some(image));
    }
    for link in &config.links {
        let link = Link { href: message.text(&link.href)?, text: message.text(&link.text)? };
        event.links.extend((!link.href.is_empty()).then_some(link));
    }
    Ok(event)
}

/// The event as JSON; without its details where it is too large with them.
fn line(mut event: Event) -> Result<String, SendFailure> {
    let whole = json::line(&event)?;
    if whole.len() <= MAX_EVENT_BYTES {
        return Ok(whole);
    }
    let why = "Custom details have been removed because the original event exceeds the maximum size of 512KB";
    let details = Details::from([("error".to_owned(), Payload::Text(why.to_owned()))]);
    match &mut event.payload {
        Some(content) => content.custom_details = details,
        None => event.details = details,
    }
    json::line(&event)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Complaint {
    message: String,
    errors: Vec<String>,
}

fn details(status: u16, body: &str) -> String {
    match serde_json::from_str(body) {
        Ok(Complaint { message, errors }) if status == 400 => format!("{message}: {}", errors.join(",")),
        _ => String::new(),
    }
}
