//! Checkpoints: a start from one holds what a start from the whole log would, and the log behind two of them is gone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use journal::testkit::{Fault, MemoryDisk};
use model::Labels;
use model::histogram::{Histogram, ResetHint, Span};
use model::sample::stale_marker;
use model::storage::{Append, Batch, HistogramRow, HistogramValue, SourceRef, Timestamps};
use support::{Contents, commit, contents, labels, open, options, resolve};
use tsdb::{Options, Store};

fn some_series(n_series: usize) -> Vec<Labels> {
    (0..n_series).map(|i| labels("m", &[("i", &i.to_string()), ("job", "test")])).collect()
}

/// Options that take late samples, too.
fn late() -> Options {
    Options { late_window_ms: 3_600_000, ..options() }
}

fn files(disk: &MemoryDisk, dir: &str) -> Vec<PathBuf> {
    disk.paths().into_iter().filter(|path| path.starts_with(Path::new("data").join(dir))).collect()
}

/// Scrapes numbered from `from`, 15 s apart, of which some values are stale, and a late sample for every tenth.
fn scrape(store: &Store, source: SourceRef, sets: &[Labels], from: i64, n_scrapes: i64) {
    let series = resolve(store, Some(source), sets);
    for i in from..from + n_scrapes {
        let value = |at: usize| if i % 50 == 7 { stale_marker() } else { (i / 3) as f64 + at as f64 * 0.1 };
        let values: Vec<f64> = (0..sets.len()).map(value).collect();
        assert_eq!(commit(store, Some(source), &series, i * 15_000, &values), []);
        if i % 10 == 9 {
            let timestamps = Timestamps::All(i * 15_000 - 20_001);
            let late = Batch {
                source: None,
                series: &series[..1],
                timestamps,
                values: &[i as f64],
                starts: &[],
                histograms: &[],
            };
            assert_eq!(store.commit(&late).unwrap(), []);
        }
    }
}

fn some_histogram() -> Histogram {
    Histogram {
        reset_hint: ResetHint::Gauge,
        schema: 3,
        zero_threshold: 0.0,
        zero_count: 0.0,
        count: 2.5,
        sum: -0.0,
        positive_spans: vec![Span { offset: -3, length: 1 }],
        positive: vec![2.5],
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }
}

#[test]
fn a_start_from_a_checkpoint_holds_everything() {
    let disk = MemoryDisk::new();
    let sets = some_series(5);
    let (store, _) = open(&disk, 1, late());
    let source = store.open_source(&labels("", &[("instance", "a")]));
    scrape(&store, source, &sets, 0, 300);
    let histogram = HistogramValue::Float(Arc::new(some_histogram()));
    let series = resolve(&store, None, &[labels("h", &[])])[0];
    let row = |timestamp_ms| HistogramRow { series, timestamp_ms, start_ms: 0, value: histogram.clone() };
    let rows = [row(1), row(2)];
    let batch = Batch {
        source: None,
        series: &[],
        timestamps: Timestamps::All(0),
        values: &[],
        starts: &[],
        histograms: &rows,
    };
    assert_eq!(store.commit(&batch).unwrap(), []);
    // A series without samples.
    resolve(&store, None, &[labels("empty", &[])]);

    let stats = store.checkpoint().unwrap();
    assert!(stats.n_chunks >= 2 * 5, "{stats:?}");
    scrape(&store, source, &sets, 300, 40);
    let (want, head) = (contents(&store), store.head_stats());
    drop(store);

    let (store, replayed) = open(&disk, 2, late());
    assert_eq!((replayed.checkpoint, replayed.n_tail), (Some(1), 5 * 40 + 4));
    assert!(contents(&store) == want);
    let stats = store.head_stats();
    assert_eq!((stats.n_series, stats.n_samples, stats.n_chunks), (head.n_series, head.n_samples, head.n_chunks));
    assert_eq!((stats.min_time_ms, stats.max_time_ms), (head.min_time_ms, head.max_time_ms));
    // It goes on as any other.
    let source = store.open_source(&labels("", &[("instance", "a")]));
    scrape(&store, source, &sets, 340, 300);
    assert_eq!(store.checkpoint().unwrap().number, 2);
    scrape(&store, source, &sets, 640, 10);
    let want = contents(&store);
    drop(store);
    let (store, replayed) = open(&disk, 3, late());
    assert_eq!((replayed.checkpoint, replayed.n_tail), (Some(2), 5 * 10 + 1));
    assert!(contents(&store) == want);
}

