//! The labels of the series that the records of one run name.

use std::sync::Arc;

use journal::ReadError;
use model::Labels;
use model::storage::{FeedNumber, SeriesRef};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::numbers::Numbers;
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
    numbers: Numbers,
    /// The labels of those that may be asked for.
    labels: FxHashMap<u32, Labels>,
    numbering: u32,
    has_read: bool,
    /// Labels are let go as soon as they were handed out.
    is_once: bool,
    /// The labels that were handed out last, where they are let go.
    handed_out: Labels,
    /// The labels of what was named before.
    nothing: Labels,
}

impl Names {
    /// Those of the run that has this salt.
    pub(super) fn new(head: Arc<Head>, wal: Arc<Wal>, restored: Option<RestoredRun>, run: (u32, u32)) -> Names {
        let (salt, numbering) = run;
        let (numbers, labels) = (Numbers::default(), FxHashMap::default());
        let nothing = Labels::empty();
        let handed_out = nothing.clone();
        Names {
            head,
            wal,
            restored,
            salt,
            numbers,
            labels,
            numbering,
            has_read: false,
            is_once: false,
            handed_out,
            nothing,
        }
    }

    /// Begins another numbering, in which labels are handed out once.
    pub(super) fn name_once(&mut self) {
        self.is_once = true;
        self.begin_numbering();
    }

    fn begin_numbering(&mut self) {
        self.numbers = Numbers::default();
        self.labels.clear();
        self.numbering = self.numbering.wrapping_add(1);
        self.has_read = false;
    }

    /// Whose names these are.
    pub(super) fn salt(&self) -> u32 {
        self.salt
    }

    /// Which numbering the numbers are of.
    pub(super) fn numbering(&self) -> u32 {
        self.numbering
    }

    /// Reads what the run has defined, if it has ended; forgets series that may have gone, if it has not.
    ///
    /// # Errors
    /// When the journal of names cannot be read.
    pub(super) fn prepare(&mut self) -> Result<(), ReadError> {
        if self.salt != self.wal.salt() {
            return self.read();
        }
        if self.numbers.len() > MIN_KNOWN && self.numbers.len() > 2 * self.head.index().read().n_series() {
            self.begin_numbering();
        }
        Ok(())
    }

    /// Takes a definition that stood in a record.
    pub(super) fn define(&mut self, reference: SeriesRef, labels: &Labels) {
        if self.numbers.of(reference).is_none() {
            self.add(reference, labels.clone());
        }
    }

    fn add(&mut self, reference: SeriesRef, labels: Labels) -> u32 {
        let number = self.numbers.give(reference);
        self.labels.insert(number, labels);
        number
    }

    /// The number and the labels of a series; no labels where they are handed out once, and have been.
    pub(super) fn of(&mut self, reference: SeriesRef) -> Option<(FeedNumber, &Labels)> {
        let number = self.number(reference)?;
        let labels = match self.is_once {
            true => {
                self.handed_out = self.labels.remove(&number).unwrap_or_else(|| self.nothing.clone());
                if self.labels.is_empty() {
                    self.labels.shrink_to_fit();
                }
                &self.handed_out
            }
            false => self.labels.get(&number)?,
        };
        Some((FeedNumber { numbering: self.numbering, number }, labels))
    }

    fn number(&mut self, reference: SeriesRef) -> Option<u32> {
        if let Some(number) = self.numbers.of(reference) {
            return Some(number);
        }
        let labels = self.find(reference)?;
        // It may have been read meanwhile.
        let known = self.numbers.of(reference);
        Some(known.unwrap_or_else(|| self.add(reference, labels)))
    }

    /// Looks in the head, and for what has left it in the log.
    fn find(&mut self, reference: SeriesRef) -> Option<Labels> {
        let has_same_number = self.salt == self.wal.salt()
            || self.restored.as_ref().is_some_and(|restored| restored.holds(self.salt, reference));
        if has_same_number && let Some(labels) = labels_in(&self.head, reference) {
            return Some(labels);
        }
        self.read().ok()?;
        let number = self.numbers.of(reference)?;
        self.labels.get(&number).cloned()
    }

    fn read(&mut self) -> Result<(), ReadError> {
        if !std::mem::replace(&mut self.has_read, true) {
            for (reference, labels) in self.wal.names_of(self.salt)? {
                self.define(reference, &labels);
            }
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
