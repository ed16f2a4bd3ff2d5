//! Budgets at work, from ticks to what is told, over restarts and reloads.

use std::sync::Arc;

use model::sample::is_stale;

use super::testkit::{Bench, DAY_MS, HOUR_MS, MINUTE_MS, catalog, composition, objective, product};
use super::{InForce, State};
use crate::report::Language;
use crate::spec::{CompositionMethod, Indicator, LowTraffic, NoDataAlert, Severity};

const NOW_MS: i64 = 1_700_000_000_000;

/// For an hour a hundred events a minute, so many of them bad in the last minutes.
fn traffic(bench: &Bench, id: &str, bad: &[f64]) {
    for minute in 0..60 {
        let bad = bad.get(minute as usize).copied().unwrap_or(0.0);
        bench.history.count(id, NOW_MS - minute * MINUTE_MS, bad, 100.0);
    }
}

#[test]
fn an_alert_fires_at_the_tick_that_sees_the_sample_and_ends_when_it_is_over() {
    let bench = Bench::new(NOW_MS - DAY_MS);
    bench.apply(catalog(vec![objective("orders", "99.9")], Vec::new()));
    traffic(&bench, "orders", &[]);
    bench.tick(NOW_MS);
    assert_eq!(bench.sink.told(), []);
    // 100 of 6100 in an hour is 16.4 times the even pace of 99.9 %.
    bench.history.count("orders", NOW_MS + MINUTE_MS, 100.0, 100.0);
    bench.tick(NOW_MS + MINUTE_MS);
    let told = bench.sink.told();
    let want =
        "{alertname=\"SLOBurnRate\", long=\"1h\", service=\"api\", severity=\"page\", short=\"5m\", slo=\"orders\"}";
    assert_eq!(told.iter().map(|alert| alert.labels.to_string()).collect::<Vec<_>>(), [want]);
    assert_eq!((told[0].starts_at_ms, told[0].ends_at_ms), (NOW_MS + MINUTE_MS, None));
    assert_eq!(told[0].annotations.get("summary"), Some("orders: the error budget burns 16.7 times as fast as it may"));
    let description = told[0].annotations.get("description").unwrap();
    assert!(description.starts_with("The error budget of 99.9 % over 28d is overspent by 1539 %."), "{description}");
    assert_eq!(told[0].generator_url, "http://narthex/slos?id=orders");
    assert_eq!(bench.budgets.firing(), [("orders".to_owned(), "page".to_owned())]);
    let alerts = "ALERTS{alertname=\"SLOBurnRate\", alertstate=\"firing\", long=\"1h\", service=\"api\", severity=\"page\", \
                  short=\"5m\", slo=\"orders\"}";
    assert_eq!(bench.store.value(alerts), Some(1.0));
    // Five minutes later the short window has forgotten it.
    bench.history.count("orders", NOW_MS + 7 * MINUTE_MS, 0.0, 100.0);
    bench.tick(NOW_MS + 7 * MINUTE_MS);
    let told = bench.sink.told();
    assert_eq!(told.iter().map(|alert| alert.ends_at_ms).collect::<Vec<_>>(), [Some(NOW_MS + 7 * MINUTE_MS)]);
    assert!(bench.store.value(alerts).is_some_and(is_stale));
}

