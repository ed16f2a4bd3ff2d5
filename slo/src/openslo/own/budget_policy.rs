//! `ErrorBudgetPolicy`: what a spent budget means.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::objects::{Objects, Stored};
use super::super::resolve::each;
use super::super::walk::Walk;
use super::words::{classes, condition, duration, needed, one_of, share, soak};
use crate::gate::{OUT_OF_SCOPE, UPSTREAM, UPSTREAM_FROZEN};
use crate::spec::{BudgetPolicy, Catalog, GitlabFreeze, PolicyAction, PolicyState, Share};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "ErrorBudgetPolicy", rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct BudgetPolicySpec {
    #[serde(rename = "description")]
    _description: String,
    agreed_by: Vec<String>,
    states: Vec<StateSpec>,
    actions: BTreeMap<String, Vec<ActionSpec>>,
    incidents: IncidentsSpec,
    exemptions: Vec<ExemptionSpec>,
    escalation: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "state", rename_all = "camelCase", default, deny_unknown_fields)]
struct StateSpec {
    name: String,
    when: String,
    leave_when: Option<String>,
}

/// One of these.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "action", rename_all = "camelCase", default, deny_unknown_fields)]
struct ActionSpec {
    freeze: Option<FreezeSpec>,
    gate: Option<GateActionSpec>,
    gitlab_freeze: Option<GitlabFreezeSpec>,
    notify: Option<Vec<String>>,
    webhook: Option<String>,
    /// Of the webhook.
    template: Option<String>,
    /// Of the webhook.
    token_file: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "gitlabFreeze", rename_all = "camelCase", default, deny_unknown_fields)]
struct GitlabFreezeSpec {
    project: String,
    url: String,
    token_file: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "freeze", rename_all = "camelCase", default, deny_unknown_fields)]
struct FreezeSpec {
    allow: Vec<String>,
    scope: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "gate", rename_all = "camelCase", default, deny_unknown_fields)]
struct GateActionSpec {
    require: String,
    #[serde(rename = "for")]
    classes: Vec<String>,
    approvers: String,
    max_deploys_per_day: Option<u32>,
    soak: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "incidents", rename_all = "camelCase", default, deny_unknown_fields)]
struct IncidentsSpec {
    postmortem_when: Option<IncidentSpec>,
    planning_when: Option<IncidentSpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "incident", rename_all = "camelCase", default, deny_unknown_fields)]
struct IncidentSpec {
    single_incident_share: Option<String>,
    single_class_share: Option<String>,
    window: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "exemption", rename_all = "camelCase", default, deny_unknown_fields)]
struct ExemptionSpec {
    cause: String,
    only_if: Option<String>,
}

pub(super) fn resolve(objects: &Objects<'_>, catalog: &mut Catalog) {
    each(objects.budget_policies.iter(), catalog, |stored, walk, catalog| {
        let policy = policy(stored, walk);
        if !walk.has_errors() {
            catalog.budget_policies.insert(policy.name.clone(), policy);
        }
    });
}

fn policy(stored: &Stored<'_, BudgetPolicySpec>, walk: &mut Walk<'_>) -> BudgetPolicy {
    let spec = &stored.spec;
    let states = states(&spec.states, walk);
    let names: BTreeSet<&str> = spec.states.iter().map(|state| state.name.as_str()).collect();
    let actions = walk.within("actions", |walk| {
        let of_state = |(state, specs): (&String, &Vec<ActionSpec>)| {
            let words: Vec<&str> = names.iter().copied().collect();
            one_of(state, state, &words, walk);
            (state.clone(), walk.within(state, |walk| actions(specs, walk)))
        };
        spec.actions.iter().map(of_state).collect()
    });
    let (postmortem_when, planning_when) = walk.within("incidents", |walk| {
        let IncidentsSpec { postmortem_when, planning_when } = &spec.incidents;
        let postmortem = postmortem_when.as_ref().and_then(|incident| {
            let share = incident.single_incident_share.as_deref();
            walk.within("postmortemWhen", |walk| incident_share("singleIncidentShare", share, &incident.window, walk))
        });
        let planning = planning_when.as_ref().and_then(|incident| {
            let share = incident.single_class_share.as_deref();
            walk.within("planningWhen", |walk| incident_share("singleClassShare", share, &incident.window, walk))
        });
        (postmortem, planning)
    });
    walk.within("exemptions", |walk| {
        for (index, exemption) in spec.exemptions.iter().enumerate() {
            walk.at(index, |walk| check_exemption(exemption, walk));
        }
    });
    BudgetPolicy {
        name: stored.name().to_owned(),
        agreed_by: spec.agreed_by.clone(),
        states,
        actions,
        postmortem_when,
        planning_when,
        exemptions: spec.exemptions.iter().map(|spec| (spec.cause.clone(), spec.only_if.clone())).collect(),
        escalation: spec.escalation.clone(),
        source: walk.place(),
    }
}

