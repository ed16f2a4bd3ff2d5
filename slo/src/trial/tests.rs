//! Trials held against live budgets, against one another, and asked in bad faith.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::rng::{Rng, SeededRng};
use query::Cancel;

use super::told::told_in_parts;
use super::{Answer, MAX_SPEC_BYTES, Question, TrialError};
use crate::budget::testkit::{Bench, DAY_MS, HOUR_MS, MINUTE_MS};
use crate::spec::{Catalog, Share, SpecFile, Window, load};
use crate::window::Span;

/// A multiple of how far ticks are apart.
const FIRST_MS: i64 = 1_700_000_010_000 / TICK_MS * TICK_MS;
const TICK_MS: i64 = 30_000;

/// A product with an SLO of two pairs; few events wake nobody.
const DOCUMENTS: &str = "
apiVersion: openslo/v1
kind: Service
metadata: {name: shop, labels: {product: checkout}}
spec: {description: a shop}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders, displayName: Orders are accepted}
spec:
  service: shop
  indicator:
    metadata: {name: orders-sli}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'orders_total{code=\"500\"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'orders_total'}}}
  timeWindow: [{duration: 7d, isRolling: true}]
  budgetingMethod: Occurrences
  alertPolicies: [{alertPolicyRef: careful}]
  objectives: [{targetPercent: 99}]
---
apiVersion: narthex/v1
kind: BurnRatePolicy
metadata: {name: careful}
spec:
  pairs:
  - {severity: page, budget: 5%, long: 1h, short: 5m}
  - {severity: ticket, budget: 10%, long: 6h, short: 30m, for: 2m}
  lowTraffic: {minBadEvents: 5, confidence: 0.95, otherwise: ticket}
";

fn documents(text: &str) -> Arc<Catalog> {
    let catalog = load(&[SpecFile { path: "slo.yml".to_owned(), text: text.to_owned() }]);
    assert_eq!(catalog.errors, []);
    Arc::new(catalog)
}

/// A bench with the documents in force, which was opened long before anything was counted.
fn bench() -> Bench {
    let bench = Bench::new(FIRST_MS - DAY_MS);
    bench.apply(documents(DOCUMENTS));
    bench
}

fn asked(change: impl FnOnce(&mut Question)) -> Question {
    let mut question = Question { id: Some("orders".to_owned()), ..Question::default() };
    change(&mut question);
    question
}

fn tried(bench: &Bench, change: impl FnOnce(&mut Question)) -> Answer {
    bench.budgets.tried(&asked(change), &Cancel::new()).unwrap()
}

/// Minutes of traffic with bursts of errors between quiet hours, of which some have hardly any events.
struct Weather {
    rng: SeededRng,
    bad_share: f64,
    total: f64,
}

impl Weather {
    fn new(seed: u64) -> Weather {
        Weather { rng: SeededRng::new(seed), bad_share: 0.0, total: 100.0 }
    }

    /// Bad and all events of the next minute.
    fn minute(&mut self) -> (f64, f64) {
        match self.rng.next_u64() % 60 {
            0 => self.bad_share = 0.2,
            1 => self.bad_share = 1.0,
            2..=6 => self.bad_share = 0.0,
            7 => self.total = 1.0,
            8 | 9 => self.total = 100.0,
            _ => {}
        }
        ((self.total * self.bad_share).round(), self.total)
    }
}

/// The alerts of an answer as `severity long fired resolved`, the times in seconds from the first.
fn alerts(answer: &Answer) -> Vec<(String, String, i64, Option<i64>)> {
    let seconds = |ms: i64| (ms - FIRST_MS) / 1000;
    let alert = |alert: &super::AlertAnswer| {
        let ends = alert.resolved_at.map(|at| seconds(at.0));
        (alert.severity.clone(), alert.long.clone(), seconds(alert.fired_at.0), ends)
    };
    let mut alerts: Vec<_> = answer.alerts.iter().map(alert).collect();
    alerts.sort();
    alerts
}

