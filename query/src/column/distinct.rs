//! Series that have come to the same labels: where they are not there at the same time they are one series; otherwise
//! the query fails.

use model::Labels;
use rustc_hash::FxHashMap;

use super::{Column, is_metadata};
use crate::engine::QueryError;

/// Merges columns that have the same labels, in the order in which each label set came first.
///
/// # Errors
/// When two of them have a value at the same step.
pub(crate) fn merged(columns: Vec<Column>) -> Result<Vec<Column>, QueryError> {
    if columns.len() < 2 {
        return Ok(columns);
    }
    // What loses its name at the end of the query is another series than what keeps it.
    let mut places: FxHashMap<(Labels, bool), usize> = FxHashMap::default();
    let mut merged: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns {
        let next = merged.len();
        let place = *places.entry((column.labels.clone(), column.drop_name)).or_insert(next);
        match merged.get_mut(place) {
            None => merged.push(column),
            Some(before) => absorb(before, column)?,
        }
    }
    Ok(merged)
}

fn absorb(column: &mut Column, other: Column) -> Result<(), QueryError> {
    if column.occupied().first_common(&other.occupied()).is_some() {
        return Err(QueryError::same_labelset());
    }
    other.present.for_each(|step| column.set(step, other.floats[step]));
    if !other.histograms.is_empty() {
        column.histograms.extend(other.histograms);
        column.histograms.sort_by_key(|(step, _)| *step);
    }
    Ok(())
}

/// Whether label sets that are distinct stay so without their metadata: surely, where that is the same for all.
pub(crate) fn are_distinct_without_metadata(columns: &[Column]) -> bool {
    let metadata = |column: &Column| {
        let kept = column.labels.iter().filter(|(name, _)| is_metadata(name));
        kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let Some((first, rest)) = columns.split_first() else { return true };
    let first = metadata(first);
    rest.iter().all(|column| metadata(column) == first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Budget, Pool};

    fn column(name: &str, values: &[Option<f64>]) -> Column {
        let budget = Budget::new(Pool::new(1 << 20), 1 << 20);
        let labels = Labels::from_pairs([("a", name)]);
        let mut column = Column::new(labels, values.len(), &budget).unwrap();
        for (step, value) in values.iter().enumerate() {
            value.iter().for_each(|&value| column.set(step, value));
        }
        column
    }

    #[test]
    fn what_does_not_overlap_is_one_series() {
        let columns =
            vec![column("x", &[Some(1.0), None]), column("y", &[None, None]), column("x", &[None, Some(2.0)])];
        let merged = merged(columns).unwrap();
        assert_eq!((merged.len(), &merged[0].floats[..], merged[0].n_points()), (2, &[1.0, 2.0][..], 2));
    }

    #[test]
    fn what_overlaps_is_an_error() {
        let columns = vec![column("x", &[Some(1.0), None]), column("x", &[Some(1.0), Some(2.0)])];
        let error = merged(columns).unwrap_err().to_string();
        assert_eq!(error, "vector cannot contain metrics with the same labelset");
    }
}
