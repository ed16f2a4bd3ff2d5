//! Groups, evaluated.

use super::testkit::{Bench, group};
use super::*;

/// State and times of all instances, as `LABELS STATE`.
fn states(group: &Group) -> Vec<String> {
    let instances = group.instances().into_iter().flat_map(|(_, instances)| instances);
    instances.map(|instance| format!("{} {}", instance.labels, instance.state.as_str())).collect()
}

fn errors(group: &Group) -> Vec<String> {
    let rules = group.status(false).rules.into_iter();
    rules.map(|rule| rule.last_error.unwrap_or_else(|| rule.health.as_str().to_owned())).collect()
}

#[test]
fn each_rule_reads_what_those_before_it_wrote() {
    let bench = Bench::new();
    bench.load(60_000, "a{x=\"1\"} 1 2 3");
    bench.load(60_000, "a{x=\"2\"} 10 20 30");
    let group = group(
        "  labels: {team: t, own: group}\n",
        "  - {record: b, expr: sum(a), labels: {own: rule}}\n  - {record: c, expr: b * 2}\n  - {record: d, expr: '7'}\n",
    );
    let evaluation = bench.evaluate(&group, 60_000);
    assert_eq!(evaluation.n_samples, 3);
    assert_eq!(bench.ask("b", 60_000), ["{__name__=\"b\", own=\"rule\", team=\"t\"} 22"]);
    assert_eq!(bench.ask("c", 60_000), ["{__name__=\"c\", own=\"group\", team=\"t\"} 44"]);
    assert_eq!(bench.ask("d", 60_000), ["{__name__=\"d\", own=\"group\", team=\"t\"} 7"]);
    assert_eq!(errors(&group), ["ok", "ok", "ok"]);
}

#[test]
fn series_that_are_no_longer_written_end_at_once() {
    let bench = Bench::new();
    bench.load(60_000, "a{x=\"1\"} 1 1 1 1");
    bench.load(60_000, "a{x=\"2\"} 1 stale _ 1");
    let group = group("", "  - {record: b, expr: a}\n");
    let check = |slot_ms, want: &[&str]| {
        bench.evaluate(&group, slot_ms);
        let want: Vec<String> = want.iter().map(|x| format!("{{__name__=\"b\", x=\"{x}\"}} 1")).collect();
        assert_eq!(bench.ask("b", slot_ms), want, "{slot_ms}");
    };
    check(0, &["1", "2"]);
    check(60_000, &["1"]);
    check(120_000, &["1"]);
    check(180_000, &["1", "2"]);
}

#[test]
fn a_rule_that_fails_leaves_its_series_and_fails_alone() {
    let bench = Bench::new();
    bench.load(60_000, "a{x=\"1\"} 1 1 1");
    bench.load(60_000, "a{x=\"2\"} _ 1 1");
    let group = group(
        "",
        "  - {record: b, expr: a, labels: {x: same}}\n  - {record: c, expr: a * on () group_left () vector(1)}\n  - {record: d, expr: 'a[1m]'}\n",
    );
    bench.evaluate(&group, 0);
    assert_eq!(errors(&group), ["ok", "ok", "rule result is not a vector or scalar"]);
    let evaluation = bench.evaluate(&group, 60_000);
    let want = "vector contains metrics with the same labelset after applying rule labels";
    assert_eq!(errors(&group)[..2], [want, "ok"]);
    assert_eq!(evaluation.failures.len(), 2);
    assert_eq!(bench.ask("b", 60_000), ["{__name__=\"b\", x=\"same\"} 1"], "not marked as ended");
    assert_eq!(bench.ask("count(c)", 60_000), ["{} 2"]);
}

#[test]
fn more_than_the_limit_is_an_error() {
    let bench = Bench::new();
    for x in 1..=3 {
        bench.load(60_000, &format!("a{{x=\"{x}\"}} {}1 1 1 1", "_ ".repeat(if x == 3 { 1 } else { 0 })));
    }
    let group = group("  limit: 2\n", "  - {record: b, expr: a}\n  - {alert: c, expr: a}\n");
    let evaluation = bench.evaluate(&group, 0);
    assert_eq!((errors(&group), evaluation.alerts.len()), (vec!["ok".to_owned(), "ok".to_owned()], 2));
    let evaluation = bench.evaluate(&group, 60_000);
    assert_eq!(errors(&group), ["exceeded limit of 2 with 3 series", "exceeded limit of 2 with 3 alerts"]);
    assert_eq!((states(&group).len(), evaluation.alerts.len(), evaluation.changes[0].gone.len()), (0, 0, 3));
    assert_eq!(bench.ask("count(ALERTS)", 60_000), ["{} 2"], "what was written stays");
    // Alertmanagers elsewhere take them for over four intervals after they last heard of them; so does who waits for an end.
    assert_eq!(bench.evaluate(&group, 180_000).alerts, []);
    let evaluation = bench.evaluate(&group, 240_000);
    let ended: Vec<_> = evaluation.alerts.iter().map(|alert| alert.alert.ends_at_ms).collect();
    assert_eq!(ended, [Some(240_000), Some(240_000)]);
}

#[test]
fn two_samples_of_one_alert_are_an_error_that_changes_nothing() {
    let bench = Bench::new();
    bench.load(60_000, "a{x=\"1\"} 1 1");
    bench.load(60_000, "a{x=\"2\"} _ 1");
    let group = group("", "  - {alert: b, expr: a, labels: {x: same}}\n");
    bench.evaluate(&group, 0);
    let before = states(&group);
    bench.evaluate(&group, 60_000);
    assert_eq!(errors(&group), ["vector contains metrics with the same labelset after applying alert labels"]);
    assert_eq!(states(&group), before);
}