/// For twenty hours ticks of weather, each of the named ones its own. What a replay of `orders` tells is what was told of it.
fn check_replay(text: &str, counted: &[&str], seed: u64) {
    let bench = Bench::new(FIRST_MS - DAY_MS);
    bench.apply(documents(text));
    let mut weathers: Vec<Weather> =
        (0..counted.len() as u64).map(|number| Weather::new(seed + 100 * number)).collect();
    let mut told = BTreeMap::new();
    let seconds = |ms: i64| (ms - FIRST_MS) / 1000;
    for tick in 0..2 * 60 * 20 {
        let now_ms = FIRST_MS + tick * TICK_MS;
        for (id, weather) in counted.iter().zip(&mut weathers).filter(|_| tick % 2 == 0) {
            let (bad, total) = weather.minute();
            bench.history.count(id, now_ms, bad, total);
        }
        bench.tick(now_ms);
        for alert in bench.sink.told() {
            let label = |name: &str| alert.labels.get(name).unwrap().to_owned();
            let key = (label("severity"), label("long"), seconds(alert.starts_at_ms));
            told.insert(key, alert.ends_at_ms.map(seconds));
        }
    }
    let told: Vec<_> = told.into_iter().map(|((severity, long, fired), ends)| (severity, long, fired, ends)).collect();
    let answer = tried(&bench, |_| {});
    assert_eq!(alerts(&answer), told, "seed {seed}");
    let n_pages = told.iter().filter(|(severity, ..)| severity == "page").count();
    assert_eq!((answer.pages, answer.tickets), (n_pages, told.len() - n_pages), "seed {seed}");
    assert!(answer.pages > 0 && answer.tickets > 0, "seed {seed}: nothing was seen of it");
    let current = answer.current.as_ref().unwrap();
    assert_eq!((current.pages, current.tickets, current.objective.as_str()), (n_pages, answer.tickets, "99"));
    check_told(&bench, &answer);
}

/// What is gone through part by part for a report is what is gone through at once, unless it would have to be asked tick by tick.
fn check_told(bench: &Bench, answer: &Answer) {
    let current = bench.budgets.current();
    let ground = bench.budgets.ground(&current);
    let objective = &ground.catalog.objectives["orders"];
    let span = Span { from_ms: FIRST_MS - DAY_MS, to_ms: ground.now_ms };
    for n_ticks in [97, 100_000] {
        let told = told_in_parts(&ground, objective, span, n_ticks);
        if answer.evaluation == "composite" {
            assert_eq!(told, None);
            continue;
        }
        let told = told.unwrap();
        assert_eq!((told.n_pages, told.n_tickets), (answer.pages, answer.tickets), "parts of {n_ticks}");
        assert_eq!(told.alerts, answer.alerts, "parts of {n_ticks}");
    }
}

#[test]
fn a_replay_tells_what_was_told() {
    (1..=4).for_each(|seed| check_replay(DOCUMENTS, &["orders"], seed));
}

/// Burn rates that are taken together do not add up along time.
#[test]
fn a_composite_is_replayed_as_it_was_told() {
    let (head, tail) = DOCUMENTS.split_once("  indicator:").unwrap();
    let (_, tail) = tail.split_once("  timeWindow").unwrap();
    let part = |weight: u32| {
        let source = |query: &str| format!("{{metricSource: {{type: Prometheus, spec: {{query: {query}}}}}}}");
        let (bad, total) = (source("bad_total"), source("all_total"));
        let indicator =
            format!("{{metadata: {{name: i}}, spec: {{ratioMetric: {{counter: true, bad: {bad}, total: {total}}}}}}}");
        format!("\n  - {{targetPercent: 99, compositeWeight: {weight}, indicator: {indicator}}}")
    };
    let parts = format!("objectives:{}{}", part(1), part(3));
    let text = format!("{head}  timeWindow{}", tail.replace("objectives: [{targetPercent: 99}]", &parts));
    check_replay(&text, &["orders.0", "orders.1"], 1);
    let bench = Bench::new(FIRST_MS);
    bench.apply(documents(&text));
    let question = asked(|question| question.objective = Some("98".to_owned()));
    let error = bench.budgets.tried(&question, &Cancel::new()).unwrap_err().to_string();
    assert_eq!(error, "what a composite promises follows from its parts: try those");
}