#[test]
fn alerts_say_in_the_language_of_the_configuration_what_is_left_and_show_how_it_went() {
    let bench = Bench::new(NOW_MS - DAY_MS);
    let mut orders = objective("orders", "99.9");
    orders.title = "订单被接受".to_owned();
    let in_force = InForce {
        catalog: catalog(vec![orders], Vec::new()),
        interval_ms: 30_000,
        language: Language::Chinese,
        ..InForce::default()
    };
    bench.budgets.apply(in_force).unwrap();
    // Of 300,000 events 300 may be bad.
    bench.history.count("orders", NOW_MS - DAY_MS, 0.0, 294_000.0);
    traffic(&bench, "orders", &[100.0]);
    bench.tick(NOW_MS);
    let told = bench.sink.told();
    let said = |name: &str| told[0].annotations.get(name).unwrap().to_owned();
    assert_eq!(said("summary"), "订单被接受：错误预算的消耗速度是允许值的 16.7 倍");
    assert!(
        said("description").starts_with("28d 内 99.9 % 的错误预算还剩 66.7 %（300 中剩 200）。"),
        "{}",
        said("description")
    );
    assert_eq!(said("budget_remaining"), "66.7 %");
    assert!(said("budget_forecast").starts_with("按目前的速度，"), "{}", said("budget_forecast"));
    let chart = bench.budgets.picture("orders", NOW_MS).unwrap();
    let left = &chart.series[0].values;
    assert_eq!((left.len(), left[0]), (chart.n_steps, Some(1.0)));
    assert!((left[left.len() - 1].unwrap() - 2.0 / 3.0).abs() < 1e-9, "{left:?}");
    assert_eq!(chart.from_ms + chart.step_ms * (chart.n_steps as i64 - 1), NOW_MS);
    assert_eq!(chart.title, "剩余错误预算 · 订单被接受");
    assert!(bench.budgets.picture("baskets", NOW_MS).is_none());
}

#[test]
fn what_fires_goes_on_over_a_kill() {
    let bench = Bench::new(NOW_MS - DAY_MS);
    bench.apply(catalog(vec![objective("orders", "99.9")], Vec::new()));
    traffic(&bench, "orders", &[100.0]);
    bench.tick(NOW_MS);
    assert_eq!(bench.sink.told().len(), 1);
    let bench = bench.restarted();
    // There are no samples of this run yet, and the last ones have left the short window: it ends all the same not.
    bench.tick(NOW_MS + 4 * MINUTE_MS);
    let again = bench.sink.told();
    assert_eq!(again.iter().map(|alert| (alert.starts_at_ms, alert.ends_at_ms)).collect::<Vec<_>>(), [(NOW_MS, None)]);
    let group = bench.budgets.group().unwrap();
    assert_eq!((group.name.as_str(), group.rules.len()), ("slo", 1));
    bench.history.count("orders", NOW_MS + 6 * MINUTE_MS, 0.0, 100.0);
    bench.tick(NOW_MS + 6 * MINUTE_MS);
    assert_eq!(bench.sink.told()[0].ends_at_ms, Some(NOW_MS + 6 * MINUTE_MS));
    let bench = bench.restarted();
    bench.tick(NOW_MS + 7 * MINUTE_MS);
    assert_eq!(bench.sink.told()[0].ends_at_ms, Some(NOW_MS + 6 * MINUTE_MS), "told again, as it was");
}

#[test]
fn few_events_are_told_as_what_the_policy_says() {
    let bench = Bench::new(NOW_MS - DAY_MS);
    let mut quiet = objective("orders", "99.9");
    Arc::make_mut(&mut quiet.burn).low_traffic =
        Some(LowTraffic { min_bad_events: 5, confidence: 0.95, otherwise: Severity::Ticket });
    bench.apply(catalog(vec![quiet], Vec::new()));
    // One failure of sixty requests in an hour.
    (0..60).for_each(|minute| bench.history.count("orders", NOW_MS - minute * MINUTE_MS, f64::from(minute == 0), 1.0));
    bench.tick(NOW_MS);
    let told = bench.sink.told();
    assert_eq!(told[0].labels.get("severity"), Some("ticket"));
    let description = told[0].annotations.get("description").unwrap();
    assert!(description.ends_with("Only 1 bad events made it, so this is told as a ticket."), "{description}");
    let burn = &bench.budgets.status("orders", None).unwrap().burn[0];
    assert_eq!((burn.firing, burn.told_as.as_deref()), (true, Some("ticket")));
    assert_eq!(burn.confidence.map(|confidence| confidence.enough), Some(5));
}

