//! The blocks of a store at one moment, and what is deleted in them.

use std::sync::Arc;

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::block::{Block, BlockId, BlockMeta, LogPlace};
use crate::deletion::{Deletions, Hidden};
use crate::downsample::Downsampled;
use crate::head::Sealing;

/// The blocks of a store at one moment, oldest first, and what is deleted in them.
#[derive(Debug)]
pub(crate) struct Sealed {
    blocks: Vec<Arc<Block>>,
    /// What is deleted, by block.
    hidden: FxHashMap<BlockId, Arc<Hidden>>,
    /// What was summed up of blocks.
    downsampled: FxHashMap<BlockId, Vec<Arc<Downsampled>>>,
    /// Deletions know of themselves how far the head had been sealed: the blocks may be gone.
    deleted_to_ms: i64,
    /// How many seals have led to it since the start.
    n_seals: u32,
}

impl Default for Sealed {
    fn default() -> Sealed {
        Sealed::new(Vec::new())
    }
}

impl Sealed {
    pub(crate) fn new(mut blocks: Vec<Arc<Block>>) -> Sealed {
        blocks.sort_by_key(|block| (block.meta().min_ms, block.meta().max_ms, block.meta().id));
        let (hidden, downsampled) = (FxHashMap::default(), FxHashMap::default());
        Sealed { blocks, hidden, downsampled, deleted_to_ms: i64::MIN, n_seals: 0 }
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
        self.metas().filter_map(|meta| meta.sealed_to_ms).max().unwrap_or(i64::MIN).max(self.deleted_to_ms)
    }

    /// How much of the head stands in the blocks.
    pub(crate) fn sealing(&self) -> Sealing {
        Sealing { floor_ms: self.floor_ms(), n_seals: self.n_seals }
    }

    /// Whether something has ever been deleted here: then not all series that are known have samples.
    pub(crate) fn has_deletions(&self) -> bool {
        self.deleted_to_ms > i64::MIN
    }

    /// The place in the log before which everything from before a time stands in the blocks.
    pub(crate) fn log(&self) -> Option<(LogPlace, i64)> {
        let sealing = self.metas().filter(|meta| meta.sealed_to_ms.is_some());
        let last = sealing.max_by_key(|meta| (meta.sealed_to_ms, meta.id))?;
        last.sealed_log.zip(last.sealed_to_ms)
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

    /// What is deleted in a block, if something is.
    pub(crate) fn hidden(&self, block: &Block) -> Option<&Hidden> {
        self.hidden.get(&block.meta().id).map(|hidden| &**hidden)
    }

    /// What was summed up of a block, the shortest spans first.
    pub(crate) fn downsampled(&self, block: &Block) -> &[Arc<Downsampled>] {
        self.downsampled.get(&block.meta().id).map_or(&[], |files| files)
    }

    /// What was summed up of all blocks.
    pub(crate) fn all_downsampled(&self) -> impl Iterator<Item = &Arc<Downsampled>> {
        self.downsampled.values().flatten()
    }

    /// The same set, and what was summed up of a block of it.
    pub(crate) fn with_downsampled(&self, block: BlockId, file: Arc<Downsampled>) -> Sealed {
        let mut sealed = self.replaced(|_| false, Vec::new());
        let files = sealed.downsampled.entry(block).or_default();
        files.push(file);
        files.sort_by_key(|file| file.resolution());
        sealed
    }

    /// The same set without some of what was summed up.
    pub(crate) fn without_downsampled(&self, is_gone: impl Fn(&Downsampled) -> bool) -> Sealed {
        let mut sealed = self.replaced(|_| false, Vec::new());
        sealed.downsampled.values_mut().for_each(|files| files.retain(|file| !is_gone(file)));
        sealed
    }

    /// Those of the series of a block that have samples between two times, both included, that are not deleted.
    pub(crate) fn within(&self, block: &Block, set: &RoaringBitmap, start_ms: i64, end_ms: i64) -> RoaringBitmap {
        match self.hidden(block) {
            Some(hidden) => hidden.within(block, set, start_ms, end_ms),
            None => block.within(set, start_ms, end_ms),
        }
    }

    /// The set without some blocks and with others, in which nothing is deleted.
    pub(crate) fn replaced(&self, gone: impl Fn(&BlockMeta) -> bool, new: Vec<Arc<Block>>) -> Sealed {
        let kept = self.blocks.iter().filter(|block| !gone(block.meta()));
        let mut sealed = Sealed::new(kept.cloned().chain(new).collect());
        let is_there = |id: &BlockId| sealed.blocks.iter().any(|block| block.meta().id == *id);
        sealed.hidden = self.hidden.clone().into_iter().filter(|(id, _)| is_there(id)).collect();
        sealed.downsampled = self.downsampled.clone().into_iter().filter(|(id, _)| is_there(id)).collect();
        (sealed.deleted_to_ms, sealed.n_seals) = (self.deleted_to_ms, self.n_seals);
        sealed
    }

    /// The same set, of one seal more.
    pub(crate) fn sealed_again(self) -> Sealed {
        Sealed { n_seals: self.n_seals + 1, ..self }
    }

    /// What these deletions hide in the blocks of the set, and in one that is going to come. It takes a while where they are
    /// new: do it before anybody waits.
    pub(crate) fn hidden_by(&self, deletions: &Deletions, new: Option<&Arc<Block>>) -> HiddenInSet {
        let hidden = |block: &Arc<Block>| {
            let id = block.meta().id;
            let known = self.hidden.get(&id).filter(|hidden| hidden.is_of(deletions.of_block(id)));
            let hidden = known.cloned().or_else(|| Hidden::of(block, deletions.of_block(id)).map(Arc::new));
            hidden.map(|hidden| (id, hidden))
        };
        let by_block = self.blocks.iter().chain(new).filter_map(hidden).collect();
        HiddenInSet { by_block, deleted_to_ms: deletions.sealed_to_ms() }
    }

    /// The same set, in which this is deleted and nothing else.
    pub(crate) fn hiding(self, hidden: HiddenInSet) -> Sealed {
        Sealed { hidden: hidden.by_block, deleted_to_ms: hidden.deleted_to_ms, ..self }
    }
}

/// What is deleted in a set of blocks.
#[derive(Debug)]
pub(crate) struct HiddenInSet {
    by_block: FxHashMap<BlockId, Arc<Hidden>>,
    deleted_to_ms: i64,
}
