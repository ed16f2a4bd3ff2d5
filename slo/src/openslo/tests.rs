//! What is read of OpenSLO's files, and what is told of them.

use crate::spec::{
    Budgeting, Catalog, CompositionMethod, ContactWay, Counted, Indicator, Severity, SpecFault, SpecFile, Window, load,
};

fn catalog(text: &str) -> Catalog {
    load(&[SpecFile { path: "a.yml".to_owned(), text: text.to_owned() }])
}

/// `LINE:COLUMN: MESSAGE`
fn shown(faults: &[SpecFault]) -> Vec<String> {
    let shown = |fault: &SpecFault| format!("{}:{}: {}", fault.place.line, fault.place.column, fault.message);
    faults.iter().map(shown).collect()
}

/// An SLO with these lines in its spec; line 4 is the first of them.
fn slo(lines: &str) -> String {
    format!("apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: a}}\nspec:\n{lines}\n")
}

const RATIO: &str = "  service: s
  indicator: {spec: {ratioMetric: {counter: true, bad: {metricSource: {spec: {query: b}}}, total: {metricSource: {spec: {query: t}}}}}}
  timeWindow: [{duration: 28d, isRolling: true}]
";

#[test]
fn the_worked_example_is_read_whole() {
    let text = include_str!("../../../docs/examples/checkout.yml");
    let catalog = catalog(text);
    assert_eq!(shown(&catalog.errors), [""; 0]);
    assert_eq!(shown(&catalog.warnings), [""; 0]);
    assert_eq!(shown(&catalog.notes), [""; 0]);
    let ids: Vec<&str> = catalog.objectives.keys().map(String::as_str).collect();
    let want = [
        "checkout-availability",
        "checkout-latency",
        "orders-write-errors",
        "orders-write-p99",
        "payment-publish",
        "settlement-freshness",
    ];
    assert_eq!(ids, want);
    assert!(catalog.objectives.values().all(|objective| objective.product.as_deref() == Some("checkout")));
    let writes = &catalog.objectives["orders-write-errors"];
    assert_eq!((writes.percent.as_str(), writes.target.rest().to_string().as_str()), ("99.99", "0.0001"));
    let Indicator::Events { counted: Counted::Exactly(bad), .. } = &writes.indicator else { panic!("{writes:?}") };
    assert_eq!(bad.terms.len(), 2);
    let page = &writes.burn.pairs[0];
    assert_eq!(
        (page.factor, &page.severity, page.long_ms, page.short_ms),
        (13.44, &Severity::Page, 3_600_000, 300_000)
    );
    assert_eq!(writes.burn.notify[&Severity::Page].len(), 2);
    let fresh = &catalog.objectives["settlement-freshness"];
    assert!(matches!(fresh.budgeting, Budgeting::Timeslices { slice_ms: 300_000, .. }));
    assert!(matches!(fresh.window, Window::Calendar { count: 1, .. }));
    // What nobody has said stands by default.
    assert_eq!((fresh.burn.pairs.len(), fresh.burn.name.as_str()), (4, ""));
    let product = &catalog.products["checkout"];
    assert_eq!((product.composition.method, product.composition.components.len()), (CompositionMethod::Series, 4));
    assert_eq!(product.informational, ["orders-write-p99", "settlement-freshness"]);
    assert_eq!(catalog.objectives["checkout-availability"].options.attribution, ["route", "tenant", "version"]);
    assert_eq!(catalog.gates["checkout-prod"].overriding.expires_ms, 86_400_000);
    assert_eq!(catalog.budget_policies["checkout-policy"].states.len(), 4);
    assert_eq!(catalog.adjustments["cassandra-repair-window"].first.to_string(), "2026-01-04T02:00:00+08:00[+08:00]");
    assert_eq!(catalog.report_schedules["checkout-weekly"].language, Some(crate::report::Language::Chinese));
    let bold = super::tests::catalog(&text.replace("targetPercent: 98.8", "targetPercent: 99.5"));
    let want = "149:3: more is promised than the components do: one after the other they come to 98.8417 %";
    assert_eq!(shown(&bold.warnings), [want]);
    let slow = super::tests::catalog(&text.replace("budget: 11%", "budget: 10%"));
    let want = "37:17: checkout-availability: the pair of 3d at 0.9333 of policy google-mwmb tells while the promise is being \
                kept, and so for 3 more: its factor is below 1";
    assert_eq!(shown(&slow.warnings), [want]);
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let check = |lines: &str, want: &[&str]| assert_eq!(shown(&catalog(&slo(lines)).errors), want, "{lines}");
    check(&format!("{RATIO}  objectives: [{{target: 0.999}}]"), &[]);
    check(&format!("{RATIO}  objectives: []"), &["8:3: an objective is needed: how much is promised?"]);
    check(
        &format!("{RATIO}  objectives: [{{target: 99.9}}]"),
        &["8:25: \"99.9\" is outside of 0 to 1 (did you mean `targetPercent`?)"],
    );
    check(&format!("{RATIO}  objectives: [{{targetPercent: 100}}]"), &["8:32: 100 % leaves no budget: promise less"]);
    check(
        &format!("{RATIO}  objectives: [{{target: 0.9, targetPercent: 90}}]"),
        &["8:45: target or targetPercent is given, and not both"],
    );
    check(
        &format!("{RATIO}  budgetingMethod: Timeslice\n  objectives: [{{target: 0.9}}]"),
        &["8:20: \"Timeslice\" is no method: Occurrences, Timeslices or RatioTimeslices is needed"],
    );
    check(
        &format!("{RATIO}  budgetingMethod: Timeslices\n  objectives: [{{target: 0.9, timeSliceTarget: 1}}]"),
        &["9:17: how long is a slice of time? timeSliceWindow is needed, as in 1m"],
    );
    check(
        &format!("{RATIO}  indicatorRef: x\n  objectives: [{{target: 0.9}}]"),
        &["8:17: an indicator is named or written here, and not both"],
    );
    check(
        &format!("{RATIO}  alertPolicies: [{{alertPolicyRef: x}}]\n  objectives: [{{target: 0.9}}]"),
        &["8:36: there is no AlertPolicy x"],
    );
    check(
        "  service: s\n  indicator:\n    spec:\n      thresholdMetric: {metricSource: {type: Datadog, spec: {query: a}}}\n  timeWindow: [{duration: 1x}]\n  objectives: [{target: 0.9}]",
        &[
            "8:46: queries of Datadog cannot be asked here: type Prometheus is needed, and PromQL",
            "9:27: \"1x\" is no duration: a number and one of s, m, h, d, w, M, Q, Y are needed, as in 28d",
        ],
    );
    check(
        "  service: s\n  timeWindow: [{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Asia/Shangai}}]\n  objectives: [{target: 0.9}]",
        &["6:102: \"Asia/Shangai\" is no time zone of the IANA database"],
    );
}

