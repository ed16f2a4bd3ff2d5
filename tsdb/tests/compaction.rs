//! Several blocks become one: what is read stays as it was, for those who began before, too.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use journal::testkit::MemoryDisk;
use model::Matcher;
use model::sample::stale_marker;
use model::storage::{Select, SelectHints, SeriesSet, Tile};
use support::{Contents, commit, contents, labels, open, options, resolve};
use tsdb::{Maintained, Options, Store};

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

fn late_options() -> Options {
    Options { late_window_ms: 30 * MINUTE_MS, ..options() }
}

/// Scrapes of three series, one a minute from one hour to another; every 50th minute ends one of them for half an hour.
fn scrape(store: &Store, want: &mut Contents, from_hour: i64, to_hour: i64) {
    let sets: Vec<_> = (0..3).map(|i| labels("m", &[("i", &i.to_string())])).collect();
    let series = resolve(store, None, &sets);
    for minute in from_hour * 60..to_hour * 60 {
        let values = [minute as f64, 0.1 * minute as f64, if minute % 50 == 0 { stale_marker() } else { 7.0 }];
        assert_eq!(commit(store, None, &series, minute * MINUTE_MS, &values), []);
        for (set, value) in sets.iter().zip(values) {
            want.entry(set.clone()).or_default().insert(minute * MINUTE_MS, value.to_bits());
        }
    }
}

/// Does all that is due; what it was.
fn maintain(store: &Store) -> Vec<Maintained> {
    let next = || store.maintain().unwrap();
    std::iter::from_fn(|| Some(next()).filter(|done| *done != Maintained::Nothing)).collect()
}

fn blocks_on(disk: &MemoryDisk) -> Vec<PathBuf> {
    disk.paths().into_iter().filter(|path| path.starts_with("data/blocks")).collect()
}

/// All samples of a selection.
fn read(set: &dyn SeriesSet) -> Contents {
    let mut contents = Contents::new();
    let mut reader = set.reader();
    let mut tile = Tile::default();
    for series in 0..set.len() {
        reader.seek(series, i64::MIN);
        while reader.next_tile(&mut tile).unwrap() {
            let samples = tile.timestamps.iter().copied().zip(tile.values.iter().map(|value| value.to_bits()));
            contents.entry(set.labels(series)).or_default().extend(samples);
        }
    }
    contents
}

fn select_all(store: &Store) -> Box<dyn SeriesSet> {
    let hints = SelectHints { start_ms: i64::MIN, end_ms: i64::MAX, ..SelectHints::default() };
    store.select(&[Matcher::equal("__name__", "m")], &hints).unwrap()
}

#[test]
fn the_blocks_of_a_day_become_one() {
    let disk = MemoryDisk::new();
    let mut want = Contents::new();
    let (store, _) = open(&disk, 1, late_options());
    for hour in (0..24).step_by(2) {
        scrape(&store, &mut want, hour, hour + 2);
        let done = maintain(&store);
        assert!(!done.iter().any(|done| matches!(done, Maintained::Compacted(_))), "the day is not over");
    }
    assert_eq!(blocks_on(&disk).len(), 11);
    scrape(&store, &mut want, 24, 26);
    store.seal(24 * HOUR_MS).unwrap();
    let before = select_all(&store);
    let done = maintain(&store);
    let compacted = done.iter().find_map(|done| match done {
        Maintained::Compacted(stats) => Some(*stats),
        _ => None,
    });
    let compacted = compacted.unwrap();
    assert_eq!((compacted.n_blocks, compacted.n_samples), (12, 24 * 60 * 3));
    assert!(compacted.n_bytes < compacted.n_bytes_before, "{compacted:?}");
    assert_eq!(blocks_on(&disk).len(), 1);
    assert!(contents(&store) == want);
    assert!(read(&*before) == want, "whoever began before reads the blocks that were there");
    drop(before);
    drop(store);
    let (store, replayed) = open(&disk, 2, late_options());
    assert_eq!(replayed.damaged_blocks, Vec::<String>::new());
    assert!(contents(&store) == want);
    assert_eq!(maintain(&store).iter().filter(|done| matches!(done, Maintained::Compacted(_))).count(), 0);
}

