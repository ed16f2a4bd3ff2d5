//! Which group a series belongs to.

use std::sync::Arc;

use model::Labels;
use model::labels::METRIC_NAME;
use model::storage::Grouping;
use rustc_hash::FxHashMap;

use crate::engine::{Budget, Held, QueryError};

/// The groups seen so far, in the order in which they came.
#[derive(Debug)]
pub(super) struct Groups<'g> {
    grouping: &'g Grouping,
    numbers: FxHashMap<Labels, usize>,
    held: Held,
}

/// What a group takes beside its labels.
const GROUP_BYTES: usize = 96;

impl<'g> Groups<'g> {
    pub(super) fn new(grouping: &'g Grouping, budget: &Arc<Budget>) -> Result<Groups<'g>, QueryError> {
        Ok(Groups { grouping, numbers: FxHashMap::default(), held: budget.hold(0)? })
    }

    /// The labels of the group of a series.
    pub(super) fn labels_of(&self, labels: &Labels) -> Labels {
        let is_named = |name: &str| self.grouping.labels.iter().any(|named| named == name);
        if self.grouping.by {
            if self.grouping.labels.is_empty() {
                return Labels::empty();
            }
            return labels.without(|name| !is_named(name));
        }
        labels.without(|name| name == METRIC_NAME || is_named(name))
    }

    /// The number of the group of a series; the second part says whether it is a new one.
    pub(super) fn number_of(&mut self, labels: &Labels) -> Result<(usize, Option<Labels>), QueryError> {
        let group = self.labels_of(labels);
        if let Some(&number) = self.numbers.get(&group) {
            return Ok((number, None));
        }
        let number = self.numbers.len();
        self.held.grow(group.n_bytes() + GROUP_BYTES)?;
        self.numbers.insert(group.clone(), number);
        Ok((number, Some(group)))
    }
}
