//! Test groups over real stores.

use std::sync::Arc;

use model::SystemClock;
use query::syntax::Options as ParseOptions;

use super::*;
use crate::rules::testkit::Bench;
use crate::rules::{ReadOptions, RuleFile};

const RULES: &str = "
groups:
- name: second
  rules:
  - {record: late, expr: early * 2}
- name: first
  rules:
  - {record: early, expr: sum(a)}
- name: alerts
  rules:
  - alert: High
    expr: a > 2
    for: 1m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.i }} is {{ $value }} at {{ $externalLabels.dc }} ({{ $externalURL }})'}
";

/// The failures of each group of a file.
fn failures(test_file: &str, shows_difference: bool) -> Vec<Vec<String>> {
    let file = TestFile::read(test_file).unwrap_or_else(|problems| panic!("{problems:?}"));
    let rules = RuleFile::read(RULES, ReadOptions::default()).unwrap();
    let rules = [("rules.yml".to_owned(), rules)];
    let setting = Setting {
        file: &file,
        rules: &rules,
        parse: ParseOptions::default(),
        delayed_name_removal: false,
        shows_difference,
        dumps: false,
        clock: Arc::new(SystemClock::new()),
    };
    file.tests.iter().map(|group| run(group, &setting, &*Bench::new().store).failures).collect()
}

#[test]
fn what_is_as_expected_has_no_failures() {
    let file = "
group_eval_order: [first, second]
tests:
- input_series: [{series: 'a{i=\"1\"}', values: 1+1x5}, {series: 'a{i=\"2\"}', values: 1 2 _ stale}]
  external_labels: {dc: eu}
  external_url: http://x
  promql_expr_test:
  - {expr: late, eval_time: 1m, exp_samples: [{labels: late, value: 8}]}
  - {expr: late, eval_time: 3m, exp_samples: [{labels: late, value: 8}]}
  alert_rule_test:
  - {eval_time: 2m, alertname: High}
  - eval_time: 3m59s
    alertname: High
    exp_alerts: [{exp_labels: {i: 1, severity: page}, exp_annotations: {summary: 1 is 4 at eu (http://x)}}]
- start_timestamp: 2024-01-01T00:00:00Z
  promql_expr_test: [{expr: time(), eval_time: 1m, exp_samples: [{value: 1704067260}]}]
- start_timestamp: 1.5
  promql_expr_test: [{expr: time(), eval_time: 0, exp_samples: [{value: 1.5}]}]
";
    assert_eq!(failures(file, false), [Vec::<String>::new(), vec![], vec![]]);
}

#[test]
fn what_is_not_is_told_in_promtools_words() {
    let check = |group: &str, shows_difference: bool, want: &str| {
        let file = format!("tests:\n- input_series: [{{series: a, values: 3x9}}]\n  {group}\n");
        assert_eq!(failures(&file, shows_difference), [[want]], "{group}");
    };
    let alert = "name: one\n  alert_rule_test: [{eval_time: 1m, alertname: High, exp_alerts: [{exp_labels: {b: c}}]}]";
    let got = r#"            Labels:{alertname="High", severity="page"}"#;
    let annotations = r#"            Annotations:{summary=" is 3 at  ()"}"#;
    check(
        alert,
        false,
        &format!(
            "    name: one,\n    alertname: High, time: 1m, \n        exp:[\n            0:\n              Labels:{{alertname=\"High\", \
             b=\"c\"}}\n              Annotations:{{}}\n            ], \n        got:[\n            0:\n  {got}\n  {annotations}\n            ]"
        ),
    );
    check(
        alert,
        true,
        &format!(
            "    name: one,\n    alertname: High, time: 1m, \n        diff:\n              [\n              0:\n            \
             -   Labels:{{alertname=\"High\", b=\"c\"}}\n            -   Annotations:{{}}\n            +   {}\n            +   {}\n              ]",
            got.trim_start(),
            annotations.trim_start(),
        ),
    );
    check(
        "promql_expr_test: [{expr: a, eval_time: 1m, exp_samples: [{labels: 'b{c=\"d\"}', value: 1}]}]",
        false,
        "    expr: \"a\", time: 1m,\n        exp: {__name__=\"b\", c=\"d\"} 1E+00\n        got: {__name__=\"a\"} 3E+00",
    );
    check(
        "promql_expr_test: [{expr: '\"a\"', eval_time: 1m}]",
        false,
        "    expr: \"\\\"a\\\"\", time: 1m, err: rule result is not a vector or scalar",
    );
    check(
        "alert_rule_test: [{eval_time: 1m}]",
        false,
        "an item under alert_rule_test misses required attribute alertname at eval_time 1m",
    );
}

#[test]
fn a_rule_that_fails_ends_its_group() {
    let file = "
tests:
- input_series: [{series: 'a{i=\"1\"}', values: 1}, {series: 'b{i=\"1\"}', values: 1}]
  promql_expr_test: [{expr: a, eval_time: 1h, exp_samples: []}]
";
    let rules = "groups: [{name: g, rules: [{record: c, expr: '{__name__=~\"a|b\"}'}]}]";
    let (file, rules) = (TestFile::read(file).unwrap(), RuleFile::read(rules, ReadOptions::default()).unwrap());
    let setting = Setting {
        file: &file,
        rules: &[("rules.yml".to_owned(), rules)],
        parse: ParseOptions::default(),
        delayed_name_removal: false,
        shows_difference: false,
        dumps: false,
        clock: Arc::new(SystemClock::new()),
    };
    let outcome = run(&file.tests[0], &setting, &*Bench::new().store);
    let want = "    rule: c, time: 0s, err: vector contains metrics with the same labelset after applying rule labels";
    assert_eq!(outcome.failures, [want]);
}

#[test]
fn mistakes_in_a_file_have_a_place() {
    let check = |text: &str, want: &[&str]| {
        let problems = TestFile::read(text).unwrap_err();
        let shown: Vec<String> = problems.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
        assert_eq!(shown, want, "{text}");
    };
    check("test: []", &["test: field test not found in type main.unitTestFile"]);
    check(
        "tests: [{start_timestamp: yesterday}]",
        &["tests[0].start_timestamp: cannot parse \"yesterday\" to a valid timestamp"],
    );
    let order = TestFile::read("group_eval_order: [a, b, a]").unwrap();
    assert_eq!(order.repeated_group(), Some("a"));
}
