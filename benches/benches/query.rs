//! What a query costs: `sum(rate(x[5m]))` over 1,000 counters that were scraped every 15 s for an hour.
//!
//! Once at one time, and once as a panel asks for it, every 15 s of the hour; beside it the selector alone, which is what
//! reading and decoding cost, and the rates without the sum. The store is the real one, on a disk in memory.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops when it cannot go on")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use journal::Disk;
use journal::testkit::MemoryDisk;
use model::rng::SeededRng;
use model::storage::{Append, Batch, Timestamps};
use model::{Clock, Labels, Rng, SystemClock};
use query::{Engine, EngineOptions, Outcome, QueryOptions, Value};
use tsdb::{Options, Progress, Store};

const N_SERIES: usize = 1000;
const N_SCRAPES: usize = 240;
const INTERVAL_MS: i64 = 15_000;
const START_MS: i64 = 1_700_000_000_000;
const END_MS: i64 = START_MS + (N_SCRAPES as i64 - 1) * INTERVAL_MS;

/// Ten targets with a hundred counters each, most of which move.
fn filled() -> Store {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut rng = SeededRng::new(1);
    let options = Options::default();
    let (store, _) = Store::open(&disk, &clock, &mut rng, Path::new("data"), options, &Progress::default()).unwrap();
    for target in 0..N_SERIES / 100 {
        let instance = format!("10.0.0.{target}:9100");
        let sets: Vec<Labels> = (0..100).map(|i| counter(&instance, i)).collect();
        let source = store.open_source(&Labels::from_pairs([("instance", &*instance), ("job", "node")]));
        let series: Vec<_> = store.resolve(Some(source), &sets).unwrap().into_iter().map(Result::unwrap).collect();
        let mut values = vec![0.0; series.len()];
        for scrape in 0..N_SCRAPES {
            values.iter_mut().for_each(|value| *value += rng.below(1000) as f64);
            let batch = Batch {
                source: Some(source),
                series: &series,
                timestamps: Timestamps::All(START_MS + scrape as i64 * INTERVAL_MS),
                values: &values,
                starts: &[],
                histograms: &[],
            };
            assert!(store.commit(&batch).unwrap().is_empty());
        }
    }
    store
}

fn counter(instance: &str, number: usize) -> Labels {
    let (cpu, mode) = ((number / 10).to_string(), format!("mode{}", number % 10));
    let own = [("__name__", "x"), ("instance", instance), ("job", "node"), ("cpu", &*cpu), ("mode", &*mode)];
    Labels::from_pairs(own)
}

fn n_points(outcome: &Outcome) -> usize {
    match &outcome.value {
        Value::Matrix(series) => series.iter().map(|series| series.floats.len()).sum(),
        Value::Vector(samples) => samples.len(),
        _ => 1,
    }
}

fn query(criterion: &mut Criterion) {
    let store = filled();
    let engine = Engine::new(EngineOptions::default());
    let range = |text: &str| {
        let options = QueryOptions::default();
        engine.range(&store, text, (START_MS, END_MS), INTERVAL_MS, &options).unwrap()
    };
    let instant = |text: &str| engine.instant(&store, text, END_MS, &QueryOptions::default()).unwrap();
    let check = |outcome: &Outcome, points: usize| assert_eq!(n_points(outcome), points);
    check(&instant("sum(rate(x[5m]))"), 1);
    check(&range("sum(rate(x[5m]))"), N_SCRAPES - 1);
    check(&range("rate(x[5m])"), N_SERIES * (N_SCRAPES - 1));
    check(&range("x"), N_SERIES * N_SCRAPES);

    let mut group = criterion.benchmark_group("query");
    group.sample_size(20);
    group.bench_function("instant/sum_rate", |bencher| bencher.iter(|| black_box(instant("sum(rate(x[5m]))"))));
    group.throughput(Throughput::Elements((N_SERIES * N_SCRAPES) as u64));
    for (name, text) in [("sum_rate", "sum(rate(x[5m]))"), ("rate", "rate(x[5m])"), ("selector", "x")] {
        group.bench_function(format!("range/{name}"), |bencher| bencher.iter(|| black_box(range(text))));
    }
    group.finish();
}

criterion_group!(benches, query);
criterion_main!(benches);
