//! Late samples: floats that came after newer ones of their series.
//!
//! Chunks only grow at their end, so late samples are kept beside them, in the order of time, and are merged in when the
//! series is read. Each knows how many had come before it, so that a selection sees those that were there when it began.
//! They are few; those of hours long past belong into blocks. One that a seal has written into a block says which seal that
//! was: whoever reads by a set of blocks from before it still sees the sample here, and all others there.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

/// What a late sample costs in memory, about: its entry in a tree that is two thirds full.
const SAMPLE_BYTES: usize = 36;

/// A late sample's value, and how many of its series had come before it.
#[derive(Clone, Copy, Debug)]
struct Late {
    bits: u64,
    n_before: u32,
    /// The seal that has written it into a block, counted from 1 since the start; 0 while it stands in none.
    sealed_by: u32,
}

impl Late {
    /// Whether it is in no block of the set that has come of so many seals.
    fn is_only_here(&self, n_seals: u32) -> bool {
        self.sealed_by == 0 || self.sealed_by > n_seals
    }
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
    /// How many of them stand in no block.
    n_unsealed: usize,
}

impl LateSamples {
    /// Adds a sample to a series that has none at that time which stands in no block.
    pub(crate) fn insert(&mut self, slot: usize, timestamp_ms: i64, bits: u64) {
        let of_series = self.by_slot.entry(slot as u32).or_default();
        let late = Late { bits, n_before: of_series.n_ever, sealed_by: 0 };
        let replaced = of_series.samples.insert(timestamp_ms, late);
        of_series.n_ever += 1;
        self.n_samples += usize::from(replaced.is_none());
        self.n_unsealed += 1;
    }

    /// The value of a series at a time, unless it stands in a block: there it may have been deleted.
    pub(crate) fn get(&self, slot: usize, timestamp_ms: i64) -> Option<u64> {
        let late = self.by_slot.get(&(slot as u32))?.samples.get(&timestamp_ms)?;
        (late.sealed_by == 0).then_some(late.bits)
    }

    /// Whether a series has any in an interval, both ends included, that are in no block of the set that has come of so many
    /// seals.
    pub(crate) fn overlaps(&self, slot: usize, n_seals: u32, start_ms: i64, end_ms: i64) -> bool {
        self.range(slot, u32::MAX, n_seals, start_ms, end_ms).next().is_some()
    }

    /// Whether there are any that stand in no block.
    pub(crate) fn has_unsealed(&self) -> bool {
        self.n_unsealed > 0
    }

    /// Notes that of the first `n_committed` of a series those before a time have been written into a block by a seal.
    pub(crate) fn note_sealed(&mut self, slot: usize, n_committed: u32, time_ms: i64, seal: u32) {
        let Some(OfSeries { samples, .. }) = self.by_slot.get_mut(&(slot as u32)) else { return };
        let is_sealed = |late: &Late| late.n_before < n_committed && late.sealed_by == 0;
        for (_, late) in samples.range_mut(..time_ms).filter(|(_, late)| is_sealed(late)) {
            late.sealed_by = seal;
            self.n_unsealed -= 1;
        }
    }

    /// Removes all from before a time.
    pub(crate) fn remove_all_before(&mut self, time_ms: i64) {
        let slots: Vec<u32> = self.by_slot.keys().copied().collect();
        slots.into_iter().for_each(|slot| self.remove_before(slot as usize, u32::MAX, time_ms));
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
        let (n_before, mut n_unsealed) = (samples.len(), 0);
        samples.retain(|&timestamp_ms, late| {
            let stays = timestamp_ms >= time_ms || late.n_before >= n_committed;
            n_unsealed += usize::from(!stays && late.sealed_by == 0);
            stays
        });
        self.n_samples -= n_before - samples.len();
        self.n_unsealed -= n_unsealed;
    }

    /// Begins anew with a series that has none left.
    pub(super) fn forget(&mut self, slot: usize) {
        self.by_slot.remove(&(slot as u32));
    }

    /// The first `n_committed` of a series that lie in an interval, both ends included, in the order of time, without those
    /// that the set of blocks holds that has come of so many seals.
    pub(crate) fn range(
        &self,
        slot: usize,
        n_committed: u32,
        n_seals: u32,
        start_ms: i64,
        end_ms: i64,
    ) -> impl Iterator<Item = (i64, u64)> {
        let of_slot = self.by_slot.get(&(slot as u32)).filter(|_| start_ms <= end_ms);
        let in_range = of_slot.into_iter().flat_map(move |of_series| of_series.samples.range(start_ms..=end_ms));
        in_range
            .filter(move |(_, late)| late.n_before < n_committed && late.is_only_here(n_seals))
            .map(|(&timestamp_ms, late)| (timestamp_ms, late.bits))
    }

    /// The slots that have any which stand in no block, each with them.
    pub(super) fn unsealed(&self) -> Vec<(u32, Vec<(i64, u64)>)> {
        let of_slot = |&slot: &u32| (slot, self.range(slot as usize, u32::MAX, u32::MAX, i64::MIN, i64::MAX).collect());
        let all = self.by_slot.keys().map(of_slot);
        all.filter(|(_, samples): &(u32, Vec<_>)| !samples.is_empty()).collect()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_samples * SAMPLE_BYTES
    }
}
