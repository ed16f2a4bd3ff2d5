//! The families of rules: Prometheus's names, on which dashboards and alerts about rules rest, and our own.

use std::sync::atomic::Ordering;

use alerting::rules::{DURATION_BOUNDS, Durations, GroupStatus, Rules};

use super::{Exposition, Kind};

/// Writes the families.
pub(super) fn write(out: &mut Exposition, rules: &Rules) {
    let (groups, metrics) = (rules.groups(false), rules.metrics());
    let rule_time = "The duration for a rule to execute.";
    durations(out, "prometheus_rule_evaluation_duration_seconds", rule_time, &metrics.rules);
    let group_time = "The duration of rule group evaluations.";
    durations(out, "prometheus_rule_group_duration_seconds", group_time, &metrics.groups);
    for (name, kind, help, value) in FAMILIES {
        out.family(name, *kind, help);
        for group in &groups {
            if let Some(value) = value(group) {
                out.sample(&[("rule_group", &format!("{};{}", group.file, group.name))], value);
            }
        }
    }
    for (name, help, counter) in [
        (
            "narthex_rules_state_write_failures",
            "Changes of alerts that the disk did not take.",
            &metrics.journal_failures,
        ),
        (
            "narthex_rules_state_damaged_records",
            "Records of alerts' states left out at the start.",
            &metrics.damaged_records,
        ),
        ("narthex_rules_panics", "Evaluations of rules that ended in a panic.", &metrics.panics),
        ("narthex_rules_clock_set_back", "Evaluations that found the clock set back.", &metrics.set_back),
    ] {
        out.single(name, Kind::Counter, help, counter.load(Ordering::Relaxed) as f64);
    }
}

fn durations(out: &mut Exposition, name: &str, help: &str, durations: &Durations) {
    let counts = durations.cumulative();
    let bounds = DURATION_BOUNDS.into_iter().chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
    out.family(name, Kind::Histogram, help);
    out.histogram(&[], &buckets, durations.sum_seconds());
}

/// A name, its kind, what it is, and where it stands.
type Family = (&'static str, Kind, &'static str, fn(&GroupStatus) -> Option<f64>);

const FAMILIES: &[Family] = &[
    (
        "prometheus_rule_group_iterations",
        Kind::Counter,
        "The total number of scheduled rule group evaluations, whether executed or missed.",
        |group| Some(group.n_iterations as f64),
    ),
    (
        "prometheus_rule_group_iterations_missed",
        Kind::Counter,
        "The total number of rule group evaluations missed due to slow rule group evaluation.",
        |group| Some(group.n_missed as f64),
    ),
    ("prometheus_rule_evaluations", Kind::Counter, "The total number of rule evaluations.", |group| {
        Some(group.n_evaluations as f64)
    }),
    ("prometheus_rule_evaluation_failures", Kind::Counter, "The total number of rule evaluation failures.", |group| {
        Some(group.n_failures as f64)
    }),
    ("prometheus_rule_group_interval_seconds", Kind::Gauge, "The interval of a rule group.", |group| {
        Some(group.interval_ms as f64 / 1000.0)
    }),
    (
        "prometheus_rule_group_last_evaluation_timestamp_seconds",
        Kind::Gauge,
        "The timestamp of the last rule group evaluation in seconds.",
        |group| group.last_evaluation_ms.map(|at_ms| at_ms as f64 / 1000.0),
    ),
    (
        "prometheus_rule_group_last_duration_seconds",
        Kind::Gauge,
        "The duration of the last rule group evaluation.",
        |group| Some(group.evaluation_time.as_secs_f64()),
    ),
    (
        "prometheus_rule_group_last_rule_duration_sum_seconds",
        Kind::Gauge,
        "The sum of time in seconds it took to evaluate each rule in the group.",
        |group| Some(group.rules.iter().map(|rule| rule.evaluation_time.as_secs_f64()).sum()),
    ),
    ("prometheus_rule_group_rules", Kind::Gauge, "The number of rules.", |group| Some(group.rules.len() as f64)),
    (
        "prometheus_rule_group_last_evaluation_samples",
        Kind::Gauge,
        "The number of samples returned during the last rule group evaluation.",
        |group| Some(group.n_last_samples as f64),
    ),
];
