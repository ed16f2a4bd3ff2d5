//! Writes series at each tick, under references that are asked for once, and ends those that are written no more.

use std::collections::{HashMap, HashSet};

use model::Labels;
use model::sample::stale_marker;
use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef, Timestamps};

use super::table::Table;
use crate::spec::Catalog;

/// For so many series references are asked for at once: their labels are in memory only as long.
const RESOLVED_AT_ONCE: usize = 4096;

/// What is written at a tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'r> {
    pub(crate) table: &'r Table,
    /// The catalog that the table is of.
    pub(crate) catalog: &'r Catalog,
    /// What the series at each place of the table says; `None` for nothing.
    pub(crate) values: &'r [Option<f64>],
    /// Series that have no place, each of them once.
    pub(crate) others: &'r [(Labels, f64)],
}

/// The series that were written last.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    source: Option<SourceRef>,
    /// The table that places are of.
    table: u64,
    places: Vec<Place>,
    others: HashMap<Labels, SeriesRef>,
    /// Series that stood in another table, and were written last.
    left: Vec<SeriesRef>,
}

/// A place of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nobody asked for its reference.
    Unknown,
    /// It was not written at the last tick.
    Quiet(SeriesRef),
    Written(SeriesRef),
}

impl Place {
    fn series(self) -> Option<SeriesRef> {
        match self {
            Place::Unknown => None,
            Place::Quiet(series) | Place::Written(series) => Some(series),
        }
    }

    fn written(self) -> Option<SeriesRef> {
        match self {
            Place::Written(series) => Some(series),
            Place::Unknown | Place::Quiet(_) => None,
        }
    }
}

impl Writer {
    /// Writes values at a time, and a stale marker for each series that was written last and is not now. Answers why some were
    /// not taken, where that is so; the others are written.
    ///
    /// # Errors
    /// When nothing was written; what was written at the last tick stays that.
    pub(crate) fn write(
        &mut self,
        append: &dyn Append,
        rows: Rows<'_>,
        at_ms: i64,
    ) -> Result<Option<Refusal>, AppendError> {
        if self.table != rows.table.number() {
            self.left.extend(self.places.iter().filter_map(|place| place.written()));
            self.places = vec![Place::Unknown; rows.table.n_places()];
            self.table = rows.table.number();
        }
        let was_written = !self.left.is_empty() || !self.others.is_empty();
        if self.places.is_empty() && rows.others.is_empty() && !was_written {
            return Ok(None);
        }
        let name = Labels::from_pairs([("narthex", "slo")]);
        let source = *self.source.get_or_insert_with(|| append.open_source(&name));
        let mut refusal = self.find_references(append, source, rows)?;
        let mut refused = self.commit(append, source, rows, at_ms)?;
        if refused.iter().any(|refused| matches!(refused.refusal, Refusal::UnknownSeries)) {
            // A series that nobody wrote for long has gone from memory, and comes back under another reference. What ended has
            // been ended all the same.
            self.places.fill(Place::Unknown);
            self.others.clear();
            refusal = refusal.or(self.find_references(append, source, rows)?);
            refused = self.commit(append, source, rows, at_ms)?;
        }
        Ok(refusal.or_else(|| refused.into_iter().next().map(|refused| refused.refusal)))
    }

