//! The names of new blocks: they sort by the age of what stands in them.
//!
//! Where two blocks hold a sample of the same time, that of the older block counts: the other came when it could no longer be
//! compared. So a name is later than all before it, whatever the clock says, and a merged block is as old as its oldest source.

use model::Rng;
use model::rng::SeededRng;

use crate::block::{BlockId, BlockMeta};

/// Makes the names of blocks.
#[derive(Debug)]
pub(crate) struct BlockIds {
    rng: SeededRng,
    /// The latest time in a name so far.
    last_ms: i64,
}

impl BlockIds {
    /// Goes on behind these blocks.
    pub(crate) fn after<'a>(blocks: impl Iterator<Item = &'a BlockMeta>, seed: u64) -> BlockIds {
        let last_ms = blocks.map(|meta| meta.id.time_ms()).max().unwrap_or(0);
        BlockIds { rng: SeededRng::new(seed), last_ms }
    }

    /// The name of a block of samples that stand in none yet.
    pub(crate) fn next(&mut self, now_ms: i64) -> BlockId {
        self.last_ms = now_ms.max(self.last_ms + 1);
        BlockId::new(self.last_ms, &mut self.rng)
    }

    /// The name of a block that takes the place of others.
    pub(crate) fn merged<'a>(&mut self, sources: impl Iterator<Item = &'a BlockMeta>) -> BlockId {
        let oldest_ms = sources.map(|meta| meta.id.time_ms()).min();
        BlockId::new(oldest_ms.unwrap_or(self.last_ms), &mut self.rng)
    }

    /// A random number.
    pub(crate) fn random(&mut self) -> u64 {
        self.rng.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_whatever_the_clock_says() {
        let mut ids = BlockIds::after(std::iter::empty(), 1);
        let names: Vec<BlockId> = [5, 5, 1, 9, 0].map(|now_ms| ids.next(now_ms)).into();
        assert!(names.is_sorted());
        assert_eq!(names.iter().map(|id| id.time_ms()).collect::<Vec<_>>(), [5, 6, 7, 9, 10]);
    }
}
