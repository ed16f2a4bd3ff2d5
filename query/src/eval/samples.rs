//! Samples of one series on their way through a window: read in tiles, kept while a window can reach them, then
//! forgotten. Never is a whole series in memory.
//!
//! Floats and native histograms stand apart, each in the order of time; stale markers are left out, as ranges do not
//! have them. Every sample has a number that counts from the first one on, so that what is noted of a sample stays true
//! when those before it are forgotten.

use std::sync::Arc;

use model::Histogram;
use model::histogram::ResetHint;
use model::sample::is_stale;
use model::storage::{SeriesReader, Tile};

use crate::column::Column;
use crate::engine::QueryError;
use crate::plan::Grid;

/// Samples of one kind, in the order of time.
#[derive(Debug)]
pub(crate) struct Track<T> {
    /// Milliseconds since the Unix epoch.
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<T>,
    /// When each sample's series began to count; empty where nobody asks.
    pub(crate) starts: Vec<i64>,
    /// How many samples were forgotten: the number of the first one here.
    pub(crate) n_forgotten: usize,
}

impl<T> Default for Track<T> {
    fn default() -> Track<T> {
        Track { times: Vec::new(), values: Vec::new(), starts: Vec::new(), n_forgotten: 0 }
    }
}

impl<T> Track<T> {
    fn clear(&mut self) {
        self.times.clear();
        self.values.clear();
        self.starts.clear();
        self.n_forgotten = 0;
    }

    fn forget(&mut self, n_samples: usize) {
        self.times.drain(..n_samples);
        self.values.drain(..n_samples);
        if !self.starts.is_empty() {
            self.starts.drain(..n_samples);
        }
        self.n_forgotten += n_samples;
    }

    fn last_ms(&self) -> i64 {
        self.times.last().copied().unwrap_or(i64::MIN)
    }
}

/// Samples of one series.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    pub(crate) floats: Track<f64>,
    pub(crate) histograms: Track<Arc<Histogram>>,
    /// How many samples each of the floats read last stands for; empty where each stands for itself.
    pub(crate) weights: Vec<u32>,
    /// Whether start times are kept.
    keeps_starts: bool,
}

impl Samples {
    /// Forgets everything, for the next series.
    pub(crate) fn begin(&mut self, keeps_starts: bool) {
        self.floats.clear();
        self.histograms.clear();
        self.weights.clear();
        self.keeps_starts = keeps_starts;
    }

    /// The time of the newest sample.
    pub(crate) fn last_ms(&self) -> i64 {
        self.floats.last_ms().max(self.histograms.last_ms())
    }

    /// Forgets the first samples of each kind.
    pub(crate) fn forget(&mut self, n_floats: usize, n_histograms: usize) {
        self.floats.forget(n_floats);
        if n_histograms > 0 {
            self.histograms.forget(n_histograms);
        }
    }

    fn push_tile(&mut self, tile: &Tile) {
        self.weights.clear();
        if tile.histograms.is_empty() {
            self.push_floats(tile);
        } else {
            self.push_histograms(tile);
        }
    }

    fn push_floats(&mut self, tile: &Tile) {
        let track = &mut self.floats;
        let has_stale = tile.values.iter().any(|&value| is_stale(value));
        let weighted = tile.weights.iter().zip(&tile.values).filter(|(_, value)| !is_stale(**value));
        self.weights.extend(weighted.map(|(&weight, _)| weight));
        if !has_stale && !self.keeps_starts {
            track.times.extend_from_slice(&tile.timestamps);
            track.values.extend_from_slice(&tile.values);
            return;
        }
        for (at, (&time_ms, &value)) in tile.timestamps.iter().zip(&tile.values).enumerate() {
            if !is_stale(value) {
                track.times.push(time_ms);
                track.values.push(value);
                if self.keeps_starts {
                    track.starts.push(tile.start_timestamps.get(at).copied().unwrap_or(0));
                }
            }
        }
    }

    fn push_histograms(&mut self, tile: &Tile) {
        let track = &mut self.histograms;
        for (at, (&time_ms, histogram)) in tile.timestamps.iter().zip(&tile.histograms).enumerate() {
            if !histogram.is_stale() {
                track.times.push(time_ms);
                track.values.push(histogram.to_float());
                if self.keeps_starts {
                    track.starts.push(tile.start_timestamps.get(at).copied().unwrap_or(0));
                }
            }
        }
    }
}

/// Where samples come from.
pub(crate) trait SampleSource {
    /// Appends the next samples in the order of time; answers `false` where there are no more.
    fn read_more(&mut self, samples: &mut Samples) -> Result<bool, QueryError>;
}

/// Samples from storage.
pub(crate) struct TileSource<'a, 'r> {
    pub(crate) reader: &'a mut (dyn SeriesReader + 'r),
    pub(crate) tile: &'a mut Tile,
    /// Counts the samples read.
    pub(crate) n_read: &'a mut u64,
}

impl SampleSource for TileSource<'_, '_> {
    fn read_more(&mut self, samples: &mut Samples) -> Result<bool, QueryError> {
        if !self.reader.next_tile(self.tile)? {
            return Ok(false);
        }
        *self.n_read += self.tile.timestamps.len() as u64;
        samples.push_tile(self.tile);
        Ok(true)
    }
}

/// Samples that a subquery evaluated.
pub(crate) struct ColumnSource<'a> {
    column: &'a Column,
    grid: Grid,
    next_step: usize,
    next_histogram: usize,
}

/// Steps that are handed on at once.
const N_STEPS_AT_ONCE: usize = 1024;

impl<'a> ColumnSource<'a> {
    pub(crate) fn new(column: &'a Column, grid: Grid) -> ColumnSource<'a> {
        ColumnSource { column, grid, next_step: 0, next_histogram: 0 }
    }
}

impl SampleSource for ColumnSource<'_> {
    fn read_more(&mut self, samples: &mut Samples) -> Result<bool, QueryError> {
        if self.next_step >= self.column.n_steps() {
            return Ok(false);
        }
        let end = (self.next_step + N_STEPS_AT_ONCE).min(self.column.n_steps());
        let steps = self.next_step..end;
        self.next_step = end;
        for step in steps {
            let value = self.column.floats[step];
            if self.column.present.get(step) && !is_stale(value) {
                samples.floats.times.push(self.grid.at(step));
                samples.floats.values.push(value);
            }
        }
        while let Some((step, histogram)) = self.column.histograms.get(self.next_histogram).filter(|(at, _)| *at < end)
        {
            samples.histograms.times.push(self.grid.at(*step));
            samples.histograms.values.push(unhinted(histogram));
            self.next_histogram += 1;
        }
        Ok(true)
    }
}

/// A histogram of which nothing is said about resets: a subquery leaves out samples, and has others twice.
fn unhinted(histogram: &Arc<Histogram>) -> Arc<Histogram> {
    match histogram.reset_hint {
        ResetHint::Unknown | ResetHint::Gauge => Arc::clone(histogram),
        ResetHint::Reset | ResetHint::NotReset => {
            Arc::new(Histogram { reset_hint: ResetHint::Unknown, ..Histogram::clone(histogram) })
        }
    }
}