#[test]
fn templates_see_the_labels_of_the_sample_and_errors_take_their_place() {
    let mut bench = Bench::new();
    bench.external_labels = model::Labels::from_pairs([("zone", "z")]);
    bench.load(60_000, "a{x=\"1\", team=\"old\"} 1048576");
    let group = group(
        "",
        "  - alert: b\n    expr: a > 1\n    labels: {team: 'new {{ $labels.team }}', none: '{{ $labels.none }}'}\n    \
         annotations:\n      value: '{{ $value }} {{ .Value | humanize1024 }} {{ $labels.__name__ }}'\n      \
         outside: '{{ $externalLabels.zone }} {{ externalURL }} {{ now }}'\n      \
         query: '{{ with query \"a\" }}{{ . | first | value }}{{ end }}'\n      \
         bad: '{{ query \"a(\" }}'\n      text: plain {x}\n",
    );
    let evaluation = bench.evaluate(&group, 60_000);
    let alert = &evaluation.alerts[0].alert;
    assert_eq!(alert.labels.to_string(), "{alertname=\"b\", team=\"new old\", x=\"1\"}");
    let annotation = |name| alert.annotations.get(name).unwrap_or_default();
    assert_eq!(annotation("value"), "1.048576e+06 1Mi a");
    assert_eq!(annotation("outside"), "z http://here:9090 60");
    assert_eq!(annotation("query"), "1.048576e+06");
    assert_eq!(annotation("text"), "plain {x}");
    let bad = "<error expanding template: error executing template __alert_b: template: __alert_b:1:";
    assert!(annotation("bad").starts_with(bad), "{}", annotation("bad"));
    assert_eq!(evaluation.warnings.len(), 1);
    assert_eq!(alert.generator_url, "http://here:9090/graph?g0.expr=a+%3E+1&g0.tab=1");
    assert_eq!(evaluation.alerts[0].valid_until_ms, 60_000 + 4 * 60_000);
    // As Prometheus has it: what is empty when filled in stands as it was written in the samples of the alert.
    let written = bench.ask("ALERTS", 60_000);
    assert!(written[0].contains("none=\"{{ $labels.none }}\", team=\"new old\""), "{written:?}");
}

#[test]
fn query_offset_moves_what_is_read_and_what_is_written() {
    let bench = Bench::new();
    bench.load(60_000, "a 1 2 3 4 5");
    let group = group("  query_offset: 1m\n", "  - {record: b, expr: a}\n  - {alert: c, expr: a > 2}\n");
    bench.evaluate(&group, 180_000);
    assert_eq!(bench.ask("timestamp(b)", 180_000), ["{} 120"]);
    assert_eq!(bench.ask("timestamp(ALERTS)", 180_000), ["{alertname=\"c\", alertstate=\"firing\"} 120"]);
    assert_eq!(bench.ask("ALERTS_FOR_STATE", 180_000), ["{__name__=\"ALERTS_FOR_STATE\", alertname=\"c\"} 180"]);
}

#[test]
fn a_group_that_is_written_anew_keeps_its_state() {
    let bench = Bench::new();
    bench.load(60_000, "a{x=\"1\"} 1 1 1 1 1");
    let old = group(
        "",
        "  - {alert: b, expr: a, for: 1m}\n  - {alert: gone, expr: a}\n  - {record: c, expr: a}\n  - {record: d, expr: a}\n",
    );
    bench.evaluate(&old, 0);
    bench.evaluate(&old, 60_000);
    let new = group("  interval: 30s\n", "  - {record: d, expr: a * 2}\n  - {alert: b, expr: a > 0, for: 1m}\n");
    assert!(!new.is_as(&old));
    let orphans = new.adopt(&old);
    let ended: Vec<_> = orphans.into_iter().flat_map(|orphans| orphans.ended(90_000, "")).collect();
    let ended: Vec<_> = ended.iter().map(|alert| (alert.alert.name(), alert.alert.ends_at_ms)).collect();
    assert_eq!(ended, [("gone", Some(90_000))]);
    assert_eq!(states(&new), ["{alertname=\"b\", x=\"1\"} firing"]);
    bench.evaluate(&new, 120_000);
    assert_eq!(states(&new), ["{alertname=\"b\", x=\"1\"} firing"]);
    assert_eq!(bench.ask("c", 120_000).len(), 0, "nobody writes it any more");
    assert_eq!(bench.ask("d", 120_000), ["{__name__=\"d\", x=\"1\"} 2"]);
    assert_eq!(bench.ask("ALERTS", 120_000).len(), 1);
    let same = group("  interval: 30s\n", "  - {record: d, expr: a*2}\n  - {alert: b, expr: a>0, for: 60s}\n");
    assert!(same.is_as(&new));
}

#[test]
fn a_longer_for_makes_what_fires_pending_again() {
    let bench = Bench::new();
    bench.load(60_000, "a 1 1 1 1 1");
    let old = group("", "  - {alert: b, expr: a, for: 1m}\n");
    bench.evaluate(&old, 0);
    bench.evaluate(&old, 60_000);
    assert_eq!(states(&old), ["{alertname=\"b\"} firing"]);
    let new = group("", "  - {alert: b, expr: a, for: 3m}\n");
    assert_eq!(new.adopt(&old), []);
    bench.evaluate(&new, 120_000);
    assert_eq!(states(&new), ["{alertname=\"b\"} pending"]);
    bench.evaluate(&new, 180_000);
    assert_eq!(states(&new), ["{alertname=\"b\"} firing"]);
}
