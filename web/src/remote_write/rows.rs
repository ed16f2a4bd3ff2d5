//! A request as rows: read from the message, resolved, committed.

use model::Labels;
use model::storage::{Append, AppendError, Batch, HistogramRow, Refusal, Refused, SeriesRef, Timestamps};
use net::remote_write::{
    DecodeError, DecodeLimits, LabelsKey, LabelsKeys, RequestVisitor, TimeSeries, Version, check_histogram, decode,
    decode_v2,
};

use super::known::{Known, Lookup};

/// Stands for a series that storage has not been asked for yet, or did not take.
const NOWHERE: SeriesRef = SeriesRef(u64::MAX);

/// A request that has been decompressed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) version: Version,
    pub(super) bytes: &'a [u8],
    pub(super) limits: &'a DecodeLimits,
}

impl Message<'_> {
    pub(super) fn walk(self, visitor: &mut impl RequestVisitor) -> Result<(), DecodeError> {
        match self.version {
            Version::V1 => decode(self.bytes, self.limits, visitor),
            Version::V2 => decode_v2(self.bytes, self.limits, visitor),
        }
    }
}

/// The rows of a request: floats, and native histograms behind them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    series: Vec<SeriesRef>,
    timestamps: Vec<i64>,
    values: Vec<f64>,
    /// Since when the floats count; empty where that is known of none.
    starts: Vec<i64>,
    histograms: Vec<HistogramRow>,
    missing: Vec<Missing>,
    /// Samples of series with labels that cannot be.
    pub(super) n_invalid: u64,
    /// Histograms that cannot be.
    pub(super) n_bad_histograms: u64,
    pub(super) n_exemplars: u64,
    /// What version 2 does not forgive.
    n_faults: u64,
}

/// A series that is not known by its key, and its rows.
#[derive(Debug)]
struct Missing {
    labels: Labels,
    /// Where its labels stand together.
    key: Option<LabelsKey>,
    floats: std::ops::Range<usize>,
    histograms: std::ops::Range<usize>,
    refusal: Option<Refusal>,
}

/// Reads rows.
struct Reading<'a> {
    version: Version,
    rows: Rows,
    keys: &'a LabelsKeys,
    known: Option<Lookup<'a>>,
    /// Of the series that is being read, if there was a question for it.
    key: Option<LabelsKey>,
    series: Option<SeriesRef>,
}

impl Rows {
    /// Reads a message. Where `trust` is not given, what is known is not looked at.
    pub(super) fn read(message: Message<'_>, known: &Known, trust: bool) -> Result<Rows, DecodeError> {
        let lookup = trust.then(|| known.lookup());
        let (keys, rows) = (known.keys(), Rows::default());
        let mut reading = Reading { version: message.version, rows, keys, known: lookup, key: None, series: None };
        message.walk(&mut reading)?;
        Ok(reading.rows)
    }