fn check_exemption(spec: &ExemptionSpec, walk: &mut Walk<'_>) {
    if needed("cause", &spec.cause, "what is exempted", walk).is_some() {
        one_of("cause", &spec.cause, &[UPSTREAM, OUT_OF_SCOPE], walk);
    }
    let Some(only_if) = &spec.only_if else { return };
    if one_of("onlyIf", only_if, &[UPSTREAM_FROZEN], walk) && spec.cause != UPSTREAM {
        walk.error("onlyIf", format_args!("{UPSTREAM_FROZEN} is a condition on the cause {UPSTREAM}"));
    }
}

fn states(specs: &[StateSpec], walk: &mut Walk<'_>) -> Vec<PolicyState> {
    if specs.is_empty() {
        walk.error("states", "a policy needs states, as in {name: exhausted, when: \"remaining <= 0%\"}");
    }
    walk.within("states", |walk| {
        for (index, spec) in specs.iter().enumerate() {
            walk.at(index, |walk| {
                needed("name", &spec.name, "the state's name", walk);
                if needed("when", &spec.when, "a condition, as in remaining <= 25%", walk).is_some() {
                    condition("when", &spec.when, walk);
                }
                if let Some(leave_when) = &spec.leave_when {
                    condition("leaveWhen", leave_when, walk);
                }
                if specs[..index].iter().any(|before| before.name == spec.name) {
                    walk.error("name", format_args!("there are two states {}", spec.name));
                }
            });
        }
    });
    let state = |spec: &StateSpec| PolicyState {
        name: spec.name.clone(),
        when: spec.when.clone(),
        leave_when: spec.leave_when.clone(),
    };
    specs.iter().map(state).collect()
}

fn actions(specs: &[ActionSpec], walk: &mut Walk<'_>) -> Vec<PolicyAction> {
    let read = |(index, spec)| walk.at(index, |walk| action(spec, walk));
    specs.iter().enumerate().filter_map(read).collect()
}

fn action(spec: &ActionSpec, walk: &mut Walk<'_>) -> Option<PolicyAction> {
    if let ActionSpec { freeze: None, gate: None, gitlab_freeze: Some(freeze), notify: None, webhook: None, .. } = spec
    {
        return walk.within("gitlabFreeze", |walk| gitlab_freeze(freeze, walk));
    }
    match (&spec.freeze, &spec.gate, &spec.notify, &spec.webhook) {
        (Some(freeze), None, None, None) => {
            let scope = if freeze.scope.is_empty() { "own" } else { &freeze.scope };
            walk.within("freeze", |walk| {
                one_of("scope", scope, &["own", "all"], walk);
                classes("allow", &freeze.allow, walk);
            });
            Some(PolicyAction::Freeze { allow: freeze.allow.clone(), scope: scope.to_owned() })
        }
        (None, Some(gate), None, None) => walk.within("gate", |walk| gate_action(gate, walk)),
        (None, None, Some(who), None) => Some(PolicyAction::Notify(who.clone())),
        (None, None, None, Some(url)) => {
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                walk.error("webhook", "a webhook is a URL");
            }
            let (template, token_file) = (spec.template.clone(), spec.token_file.clone());
            Some(PolicyAction::Webhook { url: url.clone(), template, token_file })
        }
        _ => {
            walk.error_here("an action is one of freeze, gate, gitlabFreeze, notify and webhook");
            None
        }
    }
}

fn gitlab_freeze(spec: &GitlabFreezeSpec, walk: &mut Walk<'_>) -> Option<PolicyAction> {
    let project = needed("project", &spec.project, "a number or a path, as in shop/api,", walk);
    let token_file = needed("tokenFile", &spec.token_file, "a file with the token of a maintainer", walk);
    let url = spec.url.parse::<net::url::Url>();
    if let Err(error) = &url {
        walk.error("url", format_args!("where is GitLab? {error}"));
    }
    url.ok()?;
    let (url, project, token_file) = (spec.url.clone(), project?.to_owned(), token_file?.to_owned());
    Some(PolicyAction::GitlabFreeze(GitlabFreeze { url, project, token_file }))
}

fn gate_action(spec: &GateActionSpec, walk: &mut Walk<'_>) -> Option<PolicyAction> {
    if !spec.require.is_empty() {
        one_of("require", &spec.require, &["approval"], walk);
        classes("for", &spec.classes, walk);
        if spec.max_deploys_per_day.is_some() || spec.soak.is_some() {
            walk.error_here("approval stands alone: maxDeploysPerDay and soak are an action of their own");
        }
        let approvers = needed("approvers", &spec.approvers, "whose word", walk)?.to_owned();
        return Some(PolicyAction::RequireApproval { classes: spec.classes.clone(), approvers });
    }
    let soak_ms = match &spec.soak {
        None => None,
        Some(text) => Some(soak(text, walk)?),
    };
    if spec.max_deploys_per_day.is_none() && soak_ms.is_none() {
        walk.error_here("a gate requires approval, or has maxDeploysPerDay or soak");
    }
    Some(PolicyAction::Slow { max_deploys_per_day: spec.max_deploys_per_day, soak_ms })
}

fn incident_share(field: &str, text: Option<&str>, window: &str, walk: &mut Walk<'_>) -> Option<(Share, i64)> {
    let text = needed(field, text.unwrap_or_default(), "a share of the budget, as in 20%", walk)?;
    let (share, window_ms) = (share(field, text, walk), duration("window", window, walk));
    Some((share?, window_ms?))
}
