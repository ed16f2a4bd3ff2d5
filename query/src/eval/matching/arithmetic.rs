//! Arithmetic and comparisons between vectors.
//!
//! At each step a series of the side that may have many finds at most one of the other side, by its signature. All steps
//! of two series are worked through at once; which of several series with the same signature is found at which step is
//! known from the steps at which each is there.

use model::Labels;

use super::Operation;
use super::fill::Side;
use super::matched::Matched;
use super::signature::{Signatures, signature};
use crate::column::{Cell, Column, Presence, is_metadata};
use crate::engine::QueryError;
use crate::eval::arithmetic::{compare, float_op};
use crate::eval::evaluation::Evaluation;
use crate::eval::map::incompatible;
use crate::plan::Grid;
use crate::syntax::{BinaryOp, Cardinality};

/// The columns of the result.
pub(super) fn combine(
    evaluation: &Evaluation<'_>,
    operation: &Operation<'_>,
    left: Vec<Column>,
    right: Vec<Column>,
    grid: Grid,
) -> Result<Vec<Column>, QueryError> {
    let is_swapped = operation.matching.card == Cardinality::OneToMany;
    let (many, one) = if is_swapped { (right, left) } else { (left, right) };
    let mut signatures = Signatures::new(operation.matching, &evaluation.budget)?;
    let many_numbers = signatures.of(&many)?;
    let one_numbers = signatures.of(&one)?;
    let n_signatures = signatures.len();
    // Per signature: what is there on the side of one, and what has matched.
    let _held = evaluation.budget.hold(n_signatures.saturating_mul(2 * (grid.n_steps / 8 + 64)))?;
    let is_one_to_one = operation.matching.card == Cardinality::OneToOne;
    let mut joining = Joining {
        evaluation,
        operation,
        is_swapped,
        grid,
        matched: Matched::new(is_one_to_one, n_signatures),
        columns: Vec::new(),
    };
    let ones = joining.ones(&many, &one, &one_numbers, n_signatures)?;
    joining.join_series(&many, &many_numbers, &one, &ones)?;
    joining.fill_missing(&one, &one_numbers)?;
    Ok(joining.columns)
}

/// Series that find each other.
struct Joining<'j> {
    evaluation: &'j Evaluation<'j>,
    operation: &'j Operation<'j>,
    /// The side that may have many is the right one.
    is_swapped: bool,
    grid: Grid,
    matched: Matched,
    columns: Vec<Column>,
}

/// The series of one signature on the side of one.
#[derive(Clone, Debug)]
struct Ones {
    /// Their places.
    series: Vec<usize>,
    /// The steps at which one of them is there.
    steps: Presence,
}

