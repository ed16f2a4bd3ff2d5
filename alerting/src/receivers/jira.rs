//! Jira: one issue for each group, found again by a label, closed and opened again by transitions.

use std::collections::BTreeMap;

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderValue, Method};
use net::percent::{self, Place};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Judge};
use super::exchange::Outgoing;
use super::message::Message;
use super::{SendFailure, json, payload, truncate};
use crate::config::JiraConfig;

/// Jira's limits, in characters.
const MAX_SUMMARY: usize = 255;
const MAX_DESCRIPTION: usize = 32_767;

const JUDGE: Judge = Judge { retried: &[429], ..Judge::PLAIN };

/// The state of an issue that is closed.
const DONE: &str = "done";

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    issues: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    key: String,
    #[serde(default)]
    fields: IssueFields,
}

#[derive(Default, Deserialize)]
struct IssueFields {
    status: Option<IssueStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueStatus {
    status_category: StatusCategory,
}

#[derive(Deserialize)]
struct StatusCategory {
    key: String,
}

#[derive(Deserialize)]
struct Transitions {
    #[serde(default)]
    transitions: Vec<Transition>,
}

#[derive(Deserialize)]
struct Transition {
    id: String,
    name: String,
}

pub(super) async fn send(config: &JiraConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let found = find(config, message).await.map_err(|failure| failure.within("failed to look up existing issues"))?;
    if found.is_none() && !message.is_firing() {
        return Ok(());
    }
    let mut fields = fields(config, message)?;
    let (method, path) = match &found {
        None => (Method::POST, "issue".to_owned()),
        Some(issue) => {
            let keep = |field: Option<bool>| field.unwrap_or(true);
            fields.retain(|name, _| match name.as_str() {
                "description" => keep(config.description.enable_update),
                "summary" => keep(config.summary.enable_update),
                _ => true,
            });
            (Method::PUT, issue_path(issue))
        }
    };
    let what = format!("failed to {method} request to {path:?}");
    let asked = ask(method, &url(config, &path), Some(&json!({"fields": fields})), message).await;
    asked.map_err(|failure| failure.within(what))?;
    match found {
        Some(issue) => change(config, &issue, message).await,
        None => Ok(()),
    }
}

/// The API's URL with a path behind it.
fn url(config: &JiraConfig, path: &str) -> String {
    let base = config.api_url.as_ref().map_or("", |url| url.expose());
    format!("{}/{path}", base.trim_end_matches('/'))
}

fn issue_path(issue: &Issue) -> String {
    format!("issue/{}", percent::encode(&issue.key, Place::Path))
}

async fn ask(
    method: Method,
    url: &str,
    body: Option<&Value>,
    message: &mut Message<'_>,
) -> Result<Answer, SendFailure> {
    let body = body.map(json::line).transpose()?.unwrap_or_default();
    let mut outgoing = Outgoing { method, ..Outgoing::post(url, body) };
    outgoing.headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
    let answer = message.exchange(outgoing).await?;
    answer.judge(JUDGE)?;
    Ok(answer)
}

fn label(message: &Message<'_>) -> String {
    format!("ALERT{{{}}}", message.group_hash())
}

/// The group's issue, where there is one that is open or may be opened again.
async fn find(config: &JiraConfig, message: &mut Message<'_>) -> Result<Option<Issue>, SendFailure> {
    let jql = jql(config, message)?;
    let body = json!({"fields": ["status"], "jql": jql, "maxResults": 2});
    let host = config.api_url.as_ref().map_or("", |url| url.host());
    let is_cloud = match config.api_type.as_str() {
        "cloud" => true,
        "datacenter" => false,
        _ => host.ends_with("atlassian.net"),
    };
    let url = if is_cloud {
        url(config, "search/jql").replacen("/rest/api/2/", "/rest/api/3/", 1)
    } else {
        url(config, "search")
    };
    let found: Found = ask(Method::POST, &url, Some(&body), message).await?.json()?;
    Ok(found.issues.into_iter().next())
}

fn jql(config: &JiraConfig, message: &mut Message<'_>) -> Result<String, SendFailure> {
    let mut jql = String::new();
    if !config.wont_fix_resolution.is_empty() {
        let resolution = quoted(&config.wont_fix_resolution);
        jql = format!("(resolution is EMPTY or resolution != {resolution}) and ");
    }
    let reopen_minutes = config.reopen_duration.to_std().as_secs() / 60;
    if message.is_firing() && !config.reopen_transition.is_empty() && reopen_minutes > 0 {
        jql += &format!("(resolutiondate is EMPTY OR resolutiondate >= -{reopen_minutes}m) and ");
    } else {
        jql += "statusCategory != Done and ";
    }
    let project = quoted(&message.text(&config.project)?);
    let label = quoted(&label(message));
    Ok(jql + &format!("project={project} and labels={label} order by status ASC,resolutiondate DESC"))
}

/// A text as JQL reads it: labels may be part of it.
fn quoted(text: &str) -> String {
    model::name::quoted(text).to_string()
}

fn fields(config: &JiraConfig, message: &mut Message<'_>) -> Result<BTreeMap<String, Value>, SendFailure> {
    let mut fields = BTreeMap::new();
    let summary = truncate::to_runes(&message.text(&config.summary.template)?, MAX_SUMMARY);
    fields.insert("summary".to_owned(), json!(summary));
    if let Some(description) = description(config, message)? {
        fields.insert("description".to_owned(), description);
    }
    fields.insert("project".to_owned(), json!({"key": message.text(&config.project)?}));
    let name = message.text(&config.issue_type)?;
    let issue_type = if name.is_empty() { json!({}) } else { json!({ "name": name }) };
    fields.insert("issuetype".to_owned(), issue_type);
    let mut labels = vec![label(message)];
    for template in &config.labels {
        labels.push(message.text(template)?);
    }
    labels.sort();
    fields.insert("labels".to_owned(), json!(labels));
    let priority = message.text(&config.priority)?;
    if !priority.is_empty() {
        fields.insert("priority".to_owned(), json!({ "name": priority }));
    }
    for (name, value) in &config.fields {
        fields.insert(name.clone(), json!(payload::filled_in(value, message)?));
    }
    Ok(fields)
}

/// A text, or where the API is version 3 a document as JSON; none where it is empty.
fn description(config: &JiraConfig, message: &mut Message<'_>) -> Result<Option<Value>, SendFailure> {
    let text = truncate::to_runes(&message.text(&config.description.template)?, MAX_DESCRIPTION);
    let is_v3 = config.api_url.as_ref().is_some_and(|url| url.expose().trim_end_matches('/').ends_with("/3"));
    match (is_v3, text.trim()) {
        (true, "") => Ok(None),
        (true, text) => match serde_json::from_str(text) {
            Ok(document) => Ok(Some(document)),
            Err(_) => Err(SendFailure::permanent("description template: invalid JSON for API v3")),
        },
        (false, _) if text.is_empty() => Ok(None),
        (false, _) => Ok(Some(json!(text))),
    }
}

/// Opens what is closed and fires, closes what is open and over, where that is wanted.
async fn change(config: &JiraConfig, issue: &Issue, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let Some(status) = &issue.fields.status else { return Ok(()) };
    let wanted = match (message.is_firing(), status.status_category.key == DONE) {
        (true, true) => &config.reopen_transition,
        (false, false) => &config.resolve_transition,
        _ => return Ok(()),
    };
    if wanted.is_empty() {
        return Ok(());
    }
    let url = url(config, &format!("{}/transitions", issue_path(issue)));
    let known: Transitions = ask(Method::GET, &url, None, message).await?.json()?;
    let Some(transition) = known.transitions.iter().find(|transition| transition.name == *wanted) else {
        let key = &issue.key;
        return Err(SendFailure::permanent(format_args!("can't find transition {wanted} for issue {key}")));
    };
    ask(Method::POST, &url, Some(&json!({"transition": {"id": transition.id}})), message).await.map(drop)
}
