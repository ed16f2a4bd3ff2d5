//! Opsgenie's alert API.

use std::collections::BTreeMap;

use http::Method;
use serde::Serialize;
use serde_json::json;

use super::answer::Judge;
use super::exchange::Outgoing;
use super::message::Message;
use super::{SendFailure, json, truncate};
use crate::config::OpsgenieConfig;

/// Opsgenie's limit for titles, in characters.
const MAX_TITLE: usize = 130;

const JUDGE: Judge = Judge { retried: &[429], ..Judge::PLAIN };

#[derive(Serialize)]
struct Alert {
    alias: String,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    details: BTreeMap<String, String>,
    source: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    responders: Vec<Responder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    priority: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    entity: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<String>,
}

#[derive(Default, PartialEq, Serialize)]
struct Responder {
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    r#type: String,
}

pub(super) async fn send(config: &OpsgenieConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let requests = if message.is_firing() { open(config, message)? } else { close(config, message)? };
    let key = message.secret_text("api_key", &config.api_key, &config.api_key_file).await?;
    for outgoing in requests {
        let outgoing = outgoing.with_secret("authorization", &format!("GenieKey {key}"))?;
        message.exchange(outgoing).await?.judge(JUDGE)?;
    }
    Ok(())
}

/// The URL of a part of the API; `path` begins behind `v2/alerts`.
fn url(config: &OpsgenieConfig, path: &str) -> String {
    let base = config.api_url.as_ref().map_or("", |url| url.expose());
    format!("{}/v2/alerts{path}", base.trim_end_matches('/'))
}

fn close(config: &OpsgenieConfig, message: &mut Message<'_>) -> Result<Vec<Outgoing>, SendFailure> {
    let url = url(config, &format!("/{}/close?identifierType=alias", message.group_hash()));
    let body = json::line(&json!({"source": message.text(&config.source)?}))?;
    Ok(vec![Outgoing::post(&url, body)])
}

fn open(config: &OpsgenieConfig, message: &mut Message<'_>) -> Result<Vec<Outgoing>, SendFailure> {
    let common = &message.data().common_labels;
    let mut details: BTreeMap<String, String> =
        common.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for (name, template) in &config.details {
        details.insert(name.clone(), message.text(template)?);
    }
    let alert = Alert {
        alias: message.group_hash(),
        message: truncate::to_runes(&message.text(&config.message)?, MAX_TITLE),
        description: message.text(&config.description)?,
        details,
        source: message.text(&config.source)?,
        responders: responders(config, message)?,
        tags: split(&message.text(&config.tags)?),
        note: message.text(&config.note)?,
        priority: message.text(&config.priority)?,
        entity: message.text(&config.entity)?,
        actions: split(&message.text(&config.actions)?),
    };
    let mut requests = vec![Outgoing::post(&url(config, ""), json::line(&alert)?)];
    if config.update_alerts {
        let put = |part: &str, body: String| Outgoing {
            method: Method::PUT,
            ..Outgoing::post(&url(config, &format!("/{}/{part}?identifierType=alias", alert.alias)), body)
        };
        let title = Some(&alert.message).filter(|title| !title.is_empty());
        let text = Some(&alert.description).filter(|text| !text.is_empty());
        let object = |name: &str, value: Option<&String>| -> BTreeMap<String, String> {
            value.into_iter().map(|value| (name.to_owned(), value.clone())).collect()
        };
        requests.push(put("message", json::line(&object("message", title))?));
        requests.push(put("description", json::line(&object("description", text))?));
    }
    Ok(requests)
}

fn responders(config: &OpsgenieConfig, message: &mut Message<'_>) -> Result<Vec<Responder>, SendFailure> {
    let mut responders = Vec::new();
    for responder in &config.responders {
        let responder = Responder {
            id: message.text(&responder.id)?,
            name: message.text(&responder.name)?,
            username: message.text(&responder.username)?,
            r#type: message.text(&responder.r#type)?,
        };
        if responder.r#type == "teams" {
            let team = |name| Responder { name, r#type: "team".to_owned(), ..Responder::default() };
            responders.extend(split(&responder.name).into_iter().map(team));
        } else if responder != Responder::default() {
            responders.push(responder);
        }
    }
    Ok(responders)
}

/// What stands between commas.
fn split(text: &str) -> Vec<String> {
    text.trim().split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
