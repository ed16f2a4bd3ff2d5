//! What looks wrong, one mistake after the other. [`super::question`] has the tests of what only a server knows.

use crate::spec::{Catalog, SpecFile, load, load_within};

const DAY_MS: i64 = 86_400_000;

/// An SLO of these names and fields.
fn slo(name: &str, fields: &str) -> String {
    let source = |query: &str| format!("{{metricSource: {{spec: {{query: {query}}}}}}}");
    let (bad, total) = (source("b"), source("t"));
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}, labels: {{product: shop}}}}\nspec:\n  service: s\n  \
         indicator: {{spec: {{ratioMetric: {{counter: true, bad: {bad}, total: {total}}}}}}}\n  {fields}\n---\n"
    )
}

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: narthex/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n---\n")
}

const ROLLING: &str = "timeWindow: [{duration: 28d, isRolling: true}]\n  objectives: [{targetPercent: 99.9}]";

fn file(text: &str) -> SpecFile {
    SpecFile { path: "a.yml".to_owned(), text: text.to_owned() }
}

/// What is told, errors first: `LINE:COLUMN: MESSAGE`.
fn told(catalog: &Catalog) -> Vec<String> {
    let faults = catalog.errors.iter().chain(&catalog.warnings);
    faults.map(|fault| format!("{}:{}: {}", fault.place.line, fault.place.column, fault.message)).collect()
}

fn check(text: &str, want: &[&str]) {
    assert_eq!(told(&load(&[file(text)])), want, "{text}");
}

#[test]
fn nothing_is_told_of_what_is_right() {
    check(&slo("a", ROLLING), &[]);
}

#[test]
fn names_that_are_taken() {
    for name in ["suggestions", "whatif"] {
        let want = format!(
            "8:17: {name}: it is shown in the list and nowhere else, as /api/v1/slos/{name} is not an SLO; give it another name"
        );
        check(&slo(name, ROLLING), &[&want]);
        // With several objectives the id is another.
        let two = "timeWindow: [{duration: 28d, isRolling: true}]\n  objectives: [{targetPercent: 99.9}, {targetPercent: 99}]";
        check(&slo(name, two), &[]);
    }
    check(&slo("what-if", ROLLING), &[]);
}

#[test]
fn names_that_nobody_bears() {
    let a = slo("a", ROLLING);
    check(
        &slo("a", &format!("{ROLLING}\n  alertPolicies: [{{alertPolicyRef: p}}]")),
        &["9:36: there is no AlertPolicy p"],
    );
    check(
        &(a.clone() + &document("Product", "shop", "composition: {components: [{slo: b}]}")),
        &["14:36: there is no objective b (did you mean `a`?)"],
    );
    check(&(a.clone() + &document("Product", "shop", "policyRef: p")), &["14:14: there is no ErrorBudgetPolicy p"]);
    check(
        &(a.clone()
            + &document(
                "BudgetAdjustment",
                "m",
                "{slos: [b], reason: r, duration: 1h, firstEventStart: 2026-01-04T02:00:00Z}",
            )),
        &["14:11: there is no objective b (did you mean `a`?)"],
    );
    check(
        &(a + &document("SLOOptions", "a", "dependsOn: [b]")),
        &["14:15: there is no objective b (did you mean `a`?)"],
    );
}

#[test]
fn states_that_a_policy_has_not() {
    let policy = "{states: [{name: exhausted, when: \"remaining <= 0%\"}, {name: healthy, when: \"true\"}]}";
    let shop =
        slo("a", ROLLING) + &document("Product", "shop", "policyRef: p") + &document("ErrorBudgetPolicy", "p", policy);
    let gate =
        |deny: &str| document("ReleaseGate", "g", &format!("{{product: shop, preDeploy: {{deny: [\"{deny}\"]}}}}"));
    check(&(shop.clone() + &gate("policy.state == 'exhausted' and change not in [fix]")), &[]);
    check(
        &(shop.clone() + &gate("remaining < 1% or policy.state in [exhausted, exhausetd]")),
        &["26:85: the policy has no state exhausetd (did you mean `exhausted`?)"],
    );
    check(&(shop + &gate("policy.state = 'exhausted'")), &["26:52: expected one of == != in, \"not in\", found \"=\""]);
    let without = slo("a", ROLLING) + &document("Product", "shop", "composition: {components: [{slo: a}]}");
    check(
        &(without + &gate("policy.state == 'exhausted'")),
        &["20:56: the product has no policy, so that nobody ever knows its state"],
    );
}

#[test]
fn time_without_data_that_has_no_events() {
    let no_data = |what: &str| document("SLOOptions", "a", &format!("noData: {what}"));
    check(&(slo("a", ROLLING) + &no_data("ignore")), &[]);
    let nothing = "8:17: a: noData changes nothing: a time without data has no events, and only slices of time can be good \
                   or bad without any";
    check(&(slo("a", ROLLING) + &no_data("bad")), &[nothing]);
    let slices = "timeWindow: [{duration: 28d, isRolling: true}]\n  budgetingMethod: Timeslices\n  \
                  objectives: [{targetPercent: 99.9, timeSliceTarget: 1, timeSliceWindow: 1m}]";
    check(&(slo("a", slices) + &no_data("bad")), &[]);
}

