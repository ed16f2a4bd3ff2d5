//! The labels of the series that the records of one run name.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use journal::ReadError;
use model::Labels;
use model::storage::{FeedNumber, SeriesRef};
use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap};

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
    /// Series by their numbers. They come again in the order in which they came first, so the next is mostly the right guess.
    known: Vec<SeriesRef>,
    /// The numbers, by series.
    numbers: HashTable<u32>,
    /// The labels of those that may be asked for.
    labels: FxHashMap<u32, Labels>,
    guess: usize,
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
        let (known, numbers, labels) = (Vec::new(), HashTable::new(), FxHashMap::default());
        let nothing = Labels::empty();
        let handed_out = nothing.clone();
        Names {
            head,
            wal,
            restored,
            salt,
            known,
            numbers,
            labels,
            guess: 0,
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
        self.known.clear();
        self.numbers.clear();
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
        if self.known.len() > MIN_KNOWN && self.known.len() > 2 * self.head.index().read().n_series() {
            self.begin_numbering();
        }
        Ok(())
    }

    /// Takes a definition that stood in a record.
    pub(super) fn define(&mut self, reference: SeriesRef, labels: &Labels) {
        if self.known_number(reference).is_none() {
            self.add(reference, labels.clone());
        }
    }

    fn known_number(&self, reference: SeriesRef) -> Option<u32> {
        let is_it = |number: &u32| self.known.get(*number as usize) == Some(&reference);
        self.numbers.find(hash(reference), is_it).copied()
    }

    fn add(&mut self, reference: SeriesRef, labels: Labels) -> u32 {
        let number = self.known.len() as u32;
        self.known.push(reference);
        self.labels.insert(number, labels);
        let Names { known, numbers, .. } = self;
        numbers.insert_unique(hash(reference), number, |number| {
            known.get(*number as usize).map_or(0, |known| hash(*known))
        });
        number
    }

    /// The number and the labels of a series; no labels where they are handed out once, and have been.
    pub(super) fn of(&mut self, reference: SeriesRef) -> Option<(FeedNumber, &Labels)> {
        let is_guessed = self.known.get(self.guess) == Some(&reference);
        let number = match is_guessed {
            true => self.guess as u32,
            false => self.number(reference)?,
        };
        self.guess = number as usize + 1;
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
        if let Some(number) = self.known_number(reference) {
            return Some(number);
        }
        let labels = self.find(reference)?;
        // It may have been read meanwhile.
        let known = self.known_number(reference);
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
        let number = self.known_number(reference)?;
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

fn hash(reference: SeriesRef) -> u64 {
    FxBuildHasher.hash_one(reference)
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