#[test]
fn missing_data_are_told_after_as_long_as_an_outage_would_be() {
    let bench = Bench::new(NOW_MS - DAY_MS);
    let mut watched = objective("orders", "99");
    Arc::make_mut(&mut watched.burn).no_data =
        Some(NoDataAlert { after_ms: None, severity: Severity::Page, name: None });
    bench.apply(catalog(vec![watched], Vec::new()));
    traffic(&bench, "orders", &[]);
    // At 99 % a total outage is told after 518 seconds.
    bench.tick(NOW_MS + 518_000);
    assert_eq!(bench.sink.told(), []);
    assert_eq!(bench.budgets.status("orders", None).unwrap().state, State::Healthy);
    bench.tick(NOW_MS + 519_000);
    let told = bench.sink.told();
    assert_eq!(told[0].labels.get("alertname"), Some("SLONoData"));
    assert_eq!(
        (told[0].annotations.get("budget_remaining"), told[0].annotations.get("budget_forecast")),
        (Some("100 %"), None)
    );
    let status = bench.budgets.status("orders", None).unwrap();
    assert_eq!(
        (status.state, status.total.0, status.at.0),
        (State::NoData, 6000.0, NOW_MS),
        "the numbers are still shown"
    );
    // A start is no reason to say that nothing was measured.
    let bench = bench.restarted();
    bench.tick(NOW_MS + 700_000);
    assert_eq!(bench.sink.told()[0].ends_at_ms, None, "what fired goes on");
    bench.history.count("orders", NOW_MS + 720_000, 0.0, 100.0);
    bench.tick(NOW_MS + 720_000);
    assert_eq!(bench.sink.told()[0].ends_at_ms, Some(NOW_MS + 720_000));
}

#[test]
fn a_target_that_is_changed_leaves_the_past_as_it_was() {
    let bench = Bench::new(NOW_MS - HOUR_MS);
    bench.apply(catalog(vec![objective("orders", "99")], Vec::new()));
    traffic(&bench, "orders", &[]);
    bench.tick(NOW_MS);
    let before = bench.budgets.status("orders", Some(NOW_MS)).unwrap();
    assert_eq!(before.budget.allowed.0, 60.0);
    bench.apply(catalog(vec![objective("orders", "99.9")], Vec::new()));
    let bench = bench.restarted();
    assert_eq!(bench.budgets.status("orders", Some(NOW_MS)).unwrap(), before);
    bench.history.count("orders", NOW_MS + HOUR_MS, 3.0, 1000.0);
    let after = bench.budgets.status("orders", Some(NOW_MS + HOUR_MS)).unwrap();
    assert_eq!((after.objective.as_str(), after.budget.allowed.0, after.budget.spent.0), ("99.9", 61.0, 3.0));
}

#[test]
fn composites_are_taken_together_by_their_method() {
    let check = |method: CompositionMethod, want: (f64, f64), want_unit: &str| {
        let bench = Bench::new(NOW_MS);
        let both = composition(method, &[("front", 1.0), ("back", 3.0)]);
        let objectives = vec![objective("front", "99"), objective("back", "90")];
        bench.apply(catalog(objectives, vec![product("shop", Some("95"), both)]));
        // Two minutes that end on whole ones: both measured, then only the front.
        let end_ms = NOW_MS.div_euclid(MINUTE_MS) * MINUTE_MS;
        bench.history.count("front", end_ms - MINUTE_MS, 10.0, 100.0);
        bench.history.count("back", end_ms - MINUTE_MS, 5.0, 50.0);
        bench.history.count("front", end_ms, 1.0, 100.0);
        bench.tick(end_ms + 1000);
        for _ in 0..2 {
            let status = bench.budgets.product("shop", Some(end_ms + 1000)).unwrap();
            let got = (status.bad.0, status.total.0);
            assert!((got.0 - want.0).abs() < 1e-9 && got.1 == want.1, "{method:?}: {got:?}");
            assert_eq!(status.unit, want_unit, "{method:?}");
            // From kept slices and without them alike.
            bench.apply(bench.budgets.catalog());
        }
    };
    check(CompositionMethod::Events, (16.0, 250.0), "events");
    // (5.5 + 3·1) / 4 times what 95 % allows, of 250 events.
    check(CompositionMethod::WeightedBurn, (8.5 / 4.0 * 0.05 * 250.0, 250.0), "events");
    // In the second minute 1 % is just what 99 % allows.
    check(CompositionMethod::AnyBad, (1.0, 2.0), "slices");
    check(CompositionMethod::Series, (1.0 - 0.9 * 0.9 + 0.01, 2.0), "slices");
}