    /// Asks for the references that are not known. Answers why some have none; these are left out.
    fn find_references(
        &mut self,
        append: &dyn Append,
        source: SourceRef,
        rows: Rows<'_>,
    ) -> Result<Option<Refusal>, AppendError> {
        let mut refusal = None;
        let unknown = |(place, value): (&Place, &Option<f64>)| *place == Place::Unknown && value.is_some();
        let new: Vec<usize> =
            (0..).zip(self.places.iter().zip(rows.values)).filter(|(_, at)| unknown(*at)).map(|(at, _)| at).collect();
        for places in new.chunks(RESOLVED_AT_ONCE) {
            let resolved = append.resolve(Some(source), &rows.table.labels(rows.catalog, places))?;
            for (&place, resolved) in places.iter().zip(resolved) {
                match resolved {
                    Ok(series) => self.places[place] = Place::Quiet(series),
                    Err(why) => drop(refusal.get_or_insert(why)),
                }
            }
        }
        let new = rows.others.iter().map(|(labels, _)| labels).filter(|labels| !self.others.contains_key(*labels));
        let new: Vec<Labels> = new.cloned().collect();
        if !new.is_empty() {
            let resolved = append.resolve(Some(source), &new)?;
            for (labels, resolved) in new.into_iter().zip(resolved) {
                match resolved {
                    Ok(series) => drop(self.others.insert(labels, series)),
                    Err(why) => drop(refusal.get_or_insert(why)),
                }
            }
        }
        Ok(refusal)
    }

    /// Writes the values of those rows that have references, and ends what was written and is not now.
    fn commit(
        &mut self,
        append: &dyn Append,
        source: SourceRef,
        rows: Rows<'_>,
        at_ms: i64,
    ) -> Result<Vec<Refused>, AppendError> {
        let n = self.places.len() + rows.others.len();
        let (mut series, mut values) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut push = |reference: SeriesRef, value: f64| {
            series.push(reference);
            values.push(value);
        };
        for (place, value) in self.places.iter().zip(rows.values) {
            match value {
                Some(value) => place.series().into_iter().for_each(|series| push(series, *value)),
                None => place.written().into_iter().for_each(|series| push(series, stale_marker())),
            }
        }
        for (labels, value) in rows.others {
            self.others.get(labels).into_iter().for_each(|series| push(*series, *value));
        }
        let gone = self.gone(rows.others);
        gone.iter().for_each(|(_, series)| push(*series, stale_marker()));
        self.left().for_each(|series| push(series, stale_marker()));
        let timestamps = Timestamps::All(at_ms);
        let batch =
            Batch { source: Some(source), series: &series, timestamps, values: &values, starts: &[], histograms: &[] };
        let refused = append.commit(&batch)?;
        for (place, value) in self.places.iter_mut().zip(rows.values) {
            let now = if value.is_some() { Place::Written } else { Place::Quiet };
            *place = place.series().map_or(Place::Unknown, now);
        }
        self.left = Vec::new();
        for (labels, _) in &gone {
            self.others.remove(labels);
        }
        Ok(refused)
    }

    /// Series without a place that are written no more.
    fn gone(&self, others: &[(Labels, f64)]) -> Vec<(Labels, SeriesRef)> {
        let is_written: HashSet<&Labels> = others.iter().map(|(labels, _)| labels).collect();
        let gone = self.others.iter().filter(|(labels, _)| !is_written.contains(labels));
        gone.map(|(labels, series)| (labels.clone(), *series)).collect()
    }

