//! The table of series: labels as runs of pairs, and where the samples are.

use hashbrown::HashTable;
use model::storage::SeriesRef;

use super::{PairId, SeriesId};

/// All series, numbered in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct SeriesTable {
    /// The pairs of all series, one behind the other, each sorted by name.
    pub(super) pairs: Vec<PairId>,
    /// Where the pairs of each series end.
    pub(super) ends: Vec<u32>,
    pub(super) fingerprints: Vec<u64>,
    pub(super) by_fingerprint: HashTable<SeriesId>,
    pub(super) references: Vec<SeriesRef>,
}

impl SeriesTable {
    /// The series with a fingerprint whose pairs are the right ones.
    pub(crate) fn find(&self, fingerprint: u64, is_it: impl Fn(&[PairId]) -> bool) -> Option<SeriesId> {
        let same = |&id: &SeriesId| self.fingerprints[id as usize] == fingerprint && is_it(self.pairs(id));
        self.by_fingerprint.find(fingerprint, same).copied()
    }

    /// The number that the next series will have, if there is room for one.
    pub(crate) fn next_id(&self) -> Option<SeriesId> {
        u32::try_from(self.pairs.len() + usize::from(u16::MAX)).ok()?;
        SeriesId::try_from(self.ends.len()).ok()
    }

    /// Adds a series.
    pub(crate) fn push(&mut self, fingerprint: u64, pairs: &[PairId], reference: SeriesRef) {
        let id = self.ends.len() as SeriesId;
        self.pairs.extend_from_slice(pairs);
        self.ends.push(self.pairs.len() as u32);
        self.fingerprints.push(fingerprint);
        self.references.push(reference);
        let SeriesTable { fingerprints, by_fingerprint, .. } = self;
        by_fingerprint.insert_unique(fingerprint, id, |&id| fingerprints[id as usize]);
    }

    /// The pairs of a series, sorted by name.
    pub(crate) fn pairs(&self, id: SeriesId) -> &[PairId] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.pairs[start as usize..self.ends[id] as usize]
    }

    /// The fingerprint of a series' labels.
    pub(crate) fn fingerprint(&self, id: SeriesId) -> u64 {
        self.fingerprints[id as usize]
    }

    /// Where the samples of a series are.
    pub(crate) fn reference(&self, id: SeriesId) -> SeriesRef {
        self.references[id as usize]
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.pairs.capacity() * 4 + self.ends.capacity() * (4 + 8 + 8) + self.by_fingerprint.capacity() * 5
    }
}
