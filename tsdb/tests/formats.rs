//! Data directories of every format that was released, in `tests/formats/`, each with what must be read from it.
//!
//! The present format is written anew with `NARTHEX_WRITE_FORMAT=tests/formats/VERSION cargo test -p tsdb --test formats`; do
//! that once before a release, and never again for that one.

#![allow(clippy::print_stdout, reason = "says what it wrote")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![allow(clippy::disallowed_methods, reason = "these directories are real")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::testkit::MemoryDisk;
use model::histogram::{Histogram, IntegerHistogram, ResetHint, Span};
use model::storage::{Append, Batch, HistogramRow, HistogramValue, Timestamps};
use model::{Labels, Matcher};
use support::{Contents, Starts, labels, open, options, resolve, seen, select_with_starts};
use tsdb::{Maintained, Options};

const HOUR_MS: i64 = 3_600_000;
/// On a window's beginning, and a day's.
const START_MS: i64 = 499_992 * HOUR_MS;
const STEP_MS: i64 = 5 * 60_000;
/// A day and some hours.
const N_STEPS: i64 = 31 * HOUR_MS / STEP_MS;

/// What the directory holds; of a histogram what `support` sees of it.
fn wanted() -> Contents {
    let mut wanted = Contents::new();
    for step in 0..N_STEPS {
        let time_ms = START_MS + step * STEP_MS;
        let mut add = |set: Labels, at_ms: i64, bits: u64| {
            wanted.entry(set).or_default().insert(at_ms, bits);
        };
        sets().into_iter().zip(values(step)).for_each(|(set, value)| add(set, time_ms, value.to_bits()));
        if let Some(late_ms) = late_of(step) {
            add(labels("late", &[]), time_ms, (step as f64).to_bits());
            add(labels("late", &[]), late_ms, (-step as f64).to_bits());
        }
        add(labels("integers", &[]), time_ms, seen(&HistogramValue::Integer(Arc::new(integers(step)))));
        add(labels("floats", &[]), time_ms, seen(&HistogramValue::Float(Arc::new(floats(step)))));
    }
    wanted
}

fn wanted_starts() -> Starts {
    let of_counter = (0..N_STEPS).map(|step| (START_MS + step * STEP_MS, starts(step)[0])).collect();
    Starts::from([(sets()[0].clone(), of_counter)])
}

fn sets() -> Vec<Labels> {
    let kinds = ["counter", "decimal", "double", "constant", "gaps"];
    kinds.iter().map(|kind| labels(kind, &[("instance", "a:9100"), ("job", "node"), ("é", "ü\n\"\\")])).collect()
}

fn values(step: i64) -> [f64; 5] {
    let gap = if step % 7 == 3 { model::sample::stale_marker() } else { step as f64 };
    let decimal = (step * 37 % 100) as f64 / 10.0;
    [(step * step) as f64, decimal, (step as f64 + 0.5).sqrt(), 42.0, gap]
}

/// Since when the series count: the counter began again every hundred steps, of the others that is not known.
fn starts(step: i64) -> [i64; 5] {
    [START_MS + step / 100 * 100 * STEP_MS - 1, 0, 0, 0, 0]
}

/// The time of the late sample that comes at a step.
fn late_of(step: i64) -> Option<i64> {
    (step % 11 == 5).then_some(START_MS + step * STEP_MS - 4 * 60_000)
}

fn integers(step: i64) -> IntegerHistogram {
    let count = step as u64;
    Histogram {
        reset_hint: ResetHint::Unknown,
        schema: 1,
        zero_threshold: 0.001,
        zero_count: count,
        count: 3 * count,
        sum: step as f64 * 1.5,
        positive_spans: vec![Span { offset: -1, length: 2 }],
        positive: vec![count, count],
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }
}

fn floats(step: i64) -> Histogram {
    Histogram {
        reset_hint: ResetHint::Gauge,
        schema: -53,
        custom_bounds: vec![0.1, 2.5],
        ..Histogram::from(&integers(step))
    }
}

