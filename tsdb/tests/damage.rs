//! Every byte of a log is damaged in turn, and every length cut: the store starts, reads nothing wrong, and loses no more
//! than what `docs/format/wal.md` allows.
//!
//! The allowance is computed from the outside: while the log is written, the test notes which bytes each commit added to
//! which file. A damaged record may cost itself, and where it is a scrape, the next fifteen of the same source. A damaged
//! header and a damaged second copy of a definition may cost nothing. A cut file may cost what was cut.
//!
//! Every byte takes five minutes, so by default one in 251 is damaged (one bit of it, and all of them).
//! `NARTHEX_DAMAGE_STEP` sets the distance from one place to the next; 1 takes them all.

#![allow(clippy::print_stdout, reason = "says how much it did")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use journal::testkit::MemoryDisk;
use model::rng::SeededRng;
use model::sample::stale_marker;
use model::storage::{Append, Batch, Select, SelectHints, Tile, Timestamps};
use model::{Labels, Rng};
use support::{Contents, contents, labels, open, options, resolve};
use tsdb::{Options, Store};

/// One commit: where it went, and what it wrote.
struct Commit {
    path: PathBuf,
    bytes: Range<usize>,
    /// The source, of which run of the process, where it is a scrape.
    source: Option<(u64, usize)>,
    samples: Vec<(Labels, i64)>,
}

struct Log {
    disk: MemoryDisk,
    commits: Vec<Commit>,
    contents: Contents,
}

/// Two runs, several segments, 64 KiB of batches: four sources that scrape 15 series each, one of them now and then
/// losing a series, and a remote writer.
fn written() -> Log {
    let disk = MemoryDisk::new();
    let mut commits: Vec<Commit> = Vec::new();
    let mut rng = SeededRng::new(5);
    let mut now_ms = 1_700_000_000_000;
    for run in 1..=2 {
        let (store, _) = open(&disk, run, Options { min_segment_bytes: 14_000, ..options() });
        let name = |source: usize| labels("", &[("job", "j"), ("instance", &source.to_string())]);
        let sources: Vec<_> = (0..4).map(|source| store.open_source(&name(source))).collect();
        while wal_bytes(&disk) < run as usize * 33_000 {
            now_ms += 15_000;
            for writer in 0..5usize {
                let n_series = if writer == 2 && rng.below(9) == 0 { 14 } else { 15 };
                let instance = writer.to_string();
                let sets: Vec<_> = (0..n_series)
                    .map(|i| labels("metric", &[("job", "j"), ("instance", &instance), ("i", &i.to_string())]))
                    .collect();
                let values: Vec<f64> = sets
                    .iter()
                    .map(|_| match rng.below(8) {
                        0 => stale_marker(),
                        1..4 => rng.below(1000) as f64,
                        _ => rng.unit(),
                    })
                    .collect();
                let source = sources.get(writer).copied();
                let series = resolve(&store, source, &sets);
                let before = lens(&disk);
                let timestamps = Timestamps::All(now_ms);
                let batch = Batch { source, series: &series, timestamps, values: &values, histograms: &[] };
                assert_eq!(store.commit(&batch).unwrap(), []);
                let samples = sets.into_iter().map(|set| (set, now_ms)).collect();
                let (path, bytes) = added(&disk, &before);
                commits.push(Commit { path, bytes, source: source.map(|_| (run, writer)), samples });
            }
        }
    }
    let contents = contents(&open(&disk.copy(), 3, options()).0);
    Log { disk, commits, contents }
}

fn batch_files(disk: &MemoryDisk) -> Vec<PathBuf> {
    disk.paths().into_iter().filter(|path| path.starts_with("data/wal")).collect()
}

fn wal_bytes(disk: &MemoryDisk) -> usize {
    lens(disk).iter().map(|(_, len)| len).sum()
}

fn lens(disk: &MemoryDisk) -> Vec<(PathBuf, usize)> {
    batch_files(disk).into_iter().map(|path| (path.clone(), disk.get(&path).unwrap().len())).collect()
}

/// Which bytes one commit has added to which file.
fn added(disk: &MemoryDisk, before: &[(PathBuf, usize)]) -> (PathBuf, Range<usize>) {
    let changed =
        lens(disk).into_iter().find_map(|(path, len)| match before.iter().find(|(known, _)| *known == path) {
            Some((_, len_before)) if *len_before == len => None,
            Some((_, len_before)) => Some((path, *len_before..len)),
            None => Some((path, 32..len)),
        });
    changed.expect("a commit writes")
}

impl Log {
    /// The samples that may be lost when these bytes of a file are damaged or gone.
    fn allowed(&self, path: &Path, bytes: &Range<usize>) -> HashSet<(&Labels, i64)> {
        let mut allowed = HashSet::new();
        for (at, commit) in self.commits.iter().enumerate() {
            if commit.path != path || commit.bytes.start >= bytes.end || commit.bytes.end <= bytes.start {
                continue;
            }
            let is_same = |later: &&Commit| commit.source.is_some() && later.source == commit.source;
            let leaning = self.commits[at + 1..].iter().filter(is_same).take(15);
            for commit in std::iter::once(commit).chain(leaning) {
                allowed.extend(commit.samples.iter().map(|(set, timestamp_ms)| (set, *timestamp_ms)));
            }
        }
        allowed
    }