    /// Asks storage for the series that are not known, and remembers them.
    fn resolve(
        &mut self,
        known: &Known,
        append: &dyn Append,
        n_series: impl FnOnce() -> u64,
    ) -> Result<(), AppendError> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let labels: Vec<Labels> = self.missing.iter().map(|missing| missing.labels.clone()).collect();
        let resolved = append.resolve(None, &labels)?;
        for (missing, resolved) in self.missing.iter_mut().zip(&resolved) {
            match resolved {
                Ok(series) => {
                    self.series[missing.floats.clone()].fill(*series);
                    self.histograms[missing.histograms.clone()].iter_mut().for_each(|row| row.series = *series);
                }
                Err(refusal) => missing.refusal = Some(refusal.clone()),
            }
        }
        let found =
            self.missing.iter().zip(resolved).filter_map(|(missing, series)| Some((missing.key?, series.ok()?)));
        known.remember(found, n_series);
        Ok(())
    }

    /// Stores the rows, and names those that were refused.
    pub(super) fn commit(
        mut self,
        message: Message<'_>,
        known: &Known,
        append: &dyn Append,
        n_series: impl Fn() -> u64,
    ) -> Result<Stored, AppendError> {
        if self.is_empty() {
            return Ok(self.stored(Vec::new()));
        }
        self.resolve(known, append, &n_series)?;
        let mut refused = append.commit(&self.batch())?;
        if refused.iter().any(|refused| self.is_stale(refused)) {
            self.commit_stale(message, known, append, n_series, &mut refused)?;
        }
        for refused in refused.iter_mut().filter(|refused| refused.refusal == Refusal::UnknownSeries) {
            if let Some(refusal) = self.refusal_of_series(refused.row) {
                refused.refusal = refusal;
            }
        }
        Ok(self.stored(refused))
    }

    /// Whether a row was refused because its series has been dropped since it was remembered.
    fn is_stale(&self, refused: &Refused) -> bool {
        refused.refusal == Refusal::UnknownSeries && self.series_of(refused.row) != NOWHERE
    }

    /// Commits the rows of series that have been dropped again, to the same series made anew; once.
    fn commit_stale(
        &mut self,
        message: Message<'_>,
        known: &Known,
        append: &dyn Append,
        n_series: impl Fn() -> u64,
        refused: &mut Vec<Refused>,
    ) -> Result<(), AppendError> {
        let stale: Vec<usize> =
            refused.iter().filter(|refused| self.is_stale(refused)).map(|refused| refused.row).collect();
        refused.retain(|refused| !self.is_stale(refused));
        // It has been read before, so it can be read again.
        let Ok(mut anew) = Rows::read(message, known, false) else { return Ok(()) };
        anew.resolve(known, append, n_series)?;
        let again = append.commit(&anew.only(&stale).batch())?;
        refused.extend(again.into_iter().map(|Refused { row, refusal }| Refused { row: stale[row], refusal }));
        refused.sort_unstable_by_key(|refused| refused.row);
        *self = anew;
        Ok(())
    }

    /// Some of the rows, which are sorted.
    fn only(&self, rows: &[usize]) -> Rows {
        let (floats, histograms) = rows.split_at(rows.partition_point(|row| *row < self.values.len()));
        Rows {
            series: floats.iter().map(|row| self.series[*row]).collect(),
            timestamps: floats.iter().map(|row| self.timestamps[*row]).collect(),
            values: floats.iter().map(|row| self.values[*row]).collect(),
            starts: floats.iter().filter_map(|row| self.starts.get(*row).copied()).collect(),
            histograms: histograms.iter().map(|row| self.histograms[*row - self.values.len()].clone()).collect(),
            ..Rows::default()
        }
    }

    /// Notes since when the float counts that was added last, 0 where that is not known.
    fn push_start(&mut self, start_ms: i64) {
        if start_ms != 0 || !self.starts.is_empty() {
            self.starts.resize(self.values.len() - 1, 0);
            self.starts.push(start_ms);
        }
    }

    fn batch(&self) -> Batch<'_> {
        let timestamps = match self.timestamps.first() {
            Some(first) if self.timestamps.iter().all(|timestamp_ms| timestamp_ms == first) => Timestamps::All(*first),
            _ => Timestamps::Each(&self.timestamps),
        };
        let Rows { series, values, starts, histograms, .. } = self;
        Batch { source: None, series, timestamps, values, starts, histograms }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.histograms.is_empty()
    }

    fn series_of(&self, row: usize) -> SeriesRef {
        let histogram = || self.histograms.get(row - self.series.len()).map(|row| row.series);
        self.series.get(row).copied().or_else(histogram).unwrap_or(NOWHERE)
    }

    /// Why storage did not take the series of a row.
    fn refusal_of_series(&self, row: usize) -> Option<Refusal> {
        let rows_of = |missing: &Missing| match row.checked_sub(self.values.len()) {
            None => (missing.floats.clone(), row),
            Some(row) => (missing.histograms.clone(), row),
        };
        let at = self.missing.partition_point(|missing| {
            let (rows, row) = rows_of(missing);
            rows.end <= row
        });
        self.missing.get(at)?.refusal.clone()
    }

    fn stored(&self, refused: Vec<Refused>) -> Stored {
        let n_refused_floats = refused.iter().filter(|refused| refused.row < self.values.len()).count();
        Stored {
            n_samples: (self.values.len() - n_refused_floats) as u64,
            n_histograms: (self.histograms.len() - (refused.len() - n_refused_floats)) as u64,
            n_floats: self.values.len(),
            n_bad: self.n_bad_histograms + self.n_faults,
            refused,
        }
    }
}

/// What became of the rows of a request.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) n_samples: u64,
    pub(super) n_histograms: u64,
    /// Rows up to this one are floats.
    pub(super) n_floats: usize,
    /// What was not even tried, and must be told.
    n_bad: u64,
    /// By rising row.
    pub(super) refused: Vec<Refused>,
}

impl Stored {
    /// Whether nothing has to be told.
    pub(super) fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.n_bad == 0
    }
}