/// Makes the directory: a day in one block, blocks of two hours, something deleted in one of them, a checkpoint, and the log
/// behind it.
fn make(disk: &MemoryDisk) {
    let (store, _) = open(disk, 1, Options { late_window_ms: 30 * 60_000, ..options() });
    let source = store.open_source(&labels("", &[("instance", "a:9100")]));
    for step in 0..N_STEPS {
        let time_ms = START_MS + step * STEP_MS;
        let series = resolve(&store, Some(source), &sets());
        let (timestamps, values, starts) = (Timestamps::All(time_ms), values(step), starts(step));
        let batch = Batch {
            source: Some(source),
            series: &series,
            timestamps,
            values: &values,
            starts: &starts,
            histograms: &[],
        };
        assert_eq!(store.commit(&batch).unwrap(), []);
        if let Some(late_ms) = late_of(step) {
            let late = resolve(&store, None, &[labels("late", &[])]);
            assert_eq!(support::commit(&store, None, &late, time_ms, &[step as f64]), []);
            assert_eq!(support::commit(&store, None, &late, late_ms, &[-step as f64]), []);
        }
        let series = resolve(&store, None, &[labels("integers", &[]), labels("floats", &[])]);
        let values = [HistogramValue::Integer(Arc::new(integers(step))), HistogramValue::Float(Arc::new(floats(step)))];
        let row = |(&series, value)| HistogramRow { series, timestamp_ms: time_ms, start_ms: 0, value };
        let rows: Vec<_> = series.iter().zip(values).map(row).collect();
        let timestamps = Timestamps::All(time_ms);
        let batch = Batch { source: None, series: &[], timestamps, values: &[], starts: &[], histograms: &rows };
        assert_eq!(store.commit(&batch).unwrap(), []);
        while store.maintain().unwrap() != Maintained::Nothing {}
        if step == N_STEPS - 40 {
            let deleted = resolve(&store, None, &[labels("deleted", &[])]);
            assert_eq!(support::commit(&store, None, &deleted, time_ms, &[1.0]), []);
            let selector = vec![Matcher::equal("__name__", "deleted")];
            assert_eq!(store.delete_series(&[selector], i64::MIN, i64::MAX).unwrap().unwrap().n_samples, 1);
        }
        if step == N_STEPS - 10 {
            store.checkpoint().unwrap();
        }
    }
    // Killed.
    store.sync().unwrap();
}

/// The directories of formats, each called by the version that wrote it first.
fn directories() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let mut found: Vec<_> = std::fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// All files below a directory, on a disk in memory.
fn read(directory: &Path, disk: &MemoryDisk, into: &Path) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let into = into.join(path.file_name().unwrap());
        match path.is_dir() {
            true => read(&path, disk, &into),
            false => disk.put(&into, std::fs::read(&path).unwrap()),
        }
    }
}

#[test]
fn every_released_format_is_read() {
    if let Ok(directory) = std::env::var("NARTHEX_WRITE_FORMAT") {
        let disk = MemoryDisk::new();
        make(&disk);
        for path in disk.paths() {
            let file = Path::new(&directory).join(path.strip_prefix("data").unwrap());
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, disk.get(&path).unwrap()).unwrap();
        }
        println!("written: {directory}");
    }
    let wanted = wanted();
    let directories = directories();
    assert!(!directories.is_empty());
    for directory in directories {
        let disk = MemoryDisk::new();
        read(&directory, &disk, Path::new("data"));
        let (store, replayed) = open(&disk, 2, options());
        let damage = (&replayed.damaged_blocks, &replayed.damaged_checkpoints, &replayed.unreadable, &replayed.damage);
        assert_eq!(damage, (&vec![], &vec![], &vec![], &vec![]), "{}", directory.display());
        assert!(replayed.checkpoint.is_some() && replayed.n_tail > 0, "{replayed:?}");
        assert_eq!(store.deletions().len(), 1);
        let (found, starts) = select_with_starts(&store, &[], i64::MIN, i64::MAX);
        assert!(found == wanted, "{}", directory.display());
        // The first of them is from before starts were kept.
        let wanted_starts = if directory.ends_with("0.1") { Starts::new() } else { wanted_starts() };
        assert!(starts == wanted_starts, "{}", directory.display());
    }
}