#[test]
fn queries_are_wrong_where_they_are_wrong() {
    let text = slo(
        "  service: s\n  indicator:\n    spec:\n      ratioMetric:\n        counter: true\n        bad:\n          metricSource:\n            spec:\n              query: |\n                sum(rate(a{b=\"c\"}[{{.window}}])\n        total: {metricSource: {spec: {query: 'a{b=~\"(\"}'}}}\n  objectives: [{target: 0.9}]",
    );
    let catalog = catalog(&text);
    assert_eq!(
        shown(&catalog.errors),
        [
            "14:48: the query cannot be read: 2:1: parse error: unclosed left parenthesis",
            "15:49: the query cannot be read: 1:3: parse error: error parsing regexp: missing closing ): `(`",
        ]
    );
    assert_eq!(
        catalog.errors[1].drawn,
        "15 |         total: {metricSource: {spec: {query: 'a{b=~\"(\"}'}}}\n   |                                                 ^^^^^^"
    );
}

#[test]
fn a_bad_document_keeps_no_other_from_being_read() {
    let good = slo(&format!("{RATIO}  objectives: [{{target: 0.999}}]"));
    let text = format!("a: [\n---\n{}---\n{good}", slo("  service: []"));
    let catalog = catalog(&text);
    assert_eq!(catalog.objectives.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(catalog.errors.len(), 2, "{:?}", shown(&catalog.errors));
    let typo = slo(&format!("{RATIO}  objectives: [{{target: 0.999}}]\n  alertPolices: []"));
    let strange = super::tests::catalog(&typo);
    assert_eq!(strange.objectives.len(), 1);
    assert_eq!(
        shown(&strange.warnings),
        ["9:3: field alertPolices not found in type SLO (did you mean `alertPolicies`?)"]
    );
}

#[test]
fn objects_of_other_files_are_found() {
    let file = |path: &str, text: &str| SpecFile { path: path.to_owned(), text: text.to_owned() };
    let text = slo(
        "  service: s\n  indicatorRef: i\n  timeWindow: [{duration: 30d, isRolling: true}]\n  objectives: [{target: 0.9}, {displayName: strict, target: 0.99}]\n  alertPolicies: [{alertPolicyRef: p}]",
    );
    let others = r#"
- {apiVersion: openslo/v1, kind: Service, metadata: {name: s, labels: {product: shop, version: 1.10, team: [a, b]}}}
- apiVersion: openslo/v1
  kind: SLI
  metadata: {name: i}
  spec: {thresholdMetric: {metricSource: {metricSourceRef: d, spec: {query: g}}}}
- {apiVersion: openslo/v1, kind: DataSource, metadata: {name: d}, spec: {type: Prometheus, connectionDetails: [{url: x}]}}
- apiVersion: openslo/v1
  kind: AlertPolicy
  metadata: {name: p}
  spec: {alertWhenNoData: true, conditions: [{conditionRef: c}], notificationTargets: [{targetRef: t}]}
- {apiVersion: openslo/v1, kind: AlertNotificationTarget, metadata: {name: t}, spec: {target: a@b.c}}
- apiVersion: openslo/v1
  kind: AlertCondition
  metadata: {name: c}
  spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}}