#[test]
fn a_late_sample_is_merged_into_its_day() {
    let disk = MemoryDisk::new();
    let mut want = Contents::new();
    let (store, _) = open(&disk, 1, late_options());
    scrape(&store, &mut want, 0, 3);
    // Of another series, which then stops, and is sealed with the rest.
    let (set, late_ms) = (labels("m", &[("i", "late")]), 110 * MINUTE_MS + 1);
    let series = resolve(&store, None, std::slice::from_ref(&set));
    commit(&store, None, &series, 115 * MINUTE_MS, &[1.0]);
    store.seal(2 * HOUR_MS).unwrap();
    commit(&store, None, &series, late_ms, &[2.0]);
    let samples = want.entry(set).or_default();
    samples.insert(115 * MINUTE_MS, 1f64.to_bits());
    samples.insert(late_ms, 2f64.to_bits());
    assert!(contents(&store) == want);
    store.seal(3 * HOUR_MS).unwrap();
    assert!(contents(&store) == want);
    assert_eq!(blocks_on(&disk).len(), 3);
    let compacted = store.compact_all().unwrap().unwrap();
    assert_eq!((compacted.n_blocks, compacted.n_samples), (3, 3 * 3 * 60 + 2));
    assert_eq!(blocks_on(&disk).len(), 1);
    assert!(contents(&store) == want);
    assert_eq!(store.compact_all().unwrap(), None);
}

#[test]
fn what_is_sealed_stays_in_memory_for_a_selection_from_before_a_compaction() {
    let disk = MemoryDisk::new();
    let mut want = Contents::new();
    let (store, _) = open(&disk, 1, options());
    scrape(&store, &mut want, 0, 5);
    store.seal(2 * HOUR_MS).unwrap();
    // In the middle of a window, and of the chunks in it.
    assert_eq!(store.seal(3 * HOUR_MS).unwrap().n_samples, 60 * 3);
    maintain(&store);
    let began = select_all(&store);
    let then = want.clone();
    store.compact_all().unwrap().unwrap();
    // By now there is a set of blocks between the one that the selection has and the one that this makes.
    store.seal(5 * HOUR_MS).unwrap();
    maintain(&store);
    scrape(&store, &mut want, 5, 6);
    assert!(read(&*began) == then);
    assert!(contents(&store) == want);
    drop(began);
    assert!(maintain(&store).iter().any(|done| matches!(done, Maintained::Freed(_))), "nobody needs it any more");
    assert!(contents(&store) == want);
}

#[test]
fn a_damaged_block_is_left_alone() {
    let disk = MemoryDisk::new();
    let mut want = Contents::new();
    {
        let (store, _) = open(&disk, 1, options());
        scrape(&store, &mut want, 0, 5);
        for nth in 1..=3 {
            store.seal(2 * nth * HOUR_MS).unwrap();
        }
        maintain(&store);
        store.close().unwrap();
    }
    let files = blocks_on(&disk);
    let damaged: &Path = &files[1];
    let mut bytes = disk.get(damaged).unwrap();
    bytes[40] ^= 1;
    disk.put(damaged, bytes.clone());
    let (store, _) = open(&disk, 2, options());
    // That something is wrong shows while it is being merged: nothing comes of it then.
    assert_eq!(store.compact_all().unwrap(), None);
    assert_eq!(blocks_on(&disk), files);
    // And the others become one without it.
    assert_eq!(store.compact_all().unwrap().unwrap().n_blocks, 2);
    assert_eq!(blocks_on(&disk).len(), 2);
    assert_eq!(disk.get(damaged).unwrap(), bytes);
}

#[test]
fn a_block_that_cannot_be_read_is_named_and_left_aside() {
    let disk = MemoryDisk::new();
    let mut want = Contents::new();
    {
        let (store, _) = open(&disk, 1, late_options());
        scrape(&store, &mut want, 0, 6);
        maintain(&store);
        store.close().unwrap();
    }
    let [damaged, kept @ ..] = &*blocks_on(&disk) else { panic!("no blocks") };
    assert!(!kept.is_empty());
    let mut bytes = disk.get(damaged).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    disk.put(damaged, bytes.clone());
    let (store, replayed) = open(&disk, 2, late_options());
    let [named] = &*replayed.damaged_blocks else { panic!("{:?}", replayed.damaged_blocks) };
    assert!(named.contains(damaged.to_str().unwrap()), "{named}");
    assert_eq!(disk.get(damaged), Some(bytes));
    // The others are read, and what is in the head.
    let found = contents(&store);
    let n_found: usize = found.values().map(BTreeMap::len).sum();
    assert_eq!(n_found, 3 * 4 * 60);
    for (set, samples) in &found {
        assert!(samples.iter().all(|(timestamp_ms, bits)| want[set].get(timestamp_ms) == Some(bits)));
    }
}
