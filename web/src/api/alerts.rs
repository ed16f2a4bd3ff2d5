//! `/api/v1/alerts`: what is pending or fires.

use alerting::rules::{Instance, RuleKind};
use model::float;

use super::rules::groups;
use crate::json::Json;
use crate::reply::{ApiResult, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;

pub(super) fn alerts(parts: &Parts) -> ApiResult {
    let rules = groups(parts, true).into_iter().flat_map(|group| group.rules);
    let alerts: Vec<Instance> = rules
        .flat_map(|rule| match rule.kind {
            RuleKind::Alerting(alerting) => alerting.alerts,
            RuleKind::Recording => Vec::new(),
        })
        .collect();
    Reply::data(move |json| {
        json.raw("{\"alerts\":");
        json.list(&alerts, write);
        json.raw("}");
    })
}

/// An instance of an alert.
pub(super) fn write(json: &mut Json<'_>, alert: &Instance) {
    json.raw("{\"labels\":");
    json.labels(&alert.labels);
    json.raw(",\"annotations\":");
    json.labels(&alert.annotations);
    json.raw(",\"state\":");
    json.string(alert.state.as_str());
    json.raw(",\"activeAt\":");
    json.string(&format_rfc3339(alert.active_at_ms));
    if let Some(since_ms) = alert.keep_firing_since_ms {
        json.raw(",\"keepFiringSince\":");
        json.string(&format_rfc3339(since_ms));
    }
    json.raw(",\"value\":");
    json.string(&float::scientific(alert.value));
    json.raw("}");
}
