//! What is summed up of blocks: when it is made, used, not used, and removed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use journal::Disk;
use journal::testkit::{Fault, MemoryDisk};
use model::Matcher;
use model::histogram::{Histogram, ResetHint};
use model::storage::{Append, Batch, HistogramRow, HistogramValue, Timestamps};
use support::windows::{FUNCTIONS, windows};
use support::{commit, contents, labels, open, options, resolve};
use tsdb::downsample::Downsampled;
use tsdb::{Downsampling, Maintained, Options, Resolution, Retention, Store, Undo};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const ALL: Downsampling = Downsampling { five_minutes_after_ms: Some(0), one_hour_after_ms: Some(0) };

/// Three series, a scrape every 15 s from one hour to another, sealed every two hours.
fn fill(store: &Store, from_hour: i64, to_hour: i64) {
    let sets: Vec<_> = (0..3).map(|i| labels("m", &[("i", &i.to_string())])).collect();
    let series = resolve(store, None, &sets);
    for hour in (from_hour..to_hour).step_by(2) {
        for scrape in hour * 240..(hour + 2) * 240 {
            let values = [scrape as f64, (scrape % 37) as f64 - 20.5, 4.0];
            assert_eq!(commit(store, None, &series, scrape * 15_000, &values), []);
        }
        store.seal((hour + 2) * HOUR_MS).unwrap();
    }
}

/// A store of six hours in three blocks, summed up.
fn filled(disk: &MemoryDisk) -> Store {
    let (store, _) = open(disk, 1, Options { late_window_ms: HOUR_MS, ..options() });
    fill(&store, 0, 6);
    store.set_downsampling(ALL);
    assert_eq!(downsample(&store), 6);
    store
}

fn histogram() -> HistogramValue {
    HistogramValue::Float(Arc::new(Histogram {
        reset_hint: ResetHint::Gauge,
        schema: 0,
        zero_threshold: 0.0,
        zero_count: 1.0,
        count: 1.0,
        sum: 0.0,
        positive_spans: Vec::new(),
        positive: Vec::new(),
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }))
}

/// Sums up all that is due; how many files were made.
fn downsample(store: &Store) -> usize {
    std::iter::from_fn(|| store.downsample_if_due().unwrap()).count()
}

fn files(disk: &MemoryDisk) -> Vec<PathBuf> {
    disk.paths().into_iter().filter(|path| path.starts_with("data/downsampled")).collect()
}

/// All functions, at both resolutions, say the same from what was summed up and from the samples. Answers how many values were
/// read that stand for several, for the series with one `i`.
fn check(store: &Store, i: &str) -> u64 {
    let mut n_summed_up = 0;
    let matchers = [Matcher::equal("i", i)];
    for function in FUNCTIONS {
        for alignment_ms in [5 * MINUTE_MS, HOUR_MS] {
            let of = |is_hinted| windows(store, &matchers, function, (0, 8 * HOUR_MS), alignment_ms, is_hinted);
            let (summed_up, raw) = (of(true), of(false));
            assert_eq!(summed_up.values, raw.values, "{function} over {alignment_ms} ms");
            assert_eq!(raw.n_summed_up, 0);
            n_summed_up += summed_up.n_summed_up;
        }
    }
    n_summed_up
}

/// Values for all that [`check`] asks, where everything was summed up: six functions over 72 spans of five minutes and six of
/// an hour.
const EVERYTHING: u64 = 6 * (72 + 6);

#[test]
fn blocks_are_summed_up_when_they_are_old_enough() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    fill(&store, 0, 2);
    assert_eq!(store.downsample_if_due().unwrap(), None, "nobody has asked for it");
    let age_ms = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    store.set_downsampling(Downsampling { five_minutes_after_ms: Some(0), one_hour_after_ms: Some(age_ms) });
    let stats = store.downsample_if_due().unwrap().unwrap();
    assert_eq!((stats.resolution, stats.n_samples), (Resolution::FiveMinutes, 3 * 480));
    assert_eq!(store.downsample_if_due().unwrap(), None, "it is not so old");
    store.set_downsampling(ALL);
    let stats = store.downsample_if_due().unwrap().unwrap();
    assert_eq!((stats.resolution, stats.n_samples), (Resolution::OneHour, 3 * 480));
    assert!(stats.n_bytes < stats.n_block_bytes);
    assert_eq!(files(&disk).len(), 2);
    assert_eq!(
        store.maintenance_stats().n_downsampled_bytes,
        files(&disk).iter().map(|path| disk.len(path).unwrap()).sum::<u64>()
    );
}

