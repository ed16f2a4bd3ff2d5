//! Metrics as they are met, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use model::{Labels, MatchOp, Matcher};

use super::{Draft, Drafts, MAX_VALUES, Metric, Stored, drafts};
use crate::report::Language;
use crate::spec::{Catalog, Counted, Indicator, SpecFile, load};

/// Answers whatever contains a text, and knows names.
#[derive(Default)]
struct Told {
    numbers: Vec<(&'static str, f64)>,
    names: BTreeSet<&'static str>,
}

impl Stored for Told {
    fn number(&mut self, query: &str) -> Option<f64> {
        // What is asked is PromQL, whatever names and values are.
        query::syntax::parse(query, query::syntax::Options::default())
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        self.numbers.iter().find(|(part, _)| query.contains(part)).map(|(_, number)| *number)
    }

    fn has(&mut self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// A metric with series of all combinations of values, written as `label=a,b`.
fn metric(name: &str, kind: &str, labels: &[&str]) -> Metric {
    let mut metric = Metric::new(name, Vec::new());
    kind.clone_into(&mut metric.told_kind);
    let mut series: Vec<BTreeMap<String, String>> = vec![BTreeMap::from([("__name__".to_owned(), name.to_owned())])];
    for label in labels {
        let (label, values) = label.split_once('=').unwrap();
        let with = |of: &BTreeMap<String, String>, value: &str| {
            let mut of = of.clone();
            of.insert(label.to_owned(), value.to_owned());
            of
        };
        series =
            series.iter().flat_map(|of| values.split(',').map(|value| with(of, value)).collect::<Vec<_>>()).collect();
    }
    for of in &series {
        metric.note(&Labels::from_pairs(of.iter().map(|(name, value)| (name.as_str(), value.as_str()))));
    }
    metric
}

/// A draft's document as it is read: it has to be one, and to mean what the draft says.
fn read(draft: &Draft) -> Catalog {
    let catalog = load(&[SpecFile { path: "draft".to_owned(), text: draft.spec.clone() }]);
    assert_eq!(catalog.errors, [], "{}", draft.spec);
    let objective = &catalog.objectives[&draft.name];
    assert_eq!(objective.title, draft.title);
    if let Indicator::Events { counted, total, .. } = &objective.indicator {
        assert!(matches!((counted, total), (Counted::Exactly(_), Counted::Exactly(_))), "{}", draft.spec);
        assert!(draft.total.is_some() && draft.good.is_some() != draft.bad.is_some());
    }
    catalog
}

/// What a metric becomes: `kind name: good or bad`.
fn made(metric: Metric, stored: &mut Told) -> Vec<String> {
    let chinese = drafts(Metric { language: Language::Chinese, ..metric.clone() }, stored);
    let found = drafts(metric, stored);
    let whys = |found: &Drafts| found.drafts.iter().map(|draft| draft.why.clone()).chain(found.why.clone()).collect();
    let [english, whys]: [Vec<String>; 2] = [whys(&found), whys(&chinese)];
    assert!(english.iter().all(|why| why.is_ascii() && why.ends_with('.')), "{english:?}");
    assert!(whys.iter().all(|why| why.ends_with('。')) && whys.len() == english.len(), "{whys:?}");
    let shown = |draft: &Draft| {
        read(draft);
        let part = draft.bad.clone().or_else(|| draft.good.as_ref().map(|good| format!("good {good}")));
        let part = part.unwrap_or_else(|| draft.why.clone());
        format!("{} {}: {part}", draft.kind, draft.name)
    };
    match &found.why {
        Some(why) => vec![why.clone()],
        None => found.drafts.iter().map(shown).collect(),
    }
}

#[test]
fn counters_by_their_labels() {
    let check = |labels: &[&str], want: &[&str]| {
        let found = made(metric("http_requests_total", "counter", labels), &mut Told::default());
        let found: Vec<&str> = found.iter().map(|one| one.split_once(": ").unwrap().1).collect();
        assert_eq!(found, want, "{labels:?}");
    };
    let of = |matcher: &str| format!("http_requests_total{{{matcher}}}");
    check(&["code=200,404,503"], &[&of("code=~\"5..\"")]);
    check(&["code=2xx,5xx"], &[&of("code=~\"5..\"")]);
    check(&["status=ok,error"], &[&of("status=\"error\"")]);
    check(&["result=Success,TIMEOUT,Failed"], &[&of("result=~\"Failed|TIMEOUT\"")]);
    check(&["result=delivered,bounced"], &[&of("result!=\"delivered\"")]);
    check(&["success=true,false"], &[&of("success!=\"true\"")]);
    check(&["exception=None,IOException"], &[&of("exception!=\"None\"")]);
    check(&["error=none,false,x"], &[&of("error!~\"false|none\"")]);
    check(
        &["grpc_code=OK,Internal"],
        &[&of("grpc_code=~\"Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss\"")],
    );
    check(
        &["code=OK,DEADLINE_EXCEEDED"],
        &[&of("code=~\"UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS\"")],
    );
    check(&["grpc_status=0,13"], &[&of("grpc_status=~\"2|4|12|13|14|15\"")]);
    check(&["code=200,500", "outcome=SUCCESS,FAILURE"], &[&of("code=~\"5..\""), &of("outcome=\"FAILURE\"")]);
}

#[test]
fn counters_by_their_neighbours() {
    let check = |name: &str, names: &[&'static str], want: &str| {
        let mut stored = Told { names: names.iter().copied().collect(), ..Told::default() };
        assert_eq!(made(metric(name, "counter", &["job=a"]), &mut stored), [want], "{name}");
    };
    check("mail_errors_total", &["mail_total"], "availability mail-errors-availability: mail_errors_total");
    check("mail_total", &["mail_failed_total"], "availability mail-availability: mail_failed_total");
    check(
        "mail_success_total",
        &["mail_failures_total"],
        "availability mail-success-availability: mail_failures_total",
    );
    let why = "Nothing tells its good events from its bad ones: it has none of the labels code, status_code, \
               http_status_code, http_response_status_code, response_code, status, grpc_code, grpc_status, \
               rpc_grpc_status_code, result, outcome, success, state, error, exception, reason, and there is no metric \
               mail_errors_total, mail_failures_total, mail_failed_total, mail_error_total.";
    check("mail_total", &["other_errors_total"], why);
}

#[test]
fn histograms_by_bounds_near_their_observations() {
    let lately = || Told {
        numbers: vec![("histogram_quantile(0.99", 0.27), ("histogram_quantile(0.95", 0.08)],
        ..Told::default()
    };
    let want = [
        "latency http-within-0-3: good http_seconds_bucket{le=\"0.3\"}",
        "latency http-within-0-1: good http_seconds_bucket{le=\"0.1\"}",
    ];
    let parts = ["le=0.1,0.3,1.0,+Inf"];
    for (name, kind) in
        [("http_seconds_bucket", "histogram"), ("http_seconds_bucket", ""), ("http_seconds", "histogram")]
    {
        assert_eq!(made(metric(name, kind, &parts), &mut lately()), want, "{name} {kind}");
    }
    // Nothing was observed lately.
    let middle = made(metric("http_seconds_bucket", "", &parts), &mut Told::default());
    assert_eq!(middle, ["latency http-within-0-3: good http_seconds_bucket{le=\"0.3\"}"]);
    let above = made(metric("http_seconds_bucket", "", &["le=0.1,+Inf"]), &mut lately());
    assert_eq!(above, ["latency http-within-0-1: good http_seconds_bucket{le=\"0.1\"}"]);
    let mut slow = Told { numbers: vec![("histogram_quantile", 7.0)], ..Told::default() };
    let slow = made(metric("http_seconds_bucket", "", &parts), &mut slow);
    assert_eq!(slow, ["All observations of the last day lie above its last bound."]);
    let numbers = vec![("histogram_count", 2.0), ("histogram_quantile", 0.27)];
    let native = made(metric("http_seconds", "", &["job=a"]), &mut Told { numbers, ..Told::default() });
    let good = "histogram_fraction(0, 0.5, rate(http_seconds[5m])) * histogram_count(rate(http_seconds[5m]))";
    assert_eq!(native, [format!("latency http-within-0-5: good {good}")]);
}

#[test]
fn gauges_by_where_they_lay() {
    let check = |name: &str, numbers: &[(&'static str, f64)], want: &[&str]| {
        let mut stored = Told { numbers: numbers.to_vec(), ..Told::default() };
        assert_eq!(made(metric(name, "gauge", &["job=a"]), &mut stored), want, "{name}");
    };
    let lay = |lowest: f64, highest: f64| {
        [("(0,", lowest), ("(1,", highest), ("(0.5,", 1.0), ("(0.99,", highest * 0.9), ("(0.01,", lowest + 1.0)]
    };
    let switch = "threshold probe-success-at-least-1: It is 1 while all is well, and 0 while it is not.";
    check("probe_success", &lay(1.0, 1.0), &[switch]);
    check(
        "db_open",
        &lay(0.0, 1.0),
        &["threshold db-open-at-least-1: It is 1 while all is well, and 0 while it is not."],
    );
    let less = "Less is better, it seems: 99 % of the last day lay at 1300 or below.";
    let more = "More is better, it seems: 99 % of the last day lay at 4 or above.";
    check("queue_lag", &lay(3.0, 1401.0), &[&format!("threshold queue-lag-at-most-1300: {less}")]);
    check("disk_free", &lay(3.0, 1401.0), &[&format!("threshold disk-free-at-least-4: {more}")]);
    check(
        "odd",
        &lay(3.0, 1401.0),
        &[&format!("threshold odd-at-most-1300: {less}"), &format!("threshold odd-at-least-4: {more}")],
    );
    check("odd", &lay(3.0, 3.0), &["It was 3 all the last day: nothing says what would be bad."]);
    check("odd", &[], &["It had no values during the last day."]);
    check("odd", &lay(f64::NAN, 1.0), &["It had no values during the last day."]);
}

#[test]
fn what_makes_no_draft() {
    let check = |name: &str, kind: &str, labels: &[&str], want: &str| {
        assert_eq!(made(metric(name, kind, labels), &mut Told::default()), [want], "{name} {kind}");
    };
    check(
        "rpc_seconds",
        "summary",
        &["quantile=0.9"],
        "The quantiles of a summary cannot be added up. Its count of observations is rpc_seconds_count.",
    );
    check("build_info", "info", &["job=a"], "What never changes says nothing of good and bad.");
    check(
        "rpc_seconds_sum",
        "",
        &["code=500"],
        "A sum adds up what was observed, not events. The count of observations is rpc_seconds_count.",
    );
    check("rpc_seconds_bucket", "", &["le=+Inf"], "It has no buckets with a bound; rpc_seconds_bucket was looked for.");
    let nobody = drafts(Metric::new("nobody", Vec::new()), &mut Told::default());
    assert_eq!(nobody.why.as_deref(), Some("No series of this name were stored during the last day."));
}

#[test]
fn some_series_alone() {
    let mut some = metric("a_total", "counter", &["code=200,500", "job=only", "pod=1,2"]);
    some.matchers = vec![Matcher::new("job", MatchOp::Equal, "only").unwrap()];
    let found = drafts(some, &mut Told::default());
    let [draft] = &found.drafts[..] else { panic!("{found:?}") };
    assert_eq!(draft.total.as_deref(), Some("a_total{job=\"only\"}"));
    assert_eq!(draft.bad.as_deref(), Some("a_total{job=\"only\",code=~\"5..\"}"));
    assert_eq!(draft.labels, ["job", "pod"], "what was chosen can be chosen otherwise");
    assert_eq!((found.kind.as_str(), found.n_series), ("counter", 4));
    let catalog = read(draft);
    assert_eq!(catalog.objectives["a-availability"].service, "only");
}

/// Names and values are whatever a target sent: documents and queries stay what they are.
#[test]
fn names_in_bad_faith() {
    let hostile =
        ["a\"} or {x=\"", "a\nkind: Service", "{{.window}}", "$window", "a'b\\", "# x", "'", "\u{202e}", "0", "- x"];
    for name in hostile {
        for kind in ["counter", "gauge", "histogram", ""] {
            let mut metric = metric(name, kind, &["code=200,500", "le=0.1,+Inf"]);
            metric.matchers = vec![Matcher::new(name, MatchOp::Equal, name).unwrap()];
            metric.labels.insert("job".to_owned(), BTreeSet::from([name.to_owned()]));
            let numbers = vec![("(0,", 0.0), ("(1,", 7.0), ("quantile", 0.05)];
            let Drafts { drafts, .. } = drafts(metric, &mut Told { numbers, ..Told::default() });
            assert!(!drafts.is_empty() || kind.is_empty() || kind == "histogram", "{name:?} {kind}");
            drafts.iter().for_each(|draft| drop(read(draft)));
        }
    }
}

#[test]
fn so_many_values_are_enough() {
    let mut wide = Metric::new("a_total", Vec::new());
    for number in 0..MAX_VALUES + 10 {
        wide.note(&Labels::from_pairs([("pod", number.to_string().as_str()), ("code", "500")]));
    }
    assert_eq!((wide.n_series, wide.labels["pod"].len()), (MAX_VALUES + 10, MAX_VALUES));
    let found = drafts(wide, &mut Told::default());
    assert_eq!(found.drafts[0].labels, [""; 0], "nobody chooses among a thousand");
}
