//! Where the series of objectives stand: each at a place that stays the same as long as the catalog does.
//!
//! An objective has some forty series, and there may be ten thousand objectives: labels are made when somebody asks for them,
//! and objectives that have the same kinds of series share the list of these.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::Labels;

use super::rows::{Row, rows, windows_ms};
use crate::spec::{Catalog, Objective};

/// The series of all objectives of a catalog.
#[derive(Debug, Default)]
pub(crate) struct Table {
    number: u64,
    layouts: Vec<Layout>,
    n_places: usize,
}

/// The series of an objective, and the windows that it needs.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) id: String,
    pub(crate) windows_ms: Arc<[i64]>,
    /// What is written, and which of all its rows each is.
    rows: Arc<[(Row, u32)]>,
    /// The place of the first.
    first: usize,
}

impl Layout {
    /// What its series say, and their places.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, Row)> + '_ {
        (self.first..).zip(self.rows.iter().map(|(row, _)| *row))
    }
}

impl Table {
    /// The table of a catalog, without series whose names loaded rules record.
    pub(crate) fn new(catalog: &Catalog, recorded: &BTreeSet<String>) -> Table {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let (mut lists, mut windows) = (HashSet::new(), HashSet::new());
        // Names of others are not told apart by ids: the first objective has a series.
        let mut taken: HashSet<Labels> = HashSet::new();
        let mut table = Table { number: NUMBERS.fetch_add(1, Ordering::Relaxed), ..Table::default() };
        for objective in catalog.objectives.values() {
            let all = (0..).zip(rows(objective));
            let written = all.filter(|(_, (_, labels))| !recorded.contains(labels.metric_name()));
            let written: Arc<[(Row, u32)]> =
                written.filter_map(|(at, (row, labels))| taken.insert(labels).then_some((row, at))).collect();
            let (rows, windows_ms) = (shared(&mut lists, written), shared(&mut windows, windows_ms(objective).into()));
            table.layouts.push(Layout { id: objective.id.clone(), windows_ms, first: table.n_places, rows });
            table.n_places += table.layouts.last().map_or(0, |layout| layout.rows.len());
        }
        table
    }

    /// Tells it from all others.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn n_places(&self) -> usize {
        self.n_places
    }

    /// All objectives, in the order of their places.
    pub(crate) fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// The labels of the series at some places, the first place first.
    pub(super) fn labels(&self, catalog: &Catalog, places: &[usize]) -> Vec<Labels> {
        let mut labels = Vec::with_capacity(places.len());
        let mut rest = places;
        while let Some(&first) = rest.first() {
            let at = self.layouts.partition_point(|layout| layout.first + layout.rows.len() <= first);
            let Some(layout) = self.layouts.get(at) else { break };
            let (these, others) =
                rest.split_at(rest.partition_point(|place| *place < layout.first + layout.rows.len()));
            let all = catalog.objectives.get(&layout.id).map(all_labels).unwrap_or_default();
            let labels_of = |place: &usize| all.get(layout.rows[place - layout.first].1 as usize).cloned();
            labels.extend(these.iter().map(|place| labels_of(place).unwrap_or_default()));
            rest = others;
        }
        labels
    }
}

fn all_labels(objective: &Objective) -> Vec<Labels> {
    rows(objective).into_iter().map(|(_, labels)| labels).collect()
}

/// One list for all that are the same.
fn shared<T: Eq + Hash>(lists: &mut HashSet<Arc<[T]>>, list: Arc<[T]>) -> Arc<[T]> {
    match lists.get(&list) {
        Some(known) => Arc::clone(known),
        None => {
            lists.insert(Arc::clone(&list));
            list
        }
    }
}