#[test]
fn kept_slices_are_those_that_are_counted_anew() {
    let bench = Bench::new(NOW_MS);
    let both = || composition(CompositionMethod::Series, &[("front", 1.0), ("back", 1.0)]);
    let objectives = || vec![objective("front", "99"), objective("back", "90")];
    bench.apply(catalog(objectives(), vec![product("shop", None, both())]));
    for minute in 0..3000 {
        let at_ms = NOW_MS + minute * MINUTE_MS / 2;
        bench.history.count("front", at_ms, f64::from(minute % 7 == 0), 10.0);
        // Some of them come ten minutes late.
        bench.history.count("back", at_ms - (minute % 11) * MINUTE_MS, f64::from(minute % 13 == 0), 20.0);
        if minute % 3 == 0 {
            bench.tick(at_ms);
        }
    }
    let end_ms = NOW_MS + 1500 * MINUTE_MS;
    bench.tick(end_ms);
    let kept = bench.budgets.product("shop", Some(end_ms)).unwrap();
    bench.apply(bench.budgets.catalog());
    let anew = bench.budgets.product("shop", Some(end_ms)).unwrap();
    assert!(kept.total.0 > 1400.0 && (kept.bad.0 - anew.bad.0).abs() < 1e-6, "{} {}", kept.bad.0, anew.bad.0);
    assert_eq!((kept.total, kept.objective.as_str()), (anew.total, "89.1"));
    let points = bench.budgets.product_points("shop", &[end_ms - HOUR_MS, end_ms]).unwrap();
    assert!((points[1].bad.0 - anew.bad.0).abs() < 1e-6 && points[1].total == anew.total);
}

#[test]
fn composites_within_composites_end() {
    let bench = Bench::new(NOW_MS);
    let mut round = objective("round", "99");
    round.indicator = Indicator::Composite(composition(CompositionMethod::Events, &[("round", 1.0), ("front", 1.0)]));
    bench.apply(catalog(vec![round, objective("front", "99")], Vec::new()));
    bench.history.count("front", NOW_MS, 1.0, 10.0);
    bench.tick(NOW_MS);
    let status = bench.budgets.status("round", None).unwrap();
    assert_eq!((status.evaluation, status.bad.0), ("composite", 9.0));
}

#[test]
fn series_are_written_under_our_names_and_sloths() {
    let bench = Bench::new(NOW_MS);
    bench.apply(catalog(vec![objective("orders", "99.9")], Vec::new()));
    traffic(&bench, "orders", &[3.0]);
    bench.tick(NOW_MS);
    let check = |series: &str, want: f64| {
        let got =
            bench.store.value(series).unwrap_or_else(|| panic!("{series} is not among {:#?}", bench.store.names()));
        assert!((got - want).abs() < 1e-12, "{series}: {got}");
    };
    check("slo_objective_ratio{service=\"api\", slo=\"orders\"}", 0.999);
    check("slo_sli_ratio{service=\"api\", slo=\"orders\", window=\"28d\"}", 0.9995);
    check("slo_sli_ratio{service=\"api\", slo=\"orders\", window=\"5m\"}", 0.994);
    check("slo_events_total{result=\"bad\", service=\"api\", slo=\"orders\"}", 3.0);
    check("slo_events_total{result=\"good\", service=\"api\", slo=\"orders\"}", 5997.0);
    check("slo_error_budget_remaining_ratio{service=\"api\", slo=\"orders\"}", 0.5);
    check("slo_burn_rate{service=\"api\", slo=\"orders\", window=\"1h\"}", 0.5);
    check("slo_coverage_ratio{service=\"api\", slo=\"orders\"}", 1.0);
    check("slo_state{service=\"api\", slo=\"orders\", state=\"caution\"}", 1.0);
    check("slo_state{service=\"api\", slo=\"orders\", state=\"healthy\"}", 0.0);
    let sloth = "sloth_id=\"api-orders\", sloth_service=\"api\", sloth_slo=\"orders\"";
    check(&format!("slo:sli_error:ratio_rate5m{{{sloth}, sloth_window=\"5m\"}}"), 0.006);
    check(&format!("slo:error_budget:ratio{{{sloth}}}"), 0.001);
    check(&format!("slo:period_error_budget_remaining:ratio{{{sloth}}}"), 0.5);
    check(&format!("slo:time_period:days{{{sloth}}}"), 28.0);
    check("pyrra_objective{slo=\"orders\"}", 0.999);
    check("pyrra_window{slo=\"orders\"}", 2_419_200.0);
    check("pyrra_availability{slo=\"orders\"}", 0.9995);
    check("pyrra_errors:rate5m{slo=\"orders\"}", 3.0 / 300.0);
    check("pyrra_requests:rate5m{slo=\"orders\"}", 500.0 / 300.0);
}

