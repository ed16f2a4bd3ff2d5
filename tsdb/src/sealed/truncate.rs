//! Freeing the memory of what has been sealed.

use std::sync::Weak;
use std::sync::atomic::Ordering;

use super::Sealed;
use crate::head::Head;
use crate::select::Selected;
use crate::store::Store;

/// What of the head stands in blocks, and who may still read it there.
#[derive(Debug)]
pub(crate) struct Truncation {
    /// Everything from before this time does, but of the late samples only those that are counted here.
    sealed_to_ms: i64,
    /// For each shard the slots that had late samples, and how many.
    n_late: Vec<Vec<(usize, u32)>>,
    /// All older sets of blocks that were still in use: whoever reads by one of them needs the head as it was.
    readers: Vec<Weak<Sealed>>,
}

impl Truncation {
    pub(crate) fn new(sealed_to_ms: i64, series: &[Selected], head: &Head, readers: Vec<Weak<Sealed>>) -> Truncation {
        let mut n_late = vec![Vec::new(); head.shards.len()];
        for series in series.iter().filter(|series| series.n_late > 0) {
            n_late[series.place.shard].push((series.place.slot, series.n_late));
        }
        Truncation { sealed_to_ms, n_late, readers }
    }
}

impl Truncation {
    /// Tells the head what of it stands in blocks now, by a seal counted from 1.
    pub(crate) fn note(&self, head: &Head, seal: u32) {
        for (shard, n_late) in head.shards.iter().zip(&self.n_late) {
            shard.lock().note_sealed(self.sealed_to_ms, n_late, seal);
        }
    }
}

impl Store {
    /// Frees what has been sealed, as far as no selection that began before needs it. Answers whether there was anything.
    pub(crate) fn truncate_sealed(&self) -> bool {
        let mut truncations = self.truncations.lock();
        let mut any = false;
        let is_read = |set: &Weak<Sealed>| set.strong_count() > 0;
        while let Some(truncation) = truncations.pop_front_if(|truncation| !truncation.readers.iter().any(is_read)) {
            any = true;
            self.freed_to_ms.fetch_max(truncation.sealed_to_ms, Ordering::Relaxed);
            for (shard, n_late) in self.head.shards.iter().zip(&truncation.n_late) {
                shard.lock().free_before(truncation.sealed_to_ms, n_late);
            }
        }
        any
    }

    /// Frees the series of which nothing is left in memory, where they are many. Answers how many.
    pub(crate) fn free_ended_series(&self) -> usize {
        let _no_checkpoint = self.checkpoints.lock();
        let truncations = self.truncations.lock();
        // Those that wait name series by their slots.
        if truncations.is_empty() { self.head.free_ended_if_many() } else { 0 }
    }
}
