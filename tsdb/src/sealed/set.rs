//! The blocks of a store at one moment.

use std::sync::Arc;

use crate::block::{Block, BlockMeta, LogPlace};

/// The blocks of a store at one moment, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    blocks: Vec<Arc<Block>>,
}

impl Sealed {
    pub(crate) fn new(mut blocks: Vec<Arc<Block>>) -> Sealed {
        blocks.sort_by_key(|block| (block.meta().min_ms, block.meta().max_ms, block.meta().id));
        Sealed { blocks }
    }

    pub(crate) fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    pub(crate) fn metas(&self) -> impl Iterator<Item = &BlockMeta> {
        self.blocks.iter().map(|block| block.meta())
    }

    /// Everything that the head held before this time, late samples excepted, stands in the blocks. The least time there is
    /// where nothing has been sealed.
    pub(crate) fn floor_ms(&self) -> i64 {
        self.metas().filter_map(|meta| meta.sealed_to_ms).max().unwrap_or(i64::MIN)
    }

    /// The place in the log before which everything from before the floor stands in the blocks.
    pub(crate) fn log(&self) -> Option<LogPlace> {
        let sealing = self.metas().filter(|meta| meta.sealed_to_ms.is_some());
        sealing.max_by_key(|meta| (meta.sealed_to_ms, meta.id)).and_then(|meta| meta.sealed_log)
    }

    /// The blocks that may hold samples between two times, both included, each with its place in the set.
    pub(crate) fn numbered_overlapping(&self, start_ms: i64, end_ms: i64) -> impl Iterator<Item = (u32, &Block)> {
        let numbered = (0u32..).zip(&self.blocks).map(|(number, block)| (number, &**block));
        numbered.filter(move |(_, block)| block.meta().min_ms <= end_ms && block.meta().max_ms >= start_ms)
    }

    /// The blocks that may hold samples between two times, both included.
    pub(crate) fn overlapping(&self, start_ms: i64, end_ms: i64) -> impl Iterator<Item = &Block> {
        self.numbered_overlapping(start_ms, end_ms).map(|(_, block)| block)
    }

    /// The set without some blocks and with others.
    pub(crate) fn replaced(&self, gone: impl Fn(&BlockMeta) -> bool, new: Vec<Arc<Block>>) -> Sealed {
        let kept = self.blocks.iter().filter(|block| !gone(block.meta()));
        Sealed::new(kept.cloned().chain(new).collect())
    }
}
