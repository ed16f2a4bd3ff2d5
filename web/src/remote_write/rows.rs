//! A request as rows: read from the message, resolved, committed.

use model::Labels;
use model::storage::{Append, AppendError, Batch, HistogramRow, Refusal, Refused, SeriesRef, Timestamps};
use net::remote_write::{DecodeError, DecodeLimits, LabelsKey, LabelsKeys, RequestVisitor, TimeSeries, decode};

use super::known::{Known, Lookup};

/// Stands for a series that storage has not been asked for yet, or did not take.
const NOWHERE: SeriesRef = SeriesRef(u64::MAX);

/// A request that has been decoded and decompressed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) limits: &'a DecodeLimits,
}

impl Message<'_> {
    pub(super) fn walk(self, visitor: &mut impl RequestVisitor) -> Result<(), DecodeError> {
        decode(self.bytes, self.limits, visitor)
    }
}

/// The rows of a request: floats, and native histograms behind them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    series: Vec<SeriesRef>,
    timestamps: Vec<i64>,
    values: Vec<f64>,
    histograms: Vec<HistogramRow>,
    missing: Vec<Missing>,
    pub(super) n_invalid: u64,
    pub(super) n_exemplars: u64,
}

/// A series that is not known by its key, and its rows.
#[derive(Debug)]
struct Missing {
    labels: Labels,
    key: LabelsKey,
    floats: std::ops::Range<usize>,
    histograms: std::ops::Range<usize>,
    refusal: Option<Refusal>,
}

/// Reads rows.
struct Reading<'a> {
    rows: Rows,
    keys: &'a LabelsKeys,
    known: Option<Lookup<'a>>,
    /// Of the series that is being read.
    key: LabelsKey,
    series: Option<SeriesRef>,
}

impl Rows {
    /// Reads a message. Where `trust` is not given, what is known is not looked at.
    pub(super) fn read(message: Message<'_>, known: &Known, trust: bool) -> Result<Rows, DecodeError> {
        let lookup = trust.then(|| known.lookup());
        let (keys, rows) = (known.keys(), Rows::default());
        let mut reading = Reading { rows, keys, known: lookup, key: 0, series: None };
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
        let found = self.missing.iter().zip(resolved).filter_map(|(missing, series)| Some((missing.key, series.ok()?)));
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
            return Ok(Stored::default());
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
            histograms: histograms.iter().map(|row| self.histograms[*row - self.values.len()].clone()).collect(),
            ..Rows::default()
        }
    }

    fn batch(&self) -> Batch<'_> {
        let timestamps = match self.timestamps.first() {
            Some(first) if self.timestamps.iter().all(|timestamp_ms| timestamp_ms == first) => Timestamps::All(*first),
            _ => Timestamps::Each(&self.timestamps),
        };
        Batch { source: None, series: &self.series, timestamps, values: &self.values, histograms: &self.histograms }
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
    /// By rising row.
    pub(super) refused: Vec<Refused>,
}

impl RequestVisitor for Reading<'_> {
    fn keys(&self) -> Option<&LabelsKeys> {
        Some(self.keys)
    }

    fn knows(&mut self, key: LabelsKey) -> bool {
        self.key = key;
        self.series = self.known.as_mut().and_then(|known| known.find(key));
        self.series.is_some()
    }

    fn time_series(&mut self, series: &TimeSeries<'_>) {
        let n_samples = series.samples.len() + series.histograms.len();
        let known = self.series.take();
        let rows = &mut self.rows;
        rows.n_exemplars += series.exemplars.len() as u64;
        if series.fault.is_some() {
            rows.n_invalid += n_samples as u64;
            return;
        }
        if n_samples == 0 {
            return;
        }
        let (n_floats, n_histograms) = (rows.values.len(), rows.histograms.len());
        let reference = known.unwrap_or(NOWHERE);
        for sample in &series.samples {
            rows.series.push(reference);
            rows.timestamps.push(sample.timestamp_ms);
            rows.values.push(sample.value);
        }
        rows.histograms.extend(series.histograms.iter().map(|sample| HistogramRow {
            series: reference,
            timestamp_ms: sample.timestamp_ms,
            value: sample.value.clone(),
        }));
        if known.is_none() {
            rows.missing.push(Missing {
                labels: Labels::from_sorted(series.labels.iter().copied()),
                key: self.key,
                floats: n_floats..rows.values.len(),
                histograms: n_histograms..rows.histograms.len(),
                refusal: None,
            });
        }
    }
}

/// The series and the time of rows.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) series: Labels,
    pub(super) timestamp_ms: i64,
}

/// Finds the series of one row by reading the request again: only what is refused is asked for its labels.
#[derive(Debug)]
struct Naming {
    /// Rows of the kind that are still ahead.
    n_before: usize,
    is_float: bool,
    found: Option<Named>,
}

/// The sample of a row of a message.
pub(super) fn name_row(message: Message<'_>, row: usize, n_floats: usize) -> Option<Named> {
    let is_float = row < n_floats;
    let mut naming = Naming { n_before: if is_float { row } else { row - n_floats }, is_float, found: None };
    message.walk(&mut naming).ok()?;
    naming.found
}

impl RequestVisitor for Naming {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        if series.fault.is_some() || self.found.is_some() {
            return;
        }
        let n_rows = if self.is_float { series.samples.len() } else { series.histograms.len() };
        if self.n_before >= n_rows {
            self.n_before -= n_rows;
            return;
        }
        let timestamp_ms = match self.is_float {
            true => series.samples[self.n_before].timestamp_ms,
            false => series.histograms[self.n_before].timestamp_ms,
        };
        self.found = Some(Named { series: Labels::from_sorted(series.labels.iter().copied()), timestamp_ms });
    }
}
