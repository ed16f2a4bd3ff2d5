//! What a sample costs on its way in, and what a series costs to keep.
//!
//! The head is filled with 100,000 and 1,000,000 series of scrape targets of 500 series each, labelled as node_exporter's
//! and a JVM's are, on real files. Then every target is scraped again and again: per sample, that is finding the series
//! by its reference, judging, encoding into the log, write(2), and appending to the open chunk. The same is done as a
//! remote sender would, 2,000 samples a batch of any series.
//!
//! Criterion measures the steady state; what a series costs in memory, and how fast new ones are made, is printed once.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::memory::resident_bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::storage::{Append, Batch, SeriesRef, SourceRef, Timestamps};
use model::{Clock, Labels, Rng, SystemClock};
use tsdb::{Options, Progress, Store};

const SERIES_PER_TARGET: usize = 500;
const BATCH: usize = 2000;

struct Target {
    source: SourceRef,
    series: Vec<SeriesRef>,
    values: Vec<f64>,
}

struct Load {
    store: Store,
    targets: Vec<Target>,
    rng: SeededRng,
    now_ms: i64,
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn fill(dir: &Path, n_series: usize) -> Load {
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = Options { max_ahead_ms: i64::MAX, ..Options::default() };
    let mut rng = SeededRng::new(1);
    let (store, _) = Store::open(&disk, &clock, &mut rng, dir, options, &Progress::default()).unwrap();
    let before = resident_bytes();
    let started = Instant::now();
    let targets: Vec<Target> = (0..n_series / SERIES_PER_TARGET).map(|number| target(&store, number)).collect();
    let elapsed = started.elapsed();
    let stats = store.head_stats();
    println!(
        "{n_series} series made in {elapsed:.2?}, {:.0} ns each; {:.0} B each by our count, {:.0} B resident",
        elapsed.as_nanos() as f64 / n_series as f64,
        stats.n_bytes as f64 / n_series as f64,
        (resident_bytes() - before) as f64 / n_series as f64,
    );
    let mut load = Load { store, targets, rng, now_ms: 1_700_000_000_000 };
    for _ in 0..60 {
        load.scrape_all();
    }
    println!(
        "after 60 scrapes of each: {:.0} B a series by our count, {:.0} B resident",
        load.store.head_stats().n_bytes as f64 / n_series as f64,
        (resident_bytes() - before) as f64 / n_series as f64,
    );
    load
}

fn target(store: &Store, number: usize) -> Target {
    let instance = format!("10.{}.{}.{}:9100", number >> 16 & 255, number >> 8 & 255, number & 255);
    let common =
        [("instance", &*instance), ("job", "node"), ("datacenter", "eu-west-1"), ("environment", "production")];
    let sets: Vec<Labels> = (0..SERIES_PER_TARGET)
        .map(|i| {
            let name = format!("node_metric_{}_total", i / 8);
            let (device, mode) = (format!("device{}", i % 8), format!("mode{}", i % 3));
            let own = [("__name__", &*name), ("device", &*device), ("mode", &*mode)];
            Labels::from_pairs(common.iter().chain(&own).copied())
        })
        .collect();
    let source = store.open_source(&Labels::from_pairs(common));
    let series = store.resolve(Some(source), &sets).unwrap().into_iter().map(Result::unwrap).collect();
    Target { source, series, values: vec![0.0; SERIES_PER_TARGET] }
}

impl Load {
    /// One scrape of every target: two thirds of the values stay, as node_exporter's do.
    fn scrape_all(&mut self) {
        self.now_ms += 15_000;
        for target in &mut self.targets {
            for (i, value) in target.values.iter_mut().enumerate() {
                match i % 12 {
                    0..8 => {}
                    8..11 => *value += self.rng.below(1000) as f64,
                    _ => *value = self.rng.below(100_000) as f64 / 1000.0,
                }
            }
            let batch = Batch {
                source: Some(target.source),
                series: &target.series,
                timestamps: Timestamps::All(self.now_ms),
                values: &target.values,
                starts: &[],
                histograms: &[],
            };
            assert!(self.store.commit(&batch).unwrap().is_empty());
        }
    }

    /// The same samples as a remote sender sends them.
    fn send_all(&mut self) {
        self.now_ms += 15_000;
        for targets in self.targets.chunks(BATCH / SERIES_PER_TARGET) {
            let series: Vec<_> = targets.iter().flat_map(|target| &target.series).copied().collect();
            let values: Vec<_> = targets.iter().flat_map(|target| &target.values).copied().collect();
            let times = vec![self.now_ms; series.len()];
            let timestamps = Timestamps::Each(&times);
            let batch =
                Batch { source: None, series: &series, timestamps, values: &values, starts: &[], histograms: &[] };
            assert!(self.store.commit(&batch).unwrap().is_empty());
        }
    }
}

fn append(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(5));
    for n_series in [100_000, 1_000_000] {
        let dir = tempfile::tempdir().unwrap();
        let mut load = fill(dir.path(), n_series);
        group.throughput(Throughput::Elements(n_series as u64));
        group.bench_function(BenchmarkId::new("scrape", n_series), |bencher| bencher.iter(|| load.scrape_all()));
        group.bench_function(BenchmarkId::new("remote", n_series), |bencher| bencher.iter(|| load.send_all()));
    }
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
