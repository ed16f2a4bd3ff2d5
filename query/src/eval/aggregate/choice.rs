//! Aggregations that choose series: the greatest, the least, the first, or a part of them.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use model::Labels;

use super::groups::Groups;
use super::sample_hash::place_of;
use crate::column::{Column, Presence, Scalars};
use crate::engine::{Held, QueryError};
use crate::eval::evaluation::{Evaluated, Evaluation};
use crate::eval::pipeline::Pipeline;
use crate::eval::quantile::ascending;
use crate::plan::{AggregateOf, Grid};
use crate::syntax::AggregateOp;

/// `topk`, `bottomk`, `limitk`
pub(super) fn choose<'a>(
    evaluation: &Evaluation<'a>,
    of: &AggregateOf,
    param: &Scalars,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    if of.op == AggregateOp::Limitk {
        return first(evaluation, of, param, vector, grid);
    }
    let mut ranking = Ranking {
        is_top: of.op == AggregateOp::Topk,
        param,
        n_steps: grid.n_steps,
        groups: Groups::new(&of.grouping, &evaluation.budget)?,
        rankings: Vec::new(),
        series: Vec::new(),
        held: evaluation.budget.hold(0)?,
        ignored_histograms: false,
    };
    evaluation.consume(vector, &mut |column| ranking.add(&column))?;
    if ranking.ignored_histograms {
        let message = format!("ignored histogram in {} aggregation", of.op.as_str());
        evaluation.note(|notes| notes.inform(&message, of.span));
    }
    let columns = ranking.finish(evaluation)?;
    evaluation.vector(columns, grid)
}

/// The best series of each group at each step.
struct Ranking<'r> {
    is_top: bool,
    param: &'r Scalars,
    n_steps: usize,
    groups: Groups<'r>,
    /// For each group and step the best so far, the worst of them on top.
    rankings: Vec<Vec<BinaryHeap<Ranked>>>,
    /// The series of which something was kept, by number.
    series: Vec<(Labels, bool)>,
    held: Held,
    ignored_histograms: bool,
}

/// A value of a series in a ranking. The greatest of them is the worst.
#[derive(Clone, Copy, Debug)]
struct Ranked {
    /// The value, negated where the least are wanted.
    goodness: f64,
    value: f64,
    series: usize,
}

impl Ranked {
    /// Whether it takes the place of another: equals leave the first where it is, and NaN gives way.
    fn beats(&self, other: &Ranked) -> bool {
        other.goodness < self.goodness || other.goodness.is_nan() && !self.goodness.is_nan()
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> Ordering {
        ascending(other.goodness, self.goodness).then_with(|| self.series.cmp(&other.series))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

impl Ranking<'_> {
    fn add(&mut self, column: &Column) -> Result<(), QueryError> {
        let (group, new) = self.groups.number_of(&column.labels)?;
        if new.is_some() {
            self.held.grow(self.n_steps.saturating_mul(size_of::<BinaryHeap<Ranked>>()))?;
            self.rankings.push(vec![BinaryHeap::new(); self.n_steps]);
        }
        self.ignored_histograms |= !column.histograms.is_empty();
        let series = self.series.len();
        let (mut is_kept, mut n_pushed) = (false, 0);
        let ranking = &mut self.rankings[group];
        column.present.for_each(|step| {
            let value = column.floats[step];
            let goodness = if self.is_top { value } else { -value };
            let ranked = Ranked { goodness, value, series };
            // Below one nothing is kept, and above all series everything.
            let k = self.param.at(step) as usize;
            let heap = &mut ranking[step];
            if heap.len() < k {
                heap.push(ranked);
                n_pushed += 1;
                is_kept = true;
            } else if let Some(mut worst) = heap.peek_mut()
                && ranked.beats(&worst)
            {
                *worst = ranked;
                is_kept = true;
            }
        });
        if is_kept {
            self.held.grow(n_pushed * 2 * size_of::<Ranked>() + column.labels.n_bytes() + 64)?;
            self.series.push((column.labels.clone(), column.drop_name));
        }
        Ok(())
    }

    /// The chosen series: at a single time group by group, the best first.
    fn finish(self, evaluation: &Evaluation<'_>) -> Result<Vec<Column>, QueryError> {
        let mut places: Vec<Option<usize>> = vec![None; self.series.len()];
        let mut columns: Vec<Column> = Vec::new();
        for ranking in self.rankings {
            for (step, heap) in ranking.into_iter().enumerate() {
                for ranked in heap.into_sorted_vec() {
                    let place = match places[ranked.series] {
                        Some(place) => place,
                        None => {
                            let (labels, drop_name) = &self.series[ranked.series];
                            let mut column = Column::new(labels.clone(), self.n_steps, &evaluation.budget)?;
                            column.drop_name = *drop_name;
                            columns.push(column);
                            places[ranked.series] = Some(columns.len() - 1);
                            columns.len() - 1
                        }
                    };
                    columns[place].set(step, ranked.value);
                }
            }
        }
        Ok(columns)
    }
}

/// `limitk`: the first series of each group at each step.
fn first<'a>(
    evaluation: &Evaluation<'a>,
    of: &AggregateOf,
    param: &Scalars,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let mut groups = Groups::new(&of.grouping, &evaluation.budget)?;
    let mut held = evaluation.budget.hold(0)?;
    let mut n_kept: Vec<Vec<u64>> = Vec::new();
    let mut columns = Vec::new();
    evaluation.consume(vector, &mut |mut column| {
        let (group, new) = groups.number_of(&column.labels)?;
        if new.is_some() {
            held.grow(grid.n_steps.saturating_mul(8))?;
            n_kept.push(vec![0; grid.n_steps]);
        }
        let mut kept = column.occupied();
        for step in column.occupied().iter() {
            let n_kept = &mut n_kept[group][step];
            if *n_kept < param.at(step) as u64 {
                *n_kept += 1;
            } else {
                kept.unset(step);
            }
        }
        column.retain(&kept);
        if !column.is_empty() {
            columns.push(column);
        }
        Ok(())
    })?;
    evaluation.vector(columns, grid)
}

/// `limit_ratio`: the part of all series whose labels hash to the lower, or the upper, part of all numbers.
pub(super) fn sample<'a>(
    evaluation: &Evaluation<'a>,
    param: &Scalars,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let mut columns = Vec::new();
    evaluation.consume(vector, &mut |mut column| {
        let place = place_of(&column.labels);
        let mut kept = Presence::none(grid.n_steps);
        for step in 0..grid.n_steps {
            let ratio = param.at(step).clamp(-1.0, 1.0);
            if ratio >= 0.0 && place < ratio || ratio < 0.0 && place >= 1.0 + ratio {
                kept.set(step);
            }
        }
        column.retain(&kept);
        if !column.is_empty() {
            columns.push(column);
        }
        Ok(())
    })?;
    evaluation.vector(columns, grid)
}
