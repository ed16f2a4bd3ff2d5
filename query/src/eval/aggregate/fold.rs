//! Aggregations that take one value after the other: sums, averages, counts, extremes, variances.

use std::sync::Arc;

use model::{Histogram, Labels};

use super::groups::Groups;
use crate::column::{Column, Presence};
use crate::engine::{Held, QueryError};
use crate::eval::evaluation::{Evaluated, Evaluation};
use crate::eval::kahan::{KahanSum, Mean};
use crate::eval::pipeline::Pipeline;
use crate::plan::{AggregateOf, Grid};
use crate::syntax::AggregateOp;

/// Aggregates a vector, series by series.
pub(super) fn fold<'a>(
    evaluation: &Evaluation<'a>,
    of: &AggregateOf,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let mut folding = Folding {
        of,
        n_steps: grid.n_steps,
        groups: Groups::new(&of.grouping, &evaluation.budget)?,
        folds: Vec::new(),
        held: evaluation.budget.hold(0)?,
        ignored_histograms: false,
    };
    evaluation.consume(vector, &mut |column| folding.add(&column))?;
    if folding.ignored_histograms {
        let message = format!("ignored histogram in {} aggregation", of.op.as_str());
        evaluation.note(|notes| notes.inform(&message, of.input_span));
    }
    let columns = folding.finish(evaluation)?;
    evaluation.vector(columns, grid)
}

struct Folding<'f> {
    of: &'f AggregateOf,
    n_steps: usize,
    groups: Groups<'f>,
    folds: Vec<Fold>,
    held: Held,
    ignored_histograms: bool,
}

/// What is known of a group.
struct Fold {
    labels: Labels,
    drop_name: bool,
    /// Steps at which a float was taken.
    present: Presence,
    /// Steps at which a histogram came that may not be left out.
    histograms: Presence,
    /// Steps at which more than one did.
    several: Presence,
    /// The first histogram of each of these steps. Alone it is its own sum and average.
    first: Vec<(usize, Arc<Histogram>)>,
    state: State,
}

/// What is kept for each step.
enum State {
    Sum(Vec<KahanSum>),
    Mean(Vec<Mean>),
    Count(Vec<f64>),
    Presence,
    Least(Vec<f64>),
    Greatest(Vec<f64>),
    Variance(Vec<Variance>),
}

/// A running variance.
#[derive(Clone, Copy, Default)]
struct Variance {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Variance {
    fn new(first: f64) -> Variance {
        Variance { n: 1.0, mean: first, squares: if first.is_finite() { 0.0 } else { f64::NAN } }
    }

    fn add(&mut self, value: f64) {
        self.n += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.n;
        self.squares += delta * (value - self.mean);
    }
}

impl Folding<'_> {
    fn add(&mut self, column: &Column) -> Result<(), QueryError> {
        let (number, new) = self.groups.number_of(&column.labels)?;
        if let Some(labels) = new {
            let fold = self.fold(labels)?;
            self.folds.push(fold);
        }
        let fold = &mut self.folds[number];
        fold.drop_name |= column.drop_name;
        fold.add_floats(column);
        self.held.grow(column.histograms.len() * size_of::<(usize, Arc<Histogram>)>())?;
        self.ignored_histograms |= fold.add_histograms(column);
        Ok(())
    }

    /// An empty group.
    fn fold(&mut self, labels: Labels) -> Result<Fold, QueryError> {
        let n = self.n_steps;
        let (state, bytes_each) = match self.of.op {
            AggregateOp::Sum => (State::Sum(Vec::new()), size_of::<KahanSum>()),
            AggregateOp::Avg => (State::Mean(Vec::new()), size_of::<Mean>()),
            AggregateOp::Count => (State::Count(Vec::new()), 8),
            AggregateOp::Min => (State::Least(Vec::new()), 8),
            AggregateOp::Max => (State::Greatest(Vec::new()), 8),
            AggregateOp::Stddev | AggregateOp::Stdvar => (State::Variance(Vec::new()), size_of::<Variance>()),
            _ => (State::Presence, 0),
        };
        self.held.grow(n.saturating_mul(bytes_each).saturating_add(n / 2))?;
        let state = match state {
            State::Sum(_) => State::Sum(vec![KahanSum::default(); n]),
            State::Mean(_) => State::Mean(vec![Mean::new(0.0); n]),
            State::Count(_) => State::Count(vec![0.0; n]),
            State::Least(_) => State::Least(vec![0.0; n]),
            State::Greatest(_) => State::Greatest(vec![0.0; n]),
            State::Variance(_) => State::Variance(vec![Variance::default(); n]),
            State::Presence => State::Presence,
        };
        let none = Presence::none(n);
        Ok(Fold {
            labels,
            drop_name: false,
            present: none.clone(),
            histograms: none.clone(),
            several: none,
            first: Vec::new(),
            state,
        })
    }

