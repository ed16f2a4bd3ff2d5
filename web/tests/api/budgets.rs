//! Error budgets over the API: fields, filters, instants, burn-downs, and what is asked wrongly.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use journal::testkit::MemoryDisk;
use model::{Clock, Labels};
use serde_json::Value;
use slo::budget::{Budgets, BudgetsOptions, InForce};
use slo::history::{Counts, History, SamplingError, Standing, UncountedFirstValue};
use slo::spec::{
    Adjustment, Budgeting, BurnPair, BurnPolicy, Catalog, Component, Composition, CompositionMethod, Every, Indicator,
    Objective, Product, RatioSide, ReportSchedule, Role, Severity, Share, SourcePlace, SpecFault, Window,
};
use tsdb::Store;

use crate::client;
use crate::server::{NOW_MS, Setup};

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 86_400_000;

/// For a day one event a second, and in the last hour one of a hundred bad; each objective alike.
#[derive(Debug)]
struct Shop;

impl History for Shop {
    fn counts(&self, _: &str, from_ms: i64, to_ms: i64) -> Counts {
        let between = |begin_ms: i64, each_ms: i64| {
            let number = |at_ms: i64| (at_ms.clamp(begin_ms, NOW_MS) - begin_ms) / each_ms;
            (number(to_ms) - number(from_ms)) as f64
        };
        let total = between(NOW_MS - DAY_MS, SECOND_MS);
        let measured_ms = total * SECOND_MS as f64;
        Counts { bad: between(NOW_MS - DAY_MS / 24, 100 * SECOND_MS), total, measured_ms, expected_ms: measured_ms }
    }

