//! Pyrra's generic rules of its own tests, evaluated over made-up series, against what is written in their place.

use std::path::PathBuf;
use std::sync::Arc;

use journal::testkit::MemoryDisk;
use model::sample::Value as SampleValue;
use model::{Labels, Matcher};
use query::{Engine, EngineOptions, QueryOptions, Value};

use crate::budget::testkit::ToldStore;
use crate::budget::{Budgets, BudgetsOptions, InForce, series_text};
use crate::count::test_kit::{Bench, MINUTE};
use crate::export::rule::{Made, Rule};
use crate::pyrra::{self, Metric, RuleOptions, Sli, Slo};
use crate::spec::{Catalog, SpecFile, load};
use crate::suites;

/// How long samples are taken.
const N_MINUTES: i64 = 120;

/// Labels that one series of a metric has: each matcher's value, or the first word that satisfies it.
fn labels_of(metric: &Metric, more: &[Matcher]) -> Labels {
    const WORDS: [&str; 7] = ["500", "200", "Internal", "POST", "LIST", "OK", ""];
    let value = |matcher: &Matcher| {
        let word = [matcher.value()].into_iter().chain(WORDS).find(|word| matcher.matches(word));
        (matcher.name().to_owned(), word.unwrap_or_else(|| panic!("{matcher}")).to_owned())
    };
    let pairs: Vec<(String, String)> = metric.all_matchers().iter().chain(more).map(value).collect();
    Labels::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// What each series grows by in a minute.
fn growing(sli: &Sli) -> Vec<(Labels, f64)> {
    match sli {
        Sli::Ratio { errors, total } if errors.name == total.name => {
            let tells = errors.matchers.iter().filter(|matcher| !total.matchers.contains(matcher));
            let good: Vec<Matcher> = tells.map(|matcher| Matcher::equal(matcher.name(), "OK")).collect();
            vec![(labels_of(errors, &[]), 3.0), (labels_of(total, &good), 397.0)]
        }
        Sli::Ratio { errors, total } => vec![(labels_of(errors, &[]), 3.0), (labels_of(total, &[]), 400.0)],
        Sli::Latency { success, total } => {
            let bound: f64 = success.value_of("le").unwrap().parse().unwrap();
            // Pyrra's rules ask for the bound as it is written, and narthex for the one that is stored.
            let written = labels_of(success, &[]);
            let canonical = written.to_builder().set("le", &format!("{bound:?}")).build();
            let mut series = vec![(written.clone(), 390.0), (labels_of(total, &[]), 400.0)];
            series.extend((canonical != written).then_some((canonical, 390.0)));
            series
        }
        Sli::LatencyNative { .. } | Sli::BoolGauge { .. } => Vec::new(),
    }
}

/// The value of a rule at a time, with its labels.
fn evaluated(rule: &Rule, bench: &Bench, at_ms: i64) -> Vec<(Labels, f64)> {
    let Made::Record(name) = &rule.made else { return Vec::new() };
    let engine = Engine::new(EngineOptions { n_threads: 1, ..EngineOptions::default() });
    let outcome = engine.instant(&*bench.store, &rule.expr, at_ms, &QueryOptions::default()).unwrap();
    let samples = match outcome.value {
        Value::Scalar { value, .. } => vec![(Labels::empty(), value)],
        Value::Vector(samples) => samples
            .into_iter()
            .map(|sample| match sample.value {
                SampleValue::Float(value) => (sample.labels, value),
                SampleValue::Histogram(_) => panic!("{} is a histogram", rule.expr),
            })
            .collect(),
        other => panic!("{}: {other:?}", rule.expr),
    };
    let named = |(labels, value): (Labels, f64)| {
        let mut labels = labels.to_builder();
        labels.set("__name__", name);
        for (name, value) in &rule.labels {
            labels.set(name, value);
        }
        (labels.build(), value)
    };
    samples.into_iter().map(named).collect()
}

/// Commits what was measured, and answers the time of the last sample.
fn measured(slo: &Slo, bench: &Bench) -> i64 {
    for minute in 0..=N_MINUTES {
        let mut samples: Vec<(Labels, f64)> =
            growing(&slo.sli).into_iter().map(|(labels, growth)| (labels, growth * minute as f64)).collect();
        if let Sli::BoolGauge { metric } = &slo.sli {
            let of = |instance: &str| labels_of(metric, &[Matcher::equal("instance", instance)]);
            samples = vec![(of("a"), 1.0), (of("b"), f64::from(u8::from(minute % 10 != 0)))];
        }
        bench.commit(minute * MINUTE, &samples);
        bench.set_now(minute * MINUTE);
    }
    N_MINUTES * MINUTE
}

/// What narthex writes of a catalog.
fn written(catalog: &Arc<Catalog>, bench: &Bench) -> Arc<ToldStore> {
    let counting = Arc::new(bench.counting());
    counting.apply(Arc::clone(catalog)).unwrap();
    counting.tick();
    let store = Arc::new(ToldStore::default());
    let options = BudgetsOptions {
        disk: Arc::new(MemoryDisk::new()),
        dir: PathBuf::from("data/slo/budget"),
        salt: 1,
        clock: Arc::clone(&bench.clock) as _,
        history: counting,
        append: Arc::clone(&store) as _,
        external_url: String::new(),
    };
    let (budgets, _) = Budgets::open(options).unwrap();
    budgets.apply(InForce { catalog: Arc::clone(catalog), interval_ms: 30_000, ..InForce::default() }).unwrap();
    assert_eq!(budgets.tick().errors, [""; 0]);
    store
}

#[test]
fn generic_series_are_pyrras() {
    let Some(index) = suites::text("pyrra/index.yaml") else { return };
    let index = suites::yaml(&index);
    let (mut n_series, mut n_values) = (0, 0);
    for case in index["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "generic") {
        let text = suites::text(&format!("pyrra/{}", case["input"].as_str().unwrap())).unwrap();
        let catalog = Arc::new(load(&[SpecFile { path: "a.yml".to_owned(), text: text.clone() }]));
        let slo = pyrra::parse(&model::yaml::Document::parse(&text).unwrap()).slo.unwrap();
        let bench = Bench::new();
        let at_ms = measured(&slo, &bench);
        let store = written(&catalog, &bench);
        let names: Vec<String> = store.names().into_iter().filter(|name| name.starts_with("pyrra_")).collect();
        // The rules are those of Pyrra's tests: `rules_are_pyrras` says so.
        let Ok(rules) = pyrra::generic(&slo, &RuleOptions::default()) else {
            assert_eq!(names, [""; 0], "{}", case["case"]);
            continue;
        };
        n_series += rules.rules.len();
        if matches!(slo.sli, Sli::LatencyNative { .. }) {
            // Nothing was measured: what is promised is said all the same.
            assert_eq!((names.len(), rules.rules.len()), (2, 3), "{names:?}");
            continue;
        }
        assert_eq!(names.len(), rules.rules.len(), "{names:?}");
        for rule in &pyrra::increases(&slo, &RuleOptions::default()).rules {
            bench.commit(at_ms, &evaluated(rule, &bench, at_ms));
        }
        for rule in &rules.rules {
            let [(labels, want)] = &evaluated(rule, &bench, at_ms)[..] else { panic!("{rule:?}") };
            let series = series_text(labels);
            let got = store.value(&series).unwrap_or_else(|| panic!("{series} is not among {names:#?}"));
            assert!((got - want).abs() <= 1e-9 * want.abs(), "{}: {series}: {got}, and {want} in Pyrra", case["case"]);
            n_values += 1;
        }
    }
    assert_eq!((n_series, n_values), (43, 40));
}
