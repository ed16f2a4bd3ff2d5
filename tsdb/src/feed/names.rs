//! The labels of the series that the records of one run name.

use std::sync::Arc;

use journal::ReadError;
use model::Labels;
use model::storage::SeriesRef;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::head::{Head, Place, Shard};
use crate::wal::Wal;

/// So many series are remembered of the running process, beside twice as many as there are: others have gone.
const MIN_KNOWN: usize = 1 << 16;

/// No generation.
const FREE: u32 = u32::MAX;

/// The run that wrote the checkpoint from which the head was read: the series that stood in it have kept their numbers.
#[derive(Clone, Debug)]
pub(crate) struct RestoredRun {
    salt: u32,
    /// For each shard, the generation of each of its slots then; [`FREE`] where it had no series.
    generations: Arc<[Vec<u32>]>,
}

impl RestoredRun {
    /// That of a head as it was read.
    pub(crate) fn of(salt: u32, head: &Head) -> RestoredRun {
        let of_shard = |shard: &Mutex<Shard>| {
            let shard = shard.lock();
            let mut generations = vec![FREE; shard.n_slots()];
            shard.taken_slots().for_each(|(slot, generation)| generations[slot] = generation);
            generations
        };
        RestoredRun { salt, generations: head.shards.iter().map(of_shard).collect() }
    }

    fn holds(&self, salt: u32, reference: SeriesRef) -> bool {
        let place = Place::of(reference);
        let generation = self.generations.get(place.shard).and_then(|slots| slots.get(place.slot));
        salt == self.salt && generation == Some(&place.generation)
    }
}

/// The labels of the series of one run.
#[derive(Debug)]
pub(super) struct Names {
    head: Arc<Head>,
    wal: Arc<Wal>,
    restored: Option<RestoredRun>,
    salt: u32,
    known: FxHashMap<SeriesRef, Labels>,
    has_read: bool,
}

impl Names {
    /// Those of the run that has this salt.
    pub(super) fn new(head: Arc<Head>, wal: Arc<Wal>, restored: Option<RestoredRun>, salt: u32) -> Names {
        Names { head, wal, restored, salt, known: FxHashMap::default(), has_read: false }
    }

    /// Whose names these are.
    pub(super) fn salt(&self) -> u32 {
        self.salt
    }

    /// Reads what the run has defined, if it has ended; forgets series that may have gone, if it has not.
    ///
    /// # Errors
    /// When the journal of names cannot be read.
    pub(super) fn prepare(&mut self) -> Result<(), ReadError> {
        if self.salt != self.wal.salt() {
            return self.read();
        }
        if self.known.len() > MIN_KNOWN && self.known.len() > 2 * self.head.index().read().n_series() {
            self.known.clear();
            self.has_read = false;
        }
        Ok(())
    }

    /// Takes a definition that stood in a record.
    pub(super) fn define(&mut self, reference: SeriesRef, labels: &Labels) {
        self.known.entry(reference).or_insert_with(|| labels.clone());
    }

    /// The labels of a series.
    pub(super) fn labels(&mut self, reference: SeriesRef) -> Option<&Labels> {
        if !self.known.contains_key(&reference) {
            let labels = self.find(reference)?;
            self.known.insert(reference, labels);
        }
        self.known.get(&reference)
    }

    /// Looks in the head, and for what has left it in the log.
    fn find(&mut self, reference: SeriesRef) -> Option<Labels> {
        let has_same_number = self.salt == self.wal.salt()
            || self.restored.as_ref().is_some_and(|restored| restored.holds(self.salt, reference));
        if has_same_number && let Some(labels) = labels_in(&self.head, reference) {
            return Some(labels);
        }
        self.read().ok()?;
        self.known.get(&reference).cloned()
    }

    fn read(&mut self) -> Result<(), ReadError> {
        if !std::mem::replace(&mut self.has_read, true) {
            let read = self.wal.names_of(self.salt)?;
            self.known.extend(read);
        }
        Ok(())
    }
}

/// The labels of a series of the head.
fn labels_in(head: &Head, reference: SeriesRef) -> Option<Labels> {
    let place = Place::of(reference);
    let shard = head.shards.get(place.shard)?.lock();
    let id = shard.series_id(place)?;
    // While the shard is held, this is the index that gave the number.
    let index = head.index();
    let index = index.read();
    (index.reference(id) == reference).then(|| index.labels(id))
}
