//! Operators between vectors: series of both sides find each other by labels.

mod arithmetic;
mod fill;
mod matched;
mod set;
mod signature;

use crate::engine::QueryError;
use crate::plan::Grid;
use crate::syntax::{BinaryOp, Matching, Span};

use super::evaluation::{Evaluated, Evaluation};
use super::pipeline::Pipeline;

/// An operator between vectors.
#[derive(Debug)]
pub(super) struct Operation<'o> {
    pub(super) op: BinaryOp,
    pub(super) is_bool: bool,
    pub(super) matching: &'o Matching,
    /// The place of the whole.
    pub(super) span: Span,
}

/// Evaluates an operator between two vectors.
pub(super) fn evaluate<'a>(
    evaluation: &Evaluation<'a>,
    operation: &Operation<'_>,
    left: Pipeline<'_>,
    right: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let (left, n_left) = evaluation.collected(left)?;
    let (right, n_right) = evaluation.collected(right)?;
    let columns = match operation.op {
        BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => set::combine(evaluation, operation, left, right)?,
        _ => arithmetic::combine(evaluation, operation, left, right, grid)?,
    };
    evaluation.forget_samples(n_left + n_right);
    evaluation.merged_vector(columns, grid)
}
