//! What a rule writes: its samples, and markers for series that it no longer writes.

use std::collections::{HashMap, HashSet};

use model::Labels;
use model::sample::{Value, stale_marker};
use model::storage::{
    Append, AppendError, Batch, HistogramRow, HistogramValue, Refusal, SeriesRef, SourceRef, Timestamps,
};

/// The series that a rule wrote last, under the references that the store gave them.
#[derive(Debug, Default)]
pub(super) struct Output {
    source: Option<SourceRef>,
    last: Vec<(Labels, SeriesRef)>,
}

/// One sample of a rule.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) labels: Labels,
    pub(super) value: Value,
}

/// Rows that are to be committed.
#[derive(Debug, Default)]
struct Rows<'r> {
    floats: Vec<(SeriesRef, f64, &'r Labels)>,
    histograms: Vec<HistogramRow>,
    histogram_labels: Vec<&'r Labels>,
    /// Of the floats, those from here on mark series that have ended.
    n_values: usize,
}

impl Output {
    /// Writes the samples of an evaluation, and a stale marker for each series that the last one wrote and this one does
    /// not. Answers why some were not taken, where that is so; the others are written.
    ///
    /// # Errors
    /// When nothing was written; the series of the last evaluation stay those.
    pub(super) fn write(
        &mut self,
        append: &dyn Append,
        name: &Labels,
        rows: &[Row],
        at_ms: i64,
    ) -> Result<Option<Refusal>, AppendError> {
        if rows.is_empty() && self.last.is_empty() {
            return Ok(None);
        }
        let source = *self.source.get_or_insert_with(|| append.open_source(name));
        let (references, mut refusal) = self.resolve(append, source, rows)?;
        let mut batch = self.rows(rows, &references);
        let mut is_again = false;
        loop {
            let refused = commit(append, source, &batch, at_ms)?;
            let is_unknown = |(_, refusal): &(usize, Refusal)| matches!(refusal, Refusal::UnknownSeries);
            if !is_again && refused.iter().any(is_unknown) {
                // A series that nobody wrote for long has gone from memory, and comes back under another reference.
                is_again = true;
                batch.renew(append, source)?;
                continue;
            }
            for (row, why) in &refused {
                if !batch.is_marker(*row) {
                    refusal.get_or_insert_with(|| why.clone());
                }
            }
            self.last = batch.written(&refused);
            return Ok(refusal);
        }
    }

