//! Storing a scrape: its samples, the stale markers of what has disappeared, and the report, in one batch.
//!
//! Only series that are new are named to storage; all others go by the references that the cache keeps. Should storage
//! have dropped a series in the meantime, its labels are made anew from its line.

use std::sync::Arc;

use model::sample;
use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef, Timestamps};

use super::cache::{LineCache, LineId, UNRESOLVED};
use super::exposition::Exposition;
use super::ingest::Rows;
use super::labels::LabelSettings;
use super::report::{self, Report};

/// Writes the scrapes of one target.
#[derive(Debug)]
pub(crate) struct Writer {
    appender: Arc<dyn Append>,
    source: SourceRef,
    with_extra_report: bool,
    /// The series of the report, once storage knows them.
    report_series: Vec<SeriesRef>,
}

/// What storage made of a scrape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) n_out_of_order: u64,
    pub(crate) n_duplicates: u64,
    /// Too old, or too far ahead.
    pub(crate) n_out_of_bounds: u64,
    /// Of series that storage does not take.
    pub(crate) n_refused_series: u64,
    /// Why the first series was not taken.
    pub(crate) series_refusal: Option<Refusal>,
    /// The line of the first sample that was late or double, and why.
    pub(crate) sample_refusal: Option<(String, Refusal)>,
}

/// Where a scrape stands: what is written, and where the lines are kept that it came from.
pub(crate) struct Scrape<'a> {
    pub(crate) cache: &'a mut LineCache,
    pub(crate) labels: &'a LabelSettings,
    pub(crate) exposition: Exposition,
    pub(crate) timestamp_ms: i64,
}

impl Writer {
    pub(crate) fn new(appender: Arc<dyn Append>, labels: &LabelSettings, with_extra_report: bool) -> Writer {
        let source = appender.open_source(&labels.target);
        Writer { appender, source, with_extra_report, report_series: Vec::new() }
    }

    /// Names the new series of a scrape to storage. Rows of series that it does not take go. Answers how many series
    /// were added.
    pub(crate) fn resolve(
        &self,
        cache: &mut LineCache,
        rows: &mut Rows,
        written: &mut Written,
    ) -> Result<u64, AppendError> {
        if rows.new.is_empty() {
            return Ok(0);
        }
        let labels: Vec<_> = rows.new.iter().map(|(_, labels)| labels.clone()).collect();
        let resolved = self.appender.resolve(Some(self.source), &labels)?;
        let mut n_added = 0;
        for ((row, _), outcome) in rows.new.iter().zip(resolved) {
            match outcome {
                Ok(series) => {
                    cache.line_mut(rows.lines[*row]).series = series;
                    n_added += 1;
                }
                Err(refusal) => {
                    written.n_refused_series += 1;
                    written.series_refusal.get_or_insert(refusal);
                }
            }
        }
        for (series, line) in rows.series.iter_mut().zip(&rows.lines) {
            if *series == UNRESOLVED {
                *series = cache.line(*line).series;
            }
        }
        if written.n_refused_series > 0 {
            rows.retain_resolved();
        }
        Ok(n_added)
    }

    /// Commits the rows of a scrape, the stale markers of what it did not bring, and its report.
    pub(crate) fn scrape(
        &mut self,
        scrape: &mut Scrape<'_>,
        rows: &mut Rows,
        report: &Report,
        written: &mut Written,
    ) -> Result<(), AppendError> {
        let n_rows = rows.series.len();
        let gone = scrape.cache.disappeared(&rows.alive, &rows.series);
        let report_series = self.report_series(scrape.labels)?;
        rows.append(&gone, std::iter::repeat(sample::stale_marker()), scrape.timestamp_ms);
        rows.append(&report_series, report.values().into_iter(), scrape.timestamp_ms);
        let refused = self.commit(rows, scrape.timestamp_ms)?;
        self.again_if_unknown(scrape, rows, n_rows, refused, written)?;
        scrape.cache.commit(&rows.alive);
        Ok(())
    }

    /// Commits stale markers for all that was alive, and a report.
    pub(crate) fn failure(
        &mut self,
        scrape: &mut Scrape<'_>,
        rows: &mut Rows,
        report: &Report,
    ) -> Result<(), AppendError> {
        let alive = scrape.cache.alive_series();
        let report_series = self.report_series(scrape.labels)?;
        rows.clear_rows();
        rows.append(&alive, std::iter::repeat(sample::stale_marker()), scrape.timestamp_ms);
        rows.append(&report_series, report.values().into_iter(), scrape.timestamp_ms);
        let refused = self.commit(rows, scrape.timestamp_ms)?;
        self.forget_unknown_report(&refused, alive.len());
        scrape.cache.bury();
        Ok(())
    }

    /// Commits stale markers for `series` and for the report: the target is gone.
    pub(crate) fn end(&mut self, series: &[SeriesRef], timestamp_ms: i64) -> Result<(), AppendError> {
        let series = [series, &self.report_series].concat();
        if series.is_empty() {
            return Ok(());
        }
        let values = vec![sample::stale_marker(); series.len()];
        self.appender.commit(&Batch {
            source: Some(self.source),
            series: &series,
            timestamps: Timestamps::All(timestamp_ms),
            values: &values,
            starts: &[],
            histograms: &[],
        })?;
        Ok(())
    }

