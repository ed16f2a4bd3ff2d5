//! Late samples: floats that came after newer ones of their series.
//!
//! Chunks only grow at their end, so late samples are kept beside them, in the order of time, and are merged in when the
//! series is read. Each knows how many had come before it, so that a selection sees those that were there when it began.
//! They are few; those of hours long past belong into blocks.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

/// What a late sample costs in memory, about: its entry in a tree that is two thirds full.
const SAMPLE_BYTES: usize = 36;

/// A late sample's value, and how many of its series had come before it.
#[derive(Clone, Copy, Debug)]
struct Late {
    bits: u64,
    n_before: u32,
}

/// The late samples of a shard, by slot and time.
#[derive(Debug, Default)]
pub(crate) struct LateSamples {
    by_slot: FxHashMap<u32, BTreeMap<i64, Late>>,
    n_samples: usize,
}

impl LateSamples {
    /// Adds a sample to a series that has none at that time.
    pub(crate) fn insert(&mut self, slot: usize, timestamp_ms: i64, bits: u64) {
        let samples = self.by_slot.entry(slot as u32).or_default();
        let n_before = samples.len() as u32;
        samples.insert(timestamp_ms, Late { bits, n_before });
        self.n_samples += 1;
    }

    /// The value of a series at a time.
    pub(crate) fn get(&self, slot: usize, timestamp_ms: i64) -> Option<u64> {
        Some(self.by_slot.get(&(slot as u32))?.get(&timestamp_ms)?.bits)
    }

    /// How many a series has.
    pub(crate) fn n_of(&self, slot: usize) -> usize {
        self.by_slot.get(&(slot as u32)).map_or(0, BTreeMap::len)
    }

    /// The first `n_committed` of a series that lie in an interval, both ends included, in the order of time.
    pub(crate) fn range(
        &self,
        slot: usize,
        n_committed: u32,
        start_ms: i64,
        end_ms: i64,
    ) -> impl Iterator<Item = (i64, u64)> {
        let of_slot = self.by_slot.get(&(slot as u32)).filter(|_| start_ms <= end_ms);
        let in_range = of_slot.into_iter().flat_map(move |samples| samples.range(start_ms..=end_ms));
        in_range
            .filter(move |(_, late)| late.n_before < n_committed)
            .map(|(&timestamp_ms, late)| (timestamp_ms, late.bits))
    }

    /// The slots that have any.
    pub(super) fn slots(&self) -> impl ExactSizeIterator<Item = u32> {
        self.by_slot.keys().copied()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_samples * SAMPLE_BYTES
    }
}
