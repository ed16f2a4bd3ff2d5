//! Budgets as a group of rules, for who asks for rules and alerts.

use std::time::Duration;

use alerting::rules::{AlertState, AlertingStatus, GroupStatus, Health, Instance, RuleKind, RuleStatus};
use model::Labels;

use super::BURN_RATE;
use super::alerts::Alerts;
use super::evaluation::product_key;
use crate::spec::{BurnPolicy, Catalog, Objective, Product};
use crate::window::duration_text;

/// When the last tick was, and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastTick {
    pub(crate) at_ms: Option<i64>,
    slot_ms: Option<i64>,
    pub(crate) took: Duration,
    pub(crate) n_ticks: u64,
    /// Slots that had no tick, because the one before took too long.
    n_missed: u64,
}

impl LastTick {
    /// Another has had its slot.
    pub(crate) fn note(&mut self, at_ms: i64, slot_ms: i64, took: Duration, interval_ms: i64) {
        let n_passed = self.slot_ms.map_or(1, |last_ms| (slot_ms - last_ms) / interval_ms.max(1));
        let n_missed = self.n_missed + u64::try_from(n_passed - 1).unwrap_or(0);
        *self = LastTick { at_ms: Some(at_ms), slot_ms: Some(slot_ms), took, n_ticks: self.n_ticks + 1, n_missed };
    }
}

/// One rule for each objective and each product that somebody is told about: its pairs, one or another of them.
pub(crate) fn group(catalog: &Catalog, alerts: &Alerts, interval_ms: i64, last: LastTick) -> GroupStatus {
    let told = catalog.objectives.values().filter(|objective| !objective.burn.pairs.is_empty());
    let of_objective = |objective: &Objective| {
        let labels = Labels::from_pairs([("service", objective.service.as_str()), ("slo", objective.id.as_str())]);
        rule(&objective.id, labels, query("slo_burn_rate", ("slo", &objective.id), &objective.burn), alerts, last)
    };
    let of_product = |product: &Product| {
        let (burn, name) = (product.burn.as_ref()?, product.name.as_str());
        let query = query("slo_product_burn_rate", ("product", name), burn);
        Some(rule(&product_key(name), Labels::from_pairs([("product", name)]), query, alerts, last))
    };
    let of_products = catalog.products.values().filter_map(of_product);
    let rules: Vec<RuleStatus> = told.map(of_objective).chain(of_products).collect();
    GroupStatus {
        name: "slo".to_owned(),
        file: "slo".to_owned(),
        interval_ms,
        query_offset_ms: 0,
        limit: 0,
        evaluation_time: last.took,
        last_evaluation_ms: last.at_ms,
        last_slot_ms: last.slot_ms,
        n_iterations: last.n_ticks,
        n_missed: last.n_missed,
        n_evaluations: last.n_ticks * rules.len() as u64,
        n_failures: 0,
        n_last_samples: 0,
        rules,
    }
}

fn rule(key: &str, labels: Labels, query: String, alerts: &Alerts, last: LastTick) -> RuleStatus {
    let of_objective = alerts.iter().filter(|alert| alert.objective == key);
    let active: Vec<Instance> =
        of_objective.map(|alert| &alert.instance).filter(|one| one.state != AlertState::Inactive).cloned().collect();
    let worst = active.iter().map(|instance| instance.state).max().unwrap_or(AlertState::Inactive);
    let state = last.at_ms.map(|_| worst);
    RuleStatus {
        name: BURN_RATE.to_owned(),
        query,
        labels,
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
fn query(series: &str, (label, value): (&str, &str), burn: &BurnPolicy) -> String {
    let rate = |window_ms: i64, factor: f64| {
        format!("{series}{{{label}={value:?},window=\"{}\"}} > {factor}", duration_text(window_ms))
    };
    let pairs = burn.pairs.iter();
    let texts = pairs.map(|pair| {
        let (long, short) = (rate(pair.long_ms, pair.factor), rate(pair.short_ms, pair.factor));
        format!("({long} and ignoring(window) {short})")
    });
    texts.collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_without_a_tick_are_counted() {
        let mut last = LastTick::default();
        for (slot_ms, n_missed) in [(1_000, 0), (1_100, 0), (1_400, 2), (1_500, 2), (200, 2)] {
            last.note(slot_ms + 3, slot_ms, Duration::ZERO, 100);
            assert_eq!((last.slot_ms, last.n_missed), (Some(slot_ms), n_missed));
        }
        assert_eq!((last.at_ms, last.n_ticks), (Some(203), 5));
    }
}
