//! What scripts load, in a real store on a disk in memory.
//!
//! The store keeps no start times yet; so those of a script stand beside it and are put into the tiles that are read.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::Disk;
use journal::testkit::MemoryDisk;
use model::rng::SeededRng;
use model::storage::{
    Append, Batch, HistogramRow, HistogramValue, LabelRequest, Listing, Select, SelectError, SelectHints, SeriesReader,
    SeriesRef, SeriesSet, Tile, Timestamps,
};
use model::{Clock, Labels, Matcher, SystemClock};
use query::syntax::series::SequenceValue;
use tsdb::{Options, Progress, Store};

use super::load::{Load, LoadedSample, LoadedSeries};
use super::nhcb::converted;

/// Start times by series and sample.
type Starts = HashMap<Labels, BTreeMap<i64, i64>>;

/// A store and the start times of its samples.
#[derive(Debug)]
pub(crate) struct TestStore {
    store: Store,
    starts: Arc<Starts>,
}

impl TestStore {
    /// An empty store.
    pub(crate) fn open() -> TestStore {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let options = Options {
            sync_interval: Duration::from_secs(3600),
            // Scripts have samples at any time.
            max_ahead_ms: i64::MAX,
            n_shards: 1,
            ..Options::default()
        };
        let mut rng = SeededRng::new(1);
        let progress = Progress::default();
        let (store, _) = Store::open(&disk, &clock, &mut rng, Path::new("data"), options, &progress).unwrap();
        TestStore { store, starts: Arc::default() }
    }

    /// Loads all samples of a `load`.
    ///
    /// # Errors
    /// When one of them is refused.
    pub(crate) fn load(&mut self, load: &Load) -> Result<(), String> {
        load.series.iter().try_for_each(|series| self.load_series(series))?;
        if load.with_nhcb {
            converted(&load.series)?.iter().try_for_each(|series| self.load_series(series))?;
        }
        Ok(())
    }

    fn load_series(&mut self, series: &LoadedSeries) -> Result<(), String> {
        let resolved =
            self.store.resolve(None, std::slice::from_ref(&series.labels)).map_err(|error| error.to_string())?;
        let reference = resolved.into_iter().next().unwrap().map_err(|refusal| refusal.to_string())?;
        // A batch has its floats before its histograms, so each run of one kind is a batch.
        let is_float = |sample: &LoadedSample| matches!(sample.value, SequenceValue::Float(_));
        for run in series.samples.chunk_by(|one, other| is_float(one) == is_float(other)) {
            self.commit(reference, run).map_err(|why| format!("{}: {why}", series.labels))?;
        }
        for sample in series.samples.iter().filter(|sample| sample.start_ms != 0) {
            let starts = Arc::get_mut(&mut self.starts).unwrap();
            starts.entry(series.labels.clone()).or_default().insert(sample.timestamp_ms, sample.start_ms);
        }
        Ok(())
    }

    fn commit(&self, series: SeriesRef, samples: &[LoadedSample]) -> Result<(), String> {
        let (mut timestamps, mut values, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
        for LoadedSample { timestamp_ms, value, .. } in samples {
            match value {
                SequenceValue::Omitted => {}
                SequenceValue::Float(value) => {
                    timestamps.push(*timestamp_ms);
                    values.push(*value);
                }
                SequenceValue::Histogram { histogram, .. } => {
                    let value = HistogramValue::Float(Arc::clone(histogram));
                    histograms.push(HistogramRow { series, timestamp_ms: *timestamp_ms, value });
                }
            }
        }
        let batch = Batch {
            source: None,
            series: &vec![series; values.len()],
            timestamps: Timestamps::Each(&timestamps),
            values: &values,
            histograms: &histograms,
        };
        let refused = self.store.commit(&batch).map_err(|error| error.to_string())?;
        refused.first().map_or(Ok(()), |refused| Err(refused.refusal.to_string()))
    }
}

impl Select for TestStore {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        let set = self.store.select(matchers, hints)?;
        if self.starts.is_empty() {
            return Ok(set);
        }
        Ok(Box::new(WithStarts { set, starts: Arc::clone(&self.starts) }))
    }

    fn label_names(&self, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.store.label_names(request)
    }

    fn label_values(&self, name: &str, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.store.label_values(name, request)
    }
}

/// A selection with start times.
#[derive(Debug)]
struct WithStarts {
    set: Box<dyn SeriesSet>,
    starts: Arc<Starts>,
}

impl SeriesSet for WithStarts {
    fn len(&self) -> usize {
        self.set.len()
    }

    fn labels(&self, series: usize) -> Labels {
        self.set.labels(series)
    }

    fn reader(&self) -> Box<dyn SeriesReader + '_> {
        Box::new(StartsReader { reader: self.set.reader(), set: self, series: 0 })
    }
}

struct StartsReader<'s> {
    reader: Box<dyn SeriesReader + 's>,
    set: &'s WithStarts,
    series: usize,
}

impl SeriesReader for StartsReader<'_> {
    fn seek(&mut self, series: usize, start_ms: i64) {
        self.series = series;
        self.reader.seek(series, start_ms);
    }

    fn next_tile(&mut self, tile: &mut Tile) -> Result<bool, SelectError> {
        if !self.reader.next_tile(tile)? {
            return Ok(false);
        }
        if let Some(starts) = self.set.starts.get(&self.set.labels(self.series)) {
            let start_of = |time_ms: &i64| starts.get(time_ms).copied().unwrap_or(0);
            tile.start_timestamps = tile.timestamps.iter().map(start_of).collect();
        }
        Ok(true)
    }
}