#[test]
fn the_log_behind_the_older_checkpoint_is_removed() {
    let disk = MemoryDisk::new();
    let sets = some_series(3);
    let (store, _) = open(&disk, 1, late());
    let source = store.open_source(&labels("", &[("instance", "a")]));
    for round in 0..4 {
        scrape(&store, source, &sets, round * 20, 20);
        store.checkpoint().unwrap();
        // One behind each checkpoint that is kept: the whole log behind the first, for it has none before it.
        let n_kept = (round + 1).min(2) as usize;
        assert_eq!(files(&disk, "checkpoint").len(), n_kept);
        assert_eq!(files(&disk, "wal").len(), 1);
    }
    // Nothing is left behind the newest; numbers go on all the same.
    let want = contents(&store);
    drop(store);
    let (store, replayed) = open(&disk, 2, late());
    assert_eq!((replayed.checkpoint, replayed.n_tail, contents(&store) == want), (Some(4), 0, true));
    let source = store.open_source(&labels("", &[("instance", "a")]));
    scrape(&store, source, &sets, 80, 5);
    let want = contents(&store);
    drop(store);
    let (store, replayed) = open(&disk, 3, late());
    assert_eq!((replayed.checkpoint, replayed.n_tail, contents(&store) == want), (Some(4), 15, true));
}

#[test]
fn a_checkpoint_that_cannot_be_read_costs_nothing() {
    let disk = MemoryDisk::new();
    let sets = some_series(4);
    let (store, _) = open(&disk, 1, late());
    let source = store.open_source(&labels("", &[("instance", "a")]));
    for round in 0..3 {
        scrape(&store, source, &sets, round * 150, 150);
        store.checkpoint().unwrap();
    }
    scrape(&store, source, &sets, 450, 30);
    // Made after the older checkpoint, committed to after the newer.
    let want = contents(&store);
    drop(store);
    let newest = files(&disk, "checkpoint").pop().unwrap();
    let whole = disk.get(&newest).unwrap();
    for damaged in [Vec::new(), whole[..40].to_vec(), whole[..whole.len() - 1].to_vec(), vec![0; whole.len()]] {
        let disk = disk.copy();
        disk.put(&newest, damaged);
        let (store, replayed) = open(&disk, 2, late());
        assert_eq!(replayed.checkpoint, Some(2));
        assert!(contents(&store) == want);
        // And the next one is made in its place.
        store.checkpoint().unwrap();
        drop(store);
        let (store, replayed) = open(&disk, 3, late());
        assert!(replayed.checkpoint > Some(3) && contents(&store) == want);
    }
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, late());
    store.checkpoint().unwrap();
    drop(store);
    let path = files(&disk, "checkpoint").pop().unwrap();
    let mut bytes = disk.get(&path).unwrap();
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..12]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    disk.put(&path, bytes);
    let error = support::try_open(&disk, 2, late()).unwrap_err().to_string();
    assert!(error.contains("00000001.ckpt") && error.contains("version 2"), "{error}");
}

