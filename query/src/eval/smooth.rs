//! Smoothed instant selectors: at each step the value interpolated between the samples around it.

use model::Labels;
use model::name::quoted;
use model::storage::SeriesReader;

use super::samples::{SampleSource, TileSource};
use super::window::interpolated;
use super::worker::Worker;
use crate::column::Column;
use crate::engine::QueryError;
use crate::plan::{Grid, Selection};

/// The column of a series. Without a later sample the last one stands; before the first there is nothing.
pub(crate) fn smoothed(
    worker: &mut Worker<'_>,
    reader: &mut dyn SeriesReader,
    series: usize,
    labels: Labels,
    selection: &Selection,
    grid: Grid,
) -> Result<Column, QueryError> {
    let mut column = Column::new(labels, grid.n_steps, worker.budget)?;
    reader.seek(series, selection.hints.start_ms);
    let mut samples = std::mem::take(&mut worker.samples);
    samples.begin(false);
    let (mut tile, mut n_read) = (std::mem::take(&mut worker.tile), 0);
    let mut source = TileSource { reader, tile: &mut tile, n_read: &mut n_read };
    let mut is_exhausted = false;
    for step in 0..grid.n_steps {
        let at_ms = selection.reference_ms(grid.at(step));
        let (low_ms, high_ms) = (at_ms.saturating_sub(worker.lookback_ms), at_ms.saturating_add(worker.lookback_ms));
        while !is_exhausted && samples.last_ms() < high_ms {
            is_exhausted = !source.read_more(&mut samples)?;
        }
        worker.ticker.tick(1)?;
        let up_to = |times: &[i64], limit_ms: i64| times.partition_point(|&time_ms| time_ms <= limit_ms);
        let histogram_times = &samples.histograms.times;
        let has_histogram = up_to(histogram_times, low_ms) < up_to(histogram_times, high_ms);
        let floats = up_to(&samples.floats.times, low_ms)..up_to(&samples.floats.times, high_ms);
        match (floats.is_empty(), has_histogram) {
            (true, false) => continue,
            (true, true) => return Err(QueryError::Unsupported("smoothed selector".to_owned())),
            (false, true) => {
                let name = quoted(column.metric_name());
                let message = format!("encountered a mix of histograms and floats for metric name {name}");
                worker.notes.warn(&message, selection.span);
                continue;
            }
            (false, false) => {}
        }
        let (times, values) = (&samples.floats.times[floats.clone()], &samples.floats.values[floats.clone()]);
        if let Some(value) = value_at(times, values, at_ms) {
            column.set(step, value);
        }
        if floats.start > 4096 {
            samples.forget(floats.start, 0);
        }
    }
    worker.samples = samples;
    worker.tile = tile;
    worker.counts.n_read += n_read;
    Ok(column)
}

fn value_at(times: &[i64], values: &[f64], at_ms: i64) -> Option<f64> {
    let next = times.partition_point(|&time_ms| time_ms < at_ms);
    match (next.checked_sub(1), times.get(next)) {
        (_, Some(&time_ms)) if time_ms == at_ms => Some(values[next]),
        (Some(before), Some(&next_ms)) => {
            Some(interpolated((times[before], values[before]), (next_ms, values[next]), at_ms, false))
        }
        (Some(before), None) => Some(values[before]),
        (None, _) => None,
    }
}
