//! Where the series of objectives stand: each at a place that stays the same as long as the catalog does.
//!
//! An objective has some forty series, and there may be ten thousand objectives: labels are made when somebody asks for them,
//! and objectives that have the same kinds of series share the list of these. They fall into parts, which are written one after
//! another.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::Labels;
use rustc_hash::FxBuildHasher;

use super::rows::{Row, rows, windows_ms};
use crate::spec::{Catalog, Objective};

/// Objectives fall into so many parts, each of them into the same one as long as it has its id. What is written of a part at a tick
/// is small enough for a cache, and holds up the scrapes of one shard, not long.
pub(super) const N_PARTS: usize = 64;

/// The series of all objectives of a catalog.
#[derive(Debug)]
pub(crate) struct Table {
    number: u64,
    /// In the order of their parts.
    layouts: Vec<Layout>,
}

/// Some of the objectives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'t> {
    pub(super) number: usize,
    layouts: &'t [Layout],
}

/// The series of an objective, and the windows that it needs.
#[derive(Debug)]
pub(crate) struct Layout {
    part: usize,
    pub(crate) id: String,
    pub(crate) windows_ms: Arc<[i64]>,
    /// What is written, and which of all its rows each is.
    rows: Arc<[(Row, u32)]>,
    /// The place of the first in its part.
    first: usize,
}

impl Layout {
    /// What its series say, in the order of their places.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.rows.iter().map(|(row, _)| *row)
    }

    /// The place behind its last.
    fn end(&self) -> usize {
        self.first + self.rows.len()
    }
}

impl Part<'_> {
    /// Its objectives, in the order of their places.
    pub(crate) fn layouts(&self) -> &[Layout] {
        self.layouts
    }

    pub(crate) fn n_places(&self) -> usize {
        self.layouts.last().map_or(0, Layout::end)
    }

    /// The labels of the series at some places, the first place first.
    pub(super) fn labels(&self, catalog: &Catalog, places: &[usize]) -> Vec<Labels> {
        let mut labels = Vec::with_capacity(places.len());
        let mut rest = places;
        while let Some(&first) = rest.first() {
            let at = self.layouts.partition_point(|layout| layout.end() <= first);
            let Some(layout) = self.layouts.get(at) else { break };
            let (these, others) = rest.split_at(rest.partition_point(|place| *place < layout.end()));
            let all = catalog.objectives.get(&layout.id).map(all_labels).unwrap_or_default();
            let labels_of = |place: &usize| all.get(layout.rows[place - layout.first].1 as usize).cloned();
            labels.extend(these.iter().map(|place| labels_of(place).unwrap_or_default()));
            rest = others;
        }
        labels
    }
}

impl Default for Table {
    fn default() -> Table {
        Table::new(&Catalog::default(), &BTreeSet::new())
    }
}

impl Table {
    /// The table of a catalog, without series whose names loaded rules record.
    pub(crate) fn new(catalog: &Catalog, recorded: &BTreeSet<String>) -> Table {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let (mut lists, mut windows) = (HashSet::new(), HashSet::new());
        // Names of others are not told apart by ids: the first objective has a series.
        let mut taken: HashSet<Labels> = HashSet::new();
        let mut layouts = Vec::with_capacity(catalog.objectives.len());
        for objective in catalog.objectives.values() {
            let all = (0..).zip(rows(objective));
            let written = all.filter(|(_, (_, labels))| !recorded.contains(labels.metric_name()));
            let mut written: Vec<(Row, u32)> =
                written.filter_map(|(at, (row, labels))| taken.insert(labels).then_some((row, at))).collect();
            // Those that begin together get references together, and are a run of these.
            written.sort_by_key(|(row, _)| row.waits_for_events());
            let (rows, windows_ms) =
                (shared(&mut lists, written.into()), shared(&mut windows, windows_ms(objective).into()));
            layouts.push(Layout { part: part_of(&objective.id), id: objective.id.clone(), windows_ms, first: 0, rows });
        }
        layouts.sort_by_key(|layout| layout.part);
        for part in layouts.chunk_by_mut(|one, next| one.part == next.part) {
            let mut n_places = 0;
            for layout in part {
                layout.first = n_places;
                n_places = layout.end();
            }
        }
        Table { number: NUMBERS.fetch_add(1, Ordering::Relaxed), layouts }
    }

    /// Tells it from all others.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn n_objectives(&self) -> usize {
        self.layouts.len()
    }

    /// The parts that have objectives, in the order of their places.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let parts = self.layouts.chunk_by(|one, next| one.part == next.part);
        parts.map(|layouts| Part { number: layouts[0].part, layouts })
    }
}

fn part_of(id: &str) -> usize {
    // The lower bits of this hash are not as good.
    (FxBuildHasher.hash_one(id) >> 32) as usize % N_PARTS
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