#[test]
fn batches_that_come_meanwhile_are_kept() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, Options { min_segment_bytes: 20_000, ..late() });
    let stop = AtomicBool::new(false);
    let sets: Vec<Vec<Labels>> = (0..4usize)
        .map(|writer| (0..20).map(|i| labels("m", &[("w", &writer.to_string()), ("i", &i.to_string())])).collect())
        .collect();
    std::thread::scope(|scope| {
        for (writer, sets) in sets.iter().enumerate() {
            let (store, stop) = (&store, &stop);
            scope.spawn(move || {
                let source = store.open_source(&labels("", &[("instance", &writer.to_string())]));
                let mut round = 0;
                while !stop.load(Ordering::SeqCst) || round == 0 {
                    // Some series come later than others.
                    scrape(store, source, &sets[..1 + (round as usize).min(19)], round * 10, 10);
                    round += 1;
                }
            });
        }
        for number in 1..=10 {
            assert_eq!(store.checkpoint().unwrap().number, number);
        }
        stop.store(true, Ordering::SeqCst);
    });
    let want = contents(&store);
    drop(store);
    for damages in [false, true] {
        let disk = disk.copy();
        if damages {
            let newest = files(&disk, "checkpoint").pop().unwrap();
            disk.put(&newest, b"nothing".to_vec());
        }
        let (store, replayed) = open(&disk, 2, late());
        assert_eq!(replayed.checkpoint, Some(if damages { 9 } else { 10 }));
        assert!(contents(&store) == want, "damages {damages}");
    }
}

#[test]
fn a_disk_that_fails_at_any_operation_loses_nothing() {
    for fault in [Fault::Error, Fault::Short] {
        for first in 0..60 {
            let disk = MemoryDisk::new();
            let sets = some_series(4);
            let (store, _) = open(&disk, 1, late());
            let source = store.open_source(&labels("", &[("instance", "a")]));
            scrape(&store, source, &sets, 0, 130);
            store.checkpoint().unwrap();
            scrape(&store, source, &sets, 130, 130);
            disk.fail(first, 1, fault);
            let failed = store.checkpoint().is_err();
            disk.fail(0, 0, fault);
            scrape(&store, source, &sets, 260, 10);
            let want: Contents = contents(&store);
            let reopened = |disk: &MemoryDisk| contents(&open(disk, 2, late()).0);
            assert!(reopened(&disk.copy()) == want, "operation {first}, failed: {failed}");
            store.checkpoint().unwrap();
            drop(store);
            assert!(reopened(&disk) == want, "operation {first}, failed: {failed}, and then made");
            if !failed && first > 40 {
                break;
            }
        }
    }
}

#[test]
fn one_is_due_after_so_many_samples() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, Options { checkpoint_samples: 200, ..late() });
    let source = store.open_source(&labels("", &[("instance", "a")]));
    let sets = some_series(15);
    assert_eq!(store.checkpoint_if_due().unwrap(), None);
    // A series that is defined counts as twenty samples, and twenty for each series are more than 200.
    scrape(&store, source, &sets, 0, 1);
    assert_eq!(store.checkpoint_if_due().unwrap().map(|stats| stats.number), Some(1));
    scrape(&store, source, &sets, 1, 19);
    assert_eq!(store.checkpoint_if_due().unwrap(), None);
    scrape(&store, source, &sets, 20, 1);
    assert_eq!(store.checkpoint_if_due().unwrap().map(|stats| stats.number), Some(2));
    assert_eq!(store.checkpoint_if_due().unwrap(), None);
    drop(store);
    // What a start had to read counts.
    let (store, _) = open(&disk, 2, Options { checkpoint_samples: 10, ..late() });
    assert_eq!(store.checkpoint_if_due().unwrap(), None);
    let source = store.open_source(&labels("", &[("instance", "a")]));
    scrape(&store, source, &sets, 21, 1);
    drop(store);
    let (store, _) = open(&disk, 3, Options { checkpoint_samples: 10, ..late() });
    assert_eq!(store.checkpoint_if_due().unwrap().map(|stats| stats.number), Some(3));
    // An old one is made anew only where there is something behind it.
    drop(store);
    let (store, _) = open(&disk, 4, Options { checkpoint_interval: std::time::Duration::ZERO, ..late() });
    assert_eq!(store.checkpoint_if_due().unwrap(), None);
    let source = store.open_source(&labels("", &[("instance", "a")]));
    scrape(&store, source, &sets, 22, 1);
    assert_eq!(store.checkpoint_if_due().unwrap().map(|stats| stats.number), Some(4));
}
