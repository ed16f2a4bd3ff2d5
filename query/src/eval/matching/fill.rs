//! The sides of a match: series, and values that stand in for missing ones.

use model::Labels;

use crate::column::{Cell, Column};

/// One side of a match.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side<'c> {
    /// A series that is there.
    Series(&'c Column),
    /// The value of `fill`, for a series that is not there.
    Filled { labels: &'c Labels, value: f64 },
}

impl<'c> Side<'c> {
    pub(super) fn labels(&self) -> &'c Labels {
        match self {
            Side::Series(column) => &column.labels,
            Side::Filled { labels, .. } => labels,
        }
    }

    /// The float of a step at which there is one.
    #[inline]
    pub(super) fn float(&self, step: usize) -> f64 {
        match self {
            Side::Series(column) => column.floats[step],
            Side::Filled { value, .. } => *value,
        }
    }

    pub(super) fn cell(&self, step: usize) -> Cell<'c> {
        match self {
            Side::Series(column) => column.cell(step),
            Side::Filled { value, .. } => Cell::Float(*value),
        }
    }

    pub(super) fn has_histograms(&self) -> bool {
        match self {
            Side::Series(column) => !column.histograms.is_empty(),
            Side::Filled { .. } => false,
        }
    }
}