#[test]
fn everything_is_answered_from_it() {
    let disk = MemoryDisk::new();
    let store = filled(&disk);
    for i in ["0", "1", "2"] {
        assert_eq!(check(&store, i), EVERYTHING);
    }
    drop(store);
    let (store, _) = open(&disk, 2, options());
    assert_eq!(check(&store, "1"), EVERYTHING, "after a restart, too");
    assert_eq!(downsample(&store), 0);
}

#[test]
fn a_deletion_hides_it_and_undoing_that_shows_it_again() {
    let disk = MemoryDisk::new();
    let store = filled(&disk);
    let matchers = vec![Matcher::equal("i", "1")];
    let deletion = store.delete_series(&[matchers], HOUR_MS, 3 * HOUR_MS).unwrap().unwrap();
    let left = check(&store, "1");
    assert!(left > 0 && left < EVERYTHING / 2, "of one block of three: {left}");
    assert_eq!(check(&store, "0"), EVERYTHING, "nothing of it is deleted");
    store.undelete(&Undo::Id(deletion.id)).unwrap();
    assert_eq!(check(&store, "1"), EVERYTHING);
    store.delete_series(&[vec![Matcher::equal("i", "1")]], HOUR_MS, 3 * HOUR_MS).unwrap().unwrap();
    assert_eq!(store.clean_tombstones().unwrap(), 2);
    assert_eq!(files(&disk).len(), 2, "two blocks were written anew");
    assert_eq!(downsample(&store), 4);
    assert!(check(&store, "1") > left, "and so is what follows from them");
}

#[test]
fn what_comes_late_is_heeded() {
    let disk = MemoryDisk::new();
    let store = filled(&disk);
    let set = labels("m", &[("i", "1")]);
    let series = resolve(&store, None, &[set]);
    let late_ms = 6 * HOUR_MS - 20 * MINUTE_MS + 7;
    assert_eq!(commit(&store, None, &series, late_ms, &[1e9]), []);
    let n_read = check(&store, "1");
    assert!(n_read < EVERYTHING, "{n_read}");
    assert_eq!(check(&store, "2"), EVERYTHING);
    // In a block of its own it overlaps as well.
    store.seal(8 * HOUR_MS).unwrap();
    downsample(&store);
    assert!(check(&store, "1") < EVERYTHING);
    store.compact_all().unwrap().unwrap();
    assert_eq!(files(&disk), Vec::<PathBuf>::new(), "what belongs to blocks goes with them");
    assert_eq!(downsample(&store), 2);
    assert!(check(&store, "1") >= EVERYTHING - 12, "merged it is where it belongs");
}

#[test]
fn native_histograms_and_rare_samples_are_read_as_they_are() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    let sets = ["mixed", "rare", "often"].map(|i| labels("m", &[("i", i)]));
    let series = resolve(&store, None, &sets);
    for minute in 61..120 {
        commit(&store, None, &series[2..], minute * MINUTE_MS, &[1.0]);
        if minute % 4 == 0 {
            commit(&store, None, &series[1..2], minute * MINUTE_MS, &[minute as f64]);
        }
        commit(&store, None, &series[..1], minute * MINUTE_MS, &[2.0]);
    }
    let row = HistogramRow { series: series[0], timestamp_ms: 119 * MINUTE_MS + 1, start_ms: 0, value: histogram() };
    let (timestamps, histograms) = (Timestamps::All(0), &[row]);
    let batch = Batch { source: None, series: &[], timestamps, values: &[], starts: &[], histograms };
    assert_eq!(store.commit(&batch).unwrap(), []);
    store.seal(2 * HOUR_MS).unwrap();
    store.set_downsampling(Downsampling { one_hour_after_ms: None, ..ALL });
    assert_eq!(downsample(&store), 1);
    assert_eq!(["mixed", "rare"].map(|i| check(&store, i)), [0, 0]);
    assert_eq!(check(&store, "often"), 6 * 2 * 12);
}

