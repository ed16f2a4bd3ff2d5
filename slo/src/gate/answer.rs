//! The answer to a question: from what is known to an [`Evaluation`].

use super::budgets::Labels;
use super::decide::{Decision, Surroundings, Verdict, decide, watch};
use super::evaluation::{Evaluation, Phase, Soak, Stage};
use super::overriding::Override;
use super::reason::Reason;
use super::request::{Inquiry, MAX_SOAK_MS};
use super::situation::{Situation, Sources, spent_by};
use crate::deployment::{Deployment, DeploymentState, Source};
use crate::spec::Gate;

/// For how long an answer holds that lets a release go ahead, in milliseconds.
const VALID_MS: i64 = 5 * 60_000;
/// For how long one holds that does not: what was mended is to be seen soon.
const REFUSAL_VALID_MS: i64 = 30_000;

/// What is asked, and what is known of it.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) gate: &'a Gate,
    pub(super) inquiry: &'a Inquiry,
    pub(super) around: &'a Surroundings,
    pub(super) policy_state: Option<String>,
    /// The release, after it.
    pub(super) deployment: Option<&'a Deployment>,
    pub(super) overriding: Option<Override>,
    pub(super) id: String,
    pub(super) now_ms: i64,
}

/// Answers.
pub(super) fn answer<'a>(asking: Asking<'a>, situation: Situation<'a>) -> Evaluation {
    let Asking { gate, inquiry, around, policy_state, deployment, overriding, id, now_ms } = asking;
    let situation = situation.asked(policy_state.clone(), inquiry);
    let mut evaluation = Evaluation {
        id,
        gate: gate.name.clone(),
        product: gate.product.clone(),
        inquiry: inquiry.clone(),
        stage: Stage::Running,
        decision: None,
        own_decision: None,
        reasons: Vec::new(),
        overridden_by: None,
        policy_state,
        remaining_ratio: situation.reading.and_then(|reading| reading.remaining_ratio),
        coverage: situation.reading.and_then(|reading| reading.coverage),
        exhausted_at_ms: situation.reading.and_then(|reading| reading.exhausted_at_ms),
        firing: firing(&situation.firing()),
        debit: None,
        soak: None,
        deployment: deployment.map(|deployment| deployment.id.clone()),
        created_ms: now_ms,
        decided_ms: None,
        expires_ms: now_ms.saturating_add(VALID_MS),
    };
    match inquiry.phase {
        Phase::PreDeploy => {
            let verdict = decide(gate, inquiry, &situation, around);
            settle(&mut evaluation, verdict, overriding, now_ms);
        }
        Phase::PostDeploy => {
            let soak_of_policy = around.consequences.as_ref().and_then(|follows| follows.soak_ms);
            let soak_ms = inquiry.soak_ms.unwrap_or(gate.soak_ms).max(soak_of_policy.unwrap_or(0)).min(MAX_SOAK_MS);
            let from_ms = deployment.map_or(now_ms, |deployment| deployment.started_ms);
            evaluation.soak = Some(Soak { from_ms, until_ms: from_ms.max(now_ms).saturating_add(soak_ms) });
            evaluation.expires_ms = from_ms.max(now_ms).saturating_add(soak_ms + VALID_MS);
        }
    }
    evaluation
}

