//! Sorting series by value or by labels.

use std::cmp::Ordering;

use model::Labels;

use super::evaluation::{Evaluated, Evaluation};
use super::pipeline::Pipeline;
use crate::column::Column;
use crate::engine::QueryError;
use crate::plan::{Grid, Order};
use crate::syntax::Span;

/// Sorts a vector at a single time. Over several times it has no effect, which is said.
pub(super) fn sort<'a>(
    evaluation: &Evaluation<'a>,
    order: &Order,
    vector: Pipeline<'_>,
    grid: Grid,
    span: Span,
) -> Result<Evaluated<'a>, QueryError> {
    let (mut columns, n_counted) = evaluation.collected(vector)?;
    evaluation.forget_samples(n_counted);
    if matches!(order, Order::Value { .. }) {
        columns.iter_mut().for_each(Column::drop_histograms);
        columns.retain(|column| !column.is_empty());
    }
    if grid.n_steps > 1 {
        let message = "sort is ineffective for range queries since results are always ordered by labels";
        evaluation.note(|notes| notes.warn(message, span));
    } else if grid.n_steps == 1 {
        match order {
            Order::Value { is_descending } => sort_by_value(&mut columns, *is_descending),
            Order::Labels { names, is_descending } => {
                columns.sort_by(|one, other| {
                    let order = by_labels(names, &one.labels, &other.labels);
                    if *is_descending { order.reverse() } else { order }
                });
            }
        }
    }
    evaluation.merged_vector(columns, grid)
}

/// NaN is last whatever the direction.
fn sort_by_value(columns: &mut [Column], is_descending: bool) {
    columns.sort_by(|one, other| {
        let (one, other) = (one.floats[0], other.floats[0]);
        match (one.is_nan(), other.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if is_descending => other.partial_cmp(&one).unwrap_or(Ordering::Equal),
            (false, false) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        }
    });
}

fn by_labels(names: &[String], one: &Labels, other: &Labels) -> Ordering {
    let value = |labels: &Labels, name: &str| labels.get(name).unwrap_or_default().to_owned();
    let by_names = names.iter().map(|name| (value(one, name), value(other, name)));
    by_names
        .filter(|(one, other)| one != other)
        .map(|(one, other)| natural(&one, &other))
        .next()
        .unwrap_or_else(|| one.cmp(other))
}

/// The order in which people put texts with numbers in them: `v2` before `v10`.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut ones, mut others) = (Runs(one), Runs(other));
    loop {
        let order = match (ones.next(), others.next()) {
            (None, None) => return one.cmp(other),
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => of_runs(one, other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Digits and other characters in turn.
struct Runs<'a>(&'a str);

impl<'a> Iterator for Runs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let is_digit = self.0.bytes().next()?.is_ascii_digit();
        let end = self.0.bytes().position(|byte| byte.is_ascii_digit() != is_digit).unwrap_or(self.0.len());
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(run)
    }
}

fn of_runs(one: &str, other: &str) -> Ordering {
    let is_number = |run: &str| run.starts_with(|c: char| c.is_ascii_digit());
    if !is_number(one) || !is_number(other) {
        return one.cmp(other);
    }
    let digits = |run: &str| run.trim_start_matches('0').len();
    let (one_digits, other_digits) = (digits(one), digits(other));
    let value = one_digits
        .cmp(&other_digits)
        .then_with(|| one[one.len() - one_digits..].cmp(&other[other.len() - other_digits..]));
    // Of equal numbers the one with more zeros before it is later.
    value.then_with(|| one.len().cmp(&other.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_put_them() {
        let mut texts = vec!["v10", "v2", "v1", "v02", "a", "10", "9", "v2b", "v2a10", "v2a9", ""];
        texts.sort_by(|one, other| natural(one, other));
        assert_eq!(texts, ["", "9", "10", "a", "v1", "v2", "v2a9", "v2a10", "v2b", "v02", "v10"]);
    }
}
