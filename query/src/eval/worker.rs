//! One thread's part of a query: what it counts, notes and keeps for reuse.

use std::sync::Arc;

use model::storage::Tile;

use super::samples::Samples;
use crate::column::Column;
use crate::engine::{Annotations, Budget, EngineOptions, Held, Ticker};

/// What a thread works with.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    pub(crate) settings: &'a EngineOptions,
    pub(crate) lookback_ms: i64,
    pub(crate) budget: &'a Arc<Budget>,
    pub(crate) ticker: Ticker<'a>,
    pub(crate) notes: Annotations,
    pub(crate) counts: Counts,
    pub(crate) tile: Tile,
    pub(crate) samples: Samples,
    /// The memory of `samples`.
    pub(crate) samples_held: Held,
    /// Values that a function sorts.
    pub(crate) scratch: Vec<f64>,
}

fn has_type_or_unit(column: &Column) -> bool {
    // Labels are sorted, and these begin with the least of letters but capitals.
    let mut names = column.labels.iter().map(|(name, _)| name).take_while(|&name| name <= "__unit__");
    names.any(|name| name == "__type__" || name == "__unit__")
}

/// What a thread has counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Samples looked at: a window counts whole at each step.
    pub(crate) n_samples: u64,
    /// Samples read from storage.
    pub(crate) n_read: u64,
    /// The most samples in a window at once.
    pub(crate) max_window: u64,
    /// Whether labels beside the name were dropped that say what a metric is.
    pub(crate) has_dropped_metadata: bool,
}

impl Counts {
    /// Adds what another thread has counted.
    pub(crate) fn add(&mut self, other: Counts) {
        self.n_samples += other.n_samples;
        self.n_read += other.n_read;
        self.max_window = self.max_window.max(other.max_window);
        self.has_dropped_metadata |= other.has_dropped_metadata;
    }
}

impl Worker<'_> {
    /// Whether metric names are dropped at the end of the query.
    pub(crate) fn is_delayed(&self) -> bool {
        self.settings.delayed_name_removal
    }

    /// Drops a column's name, now or at the end of the query.
    pub(crate) fn drop_metadata(&mut self, column: &mut Column) {
        let is_delayed = self.is_delayed();
        if !is_delayed {
            self.counts.has_dropped_metadata |= has_type_or_unit(column);
        }
        column.drop_metadata(is_delayed);
    }
}