    /// Opens the store with one file changed in some bytes and compares.
    fn check(&self, path: &Path, changed: Vec<u8>, bytes: &Range<usize>) {
        let disk = self.disk.copy();
        disk.put(path, changed);
        let what = format!("{} bytes {bytes:?}", path.display());
        let (store, replayed) = open(&disk, 3, options());
        assert_eq!(replayed.unreadable, Vec::<String>::new(), "{what}");
        let mut found = columns(&store);
        let mut lost = Vec::new();
        for (set, samples) in &self.contents {
            let mut found = found.remove(set).unwrap_or_default().into_iter().peekable();
            for (&timestamp_ms, &bits) in samples {
                match found.next_if(|&(found_ms, _)| found_ms <= timestamp_ms) {
                    Some(found) => assert_eq!(found, (timestamp_ms, bits), "{what}: {set}"),
                    None => lost.push((set, timestamp_ms)),
                }
            }
            assert_eq!(found.next(), None, "{what}: {set}: nothing is invented");
        }
        assert!(found.is_empty(), "{what}: {found:?} is invented");
        if !lost.is_empty() {
            let allowed = self.allowed(path, bytes);
            let too_much: Vec<_> = lost.iter().filter(|lost| !allowed.contains(*lost)).collect();
            assert!(too_much.is_empty(), "{what}: lost {} of {}, and {too_much:?}", lost.len(), allowed.len());
        }
    }
}

/// Everything in the store, in the order of time.
fn columns(store: &Store) -> HashMap<Labels, Vec<(i64, u64)>> {
    let hints = SelectHints { start_ms: i64::MIN, end_ms: i64::MAX, ..SelectHints::default() };
    let set = store.select(&[], &hints).unwrap();
    let mut reader = set.reader();
    let mut tile = Tile::default();
    let mut columns = HashMap::new();
    for series in 0..set.len() {
        let mut samples = Vec::new();
        reader.seek(series, i64::MIN);
        while reader.next_tile(&mut tile).unwrap() {
            samples.extend(tile.timestamps.iter().copied().zip(tile.values.iter().map(|value| value.to_bits())));
        }
        columns.insert(set.labels(series), samples);
    }
    columns
}

/// How many bytes there are from one damaged place to the next.
fn step() -> usize {
    match std::env::var("NARTHEX_DAMAGE_STEP") {
        Ok(step) => step.parse().expect("NARTHEX_DAMAGE_STEP is a distance in bytes"),
        Err(_) => 251,
    }
}

/// Runs `check` for every `step`th place of every file of the log, on all cores.
fn for_each_place(log: &Log, step: usize, check: impl Fn(&Path, &[u8], usize) + Sync) {
    let files: Vec<_> = log.disk.paths().into_iter().map(|path| (path.clone(), log.disk.get(&path).unwrap())).collect();
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut n_places = 0;
    std::thread::scope(|scope| {
        for (path, whole) in &files {
            n_places += whole.len().div_ceil(step);
            for thread in 0..n_threads {
                let check = &check;
                let places = (thread * step..whole.len()).step_by(n_threads * step);
                scope.spawn(move || places.for_each(|at| check(path, whole, at)));
            }
        }
    });
    let n_bytes: usize = files.iter().map(|(_, whole)| whole.len()).sum();
    println!("{n_places} places in {} files of {n_bytes} bytes", files.len());
}

#[test]
fn a_damaged_byte_costs_no_more_than_its_record_may() {
    let log = written();
    assert!(wal_bytes(&log.disk) >= 65_536 && batch_files(&log.disk).len() >= 4);
    for_each_place(&log, step(), |path, whole, at| {
        for flipped in [1 << (at % 8), 0xff] {
            let mut damaged = whole.to_vec();
            damaged[at] ^= flipped;
            log.check(path, damaged, &(at..at + 1));
        }
    });
}

#[test]
fn a_cut_or_zeroed_tail_costs_no_more_than_what_was_cut() {
    let log = written();
    for_each_place(&log, step(), |path, whole, at| {
        log.check(path, whole[..at].to_vec(), &(at..whole.len()));
        // What a file system leaves that has extended a file and not written it.
        if at % 16 == 0 {
            let mut zeroed = whole.to_vec();
            zeroed[at..].fill(0);
            log.check(path, zeroed, &(at..whole.len()));
        }
    });
}

#[test]
fn a_zeroed_sector_costs_no_more_than_the_records_in_it() {
    let log = written();
    for_each_place(&log, 512, |path, whole, from| {
        let to = (from + 512).min(whole.len());
        let mut damaged = whole.to_vec();
        damaged[from..to].fill(0);
        log.check(path, damaged, &(from..to));
    });
}
