//! The series of a test group, written into the store as time goes on.

use std::sync::Arc;

use model::Labels;
use model::storage::{Append, Batch, HistogramRow, HistogramValue, SeriesRef, Timestamps};
use query::syntax::series::{SequenceValue, parse};

use super::file::TestGroup;

/// Series of which the samples up to some time are written.
#[derive(Debug)]
pub(super) struct Input {
    start_ms: i64,
    step_ms: i64,
    series: Vec<Written>,
}

#[derive(Debug)]
struct Written {
    labels: Labels,
    values: Vec<SequenceValue>,
    /// How many of them are written.
    n_written: usize,
    reference: Option<SeriesRef>,
}

impl Input {
    /// The series of a group.
    ///
    /// # Errors
    /// When one is none, in promtool's words.
    pub(super) fn new(group: &TestGroup, interval_ms: i64) -> Result<Input, String> {
        let mut series: Vec<Written> = Vec::with_capacity(group.input_series.len());
        for (number, one) in group.input_series.iter().enumerate() {
            // promtool makes a script of them, whose first line says how far the samples are apart.
            let described = parse(&format!("{} {}", one.series, one.values));
            let described = described.map_err(|errors| format!("{}:{errors}", number + 2))?;
            // Of two descriptions of a series the last one counts.
            series.retain(|before| before.labels != described.labels);
            series.push(Written { labels: described.labels, values: described.values, n_written: 0, reference: None });
        }
        let step_ms = match group.interval.as_millis() {
            0 => interval_ms,
            step_ms => step_ms,
        };
        Ok(Input { start_ms: group.start_timestamp.at_ms, step_ms, series })
    }

    /// Writes what is not written yet up to a time, that time included.
    ///
    /// # Errors
    /// When the store does not take it.
    pub(super) fn write_until(&mut self, at_ms: i64, append: &dyn Append) -> Result<(), String> {
        let n_due = usize::try_from((at_ms - self.start_ms).div_euclid(self.step_ms) + 1).unwrap_or(0);
        for series in &mut self.series {
            series.write(n_due, self.start_ms, self.step_ms, append)?;
        }
        Ok(())
    }
}

impl Written {
    fn write(&mut self, n_due: usize, start_ms: i64, step_ms: i64, append: &dyn Append) -> Result<(), String> {
        let n_due = n_due.min(self.values.len());
        while self.n_written < n_due {
            // A batch has its floats before its histograms, so each run of one kind is a batch.
            let is_float = |value: &SequenceValue| !matches!(value, SequenceValue::Histogram { .. });
            let first = self.n_written;
            let due = &self.values[first..n_due];
            let run = due.iter().take_while(|value| is_float(value) == is_float(&due[0])).count();
            self.commit(first..first + run, start_ms, step_ms, append)?;
            self.n_written += run;
        }
        Ok(())
    }

    fn commit(
        &mut self,
        steps: std::ops::Range<usize>,
        start_ms: i64,
        step_ms: i64,
        append: &dyn Append,
    ) -> Result<(), String> {
        let series = self.reference(append)?;
        let (mut timestamps, mut values, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            let timestamp_ms = start_ms + step as i64 * step_ms;
            match &self.values[step] {
                SequenceValue::Omitted => {}
                SequenceValue::Float(value) => {
                    timestamps.push(timestamp_ms);
                    values.push(*value);
                }
                SequenceValue::Histogram { histogram, .. } => {
                    let value = HistogramValue::Float(Arc::clone(histogram));
                    histograms.push(HistogramRow { series, timestamp_ms, start_ms: 0, value });
                }
            }
        }
        let batch = Batch {
            source: None,
            series: &vec![series; values.len()],
            timestamps: Timestamps::Each(&timestamps),
            values: &values,
            starts: &[],
            histograms: &histograms,
        };
        let refused = append.commit(&batch).map_err(|error| error.to_string())?;
        refused.first().map_or(Ok(()), |refused| Err(format!("{}: {}", self.labels, refused.refusal)))
    }

    fn reference(&mut self, append: &dyn Append) -> Result<SeriesRef, String> {
        if let Some(reference) = self.reference {
            return Ok(reference);
        }
        let resolved = append.resolve(None, std::slice::from_ref(&self.labels)).map_err(|error| error.to_string())?;
        match resolved.into_iter().next() {
            Some(Ok(reference)) => Ok(*self.reference.insert(reference)),
            Some(Err(refusal)) => Err(format!("{}: {refusal}", self.labels)),
            None => Err(format!("{}: the store has no answer", self.labels)),
        }
    }
}
