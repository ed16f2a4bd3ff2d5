//! The head: what was written lately, in memory.
//!
//! Series live in shards, each behind a lock of its own, and each series says in its reference where it lives. All series
//! of a source are put into one shard, side by side, so that a scrape takes one lock once and walks memory forwards.
//!
//! Locks are taken in this order: a source, shards by rising number, the index. Nobody holds one while decoding, or while
//! a disk syncs.

mod closed;
mod ended;
mod histograms;
mod image;
mod late;
mod series;
mod shard;
mod slab;
mod slots;

use std::sync::Arc;

use model::Labels;
use model::storage::{Refusal, SeriesRef};
use parking_lot::{Mutex, RwLock};

pub(crate) use closed::ClosedId;
pub(crate) use image::{ClosedImage, ClosedRef};
pub(crate) use series::{CHUNK_SPAN_MS, CopiedChunks, NO_SERIES, Pin, Verdict};
pub(crate) use shard::{Shard, check_window};

use crate::index::Index;
use crate::limits::{MaxSeries, SeriesLimits};

/// Where a series lives, packed into its reference: generation 24 bits, shard 8, slot 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// How many series have had the slot before.
    pub(crate) generation: u32,
    pub(crate) shard: usize,
    pub(crate) slot: usize,
}

impl Place {
    pub(crate) fn of(reference: SeriesRef) -> Place {
        Place {
            generation: (reference.0 >> 40) as u32,
            shard: (reference.0 >> 32 & 0xff) as usize,
            slot: (reference.0 & 0xffff_ffff) as usize,
        }
    }

    pub(crate) fn reference(self) -> SeriesRef {
        SeriesRef(u64::from(self.generation) << 40 | (self.shard as u64) << 32 | self.slot as u64)
    }
}

/// How much of the head stands in a set of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealing {
    /// All chunks and native histograms from before this time. The least time there is where nothing has been sealed.
    pub(crate) floor_ms: i64,
    /// The late samples that so many seals have written, counted since the start.
    pub(crate) n_seals: u32,
}

/// Series, their open and closed chunks, and the index over them.
#[derive(Debug)]
pub(crate) struct Head {
    index: RwLock<Arc<RwLock<Index>>>,
    pub(crate) shards: Box<[Mutex<Shard>]>,
    pub(crate) limits: SeriesLimits,
}

impl Head {
    /// An empty head. The number of shards is rounded to a power of two, at most 256.
    pub(crate) fn new(seed: u64, n_shards: usize, max_series: MaxSeries) -> Head {
        let n_shards = n_shards.clamp(1, 256).next_power_of_two();
        Head {
            index: RwLock::new(Arc::new(RwLock::new(Index::new(seed)))),
            shards: (0..n_shards).map(|_| Mutex::new(Shard::default())).collect(),
            limits: SeriesLimits::new(max_series),
        }
    }

    /// A head of what was read from images. `shards` are as many as there were: each series knows its own by number.
    pub(crate) fn of(index: Index, shards: Vec<Shard>, max_series: MaxSeries) -> Head {
        let limits = SeriesLimits::new(max_series);
        let index = RwLock::new(Arc::new(RwLock::new(index)));
        Head { index, shards: shards.into_iter().map(Mutex::new).collect(), limits }
    }

    /// The index as it is now. While a shard is held it stays in force; whoever holds none keeps it as long as it needs the
    /// numbers that it gives.
    pub(crate) fn index(&self) -> Arc<RwLock<Index>> {
        Arc::clone(&self.index.read())
    }

    /// The shard for series that are to stay together.
    pub(crate) fn shard_of(&self, placement: u32) -> usize {
        placement as usize & (self.shards.len() - 1)
    }

    /// Finds series, or makes them; `placement` says which of the new ones are to stay together.
    pub(crate) fn resolve(
        &self,
        series: &[Labels],
        placement: impl Fn(&Labels) -> u32,
    ) -> Vec<Result<SeriesRef, Refusal>> {
        let mut found: Vec<_> = {
            let index = self.index();
            let index = index.read();
            series.iter().map(|labels| index.find(labels).map(|id| Ok(index.reference(id)))).collect()
        };
        let missing: Vec<usize> = (0..series.len()).filter(|&at| found[at].is_none()).collect();
        self.refuse_where_full(series, &missing, &mut found);
        let shard_of = |at: &usize| self.shard_of(placement(&series[*at]));
        for together in missing.chunk_by(|one, next| shard_of(one) == shard_of(next)) {
            let number = shard_of(&together[0]);
            let mut shard = self.shards[number].lock();
            let index = self.index();
            let mut index = index.write();
            for &at in together.iter().filter(|&&at| found[at].is_none()).collect::<Vec<_>>() {
                found[at] = Some(self.create(&mut index, &mut shard, number, &series[at]));
            }
        }
        found.into_iter().flatten().collect()
    }

    /// Refuses all that is missing where there is room for nothing, without keeping others from the index.
    fn refuse_where_full(
        &self,
        series: &[Labels],
        missing: &[usize],
        found: &mut [Option<Result<SeriesRef, Refusal>>],
    ) {
        let index = self.index();
        let index = index.read();
        if self.limits.is_full(&index) {
            for &at in missing {
                found[at] = self.limits.check(&index, &series[at]).err().map(Err);
            }
        }
    }

    fn create(
        &self,
        index: &mut Index,
        shard: &mut Shard,
        number: usize,
        labels: &Labels,
    ) -> Result<SeriesRef, Refusal> {
        // It may stand in the same call twice, or have been made while no lock was held.
        if let Some(id) = index.find(labels) {
            return Ok(index.reference(id));
        }
        self.limits.check(index, labels)?;
        let (slot, generation) = shard.next_slot();
        let reference = Place { generation, shard: number, slot }.reference();
        let id = index.insert(labels, reference).ok_or_else(SeriesLimits::no_room)?;
        shard.add_series(id);
        Ok(reference)
    }
}