    fn report_series(&mut self, labels: &LabelSettings) -> Result<Vec<SeriesRef>, AppendError> {
        if self.report_series.is_empty() {
            let names = report::names(self.with_extra_report);
            let labels: Vec<_> = names.iter().map(|name| labels.of_report(name)).collect();
            let resolved = self.appender.resolve(Some(self.source), &labels)?;
            self.report_series = resolved.into_iter().map(|series| series.unwrap_or(UNRESOLVED)).collect();
        }
        Ok(self.report_series.clone())
    }

    fn commit(&self, rows: &Rows, timestamp_ms: i64) -> Result<Vec<Refused>, AppendError> {
        let timestamps = match rows.timestamps.is_empty() {
            true => Timestamps::All(timestamp_ms),
            false => Timestamps::Each(&rows.timestamps),
        };
        self.appender.commit(&Batch {
            source: Some(self.source),
            series: &rows.series,
            timestamps,
            values: &rows.values,
            starts: &rows.starts,
            histograms: &[],
        })
    }

    /// Counts what was refused, and writes what was refused only because storage has dropped the series.
    fn again_if_unknown(
        &mut self,
        scrape: &mut Scrape<'_>,
        rows: &Rows,
        n_rows: usize,
        refused: Vec<Refused>,
        written: &mut Written,
    ) -> Result<(), AppendError> {
        let n_before_report = rows.series.len() - self.report_series.len();
        self.forget_unknown_report(&refused, n_before_report);
        let mut unknown = Vec::new();
        for Refused { row, refusal } in refused.into_iter().filter(|refused| refused.row < n_rows) {
            match refusal {
                Refusal::UnknownSeries => unknown.push(row),
                refusal => written.count(refusal, || shown(scrape.cache.text(rows.lines[row]))),
            }
        }
        if unknown.is_empty() { Ok(()) } else { self.write_again(scrape, rows, &unknown, written) }
    }

    fn write_again(
        &self,
        scrape: &mut Scrape<'_>,
        rows: &Rows,
        unknown: &[usize],
        written: &mut Written,
    ) -> Result<(), AppendError> {
        let mut lines: Vec<(usize, LineId)> = Vec::new();
        let mut labels = Vec::new();
        for &row in unknown {
            let id = rows.lines[row];
            let metric_type = scrape.cache.line(id).metric_type;
            let given = scrape.exposition.labels_again(scrape.cache.text(id), metric_type);
            if let Some(Ok(given)) = given
                && let Ok(Some(stored)) = scrape.labels.stored(&given)
            {
                lines.push((row, id));
                labels.push(stored);
            }
        }
        let resolved = self.appender.resolve(Some(self.source), &labels)?;
        let mut series = Vec::new();
        let mut values = Vec::new();
        let mut timestamps = Vec::new();
        let mut starts = Vec::new();
        for ((row, id), outcome) in lines.into_iter().zip(resolved) {
            match outcome {
                Ok(reference) => {
                    scrape.cache.line_mut(id).series = reference;
                    series.push(reference);
                    values.push(rows.values[row]);
                    starts.extend(rows.starts.get(row).copied());
                    timestamps.push(rows.timestamps.get(row).copied().unwrap_or(scrape.timestamp_ms));
                }
                Err(refusal) => {
                    written.n_refused_series += 1;
                    written.series_refusal.get_or_insert(refusal);
                }
            }
        }
        let timestamps = Timestamps::Each(&timestamps);
        self.appender.commit(&Batch {
            source: None,
            series: &series,
            timestamps,
            values: &values,
            starts: &starts,
            histograms: &[],
        })?;
        Ok(())
    }

    /// Names the report's series anew the next time if storage has dropped one.
    fn forget_unknown_report(&mut self, refused: &[Refused], n_before_report: usize) {
        let is_unknown =
            |refused: &Refused| refused.row >= n_before_report && refused.refusal == Refusal::UnknownSeries;
        if refused.iter().any(is_unknown) {
            self.report_series.clear();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.appender.close_source(self.source);
    }
}

impl Written {
    /// What was not taken, in words.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(refusal) = &self.series_refusal {
            warnings.push(format!("{} series not taken: {refusal}", self.n_refused_series));
        }
        if let Some((line, refusal)) = &self.sample_refusal {
            let n_samples = self.n_out_of_order + self.n_duplicates + self.n_out_of_bounds;
            warnings.push(format!("{n_samples} samples dropped, the first: {refusal}: {line}"));
        }
        warnings
    }

    fn count(&mut self, refusal: Refusal, line: impl FnOnce() -> String) {
        match refusal {
            Refusal::OutOfOrder => self.n_out_of_order += 1,
            Refusal::Duplicate => self.n_duplicates += 1,
            Refusal::TooOld | Refusal::TooFarAhead { .. } => self.n_out_of_bounds += 1,
            Refusal::UnknownSeries | Refusal::SeriesLimit { .. } => self.n_refused_series += 1,
        }
        self.sample_refusal.get_or_insert_with(|| (line(), refusal));
    }
}

/// Longer lines are cut in messages.
const MAX_SHOWN_CHARS: usize = 200;

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(MAX_SHOWN_CHARS).collect()
}
