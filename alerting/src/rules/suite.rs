//! Prometheus's and Alertmanager's own cases.

use std::path::PathBuf;

use model::Labels;
use model::name::ValidationScheme;
use serde_json::Value as Json;

use super::testkit::{Bench, group, groups};
use super::*;
use crate::Alert;

/// A file of the suites. `None` where the suites are not on this machine; CI insists on them.
fn read(file: &str) -> Option<String> {
    let suites = std::env::var_os("NARTHEX_SUITES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites")), PathBuf::from);
    let path = suites.join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            assert!(std::env::var_os("NARTHEX_CI").is_none_or(|ci| ci != "1"), "{}: {error}", path.display());
            println!("left out: {} is not there", path.display());
            None
        }
    }
}

fn json(file: &str) -> Option<Json> {
    read(file).map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn rule_files_of_prometheus() {
    let Some(expectations) = json("promtool/expectations.json") else { return };
    let cases = expectations["rulefmt"].as_array().unwrap();
    for case in cases {
        let file = case["file"].as_str().unwrap();
        let text = read(&format!("promtool/{file}")).unwrap();
        let is_legacy = case["name_validation_scheme"] == "legacy";
        let scheme = if is_legacy { ValidationScheme::Legacy } else { ValidationScheme::Utf8 };
        let read = RuleFile::read(&text, ReadOptions { scheme, ..ReadOptions::default() });
        match case["error_contains"].as_str() {
            None => assert!(read.is_ok(), "{file}: {read:?}"),
            Some(want) => {
                let problems = read.expect_err(file);
                assert!(problems.iter().any(|problem| problem.message.contains(want)), "{file}: {problems:?}");
            }
        }
    }
    assert_eq!(cases.len(), 16);
    for case in expectations["rulefmt_templates"].as_array().unwrap() {
        let text = case["rule_yaml"].as_str().unwrap();
        let read = RuleFile::read(text, ReadOptions::default());
        assert_eq!(read.is_ok(), case["ok"].as_bool().unwrap(), "{text}: {read:?}");
    }
}

/// A rule, a variant, and from which sample on it is what.
type Generated = (&'static str, &'static str, &'static [(usize, AlertState)]);

/// The samples per rule and variant of the compliance suite, and when each instance is what, by the number of the sample.
const GENERATED: [Generated; 8] = {
    use AlertState::{Firing, Inactive, Pending};
    [
        (
            "PendingAndFiringAndResolved_SimpleAlert",
            "",
            &[(8, Pending), (32, Firing), (69, Inactive), (89, Pending), (113, Firing), (134, Inactive)],
        ),
        ("PendingAndResolved_AlwaysInactive_PendingAlert", "", &[(8, Pending), (19, Inactive)]),
        ("PendingAndResolved_AlwaysInactive_InactiveAlert", "", &[]),
        ("ZeroFor_SmallFor_ZeroFor", "", &[(8, Firing), (21, Inactive), (93, Firing), (106, Inactive)]),
        ("ZeroFor_SmallFor_SmallFor", "", &[(8, Pending), (10, Firing), (21, Inactive)]),
        ("NewAlerts_OrderCheck_Rule1", "one", &[(8, Pending), (20, Firing), (73, Inactive)]),
        ("NewAlerts_OrderCheck_Rule1", "two", &[(32, Pending), (44, Firing), (65, Inactive)]),
        ("NewAlerts_OrderCheck_Rule2", "", &[(44, Firing), (65, Inactive)]),
    ]
};

/// The values of the compliance suite's series.
fn generated_series(cases: &Json) -> Vec<(Labels, Vec<f64>)> {
    let mut all = Vec::new();
    let mut add = |group: &str, key: &str, labels: &[(&str, &str)]| {
        let values = cases[group]["series"][key].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
        let names = [("__name__", "alert_generator_test_suite"), ("rulegroup", group)];
        all.push((Labels::from_pairs(names.into_iter().chain(labels.iter().copied())), values.collect()));
    };
    let simple = "PendingAndFiringAndResolved_SimpleAlert";
    add("PendingAndFiringAndResolved", &format!("{{alertname=\"{simple}\"}}"), &[("alertname", simple)]);
    for rule in ["PendingAndResolved_AlwaysInactive_PendingAlert", "PendingAndResolved_AlwaysInactive_InactiveAlert"] {
        add("PendingAndResolved_AlwaysInactive", "both", &[("alertname", rule)]);
    }
    for rule in ["ZeroFor_SmallFor_ZeroFor", "ZeroFor_SmallFor_SmallFor"] {
        add("ZeroFor_SmallFor", "both", &[("alertname", rule)]);
    }
    for variant in ["one", "two"] {
        let labels = [("alertname", "NewAlerts_OrderCheck_Rule1"), ("variant", variant)];
        add("NewAlerts_OrderCheck", &format!("variant={variant}"), &labels);
    }
    for (id, value) in [("101", 1.0), ("102", 2.0), ("103", 3.0)] {
        let names = [("__name__", "alert_generator_test_suite"), ("rulegroup", "ZeroFor_SmallFor")];
        let labels = Labels::from_pairs(names.into_iter().chain([("for", "template"), ("id", id)]));
        let values = (0..229).map(|slot| if slot < 28 { value } else { 2.0 * value });
        all.push((labels, values.collect()));
    }
    all
}

/// What an instance is at a sample's number.
fn state_at(states: &[(usize, AlertState)], slot: usize) -> AlertState {
    let passed = states.iter().take_while(|(from, _)| *from <= slot);
    passed.last().map_or(AlertState::Inactive, |(_, state)| *state)
}

#[test]
fn alert_generator_compliance_on_a_virtual_clock() {
    let Some(suite) = json("alertmanager/alert_generator.json") else { return };
    let series = generated_series(&suite["cases"]);
    let groups = groups(suite["rules_yaml"].as_str().unwrap());
    assert_eq!(groups.len(), 4);
    let bench = Bench::new();
    let mut sent: Vec<(usize, RuleAlert)> = Vec::new();
    for slot in 0..230 {
        let at_ms = slot as i64 * 15_000;
        for (labels, values) in &series {
            match values.get(slot) {
                Some(value) => bench.append(labels, at_ms, *value),
                None if slot == values.len() => bench.append(labels, at_ms, model::sample::stale_marker()),
                None => {}
            }
        }
        if slot % 2 == 0 {
            for group in &groups {
                sent.extend(bench.evaluate(group, at_ms).alerts.into_iter().map(|alert| (slot, alert)));
            }
            check_states(&groups, &bench, slot);
        }
    }
    for (rule, variant, states) in GENERATED {
        check_sent(&sent, rule, variant, states);
    }
    check_annotations(&sent, &suite["cases"]["ZeroFor_SmallFor"]["annotations"]);
    let summaries = |slots: std::ops::Range<usize>| {
        let of_rule = sent.iter().filter(|(slot, alert)| {
            slots.contains(slot) && alert.alert.name() == "PendingAndFiringAndResolved_SimpleAlert"
        });
        of_rule.map(|(_, alert)| alert.alert.annotations.get("summary").unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (slots, want) in [(32..53, "15 15"), (54..69, "19 19"), (70..89, "19 19"), (114..134, "15 15")] {
        let summaries = summaries(slots.clone());
        assert!(!summaries.is_empty(), "{slots:?}");
        assert!(summaries.iter().all(|text| *text == format!("The value is {want}")), "{slots:?}: {summaries:?}");
    }
    let rule_2 = sent.iter().find(|(_, alert)| alert.alert.name() == "NewAlerts_OrderCheck_Rule2").unwrap();
    let want = "Based on ALERTS. Old alertname was NewAlerts_OrderCheck_Rule1. foo was bar.";
    assert_eq!(rule_2.1.alert.annotations.get("description"), Some(want));
    assert_eq!(
        (rule_2.1.alert.labels.get("foo"), rule_2.1.alert.labels.get("alertstate")),
        (Some("baz"), Some("firing"))
    );
}

/// Instances and the series `ALERTS` are what they should be.
fn check_states(groups: &[Group], bench: &Bench, slot: usize) {
    let instances: Vec<Instance> =
        groups.iter().flat_map(Group::instances).flat_map(|(_, instances)| instances).collect();
    let mut n_active = 0;
    for (rule, variant, states) in GENERATED {
        let want = state_at(states, slot);
        let of_rule = |instance: &&Instance| {
            instance.labels.get("alertname") == Some(rule) && instance.labels.get("variant").unwrap_or("") == variant
        };
        let state = instances.iter().find(of_rule).map_or(AlertState::Inactive, |instance| instance.state);
        assert_eq!(state, want, "{rule} {variant} at {slot}");
        let series = format!("ALERTS{{alertname=\"{rule}\", variant=\"{variant}\", alertstate=\"{}\"}}", want.as_str());
        let is_written = bench.ask(&series, slot as i64 * 15_000).len() == 1;
        assert_eq!(is_written, want != AlertState::Inactive, "{series} at {slot}");
        n_active += usize::from(is_written);
    }
    assert_eq!(bench.ask("ALERTS", slot as i64 * 15_000).len(), n_active, "at {slot}");
}

/// What is sent: while it fires each minute, and for 15 minutes after, and nothing else.
fn check_sent(sent: &[(usize, RuleAlert)], rule: &str, variant: &str, states: &[(usize, AlertState)]) {
    let even = |slot: usize| slot.next_multiple_of(2);
    let of_rule = |alert: &Alert| alert.name() == rule && alert.labels.get("variant").unwrap_or("") == variant;
    let sent: Vec<_> = sent.iter().filter(|(_, alert)| of_rule(&alert.alert)).collect();
    let mut want = Vec::new();
    for (number, (from, state)) in states.iter().enumerate() {
        let has_fired = states[..number].iter().rev().find(|(_, state)| *state != AlertState::Inactive);
        let until = states.get(number + 1).map_or(230, |(slot, _)| *slot);
        let until = match state {
            AlertState::Pending => continue,
            AlertState::Inactive if has_fired.is_none_or(|(_, state)| *state != AlertState::Firing) => continue,
            AlertState::Inactive => even(until).min(even(*from) + 61),
            AlertState::Firing => even(until),
        };
        // A minute and no longer: the evaluation after that, for the minute must have passed.
        want.extend((even(*from)..until).step_by(6).map(|slot| (slot, *state == AlertState::Inactive)));
    }
    let got: Vec<_> = sent.iter().map(|(slot, alert)| (*slot, alert.alert.ends_at_ms.is_some())).collect();
    assert_eq!(got, want, "{rule} {variant}");
    for (slot, alert) in sent {
        assert_eq!(alert.valid_until_ms, *slot as i64 * 15_000 + 240_000);
    }
}

fn check_annotations(sent: &[(usize, RuleAlert)], annotations: &Json) {
    let of_rule = |rule: &str, name: &str, at_most: usize| {
        let mut alerts = sent.iter().filter(|(_, alert)| alert.alert.name() == rule);
        alerts
            .rfind(|(slot, _)| *slot < at_most)
            .and_then(|(_, alert)| alert.alert.annotations.get(name))
            .map(str::to_owned)
    };
    for (rule, name, at_most, want) in [
        ("ZeroFor_SmallFor_ZeroFor", "template_test", 28, "ZeroFor template_test"),
        ("ZeroFor_SmallFor_ZeroFor", "template_query_test", 28, "ZeroFor template_query_test first"),
        ("ZeroFor_SmallFor_ZeroFor", "template_query_test", 106, "ZeroFor template_query_test second"),
        ("ZeroFor_SmallFor_SmallFor", "template_test", 28, "SmallFor template_test"),
    ] {
        assert_eq!(
            of_rule(rule, name, at_most).as_deref(),
            annotations[want].as_str(),
            "{rule} {name} before {at_most}"
        );
    }
}

#[test]
fn keep_firing_for_of_prometheus() {
    let Some(suite) = json("alertmanager/rule_engine.json") else { return };
    let case = &suite["keep_firing_for"];
    let bench = Bench::new();
    for (labels, values) in case["series"].as_object().unwrap() {
        bench.load(60_000, &format!("{labels} {}", values.as_str().unwrap()));
    }
    let group = group("", "  - {alert: HTTPRequestRateHigh, expr: http_requests > 50, for: 1m, keep_firing_for: 1m}\n");
    let states = case["alertstate_per_eval_s"].as_object().unwrap();
    let seconds = |text: &str| text.parse::<i64>().unwrap();
    let mut in_order: Vec<_> = states.iter().map(|(at_s, want)| (seconds(at_s), want)).collect();
    in_order.sort_by_key(|(at_s, _)| *at_s);
    for (at_s, want) in in_order {
        let at_ms = at_s * 1000;
        bench.evaluate(&group, at_ms);
        let state = bench.ask("ALERTS", at_ms);
        match want.as_str().unwrap().split_whitespace().next().unwrap() {
            "absent" => assert_eq!(state.len(), 0, "{at_s}"),
            want => assert!(state[0].contains(&format!("alertstate=\"{want}\"")), "{at_s}: {state:?}"),
        }
    }
    assert_eq!(states.len(), 6);
}

/// What Prometheus restores, and what is otherwise here: `for` goes on as if there had been no outage, so that the cases
/// that move it come to the times from before, and only an outage that is too long begins anew.
#[test]
fn restarts_of_prometheus() {
    let Some(suite) = json("alertmanager/rule_engine.json") else { return };
    let suite = &suite["for_state_restore"];
    let ms = |value: &Json| value.as_i64().unwrap() * 1000;
    for query_offset in suite["query_offsets_s"].as_array().unwrap() {
        for case in suite["cases"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let bench = Bench::new();
            for (labels, values) in suite["series"].as_object().unwrap() {
                bench.load(ms(&suite["load_step_s"]), &format!("{labels} {}", values.as_str().unwrap()));
            }
            let rule = &suite["rule"];
            let text = format!(
                "groups:\n- name: g\n  interval: 1s\n  query_offset: {query_offset}s\n  rules:\n  - {{alert: {}, expr: '{}', for: {}s, \
                 labels: {{severity: critical}}}}\n",
                rule["alert"].as_str().unwrap(),
                rule["expr"].as_str().unwrap(),
                rule["for_s"]
            );
            let disk = journal::testkit::MemoryDisk::new();
            let mut rules = opened(&bench, &disk, ms(&suite["outage_tolerance_s"]));
            rules.apply(groups(&text), &Labels::empty());
            let extra = case["extra_evals_s_before_down"].as_array().into_iter().flatten();
            for at in suite["initial_evals_s"].as_array().unwrap().iter().chain(extra) {
                bench.clock.set(ms(at) + 60_999);
                rules.evaluate_due();
            }
            let before = active_at(&rules);
            drop(rules);
            bench.clock.set(ms(&case["restart_eval_s"]) + 60_999);
            rules = opened(&bench, &disk, ms(&suite["outage_tolerance_s"]));
            rules.apply(groups(&text), &Labels::empty());
            let restored = active_at(&rules);
            bench.clock.set(ms(&case["restart_eval_s"]) + 62_000);
            rules.evaluate_due();
            let after = active_at(&rules);
            match name {
                "outage tolerance" => assert!(restored.is_empty() && after.len() == 2 && after != before, "{after:?}"),
                "no active alerts" => assert_eq!(after.len(), 0, "{after:?}"),
                _ => {
                    assert!(before.len() == 2 && restored == before, "{name}: {before:?} {restored:?}");
                    assert_eq!(after, before, "{name}, offset {query_offset}");
                }
            }
        }
    }
}

fn opened(bench: &Bench, disk: &journal::testkit::MemoryDisk, outage_tolerance_ms: i64) -> Rules {
    use std::sync::Arc;
    Rules::open(RulesOptions {
        disk: Arc::new(disk.clone()),
        dir: "data/alerting/rules".into(),
        salt: 7,
        clock: Arc::clone(&bench.clock) as Arc<dyn model::Clock>,
        engine: Arc::clone(&bench.engine),
        select: Arc::clone(&bench.store) as _,
        append: Arc::clone(&bench.store) as _,
        freshness: Arc::new(AlwaysFresh),
        external_url: String::new(),
        resend_delay_ms: 60_000,
        outage_tolerance_ms,
    })
    .unwrap()
}

/// Since when each instance is active.
fn active_at(rules: &Rules) -> Vec<(Labels, i64)> {
    let rules = rules.groups(true).into_iter().flat_map(|group| group.rules);
    let alerts = rules.flat_map(|rule| match rule.kind {
        RuleKind::Alerting(alerting) => alerting.alerts,
        RuleKind::Recording => Vec::new(),
    });
    alerts.map(|alert| (alert.labels, alert.active_at_ms)).collect()
}
