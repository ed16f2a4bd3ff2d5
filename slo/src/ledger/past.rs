//! What a ledger is made of: what was counted, and what was promised when.

use std::fmt;

use crate::history::History;
use crate::spec::{Objective, Share};

/// Who knows the targets of objectives along time, by their ids. `None` for an objective that nobody knows.
pub trait Promises: fmt::Debug {
    /// How many bad events were allowed in the span `(from_ms, to_ms]`, by each target while it was in force.
    fn allowed(&self, id: &str, from_ms: i64, to_ms: i64) -> Option<f64>;

    /// The target that was in force at an instant, in milliseconds since the Unix epoch.
    fn target(&self, id: &str, at_ms: i64) -> Option<Share>;
}

/// What was counted, and what was promised when.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// What was counted.
    pub history: &'a dyn History,
    /// Who knows what was promised. Where nobody does, it was always what it is now.
    pub promises: Option<&'a dyn Promises>,
}

impl<'a> From<&'a dyn History> for Past<'a> {
    fn from(history: &'a dyn History) -> Past<'a> {
        Past { history, promises: None }
    }
}

impl Past<'_> {
    pub(super) fn allowed(&self, objective: &Objective, from_ms: i64, to_ms: i64) -> f64 {
        let known = self.promises.and_then(|promises| promises.allowed(&objective.id, from_ms, to_ms));
        known.unwrap_or_else(|| {
            objective.target.rest().as_f64() * self.history.counts(&objective.id, from_ms, to_ms).total
        })
    }

    pub(super) fn target(&self, objective: &Objective, at_ms: i64) -> Share {
        self.promises.and_then(|promises| promises.target(&objective.id, at_ms)).unwrap_or(objective.target)
    }
}
