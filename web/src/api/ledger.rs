//! `/api/v1/products/{product}/ledger`: what a budget was spent on, and speed next to it.

use serde_json::{Value, json};
use slo::gate::{Gates, Speed};
use slo::ledger::{Account, Entry, EntryKind};
use slo::spec::Role;

use super::deployments::deployment_json;
use super::{Asked, decoded_name, strict};
use crate::params;
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;

/// The span where nothing is said, in milliseconds: four weeks.
const DEFAULT_SPAN_MS: i64 = 28 * 86_400_000;
/// The limit `ledger_span`: the longest, in milliseconds.
const MAX_SPAN_MS: i64 = 400 * 86_400_000;

pub(super) fn ledger(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let product = decoded_name(&asked.name)?;
    let to_ms = params::optional_time(&asked.form, "end", asked.shared.settings.clock.now_ms())?;
    let from_ms = params::optional_time(&asked.form, "start", to_ms.saturating_sub(DEFAULT_SPAN_MS))?;
    if !(0..=MAX_SPAN_MS).contains(&to_ms.saturating_sub(from_ms)) {
        return Err(ApiError::parameter("start", "it has to lie before end, and by 400d at most (ledger_span)"));
    }
    let told = told(&parts.gates, &product, from_ms, to_ms)?.to_string();
    Reply::data(move |json| json.raw(&told))
}

fn told(gates: &Gates, product: &str, from_ms: i64, to_ms: i64) -> Result<Value, ApiError> {
    let missing = || ApiError::new(ErrorType::NotFound, format_args!("no product is called {product:?}"));
    let speed = gates.speed(product, from_ms, to_ms).ok_or_else(missing)?;
    let accounts = gates.ledger(product, from_ms, to_ms).map(|ledger| ledger.accounts).unwrap_or_default();
    let changes = gates.changes(product, 100);
    let standing = gates.standing(product);
    Ok(json!({
        "product": product,
        "start": format_rfc3339(from_ms),
        "end": format_rfc3339(to_ms),
        "slos": accounts.iter().map(account_json).collect::<Vec<_>>(),
        "dora": dora_json(&speed),
        "policy": standing.map(|standing| json!({
            "name": standing.policy,
            "state": standing.state,
            "since": format_rfc3339(standing.since_ms),
            "why": standing.why,
        })),
        "policy_changes": changes.iter().map(|change| json!({
            "at": format_rfc3339(change.at_ms),
            "from": change.from,
            "to": change.to,
            "why": change.why,
        })).collect::<Vec<_>>(),
    }))
}

fn account_json(account: &Account) -> Value {
    json!({
        "slo": account.objective,
        "title": account.title,
        "service": account.service,
        "role": if account.role == Role::Own { "own" } else { "upstream" },
        "bad": account.counts.bad,
        "total": account.counts.total,
        "allowed": account.allowed,
        "entries": account.entries.iter().map(entry_json).collect::<Vec<_>>(),
    })
}

fn entry_json(entry: &Entry) -> Value {
    let (kind, deployment) = match &entry.kind {
        EntryKind::Deployment(deployment) => ("deployment", Some(deployment_json(deployment))),
        EntryKind::Incident => ("incident", None),
        EntryKind::Background => ("background", None),
    };
    json!({
        "kind": kind,
        "start": format_rfc3339(entry.from_ms),
        "end": format_rfc3339(entry.to_ms),
        "bad": entry.bad,
        "share": entry.share,
        "needs_postmortem": entry.needs_postmortem,
        "deployment": deployment,
    })
}

fn dora_json(speed: &Speed) -> Value {
    let seconds = |duration_ms: Option<i64>| duration_ms.map(|duration_ms| duration_ms as f64 / 1000.0);
    json!({
        "deployments": speed.dora.n_deployments,
        "deployments_per_day": speed.dora.per_day,
        "lead_time_seconds": seconds(speed.dora.lead_time_ms),
        "failed": speed.dora.n_failed,
        "change_failure_ratio": speed.dora.failure_ratio,
        "recovery_seconds": seconds(speed.dora.recovery_ms),
        "frozen_seconds": seconds(Some(speed.frozen_ms)),
        "overrides": speed.overrides.iter().map(|given| json!({
            "gate": given.gate,
            "by": given.by,
            "role": given.role,
            "reason": given.reason,
            "at": format_rfc3339(given.created_ms),
        })).collect::<Vec<_>>(),
    })
}