#[test]
fn conditions_that_mean_something_else() {
    let gate = |spec: &str| {
        slo("a", ROLLING)
            + &document("Product", "shop", "composition: {components: [{slo: a}]}")
            + &document("ReleaseGate", "g", &format!("{{product: shop, {spec}}}"))
    };
    check(
        &gate("preDeploy: {deny: [\"remaining <= 25\"], warn: [\"coverage < 95%\"]}"),
        &["20:52: 25 is more than the whole: is 25% meant?"],
    );
    check(
        &gate("preDeploy: {deny: [\"change == 'fixes'\"]}"),
        &["20:50: no change is of the class fixes: there are feature, fix, security, rollback, config"],
    );
    check(
        &gate("postDeploy: {failWhen: [\"burn(1h) > 5 for 10m\"]}"),
        &[
            "20:57: a gate answers at once: only conditions of a policy's states can ask that something holds for a while",
        ],
    );
    check(&gate("postDeploy: {soak: 8d}"), &["20:38: 8d is longer than the limit of 1w (gate_soak)"]);
    let policy = |actions: &str| {
        let states = "[{name: low, when: \"remaining <= 0.25\", leaveWhen: \"remaining > 30 for 1h\"}]";
        document("ErrorBudgetPolicy", "p", &format!("{{states: {states}, actions: {{low: [{actions}]}}}}"))
    };
    let leaves = "5:76: 30 is more than the whole: is 30% meant?";
    check(
        &policy("{freeze: {allow: [fix, securty]}}"),
        &[leaves, "5:129: no change is of the class securty (did you mean `security`?)"],
    );
    check(
        &policy("{gate: {require: approval, approvers: x, soak: 1h}}"),
        &["5:107: approval stands alone: maxDeploysPerDay and soak are an action of their own", leaves],
    );
}

#[test]
fn events_that_are_on_the_wrong_side() {
    let counting = |side: &str, counted: &str| {
        slo("a", ROLLING).replace("bad: ", side).replace("{query: b}", &format!("{{query: '{counted}'}}"))
    };
    check(&counting("good: ", "t{code=~\"5..\"}"), &["8:17: a: code=~\"5..\" counts failures as good events"]);
    check(&counting("good: ", "t{code!~\"5..\"}"), &[]);
    check(&counting("bad: ", "t{status=\"200\"}"), &["8:17: a: status=\"200\" counts successes as bad events"]);
    check(&counting("bad: ", "t"), &["8:17: a: bad and total count the same series: every event is bad"]);
    check(
        &counting("good: ", "b_bucket{le=\"1\"}"),
        &["8:17: a: le=\"1\" is read as le=\"1.0\", which is how bounds are stored"],
    );
}

#[test]
fn factors_out_of_reach_and_below_one() {
    let pairs = "{pairs: [{severity: page, budget: 2%, long: 1h, short: 5m}, {severity: ticket, budget: 10%, long: 3d, short: 6h}]}";
    let text = slo(
        "a",
        "timeWindow: [{duration: 28d, isRolling: true}]\n  alertPolicies: [{alertPolicyRef: p}]\n  objectives: [{targetPercent: 90}]",
    );
    check(
        &(text + &document("BurnRatePolicy", "p", pairs)),
        &[
            "9:17: a: the page of 1h can never fire: at 90 % the budget burns at most 10 times as fast, and 13.44 is asked for",
            "9:17: a: the pair of 3d at 0.9333 of policy p tells while the promise is being kept: its factor is below 1",
        ],
    );
}

#[test]
fn windows_with_less_than_two_scrapes() {
    let text = slo("a", "timeWindow: [{duration: 1m, isRolling: true}]\n  objectives: [{targetPercent: 99.9}]");
    let catalog = load(&[file(&text)]);
    let found: Vec<String> = super::timing(&catalog, 45_000).into_iter().map(|fault| fault.message).collect();
    let want = [
        "a: a window of 1m has less than two scrapes, which come every 45s",
        "a: a short window of 1m has less than two scrapes, which come every 45s",
    ];
    assert_eq!(found, want);
    assert_eq!(super::timing(&catalog, 15_000), []);
}

#[test]
fn targets_finer_than_one_slice() {
    let slices = |percent: &str, slice: &str| {
        let objective = format!("{{targetPercent: {percent}, timeSliceTarget: 0.9, timeSliceWindow: {slice}}}");
        slo(
            "a",
            &format!(
                "budgetingMethod: Timeslices\n  timeWindow: [{{duration: 28d, isRolling: true}}]\n  alertPolicies: []\n  objectives: [{objective}]"
            ),
        )
    };
    check(&slices("99.9", "5m"), &[]);
    check(
        &slices("99.99", "1h"),
        &["10:17: a: 99.99 % of 672 slices is 0.07 failures: less than one breaks the promise"],
    );
}