    /// A reference for each row; `None` for what the store does not take.
    fn resolve(
        &self,
        append: &dyn Append,
        source: SourceRef,
        rows: &[Row],
    ) -> Result<(Vec<Option<SeriesRef>>, Option<Refusal>), AppendError> {
        let is_as_before =
            self.last.len() == rows.len() && self.last.iter().zip(rows).all(|((labels, _), row)| *labels == row.labels);
        if is_as_before {
            return Ok((self.last.iter().map(|(_, reference)| Some(*reference)).collect(), None));
        }
        let known: HashMap<&Labels, SeriesRef> = self.last.iter().map(|(labels, series)| (labels, *series)).collect();
        let mut references: Vec<Option<SeriesRef>> = rows.iter().map(|row| known.get(&row.labels).copied()).collect();
        let new: Vec<usize> = (0..rows.len()).filter(|row| references[*row].is_none()).collect();
        let labels: Vec<Labels> = new.iter().map(|row| rows[*row].labels.clone()).collect();
        let mut refusal = None;
        for (row, resolved) in new.into_iter().zip(append.resolve(Some(source), &labels)?) {
            match resolved {
                Ok(reference) => references[row] = Some(reference),
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        Ok((references, refusal))
    }

    fn rows<'r>(&'r self, rows: &'r [Row], references: &[Option<SeriesRef>]) -> Rows<'r> {
        let mut batch = Rows::default();
        for (row, reference) in rows.iter().zip(references) {
            let Some(series) = *reference else { continue };
            match &row.value {
                Value::Float(value) => batch.floats.push((series, *value, &row.labels)),
                Value::Histogram(histogram) => {
                    let value = HistogramValue::Float(histogram.clone());
                    batch.histograms.push(HistogramRow { series, timestamp_ms: 0, start_ms: 0, value });
                    batch.histogram_labels.push(&row.labels);
                }
            }
        }
        batch.n_values = batch.floats.len();
        let is_same =
            self.last.len() == rows.len() && self.last.iter().zip(rows).all(|((old, _), row)| *old == row.labels);
        if !is_same {
            let now: HashSet<&Labels> = rows.iter().map(|row| &row.labels).collect();
            let ended = self.last.iter().filter(|(labels, _)| !now.contains(labels));
            batch.floats.extend(ended.map(|(labels, series)| (*series, stale_marker(), labels)));
        }
        batch
    }

    /// Takes over the series of a rule that this one replaces.
    pub(super) fn adopt(&mut self, other: &mut Output) {
        self.last.append(&mut other.last);
    }

    /// The series that were written last; from now on there are none.
    pub(super) fn take_series(&mut self) -> Vec<Labels> {
        self.last.drain(..).map(|(labels, _)| labels).collect()
    }

    /// Whether a series was written last.
    pub(super) fn writes(&self, series: &Labels) -> bool {
        self.last.iter().any(|(labels, _)| labels == series)
    }

    /// Writes no more.
    pub(super) fn close(&mut self, append: &dyn Append) {
        if let Some(source) = self.source.take() {
            append.close_source(source);
        }
    }
}

impl<'r> Rows<'r> {
    /// Asks for all references anew.
    fn renew(&mut self, append: &dyn Append, source: SourceRef) -> Result<(), AppendError> {
        let all = self.floats.iter().map(|(_, _, labels)| *labels).chain(self.histogram_labels.iter().copied());
        let labels: Vec<Labels> = all.cloned().collect();
        let resolved = append.resolve(Some(source), &labels)?;
        let (floats, histograms) = resolved.split_at(self.floats.len());
        for ((series, _, _), resolved) in self.floats.iter_mut().zip(floats) {
            *series = resolved.as_ref().copied().unwrap_or(*series);
        }
        for (row, resolved) in self.histograms.iter_mut().zip(histograms) {
            row.series = resolved.as_ref().copied().unwrap_or(row.series);
        }
        Ok(())
    }

    /// Whether a row marks the end of a series: nobody minds where it is refused, for another rule may write the series.
    fn is_marker(&self, row: usize) -> bool {
        (self.n_values..self.floats.len()).contains(&row)
    }

    /// The series that have a value now.
    fn written(&self, refused: &[(usize, Refusal)]) -> Vec<(Labels, SeriesRef)> {
        let refused: HashSet<usize> = refused.iter().map(|(row, _)| *row).collect();
        let is_taken = |row: usize| !refused.contains(&row);
        let floats = self.floats[..self.n_values].iter().enumerate().filter(|(row, _)| is_taken(*row));
        let histograms = self.histogram_labels.iter().zip(&self.histograms).enumerate();
        let histograms = histograms.filter(|(row, _)| is_taken(self.floats.len() + row));
        let floats = floats.map(|(_, (series, _, labels))| ((*labels).clone(), *series));
        floats.chain(histograms.map(|(_, (labels, row))| ((*labels).clone(), row.series))).collect()
    }
}

fn commit(
    append: &dyn Append,
    source: SourceRef,
    rows: &Rows<'_>,
    at_ms: i64,
) -> Result<Vec<(usize, Refusal)>, AppendError> {
    let series: Vec<SeriesRef> = rows.floats.iter().map(|(series, _, _)| *series).collect();
    let values: Vec<f64> = rows.floats.iter().map(|(_, value, _)| *value).collect();
    let at = |row: &HistogramRow| HistogramRow { timestamp_ms: at_ms, ..row.clone() };
    let histograms: Vec<HistogramRow> = rows.histograms.iter().map(at).collect();
    let batch = Batch {
        source: Some(source),
        series: &series,
        timestamps: Timestamps::All(at_ms),
        values: &values,
        starts: &[],
        histograms: &histograms,
    };
    let refused = append.commit(&batch)?;
    Ok(refused.into_iter().map(|refused| (refused.row, refused.refusal)).collect())
}

/// Marks series as ended. What cannot be marked was written by somebody else meanwhile.
///
/// # Errors
/// When nothing could be written.
pub(super) fn mark_stale(append: &dyn Append, series: &[Labels], at_ms: i64) -> Result<(), AppendError> {
    let resolved: Vec<SeriesRef> = append.resolve(None, series)?.into_iter().flatten().collect();
    let batch = Batch {
        source: None,
        series: &resolved,
        timestamps: Timestamps::All(at_ms),
        values: &vec![stale_marker(); resolved.len()],
        starts: &[],
        histograms: &[],
    };
    append.commit(&batch).map(drop)
}
