//! `/api/v1/deliveries`: who was told what, when and how it went, and what was told to nobody; `/api/v1/deliveries/explain`:
//! for one alert, step by step.

use alerting::dispatch::{
    AttemptView, DeliveryFilter, DeliveryState, DeliveryView, Explanation, GroupExplanation, LineExplanation,
    QuietView, Step,
};
use alerting::{Alert, Fingerprint, Notification};
use net::form::Form;

use super::{Asked, strict};
use crate::json::Json;
use crate::params;
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;

/// Entries in an answer where nothing is said.
const DEFAULT_LIMIT: usize = 100;
/// Entries in an answer at most.
const MAX_LIMIT: usize = 1000;

pub(super) fn deliveries(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let found = parts.notifications.deliveries(&filter(&asked.form)?);
    Reply::data(move |json| json.list(&found, write_delivery))
}

pub(super) fn explain(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let asked_for = optional_fingerprint(&asked.form)?;
    let fingerprint =
        asked_for.ok_or_else(|| ApiError::parameter("fingerprint", "say which alert, by its 16 hexadecimal digits"))?;
    let explanation = parts.notifications.explain(fingerprint);
    Reply::data(move |json| write_explanation(json, &explanation))
}

fn filter(form: &Form) -> Result<DeliveryFilter, ApiError> {
    let text = |name: &str| Some(form.get(name).to_owned()).filter(|text| !text.is_empty());
    let state = text("state").map(|state| {
        let found = DeliveryState::ALL.into_iter().find(|known| known.as_str() == state);
        found.ok_or_else(|| ApiError::parameter("state", "one of delivered, waiting, failed, suppressed"))
    });
    let since = text("since").map(|since| params::time(&since).map_err(|error| ApiError::parameter("since", error)));
    let limit = match params::limit(form)? {
        0 => DEFAULT_LIMIT,
        limit => limit.min(MAX_LIMIT),
    };
    Ok(DeliveryFilter {
        receiver: text("receiver"),
        alertname: text("alertname"),
        fingerprint: optional_fingerprint(form)?,
        state: state.transpose()?,
        since_ms: since.transpose()?,
        limit,
    })
}

fn optional_fingerprint(form: &Form) -> Result<Option<Fingerprint>, ApiError> {
    let text = form.get("fingerprint");
    let read = || text.parse().map_err(|error| ApiError::parameter("fingerprint", format_args!("{error}")));
    if text.is_empty() { Ok(None) } else { read().map(Some) }
}

fn write_delivery(json: &mut Json<'_>, view: &DeliveryView) {
    match view {
        DeliveryView::Told { notification, state, failure, ended_at_ms, attempts } => {
            write_told(json, notification, *state);
            json.raw(",");
            time(json, "ended_at", *ended_at_ms);
            json.raw(",\"attempts\":");
            json.list(attempts, write_attempt);
            json.raw(",");
            text(json, "detail", failure.as_deref().unwrap_or_default());
        }
        DeliveryView::Quiet(quiet) => write_quiet(json, quiet),
    }
    json.raw("}");
}

fn write_told(json: &mut Json<'_>, notification: &Notification, state: DeliveryState) {
    let integration = &notification.integration;
    json.raw("{");
    text(json, "id", &notification.id);
    json.raw(",");
    text(json, "receiver", &integration.receiver);
    json.raw(",");
    text(json, "kind", integration.kind);
    json.raw(&format!(",\"index\":{},", integration.index));
    text(json, "group_key", &notification.group_key);
    json.raw(",\"group_labels\":");
    json.labels(&notification.group_labels);
    json.raw(",");
    text(json, "reason", notification.reason.as_str());
    json.raw(",");
    text(json, "status", state.as_str());
    json.raw(",\"alerts\":");
    json.list(&notification.alerts, |json, alert| write_alert(json, alert, notification.at_ms));
    json.raw(",");
    time(json, "decided_at", Some(notification.at_ms));
}

/// What was told to nobody has the same fields, so that both stand in one list.
fn write_quiet(json: &mut Json<'_>, view: &QuietView) {
    json.raw("{");
    text(json, "id", &format!("{}-{}", view.at_ms, view.fingerprint));
    json.raw(",");
    text(json, "receiver", &view.receiver);
    json.raw(",");
    text(json, "kind", "");
    json.raw(",\"index\":0,\"integration\":");
    optional_text(json, view.integration.as_deref());
    json.raw(",");
    text(json, "group_key", &view.group_key);
    json.raw(",\"group_labels\":{},");
    text(json, "reason", view.quiet.what());
    json.raw(",");
    text(json, "status", DeliveryState::Suppressed.as_str());
    json.raw(",\"alerts\":[{\"labels\":");
    json.labels(&view.labels.clone().unwrap_or_default());
    json.raw(",\"annotations\":{},");
    text(json, "fingerprint", &view.fingerprint.to_string());
    json.raw(",\"status\":\"firing\",");
    time(json, "starts_at", Some(view.starts_at_ms.unwrap_or(view.at_ms)));
    json.raw(",\"ends_at\":null}],");
    time(json, "decided_at", Some(view.at_ms));
    json.raw(",");
    time(json, "ended_at", Some(view.at_ms));
    json.raw(",\"attempts\":[],\"by\":");
    json.strings(view.quiet.by().iter().map(String::as_str));
    json.raw(",\"detail\":");
    json.string(&view.quiet.by().join(", "));
}