"#;
    let catalog = load(&[file("slo.yml", &text), file("others.yml", others)]);
    assert_eq!(
        shown(&catalog.errors),
        [
            "8:17: \"\" does not compare: lt, lte, gt or gte is needed for what is good",
            "8:17: with what is the indicator compared? a number is needed: value",
            "8:32: \"\" does not compare: lt, lte, gt or gte is needed for what is good",
            "8:32: with what is the indicator compared? a number is needed: value"
        ]
    );
    let text = text
        .replace("target: 0.9}", "op: lte, value: 1e3, target: 0.9}")
        .replace("strict,", "strict, op: lt, value: 5,");
    let catalog = load(&[file("slo.yml", &text), file("others.yml", others)]);
    assert_eq!(shown(&catalog.errors), [""; 0]);
    assert_eq!(catalog.objectives.keys().collect::<Vec<_>>(), ["a.0", "a.1"]);
    let objective = &catalog.objectives["a.1"];
    assert_eq!((objective.title.as_str(), objective.product.as_deref()), ("a: strict", Some("shop")));
    assert_eq!(objective.percent, "99");
    let pair = &objective.burn.pairs[0];
    assert_eq!((pair.long_ms, pair.short_ms, pair.factor, pair.for_ms), (3_600_000, 3_600_000, 2.0, 300_000));
    assert_eq!(objective.burn.notify[&Severity::Page][0].way, ContactWay::Email("a@b.c".to_owned()));
    assert!(objective.burn.no_data.is_some());
    let labels = &catalog.services["s"].labels;
    assert_eq!((labels["version"].as_str(), labels["team"].as_str()), ("1.10", "a,b"));
}

#[test]
fn objectives_with_indicators_of_their_own_make_a_composite() {
    let part = |weight: &str, target: &str| {
        format!(
            "\n  - {{target: {target}, compositeWeight: {weight}, indicator: {{spec: {{ratioMetric: {{counter: true, good: {{metricSource: {{spec: {{query: g}}}}}}, total: {{metricSource: {{spec: {{query: t}}}}}}}}}}}}}}"
        )
    };
    let text = format!(
        "  service: s\n  timeWindow: [{{duration: 28d, isRolling: true}}]\n  objectives:{}{}",
        part("1", "0.9"),
        part("3", "0.98")
    );
    let read = catalog(&slo(&text));
    assert_eq!(shown(&read.errors), [""; 0]);
    let whole = &read.objectives["a"];
    let Indicator::Composite(composition) = &whole.indicator else { panic!("{whole:?}") };
    assert_eq!((composition.method, whole.target.to_string().as_str()), (CompositionMethod::WeightedBurn, "0.96"));
    let parts: Vec<_> = composition.components.iter().map(|part| (part.objective.as_str(), part.weight)).collect();
    assert_eq!(parts, [("a.0", 1.0), ("a.1", 3.0)]);
    assert_eq!((whole.burn.pairs.len(), read.objectives["a.0"].burn.pairs.len()), (4, 0));
    let bad = catalog(&slo(&text.replace("compositeWeight: 3", "compositeWeight: -3")));
    assert_eq!(shown(&bad.errors), ["9:37: a weight above 0 is needed"]);
}

