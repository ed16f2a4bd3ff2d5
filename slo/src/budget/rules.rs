//! Budgets as a group of rules, for who asks for rules and alerts.

use std::time::Duration;

use alerting::rules::{AlertState, AlertingStatus, GroupStatus, Health, Instance, RuleKind, RuleStatus};
use model::Labels;

use super::alerts::Alerts;
use crate::spec::{Catalog, Objective};
use crate::window::duration_text;

/// When the last tick was, and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastTick {
    pub(crate) at_ms: Option<i64>,
    pub(crate) took: Duration,
    pub(crate) n_ticks: u64,
}

/// One rule for each objective that somebody is told about: its pairs, one or another of them.
pub(crate) fn group(catalog: &Catalog, alerts: &Alerts, interval_ms: i64, last: LastTick) -> GroupStatus {
    let told = catalog.objectives.values().filter(|objective| !objective.burn.pairs.is_empty());
    let rules: Vec<RuleStatus> = told.map(|objective| rule(objective, alerts, last)).collect();
    GroupStatus {
        name: "slo".to_owned(),
        file: "slo".to_owned(),
        interval_ms,
        query_offset_ms: 0,
        limit: 0,
        evaluation_time: last.took,
        last_evaluation_ms: last.at_ms,
        last_slot_ms: last.at_ms,
        n_iterations: last.n_ticks,
        n_missed: 0,
        n_evaluations: last.n_ticks * rules.len() as u64,
        n_failures: 0,
        n_last_samples: 0,
        rules,
    }
}

fn rule(objective: &Objective, alerts: &Alerts, last: LastTick) -> RuleStatus {
    let of_objective = alerts.iter().filter(|alert| alert.objective == objective.id);
    let active: Vec<Instance> =
        of_objective.map(|alert| &alert.instance).filter(|one| one.state != AlertState::Inactive).cloned().collect();
    let worst = active.iter().map(|instance| instance.state).max().unwrap_or(AlertState::Inactive);
    let state = last.at_ms.map(|_| worst);
    RuleStatus {
        name: "SLOBurnRate".to_owned(),
        query: query(objective),
        labels: Labels::from_pairs([("service", objective.service.as_str()), ("slo", objective.id.as_str())]),
        kind: RuleKind::Alerting(AlertingStatus {
            hold_ms: 0,
            keep_firing_ms: 0,
            annotations: Labels::empty(),
            state,
            alerts: active,
        }),
        health: if last.at_ms.is_some() { Health::Good } else { Health::Unknown },
        last_error: None,
        evaluation_time: Duration::ZERO,
        last_evaluation_ms: last.at_ms,
    }
}

/// The same in PromQL, over the series that a tick writes.
fn query(objective: &Objective) -> String {
    let rate = |window_ms: i64, factor: f64| {
        format!("slo_burn_rate{{slo={:?},window=\"{}\"}} > {factor}", objective.id, duration_text(window_ms))
    };
    let pairs = objective.burn.pairs.iter();
    let texts = pairs.map(|pair| {
        let (long, short) = (rate(pair.long_ms, pair.factor), rate(pair.short_ms, pair.factor));
        format!("({long} and ignoring(window) {short})")
    });
    texts.collect::<Vec<_>>().join(" or ")
}
