//! Columns: one series over all steps of a grid.
//!
//! A column has a float for each step and a bit that says whether it counts; native histograms, which are rare, stand
//! beside them by step. Values of steps without a bit are whatever was there before, so that arithmetic need not ask.

mod distinct;
mod presence;
mod scalars;

use std::sync::Arc;

use model::{Histogram, Labels};

use crate::engine::{Budget, Held, QueryError};

pub(crate) use distinct::{are_distinct_without_metadata, merged};
pub(crate) use presence::Presence;
pub(crate) use scalars::Scalars;

/// The labels that say what a metric is: its name, type and unit. Functions that make another quantity drop them.
pub(crate) fn is_metadata(name: &str) -> bool {
    matches!(name, "__name__" | "__type__" | "__unit__")
}

/// One series over all steps.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) labels: Labels,
    /// The name is to be dropped at the end of the query.
    pub(crate) drop_name: bool,
    /// A float for each step.
    pub(crate) floats: Vec<f64>,
    /// The steps whose float counts.
    pub(crate) present: Presence,
    /// Native histograms, by step.
    pub(crate) histograms: Vec<(usize, Arc<Histogram>)>,
    held: Held,
}

/// What a column has at a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    None,
    Float(f64),
    Histogram(&'a Arc<Histogram>),
}

impl Column {
    /// A column without values.
    pub(crate) fn new(labels: Labels, n_steps: usize, budget: &Arc<Budget>) -> Result<Column, QueryError> {
        let held = budget.hold(column_bytes(n_steps).saturating_add(labels.n_bytes()))?;
        Ok(Column {
            labels,
            drop_name: false,
            floats: vec![0.0; n_steps],
            present: Presence::none(n_steps),
            histograms: Vec::new(),
            held,
        })
    }

    /// Changes its labels.
    pub(crate) fn relabel(&mut self, labels: Labels) -> Result<(), QueryError> {
        self.held.grow(labels.n_bytes().saturating_sub(self.labels.n_bytes()))?;
        self.labels = labels;
        Ok(())
    }

    pub(crate) fn n_steps(&self) -> usize {
        self.floats.len()
    }

    /// Sets the float of a step.
    #[inline]
    pub(crate) fn set(&mut self, step: usize, value: f64) {
        self.floats[step] = value;
        self.present.set(step);
    }

    /// Adds a histogram behind those of earlier steps.
    pub(crate) fn push_histogram(&mut self, step: usize, histogram: Arc<Histogram>) {
        self.histograms.push((step, histogram));
    }

    /// What there is at a step.
    pub(crate) fn cell(&self, step: usize) -> Cell<'_> {
        if self.present.get(step) {
            return Cell::Float(self.floats[step]);
        }
        match self.histograms.binary_search_by_key(&step, |(at, _)| *at) {
            Ok(at) => Cell::Histogram(&self.histograms[at].1),
            Err(_) => Cell::None,
        }
    }

    /// The steps that have a float or a histogram.
    pub(crate) fn occupied(&self) -> Presence {
        let mut occupied = self.present.clone();
        self.histograms.iter().for_each(|(step, _)| occupied.set(*step));
        occupied
    }

    /// How many steps have a float or a histogram.
    pub(crate) fn n_points(&self) -> usize {
        self.present.count() + self.histograms.len()
    }

    /// Whether no step has anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.histograms.is_empty() && self.present.is_empty()
    }

    /// Keeps only some steps.
    pub(crate) fn retain(&mut self, kept: &Presence) {
        self.present.and(kept);
        self.histograms.retain(|(step, _)| kept.get(*step));
    }

    /// Forgets the histograms, as functions of floats do.
    pub(crate) fn drop_histograms(&mut self) {
        self.histograms.clear();
    }

    /// Marks the metadata labels for dropping, or drops them at once where that is not put off.
    pub(crate) fn drop_metadata(&mut self, is_delayed: bool) {
        self.drop_name = true;
        if !is_delayed {
            self.labels = self.labels.without(is_metadata);
        }
    }

    /// The metric's name; empty where there is none.
    pub(crate) fn metric_name(&self) -> &str {
        self.labels.metric_name()
    }
}

/// What a column of so many steps takes, about.
fn column_bytes(n_steps: usize) -> usize {
    const FIXED_BYTES: usize = size_of::<Column>() + 64;
    n_steps.saturating_mul(8).saturating_add(n_steps / 8).saturating_add(FIXED_BYTES)
}
