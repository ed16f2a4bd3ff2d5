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

/// The late samples of a series.
#[derive(Debug, Default)]
struct OfSeries {
    samples: BTreeMap<i64, Late>,
    /// How many there have ever been, those counted that now stand in a block.
    n_ever: u32,
}

/// The late samples of a shard, by slot and time.
#[derive(Debug, Default)]
pub(crate) struct LateSamples {
    by_slot: FxHashMap<u32, OfSeries>,
    n_samples: usize,
}

impl LateSamples {
    /// Adds a sample to a series that has none at that time.
    pub(crate) fn insert(&mut self, slot: usize, timestamp_ms: i64, bits: u64) {
        let of_series = self.by_slot.entry(slot as u32).or_default();
        of_series.samples.insert(timestamp_ms, Late { bits, n_before: of_series.n_ever });
        of_series.n_ever += 1;
        self.n_samples += 1;
    }

    /// The value of a series at a time.
    pub(crate) fn get(&self, slot: usize, timestamp_ms: i64) -> Option<u64> {
        Some(self.by_slot.get(&(slot as u32))?.samples.get(&timestamp_ms)?.bits)
    }

    /// How many a series has.
    pub(crate) fn n_of(&self, slot: usize) -> usize {
        self.by_slot.get(&(slot as u32)).map_or(0, |of_series| of_series.samples.len())
    }

    /// How many a series has ever had: what a selection remembers of it.
    pub(crate) fn n_ever(&self, slot: usize) -> u32 {
        self.by_slot.get(&(slot as u32)).map_or(0, |of_series| of_series.n_ever)
    }

    /// The time of the oldest of a series.
    pub(crate) fn oldest_ms(&self, slot: usize) -> Option<i64> {
        self.by_slot.get(&(slot as u32))?.samples.first_key_value().map(|(&timestamp_ms, _)| timestamp_ms)
    }

    /// The time of the newest of a series.
    pub(crate) fn newest_ms(&self, slot: usize) -> Option<i64> {
        self.by_slot.get(&(slot as u32))?.samples.last_key_value().map(|(&timestamp_ms, _)| timestamp_ms)
    }

    /// The times of all.
    pub(crate) fn times(&self) -> impl Iterator<Item = i64> {
        self.by_slot.values().flat_map(|of_series| of_series.samples.keys().copied())
    }

    /// Removes of the first `n_committed` of a series those before a time.
    pub(crate) fn remove_before(&mut self, slot: usize, n_committed: u32, time_ms: i64) {
        let Some(OfSeries { samples, .. }) = self.by_slot.get_mut(&(slot as u32)) else { return };
        let n_before = samples.len();
        samples.retain(|&timestamp_ms, late| timestamp_ms >= time_ms || late.n_before >= n_committed);
        self.n_samples -= n_before - samples.len();
    }

    /// Begins anew with a series that has none left.
    pub(super) fn forget(&mut self, slot: usize) {
        self.by_slot.remove(&(slot as u32));
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
        let in_range = of_slot.into_iter().flat_map(move |of_series| of_series.samples.range(start_ms..=end_ms));
        in_range
            .filter(move |(_, late)| late.n_before < n_committed)
            .map(|(&timestamp_ms, late)| (timestamp_ms, late.bits))
    }

    /// The slots that have any.
    pub(super) fn slots(&self) -> Vec<u32> {
        let some = self.by_slot.iter().filter(|(_, of_series)| !of_series.samples.is_empty());
        some.map(|(&slot, _)| slot).collect()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_samples * SAMPLE_BYTES
    }
}
