//! `/api/v1/gates`: what gates there are; what is asked of one, and somebody's word against it.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use net::percent::{self, Place};
use net::server::{Request, Response, produce};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use slo::condition;
use slo::gate::{Evaluation, GateError, Gates, Inquiry, Outlook, Override, OverrideRequest, Phase, Reason, Stage};
use slo::report::Language;

use super::in_words::in_words;
use super::{Asked, decoded_name, respond, spoken};
use crate::access;
use crate::params;
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::route::GateAction;
use crate::state::Parts;
use crate::time::format_rfc3339;
use crate::web::Shared;

/// The limit `gate_body`: bytes of a body.
pub(crate) const MAX_BODY: usize = 64 << 10;
/// The limit `gate_wait`: nobody waits longer for a release that is being watched.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often a release is looked at for whom it concerns.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Entries of a list.
const MAX_LISTED: usize = 100;

/// The body of a question.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Question {
    service: String,
    version: String,
    environment: String,
    change: String,
    actor: String,
    url: String,
    phase: Phase,
    dry_run: bool,
    soak: String,
}

/// The body of an override.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Word {
    service: String,
    version: String,
    reason: String,
    by: String,
    role: String,
    expires_in: String,
}

/// All gates.
pub(super) fn list(parts: &Parts, asked: &Asked) -> ApiResult {
    let language = spoken(asked.form.get("lang"), Language::English)?;
    let now_ms = asked.shared.settings.clock.now_ms();
    let names: Vec<String> = parts.gates.catalog().gates.keys().cloned().collect();
    let shown: Vec<Value> = names.iter().filter_map(|name| shown(&parts.gates, name, language, now_ms).ok()).collect();
    Reply::data(move |json| json.list(&shown, |json, one| json.raw(&one.to_string())))
}

/// One of them.
pub(super) fn one(parts: &Parts, asked: &Asked) -> ApiResult {
    let name = decoded_name(&asked.name)?;
    let language = spoken(asked.form.get("lang"), Language::English)?;
    let shown = shown(&parts.gates, &name, language, asked.shared.settings.clock.now_ms()).map_err(refused)?;
    Reply::data(move |json| json.raw(&shown.to_string()))
}

fn shown(gates: &Gates, name: &str, language: Language, now_ms: i64) -> Result<Value, GateError> {
    let gate = gates.gate(name)?;
    let services = if gate.services.is_empty() { gates.services_of(&gate.product) } else { gate.services };
    let standing = gates.standing(&gate.product);
    let last = gates.evaluations(name, 1).into_iter().next();
    let overrides = gates.overrides(name, MAX_LISTED);
    let holds = |given: &&Override| given.expires_ms > now_ms;
    let outlook = gates.outlook(name)?;
    let conditions = gate.deny.iter().chain(&gate.warn).chain(&gate.fail_when).map(String::as_str);
    let mut in_words = in_words(conditions, language);
    in_words.extend(outlook.iter().flat_map(|one| reasons_in_words(&one.reasons, language)));
    Ok(json!({
        "name": gate.name,
        "product": gate.product,
        "services": services,
        "environment": gate.environment,
        "deny": gate.deny,
        "warn": gate.warn,
        "fail_when": gate.fail_when,
        "soak_seconds": gate.soak_ms / 1000,
        "override": {
            "roles": gate.overriding.roles,
            "needs_reason": gate.overriding.needs_reason,
            "expires_seconds": gate.overriding.expires_ms / 1000,
        },
        "policy_state": standing.as_ref().and_then(|standing| standing.state.clone()),
        "policy_since": standing.as_ref().filter(|standing| standing.state.is_some()).map(|standing| format_rfc3339(standing.since_ms)),
        "policy_why": standing.map(|standing| standing.why),
        "in_words": in_words,
        "outlook": outlook.iter().map(|one| outlook_json(one, language)).collect::<Vec<_>>(),
        "active_overrides": overrides.iter().filter(holds).map(override_json).collect::<Vec<_>>(),
        "last_evaluation": last.map(|last| evaluation_json(&last, language, None)),
    }))
}

fn outlook_json(outlook: &Outlook, language: Language) -> Value {
    json!({
        "change": outlook.change,
        "decision": outlook.decision.as_str(),
        "reasons": said(&outlook.reasons, language),
        "override": outlook.overridden_by.as_ref().map(override_json),
    })
}