/// A release that is being watched, as it is now.
pub(super) fn watched(
    sources: Sources<'_>,
    known: &Evaluation,
    policy_state: Option<String>,
    deployment: Option<&Deployment>,
    now_ms: i64,
) -> Evaluation {
    let mut evaluation = known.clone();
    evaluation.deployment = deployment.map(|deployment| deployment.id.clone());
    let Some(soak) = known.soak else { return evaluation };
    let Sources { budgets, catalog, .. } = sources;
    let Some(gate) = catalog.gates.get(&known.gate) else {
        let reasons = vec![Reason::GateGone(known.gate.clone())];
        settle(&mut evaluation, Verdict { decision: Decision::Unknown, reasons }, None, now_ms);
        return evaluation;
    };
    let watched =
        Deployment { started_ms: soak.from_ms, ..deployment.map_or_else(|| unreported(known), Deployment::clone) };
    let product = catalog.products.get(&known.product);
    let until_ms = now_ms.min(soak.until_ms);
    let debit = product.and_then(|product| spent_by(catalog, product, budgets, &watched, until_ms));
    let situation = Situation::new(sources, &known.product, now_ms);
    let reading = situation.reading.unwrap_or_default();
    let fires = firing(&situation.firing());
    let situation = situation.asked(policy_state.clone(), &known.inquiry).with_debit(debit);
    let is_over = now_ms >= soak.until_ms;
    let verdict = match deployment.map(|deployment| deployment.state) {
        Some(state @ (DeploymentState::Failed | DeploymentState::RolledBack)) => {
            let reasons = vec![Reason::Reported(state.as_str().to_owned())];
            Some(Verdict { decision: Decision::Deny, reasons })
        }
        _ => watch(gate, &situation, is_over),
    };
    (evaluation.remaining_ratio, evaluation.coverage) = (reading.remaining_ratio, reading.coverage);
    evaluation.exhausted_at_ms = reading.exhausted_at_ms;
    (evaluation.firing, evaluation.debit, evaluation.policy_state) = (fires, debit, policy_state);
    if let Some(verdict) = verdict {
        settle(&mut evaluation, verdict, None, now_ms);
    }
    evaluation
}

/// Writes a verdict into an evaluation. An override stands above what would not let the release go ahead.
fn settle(evaluation: &mut Evaluation, verdict: Verdict, overriding: Option<Override>, now_ms: i64) {
    let Verdict { decision: own, mut reasons } = verdict;
    let is_refusal = own.is_refusal();
    let overriding = overriding.filter(|_| is_refusal);
    reasons.splice(0..0, overriding.iter().map(Reason::from));
    let mut decision = if overriding.is_some() { Decision::Allow } else { own };
    if evaluation.inquiry.is_dry_run {
        decision = Decision::Allow;
    }
    let is_pre = evaluation.inquiry.phase == Phase::PreDeploy;
    let valid_ms = if is_refusal && overriding.is_none() && is_pre { REFUSAL_VALID_MS } else { VALID_MS };
    evaluation.expires_ms = now_ms.saturating_add(valid_ms);
    if let Some(given) = &overriding {
        evaluation.expires_ms = evaluation.expires_ms.min(given.expires_ms);
    }
    evaluation.stage = Stage::Decided;
    (evaluation.decision, evaluation.own_decision) = (Some(decision), Some(own));
    (evaluation.reasons, evaluation.overridden_by) = (reasons, overriding);
    evaluation.decided_ms = Some(now_ms);
}

/// A release that nobody has reported.
fn unreported(known: &Evaluation) -> Deployment {
    let inquiry = &known.inquiry;
    Deployment {
        id: String::new(),
        service: inquiry.service.clone(),
        version: inquiry.version.clone(),
        environment: inquiry.environment.clone(),
        change: inquiry.change.clone(),
        state: DeploymentState::Started,
        started_ms: known.created_ms,
        ended_ms: None,
        committed_ms: None,
        url: None,
        actor: None,
        run: None,
        source: Source::Api,
    }
}

/// Alerts in words: name and severity.
fn firing(alerts: &[Labels]) -> Vec<String> {
    let word = |alert: &Labels, name: &str| {
        alert.iter().find(|(label, _)| label == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut shown: Vec<String> = alerts
        .iter()
        .map(|alert| {
            let (name, severity, slo) = (word(alert, "alertname"), word(alert, "severity"), word(alert, "slo"));
            let of = if slo.is_empty() { String::new() } else { format!(" of {slo}") };
            if severity.is_empty() { format!("{name}{of}") } else { format!("{name}{of} ({severity})") }
        })
        .collect();
    shown.sort_unstable();
    shown.dedup();
    shown
}