fn write_alert(json: &mut Json<'_>, alert: &Alert, at_ms: i64) {
    json.raw("{\"labels\":");
    json.labels(&alert.labels);
    json.raw(",\"annotations\":");
    json.labels(&alert.annotations);
    json.raw(",");
    text(json, "fingerprint", &alert.fingerprint().to_string());
    json.raw(",");
    text(json, "status", if alert.is_resolved_at(at_ms) { "resolved" } else { "firing" });
    json.raw(",");
    time(json, "starts_at", Some(alert.starts_at_ms));
    json.raw(",");
    time(json, "ends_at", alert.ends_at_ms);
    json.raw("}");
}

fn write_attempt(json: &mut Json<'_>, attempt: &AttemptView) {
    json.raw("{");
    time(json, "at", Some(attempt.at_ms));
    json.raw(&format!(",\"took_ms\":{},\"error\":", attempt.took_ms));
    optional_text(json, attempt.error.as_deref());
    json.raw(",");
    text(json, "body", &attempt.body);
    json.raw(",");
    time(json, "next_at", attempt.next_at_ms);
    json.raw("}");
}

/// The first group stands at the top, for those who ask only for one.
fn write_explanation(json: &mut Json<'_>, explanation: &Explanation) {
    let first = explanation.groups.first();
    json.raw("{\"alert\":");
    match &explanation.alert {
        Some(alert) => write_alert(json, alert, alert.ends_at_ms.unwrap_or(i64::MIN)),
        None => json.raw("null"),
    }
    json.raw(",");
    text(json, "fingerprint", &explanation.fingerprint.to_string());
    json.raw(",");
    text(json, "state", state_of(explanation));
    json.raw(",");
    text(json, "route", first.map_or("", |group| &group.route_id));
    json.raw(",");
    text(json, "receiver", first.map_or("", |group| &group.receiver));
    json.raw(",");
    text(json, "group_key", first.map_or("", |group| &group.key));
    json.raw(",");
    time(json, "next_flush_at", first.map(|group| group.flush_at_ms));
    json.raw(",\"groups\":");
    json.list(&explanation.groups, write_group);
    json.raw(",\"steps\":");
    json.list(&explanation.steps, write_step);
    json.raw("}");
}

fn state_of(explanation: &Explanation) -> &'static str {
    match (&explanation.alert, &explanation.groups[..]) {
        (None, _) => "unknown",
        (_, []) => "over",
        (_, groups) if groups.iter().all(|group| group.quiet.is_some()) => "suppressed",
        _ => "active",
    }
}

fn write_group(json: &mut Json<'_>, group: &GroupExplanation) {
    json.raw("{");
    text(json, "route", &group.route_id);
    json.raw(",");
    text(json, "receiver", &group.receiver);
    json.raw(",");
    text(json, "group_key", &group.key);
    json.raw(",");
    time(json, "next_flush_at", Some(group.flush_at_ms));
    let [group_wait_ms, group_interval_ms, repeat_interval_ms] = group.timers_ms;
    json.raw(&format!(
        ",\"group_wait_ms\":{group_wait_ms},\"group_interval_ms\":{group_interval_ms},\"repeat_interval_ms\":{repeat_interval_ms}"
    ));
    json.raw(",\"quiet\":");
    optional_text(json, group.quiet.as_ref().map(alerting::dispatch::Quiet::what));
    json.raw(",\"by\":");
    json.strings(
        group.quiet.as_ref().map(alerting::dispatch::Quiet::by).unwrap_or_default().iter().map(String::as_str),
    );
    json.raw(",\"integrations\":");
    json.list(&group.lines, write_line);
    json.raw("}");
}

fn write_line(json: &mut Json<'_>, line: &LineExplanation) {
    json.raw("{");
    text(json, "integration", &line.integration);
    json.raw(",");
    text(json, "what", &line.what);
    json.raw(",");
    time(json, "told_at", line.told_at_ms);
    json.raw(",");
    time(json, "repeat_at", line.repeat_at_ms);
    json.raw("}");
}

fn write_step(json: &mut Json<'_>, step: &Step) {
    json.raw("{");
    time(json, "at", Some(step.at_ms));
    json.raw(",");
    text(json, "what", step.what);
    json.raw(",");
    text(json, "why", &step.why);
    json.raw(",");
    text(json, "by", &step.by.join(", "));
    json.raw(",");
    text(json, "group_key", &step.group_key);
    json.raw("}");
}

fn text(json: &mut Json<'_>, key: &str, text: &str) {
    json.key(key);
    json.string(text);
}

fn optional_text(json: &mut Json<'_>, text: Option<&str>) {
    match text {
        Some(text) => json.string(text),
        None => json.raw("null"),
    }
}

fn time(json: &mut Json<'_>, key: &str, at_ms: Option<i64>) {
    json.key(key);
    optional_text(json, at_ms.map(format_rfc3339).as_deref());
}
