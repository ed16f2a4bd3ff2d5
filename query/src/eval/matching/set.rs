//! `and`, `or`, `unless`: what is on one side, depending on what is on the other at the same time.

use super::Operation;
use super::signature::Signatures;
use crate::column::{Column, Presence};
use crate::engine::QueryError;
use crate::eval::evaluation::Evaluation;
use crate::syntax::BinaryOp;

/// The columns of the result.
pub(super) fn combine(
    evaluation: &Evaluation<'_>,
    operation: &Operation<'_>,
    mut left: Vec<Column>,
    mut right: Vec<Column>,
) -> Result<Vec<Column>, QueryError> {
    let mut signatures = Signatures::new(operation.matching, &evaluation.budget)?;
    let left_numbers = signatures.of(&left)?;
    let right_numbers = signatures.of(&right)?;
    if operation.op == BinaryOp::Or {
        let there = there(&left, &left_numbers, signatures.len());
        filter(evaluation, &mut right, &right_numbers, &there, false)?;
        left.append(&mut right);
    } else {
        let there = there(&right, &right_numbers, signatures.len());
        filter(evaluation, &mut left, &left_numbers, &there, operation.op == BinaryOp::And)?;
    }
    Ok(left)
}

/// The steps at which there is any series of each signature; `None` where there is none at all.
fn there(columns: &[Column], numbers: &[usize], n_signatures: usize) -> Vec<Option<Presence>> {
    let mut there: Vec<Option<Presence>> = vec![None; n_signatures];
    for (column, &number) in columns.iter().zip(numbers) {
        let occupied = column.occupied();
        match &mut there[number] {
            Some(steps) => steps.or(&occupied),
            none => *none = Some(occupied),
        }
    }
    there
}

/// Keeps the steps of columns at which their signature is on the other side, or is not.
fn filter(
    evaluation: &Evaluation<'_>,
    columns: &mut [Column],
    numbers: &[usize],
    there: &[Option<Presence>],
    keeps_there: bool,
) -> Result<(), QueryError> {
    let mut ticker = evaluation.watch.ticker();
    for (column, &number) in columns.iter_mut().zip(numbers) {
        ticker.tick(1 + column.n_steps() / 64)?;
        let n_steps = column.n_steps();
        match (&there[number], keeps_there) {
            (Some(there), true) => column.retain(there),
            (Some(there), false) => {
                let mut others = Presence::all(n_steps);
                others.and_not(there);
                column.retain(&others);
            }
            (None, true) => column.retain(&Presence::none(n_steps)),
            (None, false) => {}
        }
    }
    Ok(())
}