impl Joining<'_> {
    /// The series of the side of one, by signature.
    ///
    /// # Errors
    /// When two of them are there at the same time, as is something on the other side.
    fn ones(
        &self,
        many: &[Column],
        one: &[Column],
        numbers: &[usize],
        n_signatures: usize,
    ) -> Result<Vec<Ones>, QueryError> {
        let n_steps = self.grid.n_steps;
        let mut live = Presence::none(n_steps);
        many.iter().for_each(|column| live.or(&column.occupied()));
        if self.operation.matching.fill_left.is_some() || self.operation.matching.fill_right.is_some() {
            live = Presence::all(n_steps);
        }
        let mut ones = vec![Ones { series: Vec::new(), steps: Presence::none(n_steps) }; n_signatures];
        for (at, (column, &number)) in one.iter().zip(numbers).enumerate() {
            let mut steps = column.occupied();
            steps.and(&live);
            let ones = &mut ones[number];
            if let Some(step) = ones.steps.first_common(&steps) {
                let is_there = |&&other: &&usize| one[other].occupied().get(step);
                let other = ones.series.iter().find(is_there).map_or(column, |&other| &one[other]);
                return Err(self.duplicate(&column.labels, &other.labels));
            }
            ones.steps.or(&steps);
            ones.series.push(at);
        }
        Ok(ones)
    }

    fn duplicate(&self, labels: &Labels, other: &Labels) -> QueryError {
        let side = if self.is_swapped { "left" } else { "right" };
        let group = signature(labels, self.operation.matching);
        let mut both = [labels.to_string(), other.to_string()];
        both.sort_unstable();
        let [one, other] = both;
        QueryError::Execution(format!(
            "found duplicate series for the match group {group} on the {side} hand-side of the operation: [{one}, \
             {other}];many-to-many matching not allowed: matching labels must be unique on one side"
        ))
    }

    /// Joins the series of the side of many with those of the other, or with what stands in for them.
    fn join_series(
        &mut self,
        many: &[Column],
        numbers: &[usize],
        one: &[Column],
        ones: &[Ones],
    ) -> Result<(), QueryError> {
        let mut ticker = self.evaluation.watch.ticker();
        for (column, &number) in many.iter().zip(numbers) {
            let occupied = column.occupied();
            let ones = &ones[number];
            for &at in &ones.series {
                let mut steps = one[at].occupied();
                steps.and(&occupied);
                ticker.tick(1 + steps.count())?;
                self.join(Side::Series(column), Side::Series(&one[at]), &steps, number)?;
            }
            if let Some(value) = self.operation.matching.fill_right {
                let labels = signature(&column.labels, self.operation.matching);
                let mut steps = occupied;
                steps.and_not(&ones.steps);
                ticker.tick(1 + steps.count())?;
                self.join(Side::Series(column), Side::Filled { labels: &labels, value }, &steps, number)?;
            }
        }
        Ok(())
    }

    /// Joins the series of the side of one that nothing has found with what stands in for the other.
    fn fill_missing(&mut self, one: &[Column], numbers: &[usize]) -> Result<(), QueryError> {
        let Some(value) = self.operation.matching.fill_left else { return Ok(()) };
        let mut ticker = self.evaluation.watch.ticker();
        for (column, &number) in one.iter().zip(numbers) {
            let labels = signature(&column.labels, self.operation.matching);
            let mut steps = column.occupied();
            self.matched.remove_from(&mut steps, number);
            ticker.tick(1 + steps.count())?;
            self.join(Side::Filled { labels: &labels, value }, Side::Series(column), &steps, number)?;
        }
        Ok(())
    }

    /// Works through the steps at which both sides are there.
    fn join(&mut self, many: Side<'_>, one: Side<'_>, steps: &Presence, number: usize) -> Result<(), QueryError> {
        if steps.is_empty() {
            return Ok(());
        }
        let labels = self.result_labels(many.labels(), one.labels());
        let mut column = Column::new(labels, self.grid.n_steps, &self.evaluation.budget)?;
        column.drop_name = self.operation.is_bool;
        let (left, right) = if self.is_swapped { (one, many) } else { (many, one) };
        let is_trim = matches!(self.operation.op, BinaryOp::TrimUpper | BinaryOp::TrimLower);
        let floats = if is_trim || left.has_histograms() || right.has_histograms() {
            self.float_steps(left, right, steps)?
        } else {
            steps.clone()
        };
        self.matched.add(number, &column.labels, &floats)?;
        self.compute(left, right, &floats, &mut column);
        if !column.is_empty() {
            self.columns.push(column);
        }
        Ok(())
    }

    /// The labels of a result, which come from the side of many but for those that `group_left` or `group_right` names.
    fn result_labels(&self, many: &Labels, one: &Labels) -> Labels {
        let Operation { op, is_bool, matching, .. } = self.operation;
        let is_delayed = self.evaluation.settings.delayed_name_removal;
        let is_named = |name: &str| matching.labels.iter().any(|named| named == name);
        let mut labels = many.to_builder();
        if op.is_arithmetic() || *is_bool && !is_delayed {
            labels.retain(|name| !is_metadata(name));
        }
        if matching.card == Cardinality::OneToOne {
            labels.retain(|name| is_named(name) == matching.on);
        }
        for name in &matching.include {
            labels.set(name, one.get(name).unwrap_or_default());
        }
        labels.build()
    }

    /// The steps at which both sides are floats; what cannot be combined is left out and said.
    fn float_steps(&self, left: Side<'_>, right: Side<'_>, steps: &Presence) -> Result<Presence, QueryError> {
        let op = self.operation.op;
        let mut floats = Presence::none(self.grid.n_steps);
        for step in steps.iter() {
            let (left, right) = match (left.cell(step), right.cell(step)) {
                (Cell::Float(_), Cell::Float(_)) if matches!(op, BinaryOp::TrimUpper | BinaryOp::TrimLower) => {
                    ("float", "float")
                }
                (Cell::Float(_), Cell::Float(_)) => {
                    floats.set(step);
                    continue;
                }
                (Cell::Float(_), _) => ("float", "histogram"),
                (_, Cell::Float(_)) => ("histogram", "float"),
                _ => ("histogram", "histogram"),
            };
            if is_defined(op, left, right) {
                return Err(QueryError::Unsupported(format!("operator {}", op.as_str())));
            }
            self.evaluation.note(|notes| notes.inform(&incompatible(left, op, right), self.operation.span));
        }
        Ok(floats)
    }

    fn compute(&self, left: Side<'_>, right: Side<'_>, steps: &Presence, column: &mut Column) {
        let Operation { op, is_bool, .. } = *self.operation;
        if !op.is_comparison() {
            return steps.for_each(|step| column.set(step, float_op(op, left.float(step), right.float(step))));
        }
        steps.for_each(|step| {
            let holds = compare(op, left.float(step), right.float(step));
            if is_bool {
                column.set(step, f64::from(u8::from(holds)));
            } else if holds {
                column.set(step, left.float(step));
            }
        });
    }
}

/// Whether an operator has a meaning where one of its sides is a histogram.
fn is_defined(op: BinaryOp, left: &str, right: &str) -> bool {
    match (left, right) {
        ("histogram", "histogram") => {
            matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Equal | BinaryOp::NotEqual)
        }
        ("histogram", _) => {
            matches!(op, BinaryOp::Mul | BinaryOp::Div | BinaryOp::TrimUpper | BinaryOp::TrimLower)
        }
        (_, "histogram") => op == BinaryOp::Mul,
        _ => false,
    }
}
