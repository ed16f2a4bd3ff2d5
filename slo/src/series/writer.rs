//! Writes series at each tick, under references that are asked for once, and ends those that are written no more.

use std::collections::{HashMap, HashSet};

use model::Labels;
use model::sample::stale_marker;
use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef, Timestamps};

/// The series that were written last, in their order.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    source: Option<SourceRef>,
    last: Vec<(Labels, SeriesRef)>,
}

impl Writer {
    /// Writes values at a time, and a stale marker for each series that was written last and is not now. Answers why some were
    /// not taken, where that is so; the others are written.
    ///
    /// # Errors
    /// When nothing was written; the series of the last tick stay those.
    pub(crate) fn write(
        &mut self,
        append: &dyn Append,
        rows: &[(&Labels, f64)],
        at_ms: i64,
    ) -> Result<Option<Refusal>, AppendError> {
        if rows.is_empty() && self.last.is_empty() {
            return Ok(None);
        }
        let name = Labels::from_pairs([("narthex", "slo")]);
        let source = *self.source.get_or_insert_with(|| append.open_source(&name));
        let mut refusal = if self.is_as_before(rows) { None } else { self.follow(append, source, rows, at_ms)? };
        let mut refused = self.commit(append, source, rows, at_ms)?;
        if refused.iter().any(|refused| matches!(refused.refusal, Refusal::UnknownSeries)) {
            // A series that nobody wrote for long has gone from memory, and comes back under another reference.
            self.last.clear();
            refusal = refusal.or(self.follow(append, source, rows, at_ms)?);
            refused = self.commit(append, source, rows, at_ms)?;
        }
        Ok(refusal.or_else(|| refused.into_iter().next().map(|refused| refused.refusal)))
    }

    fn is_as_before(&self, rows: &[(&Labels, f64)]) -> bool {
        self.last.len() == rows.len() && self.last.iter().zip(rows).all(|((last, _), (labels, _))| last == *labels)
    }

    /// Takes over other series: asks for references that are not known, and ends what is not among them. Answers why some have
    /// none; these are left out.
    fn follow(
        &mut self,
        append: &dyn Append,
        source: SourceRef,
        rows: &[(&Labels, f64)],
        at_ms: i64,
    ) -> Result<Option<Refusal>, AppendError> {
        let known: HashMap<&Labels, SeriesRef> = self.last.iter().map(|(labels, series)| (labels, *series)).collect();
        let is_new = |(labels, _): &&(&Labels, f64)| !known.contains_key(*labels);
        let new: Vec<Labels> = rows.iter().filter(is_new).map(|(labels, _)| (*labels).clone()).collect();
        let mut refusal = None;
        let mut found: HashMap<Labels, SeriesRef> = HashMap::with_capacity(new.len());
        for (labels, resolved) in new.iter().zip(append.resolve(Some(source), &new)?) {
            match resolved {
                Ok(series) => drop(found.insert(labels.clone(), series)),
                Err(why) => drop(refusal.get_or_insert(why)),
            }
        }
        let reference = |labels: &Labels| known.get(labels).or_else(|| found.get(labels)).copied();
        let next: Vec<(Labels, SeriesRef)> =
            rows.iter().filter_map(|(labels, _)| Some(((*labels).clone(), reference(labels)?))).collect();
        let is_written: HashSet<SeriesRef> = next.iter().map(|(_, series)| *series).collect();
        let ended: Vec<SeriesRef> =
            self.last.iter().map(|(_, series)| *series).filter(|series| !is_written.contains(series)).collect();
        if !ended.is_empty() {
            // Nobody minds where one is refused: it has been written by somebody else, or is gone.
            append.commit(&batch(source, &ended, &vec![stale_marker(); ended.len()], at_ms))?;
        }
        self.last = next;
        Ok(refusal)
    }

    /// Writes the values of those rows that have references.
    fn commit(
        &self,
        append: &dyn Append,
        source: SourceRef,
        rows: &[(&Labels, f64)],
        at_ms: i64,
    ) -> Result<Vec<Refused>, AppendError> {
        let mut rows = rows.iter();
        let mut values = Vec::with_capacity(self.last.len());
        for (labels, _) in &self.last {
            values.extend(rows.find(|(row, _)| *row == labels).map(|(_, value)| *value));
        }
        let series: Vec<SeriesRef> = self.last.iter().map(|(_, series)| *series).collect();
        append.commit(&batch(source, &series, &values, at_ms))
    }

    /// Writes no more.
    pub(crate) fn close(&mut self, append: &dyn Append) {
        if let Some(source) = self.source.take() {
            append.close_source(source);
        }
    }
}

fn batch<'b>(source: SourceRef, series: &'b [SeriesRef], values: &'b [f64], at_ms: i64) -> Batch<'b> {
    Batch { source: Some(source), series, timestamps: Timestamps::All(at_ms), values, starts: &[], histograms: &[] }
}
