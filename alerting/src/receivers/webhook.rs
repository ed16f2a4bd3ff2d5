//! Webhooks: Alertmanager's JSON, version 4, or JSON of the user's own.

use net::percent::{self, Place};
use serde::Serialize;

use super::answer::Judge;
use super::exchange::Outgoing;
use super::message::Message;
use super::{SendFailure, json, payload};
use crate::config::{TemplatedUrl, WebhookConfig};
use crate::template::{AlertData, NotificationData};

/// The limit `webhook_bytes`: alerts that would make a body longer are left out, and counted in `truncatedAlerts`.
const MAX_BODY_BYTES: usize = 16 << 20;

/// When what fires ends.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The JSON. Fields stand in Alertmanager's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'m> {
    receiver: &'m str,
    status: &'m str,
    alerts: Vec<Alert<'m>>,
    #[serde(rename = "notification_reason")]
    notification_reason: &'m str,
    group_labels: Pairs<'m>,
    common_labels: Pairs<'m>,
    common_annotations: Pairs<'m>,
    route_labels: Pairs<'m>,
    #[serde(rename = "externalURL")]
    external_url: &'m str,
    version: &'static str,
    group_key: &'m str,
    truncated_alerts: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'m> {
    status: &'m str,
    labels: Pairs<'m>,
    annotations: Pairs<'m>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'m str,
    fingerprint: &'m str,
}

/// Labels as an object.
struct Pairs<'m>(Option<&'m model::Labels>);

impl Serialize for Pairs<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.into_iter().flat_map(|labels| labels.iter()))
    }
}

impl<'m> Body<'m> {
    /// The JSON of what a message tells.
    pub(super) fn of(message: &'m Message<'_>, version: &'static str) -> Body<'m> {
        let data: &NotificationData = message.data();
        Body {
            receiver: &data.receiver,
            status: &data.status,
            alerts: data.alerts.iter().map(Alert::of).collect(),
            notification_reason: &data.notification_reason,
            group_labels: Pairs(Some(&data.group_labels)),
            common_labels: Pairs(Some(&data.common_labels)),
            common_annotations: Pairs(Some(&data.common_annotations)),
            route_labels: Pairs(Some(&data.route_labels)),
            external_url: &data.external_url,
            version,
            group_key: &message.notification.group_key,
            truncated_alerts: message.n_left_out(),
        }
    }
}

impl<'m> Alert<'m> {
    fn of(alert: &'m AlertData) -> Alert<'m> {
        Alert {
            status: &alert.status,
            labels: Pairs(alert.labels.as_ref()),
            annotations: Pairs(alert.annotations.as_ref()),
            starts_at: time(alert.starts_at_ms),
            ends_at: time(alert.ends_at_ms),
            generator_url: &alert.generator_url,
            fingerprint: &alert.fingerprint,
        }
    }
}

/// RFC 3339, with as many decimals as it takes.
fn time(at_ms: Option<i64>) -> String {
    let at = at_ms.and_then(|at_ms| jiff::Timestamp::from_millisecond(at_ms).ok());
    at.map_or_else(|| NEVER.to_owned(), |at| at.to_string())
}

pub(super) async fn send(config: &WebhookConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    message.set_timeout(config.timeout);
    message.tell_at_most(config.max_alerts);
    let url = url(config, message).await?;
    let body = body(config, message)?;
    message.exchange_whole(Outgoing::post(&url, body)).await?.judge(Judge::PLAIN)
}

fn body(config: &WebhookConfig, message: &mut Message<'_>) -> Result<String, SendFailure> {
    loop {
        let body = if config.payload.is_null() {
            json::line(&Body::of(message, "4"))?
        } else {
            json::line(&payload::filled_in(&config.payload, message)?)?
        };
        if body.len() <= MAX_BODY_BYTES || !message.tell_fewer() {
            return Ok(body);
        }
    }
}

/// The URL, filled in. Whatever the labels say, it goes to the host that is written.
async fn url(config: &WebhookConfig, message: &mut Message<'_>) -> Result<String, SendFailure> {
    let template = message.secret("url", &config.url.expose().into(), &config.url_file).await?;
    message.secrets.add_url(&template);
    let origin = TemplatedUrl::origin(&template).map_err(SendFailure::permanent)?;
    let url = without_controls(message.text(&template)?.trim());
    message.secrets.add_url(&url);
    let rest = url.strip_prefix(origin);
    if url.is_empty() || !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
        return Err(SendFailure::permanent("the URL does not lead to the host that is configured"));
    }
    Ok(url)
}

/// What labels may hold and no URL may is escaped: a page is not lost for a line's end in a label.
fn without_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_control() {
            percent::encode_into(&mut out, c.encode_utf8(&mut [0; 4]), Place::Query);
        } else {
            out.push(c);
        }
    }
    out
}