    fn finish(self, evaluation: &Evaluation<'_>) -> Result<Vec<Column>, QueryError> {
        let mut columns = Vec::with_capacity(self.folds.len());
        for fold in self.folds {
            columns.push(fold.finish(evaluation, self.of, self.n_steps)?);
        }
        Ok(columns)
    }
}

impl Fold {
    fn add_floats(&mut self, column: &Column) {
        let floats = &column.floats;
        let seen = &self.present;
        match &mut self.state {
            State::Sum(sums) => column.present.for_each(|step| match seen.get(step) {
                true => sums[step].add(floats[step]),
                false => sums[step] = KahanSum::new(floats[step]),
            }),
            State::Mean(means) => column.present.for_each(|step| match seen.get(step) {
                true => means[step].add(floats[step]),
                false => means[step] = Mean::new(floats[step]),
            }),
            State::Count(counts) => column.present.for_each(|step| counts[step] += 1.0),
            State::Presence => {}
            State::Least(least) => column.present.for_each(|step| {
                let value = floats[step];
                if !seen.get(step) || least[step] > value || least[step].is_nan() {
                    least[step] = value;
                }
            }),
            State::Greatest(greatest) => column.present.for_each(|step| {
                let value = floats[step];
                if !seen.get(step) || greatest[step] < value || greatest[step].is_nan() {
                    greatest[step] = value;
                }
            }),
            State::Variance(variances) => column.present.for_each(|step| match seen.get(step) {
                true => variances[step].add(floats[step]),
                false => variances[step] = Variance::new(floats[step]),
            }),
        }
        self.present.or(&column.present);
    }

    /// Answers whether histograms were left out.
    fn add_histograms(&mut self, column: &Column) -> bool {
        if column.histograms.is_empty() {
            return false;
        }
        let steps = column.histograms.iter().map(|(step, _)| *step);
        match &mut self.state {
            State::Sum(_) | State::Mean(_) => {
                for (step, histogram) in &column.histograms {
                    if self.histograms.get(*step) {
                        self.several.set(*step);
                    } else {
                        self.histograms.set(*step);
                        self.first.push((*step, Arc::clone(histogram)));
                    }
                }
                false
            }
            State::Count(counts) => {
                steps.for_each(|step| {
                    counts[step] += 1.0;
                    self.present.set(step);
                });
                false
            }
            State::Presence => {
                steps.for_each(|step| self.present.set(step));
                false
            }
            State::Least(_) | State::Greatest(_) | State::Variance(_) => true,
        }
    }

    fn finish(mut self, evaluation: &Evaluation<'_>, of: &AggregateOf, n_steps: usize) -> Result<Column, QueryError> {
        if self.histograms.first_common(&self.present).is_some() {
            let message = "encountered a mix of histograms and floats for aggregation".to_owned();
            evaluation.note(|notes| notes.warn(&message, of.input_span));
        }
        let mut without_floats = self.histograms.clone();
        without_floats.and_not(&self.present);
        if without_floats.first_common(&self.several).is_some() {
            return Err(QueryError::Unsupported(format!("{} aggregation", of.op.as_str())));
        }
        self.present.and_not(&self.histograms);
        let mut column = Column::new(self.labels, n_steps, &evaluation.budget)?;
        self.first.sort_by_key(|(step, _)| *step);
        self.first.retain(|(step, _)| without_floats.get(*step));
        self.first.into_iter().for_each(|(step, histogram)| column.push_histogram(step, histogram));
        column.drop_name = self.drop_name;
        let is_root = of.op == AggregateOp::Stddev;
        self.present.for_each(|step| {
            let value = match &self.state {
                State::Sum(sums) => sums[step].total(),
                State::Mean(means) => means[step].value(),
                State::Count(values) | State::Least(values) | State::Greatest(values) => values[step],
                State::Presence => 1.0,
                State::Variance(variances) => {
                    let variance = variances[step].squares / variances[step].n;
                    if is_root { variance.sqrt() } else { variance }
                }
            };
            column.set(step, value);
        });
        Ok(column)
    }
}
