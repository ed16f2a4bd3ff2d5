//! What scripts load, in a real store on a disk in memory, with the start times that they give.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::Disk;
use journal::testkit::MemoryDisk;
use model::rng::SeededRng;
use model::storage::{
    Append, Batch, HistogramRow, HistogramValue, LabelRequest, Listing, Select, SelectError, SelectHints, SeriesRef,
    SeriesSet, Timestamps,
};
use model::{Clock, Matcher, SystemClock};
use query::syntax::series::SequenceValue;
use tsdb::{Options, Progress, Store};

use super::load::{Load, LoadedSample, LoadedSeries};
use super::nhcb::converted;

/// A store of what was loaded.
#[derive(Debug)]
pub(crate) struct TestStore {
    store: Store,
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
        TestStore { store }
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
        Ok(())
    }

    fn commit(&self, series: SeriesRef, samples: &[LoadedSample]) -> Result<(), String> {
        let (mut timestamps, mut values, mut starts, mut histograms) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for LoadedSample { timestamp_ms, start_ms, value } in samples {
            match value {
                SequenceValue::Omitted => {}
                SequenceValue::Float(value) => {
                    timestamps.push(*timestamp_ms);
                    values.push(*value);
                    starts.push(*start_ms);
                }
                SequenceValue::Histogram { histogram, .. } => {
                    let value = HistogramValue::Float(Arc::clone(histogram));
                    histograms.push(HistogramRow { series, timestamp_ms: *timestamp_ms, start_ms: *start_ms, value });
                }
            }
        }
        let batch = Batch {
            source: None,
            series: &vec![series; values.len()],
            timestamps: Timestamps::Each(&timestamps),
            values: &values,
            starts: &starts,
            histograms: &histograms,
        };
        let refused = self.store.commit(&batch).map_err(|error| error.to_string())?;
        refused.first().map_or(Ok(()), |refused| Err(refused.refusal.to_string()))
    }
}

impl Select for TestStore {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        self.store.select(matchers, hints)
    }

    fn label_names(&self, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.store.label_names(request)
    }

    fn label_values(&self, name: &str, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.store.label_values(name, request)
    }
}