impl RequestVisitor for Reading<'_> {
    fn keys(&self) -> Option<&LabelsKeys> {
        Some(self.keys)
    }

    fn knows(&mut self, key: LabelsKey) -> bool {
        self.key = Some(key);
        self.series = self.known.as_mut().and_then(|known| known.find(key));
        self.series.is_some()
    }

    fn time_series(&mut self, series: &TimeSeries<'_>) {
        let n_samples = series.samples.len() + series.histograms.len();
        let (key, known) = (self.key.take(), self.series.take());
        let rows = &mut self.rows;
        rows.n_exemplars += series.exemplars.len() as u64;
        if self.version == Version::V2 {
            let n_faulty = series.exemplars.iter().filter(|exemplar| exemplar.fault.is_some()).count();
            rows.n_faults += n_faulty as u64 + u64::from(series.fault.is_some() || n_samples == 0);
        }
        if series.fault.is_some() {
            rows.n_invalid += n_samples as u64;
            return;
        }
        let (n_floats, n_histograms) = (rows.values.len(), rows.histograms.len());
        let reference = known.unwrap_or(NOWHERE);
        for sample in &series.samples {
            rows.series.push(reference);
            rows.timestamps.push(sample.timestamp_ms);
            rows.values.push(sample.value);
            rows.push_start(sample.start_ms);
        }
        for sample in &series.histograms {
            if check_histogram(&sample.value).is_err() {
                rows.n_bad_histograms += 1;
                continue;
            }
            rows.histograms.push(HistogramRow {
                series: reference,
                timestamp_ms: sample.timestamp_ms,
                start_ms: sample.start_ms,
                value: sample.value.clone(),
            });
        }
        let has_rows = n_floats + n_histograms < rows.values.len() + rows.histograms.len();
        if has_rows && known.is_none() {
            rows.missing.push(Missing {
                labels: Labels::from_sorted(series.labels.iter().copied()),
                key,
                floats: n_floats..rows.values.len(),
                histograms: n_histograms..rows.histograms.len(),
                refusal: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::rng::SeededRng;
    use model::storage::SourceRef;
    use parking_lot::Mutex;

    use super::*;

    /// A store that can drop all of its series, whose references are never used again.
    #[derive(Debug, Default)]
    struct Dropping {
        series: Mutex<BTreeMap<u64, Labels>>,
        n_made: Mutex<u64>,
        /// `name time`, in the order in which they were committed.
        rows: Mutex<Vec<String>>,
    }

    impl Append for Dropping {
        fn open_source(&self, _: &Labels) -> SourceRef {
            SourceRef(0)
        }

        fn close_source(&self, _: SourceRef) {}

        fn resolve(
            &self,
            _: Option<SourceRef>,
            wanted: &[Labels],
        ) -> Result<Vec<Result<SeriesRef, Refusal>>, AppendError> {
            let (mut series, mut n_made) = (self.series.lock(), self.n_made.lock());
            let resolved = wanted.iter().map(|labels| {
                if labels.get("__name__") == Some("refused") {
                    return Err(Refusal::SeriesLimit {
                        name: "head_series",
                        limit: 2,
                        setting: "fixed",
                        offender: None,
                    });
                }
                let found = series.iter().find(|(_, known)| *known == labels).map(|(number, _)| *number);
                let number = found.unwrap_or_else(|| {
                    *n_made += 1;
                    series.insert(*n_made, labels.clone());
                    *n_made
                });
                Ok(SeriesRef(number))
            });
            Ok(resolved.collect())
        }

        fn commit(&self, batch: &Batch<'_>) -> Result<Vec<Refused>, AppendError> {
            let (series, mut rows) = (self.series.lock(), self.rows.lock());
            let mut refused = Vec::new();
            for (row, reference) in batch.series.iter().enumerate() {
                match series.get(&reference.0) {
                    Some(labels) => rows.push(format!("{labels} {}", batch.timestamps.at(row))),
                    None => refused.push(Refused { row, refusal: Refusal::UnknownSeries }),
                }
            }
            Ok(refused)
        }
    }

    /// A request of series with a name, each with a sample at a time of less than 128.
    fn request(series: &[(&str, u8)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, time) in series {
            let mut label = vec![0x0a, 8];
            label.extend_from_slice(b"__name__");
            label.extend_from_slice(&[0x12, name.len() as u8]);
            label.extend_from_slice(name.as_bytes());
            let mut one = vec![0x0a, label.len() as u8];
            one.extend(label);
            one.extend_from_slice(&[0x12, 2, 0x10, *time]);
            out.extend_from_slice(&[0x0a, one.len() as u8]);
            out.extend(one);
        }
        out
    }

    #[test]
    fn series_that_were_dropped_are_made_anew() {
        let store = Dropping::default();
        let known = Known::new(&mut SeededRng::new(1));
        let check = |series: &[(&str, u8)], want_rows: &[&str], want_refused: &[(usize, Refusal)]| {
            let bytes = request(series);
            let message = Message { version: Version::V1, bytes: &bytes, limits: &DecodeLimits::default() };
            let rows = Rows::read(message, &known, true).unwrap();
            let stored = rows.commit(message, &known, &store, || 0).unwrap();
            assert_eq!(*store.rows.lock(), want_rows);
            let refused: Vec<_> = stored.refused.into_iter().map(|refused| (refused.row, refused.refusal)).collect();
            assert_eq!(refused, want_refused);
            assert_eq!(stored.n_samples as usize, series.len() - want_refused.len());
            store.rows.lock().clear();
        };
        let limit = || Refusal::SeriesLimit { name: "head_series", limit: 2, setting: "fixed", offender: None };
        check(&[("a", 1), ("b", 1)], &["{__name__=\"a\"} 1", "{__name__=\"b\"} 1"], &[]);
        store.series.lock().retain(|_, labels| labels.get("__name__") != Some("a"));
        // What was taken at once is not committed a second time.
        let rows = ["{__name__=\"b\"} 2", "{__name__=\"a\"} 2"];
        check(&[("a", 2), ("refused", 2), ("b", 2)], &rows, &[(1, limit())]);
        check(&[("a", 3), ("b", 3)], &["{__name__=\"a\"} 3", "{__name__=\"b\"} 3"], &[]);
        assert_eq!(*store.n_made.lock(), 3);
    }
}
