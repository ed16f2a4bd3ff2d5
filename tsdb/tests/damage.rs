//! Every byte of a log is damaged in turn, and every length cut: the store starts, reads nothing wrong, and loses no more
//! than what `docs/format/wal.md` allows.
//!
//! The allowance is computed from the outside: while the log is written, the test notes which bytes each commit added to
//! which file. A damaged record may cost itself, and where it is a scrape, the next fifteen of the same source. A damaged
//! header and a damaged second copy of a definition may cost nothing. A cut file may cost what was cut.
//!
//! The same is done to a store with checkpoints, as `docs/format/checkpoint.md` has it: a damaged checkpoint may cost nothing,
//! nor may damage to that part of the log that stands in one, and a damaged record of a closed chunk may cost the samples of
//! that chunk.
//!
//! Every byte takes five minutes, so by default one in 251 is damaged (one bit of it, and all of them).
//! `NARTHEX_DAMAGE_STEP` sets the distance from one place to the next; 1 takes them all.

#![allow(clippy::print_stdout, reason = "says how much it did")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;
use journal::testkit::MemoryDisk;
use model::rng::SeededRng;
use model::sample::stale_marker;
use model::storage::{Append, Batch, Select, SelectHints, SourceRef, Tile, Timestamps};
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

const START_MS: i64 = 1_700_000_000_000;

struct Log {
    disk: MemoryDisk,
    commits: Vec<Commit>,
    /// How many of them stand in the newest checkpoint.
    n_held: usize,
    contents: Contents,
    chunks: Vec<Chunk>,
}

/// A record of a closed chunk, as the journal of them has it.
struct Chunk {
    path: PathBuf,
    bytes: Range<usize>,
    n_samples: usize,
    oldest_ms: i64,
    newest_ms: i64,
}

/// Two runs, several segments, 64 KiB of batches: four sources that scrape 15 series each, one of them now and then
/// losing a series, and a remote writer.
fn written() -> Log {
    let disk = MemoryDisk::new();
    let mut commits = Vec::new();
    for run in 1..=2 {
        let mut writing = Writing::begin(&disk, run);
        while wal_bytes(&disk) < run as usize * 33_000 {
            writing.round(&mut commits);
        }
    }
    Log::of(disk, commits, 0)
}

/// The same for a few hours, with checkpoints: two by each run, the last some time before the end.
fn written_with_checkpoints() -> Log {
    let disk = MemoryDisk::new();
    let mut commits = Vec::new();
    let mut n_held = 0;
    for run in 1..=2 {
        let mut writing = Writing::begin(&disk, run);
        for round in 1..=95 {
            writing.round(&mut commits);
            if round == 70 || round == 85 {
                writing.store.checkpoint().unwrap();
                n_held = commits.len();
            }
        }
    }
    Log::of(disk, commits, n_held)
}

/// A run that writes.
struct Writing {
    disk: MemoryDisk,
    run: u64,
    store: Store,
    sources: Vec<SourceRef>,
    rng: SeededRng,
}

impl Writing {
    fn begin(disk: &MemoryDisk, run: u64) -> Writing {
        let (store, _) = open(disk, run, Options { min_segment_bytes: 14_000, ..options() });
        let name = |source: usize| labels("", &[("job", "j"), ("instance", &source.to_string())]);
        let sources = (0..4).map(|source| store.open_source(&name(source))).collect();
        Writing { disk: disk.clone(), run, store, sources, rng: SeededRng::new(5 + run) }
    }

    /// One scrape of each source, and one remote write.
    fn round(&mut self, commits: &mut Vec<Commit>) {
        let now_ms = START_MS + 15_000 * commits.len() as i64 / 5;
        for writer in 0..5usize {
            let n_series = if writer == 2 && self.rng.below(9) == 0 { 14 } else { 15 };
            let instance = writer.to_string();
            let sets: Vec<_> = (0..n_series)
                .map(|i| labels("metric", &[("job", "j"), ("instance", &instance), ("i", &i.to_string())]))
                .collect();
            let values: Vec<f64> = sets.iter().map(|_| self.value()).collect();
            let source = self.sources.get(writer).copied();
            let series = resolve(&self.store, source, &sets);
            let before = lens(&self.disk);
            let timestamps = Timestamps::All(now_ms);
            let batch = Batch { source, series: &series, timestamps, values: &values, starts: &[], histograms: &[] };
            assert_eq!(self.store.commit(&batch).unwrap(), []);
            let samples = sets.into_iter().map(|set| (set, now_ms)).collect();
            let (path, bytes) = added(&self.disk, &before);
            commits.push(Commit { path, bytes, source: source.map(|_| (self.run, writer)), samples });
        }
    }