/// What reasons say in words that stand on a condition, by how they are said otherwise.
fn reasons_in_words(reasons: &[Reason], language: Language) -> Map<String, Value> {
    let told = |reason: &Reason| {
        let words = match reason {
            Reason::Holds(text) => condition::in_words(text, language)?,
            Reason::NotKnown(text) => {
                let words = condition::in_words(text, language)?;
                match language {
                    Language::English => format!("nobody knows whether {words}"),
                    Language::Chinese => format!("无法判断是否满足：{words}"),
                }
            }
            _ => return None,
        };
        Some((reason.words(language), Value::from(words)))
    };
    reasons.iter().filter_map(told).collect()
}

fn said(reasons: &[Reason], language: Language) -> Vec<String> {
    reasons.iter().map(|reason| reason.words(language)).collect()
}

/// Answers what is asked of one. Whoever reads a list of answers may have it in their language; a pipeline has it in English.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    parts: Parts,
    action: GateAction,
    name: &str,
    mut request: Request,
) -> Response {
    let names: Vec<&str> = name.split('/').collect();
    let decoded =
        |at: usize| percent::decode(names.get(at).copied().unwrap_or_default(), Place::Path).map(String::from);
    let (Ok(gate), Ok(id)) = (decoded(0), decoded(names.len() - 1)) else {
        return ApiError::bad_data("the gate's name is not UTF-8").respond();
    };
    if action == GateAction::Evaluation {
        return wait_for(shared, parts, &gate, &id, &request).await;
    }
    let encoding = request.accepted_encoding();
    if request.method() != Method::POST {
        let language = spoken(request.query().get("lang"), Language::English);
        return produce(encoding, move || respond(language.and_then(|lang| listed(&parts.gates, action, &gate, lang))))
            .await;
    }
    let body = match request.body(MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return Response::error(error.status(), error),
    };
    let (shared, caller) = (Arc::clone(shared), request.caller().clone());
    produce(encoding, move || {
        let product = parts.gates.gate(&gate).map(|gate| gate.product).map_err(refused);
        let allowed = product.and_then(|product| access::refuse_product(&shared, &caller, Some(&product)));
        let by = access::caller_name(&caller);
        respond(allowed.and_then(|()| match action {
            GateAction::Overrides => override_gate(&parts.gates, &gate, by, &body),
            _ => evaluate(&shared, &parts.gates, &gate, by, &body),
        }))
    })
    .await
}

/// What went wrong, in the words of the API.
pub(super) fn refused(error: GateError) -> ApiError {
    let kind = match error {
        GateError::NotFound(_) => ErrorType::NotFound,
        GateError::Bad(_) => ErrorType::BadData,
        GateError::Forbidden(_) => ErrorType::Forbidden,
        GateError::Journal(_) => ErrorType::Internal,
    };
    ApiError::new(kind, error)
}

/// A body in JSON.
pub(super) fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_data(format_args!("the body cannot be read: {error}")))
}

/// A duration in milliseconds; `None` where nothing is said.
fn duration_ms(name: &str, text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let nanos = params::duration(text).map_err(|error| ApiError::parameter(name, error))?;
    Ok(Some(nanos / 1_000_000))
}

fn evaluate(shared: &Shared, gates: &Gates, gate: &str, by: &str, body: &[u8]) -> ApiResult {
    let question: Question = read(body)?;
    let inquiry = Inquiry {
        service: question.service,
        version: question.version,
        environment: question.environment,
        change: question.change,
        actor: if question.actor.is_empty() { by.to_owned() } else { question.actor },
        url: question.url,
        phase: question.phase,
        is_dry_run: question.dry_run,
        soak_ms: duration_ms("soak", &question.soak)?,
    };
    let evaluation = gates.evaluate(gate, inquiry).map_err(refused)?;
    told(shared, &evaluation)
}

fn told(shared: &Shared, evaluation: &Evaluation) -> ApiResult {
    let base = shared.settings.external_url.to_string();
    let told = evaluation_json(evaluation, Language::English, Some(base.trim_end_matches('/'))).to_string();
    Reply::data(move |json| json.raw(&told))
}

/// Who gave their word is who the server knows, where it knows somebody.
fn override_gate(gates: &Gates, gate: &str, by: &str, body: &[u8]) -> ApiResult {
    let word: Word = read(body)?;
    let request = OverrideRequest {
        service: word.service,
        version: word.version,
        reason: word.reason,
        by: if by.is_empty() { word.by } else { by.to_owned() },
        role: word.role,
        expires_ms: duration_ms("expires_in", &word.expires_in)?,
    };
    let given = gates.override_gate(gate, request).map_err(refused)?;
    Reply::data(move |json| json.raw(&override_json(&given).to_string()))
}

