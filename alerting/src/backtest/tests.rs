//! Back-tests against live evaluation, slot by slot, over the same made-up samples.

use std::collections::BTreeMap;

use model::Labels;
use model::duration::PromDuration;
use proptest::prelude::*;
use query::QueryOptions;

use super::*;
use crate::config::Loaded;
use crate::rules::testkit::{Bench, DEFAULTS};
use crate::rules::{Group, GroupConfig, ReadOptions, RuleConfig, RuleFile};

const STEP_MS: i64 = 15_000;

fn rule(text: &str) -> (GroupConfig, RuleConfig) {
    rule_of("", text)
}

/// A rule in a group that says this, too.
fn rule_of(group: &str, text: &str) -> (GroupConfig, RuleConfig) {
    let file = format!("groups:\n- name: g\n{group}  rules:\n  - {text}\n");
    let file = RuleFile::read(&file, ReadOptions::default()).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    (file.groups[0].clone(), file.groups[0].rules[0].clone())
}

/// The back-test of a rule over all steps of a bench.
fn tested(bench: &Bench, (group, rule): &(GroupConfig, RuleConfig), n_steps: i64) -> Report {
    let routes = Loaded::builtin().tree;
    let setting = Setting {
        engine: &bench.engine,
        select: &*bench.store,
        options: QueryOptions::default(),
        external_labels: &bench.external_labels,
        external_url: "http://here:9090",
        routes: &routes,
        group: GroupSetting {
            limit: usize::try_from(group.limit).unwrap(),
            query_offset_ms: group.query_offset.map_or(0, PromDuration::as_millis),
        },
    };
    let times = Times { start_ms: 0, end_ms: (n_steps - 1) * STEP_MS, step_ms: STEP_MS };
    let mut done = Vec::new();
    let report = run(rule, times, &setting, &mut |n_done, n_all| done.push((n_done, n_all))).unwrap();
    assert_eq!(done.last(), Some(&(n_steps as usize, n_steps as usize)));
    report
}

/// What live evaluation makes of it: the state of each instance at each step, as intervals.
fn live(bench: &Bench, group: &GroupConfig, n_steps: i64) -> (Vec<History>, usize) {
    let group = Group::new("rules.yml", group, &DEFAULTS).unwrap();
    let mut histories: BTreeMap<Labels, Vec<Interval>> = BTreeMap::new();
    let mut n_failed = 0;
    for step in 0..n_steps {
        let at_ms = step * STEP_MS;
        n_failed += bench.evaluate(&group, at_ms).failures.len();
        let (_, instances) = group.instances().remove(0);
        let now: BTreeMap<Labels, AlertState> = instances
            .into_iter()
            .filter(|instance| instance.state != AlertState::Inactive)
            .map(|instance| (instance.labels, instance.state))
            .collect();
        for (labels, intervals) in &mut histories {
            let last = intervals.last_mut().unwrap();
            if last.end_ms == i64::MAX && now.get(labels) != Some(&last.state) {
                last.end_ms = at_ms;
            }
        }
        for (labels, state) in now {
            let intervals = histories.entry(labels).or_default();
            if intervals.last().is_none_or(|last| last.end_ms != i64::MAX) {
                intervals.push(Interval { state, start_ms: at_ms, end_ms: i64::MAX });
            }
        }
    }
    let end = |mut interval: Interval| {
        interval.end_ms = interval.end_ms.min((n_steps - 1) * STEP_MS);
        interval
    };
    let histories = histories
        .into_iter()
        .map(|(labels, intervals)| History { labels, intervals: intervals.into_iter().map(end).collect() });
    (histories.collect(), n_failed)
}

fn equal_to_live(group_text: &str, rule_text: &str, series: &[Vec<Option<f64>>]) {
    let bench = Bench::new();
    let n_steps = series.iter().map(Vec::len).max().unwrap_or(1) as i64;
    for (number, values) in series.iter().enumerate() {
        let labels =
            Labels::from_pairs([("__name__", "m"), ("i", &*number.to_string()), ("j", &*(number / 2).to_string())]);
        for (step, value) in values.iter().enumerate().filter_map(|(step, value)| Some((step, (*value)?))) {
            bench.append(&labels, step as i64 * STEP_MS, value);
        }
    }
    let written = rule_of(group_text, rule_text);
    // First, for live evaluation writes series of its own.
    let report = tested(&bench, &written, n_steps);
    let (histories, n_failed) = live(&bench, &written.0, n_steps);
    assert_eq!((&report.instances, report.n_failed), (&histories, n_failed), "{group_text} {rule_text}");
}