    /// Series of another table that have no place in this one.
    fn left(&self) -> impl Iterator<Item = SeriesRef> + '_ {
        let has_place: HashSet<SeriesRef> = match self.left.is_empty() {
            true => HashSet::new(),
            false => self.places.iter().filter_map(|place| place.series()).collect(),
        };
        self.left.iter().copied().filter(move |series| !has_place.contains(series))
    }

    /// Writes no more.
    pub(crate) fn close(&mut self, append: &dyn Append) {
        if let Some(source) = self.source.take() {
            append.close_source(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use model::sample::is_stale;

    use super::*;
    use crate::budget::testkit::{ToldStore, catalog, objective};
    use crate::spec::BurnPair;

    struct Bench {
        store: ToldStore,
        writer: Writer,
        at_ms: i64,
    }

    impl Bench {
        fn new() -> Bench {
            Bench { store: ToldStore::default(), writer: Writer::default(), at_ms: 0 }
        }

        /// Writes a value for all series of objectives, or nothing, and that of one without a place.
        fn write(&mut self, (catalog, table): &(Arc<Catalog>, Table), value: Option<f64>, other: Option<f64>) {
            self.at_ms += 1_000;
            let others: Vec<(Labels, f64)> =
                other.into_iter().map(|value| (Labels::from_pairs([("__name__", "other")]), value)).collect();
            let values = vec![value; table.n_places()];
            let rows = Rows { table, catalog, values: &values, others: &others };
            assert_eq!(self.writer.write(&self.store, rows, self.at_ms).unwrap(), None);
        }

        fn value(&self, id: &str) -> f64 {
            self.store.value(&format!("slo_coverage_ratio{{service=\"api\", slo=\"{id}\"}}")).unwrap()
        }
    }

    fn table(ids: &[&str]) -> (Arc<Catalog>, Table) {
        let catalog = catalog(ids.iter().map(|id| objective(id, "99.9")).collect(), Vec::new());
        let table = Table::new(&catalog, &BTreeSet::new());
        (catalog, table)
    }

    #[test]
    fn what_is_written_no_more_ends_and_begins_again() {
        let (mut bench, a) = (Bench::new(), table(&["a"]));
        bench.write(&a, Some(1.0), Some(5.0));
        assert_eq!((bench.value("a"), bench.store.value("other{}")), (1.0, Some(5.0)));
        bench.write(&a, None, None);
        assert!(is_stale(bench.value("a")) && bench.store.value("other{}").is_some_and(is_stale));
        bench.write(&a, Some(2.0), Some(6.0));
        assert_eq!((bench.value("a"), bench.store.value("other{}")), (2.0, Some(6.0)));
    }

    #[test]
    fn another_table_ends_only_what_has_no_place_in_it() {
        let mut bench = Bench::new();
        bench.write(&table(&["a", "b"]), Some(1.0), None);
        bench.write(&table(&["b", "c"]), Some(2.0), None);
        assert!(is_stale(bench.value("a")));
        assert_eq!((bench.value("b"), bench.value("c")), (2.0, 2.0));
        bench.write(&table(&[]), None, None);
        assert!(is_stale(bench.value("b")) && is_stale(bench.value("c")));
    }

    #[test]
    fn references_that_mean_nothing_any_more_are_asked_for_again() {
        let (mut bench, a) = (Bench::new(), table(&["a"]));
        bench.write(&a, Some(1.0), Some(5.0));
        bench.store.forget_references();
        bench.write(&a, Some(2.0), Some(6.0));
        assert_eq!((bench.value("a"), bench.store.value("other{}")), (2.0, Some(6.0)));
    }

    #[test]
    fn an_objective_may_have_hundreds_of_windows() {
        let mut many = objective("a", "99.9");
        let pair = many.burn.pairs[0].clone();
        many.burn.pairs =
            (1..=300).map(|n| BurnPair { long_ms: n * 120_000, short_ms: 60_000, ..pair.clone() }).collect();
        let catalog = catalog(vec![many], Vec::new());
        let table = Table::new(&catalog, &BTreeSet::new());
        let places: Vec<usize> = (0..table.n_places()).collect();
        let labels: BTreeSet<Labels> = table.labels(&catalog, &places).into_iter().collect();
        assert!(table.n_places() > 600 && labels.len() == table.n_places(), "{} of {}", labels.len(), table.n_places());
    }

    #[test]
    fn each_place_has_labels_of_its_own() {
        let (catalog, table) = table(&["a", "b", "c"]);
        let places: Vec<usize> = (0..table.n_places()).collect();
        let labels = table.labels(&catalog, &places);
        assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), table.n_places());
        let (last, some) = (table.n_places() - 1, [0, table.n_places() / 2, table.n_places() - 1]);
        assert_eq!(table.labels(&catalog, &some), [0, last.div_ceil(2), last].map(|at| labels[at].clone()));
    }
}