#[test]
fn traps_of_the_format_are_told() {
    let check = |lines: &str, want: &[&str]| {
        let catalog = catalog(&slo(lines));
        assert_eq!(
            (shown(&catalog.errors), shown(&catalog.warnings)),
            (vec![], want.iter().map(|w| (*w).to_owned()).collect()),
            "{lines}"
        );
    };
    let calendar = "timeWindow: [{duration: 1m, isRolling: false, calendar: {startTime: 2022-01-01 12:00:00, timeZone: America/New_York}}]";
    let ratio = RATIO.replace("timeWindow: [{duration: 28d, isRolling: true}]", calendar);
    check(
        &format!("{ratio}  objectives: [{{target: 0.9}}]"),
        &["7:27: a window of the calendar of less than a day: m are minutes, and M are months"],
    );
    check(
        &format!("{RATIO}  objectives: [{{op: gt, target: 0.99}}]"),
        &["8:21: a ratio is compared with nothing: op has no meaning here"],
    );
    let text = "apiVersion: openslo/v1\nkind: AlertCondition\nmetadata: {name: a}\nspec:\n  severity: page\n  condition: {kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h}\n";
    let want = "6:35: a budget that burns slowly is no reason to be told: gt or gte is needed, for more than threshold";
    assert_eq!(shown(&catalog(text).errors), [want]);
}

#[test]
fn what_looks_wrong_is_told() {
    let check = |bad: &str, total: &str, more: &str, want: &[&str]| {
        let text =
            RATIO.replace("query: b", &format!("query: '{bad}'")).replace("query: t", &format!("query: '{total}'"));
        let catalog = catalog(&slo(&format!("{text}{more}")));
        let want: Vec<String> = want.iter().map(|want| (*want).to_owned()).collect();
        assert_eq!((shown(&catalog.errors), shown(&catalog.warnings)), (vec![], want), "{bad} {total} {more}");
    };
    let objectives = "  objectives: [{target: 0.999}]";
    check("b", "t", objectives, &[]);
    check(r#"b{code=~"5.."}"#, "b", objectives, &[]);
    check(r#"b{code=~"2.."}"#, "b", objectives, &[r#"8:17: a: code=~"2.." counts successes as bad events"#]);
    let below = "histogram_fraction(0, 1, rate(h[5m])) * histogram_count(rate(h[5m]))";
    let text = RATIO
        .replace("bad:", "good:")
        .replace("query: b", &format!("query: '{below}'"))
        .replace("query: t", "query: h");
    assert_eq!(shown(&catalog(&slo(&format!("{text}{objectives}"))).warnings), [""; 0]);
    check("b + c", "c + b", objectives, &["8:17: a: bad and total count the same series: every event is bad"]);
    check(r#"b{le="1"}"#, "b", objectives, &[r#"8:17: a: le="1" is read as le="1.0", which is how bounds are stored"#]);
    check(
        "b",
        "t",
        "  objectives: [{target: 0.9}]",
        &[
            "8:17: a: the page of 1h can never fire: at 90 % the budget burns at most 10 times as fast, and 13.44 is asked for",
        ],
    );
    let policy = "  alertPolicies: [{alertPolicyRef: p}]\n  objectives: [{target: 0.999}]\n---\napiVersion: narthex/v1\nkind: BurnRatePolicy\nmetadata: {name: p}\nspec: {pairs: [{severity: ticket, budget: 10%, long: 3d, short: 6h}]}\n";
    check(
        "b",
        "t",
        policy,
        &["9:17: a: the pair of 3d at 0.9333 of policy p tells while the promise is being kept: its factor is below 1"],
    );
}

#[test]
fn windows_without_two_scrapes_are_told() {
    let text = slo(&format!(
        "{RATIO}  objectives: [{{target: 0.999, timeSliceTarget: 1, timeSliceWindow: 1m}}]\n  budgetingMethod: Timeslices"
    ));
    let catalog = catalog(&text);
    assert_eq!(shown(&crate::lint::timing(&catalog, 15_000)), [""; 0]);
    let want = ["8:17: a: a slice of 1m has less than two scrapes, which come every 45s"];
    assert_eq!(shown(&crate::lint::timing(&catalog, 45_000)), want);
}

#[test]
fn windows_are_no_longer_than_counts_are_kept() {
    let text = slo(&format!("{RATIO}  objectives: [{{target: 0.999}}]"));
    let file = SpecFile { path: "a.yml".to_owned(), text };
    let catalog = crate::spec::load_within(std::slice::from_ref(&file), 27 * 86_400_000);
    assert!(catalog.objectives.is_empty());
    assert_eq!(
        shown(&catalog.errors),
        ["8:17: the window is longer than counts are kept, 27 days (--slo.retention.time)"]
    );
}

#[test]
fn conditions_are_wrong_where_they_are_wrong() {
    let text = "apiVersion: narthex/v1\nkind: ErrorBudgetPolicy\nmetadata: {name: p}\nspec:\n  states:\n  - {name: a, when: \"remaining << 1%\"}\n  actions: {b: []}\n";
    let found = shown(&catalog(text).errors);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("6:33: expected a share"), "{found:?}");
    assert_eq!(found[1], "7:13: \"b\" is not known here (did you mean `a`?)");
}