const RULES: &[&str] = &[
    "{alert: A, expr: m > 1}",
    "{alert: A, expr: m > 1, for: 1m}",
    "{alert: A, expr: m > 1, for: 30s, keep_firing_for: 45s}",
    "{alert: A, expr: m > 1, labels: {level: '{{ $value }}'}}",
    "{alert: A, expr: m > 1, labels: {n: '{{ with query \"count(m)\" }}{{ . | first | value }}{{ end }}'}}",
    "{alert: A, expr: avg by (j) (m) > 1, for: 15s}",
    "{alert: A, expr: 'rate(m[1m]) > 0.01', for: 15s}",
    "{alert: A, expr: 'absent(m)'}",
    "{alert: A, expr: 'm > on(j) group_left m', for: 15s}",
    "{alert: A, expr: 'm > 1', labels: {i: all}}",
    "{alert: A, expr: count(m) > time() % 5}",
    "{alert: A, expr: 'm > 1 and m < 3 or m offset 30s == 3', for: 15s}",
];

const GROUPS: &[&str] =
    &["", "  limit: 1\n", "  limit: 2\n", "  query_offset: 30s\n", "  limit: 2\n  query_offset: 20s\n"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_back_test_is_live_evaluation(
        group in 0..GROUPS.len(),
        rule in 0..RULES.len(),
        series in prop::collection::vec(
            prop::collection::vec(prop::option::weighted(0.8, (0i32..4).prop_map(f64::from)), 1..40), 1..5),
    ) {
        equal_to_live(GROUPS[group], RULES[rule], &series);
    }
}

#[test]
fn every_kind_of_rule_is_as_live() {
    let value = |n: usize| [Some(0.0), Some(2.0), Some(2.0), None, Some(3.0), Some(1.0), Some(2.0)][n % 7];
    let series: Vec<Vec<Option<f64>>> =
        (0..4).map(|shift| (0..60).map(|n| value(n * (shift + 1) + shift)).collect()).collect();
    for group in GROUPS {
        RULES.iter().for_each(|rule| equal_to_live(group, rule, &series));
    }
}

#[test]
fn intervals_and_notifications_are_counted() {
    let bench = Bench::new();
    let labels = Labels::from_pairs([("__name__", "m")]);
    for step in 0..400 {
        bench.append(&labels, step * STEP_MS, f64::from(u8::from((100..200).contains(&step))));
    }
    let report = tested(&bench, &rule("{alert: A, expr: m > 0, for: 1m}"), 400);
    let at = |step: i64| step * STEP_MS;
    let intervals = [(AlertState::Pending, 100, 104), (AlertState::Firing, 104, 200)];
    let intervals = intervals.map(|(state, start, end)| Interval { state, start_ms: at(start), end_ms: at(end) });
    assert_eq!(
        report.instances,
        [History { labels: Labels::from_pairs([("alertname", "A")]), intervals: intervals.to_vec() }]
    );
    assert_eq!((report.n_firing, report.n_notifications, report.n_steps, report.n_failed), (1, 2, 400, 0));
}

#[test]
fn what_cannot_be_tested_is_refused() {
    let bench = Bench::new();
    let routes = Loaded::builtin().tree;
    let setting = Setting {
        engine: &bench.engine,
        select: &*bench.store,
        options: QueryOptions::default(),
        external_labels: &bench.external_labels,
        external_url: "",
        routes: &routes,
        group: GroupSetting::default(),
    };
    let check = |text: &str, (start_ms, end_ms, step_ms): (i64, i64, i64), want: &str| {
        let times = Times { start_ms, end_ms, step_ms };
        let error = run(&rule(text).1, times, &setting, &mut |_, _| {}).unwrap_err();
        assert_eq!(error.to_string(), want, "{text}");
    };
    let alert = "{alert: a, expr: b}";
    check("{record: a, expr: b}", (0, 1, 1), "only alerting rules can be tested over history: 'alert' is not set");
    check(alert, (1, 0, 1), "the step must be positive, and the end not before the start");
    check(alert, (0, 1, 0), "the step must be positive, and the end not before the start");
    check(
        alert,
        (0, 1_100_000, 1),
        "the back-test has 1100001 steps: limit backtest_steps is 1100000; try a longer step or less history",
    );
}