#[test]
fn what_is_damaged_is_not_used_and_made_again() {
    let disk = MemoryDisk::new();
    drop(filled(&disk));
    let whole: Vec<_> = files(&disk).into_iter().map(|path| (disk.get(&path).unwrap(), path)).collect();
    for at in [20, 60, 200] {
        for (bytes, path) in &whole {
            let mut bytes = bytes.clone();
            let at = at % bytes.len();
            bytes[at] ^= 0x10;
            disk.put(path, bytes);
        }
        let (store, _) = open(&disk, 2, options());
        for i in ["0", "1", "2"] {
            check(&store, i);
        }
        store.set_downsampling(ALL);
        downsample(&store);
        let now: Vec<_> = files(&disk).into_iter().map(|path| (disk.get(&path).unwrap(), path)).collect();
        assert!(now == whole, "byte {at}: they are as they were");
        assert_eq!(check(&store, "1"), EVERYTHING);
    }
}

#[test]
fn every_changed_bit_is_found() {
    let disk = MemoryDisk::new();
    let store = filled(&disk);
    let path = &files(&disk)[1];
    let bytes = disk.get(path).unwrap();
    let any: Arc<dyn Disk> = Arc::new(disk.clone());
    let meta = store.files(0).blocks.remove(0);
    let resolution = if path.extension().unwrap() == "5m" { Resolution::FiveMinutes } else { Resolution::OneHour };
    let found = |bytes: Vec<u8>| {
        disk.put(path, bytes);
        Downsampled::open(&any, path, &meta, resolution).map_or(true, |file| {
            file.verify();
            file.is_damaged()
        })
    };
    assert!(!found(bytes.clone()));
    // The first bytes are for people.
    for at in 12..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(found(changed), "byte {at}");
    }
    for len in 0..bytes.len() {
        assert!(found(bytes[..len].to_vec()), "cut to {len}");
    }
}

#[test]
fn a_disk_that_refuses_leaves_nothing_behind() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    fill(&store, 0, 2);
    store.set_downsampling(ALL);
    for first in 0.. {
        disk.fail(first, 1, Fault::Error);
        let made = store.downsample_if_due();
        disk.fail(0, 0, Fault::Error);
        if made.is_ok() {
            break;
        }
        assert!(first < 20, "it succeeds at last");
        check(&store, "1");
        let left: Vec<_> = files(&disk).into_iter().filter(|path| path.extension().unwrap() == "tmp").collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "{first}");
    }
    downsample(&store);
    assert_eq!(files(&disk).len(), 2);
}

#[test]
fn retention_counts_it_and_takes_it_away() {
    let disk = MemoryDisk::new();
    let store = filled(&disk);
    let stats = store.maintenance_stats();
    let n_bytes = Some(stats.n_block_bytes + stats.n_downsampled_bytes);
    store.set_retention(Retention { time_ms: None, n_bytes });
    assert_eq!(store.delete_expired().unwrap(), 0);
    store.set_retention(Retention { time_ms: None, n_bytes: n_bytes.map(|n| n - 1) });
    assert_eq!(store.delete_expired().unwrap(), 1);
    assert_eq!(files(&disk).len(), 4);
    check(&store, "1");
}

#[test]
fn what_is_no_longer_wanted_or_belongs_to_nothing_is_removed() {
    let disk = MemoryDisk::new();
    let store = filled(&disk);
    store.set_downsampling(Downsampling { one_hour_after_ms: None, ..ALL });
    while store.maintain().unwrap() != Maintained::Nothing {}
    let extensions =
        |disk: &MemoryDisk| -> Vec<_> { files(disk).iter().map(|path| path.extension().unwrap().to_owned()).collect() };
    assert!(extensions(&disk).iter().all(|extension| extension == "5m"));
    let n_files = files(&disk).len();
    assert!(n_files > 0);
    check(&store, "1");
    drop(store);
    let of_none = PathBuf::from("data/downsampled/01ARZ3NDEKTSV4RRFFQ69G5FAV.5m");
    disk.put(&of_none, disk.get(&files(&disk)[0]).unwrap());
    disk.put(&of_none.with_extension("5m.tmp"), vec![1, 2, 3]);
    disk.put(&of_none.with_extension("txt"), vec![]);
    let (store, _) = open(&disk, 2, options());
    assert_eq!(files(&disk).len(), n_files);
    assert!(!contents(&store).is_empty());
}
