//! Aggregations that look at all values of a group: quantiles, and how often each value is there.

use std::sync::Arc;

use model::float::plain;
use model::storage::Grouping;
use rustc_hash::FxHashMap;

use super::groups::Groups;
use crate::column::{Column, Scalars};
use crate::engine::QueryError;
use crate::eval::evaluation::{Evaluated, Evaluation};
use crate::eval::pipeline::Pipeline;
use crate::eval::quantile::quantile;
use crate::plan::{AggregateOf, Grid};

/// `quantile`
pub(super) fn quantile_of<'a>(
    evaluation: &Evaluation<'a>,
    of: &AggregateOf,
    rank: &Scalars,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let mut groups = Groups::new(&of.grouping, &evaluation.budget)?;
    let mut members: Vec<(model::Labels, Vec<Column>)> = Vec::new();
    let mut ignored_histograms = false;
    evaluation.consume(vector, &mut |column| {
        let (number, new) = groups.number_of(&column.labels)?;
        if let Some(labels) = new {
            members.push((labels, Vec::new()));
        }
        ignored_histograms |= !column.histograms.is_empty();
        members[number].1.push(column);
        Ok(())
    })?;
    if ignored_histograms {
        let message = "ignored histogram in quantile aggregation".to_owned();
        evaluation.note(|notes| notes.inform(&message, of.input_span));
    }
    let mut ticker = evaluation.watch.ticker();
    let mut values = Vec::new();
    let mut columns = Vec::with_capacity(members.len());
    for (labels, members) in members {
        let mut column = Column::new(labels, grid.n_steps, &evaluation.budget)?;
        column.drop_name = members.iter().any(|member| member.drop_name);
        for step in 0..grid.n_steps {
            ticker.tick(members.len())?;
            values.clear();
            values.extend(members.iter().filter(|member| member.present.get(step)).map(|member| member.floats[step]));
            if !values.is_empty() {
                column.set(step, quantile(rank.at(step), &mut values));
            }
        }
        columns.push(column);
    }
    evaluation.vector(columns, grid)
}

/// `count_values`: one series for each value that is there.
pub(super) fn count_values<'a>(
    evaluation: &Evaluation<'a>,
    grouping: &Grouping,
    value_label: &str,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let budget = Arc::clone(&evaluation.budget);
    let mut groups = Groups::new(grouping, &budget)?;
    let mut columns: Vec<Column> = Vec::new();
    evaluation.consume(vector, &mut |column| {
        if !column.histograms.is_empty() {
            return Err(QueryError::Unsupported("count_values aggregation".to_owned()));
        }
        // A series seldom has many values, so each is written and grouped once.
        let mut numbers: FxHashMap<u64, usize> = FxHashMap::default();
        for step in column.present.iter() {
            let value = column.floats[step];
            let number = match numbers.get(&value.to_bits()) {
                Some(&number) => number,
                None => {
                    let mut labels = column.labels.to_builder();
                    labels.set(value_label, &plain(value));
                    let (number, new) = groups.number_of(&labels.build())?;
                    if let Some(labels) = new {
                        columns.push(Column::new(labels, grid.n_steps, &budget)?);
                    }
                    numbers.insert(value.to_bits(), number);
                    number
                }
            };
            let count = &mut columns[number];
            let before = if count.present.get(step) { count.floats[step] } else { 0.0 };
            count.set(step, before + 1.0);
        }
        Ok(())
    })?;
    evaluation.merged_vector(columns, grid)
}