    fn steps(&self, id: &str, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Counts> {
        let begins = (from_ms..to_ms).step_by(step_ms as usize);
        begins.map(|begin_ms| self.counts(id, begin_ms, (begin_ms + step_ms).min(to_ms))).collect()
    }

    fn began_ms(&self, _: &str) -> Option<i64> {
        Some(NOW_MS - DAY_MS)
    }

    fn newest_ms(&self, _: &str) -> Option<i64> {
        Some(NOW_MS)
    }

    fn uncounted(&self, id: &str, _: i64, _: i64) -> Vec<UncountedFirstValue> {
        let series = Labels::from_pairs([("__name__", "requests_total"), ("code", "500")]);
        let first = UncountedFirstValue { series, timestamp_ms: NOW_MS - DAY_MS, value: 17.0 };
        if id == "orders" { vec![first] } else { Vec::new() }
    }

    fn by_labels(&self, _: &str, _: &[String], _: i64, _: i64) -> Vec<(Labels, Counts)> {
        Vec::new()
    }

    fn sampling_error(&self, id: &str) -> Option<SamplingError> {
        let (query, error) = ("max(lag)".to_owned(), "too much at once".to_owned());
        (id == "mails").then_some(SamplingError { since_ms: NOW_MS - DAY_MS, query, error })
    }

    fn n_uncounted_left_out(&self, id: &str, _: i64, _: i64) -> u64 {
        if id == "orders" { 4 } else { 0 }
    }

    fn standing(&self) -> Standing {
        Standing { n_objectives: 2, n_bytes: 4096, n_failures: 3, ..Standing::default() }
    }
}

fn objective(id: &str, service: &str, percent: &str) -> Objective {
    let counter = |query: &str| slo::spec::compile(query).unwrap();
    let pair = BurnPair { severity: Severity::Page, long_ms: 3_600_000, short_ms: 300_000, factor: 5.0, for_ms: 0 };
    Objective {
        id: id.to_owned(),
        name: id.to_owned(),
        title: "Orders are accepted".to_owned(),
        description: String::new(),
        service: service.to_owned(),
        product: Some("checkout".to_owned()),
        labels: Default::default(),
        percent: percent.to_owned(),
        target: Share::from_percent(percent).unwrap(),
        window: Window::Rolling { length_ms: 28 * DAY_MS },
        budgeting: Budgeting::Occurrences,
        indicator: Indicator::Events {
            side: RatioSide::Bad,
            counted: counter("requests_total{code=\"500\"}"),
            total: counter("requests_total"),
        },
        burn: Arc::new(BurnPolicy { pairs: vec![pair], ..BurnPolicy::default() }),
        options: Arc::default(),
        source: SourcePlace::default(),
    }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for objective in [objective("orders", "api", "99.9"), objective("mails", "mailer", "99")] {
        catalog.objectives.insert(objective.id.clone(), objective);
    }
    let component = |objective: &str| Component { objective: objective.to_owned(), role: Role::Own, weight: 1.0 };
    let product = Product {
        name: "checkout".to_owned(),
        title: "Checkout".to_owned(),
        product_owners: vec!["li.wei@example.com".to_owned()],
        engineering_owners: Vec::new(),
        target: Some((Share::from_percent("99.5").unwrap(), "99.5".to_owned())),
        window: Window::Rolling { length_ms: 28 * DAY_MS },
        composition: Composition {
            method: CompositionMethod::Events,
            components: vec![component("orders"), component("mails")],
        },
        informational: Vec::new(),
        burn: None,
        policy: None,
        source: SourcePlace::default(),
    };
    catalog.products.insert(product.name.clone(), product);
    for (name, product) in [("weekly", "checkout"), ("others", "search")] {
        let schedule = ReportSchedule {
            name: name.to_owned(),
            product: product.to_owned(),
            every: Every::Week,
            at: Every::Week.default_at(),
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
            language: None,
            formats: vec!["html".to_owned()],
            to: vec!["li.wei@example.com".to_owned()],
            source: SourcePlace::default(),
        };
        catalog.report_schedules.insert(name.to_owned(), schedule);
    }
    catalog.errors.push(SpecFault {
        place: SourcePlace { file: "slo/bad.yml".into(), line: 3, column: 5, ..SourcePlace::default() },
        object: Some(("SLO".to_owned(), "broken".to_owned())),
        message: "no target".to_owned(),
        drawn: String::new(),
    });
    catalog
}

/// Budgets of a shop, none of which anybody is told of.
pub(crate) fn open(store: &Arc<Store>, clock: &Arc<dyn Clock>) -> Budgets {
    let options = BudgetsOptions {
        disk: Arc::new(MemoryDisk::new()),
        dir: Path::new("data/slo/budget").to_owned(),
        salt: 6,
        clock: Arc::clone(clock),
        history: Arc::new(Shop),
        append: Arc::clone(store) as _,
        external_url: "http://localhost:9090".to_owned(),
    };
    let (budgets, _) = Budgets::open(options).unwrap();
    budgets
}

/// A server that has the catalog in force.
pub(crate) fn shop() -> crate::server::TestServer {
    let server = Setup::new().start();
    let in_force = InForce { catalog: Arc::new(catalog()), interval_ms: 30_000, ..InForce::default() };
    server.budgets.apply(in_force).unwrap();
    server
}

#[test]
fn an_slo_has_all_fields() {
    let server = shop();
    let answer = client::get(server.address, "/api/v1/slos/orders").json();
    let got = &answer["data"];
    let want = serde_json::json!({
        "id": "orders", "name": "orders", "title": "Orders are accepted", "description": "", "product": "checkout",
        "service": "api", "objective": "99.9",
        "window": {"start": "2023-10-17T22:13:20Z", "end": "2023-11-14T22:13:20Z", "rolling": true, "length": "28d"},
        "at": "2023-11-14T22:13:20Z", "unit": "events", "evaluation": "exact",
        "good": 86364, "bad": 36, "total": 86400, "sli": 86364.0 / 86400.0,
        "budget": {"allowed": 86.4, "spent": 36, "remaining": 86.4 - 36.0, "remaining_ratio": 1.0 - 36.0 / 86.4},
        "coverage": 1.0,
        "uncounted_first_values":
            [{"series": "requests_total{code=\"500\"}", "at": "2023-11-13T22:13:20Z", "value": 17}],
        "uncounted_first_values_left_out": 4,
        "burn": [{"severity": "page", "long": "1h", "short": "5m", "factor": 5.0, "long_burn": 10.0, "short_burn": 10.0,
            "firing": true, "detects_after_seconds": 18.0}],
        "forecast": got["forecast"], "state": "healthy",
    });
    assert_eq!(got, &want);
    // The last hour's 1 % outweighs an empty day: three events a minute are allowed in 28 days, and 0.6 come.
    assert_eq!(got["forecast"]["recovers_at"], Value::Null);
}

#[test]
fn a_query_that_fails_now_is_told_of_its_objective() {
    let server = shop();
    let want = serde_json::json!({"since": "2023-11-13T22:13:20Z", "query": "max(lag)", "error": "too much at once"});
    let check = |path: &str, want: &Value| {
        let data = client::get(server.address, path).json()["data"].clone();
        let shown = data.as_array().map_or(&data, |all| &all[0]);
        assert_eq!((&shown["id"], &shown["sampling_error"]), (&"mails".into(), want), "{path}");
    };
    check("/api/v1/slos", &want);
    check("/api/v1/slos/mails", &want);
    // Of the past it says nothing.
    check(&format!("/api/v1/slos/mails?time={}", NOW_MS / 1000 - 60), &Value::Null);
}

#[test]
fn lists_are_filtered_and_tell_what_could_not_be_read() {
    let server = shop();
    let check = |query: &str, want: &[&str]| {
        let answer = client::get(server.address, &format!("/api/v1/slos{query}")).json();
        let ids: Vec<&str> = answer["data"].as_array().unwrap().iter().map(|slo| slo["id"].as_str().unwrap()).collect();
        assert_eq!(ids, want, "{query}");
        assert_eq!(answer["errors"][0]["error"], "no target", "{query}");
        assert_eq!((&answer["errors"][0]["file"], &answer["errors"][0]["line"]), (&"slo/bad.yml".into(), &3.into()));
    };
    check("", &["mails", "orders"]);
    check("?service=api", &["orders"]);
    check("?product=checkout&service=mailer", &["mails"]);
    check("?product=other", &[]);
    check("?state=healthy", &["mails", "orders"]);
    check("?state=exhausted", &[]);
    // An hour before now nothing had happened yet; long before, nothing had been counted.
    check(&format!("?state=nodata&time={}", (NOW_MS - 2 * DAY_MS) / 1000), &["mails", "orders"]);
}

#[test]
fn metrics_say_how_ticks_and_counting_go() {
    let server = shop();
    let has = |line: &str| {
        let text = client::get(server.address, "/metrics").text();
        assert!(text.contains(&format!("\n{line}\n")), "{line}: {text}");
    };
    has("narthex_slo_ticks_total 0");
    server.budgets.tick();
    has("narthex_slo_ticks_total 1");
    has("narthex_slo_failures_total 3");
    has("narthex_slo_objectives 2");
    has("narthex_slo_memory_bytes 4096");
}

#[test]
fn any_instant_can_be_asked_for() {
    let server = shop();
    let at_ms = NOW_MS - 1800 * SECOND_MS;
    let slo = client::get(server.address, &format!("/api/v1/slos/orders?time={}", at_ms / 1000)).json()["data"].clone();
    assert_eq!((&slo["bad"], &slo["total"]), (&18.into(), &84_600.into()));
    assert_eq!(slo["budget"]["allowed"], 84.6);
    let path = format!("/api/v1/slos/orders/burndown?start={}&step=30m", (NOW_MS - 3600 * SECOND_MS) / 1000);
    let points = client::get(server.address, &path).json()["data"].clone();
    let bad: Vec<i64> = points.as_array().unwrap().iter().map(|point| point["bad"].as_i64().unwrap()).collect();
    assert_eq!(bad, [0, 18, 36]);
    assert_eq!(points[0]["remaining_ratio"], 1.0);
    let whole = client::get(server.address, "/api/v1/slos/orders/burndown").json()["data"].clone();
    assert_eq!(whole.as_array().unwrap().len(), 201);
}

#[test]
fn a_burn_down_has_its_marks_beside_it() {
    let server = shop();
    let mut changed = catalog();
    let repair = Adjustment {
        name: "repair".to_owned(),
        objectives: vec!["orders".to_owned()],
        first: "2023-11-14T01:00:00+00:00[UTC]".parse().unwrap(),
        length_ms: 3600 * SECOND_MS,
        rrule: None,
        reason: "agreed".to_owned(),
        source: SourcePlace::default(),
    };
    changed.adjustments.insert(repair.name.clone(), repair);
    changed.objectives.insert("orders".to_owned(), objective("orders", "api", "99.95"));
    let in_force = InForce { catalog: Arc::new(changed), interval_ms: 30_000, ..InForce::default() };
    server.budgets.apply(in_force).unwrap();
    let excluded = serde_json::json!([
        {"start": "2023-11-14T01:00:00Z", "end": "2023-11-14T02:00:00Z", "name": "repair", "reason": "agreed"}
    ]);
    let check = |path: &str, exclusions: &Value, objectives: &Value| {
        let answer = client::get(server.address, path).json();
        let marks = if answer["marks"].is_null() { &answer["data"]["marks"] } else { &answer["marks"] };
        assert_eq!((&marks["exclusions"], &marks["objectives"]), (exclusions, objectives), "{path}");
    };
    let end = (NOW_MS + 60 * SECOND_MS) / 1000;
    let stricter = serde_json::json!([{"at": "2023-11-14T22:13:20Z", "from": "99.9", "to": "99.95"}]);
    let none = serde_json::json!([]);
    check(&format!("/api/v1/slos/orders/burndown?end={end}"), &excluded, &stricter);
    check(&format!("/api/v1/slos/mails/burndown?end={end}"), &none, &none);
    check("/api/v1/products/checkout/budget?step=1d", &excluded, &none);
}

#[test]
fn products_add_up() {
    let server = shop();
    let product = client::get(server.address, "/api/v1/products/checkout").json()["data"].clone();
    assert_eq!((&product["bad"], &product["total"]), (&72.into(), &172_800.into()));
    assert_eq!(product["budget"]["allowed"], 864);
    assert_eq!(product["components"][1]["slo"], "mails");
    assert_eq!(product["components"][1]["objective"], "99");
    assert_eq!(product["burn"][2], serde_json::json!({"window": "1h", "rate": 2.0}));
    let list = client::get(server.address, "/api/v1/products").json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["errors"].as_array().unwrap().len(), 1);
    let budget = client::get(server.address, "/api/v1/products/checkout/budget?step=1d").json()["data"].clone();
    assert_eq!(budget["budget"], product["budget"]);
    assert_eq!(budget["burndown"].as_array().unwrap().len(), 29);
}

