//! Looking at whether there is anything: `absent`, `absent_over_time`, `scalar`.

use model::Labels;

use super::evaluation::{Evaluated, Evaluation};
use super::pipeline::Pipeline;
use crate::column::{Column, Presence, Scalars};
use crate::engine::QueryError;
use crate::plan::Grid;

/// 1 at each step at which no series has anything.
pub(super) fn absent<'a>(
    evaluation: &Evaluation<'a>,
    vector: Pipeline<'_>,
    labels: &Labels,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let mut occupied = Presence::none(grid.n_steps);
    evaluation.consume(vector, &mut |column| {
        occupied.or(&column.occupied());
        Ok(())
    })?;
    let mut column = Column::new(labels.clone(), grid.n_steps, &evaluation.budget)?;
    let mut free = Presence::all(grid.n_steps);
    free.and_not(&occupied);
    free.for_each(|step| column.set(step, 1.0));
    evaluation.vector(vec![column], grid)
}

/// The value of the only float at each step; NaN where there is none, or more than one.
pub(super) fn scalar_of(evaluation: &Evaluation<'_>, vector: Pipeline<'_>, grid: Grid) -> Result<Scalars, QueryError> {
    let mut seen = Presence::none(grid.n_steps);
    let mut several = Presence::none(grid.n_steps);
    let held = evaluation.budget.hold(grid.n_steps.saturating_mul(8))?;
    let mut values = vec![f64::NAN; grid.n_steps];
    evaluation.consume(vector, &mut |column| {
        column.present.for_each(|step| {
            if seen.get(step) {
                several.set(step);
            }
            seen.set(step);
            values[step] = column.floats[step];
        });
        Ok(())
    })?;
    several.for_each(|step| values[step] = f64::NAN);
    Ok(Scalars::Each { values, held })
}