/// The ladder leaves out what cannot burn; a trial of each rung alone leaves out nothing.
#[test]
fn each_rung_is_a_trial_of_its_own() {
    let bench = bench();
    let mut weather = Weather::new(7);
    for minute in 0..14 * 60 {
        let (bad, total) = weather.minute();
        bench.history.count("orders", FIRST_MS + minute * MINUTE_MS, bad * 0.1, total);
    }
    bench.tick(FIRST_MS + 14 * HOUR_MS);
    let window = Some("6h".to_owned());
    let whole = tried(&bench, |question| question.window.clone_from(&window));
    assert_eq!(whole.suggestions.len(), 11, "its own is one of the round ones");
    let mut n_told = Vec::new();
    for rung in &whole.suggestions {
        let alone = tried(&bench, |question| {
            question.window.clone_from(&window);
            question.objective = Some(rung.objective.clone());
        });
        assert_eq!((alone.pages, alone.tickets), (rung.pages, rung.tickets), "{}", rung.objective);
        let n_kept = alone.periods.iter().filter(|period| period.whole && period.kept).count();
        assert_eq!((n_kept, rung.periods), (rung.kept, 2), "{}", rung.objective);
        assert_eq!(alone.total, whole.total, "{}", rung.objective);
        n_told.push(rung.pages + rung.tickets);
    }
    assert!(n_told.iter().any(|n| *n != n_told[0]), "{n_told:?}");
}

/// Of an outage everything is known beforehand: when it is told, and since when it went on.
#[test]
fn the_delay_is_that_from_the_first_bad_event() {
    let check = |slow: f64, bad: f64, want_delay: f64| {
        let bench = bench();
        let begins = 10 * 60;
        for minute in 0..begins + 120 {
            // Errors at a pace that nobody is told of, and then the outage, for an hour.
            let is_out = (begins..begins + 60).contains(&minute);
            bench.history.count("orders", FIRST_MS + minute * MINUTE_MS, if is_out { bad } else { slow }, 1000.0);
        }
        bench.tick(FIRST_MS + (begins + 120) * MINUTE_MS);
        let answer = tried(&bench, |_| {});
        let page = answer.alerts.iter().find(|alert| alert.severity == "page").unwrap();
        let began_ms = FIRST_MS + begins * MINUTE_MS;
        assert_eq!(page.detection_delay_seconds, want_delay, "{slow} {bad}");
        assert_eq!(page.fired_at.0, began_ms + (want_delay * 1000.0) as i64, "{slow} {bad}");
        assert!(page.resolved_at.unwrap().0 > page.fired_at.0);
        let budget = answer.budget;
        let spent = page.spent_ratio.unwrap() * budget.allowed.0;
        assert!(spent <= budget.spent.0 * 1.2 && spent >= bad * 59.0, "{spent} of {}", budget.spent.0);
    };
    // 5 % of a week's budget in an hour is 8.4 times the pace of 99 %: 84 bad of 1000. With all bad that are 5.04 minutes, so
    // the sixth minute shows it, five minutes behind the first.
    check(0.0, 1000.0, 300.0);
    // With half bad it is the eleventh.
    check(0.0, 500.0, 600.0);
    // What burnt slowly before is not of it.
    check(1.0, 1000.0, 240.0);
}