#[test]
fn groups_are_told_apart_by_their_labels_and_no_series_is_written_twice() {
    let bench = Bench::new(NOW_MS);
    let group = |id: &str, handler: &str| {
        let mut group = objective(id, "99.9");
        "orders".clone_into(&mut group.name);
        let options = Arc::make_mut(&mut group.options);
        options.group_by = vec!["handler".to_owned()];
        options.group = [("handler".to_owned(), handler.to_owned())].into();
        Arc::make_mut(&mut group.burn).has_exhaustion_label = true;
        group
    };
    let mut twin = objective("twin", "99");
    "orders".clone_into(&mut twin.name);
    let objectives = vec![group("orders{a}", "/a"), group("orders{b}", "/b"), objective("orders", "99.9"), twin];
    bench.apply(catalog(objectives, Vec::new()));
    traffic(&bench, "orders{b}", &[100.0]);
    bench.tick(NOW_MS);
    let names = bench.store.names();
    let is_there = |series: &str| names.iter().any(|name| name == series);
    assert!(is_there("slo_objective_ratio{handler=\"/b\", service=\"api\", slo=\"orders{b}\"}"), "{names:#?}");
    let sloth = "sloth_id=\"api-orders\", sloth_service=\"api\", sloth_slo=\"orders\"";
    assert!(is_there(&format!("slo:objective:ratio{{handler=\"/a\", {sloth}}}")), "{names:#?}");
    // Of two of one name the first has Sloth's series.
    assert_eq!(bench.store.value(&format!("slo:objective:ratio{{{sloth}}}")), Some(0.999));
    assert!(!names.iter().any(|name| name.starts_with("pyrra_") && name.contains("orders{")), "{names:#?}");
    let told = bench.sink.told();
    let label = |name: &str| told[0].labels.get(name);
    assert_eq!((label("slo"), label("handler")), (Some("orders{b}"), Some("/b")));
    // 28 days at 14.4 times the pace.
    assert_eq!(label("exhaustion"), Some("1d22h40m"));
    assert_eq!(bench.budgets.status("orders{b}", None).unwrap().group["handler"], "/b");
}

#[test]
fn names_that_rules_record_are_left_to_them_and_what_is_gone_ends() {
    let bench = Bench::new(NOW_MS);
    let recorded = ["slo:error_budget:ratio".to_owned()].into();
    let catalog_of_orders = catalog(vec![objective("orders", "99.9")], Vec::new());
    let in_force = InForce { catalog: catalog_of_orders, interval_ms: 1, recorded, ..InForce::default() };
    bench.budgets.apply(in_force).unwrap();
    bench.history.count("orders", NOW_MS, 0.0, 1.0);
    bench.tick(NOW_MS);
    let names = bench.store.names();
    assert!(names.iter().any(|name| name.starts_with("slo:objective:ratio")), "{names:#?}");
    assert!(!names.iter().any(|name| name.starts_with("slo:error_budget:ratio")));
    bench.apply(catalog(Vec::new(), Vec::new()));
    bench.tick(NOW_MS + 1);
    assert!(names.iter().all(|name| bench.store.value(name).is_some_and(is_stale)));
    assert!(bench.budgets.group().is_none() && bench.budgets.status("orders", None).is_none());
}

#[test]
fn nothing_counted_is_a_whole_budget() {
    let bench = Bench::new(NOW_MS);
    let untold = crate::spec::Objective { burn: Arc::default(), ..objective("orders", "99.9") };
    bench.apply(catalog(vec![untold], Vec::new()));
    bench.tick(NOW_MS);
    let status = bench.budgets.status("orders", None).unwrap();
    assert_eq!((status.sli, status.budget.spent.0, status.budget.remaining_ratio), (None, 0.0, Some(1.0)));
    assert_eq!((status.state, status.coverage, status.at.0), (State::NoData, None, NOW_MS));
}

