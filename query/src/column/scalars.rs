//! A number at each step.

use std::sync::Arc;

use crate::engine::{Budget, Held, QueryError};

/// A number at each step, without labels.
#[derive(Debug)]
pub(crate) enum Scalars {
    /// The same at each step.
    Constant(f64),
    /// One for each step.
    Each {
        /// The numbers.
        values: Vec<f64>,
        /// Their memory.
        held: Held,
    },
}

impl Scalars {
    /// A number for each step, from its index.
    pub(crate) fn each(
        n_steps: usize,
        budget: &Arc<Budget>,
        value: impl FnMut(usize) -> f64,
    ) -> Result<Scalars, QueryError> {
        let held = budget.hold(n_steps.saturating_mul(8))?;
        Ok(Scalars::Each { values: (0..n_steps).map(value).collect(), held })
    }

    /// The number of a step.
    #[inline]
    pub(crate) fn at(&self, step: usize) -> f64 {
        match self {
            Scalars::Constant(value) => *value,
            Scalars::Each { values, .. } => values[step],
        }
    }

    /// All different numbers, at least; empty only where there is no step.
    pub(crate) fn values(&self) -> &[f64] {
        match self {
            Scalars::Constant(value) => std::slice::from_ref(value),
            Scalars::Each { values, .. } => values,
        }
    }

    /// The same numbers changed one by one.
    pub(crate) fn map(mut self, change: impl Fn(f64) -> f64) -> Scalars {
        match &mut self {
            Scalars::Constant(value) => *value = change(*value),
            Scalars::Each { values, .. } => values.iter_mut().for_each(|value| *value = change(*value)),
        }
        self
    }

    /// Two combined, step by step.
    pub(crate) fn zip(self, other: Scalars, combine: impl Fn(f64, f64) -> f64) -> Scalars {
        match (self, other) {
            (Scalars::Constant(left), Scalars::Constant(right)) => Scalars::Constant(combine(left, right)),
            (Scalars::Constant(left), right) => right.map(|right| combine(left, right)),
            (left, Scalars::Constant(right)) => left.map(|left| combine(left, right)),
            (Scalars::Each { mut values, held }, Scalars::Each { values: others, .. }) => {
                values.iter_mut().zip(&others).for_each(|(value, &other)| *value = combine(*value, other));
                Scalars::Each { values, held }
            }
        }
    }
}
