//! Instant selectors: at each step the newest sample that is not too old.

use model::Labels;
use model::sample::is_stale;
use model::storage::{HistogramValue, SeriesReader};

use super::worker::Worker;
use crate::column::Column;
use crate::engine::QueryError;
use crate::plan::{Grid, Selection, TimestampKind};

/// What is wanted of the samples found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The value.
    Value,
    /// A time, in seconds.
    Time(TimestampKind),
    /// The time, in milliseconds, as `info` compares it.
    Millis,
}

/// The newest sample so far.
#[derive(Clone, Debug)]
struct Newest {
    time_ms: i64,
    start_ms: i64,
    value: f64,
    histogram: Option<HistogramValue>,
}

/// The column of a series.
pub(crate) fn select(
    worker: &mut Worker<'_>,
    reader: &mut dyn SeriesReader,
    series: usize,
    labels: Labels,
    selection: &Selection,
    grid: Grid,
    wanted: Wanted,
) -> Result<Column, QueryError> {
    let mut column = Column::new(labels, grid.n_steps, worker.budget)?;
    reader.seek(series, selection.hints.start_ms);
    let mut walk = Walk { selection, grid, wanted, lookback_ms: worker.lookback_ms, step: 0, newest: None };
    let mut tile = std::mem::take(&mut worker.tile);
    while !walk.is_done() && reader.next_tile(&mut tile)? {
        worker.ticker.tick(tile.timestamps.len())?;
        worker.counts.n_read += tile.timestamps.len() as u64;
        walk.through(&tile, &mut column);
    }
    worker.tile = tile;
    while !walk.is_done() {
        walk.put(&mut column);
    }
    worker.ticker.tick(grid.n_steps)?;
    worker.counts.n_samples += column.n_points() as u64;
    Ok(column)
}

struct Walk<'a> {
    selection: &'a Selection,
    grid: Grid,
    wanted: Wanted,
    lookback_ms: i64,
    /// The next step to be filled.
    step: usize,
    newest: Option<Newest>,
}

impl Walk<'_> {
    fn is_done(&self) -> bool {
        self.step >= self.grid.n_steps
    }

    /// Fills the steps that the samples of a tile decide.
    fn through(&mut self, tile: &model::storage::Tile, column: &mut Column) {
        let times = &tile.timestamps;
        let Some(&last_ms) = times.last() else { return };
        let mut at = 0;
        while !self.is_done() {
            let reference_ms = self.selection.reference_ms(self.grid.at(self.step));
            if reference_ms >= last_ms {
                break;
            }
            at += n_up_to(&times[at..], reference_ms);
            if at > 0 {
                self.newest = Some(newest_of(tile, at - 1));
            }
            self.put(column);
        }
        // A step at the last sample's time waits for the next tile, which may begin with nothing better.
        self.newest = Some(newest_of(tile, times.len() - 1));
    }

    /// Fills the next step with the newest sample, where there is one and it is not too old.
    fn put(&mut self, column: &mut Column) {
        let step = self.step;
        self.step += 1;
        let Some(newest) = &self.newest else { return };
        let reference_ms = self.selection.reference_ms(self.grid.at(step));
        if newest.time_ms > reference_ms || newest.time_ms <= reference_ms.saturating_sub(self.lookback_ms) {
            return;
        }
        match &newest.histogram {
            Some(histogram) if histogram.is_stale() => {}
            Some(histogram) if matches!(self.wanted, Wanted::Value | Wanted::Millis) => {
                column.push_histogram(step, histogram.to_float());
            }
            None if is_stale(newest.value) => {}
            _ => column.set(step, self.number(newest)),
        }
    }

    fn number(&self, newest: &Newest) -> f64 {
        match self.wanted {
            Wanted::Value => newest.value,
            Wanted::Time(TimestampKind::Sample) => newest.time_ms as f64 / 1000.0,
            Wanted::Time(TimestampKind::Start) => newest.start_ms as f64 / 1000.0,
            Wanted::Millis => newest.time_ms as f64,
        }
    }
}

fn newest_of(tile: &model::storage::Tile, at: usize) -> Newest {
    Newest {
        time_ms: tile.timestamps[at],
        start_ms: tile.start_timestamps.get(at).copied().unwrap_or(0),
        value: tile.values.get(at).copied().unwrap_or(0.0),
        histogram: tile.histograms.get(at).cloned(),
    }
}

/// How many of the ascending times are not after `limit_ms`: looked for nearby first, then by doubling the distance.
fn n_up_to(times: &[i64], limit_ms: i64) -> usize {
    let mut reach = 1;
    while reach < times.len() && times[reach - 1] <= limit_ms {
        reach *= 2;
    }
    let from = reach / 2;
    from + times[from..reach.min(times.len())].partition_point(|&time| time <= limit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_are_not_after() {
        for n_times in 0..20i64 {
            let times: Vec<i64> = (0..n_times).map(|at| at * 10).collect();
            for limit_ms in -5..210 {
                let want = times.iter().filter(|&&time| time <= limit_ms).count();
                assert_eq!(n_up_to(&times, limit_ms), want, "{n_times} {limit_ms}");
            }
        }
    }
}
