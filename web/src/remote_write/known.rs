//! The series that senders have named before, by the keys of their labels.
//!
//! Senders name their series in the same order again and again, so the entries lie in the order in which they were first
//! named, and the one after the last that was found is looked at first: a steady sender walks memory forwards.

use hashbrown::HashTable;
use model::Rng;
use model::storage::SeriesRef;
use net::remote_write::{LabelsKey, LabelsKeys};
use parking_lot::{RwLock, RwLockReadGuard};

/// So many entries are kept however few series there are.
const MIN_ROOM: usize = 1 << 16;

/// All that is remembered.
#[derive(Debug)]
pub(crate) struct Known {
    keys: LabelsKeys,
    table: RwLock<Table>,
}

#[derive(Debug)]
struct Table {
    entries: Vec<Entry>,
    by_key: HashTable<u32>,
    /// More entries than this are only kept if there are as many series.
    room: usize,
}

/// A key in two halves, which need no padding, and the series.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: [u64; 2],
    series: SeriesRef,
}

fn halves(key: LabelsKey) -> [u64; 2] {
    [key as u64, (key >> 64) as u64]
}

impl Known {
    /// Nothing yet. The keys are made under a secret that `rng` gives.
    pub(crate) fn new(rng: &mut dyn Rng) -> Known {
        let table = Table { entries: Vec::new(), by_key: HashTable::new(), room: MIN_ROOM };
        Known { keys: LabelsKeys::new(rng), table: RwLock::new(table) }
    }

    pub(crate) fn keys(&self) -> &LabelsKeys {
        &self.keys
    }

    /// Looks series up, one after the other.
    pub(super) fn lookup(&self) -> Lookup<'_> {
        Lookup { table: self.table.read(), next: 0 }
    }

    /// Remembers series; `n_series` says how many there are in storage, so that what is remembered of those that are
    /// gone does not pile up.
    pub(super) fn remember(
        &self,
        series: impl Iterator<Item = (LabelsKey, SeriesRef)>,
        n_series: impl FnOnce() -> u64,
    ) {
        let mut table = self.table.write();
        for (key, series) in series {
            table.set(halves(key), series);
        }
        if table.entries.len() > table.room {
            let n_series = usize::try_from(n_series()).unwrap_or(usize::MAX);
            table.room = n_series.saturating_mul(2).max(MIN_ROOM);
            if table.entries.len() > table.room {
                table.entries.clear();
                table.by_key.clear();
            }
        }
    }
}

impl Table {
    fn find(&self, key: [u64; 2]) -> Option<usize> {
        let found = self.by_key.find(key[0], |&at| self.entries[at as usize].key == key);
        found.map(|&at| at as usize)
    }

    fn set(&mut self, key: [u64; 2], series: SeriesRef) {
        if let Some(at) = self.find(key) {
            self.entries[at].series = series;
            return;
        }
        let Ok(at) = u32::try_from(self.entries.len()) else { return };
        self.entries.push(Entry { key, series });
        let Table { entries, by_key, .. } = self;
        by_key.insert_unique(key[0], at, |&at| entries[at as usize].key[0]);
    }
}

/// A walk through the entries. Nothing is added while there is one.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    table: RwLockReadGuard<'a, Table>,
    /// Where the next is expected.
    next: usize,
}

impl Lookup<'_> {
    #[inline]
    pub(super) fn find(&mut self, key: LabelsKey) -> Option<SeriesRef> {
        let key = halves(key);
        let at = match self.table.entries.get(self.next) {
            Some(entry) if entry.key == key => self.next,
            _ => self.table.find(key)?,
        };
        self.next = at + 1;
        Some(self.table.entries[at].series)
    }
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    fn find(known: &Known, keys: &[LabelsKey]) -> Vec<Option<u64>> {
        let mut lookup = known.lookup();
        keys.iter().map(|&key| lookup.find(key).map(|series| series.0)).collect()
    }

    #[test]
    fn found_in_any_order_and_replaced() {
        let known = Known::new(&mut SeededRng::new(1));
        let same_half = 5 << 64 | 1;
        known.remember([(1, SeriesRef(10)), (same_half, SeriesRef(11)), (3, SeriesRef(12))].into_iter(), || 3);
        assert_eq!(find(&known, &[1, same_half, 3, 4]), [Some(10), Some(11), Some(12), None]);
        assert_eq!(find(&known, &[3, 1, 1, same_half]), [Some(12), Some(10), Some(10), Some(11)]);
        known.remember([(1, SeriesRef(20))].into_iter(), || 3);
        assert_eq!(find(&known, &[1, same_half]), [Some(20), Some(11)]);
    }

    #[test]
    fn what_is_gone_does_not_pile_up() {
        let known = Known::new(&mut SeededRng::new(1));
        let n_room = MIN_ROOM as u128;
        let many = |from: u128, to: u128| (from..to).map(|key| (key, SeriesRef(key as u64)));
        known.remember(many(0, n_room), || unreachable!("there is room"));
        known.remember(many(n_room, n_room + 1), || n_room as u64);
        assert_eq!(find(&known, &[0, n_room]), [Some(0), Some(n_room as u64)]);
        known.remember(many(n_room, 3 * n_room), || 7);
        assert_eq!(find(&known, &[0, n_room]), [None, None]);
    }
}
