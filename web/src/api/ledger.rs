//! `/api/v1/products/{product}/ledger`: what a budget was spent on, and speed next to it.

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use slo::gate::{Gates, Speed};
use slo::ledger::{Account, Entry, EntryKind};
use slo::policy::{Consequences, FreezeOutcome, Standing};
use slo::report::{Language, Naming, costs};
use slo::spec::{BudgetPolicy, PolicyState, Role};

use super::deployments::deployment_json;
use super::in_words::in_words;
use super::reports::{clocks, zone};
use super::{Asked, decoded_name, spoken, strict};
use crate::params;
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;

/// The span where nothing is said, in milliseconds: four weeks.
const DEFAULT_SPAN_MS: i64 = 28 * 86_400_000;
/// The limit `ledger_span`: the longest, in milliseconds.
pub(crate) const MAX_SPAN_MS: i64 = 400 * 86_400_000;

pub(super) fn ledger(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let product = decoded_name(&asked.name)?;
    let to_ms = params::optional_time(&asked.form, "end", asked.shared.settings.clock.now_ms())?;
    let from_ms = params::optional_time(&asked.form, "start", to_ms.saturating_sub(DEFAULT_SPAN_MS))?;
    if !(0..=MAX_SPAN_MS).contains(&to_ms.saturating_sub(from_ms)) {
        return Err(ApiError::parameter("start", "it has to lie before end, and by 400d at most (ledger_span)"));
    }
    let language = spoken(asked.form.get("lang"), Language::English)?;
    let of_product = || parts.gates.catalog().products.get(&product).map_or(TimeZone::UTC, zone);
    let zone = clocks(asked.form.get("zone"))?.unwrap_or_else(of_product);
    let told = told(&parts.gates, &product, (from_ms, to_ms), &Naming::new(language, &zone, to_ms))?.to_string();
    Reply::data(move |json| json.raw(&told))
}

fn told(gates: &Gates, product: &str, (from_ms, to_ms): (i64, i64), naming: &Naming) -> Result<Value, ApiError> {
    let missing = || ApiError::new(ErrorType::NotFound, format_args!("no product is called {product:?}"));
    let speed = gates.speed(product, from_ms, to_ms).ok_or_else(missing)?;
    let ledger = gates.ledger(product, from_ms, to_ms);
    let costs = ledger.as_ref().map(|ledger| costs(ledger, naming)).unwrap_or_default();
    let costs = serde_json::to_value(costs).map_err(|error| ApiError::new(ErrorType::Internal, error))?;
    let accounts = ledger.map(|ledger| ledger.accounts).unwrap_or_default();
    let changes = gates.changes(product, 100);
    Ok(json!({
        "product": product,
        "start": format_rfc3339(from_ms),
        "end": format_rfc3339(to_ms),
        "slos": accounts.iter().map(|account| account_json(account, naming)).collect::<Vec<_>>(),
        "costs": costs,
        "dora": dora_json(&speed),
        "policy": gates.standing(product).map(|standing| policy_json(gates, &standing, naming.language())),
        "policy_changes": changes.iter().map(|change| json!({
            "at": format_rfc3339(change.at_ms),
            "from": change.from,
            "to": change.to,
            "why": change.why,
        })).collect::<Vec<_>>(),
    }))
}

/// Where a product stands, and all states of its policy, worst first, with what each means for releases.
fn policy_json(gates: &Gates, standing: &Standing, language: Language) -> Value {
    let catalog = gates.catalog();
    let policy = catalog.budget_policies.get(&standing.policy);
    let state_json = |policy: &BudgetPolicy, state: &PolicyState| {
        let leave_when = state.leave_when.as_deref();
        json!({
            "name": state.name,
            "when": state.when,
            "leave_when": leave_when,
            // Of what has to hold for a while.
            "leaving_since": leave_when.and_then(|text| standing.held_since_ms.get(text)).map(|since_ms| format_rfc3339(*since_ms)),
            "releases": releases_json(&Consequences::of(policy, &state.name)),
        })
    };
    let states = policy.map(|policy| policy.states.iter().map(|state| state_json(policy, state)).collect::<Vec<_>>());
    // A state without a condition to leave it is left when its own no longer holds.
    let conditions = policy.iter().flat_map(|policy| &policy.states).flat_map(|state| {
        let leave_when = state.leave_when.clone().unwrap_or_else(|| format!("not ({})", state.when));
        [state.when.clone(), leave_when]
    });
    let formulas: Vec<String> = conditions.chain([standing.why.clone()]).collect();
    json!({
        "name": standing.policy,
        "state": standing.state,
        "since": format_rfc3339(standing.since_ms),
        "why": standing.why,
        "states": states.unwrap_or_default(),
        "in_words": in_words(formulas.iter().map(String::as_str), language),
        "gitlab_freezes": gates.freezes(&standing.product).iter().map(freeze_json).collect::<Vec<_>>(),
    })
}

fn freeze_json((url, is_wanted, outcome): &(String, bool, Option<FreezeOutcome>)) -> Value {
    json!({
        "url": url,
        "wanted": is_wanted,
        "asked_at": outcome.as_ref().map(|outcome| format_rfc3339(outcome.at_ms)),
        "error": outcome.as_ref().and_then(|outcome| outcome.error.as_ref()),
    })
}

/// What a state means for releases.
fn releases_json(follows: &Consequences) -> Value {
    json!({
        "freeze": follows.freeze.as_ref().map(|(allow, is_for_all)| json!({
            "allow": allow,
            "scope": if *is_for_all { "all" } else { "own" },
        })),
        "approval": follows.approval.as_ref().map(|(classes, approvers)| json!({
            "for": classes,
            "require": approvers,
        })),
        "max_deploys_per_day": follows.max_deploys_per_day,
        "soak_seconds": follows.soak_ms.map(|soak_ms| soak_ms / 1000),
    })
}

fn account_json(account: &Account, naming: &Naming) -> Value {
    json!({
        "slo": account.objective,
        "title": account.title,
        "service": account.service,
        "role": if account.role == Role::Own { "own" } else { "upstream" },
        "bad": account.counts.bad,
        "total": account.counts.total,
        "allowed": account.allowed,
        "entries": account.entries.iter().map(|entry| entry_json(account, entry, naming)).collect::<Vec<_>>(),
    })
}

fn entry_json(account: &Account, entry: &Entry, naming: &Naming) -> Value {
    let (kind, deployment) = match &entry.kind {
        EntryKind::Deployment(deployment) => ("deployment", Some(deployment_json(deployment))),
        EntryKind::Incident => ("incident", None),
        EntryKind::Background => ("background", None),
    };
    json!({
        "kind": kind,
        "name": naming.entry(account, entry),
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