#[test]
fn what_was_promised_otherwise_has_documents() {
    let bench = bench();
    for minute in 0..3 * 24 * 60 {
        let bad = f64::from(minute % 100 == 0) * 10.0;
        bench.history.count("orders", FIRST_MS + minute * MINUTE_MS, bad, 100.0);
    }
    bench.tick(FIRST_MS + 3 * DAY_MS);
    let change = |question: &mut Question| {
        question.objective = Some(" 99.95 ".to_owned());
        question.window = Some("1d".to_owned());
    };
    let answer = tried(&bench, change);
    assert_eq!((answer.objective.as_str(), answer.window.as_str(), answer.unit), ("99.95", "1d", "events"));
    assert_eq!((answer.good.0, answer.bad.0, answer.total.0), (431_560.0, 440.0, 432_000.0));
    // The last day has no minute yet that ends with it.
    assert_eq!((answer.budget.allowed.0, answer.evaluation), (71.95, "counted"));
    let kept: Vec<bool> = answer.periods.iter().map(|period| period.kept).collect();
    assert_eq!(kept, [false; 3], "14 or 15 bad minutes of ten each, and 72 are allowed");
    // 99.8 % of every day would have been kept, but in the worst at the price of more than half of the budget.
    let recommended: Vec<&str> =
        answer.suggestions.iter().filter(|step| step.recommended).map(|step| step.objective.as_str()).collect();
    assert_eq!(recommended, ["99.5"]);
    assert_eq!(answer.suggestions.iter().find(|step| step.objective == "99.9").unwrap().would_have_held, "2 of 3");
    let current = answer.current.as_ref().unwrap();
    assert_eq!((current.objective.as_str(), current.window.as_str()), ("99", "7d"));
    // Its documents are read as what was tried; a share of the budget stays the same share of another window.
    let written = documents(&answer.yaml);
    let objective = &written.objectives["orders"];
    assert_eq!(objective.target, Share::from_percent("99.95").unwrap());
    assert_eq!(objective.window, Window::Rolling { length_ms: DAY_MS });
    let before = &documents(DOCUMENTS).objectives["orders"];
    let factors = |pairs: &[crate::spec::BurnPair]| pairs.iter().map(|pair| pair.factor).collect::<Vec<_>>();
    assert_eq!(factors(&before.burn.pairs), [8.4, 2.8]);
    assert_eq!(factors(&objective.burn.pairs), [1.2, 0.4]);
    assert_eq!(objective.product, before.product);
}

#[test]
fn a_time_is_looked_at_where_anything_was_counted() {
    let bench = bench();
    for minute in 0..10 {
        bench.history.count("orders", FIRST_MS + minute * MINUTE_MS, 1.0, 10.0);
    }
    let now_ms = FIRST_MS + HOUR_MS;
    bench.tick(now_ms);
    let check = |start_ms: Option<i64>, end_ms: Option<i64>, want: (i64, i64, f64)| {
        let answer = tried(&bench, |question| (question.start_ms, question.end_ms) = (start_ms, end_ms));
        let found = (answer.start.0 - FIRST_MS, answer.end.0 - FIRST_MS, answer.total.0);
        assert_eq!(found, want, "{start_ms:?} {end_ms:?}");
        let in_steps: f64 = answer.series.iter().map(|step| step.total.0).sum();
        assert_eq!(in_steps, answer.total.0, "{start_ms:?} {end_ms:?}");
        assert!(answer.series.len() <= 300);
    };
    let all = (-TICK_MS, HOUR_MS, 100.0);
    check(None, None, all);
    check(Some(0), Some(i64::MAX), all);
    check(Some(i64::MIN), None, all);
    check(Some(FIRST_MS + 4 * MINUTE_MS), Some(FIRST_MS + 6 * MINUTE_MS), (240_000, 360_000, 20.0));
    // Before there was anything.
    check(None, Some(FIRST_MS - DAY_MS), (-DAY_MS, -DAY_MS, 0.0));
    check(None, Some(i64::MIN), (-FIRST_MS, -FIRST_MS, 0.0));
    check(Some(now_ms), None, (HOUR_MS, HOUR_MS, 0.0));
}

