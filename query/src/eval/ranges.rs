//! Range selectors and subqueries as whole queries: the samples themselves.

use super::evaluation::Evaluation;
use super::pipeline::Pipeline;
use super::samples::{SampleSource, TileSource};
use super::window::Borders;
use crate::column::is_metadata;
use crate::engine::{QueryError, Series};
use crate::plan::{Grid, Selection};
use crate::syntax::Border;

/// The samples of a range selector at the first time of the grid.
pub(super) fn select(
    evaluation: &Evaluation<'_>,
    selection: &Selection,
    grid: Grid,
) -> Result<Vec<Series>, QueryError> {
    let Some(set) = evaluation.select(&selection.matchers, &selection.hints, grid)? else { return Ok(Vec::new()) };
    let end_ms = selection.reference_ms(grid.start_ms);
    let start_ms = end_ms.saturating_sub(selection.range_ms);
    let mut worker = evaluation.worker()?;
    let mut reader = set.reader();
    let mut found = Vec::new();
    // What is found is handed out, so its memory counts to the end of the evaluation only.
    let mut held = evaluation.budget.hold(0)?;
    for series in 0..set.len() {
        reader.seek(series, selection.hints.start_ms);
        worker.samples.begin(false);
        let (mut tile, mut n_read) = (std::mem::take(&mut worker.tile), 0);
        let mut source = TileSource { reader: &mut *reader, tile: &mut tile, n_read: &mut n_read };
        loop {
            let n_before = worker.samples.floats.times.len() + worker.samples.histograms.times.len();
            if !source.read_more(&mut worker.samples)? {
                break;
            }
            let n_more = worker.samples.floats.times.len() + worker.samples.histograms.times.len() - n_before;
            worker.ticker.tick(n_more)?;
            held.grow(n_more * 16)?;
            evaluation.count_samples(n_more as u64)?;
        }
        worker.tile = tile;
        worker.counts.n_read += n_read;
        worker.counts.n_samples += n_read;
        let samples = &worker.samples;
        if selection.border != Border::Plain && !samples.histograms.times.is_empty() {
            let modifier = if selection.border == Border::Anchored { "anchored" } else { "smoothed" };
            return Err(QueryError::Execution(format!("{modifier} modifier is not supported with histograms")));
        }
        let floats = match selection.border {
            Border::Plain => samples.floats.times.iter().copied().zip(samples.floats.values.iter().copied()).collect(),
            border => extended(&samples.floats.times, &samples.floats.values, start_ms, end_ms, border),
        };
        let histograms =
            samples.histograms.times.iter().copied().zip(samples.histograms.values.iter().cloned()).collect();
        let series = Series { labels: set.labels(series), floats, histograms };
        if !series.floats.is_empty() || !series.histograms.is_empty() {
            found.push(series);
        }
    }
    evaluation.absorb(worker);
    evaluation.note_storage_warnings(set.warnings());
    Ok(found)
}

/// The samples in a range, with values at both of its borders.
fn extended(times: &[i64], values: &[f64], start_ms: i64, end_ms: i64, border: Border) -> Vec<(i64, f64)> {
    let Some(borders) = Borders::find(times, values, start_ms, end_ms, border == Border::Smoothed) else {
        return Vec::new();
    };
    let (left, right) = borders.values(false);
    let inner = borders.inner().map(|at| (times[at], values[at]));
    std::iter::once((start_ms, left)).chain(inner).chain(std::iter::once((end_ms, right))).collect()
}

/// What a subquery evaluates to at its own times.
pub(super) fn of_subquery(evaluation: &Evaluation<'_>, vector: Pipeline<'_>) -> Result<Vec<Series>, QueryError> {
    let grid = vector.grid;
    let (columns, _) = evaluation.collected(vector)?;
    Ok(columns
        .into_iter()
        .map(|column| Series {
            floats: column.present.iter().map(|step| (grid.at(step), column.floats[step])).collect(),
            histograms: column.histograms.iter().map(|(step, histogram)| (grid.at(*step), histogram.clone())).collect(),
            labels: if column.drop_name { column.labels.without(is_metadata) } else { column.labels },
        })
        .collect())
}
