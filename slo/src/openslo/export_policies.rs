//! Policies and gates as documents.

use serde_json::{Map, Value, json};

use super::export::{document, prom};
use crate::spec::{BudgetPolicy, Gate, GitlabFreeze, OnUnknown, PolicyAction, Share};

/// A policy.
pub(super) fn budget_policy(policy: &BudgetPolicy) -> Value {
    let state = |state: &crate::spec::PolicyState| {
        let mut spec = json!({ "name": state.name, "when": state.when });
        if let Some(leave_when) = &state.leave_when {
            spec["leaveWhen"] = json!(leave_when);
        }
        spec
    };
    let actions = policy
        .actions
        .iter()
        .map(|(state, actions)| (state.clone(), Value::Array(actions.iter().map(action).collect())));
    let mut incidents = Map::new();
    let share = |share: Share| format!("{}%", share.percent_text());
    if let Some((of, window_ms)) = policy.postmortem_when {
        let spec = json!({ "singleIncidentShare": share(of), "window": prom(window_ms) });
        incidents.insert("postmortemWhen".to_owned(), spec);
    }
    if let Some((of, window_ms)) = policy.planning_when {
        let spec = json!({ "singleClassShare": share(of), "window": prom(window_ms) });
        incidents.insert("planningWhen".to_owned(), spec);
    }
    let exemption = |(cause, only_if): &(String, Option<String>)| match only_if {
        Some(only_if) => json!({ "cause": cause, "onlyIf": only_if }),
        None => json!({ "cause": cause }),
    };
    let mut spec = json!({
        "agreedBy": policy.agreed_by,
        "states": policy.states.iter().map(state).collect::<Vec<_>>(),
        "actions": actions.collect::<Map<_, _>>(),
        "incidents": incidents,
        "exemptions": policy.exemptions.iter().map(exemption).collect::<Vec<_>>(),
    });
    if let Some(escalation) = &policy.escalation {
        spec["escalation"] = json!(escalation);
    }
    document("ErrorBudgetPolicy", &policy.name, "", &spec)
}

fn action(action: &PolicyAction) -> Value {
    match action {
        PolicyAction::Freeze { allow, scope } => json!({ "freeze": { "allow": allow, "scope": scope } }),
        PolicyAction::RequireApproval { classes, approvers } => {
            json!({ "gate": { "require": "approval", "for": classes, "approvers": approvers } })
        }
        PolicyAction::Slow { max_deploys_per_day, soak_ms } => {
            let mut gate = Map::new();
            if let Some(n_deploys) = max_deploys_per_day {
                gate.insert("maxDeploysPerDay".to_owned(), json!(n_deploys));
            }
            if let Some(soak_ms) = soak_ms {
                gate.insert("soak".to_owned(), json!(prom(*soak_ms)));
            }
            json!({ "gate": gate })
        }
        PolicyAction::GitlabFreeze(GitlabFreeze { url, project, token_file }) => {
            json!({ "gitlabFreeze": { "url": url, "project": project, "tokenFile": token_file } })
        }
        PolicyAction::Notify(who) => json!({ "notify": who }),
        PolicyAction::Webhook { url, template, token_file } => {
            let optional = [("template", template), ("tokenFile", token_file)];
            let mut webhook = Map::from_iter([("webhook".to_owned(), json!(url))]);
            webhook
                .extend(optional.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text.as_ref()?)))));
            Value::Object(webhook)
        }
    }
}

/// A gate.
pub(super) fn gate(gate: &Gate) -> Value {
    let on_unknown = match gate.on_unknown {
        OnUnknown::Allow => "allow",
        OnUnknown::AllowWithWarning => "allow-with-warning",
        OnUnknown::Deny => "deny",
        OnUnknown::Unknown => "unknown",
    };
    let overriding = &gate.overriding;
    let spec = json!({
        "product": gate.product,
        "services": gate.services,
        "environment": gate.environment,
        "preDeploy": { "deny": gate.deny, "warn": gate.warn },
        "postDeploy": { "soak": prom(gate.soak_ms), "failWhen": gate.fail_when },
        "onUnknown": on_unknown,
        "override": {
            "roles": overriding.roles,
            "requireReason": overriding.needs_reason,
            "expires": prom(overriding.expires_ms),
        },
    });
    document("ReleaseGate", &gate.name, "", &spec)
}