    fn value(&mut self) -> f64 {
        match self.rng.below(8) {
            0 => stale_marker(),
            1..4 => self.rng.below(1000) as f64,
            _ => self.rng.unit(),
        }
    }
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
    fn of(disk: MemoryDisk, commits: Vec<Commit>, n_held: usize) -> Log {
        let contents = contents(&open(&disk.copy(), 3, options()).0);
        let chunks = chunks(&disk);
        Log { disk, commits, n_held, contents, chunks }
    }

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
        for held in &self.commits[..self.n_held] {
            for (set, timestamp_ms) in &held.samples {
                allowed.remove(&(set, *timestamp_ms));
            }
        }
        allowed
    }

    /// Checks that each series has lost no more than whole chunks whose records are damaged or gone, and no two the same.
    fn check_chunks(&self, path: &Path, bytes: &Range<usize>, lost: &[(&Labels, i64)], what: &str) {
        let is_hit =
            |chunk: &&Chunk| chunk.path == path && chunk.bytes.start < bytes.end && chunk.bytes.end > bytes.start;
        let mut hit: Vec<_> = self.chunks.iter().filter(is_hit).collect();
        let mut by_series: HashMap<&Labels, Vec<i64>> = HashMap::new();
        lost.iter().for_each(|(set, timestamp_ms)| by_series.entry(set).or_default().push(*timestamp_ms));
        for (set, mut times) in by_series {
            while let Some(&newest_ms) = times.last() {
                let is_it = |chunk: &&Chunk| {
                    let from = times.len().checked_sub(chunk.n_samples);
                    chunk.newest_ms == newest_ms && from.is_some_and(|from| times[from] == chunk.oldest_ms)
                };
                let at = hit.iter().position(is_it);
                let chunk = hit.swap_remove(at.unwrap_or_else(|| panic!("{what}: {set} has lost {newest_ms}")));
                times.truncate(times.len() - chunk.n_samples);
            }
        }
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
        if path.starts_with("data/chunks") {
            self.check_chunks(path, bytes, &lost, &what);
        } else if !lost.is_empty() {
            let allowed = self.allowed(path, bytes);
            let too_much: Vec<_> = lost.iter().filter(|lost| !allowed.contains(*lost)).collect();
            assert!(too_much.is_empty(), "{what}: lost {} of {}, and {too_much:?}", lost.len(), allowed.len());
        }
    }
}

/// The records of closed chunks.
fn chunks(disk: &MemoryDisk) -> Vec<Chunk> {
    let dir = Path::new("data/chunks");
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let names = journal::segments(disk, dir).unwrap();
    let mut chunks = Vec::new();
    journal::Reader::new(shared, dir)
        .read(&names, |record| {
            let mut rest = &record.payload[1..];
            let (_slot, n_samples, newest) = (varint(&mut rest), varint(&mut rest), varint(&mut rest));
            let newest_ms = (newest >> 1) as i64 ^ -((newest & 1) as i64);
            let end = record.end as usize;
            // The first sample begins with its time, as it is.
            let oldest_ms = i64::from_be_bytes(rest[..8].try_into().unwrap());
            let bytes = end - 16 - record.payload.len()..end;
            chunks.push(Chunk {
                path: dir.join(record.segment.to_string()),
                bytes,
                n_samples: n_samples as usize,
                oldest_ms,
                newest_ms,
            });
        })
        .unwrap();
    chunks
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if *first < 0x80 {
            break;
        }
    }
    value
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

/// The log alone, and a store with checkpoints.
fn both() -> [Log; 2] {
    let log = written();
    assert!(wal_bytes(&log.disk) >= 65_536 && batch_files(&log.disk).len() >= 4);
    let with_checkpoints = written_with_checkpoints();
    let n_files = |dir: &str| with_checkpoints.disk.paths().iter().filter(|path| path.starts_with(dir)).count();
    assert_eq!((n_files("data/checkpoint"), n_files("data/chunks")), (2, 2));
    assert!(with_checkpoints.chunks.len() > 60);
    [log, with_checkpoints]
}

#[test]
fn a_damaged_byte_costs_no_more_than_its_record_may() {
    for log in both() {
        for_each_place(&log, step(), |path, whole, at| {
            for flipped in [1 << (at % 8), 0xff] {
                let mut damaged = whole.to_vec();
                damaged[at] ^= flipped;
                log.check(path, damaged, &(at..at + 1));
            }
        });
    }
}

#[test]
fn a_cut_or_zeroed_tail_costs_no_more_than_what_was_cut() {
    for log in both() {
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
}

#[test]
fn a_zeroed_sector_costs_no_more_than_the_records_in_it() {
    for log in both() {
        for_each_place(&log, 512, |path, whole, from| {
            let to = (from + 512).min(whole.len());
            let mut damaged = whole.to_vec();
            damaged[from..to].fill(0);
            log.check(path, damaged, &(from..to));
        });
    }
}

#[test]
fn a_page_in_the_place_of_another_costs_no_more_than_the_records_in_both() {
    const PAGE: usize = 4096;
    for log in both() {
        for_each_place(&log, PAGE, |path, whole, one| {
            // The next one, and one that is further away.
            for other in [one + PAGE, one + 5 * PAGE].into_iter().filter(|&other| other + PAGE <= whole.len()) {
                let both = one..other + PAGE;
                let mut doubled = whole.to_vec();
                doubled.copy_within(one..one + PAGE, other);
                log.check(path, doubled, &(other..other + PAGE));
                let mut swapped = whole.to_vec();
                let (before, after) = swapped.split_at_mut(other);
                before[one..one + PAGE].swap_with_slice(&mut after[..PAGE]);
                log.check(path, swapped, &both);
            }
        });
    }
}