#[test]
fn nothing_counted_is_said() {
    let bench = bench();
    bench.tick(FIRST_MS);
    let answer = tried(&bench, |_| {});
    assert_eq!((answer.sli, answer.coverage, answer.total.0, answer.pages), (None, None, 0.0, 0));
    assert_eq!(answer.lints[0].text, "nothing was counted: no series match, or they have not grown");
    assert!(answer.suggestions.iter().all(|step| !step.recommended && step.periods == 0));
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let bench = bench();
    bench.history.count("orders", FIRST_MS, 1.0, 10.0);
    bench.tick(FIRST_MS + MINUTE_MS);
    let check = |question: Question, want: &str| {
        let error = bench.budgets.tried(&question, &Cancel::new()).unwrap_err().to_string();
        assert_eq!(error, want, "{question:?}");
    };
    let with = |change: &dyn Fn(&mut Question)| asked(change);
    check(Question::default(), "an id or a spec is needed");
    check(with(&|question| question.id = Some("no\nne".to_owned())), "no such SLO: \"no\\nne\"");
    check(
        with(&|question| question.window = Some("soon".to_owned())),
        "\"soon\" is no duration: a number and one of s, m, h, d, w, M, Q, Y are needed, as in 28d",
    );
    check(with(&|question| question.window = Some("0d".to_owned())), "\"0d\" is no time at all");
    check(with(&|question| question.window = Some("101Y".to_owned())), "\"101Y\" is longer than a hundred years");
    let backwards =
        |question: &mut Question| (question.start_ms, question.end_ms) = (Some(FIRST_MS + 1), Some(FIRST_MS));
    check(with(&backwards), "the end must not be before the start");
    let spec = |text: &str| Question { spec: Some(text.to_owned()), ..Question::default() };
    check(spec(&"#".repeat(MAX_SPEC_BYTES + 1)), "the spec has 1048577 bytes: limit trial_spec_bytes is 1048576");
    check(spec("# nothing yet\n"), "the spec holds no SLO");
    let two = DOCUMENTS.replace("name: orders,", "name: others,");
    let two = format!("{DOCUMENTS}---{}", two.split("---").nth(1).unwrap());
    check(spec(&two), "the spec holds several SLOs: one of them has to be named by its id: orders, others");
    // Nobody here can count over raw samples.
    check(spec(DOCUMENTS), "its events cannot be counted: only what is counted already can be tried here");
    let wrong = |text: &str, with: &str| {
        let error = bench.budgets.tried(&spec(&DOCUMENTS.replace(text, with)), &Cancel::new()).unwrap_err();
        let TrialError::Spec(message) = error else { panic!("{error}") };
        message
    };
    let message = wrong("targetPercent: 99", "targetPercent: 100");
    assert!(message.starts_with("22:"), "{message}");
    for percent in ["", "x", "100", "-1", "1e3", "99.99999999999"] {
        let error =
            bench.budgets.tried(&asked(|question| question.objective = Some(percent.to_owned())), &Cancel::new());
        assert!(error.is_err(), "{percent:?}");
    }
}

/// Ticks of a second, and a year of them.
#[test]
fn more_ticks_than_the_limit_are_refused() {
    let bench = Bench::new(FIRST_MS);
    let near = DOCUMENTS.replace("short: 5m", "short: 1s");
    bench.apply(documents(&near));
    bench.history.count("orders", FIRST_MS - 80 * DAY_MS, 1.0, 10.0);
    bench.history.count("orders", FIRST_MS, 1.0, 10.0);
    bench.tick(FIRST_MS);
    let error = bench.budgets.tried(&asked(|_| {}), &Cancel::new()).unwrap_err().to_string();
    assert!(error.ends_with("limit trial_ticks is 1000000; try a later start"), "{error}");
    let later = tried(&bench, |question| question.start_ms = Some(FIRST_MS - DAY_MS));
    assert_eq!(later.total.0, 10.0);
}

#[test]
fn whoever_goes_away_stops_it() {
    let bench = bench();
    bench.history.count("orders", FIRST_MS, 1.0, 10.0);
    bench.tick(FIRST_MS + MINUTE_MS);
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(bench.budgets.tried(&asked(|_| {}), &cancel), Err(TrialError::Canceled));
}
