//! What an objective would have done, and what a metric could become: the fields that the page reads, and what is asked wrongly.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value;

use crate::budgets::shop;
use crate::client::{Answer, ask, encoded, get};
use crate::fixture::{Series, write};
use crate::server::{NOW_MS, Setup, TestServer};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn whatif(address: SocketAddr, pairs: &[(&str, &str)]) -> Answer {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    ask(address, "POST", "/api/v1/slos/whatif", &[FORM], pairs.join("&").as_bytes())
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn an_objective_is_tried_with_another_target() {
    let server = shop();
    let answer = whatif(server.address, &[("id", "orders"), ("objective", "99.5"), ("window", "12h")]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let trial = &answer.json()["data"];
    // What the page reads.
    let want = "id title objective window unit evaluation start end coverage good bad total sli budget series periods suggestions \
                alerts n_alerts_left_out pages tickets current lints yaml";
    assert_eq!(keys(trial), want.split(' ').collect());
    assert_eq!((&trial["objective"], &trial["window"]), (&"99.5".into(), &"12h".into()));
    assert_eq!((&trial["unit"], &trial["evaluation"]), (&"events".into(), &"counted".into()));
    assert_eq!((&trial["start"], &trial["end"]), (&"2023-11-13T22:13:00Z".into(), &"2023-11-14T22:13:20Z".into()));
    assert_eq!((&trial["good"], &trial["bad"], &trial["total"]), (&86_364.into(), &36.into(), &86_400.into()));
    assert_eq!((&trial["budget"]["allowed"], &trial["budget"]["spent"]), (&216.into(), &36.into()));
    assert_eq!(keys(&trial["series"][0]), "time good bad total sli remaining_ratio".split(' ').collect());
    let periods = trial["periods"].as_array().unwrap();
    assert_eq!(keys(&periods[0]), "start end good bad total sli kept whole".split(' ').collect());
    assert_eq!(periods.iter().map(|period| period["kept"] == true).collect::<Vec<_>>(), [true, true]);
    let steps = trial["suggestions"].as_array().unwrap();
    let own = steps.iter().find(|step| step["objective"] == "99.5").unwrap();
    assert_eq!((&own["kept"], &own["periods"]), (&2.into(), &2.into()));
    let current = &trial["current"];
    assert_eq!(keys(current), "objective window sli remaining_ratio pages tickets".split(' ').collect());
    assert_eq!((&current["objective"], &current["window"]), (&"99.9".into(), &"28d".into()));
    assert!(trial["yaml"].as_str().unwrap().contains("targetPercent: 99.5"), "{}", trial["yaml"]);
    // 1 % of errors in the last hour is ten times the pace of 99.9 %, and five are told of.
    assert_eq!((&current["pages"], &trial["pages"]), (&1.into(), &0.into()));
    let today = whatif(server.address, &[("id", "orders")]).json()["data"].take();
    let alert = &today["alerts"][0];
    let want = "severity long short factor fired_at resolved_at peak_burn detection_delay_seconds spent_ratio";
    assert_eq!(keys(alert), want.split(' ').collect());
    assert_eq!((&alert["severity"], &alert["resolved_at"]), (&"page".into(), &Value::Null));
    assert_eq!((today["alerts"].as_array().unwrap().len(), &today["n_alerts_left_out"]), (1, &0.into()));
}

#[test]
fn a_trial_that_is_asked_wrongly() {
    let server = shop();
    let check = |pairs: &[(&str, &str)], status: u16, want: &str| {
        let answer = whatif(server.address, pairs);
        let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == status && error.contains(want), "{pairs:?}: {} {error}", answer.status);
    };
    check(&[], 400, "an id or a spec is needed");
    check(&[("id", "  ")], 400, "an id or a spec is needed");
    check(&[("id", "nope")], 404, "no such SLO: \"nope\"");
    check(&[("id", "orders"), ("objective", "100")], 400, "invalid parameter \"objective\"");
    check(&[("id", "orders"), ("objective", "most")], 400, "invalid parameter \"objective\"");
    check(&[("id", "orders"), ("window", "1000Y")], 400, "invalid parameter \"window\": \"1000Y\" is longer");
    check(&[("id", "orders"), ("start", "soon")], 400, "invalid parameter \"start\"");
    check(&[("id", "orders"), ("start", "20"), ("end", "10")], 400, "invalid parameter \"end\"");
    check(&[("spec", &"a".repeat((1 << 20) + 1))], 400, "limit trial_spec_bytes is 1048576");
    check(&[("spec", "apiVersion: openslo/v1\nkind: SLO\nspec: 7\n")], 400, "invalid parameter \"spec\": ");
    check(&[("spec", "\u{0}: [")], 400, "invalid parameter \"spec\": ");
    let unread = ask(server.address, "POST", "/api/v1/slos/whatif", &[FORM], b"id=a;b");
    assert_eq!(unread.status, 400, "{}", unread.text());
    // Its name is no objective's, and that of one cannot be asked so.
    assert_eq!(get(server.address, "/api/v1/slos/whatif").status, 405);
}

fn suggestions(server: &TestServer, query: &str) -> Answer {
    get(server.address, &format!("/api/v1/slos/suggestions?{query}"))
}

/// A counter with codes, of two jobs, over ten minutes; and a histogram.
fn stored() -> TestServer {
    let server = Setup::new().start();
    let minutes = |step: f64| -> Vec<(i64, f64)> {
        (0..10).map(|minute| (NOW_MS - (10 - minute) * 60_000, minute as f64 * step)).collect()
    };
    let of = |labels: &[(&'static str, &'static str)], step: f64| Series::new(labels, &minutes(step));
    let requests = |code, job, step| of(&[("__name__", "requests_total"), ("code", code), ("job", job)], step);
    let bucket = |le, step| of(&[("__name__", "slow_seconds_bucket"), ("job", "a"), ("le", le)], step);
    let all = [
        requests("200", "a", 100.0),
        requests("500", "a", 1.0),
        requests("200", "b", 100.0),
        bucket("0.1", 80.0),
        bucket("0.5", 100.0),
        bucket("+Inf", 100.0),
        of(&[("__name__", "queue_depth"), ("job", "a")], 1.0),
        of(&[("__name__", "slow_seconds_sum"), ("job", "a")], 1.0),
    ];
    let answer = write(server.address, &all);
    assert_eq!(answer.status, 204, "{}", answer.text());
    server
}

#[test]
fn a_metric_becomes_drafts() {
    let server = stored();
    let of = |query: &str| suggestions(&server, query).json()["data"].take();
    let requests = of("metric=requests_total");
    assert_eq!(keys(&requests), "metric type help n_series drafts".split(' ').collect());
    assert_eq!((&requests["type"], &requests["n_series"]), (&"counter".into(), &3.into()));
    let draft = &requests["drafts"][0];
    assert_eq!(keys(draft), "name title kind why spec bad total labels".split(' ').collect());
    assert_eq!(draft["bad"], "requests_total{code=~\"5..\"}");
    assert_eq!(draft["labels"], serde_json::json!(["job"]));
    let of_job = of(&format!("metric=requests_total&match[]={}", encoded("{job=\"a\"}")));
    assert_eq!((&of_job["n_series"], &of_job["drafts"][0]["total"]), (&2.into(), &"requests_total{job=\"a\"}".into()));
    for name in ["slow_seconds", "slow_seconds_bucket"] {
        let slow = of(&format!("metric={name}"));
        let names: Vec<&str> =
            slow["drafts"].as_array().unwrap().iter().map(|draft| draft["name"].as_str().unwrap()).collect();
        assert_eq!((&slow["metric"], &slow["type"]), (&name.into(), &"histogram".into()));
        assert_eq!(names, ["slow-within-0-5"], "99 % and 95 % lie in the same bucket");
        assert_eq!(slow["drafts"][0]["good"], "slow_seconds_bucket{le=\"0.5\"}");
    }
    let queue = of("metric=queue_depth");
    assert_eq!(queue["drafts"][0]["name"], "queue-depth-at-most-9");
    assert!(of("metric=slow_seconds_sum")["why"].as_str().unwrap().starts_with("A sum adds up"));
    let nobody = of("metric=nobody");
    assert_eq!(nobody["why"], "No series of this name were stored during the last day.");
    assert_eq!(nobody["drafts"], serde_json::json!([]));
    assert_eq!(of("metric=nobody&lang=zh-CN")["why"], "最近一天没有存储过该名称的序列。");
}

#[test]
fn suggestions_that_are_asked_wrongly() {
    let server = stored();
    let check = |query: &str, status: u16, want: &str| {
        let answer = suggestions(&server, query);
        let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == status && error.contains(want), "{query}: {} {error}", answer.status);
    };
    check("", 400, "invalid parameter \"metric\"");
    check("metric=requests_total&match[]=%7B", 400, "invalid parameter \"match[]\"");
    check("metric=requests_total&match[]=other", 400, "it selects series of another name");
    check("metric=%ff", 400, "error parsing form values");
    assert_eq!(suggestions(&server, "metric=requests_total&match[]=requests_total").status, 200);
    // Any text is a name that may or may not be stored.
    assert_eq!(suggestions(&server, &format!("metric={}", encoded("\"} or vector(1) {x=\"\n"))).status, 200);
}

