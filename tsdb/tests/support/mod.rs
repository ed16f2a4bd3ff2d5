//! A store on a disk in memory, and a naive model of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod deleted;
pub(crate) mod windows;

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::Disk;
use journal::testkit::MemoryDisk;
use model::histogram::ResetHint;
use model::rng::SeededRng;
use model::storage::{
    Append, Batch, HistogramValue, Refused, Select, SelectHints, SeriesRef, SourceRef, Tile, Timestamps,
};
use model::{Clock, Labels, Matcher, SystemClock};
use rustc_hash::FxBuildHasher;
use tsdb::{OpenError, Options, Progress, Replayed, Store};

/// Samples by series and time, as bits.
pub(crate) type Contents = BTreeMap<Labels, BTreeMap<i64, u64>>;

/// Opens the store on a disk; `run` tells one run of the process from another. Nothing is synced behind one's back.
pub(crate) fn open(disk: &MemoryDisk, run: u64, options: Options) -> (Store, Replayed) {
    try_open(disk, run, options).unwrap()
}

/// The same, where it may fail.
pub(crate) fn try_open(disk: &MemoryDisk, run: u64, options: Options) -> Result<(Store, Replayed), OpenError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut rng = SeededRng::new(run);
    Store::open(&disk, &clock, &mut rng, Path::new("data"), options, &Progress::default())
}

/// Options for tests: long intervals, any time, but in order.
pub(crate) fn options() -> Options {
    Options {
        sync_interval: Duration::from_secs(3600),
        max_ahead_ms: i64::MAX,
        late_window_ms: 0,
        n_shards: 4,
        ..Options::default()
    }
}

/// Labels as `name{a="b"}` would write them.
pub(crate) fn labels(name: &str, pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied().chain([("__name__", name)]))
}

/// Finds or makes series, all of which must be taken.
pub(crate) fn resolve(store: &Store, source: Option<SourceRef>, series: &[Labels]) -> Vec<SeriesRef> {
    store.resolve(source, series).unwrap().into_iter().map(Result::unwrap).collect()
}

/// Commits one time of some series.
pub(crate) fn commit(
    store: &Store,
    source: Option<SourceRef>,
    series: &[SeriesRef],
    timestamp_ms: i64,
    values: &[f64],
) -> Vec<Refused> {
    let timestamps = Timestamps::All(timestamp_ms);
    store.commit(&Batch { source, series, timestamps, values, starts: &[], histograms: &[] }).unwrap()
}

/// The times since which samples count, by series and time.
pub(crate) type Starts = BTreeMap<Labels, BTreeMap<i64, i64>>;

/// A histogram as a hash of all that can be seen of it, but for resets, which are told by what came before.
pub(crate) fn seen(histogram: &HistogramValue) -> u64 {
    let mut histogram = histogram.clone();
    if histogram.reset_hint() != ResetHint::Gauge {
        histogram.set_reset_hint(ResetHint::Unknown);
    }
    FxBuildHasher.hash_one(format!("{histogram:?}"))
}

/// Everything in the store.
pub(crate) fn contents(store: &Store) -> Contents {
    select(store, &[], i64::MIN, i64::MAX)
}

/// What a selection finds.
pub(crate) fn select(store: &Store, matchers: &[Matcher], start_ms: i64, end_ms: i64) -> Contents {
    select_with_starts(store, matchers, start_ms, end_ms).0
}

/// What a selection finds, and since when the samples count of which that is known.
pub(crate) fn select_with_starts(
    store: &Store,
    matchers: &[Matcher],
    start_ms: i64,
    end_ms: i64,
) -> (Contents, Starts) {
    let mut starts = Starts::new();
    let hints = SelectHints { start_ms, end_ms, ..SelectHints::default() };
    let set = store.select(matchers, &hints).unwrap();
    let mut reader = set.reader();
    let mut tile = Tile::default();
    let mut contents = Contents::new();
    for series in 0..set.len() {
        let samples = contents.entry(set.labels(series)).or_default();
        reader.seek(series, start_ms);
        let mut last_ms = None;
        while reader.next_tile(&mut tile).unwrap() {
            assert!(tile.start_timestamps.is_empty() || tile.start_timestamps.len() == tile.timestamps.len());
            let known = tile.timestamps.iter().copied().zip(tile.start_timestamps.iter().copied());
            let known: Vec<(i64, i64)> = known.filter(|&(_, start_ms)| start_ms != 0).collect();
            if !known.is_empty() {
                starts.entry(set.labels(series)).or_default().extend(known);
            }
            let n_values = tile.values.len() + tile.histograms.len();
            assert!(tile.timestamps.len() <= 1024 && tile.timestamps.len() == n_values);
            let floats = tile.values.iter().map(|value| value.to_bits());
            let values = floats.chain(tile.histograms.iter().map(seen));
            for (&timestamp_ms, bits) in tile.timestamps.iter().zip(values) {
                assert!(last_ms.is_none_or(|last_ms| last_ms < timestamp_ms), "in order");
                assert!((start_ms..=end_ms).contains(&timestamp_ms));
                last_ms = Some(timestamp_ms);
                samples.insert(timestamp_ms, bits);
            }
        }
    }
    contents.retain(|_, samples| !samples.is_empty());
    (contents, starts)
}
