//! Freeing the series that have ended: those of which nothing is left in memory. Whoever still has the reference of one is
//! told that it is unknown, and asks again by its labels.

use std::sync::Arc;

use parking_lot::{MutexGuard, RwLock};
use roaring::RoaringBitmap;

use super::shard::Shard;
use super::{Head, Place};
use crate::index::Succession;

/// One in so many series has ended before it is worth while to make a new index.
const WORTH_WHILE: usize = 8;

impl Head {
    /// Frees the series that have ended, where they are many or in the way of new ones. Answers how many.
    ///
    /// Nothing may be sealed, truncated or written to a checkpoint meanwhile. Batches are committed; they wait for as long as
    /// it takes to number the series anew, some ten nanoseconds each.
    pub(crate) fn free_ended_if_many(&self) -> usize {
        let n_ended: usize = self.shards.iter().map(|shard| shard.lock().n_ended()).sum();
        let (n_series, is_full) = {
            let index = self.index();
            let index = index.read();
            (index.n_series(), self.limits.is_full(&index))
        };
        if n_ended > 0 && (is_full || n_ended * WORTH_WHILE >= n_series) { self.free_ended() } else { 0 }
    }

    fn free_ended(&self) -> usize {
        let old = self.index();
        let mut ended = RoaringBitmap::new();
        self.shards.iter().for_each(|shard| ended.extend(shard.lock().ended()));
        let mut succession = Succession::of(&old.read());
        while succession.copy_some(&old.read(), &ended) {}

        // Nobody commits or makes a series from here on.
        let mut shards: Vec<MutexGuard<'_, Shard>> = self.shards.iter().map(|shard| shard.lock()).collect();
        let index = old.read();
        while succession.copy_some(&index, &ended) {}
        let mut n_freed = 0;
        // From behind, so that those in front are taken first again.
        for id in ended.iter().rev() {
            let Place { shard, slot, .. } = Place::of(index.reference(id));
            if shards[shard].has_ended(slot) {
                shards[shard].free_series(slot);
                n_freed += 1;
            } else {
                succession.copy_returned(&index, id);
            }
        }
        let (new, ids) = succession.finish();
        shards.iter_mut().for_each(|shard| shard.renumber(&ids));
        *self.index.write() = Arc::new(RwLock::new(new));
        n_freed
    }
}