#[test]
fn schedules_say_when_the_next_report_goes_out_and_to_whom() {
    let server = shop();
    let check = |query: &str, want: &[&str]| {
        let schedules = client::get(server.address, &format!("/api/v1/reports{query}")).json()["data"].clone();
        let names: Vec<&str> =
            schedules.as_array().unwrap().iter().map(|schedule| schedule["name"].as_str().unwrap()).collect();
        assert_eq!(names, want, "{query}");
        schedules[0].clone()
    };
    check("", &["others", "weekly"]);
    check("?product=nobody", &[]);
    let want = serde_json::json!({
        "name": "weekly", "product": "checkout", "every": "week", "at": "Mon 09:00", "zone": "Asia/Shanghai",
        "language": "en", "formats": ["html"], "to": ["li.wei@example.com"],
        "next": {"due": "2023-11-20T01:00:00Z", "period": "2023-W46"}, "error": null, "waiting": [],
    });
    assert_eq!(check("?product=checkout", &["weekly"]), want);
}

#[test]
fn budgets_are_a_group_of_rules() {
    let server = shop();
    let groups = client::get(server.address, "/api/v1/rules").json()["data"]["groups"].clone();
    let group = groups.as_array().unwrap().iter().find(|group| group["name"] == "slo").unwrap();
    assert_eq!(group["rules"].as_array().unwrap().len(), 2);
    assert_eq!(group["rules"][1]["labels"], serde_json::json!({"service": "api", "slo": "orders"}));
    server.budgets.tick();
    let alerts = client::get(server.address, "/api/v1/alerts").json()["data"]["alerts"].clone();
    let slos: Vec<&str> =
        alerts.as_array().unwrap().iter().map(|alert| alert["labels"]["slo"].as_str().unwrap()).collect();
    assert_eq!(slos, ["orders"], "99 % burns once as fast as evenly");
    assert_eq!(alerts[0]["labels"]["alertname"], "SLOBurnRate");
    assert_eq!(alerts[0]["state"], "firing");
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let server = shop();
    let check = |path: &str, status: u16, want: &str| {
        let answer = client::get(server.address, path);
        assert_eq!(answer.status, status, "{path}");
        let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.contains(want), "{path}: {error}");
    };
    check("/api/v1/slos/nope", 404, "no such SLO: \"nope\"");
    check("/api/v1/slos/nope/burndown", 404, "no such SLO");
    check("/api/v1/products/nope", 404, "no such product: \"nope\"");
    check("/api/v1/slos?state=sad", 400, "one of nodata, healthy, caution, critical, exhausted");
    check("/api/v1/slos/orders?time=soon", 400, "invalid parameter \"time\"");
    check("/api/v1/slos/orders/burndown?step=0", 400, "invalid parameter \"step\"");
    check("/api/v1/slos/orders/burndown?step=1s", 400, "query_points");
    check("/api/v1/slos/orders/burndown?start=2000000000", 400, "must not be before start time");
}
