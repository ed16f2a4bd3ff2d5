//! Changes of each series by itself: functions of numbers, and operators between a vector and a number.

use crate::column::{Column, Presence, Scalars};
use crate::engine::QueryError;
use crate::plan::{Grid, MapOp};
use crate::syntax::{BinaryOp, Span};

use super::arithmetic::{compare, float_op, go_max, go_min};
use super::date;
use super::worker::Worker;

/// A change of columns, with its numbers.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) map: MapOp,
    pub(crate) scalars: Vec<Scalars>,
    pub(crate) grid: Grid,
    /// The place of the operator or the call.
    pub(crate) span: Span,
}

impl Mapping {
    /// The changed column.
    pub(crate) fn apply(&self, worker: &mut Worker<'_>, mut column: Column) -> Result<Column, QueryError> {
        worker.ticker.tick(column.n_steps())?;
        match self.map {
            MapOp::Math(function) => self.each(&mut column, |_, value| function(value)),
            MapOp::Date(field) => self.each(&mut column, |_, value| date::field(field, date::whole_seconds(value))),
            MapOp::Negate => {
                if !column.histograms.is_empty() {
                    return Err(QueryError::Unsupported("unary minus".to_owned()));
                }
                self.each(&mut column, |_, value| -value);
            }
            MapOp::ClampMin => {
                let min = &self.scalars[0];
                self.each(&mut column, |step, value| go_max(min.at(step), go_min(f64::INFINITY, value)));
            }
            MapOp::ClampMax => {
                let max = &self.scalars[0];
                self.each(&mut column, |step, value| go_max(f64::NEG_INFINITY, go_min(max.at(step), value)));
            }
            MapOp::Clamp => self.clamp(&mut column),
            MapOp::Round => self.each(&mut column, |step, value| {
                let per_unit = 1.0 / self.scalars.first().map_or(1.0, |to| to.at(step));
                (value * per_unit + 0.5).floor() / per_unit
            }),
            MapOp::EvaluationTime => {
                let occupied = column.occupied();
                column.drop_histograms();
                occupied.for_each(|step| column.set(step, self.grid.at(step) as f64 / 1000.0));
            }
            MapOp::Nothing => column.retain(&Presence::none(self.grid.n_steps)),
            MapOp::OfHistogram(name) => self.of_histograms(&mut column, name)?,
            MapOp::Scalar { op, is_swapped, is_bool } => self.scalar(worker, &mut column, op, is_swapped, is_bool)?,
        }
        if self.map.drops_name() {
            worker.drop_metadata(&mut column);
        }
        Ok(column)
    }

    /// Functions of floats leave histograms out.
    fn each(&self, column: &mut Column, function: impl Fn(usize, f64) -> f64) {
        column.drop_histograms();
        let floats = &mut column.floats;
        column.present.for_each(|step| floats[step] = function(step, floats[step]));
    }

    /// A number out of each histogram; floats are left out.
    fn of_histograms(&self, column: &mut Column, name: &str) -> Result<(), QueryError> {
        column.present = Presence::none(self.grid.n_steps);
        for (step, histogram) in std::mem::take(&mut column.histograms) {
            let value = match name {
                "histogram_count" => histogram.count,
                "histogram_sum" => histogram.sum,
                "histogram_avg" => histogram.sum / histogram.count,
                _ => return Err(QueryError::Unsupported(format!("{name}()"))),
            };
            column.set(step, value);
        }
        Ok(())
    }

    fn clamp(&self, column: &mut Column) {
        let (min, max) = (&self.scalars[0], &self.scalars[1]);
        let mut kept = Presence::all(self.grid.n_steps);
        (0..self.grid.n_steps).filter(|&step| max.at(step) < min.at(step)).for_each(|step| kept.unset(step));
        column.retain(&kept);
        self.each(column, |step, value| go_max(min.at(step), go_min(max.at(step), value)));
    }

    fn scalar(
        &self,
        worker: &mut Worker<'_>,
        column: &mut Column,
        op: BinaryOp,
        is_swapped: bool,
        is_bool: bool,
    ) -> Result<(), QueryError> {
        self.scalar_with_histograms(worker, column, op, is_swapped)?;
        let number = &self.scalars[0];
        let sides =
            |step: usize, value: f64| if is_swapped { (number.at(step), value) } else { (value, number.at(step)) };
        match op {
            BinaryOp::TrimUpper | BinaryOp::TrimLower => {
                if !column.present.is_empty() {
                    worker.notes.inform(&incompatible("float", op, "float"), self.span);
                }
                column.present = Presence::none(self.grid.n_steps);
            }
            op if op.is_comparison() => {
                let mut kept = Presence::none(self.grid.n_steps);
                let floats = &mut column.floats;
                column.present.for_each(|step| {
                    let (left, right) = sides(step, floats[step]);
                    let holds = compare(op, left, right);
                    if is_bool {
                        floats[step] = f64::from(u8::from(holds));
                    }
                    if holds || is_bool {
                        kept.set(step);
                    }
                });
                column.present = kept;
            }
            op => {
                let floats = &mut column.floats;
                column.present.for_each(|step| {
                    let (left, right) = sides(step, floats[step]);
                    floats[step] = float_op(op, left, right);
                });
            }
        }
        Ok(())
    }

    /// A histogram may be multiplied and divided by a number, and trimmed by it; all else is left out.
    fn scalar_with_histograms(
        &self,
        worker: &mut Worker<'_>,
        column: &mut Column,
        op: BinaryOp,
        is_swapped: bool,
    ) -> Result<(), QueryError> {
        if column.histograms.is_empty() {
            return Ok(());
        }
        let is_trim = matches!(op, BinaryOp::TrimUpper | BinaryOp::TrimLower);
        if op == BinaryOp::Mul || !is_swapped && (op == BinaryOp::Div || is_trim) {
            return Err(QueryError::Unsupported(format!("operator {}", op.as_str())));
        }
        let (left, right) = if is_swapped { ("float", "histogram") } else { ("histogram", "float") };
        worker.notes.inform(&incompatible(left, op, right), self.span);
        column.drop_histograms();
        Ok(())
    }
}

/// What is said where an operator knows nothing to do with two kinds of samples.
pub(crate) fn incompatible(left: &str, op: BinaryOp, right: &str) -> String {
    let op = op.as_str();
    format!("incompatible sample types encountered for binary operator \"{op}\": {left} {op} {right}")
}