#[test]
fn a_product_tells_of_its_own_budget_where_it_is_asked_to() {
    let bench = Bench::new(NOW_MS - DAY_MS);
    let burn = objective("orders", "99.9").burn;
    let quiet = |id: &str| crate::spec::Objective { burn: Arc::default(), ..objective(id, "99.9") };
    let both = || composition(CompositionMethod::Events, &[("front", 1.0), ("back", 1.0)]);
    let shop = crate::spec::Product { burn: Some(burn), ..product("shop", Some("99.9"), both()) };
    bench.apply(catalog(vec![quiet("front"), quiet("back")], vec![shop, product("other", Some("99.9"), both())]));
    traffic(&bench, "front", &[200.0]);
    traffic(&bench, "back", &[]);
    bench.tick(NOW_MS);
    let told = bench.sink.told();
    let want = "{alertname=\"SLOBurnRate\", long=\"1h\", product=\"shop\", severity=\"page\", short=\"5m\"}";
    assert_eq!(told.iter().map(|alert| alert.labels.to_string()).collect::<Vec<_>>(), [want]);
    assert_eq!(told[0].annotations.get("summary"), Some("shop: the error budget burns 16.7 times as fast as it may"));
    assert_eq!(told[0].generator_url, "http://narthex/products?name=shop");
    assert_eq!(bench.budgets.product("shop", None).unwrap().firing, ["page"]);
    assert_eq!(bench.budgets.product("other", None).unwrap().firing, [""; 0]);
    let rate = bench.store.value("slo_product_burn_rate{product=\"shop\", window=\"1h\"}").unwrap();
    assert!((rate - 200.0 / 12_000.0 / 0.001).abs() < 1e-9, "{rate}");
    let rules = bench.budgets.group().unwrap().rules;
    let want = "(slo_product_burn_rate{product=\"shop\",window=\"1h\"} > 14.4 and ignoring(window) \
                slo_product_burn_rate{product=\"shop\",window=\"5m\"} > 14.4)";
    assert_eq!(rules.iter().map(|rule| rule.query.as_str()).collect::<Vec<_>>(), [want]);
    // It survives a kill, and ends.
    let bench = bench.restarted();
    bench.history.count("front", NOW_MS + 7 * MINUTE_MS, 0.0, 100.0);
    bench.tick(NOW_MS + 7 * MINUTE_MS);
    assert_eq!(bench.sink.told()[0].ends_at_ms, Some(NOW_MS + 7 * MINUTE_MS));
}

#[test]
fn what_would_be_left_without_what_failed_upstream() {
    let check = |method: CompositionMethod| {
        let bench = Bench::new(NOW_MS);
        let mut shop = product("shop", Some("90"), composition(method, &[("own", 1.0), ("upstream", 1.0)]));
        shop.composition.components[1].role = crate::spec::Role::Upstream;
        bench.apply(catalog(vec![objective("own", "99"), objective("upstream", "99")], vec![shop]));
        for minute in 0..100 {
            bench.history.count("own", NOW_MS + minute * MINUTE_MS, f64::from(u8::from(minute == 5)), 10.0);
            bench.history.count("upstream", NOW_MS + minute * MINUTE_MS, 5.0, 10.0);
        }
        bench.tick(NOW_MS + 99 * MINUTE_MS);
        let left = bench.budgets.product("shop", None).unwrap().budget.remaining_ratio.unwrap();
        let found = crate::gate::Budgets::upstream(&bench.budgets, "shop").unwrap();
        assert!(left < 0.0, "{method:?}: {left}");
        assert!(found.remaining_without.is_some_and(|without| without > 0.9), "{method:?}: {found:?}");
        assert_eq!(found.objectives, ["upstream"], "{method:?}");
        assert_eq!(crate::gate::Budgets::upstream(&bench.budgets, "other"), None);
    };
    check(CompositionMethod::Events);
    check(CompositionMethod::Series);
}
