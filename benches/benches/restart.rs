//! How long a start takes after kill -9, and what a series costs in memory then.
//!
//! Each case fills a store in a process of its own, which ends without a word, and opens it in another: from there on, until a
//! first selection is answered. The cases are the two bars of the project:
//!
//! - `written`: 64,600 series by remote write, 239 samples each, checkpoints made when they are due;
//! - `tail`: 1,000,000 series of scrape targets, a checkpoint, and then 20 scrapes of each.
//!
//! `NARTHEX_RESTART_SERIES` divides both numbers of series by what it says, for a machine that is small or in a hurry.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use benches::memory::resident_bytes;
use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::storage::{Append, Batch, Select, SelectHints, SeriesRef, SourceRef, Tile, Timestamps};
use model::{Clock, Labels, Matcher, Rng, SystemClock};
use tsdb::{Options, Progress, Replayed, Store};

/// As the program has it: what it takes from the system is part of what a series costs.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SERIES_PER_TARGET: usize = 500;
const SAMPLES_PER_BATCH: usize = 2000;
const START_MS: i64 = 1_700_000_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "fill", case, dir] => fill(case, Path::new(dir)),
        [_, "open", dir] => open_again(Path::new(dir)),
        [_, "settle", dir] => settle(Path::new(dir)),
        _ => ["written", "tail"].into_iter().for_each(run),
    }
}

fn run(case: &str) {
    let dir = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    let filled = Command::new(&own).arg("fill").arg(case).arg(dir.path()).status().unwrap();
    assert!(filled.code().is_none(), "it ends by a signal: {filled}");
    for step in ["open", "open", "open", "settle", "open", "open"] {
        assert!(Command::new(&own).arg(step).arg(dir.path()).status().unwrap().success());
    }
}

/// Makes a checkpoint, so that nothing of the log is left to read.
fn settle(dir: &Path) {
    let (store, _) = open(dir);
    let stats = store.checkpoint().unwrap();
    println!("  checkpoint of {} MB and {} chunks in {:.2?}", stats.n_bytes >> 20, stats.n_chunks, stats.duration);
}

fn n_series(of_case: usize) -> usize {
    let divisor = std::env::var("NARTHEX_RESTART_SERIES").map_or(1, |text| text.parse().unwrap());
    of_case / divisor / SERIES_PER_TARGET * SERIES_PER_TARGET
}

fn open(dir: &Path) -> (Store, Replayed) {
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = Options { max_ahead_ms: i64::MAX, ..Options::default() };
    let mut rng = SeededRng::from_entropy().unwrap();
    Store::open(&disk, &clock, &mut rng, dir, options, &Progress::default()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn fill(case: &str, dir: &Path) {
    let (store, _) = open(dir);
    let (n_series, n_times, is_scrape) = match case {
        // Killed just before the next checkpoint is due.
        "written" => (n_series(64_600), 239, false),
        _ => (n_series(1_000_000), 20, true),
    };
    let mut load = Load::new(store, n_series);
    let started = Instant::now();
    if is_scrape {
        load.scrape_all();
        let began = Instant::now();
        let stats = load.store.checkpoint().unwrap();
        println!("{case}: checkpoint of {n_series} series, {} MB in {:.2?}", stats.n_bytes >> 20, began.elapsed());
    }
    let mut n_checkpoints = 0;
    for _ in 0..n_times {
        if is_scrape {
            load.scrape_all();
        } else {
            load.send_all();
            n_checkpoints += usize::from(load.store.checkpoint_if_due().unwrap().is_some());
        }
    }
    let n_samples = n_series * n_times;
    println!(
        "{case}: {n_samples} samples in {:.2?}, {n_checkpoints} checkpoints meanwhile; {:.0} B a series resident, {:.0} by \
         our count",
        started.elapsed(),
        resident_bytes() as f64 / n_series as f64,
        load.store.head_stats().n_bytes as f64 / n_series as f64,
    );
    std::process::abort();
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn open_again(dir: &Path) {
    let started = Instant::now();
    let (store, replayed) = open(dir);
    let opened = started.elapsed();
    let n_found = first_answer(&store);
    let answered = started.elapsed();
    let n_series = replayed.n_series as f64;
    println!(
        "  open in {opened:.2?}, first answer ({n_found} series) after {answered:.2?}: checkpoint {:?}, {} samples of the \
         log; {:.0} B a series resident, {:.0} by our count",
        replayed.checkpoint,
        replayed.n_tail,
        resident_bytes() as f64 / n_series,
        store.head_stats().n_bytes as f64 / n_series,
    );
}

/// Reads the newest samples of some series, as an instant query does.
fn first_answer(store: &Store) -> usize {
    let hints = SelectHints { start_ms: i64::MIN, end_ms: i64::MAX, ..SelectHints::default() };
    let set = store.select(&[Matcher::equal("__name__", "node_metric_0_total")], &hints).unwrap();
    let mut reader = set.reader();
    let mut tile = Tile::default();
    for series in 0..set.len() {
        reader.seek(series, i64::MIN);
        while reader.next_tile(&mut tile).unwrap() {}
    }
    set.len()
}

struct Load {
    store: Store,
    targets: Vec<Target>,
    rng: SeededRng,
    now_ms: i64,
}

struct Target {
    source: SourceRef,
    series: Vec<SeriesRef>,
    values: Vec<f64>,
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
    fn new(store: Store, n_series: usize) -> Load {
        let targets = (0..n_series / SERIES_PER_TARGET).map(|number| target(&store, number)).collect();
        Load { store, targets, rng: SeededRng::new(1), now_ms: START_MS }
    }

    /// Two thirds of the values stay, as node_exporter's do.
    fn advance(&mut self) {
        self.now_ms += 15_000;
        for target in &mut self.targets {
            for (i, value) in target.values.iter_mut().enumerate() {
                match i % 12 {
                    0..8 => {}
                    8..11 => *value += self.rng.below(1000) as f64,
                    _ => *value = self.rng.below(100_000) as f64 / 1000.0,
                }
            }
        }
    }

    fn scrape_all(&mut self) {
        self.advance();
        for target in &self.targets {
            let timestamps = Timestamps::All(self.now_ms);
            let (source, series, values) = (Some(target.source), &target.series, &target.values);
            let batch = Batch { source, series, timestamps, values, starts: &[], histograms: &[] };
            assert!(self.store.commit(&batch).unwrap().is_empty());
        }
    }

    fn send_all(&mut self) {
        self.advance();
        for targets in self.targets.chunks(SAMPLES_PER_BATCH / SERIES_PER_TARGET) {
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