#[test]
fn a_metric_of_too_many_series_is_refused_by_name() {
    let server = Setup::new().start();
    let pods: Vec<Series> = (0..=slo::draft::MAX_SERIES)
        .map(|number| {
            let pod: &'static str = number.to_string().leak();
            Series::new(&[("__name__", "wide_total"), ("code", "200"), ("pod", pod)], &[(NOW_MS - 1000, 1.0)])
        })
        .collect();
    for some in pods.chunks(5000) {
        assert_eq!(write(server.address, some).status, 204);
    }
    let answer = suggestions(&server, "metric=wide_total");
    let error = answer.json()["error"].clone();
    assert_eq!(
        (answer.status, error.as_str().unwrap()),
        (422, "wide_total has more series than limit draft_series, 10000: choose some of them with match[]")
    );
    let some = suggestions(&server, &format!("metric=wide_total&match[]={}", encoded("{pod=~\"1.*\"}")));
    assert_eq!(some.status, 200, "{}", some.text());
}

/// What is asked within is limited as a query is.
#[test]
fn a_failure_of_a_query_is_not_taken_for_an_empty_past() {
    let mut setup = Setup::new();
    setup.engine.limits.max_samples = 5;
    let server = setup.start();
    let samples: Vec<(i64, f64)> = (0..100).map(|second| (NOW_MS - second * 1000, second as f64)).rev().collect();
    let depth = Series::new(&[("__name__", "queue_depth")], &samples);
    assert_eq!(write(server.address, &[depth]).status, 204);
    let answer = suggestions(&server, "metric=queue_depth");
    assert_eq!(answer.status, 422, "{}", answer.text());
}

#[test]
fn their_limits_are_listed() {
    let server = Setup::new().start();
    let limits = get(server.address, "/api/v1/status/limits").json()["data"].take();
    for name in [
        "draft_series",
        "draft_values",
        "trial_alerts",
        "trial_components",
        "trial_series",
        "trial_spec_bytes",
        "trial_ticks",
    ] {
        let limit = limits.as_array().unwrap().iter().find(|limit| limit["name"] == name);
        assert!(limit.unwrap_or_else(|| panic!("{name}"))["value"].as_f64().unwrap() > 0.0);
    }
}