#[test]
fn windows_longer_than_counts_are_kept() {
    let product =
        document("Product", "shop", "objective: {targetPercent: 99, timeWindow: {duration: 1Y, isRolling: true}}");
    let catalog = load_within(&[file(&(slo("a", ROLLING) + &product))], 30 * DAY_MS);
    let want = "the window is longer than counts are kept, 30 days (--slo.retention.time)";
    assert!(told(&catalog).contains(&format!("14:57: {want}")), "{:?}", told(&catalog));
    assert!(catalog.products.is_empty() && catalog.objectives.len() == 1);
    let catalog = load_within(&[file(&slo("a", ROLLING))], 27 * DAY_MS);
    assert_eq!(told(&catalog), [format!("8:17: {}", want.replace("30", "27"))]);
}

#[test]
fn windows_of_the_calendar_below_a_day() {
    let window =
        "timeWindow: [{duration: 1m, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}]";
    check(
        &slo("a", &format!("{window}\n  alertPolicies: []\n  objectives: [{{targetPercent: 99.9}}]")),
        &["7:27: a window of the calendar of less than a day: m are minutes, and M are months"],
    );
}

#[test]
fn ids_that_are_there_already() {
    let sloth = "version: prometheus/v1\nservice: s\nslos: [{name: a, objective: 99, sli: {events: {error_query: 'b[{{.window}}]', total_query: 't[{{.window}}]'}}, alerting: {name: A}}]\n---\n"
        .replace("'b[{{.window}}]'", "'sum(rate(b[{{.window}}]))'")
        .replace("'t[{{.window}}]'", "'sum(rate(t[{{.window}}]))'");
    let pyrra = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: a, namespace: s}\nspec: {target: '99', window: 4w, indicator: {bool_gauge: {metric: up}}}\n---\n";
    check(&(sloth.clone() + &sloth), &["7:15: SLO \"s-a\" is there already: a.yml:3"]);
    check(&(sloth.clone() + pyrra), &["7:18: SLO \"s-a\" is there already: a.yml:3"]);
    check(&(slo("s-a", ROLLING) + &sloth), &["3:18: an objective s-a is there already, at a.yml:12"]);
    let twice = slo("a", ROLLING) + &slo("a", ROLLING);
    let found = told(&load(&[file(&twice)]));
    assert!(found.len() == 1 && found[0].starts_with("12:"), "{found:?}");
}

#[test]
fn products_that_promise_more_than_their_parts() {
    let parts = slo("a", ROLLING) + &slo("b", ROLLING);
    let product = |percent: &str, method: &str| {
        let spec = format!("{{objective: {{targetPercent: {percent}}}, composition: {{method: {method}}}}}");
        parts.clone() + &document("Product", "shop", &spec)
    };
    check(&product("99.8", "series"), &[]);
    check(
        &product("99.9", "series"),
        &["23:4: more is promised than the components do: one after the other they come to 99.8001 %"],
    );
    check(&product("99.9", "events"), &[]);
    check(&product("99.9", "anyBad"), &[]);
    check(
        &product("99.95", "events"),
        &["23:4: more is promised than the components do: together they come to 99.9000 %"],
    );
    check(
        &product("99.95", "weightedBurn"),
        &["23:4: more is promised than the components do: together they come to 99.9000 %"],
    );
}

#[test]
fn times_that_do_not_count_and_cannot_be_read() {
    let adjustment = |fields: &str| {
        slo("a", ROLLING) + &document("BudgetAdjustment", "m", &format!("{{slos: [a], reason: r, {fields}}}"))
    };
    let first = "duration: 1h, firstEventStart: 2026-01-04T02:00:00Z";
    check(&adjustment(&format!("{first}, rrule: FREQ=WEEKLY;BYDAY=SU")), &[]);
    let text = adjustment(&format!("{first}, rrule: FREQ=WEEKLY;BYHOUR=3"));
    check(
        &text,
        &["14:98: BYHOUR is not known in a recurrence rule; known are FREQ, INTERVAL, BYDAY, COUNT and UNTIL"],
    );
    let drawn = &load(&[file(&text)]).errors[0].drawn;
    assert!(drawn.ends_with(" ^^^^^^^^"), "{drawn}");
    check(
        &adjustment(&format!("{first}, rrule: FREQ=WEEKLY;UNTIL=20260103")),
        &["14:86: it never begins: by this rule it is over before 2026-01-04T02:00:00+00:00[UTC]"],
    );
    check(
        &adjustment("duration: 1h, firstEventStart: 2026-02-30T02:00:00Z"),
        &["14:57: \"2026-02-30T02:00:00Z\" is no time, as in 2026-01-04T02:00:00+08:00"],
    );
}
