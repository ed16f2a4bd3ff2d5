//! What the store holds, in numbers: for `/api/v1/status/tsdb`, `/metrics` and the status page.

use std::sync::atomic::Ordering;

use crate::head::Head;
use crate::store::Store;

/// The head in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadStats {
    /// Series.
    pub n_series: u64,
    /// Chunks, open and closed.
    pub n_chunks: u64,
    /// Samples appended since the start, those of the log included.
    pub n_samples: u64,
    /// Distinct pairs of label name and value.
    pub n_label_pairs: u64,
    /// The time of the oldest sample, in milliseconds; `None` while there is none.
    pub min_time_ms: Option<i64>,
    /// The time of the newest sample.
    pub max_time_ms: Option<i64>,
    /// Bytes of memory that series, chunks and index hold.
    pub n_bytes: u64,
    /// New series that were refused since the start, by limit.
    pub n_refused_series: [(&'static str, u64); 3],
}

/// The log in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalStats {
    /// Records written since the start.
    pub n_records: u64,
    /// Bytes written since the start.
    pub n_bytes: u64,
    /// Syncs that succeeded.
    pub n_syncs: u64,
    /// Nanoseconds spent in them.
    pub sync_nanos: u64,
    /// Writes that failed.
    pub n_write_failures: u64,
    /// Syncs that failed.
    pub n_sync_failures: u64,
}

/// The largest entries of some kind, largest first.
pub type Top = Vec<(String, u64)>;

/// Where the series come from.
#[derive(Clone, Debug, Default)]
pub struct Cardinality {
    /// Metric names by series.
    pub series_by_metric: Top,
    /// Label names by distinct values.
    pub values_by_label: Top,
    /// Label names by bytes of their values, each counted once.
    pub bytes_by_label: Top,
    /// Pairs, as `name=value`, by series.
    pub series_by_pair: Top,
}

impl Store {
    /// The head in numbers.
    pub fn head_stats(&self) -> HeadStats {
        let mut stats = HeadStats::default();
        {
            let index = self.head.index();
            let index = index.read();
            stats.n_series = index.n_series() as u64;
            stats.n_label_pairs = index.n_pairs() as u64;
            stats.n_bytes = index.n_bytes() as u64;
        }
        for shard in &self.head.shards {
            let shard = shard.lock();
            stats.n_chunks += shard.n_chunks() as u64;
            stats.n_samples += shard.n_samples();
            stats.n_bytes += shard.n_bytes() as u64;
        }
        (stats.min_time_ms, stats.max_time_ms) = self.head.interval().unzip();
        stats.n_refused_series = self.head.limits.n_refused();
        stats
    }

    /// The log in numbers.
    pub fn wal_stats(&self) -> WalStats {
        let metrics = self.wal.metrics();
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        WalStats {
            n_records: read(&metrics.records),
            n_bytes: read(&metrics.bytes),
            n_syncs: read(&metrics.syncs),
            sync_nanos: read(&metrics.sync_nanos),
            n_write_failures: read(&metrics.write_failures),
            n_sync_failures: read(&metrics.sync_failures),
        }
    }

    /// The series of the largest metric, and of the largest target (by its instance).
    pub fn largest_offenders(&self) -> (u64, u64) {
        let index = self.head.index();
        let index = index.read();
        let largest = |name| index.values(name).map(|(_, n_series)| n_series).max().unwrap_or(0);
        (largest(model::labels::METRIC_NAME), largest("instance"))
    }

    /// Where the series come from: the `limit` largest of each kind.
    pub fn cardinality(&self, limit: usize) -> Cardinality {
        let index = self.head.index();
        let index = index.read();
        let mut by_metric = index.values(model::labels::METRIC_NAME).map(|(name, n)| (name.to_owned(), n)).collect();
        let mut cardinality =
            Cardinality { series_by_metric: largest(&mut by_metric, limit), ..Cardinality::default() };
        let (mut values_by_label, mut bytes_by_label, mut by_pair) = (Vec::new(), Vec::new(), Vec::new());
        for name in index.names() {
            let (mut n_values, mut n_bytes) = (0, 0);
            let mut of_name: Top = Vec::new();
            for (value, n_series) in index.values(name) {
                n_values += 1;
                n_bytes += value.len() as u64;
                of_name.push((value.to_owned(), n_series));
            }
            values_by_label.push((name.to_owned(), n_values));
            bytes_by_label.push((name.to_owned(), n_bytes));
            let top = largest(&mut of_name, limit);
            by_pair.extend(top.into_iter().map(|(value, n_series)| (format!("{name}={value}"), n_series)));
        }
        cardinality.values_by_label = largest(&mut values_by_label, limit);
        cardinality.bytes_by_label = largest(&mut bytes_by_label, limit);
        cardinality.series_by_pair = largest(&mut by_pair, limit);
        cardinality
    }
}

/// The largest entries, largest first.
pub(crate) fn largest(entries: &mut Top, limit: usize) -> Top {
    entries.sort_unstable_by(|(name, n), (other_name, other_n)| other_n.cmp(n).then_with(|| name.cmp(other_name)));
    entries.truncate(limit);
    std::mem::take(entries)
}

impl Head {
    /// The times of the oldest and the newest sample.
    pub(crate) fn interval(&self) -> Option<(i64, i64)> {
        let intervals = self.shards.iter().filter_map(|shard| shard.lock().whole_interval());
        intervals.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }
}
