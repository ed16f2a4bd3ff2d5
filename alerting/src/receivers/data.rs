//! What templates know of a notification.

use model::Labels;

use super::markup::Markup;
use crate::template::{AlertData, NotificationData};
use crate::{Alert, Notification};

/// The data of a notification, as Alertmanager's templates have it.
pub fn notification_data(notification: &Notification, external_url: &str) -> NotificationData {
    data_of(notification, notification.alerts.len(), external_url, Markup::Plain)
}

/// The data of the first `n_alerts` alerts, made harmless for the receiver's markup.
pub(super) fn data_of(
    notification: &Notification,
    n_alerts: usize,
    external_url: &str,
    markup: Markup,
) -> NotificationData {
    let alerts = &notification.alerts[..n_alerts.min(notification.alerts.len())];
    let is_firing = alerts.iter().any(|alert| !alert.is_resolved_at(notification.at_ms));
    let common_labels = common(alerts.iter().map(|alert| &alert.labels));
    let common_annotations = common(alerts.iter().map(|alert| &alert.annotations));
    NotificationData {
        receiver: quote_regex(&notification.integration.receiver),
        status: status(is_firing),
        alerts: alerts.iter().map(|alert| alert_data(alert, notification.at_ms, markup)).collect(),
        notification_reason: notification.reason.as_str().to_owned(),
        group_labels: markup.labels(&notification.group_labels),
        common_annotations: markup.annotations(&common_annotations, alerts.iter().map(|alert| &alert.labels)),
        common_labels: markup.labels(&common_labels),
        route_labels: markup.labels(&notification.route_labels),
        route_labels_are_rendered: true,
        external_url: external_url.trim_end_matches('/').to_owned(),
    }
}

fn status(is_firing: bool) -> String {
    if is_firing { "firing" } else { "resolved" }.to_owned()
}

fn alert_data(alert: &Alert, at_ms: i64, markup: Markup) -> AlertData {
    let is_resolved = alert.is_resolved_at(at_ms);
    AlertData {
        status: status(!is_resolved),
        labels: Some(markup.labels(&alert.labels)),
        annotations: Some(markup.annotations(&alert.annotations, [&alert.labels])),
        starts_at_ms: Some(alert.starts_at_ms),
        // Until it is over, when it would be taken for over is nobody's business.
        ends_at_ms: alert.ends_at_ms.filter(|_| is_resolved),
        generator_url: alert.generator_url.clone(),
        fingerprint: alert.fingerprint().to_string(),
    }
}

/// What all have in common.
fn common<'l>(mut sets: impl Iterator<Item = &'l Labels>) -> Labels {
    let Some(first) = sets.next() else { return Labels::empty() };
    let mut common = first.to_builder();
    for labels in sets {
        common.retain(|name| labels.get(name).is_some_and(|value| first.get(name) == Some(value)));
    }
    common.build()
}

/// A text as a regular expression that matches nothing else: so templates get the receiver's name, for links.
fn quote_regex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
