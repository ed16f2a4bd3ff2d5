//! Writes series at each tick, and ends those that are written no more: the parts of the table first, one by one, and then what has
//! no place in it.

use std::collections::HashSet;

use model::Labels;
use model::sample::stale_marker;
use model::storage::{Append, AppendError, Refusal, SeriesRef};

use super::others::OtherSeries;
use super::placed::{PartRows, PlacedSeries};
use super::source::{At, Together};
use super::table::{N_PARTS, Table};

/// The series that were written last.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// The table that places are of.
    table: u64,
    /// By the number of the part.
    parts: Vec<PlacedSeries>,
    others: OtherSeries,
    /// Series that stood in another table, and were written last.
    left: Vec<SeriesRef>,
    /// Some series of this tick have no references, because the store failed.
    is_broken: bool,
}

impl Writer {
    /// Begins a tick.
    pub(crate) fn begin(&mut self, table: &Table) {
        self.is_broken = false;
        if self.table == table.number() {
            return;
        }
        self.table = table.number();
        self.parts.resize_with(N_PARTS, PlacedSeries::default);
        let mut n_places = [0; N_PARTS];
        table.parts().for_each(|part| n_places[part.number] = part.n_places());
        for (part, n_places) in self.parts.iter_mut().zip(n_places) {
            self.left.extend(part.move_to(n_places));
        }
    }

    /// Writes the values of a part, and a stale marker for each series that was written last and is not now. Answers why some were
    /// not taken, where that is so; the others are written.
    ///
    /// # Errors
    /// When nothing of it was written; what was written at the last tick stays that.
    pub(crate) fn write_part(&mut self, at: At<'_>, rows: PartRows<'_>) -> Result<Option<Refusal>, AppendError> {
        let number = rows.part.number;
        let name = || Labels::from_pairs([("narthex", "slo"), ("part", &number.to_string())]);
        let written = self.parts[number].write(at, || at.append.open_derived_source(&name()), rows);
        self.is_broken |= written.is_err();
        written
    }

    /// Writes series that have no place, each of them once, and ends what is written no more. That ends a tick.
    ///
    /// # Errors
    /// When nothing of it was written; what was written at the last tick stays that.
    pub(crate) fn finish(&mut self, at: At<'_>, others: &[(Labels, f64)]) -> Result<Option<Refusal>, AppendError> {
        let name = || Labels::from_pairs([("narthex", "slo")]);
        let refusal = self.others.write(at, || at.append.open_source(&name()), others)?;
        if self.is_broken || self.left.is_empty() {
            return Ok(refusal);
        }
        let has_place: HashSet<SeriesRef> = self.parts.iter().flat_map(PlacedSeries::known).collect();
        self.left.retain(|series| !has_place.contains(series));
        let refused = at.commit(None, &self.left, &vec![stale_marker(); self.left.len()])?;
        self.left = Vec::new();
        // A series that has gone from memory has ended.
        let refused = refused.into_iter().map(|refused| refused.refusal);
        Ok(refusal.or_else(|| refused.into_iter().find(|refusal| !matches!(refusal, Refusal::UnknownSeries))))
    }

    /// Writes no more.
    pub(crate) fn close(&mut self, append: &dyn Append) {
        let sources = self.parts.iter_mut().map(Together::source).chain([self.others.source()]);
        sources.filter_map(Option::take).for_each(|source| append.close_source(source));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use model::sample::is_stale;

    use super::*;
    use crate::budget::series_text;
    use crate::budget::testkit::{ToldStore, catalog, objective};
    use crate::spec::{BurnPair, Catalog};

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
        fn write(&mut self, table: &(Arc<Catalog>, Table), value: Option<f64>, other: Option<f64>) {
            self.write_places(table, |_| value, other);
        }

        fn write_places(
            &mut self,
            (catalog, table): &(Arc<Catalog>, Table),
            value: impl Fn(usize) -> Option<f64>,
            other: Option<f64>,
        ) {
            self.at_ms += 1_000;
            let others: Vec<(Labels, f64)> =
                other.into_iter().map(|value| (Labels::from_pairs([("__name__", "other")]), value)).collect();
            let at = At { append: &self.store, at_ms: self.at_ms };
            self.writer.begin(table);
            for part in table.parts() {
                let values: Vec<_> = (0..part.n_places()).map(&value).collect();
                let rows = PartRows { part, catalog, values: &values };
                assert_eq!(self.writer.write_part(at, rows).unwrap(), None);
            }
            assert_eq!(self.writer.finish(at, &others).unwrap(), None);
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
    fn places_begin_one_by_one_in_any_order() {
        let (mut bench, table) = (Bench::new(), table(&["a"]));
        let part = table.1.parts().next().unwrap();
        let labels = part.labels(&table.0, &(0..part.n_places()).collect::<Vec<_>>());
        for n_begun in 1..=4 {
            // Every fourth place first, then those before them.
            bench.write_places(
                &table,
                |place| (place % 4 + n_begun >= 4).then_some((place * 10 + n_begun) as f64),
                None,
            );
            for (place, labels) in labels.iter().enumerate() {
                let want = (place % 4 + n_begun >= 4).then_some((place * 10 + n_begun) as f64);
                assert_eq!(bench.store.value(&series_text(labels)), want, "{labels}");
            }
        }
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
        Arc::make_mut(&mut many.burn).pairs =
            (1..=300).map(|n| BurnPair { long_ms: n * 120_000, short_ms: 60_000, ..pair.clone() }).collect();
        let catalog = catalog(vec![many], Vec::new());
        let table = Table::new(&catalog, &BTreeSet::new());
        let labels = all_labels(&catalog, &table);
        assert!(labels.len() > 600 && labels.iter().collect::<BTreeSet<_>>().len() == labels.len(), "{}", labels.len());
    }

    fn all_labels(catalog: &Catalog, table: &Table) -> Vec<Labels> {
        table.parts().flat_map(|part| part.labels(catalog, &(0..part.n_places()).collect::<Vec<_>>())).collect()
    }

    #[test]
    fn each_place_has_labels_of_its_own() {
        let ids: Vec<String> = (0..300).map(|number| format!("slo-{number}")).collect();
        let (catalog, table) = table(&ids.iter().map(String::as_str).collect::<Vec<_>>());
        let labels = all_labels(&catalog, &table);
        assert!(table.n_objectives() == 300 && table.parts().count() > N_PARTS / 2);
        assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());
        for part in table.parts() {
            let all = part.labels(&catalog, &(0..part.n_places()).collect::<Vec<_>>());
            let (last, some) = (all.len() - 1, [0, all.len() / 2, all.len() - 1]);
            assert_eq!(part.labels(&catalog, &some), [0, last.div_ceil(2), last].map(|at| all[at].clone()));
        }
    }
}