fn listed(gates: &Gates, action: GateAction, gate: &str, language: Language) -> ApiResult {
    gates.gate(gate).map_err(refused)?;
    let listed: Vec<Value> = match action {
        GateAction::Overrides => gates.overrides(gate, MAX_LISTED).iter().map(override_json).collect(),
        _ => gates.evaluations(gate, MAX_LISTED).iter().map(|one| evaluation_json(one, language, None)).collect(),
    };
    Reply::data(move |json| json.list(&listed, |json, one| json.raw(&one.to_string())))
}

/// An evaluation once it is decided, or after the time that is waited for at most.
async fn wait_for(shared: &Arc<Shared>, parts: Parts, gate: &str, id: &str, request: &Request) -> Response {
    let wait = match duration_ms("wait", request.query().get("wait")) {
        Ok(wait_ms) => Duration::from_millis(u64::try_from(wait_ms.unwrap_or(0)).unwrap_or(0)).min(MAX_WAIT),
        Err(error) => return error.respond(),
    };
    let deadline = shared.settings.clock.elapsed() + wait;
    loop {
        let (gates, gate, id) = (Arc::clone(&parts.gates), gate.to_owned(), id.to_owned());
        let looked = tokio::task::spawn_blocking(move || gates.evaluation(&gate, &id)).await;
        let left = deadline.saturating_sub(shared.settings.clock.elapsed());
        match looked {
            Ok(Ok(evaluation)) if evaluation.stage == Stage::Running && !left.is_zero() => {
                tokio::time::sleep(LOOK_EVERY.min(left)).await;
            }
            Ok(Ok(evaluation)) => return respond(told(shared, &evaluation)),
            Ok(Err(error)) => return refused(error).respond(),
            Err(panic) => return ApiError::new(ErrorType::Internal, panic).respond(),
        }
    }
}

/// An evaluation, with a link where it is known where the page is.
fn evaluation_json(evaluation: &Evaluation, language: Language, base: Option<&str>) -> Value {
    let inquiry = &evaluation.inquiry;
    let time = |at_ms: Option<i64>| at_ms.map(format_rfc3339);
    let product = percent::encode(&evaluation.product, Place::Query);
    json!({
        "id": evaluation.id,
        "gate": evaluation.gate,
        "product": evaluation.product,
        "service": inquiry.service,
        "version": inquiry.version,
        "environment": inquiry.environment,
        "change": inquiry.change,
        "actor": inquiry.actor,
        "url": inquiry.url,
        "phase": inquiry.phase.as_str(),
        "dry_run": inquiry.is_dry_run,
        "status": if evaluation.stage == Stage::Running { "running" } else { "decided" },
        "decision": evaluation.decision.map(slo::gate::Decision::as_str),
        "own_decision": evaluation.own_decision.map(slo::gate::Decision::as_str),
        "reasons": said(&evaluation.reasons, language),
        "in_words": reasons_in_words(&evaluation.reasons, language),
        "override": evaluation.overridden_by.as_ref().map(override_json),
        "policy_state": evaluation.policy_state,
        "remaining_ratio": evaluation.remaining_ratio,
        "coverage": evaluation.coverage,
        "forecast": { "exhausted_at": time(evaluation.exhausted_at_ms) },
        "firing_alerts": evaluation.firing,
        "budget_debit": evaluation.debit,
        "deployment": evaluation.deployment,
        "soak": evaluation.soak.map(|soak| json!({
            "from": format_rfc3339(soak.from_ms),
            "until": format_rfc3339(soak.until_ms),
        })),
        "created_at": format_rfc3339(evaluation.created_ms),
        "decided_at": time(evaluation.decided_ms),
        "expires_at": format_rfc3339(evaluation.expires_ms),
        "link": base.map(|base| format!("{base}/products?name={product}")),
    })
}

fn override_json(given: &Override) -> Value {
    json!({
        "id": given.id,
        "gate": given.gate,
        "service": given.service,
        "version": given.version,
        "reason": given.reason,
        "by": given.by,
        "role": given.role,
        "created_at": format_rfc3339(given.created_ms),
        "expires_at": format_rfc3339(given.expires_ms),
    })
}
