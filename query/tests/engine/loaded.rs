//! A real store on a disk in memory, with samples in it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::Disk;
use journal::testkit::MemoryDisk;
use model::rng::SeededRng;
use model::storage::{Append, Batch, Timestamps};
use model::{Clock, Labels, SystemClock};
use query::syntax::series::{SequenceValue, parse};
use tsdb::{Options, Progress, Store};

/// A store with the series of descriptions, whose samples are `step_ms` apart from the epoch on.
pub(crate) fn loaded(step_ms: i64, descriptions: &[&str]) -> Store {
    let store = empty();
    for description in descriptions {
        let series = parse(description).unwrap();
        let at_steps = series.values.iter().enumerate();
        let samples: Vec<(i64, f64)> = at_steps
            .filter_map(|(step, value)| match value {
                SequenceValue::Float(value) => Some((step as i64 * step_ms, *value)),
                _ => None,
            })
            .collect();
        append(&store, &series.labels, &samples);
    }
    store
}

/// A store without samples.
pub(crate) fn empty() -> Store {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options =
        Options { sync_interval: Duration::from_secs(3600), max_ahead_ms: i64::MAX, n_shards: 2, ..Options::default() };
    let (mut rng, progress) = (SeededRng::new(1), Progress::default());
    Store::open(&disk, &clock, &mut rng, Path::new("data"), options, &progress).unwrap().0
}

/// Appends samples of one series.
pub(crate) fn append(store: &Store, labels: &Labels, samples: &[(i64, f64)]) {
    let series = store.resolve(None, std::slice::from_ref(labels)).unwrap().remove(0).unwrap();
    let (timestamps, values): (Vec<i64>, Vec<f64>) = samples.iter().copied().unzip();
    let batch = Batch {
        source: None,
        series: &vec![series; values.len()],
        timestamps: Timestamps::Each(&timestamps),
        values: &values,
        starts: &[],
        histograms: &[],
    };
    assert_eq!(store.commit(&batch).unwrap(), []);
}
