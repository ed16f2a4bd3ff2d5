//! What error budgets cost: a tick of 10,000 objectives of seven series each.
//!
//! 200 targets of 700 series are scraped every 15 s; half of the series belong to an objective each fifty a target. Ingestion is
//! not in the figures. A tick reads all of it back from the feed, counts what belongs to somebody, and then each objective is
//! asked for eight windows, as burn rates do. CPU time is that of the thread.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::storage::{Append, Batch, SeriesRef, SourceRef, Timestamps};
use model::{Clock, Labels};
use query::{Engine, EngineOptions};
use rustix::time::{ClockId, clock_gettime};
use slo::count::{Counting, Options};
use slo::history::History;
use slo::spec::{SpecFile, load};
use tsdb::{Options as StoreOptions, Progress, Store};

const N_TARGETS: usize = 200;
const N_OBJECTIVES: usize = 10_000;
const N_SERIES: usize = 7;
const N_WARM: i64 = 20;
const N_ROUNDS: i64 = 20;
const STEP_MS: i64 = 15_000;
const WINDOWS_MIN: [i64; 8] = [5, 30, 60, 120, 360, 1440, 4320, 43_200];

#[derive(Debug)]
struct ToldClock(AtomicI64);

impl Clock for ToldClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now_ms().unsigned_abs())
    }
}

struct Target {
    source: SourceRef,
    series: Vec<SeriesRef>,
    values: Vec<f64>,
}

fn target(store: &Store, number: usize) -> Target {
    let instance = format!("10.0.{}.{}:8080", number / 250, number % 250);
    let per_target = N_OBJECTIVES / N_TARGETS;
    let of_target = |name: &str, pairs: &[(&str, &str)]| {
        Labels::from_pairs(pairs.iter().copied().chain([("__name__", name), ("job", "shop"), ("instance", &instance)]))
    };
    let mut series = vec![of_target("up", &[])];
    for route in 0..per_target {
        let route = format!("/r{}", number * per_target + route);
        for code in ["200", "201", "204", "302", "404", "500", "503"] {
            series.push(of_target("http_requests_total", &[("route", &route), ("code", code)]));
            series.push(of_target("http_request_duration_seconds_sum", &[("route", &route), ("code", code)]));
        }
    }
    let source = store.open_source(&of_target("", &[]));
    let values = vec![1.0; series.len()];
    let series = store.resolve(Some(source), &series).unwrap().into_iter().map(Result::unwrap).collect();
    Target { source, series, values }
}

fn scrape(store: &Store, target: &mut Target, at_ms: i64) {
    for (number, value) in target.values.iter_mut().enumerate().skip(1) {
        *value += (number % 9) as f64;
    }
    let batch = Batch {
        source: Some(target.source),
        series: &target.series,
        timestamps: Timestamps::All(at_ms),
        values: &target.values,
        starts: &[],
        histograms: &[],
    };
    assert_eq!(store.commit(&batch).unwrap(), []);
}

fn specs() -> Vec<SpecFile> {
    let document = |number: usize| {
        format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: slo-{number}}}\nspec:\n  service: shop\n  budgetingMethod: Occurrences\n  \
             timeWindow: [{{duration: 30d, isRolling: true}}]\n  objectives: [{{target: 0.999}}]\n  indicator:\n    metadata: {{name: i-{number}}}\n    \
             spec:\n      ratioMetric:\n        counter: true\n        bad: {{metricSource: {{type: Prometheus, spec: {{query: 'http_requests_total{{route=\"/r{number}\",code=~\"5..\"}}'}}}}}}\n        \
             total: {{metricSource: {{type: Prometheus, spec: {{query: 'http_requests_total{{route=\"/r{number}\"}}'}}}}}}\n"
        )
    };
    // Files have a limit of documents.
    let numbers: Vec<usize> = (0..N_OBJECTIVES).collect();
    let file = |numbers: &[usize]| SpecFile {
        path: format!("slo/{}.yml", numbers[0]),
        text: numbers.iter().map(|number| document(*number)).collect::<Vec<_>>().join("---\n"),
    };
    numbers.chunks(100).map(file).collect()
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let clock = Arc::new(ToldClock(AtomicI64::new(1_700_000_000_000)));
    let of_store = Arc::clone(&clock) as Arc<dyn Clock>;
    let options = StoreOptions { max_ahead_ms: i64::MAX, ..StoreOptions::default() };
    let progress = Progress::default();
    let opened = Store::open(&disk, &of_store, &mut SeededRng::new(1), Path::new(dir.path()), options, &progress);
    let store = Arc::new(opened.unwrap().0);
    let mut targets: Vec<Target> = (0..N_TARGETS).map(|number| target(&store, number)).collect();
    let catalog = Arc::new(load(&specs()));
    assert_eq!((catalog.objectives.len(), catalog.errors.len()), (N_OBJECTIVES, 0), "{:?}", catalog.errors.first());
    let counting = Counting::open(Options {
        disk,
        dir: dir.path().join("slo/history"),
        clock: Arc::clone(&of_store),
        salt: 7,
        select: Arc::clone(&store) as _,
        feed: Arc::clone(&store) as _,
        engine: Arc::new(Engine::new(EngineOptions::default())),
        retention_ms: 400 * 86_400_000,
        raw_retention_ms: 15 * 86_400_000,
        scrape_interval_ms: STEP_MS,
        sample_every_ms: 60_000,
    })
    .unwrap();
    let began = cpu();
    counting.apply(Arc::clone(&catalog)).unwrap();
    println!("taking up {N_OBJECTIVES} objectives: {:?} of CPU", cpu() - began);

    let (mut ticking, mut reading, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let n_rows: usize = targets.iter().map(|target| target.series.len()).sum();
    for round in 0..N_WARM + N_ROUNDS {
        let now_ms = clock.now_ms() + STEP_MS;
        clock.0.store(now_ms, Ordering::Relaxed);
        targets.iter_mut().for_each(|target| scrape(&store, target, now_ms));
        let began = cpu();
        counting.tick();
        let ticked = cpu();
        let mut n_bad = 0.0;
        for id in catalog.objectives.keys() {
            for window_min in WINDOWS_MIN {
                n_bad += counting.counts(id, now_ms - window_min * 60_000, now_ms).bad;
            }
        }
        assert!(round < 2 || n_bad > 0.0);
        if round >= N_WARM {
            ticking += ticked - began;
            slowest = slowest.max(ticked - began);
            reading += cpu() - ticked;
        }
    }
    let n_rounds = u32::try_from(N_ROUNDS).unwrap();
    let tick = ticking / n_rounds;
    println!("a tick that reads {n_rows} rows: {tick:?} of CPU, the slowest {slowest:?} (it writes everything)");
    println!("that is {} ns a row", tick.as_nanos() / n_rows as u128);
    println!("eight windows of each objective: {:?} of CPU", reading / n_rounds);
    let standing = counting.standing();
    println!("{} bytes of memory an objective, {} series", standing.n_bytes / standing.n_objectives, standing.n_series);
    assert_eq!((standing.n_series, standing.n_failures), (N_OBJECTIVES * N_SERIES, 0));
}
