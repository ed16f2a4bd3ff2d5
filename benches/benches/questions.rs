//! What the questions of `compare` that read ranges of full doubles cost in the engine, without HTTP.
//!
//! The load is that of `benches::payload`: 64,500 series of 215 hosts over an hour. Each question is asked of samples that
//! lie in the head, and of the same samples in a sealed block.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops when it cannot go on")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use benches::payload::{Grid, Payload, SERIES_PER_HOST, STEP_MS};
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::storage::{Append, Batch, Timestamps};
use model::{Clock, Labels, SystemClock};
use query::{Engine, EngineOptions, Outcome, QueryOptions, Value};
use tsdb::{Options, Progress, Store};

const N_HOSTS: usize = 215;
const N_STEPS: usize = 240;
const FIRST_MS: i64 = 1_700_000_000_000 / STEP_MS * STEP_MS;
const END_MS: i64 = FIRST_MS + N_STEPS as i64 * STEP_MS;

const QUESTIONS: [(&str, &str); 3] = [
    ("avg", "avg(node_memory_area_3_bytes)"),
    ("max_over_time", "sum(max_over_time(jvm_requests_4_one_minute_rate[30m]))"),
    ("one_series", "node_load_8{instance=\"host-00007.example.org:9100\"}"),
];

fn filled(dir: &Path) -> Store {
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut rng = SeededRng::new(1);
    let (store, _) = Store::open(&disk, &clock, &mut rng, dir, Options::default(), &Progress::default()).unwrap();
    let payload = Payload::new(1, N_HOSTS, Grid { first_ms: FIRST_MS, step_ms: STEP_MS, n_steps: N_STEPS });
    for host in 0..N_HOSTS {
        let sets: Vec<Labels> = (0..SERIES_PER_HOST).map(|series| payload.labels(host, series)).collect();
        let source = store.open_source(&Labels::from_pairs([("instance", &*benches::payload::instance(host))]));
        let series: Vec<_> = store.resolve(Some(source), &sets).unwrap().into_iter().map(Result::unwrap).collect();
        for (step, time_ms) in payload.times(host).iter().enumerate() {
            let values: Vec<f64> = (0..SERIES_PER_HOST).map(|series| payload.values(host, series)[step]).collect();
            let timestamps = Timestamps::All(*time_ms);
            let batch = Batch {
                source: Some(source),
                series: &series,
                timestamps,
                values: &values,
                starts: &[],
                histograms: &[],
            };
            assert!(store.commit(&batch).unwrap().is_empty());
        }
    }
    store
}

fn n_points(outcome: &Outcome) -> usize {
    match &outcome.value {
        Value::Matrix(series) => series.iter().map(|series| series.floats.len()).sum(),
        _ => 0,
    }
}

fn ask(group: &mut BenchmarkGroup<'_, WallTime>, store: &Store, place: &str) {
    let engine = Engine::new(EngineOptions::default());
    for (name, text) in QUESTIONS {
        let range = || {
            let options = QueryOptions::default();
            engine.range(store, text, (FIRST_MS, END_MS), STEP_MS, &options).unwrap()
        };
        assert!(n_points(&range()) >= N_STEPS, "{name}");
        group.bench_function(format!("{place}/{name}"), |bencher| bencher.iter(|| black_box(range())));
    }
}

fn questions(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let mut group = criterion.benchmark_group("questions");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    ask(&mut group, &store, "head");
    store.seal(END_MS + STEP_MS).unwrap();
    ask(&mut group, &store, "block");
    group.finish();
}

criterion_group!(benches, questions);
criterion_main!(benches);
