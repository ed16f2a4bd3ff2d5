//! What series find each other by: some of their labels, or all but some.

use std::sync::Arc;

use model::Labels;
use model::labels::METRIC_NAME;
use rustc_hash::FxHashMap;

use crate::column::Column;
use crate::engine::{Budget, Held, QueryError};
use crate::syntax::Matching;

/// The labels by which a series is found; messages and filled-in series have them, too.
pub(super) fn signature(labels: &Labels, matching: &Matching) -> Labels {
    let is_named = |name: &str| matching.labels.iter().any(|named| named == name);
    if matching.on {
        labels.without(|name| !is_named(name))
    } else {
        labels.without(|name| name == METRIC_NAME || is_named(name))
    }
}

/// Numbers for signatures.
#[derive(Debug)]
pub(super) struct Signatures<'m> {
    matching: &'m Matching,
    numbers: FxHashMap<Labels, usize>,
    held: Held,
}

impl<'m> Signatures<'m> {
    pub(super) fn new(matching: &'m Matching, budget: &Arc<Budget>) -> Result<Signatures<'m>, QueryError> {
        Ok(Signatures { matching, numbers: FxHashMap::default(), held: budget.hold(0)? })
    }

    /// The number of the signature of each column.
    pub(super) fn of(&mut self, columns: &[Column]) -> Result<Vec<usize>, QueryError> {
        columns.iter().map(|column| self.number(column)).collect()
    }

    fn number(&mut self, column: &Column) -> Result<usize, QueryError> {
        let signature = signature(&column.labels, self.matching);
        let next = self.numbers.len();
        if let Some(&number) = self.numbers.get(&signature) {
            return Ok(number);
        }
        self.held.grow(signature.n_bytes() + 96)?;
        self.numbers.insert(signature, next);
        Ok(next)
    }

    /// How many different signatures there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}
