//! All deletions, and what follows for them when blocks are replaced.

use model::Matcher;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::block::BlockId;

/// How long a deletion can be undone, in milliseconds.
const UNDO_MS: i64 = 24 * 3_600_000;

/// What was deleted at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Its number; none is given twice.
    pub id: u64,
    /// The series: those that fulfil all matchers of one of these.
    pub selectors: Vec<Vec<Matcher>>,
    /// The time of the first sample that is deleted, in milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// The time of the last one.
    pub end_ms: i64,
    /// When it was asked for.
    pub at_ms: i64,
    /// The blocks in which it hides something, sorted.
    pub blocks: Vec<BlockId>,
    /// Series of which it hides samples.
    pub n_series: u64,
    /// Samples that it hides, those counted that were hidden before.
    pub n_samples: u64,
    /// Whether it can no longer be undone, however young it is: it is being applied for good.
    pub is_final: bool,
}

impl Deletion {
    /// Until when it can be undone, in milliseconds; `None` where it cannot be any more.
    pub fn undoable_until_ms(&self, now_ms: i64) -> Option<i64> {
        let until_ms = self.at_ms.saturating_add(UNDO_MS);
        (!self.is_final && now_ms <= until_ms).then_some(until_ms)
    }

    /// Whether it deletes the same as another, in the same blocks or more.
    pub(super) fn covers(&self, other: &Deletion) -> bool {
        !self.is_final
            && (self.start_ms, self.end_ms) == (other.start_ms, other.end_ms)
            && self.selectors == other.selectors
            && other.blocks.iter().all(|block| self.blocks.contains(block))
    }
}

/// How much of the log stood in blocks when something was deleted last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SealedLog {
    /// Everything in it from before this time does, as far as it is of these runs.
    pub(crate) until_ms: i64,
    /// The runs by their salts. Of the one that deleted, for each shard, the first record that need not; of those before it
    /// nothing: all of them do.
    pub(crate) runs: Vec<(u32, Vec<u64>)>,
}

impl SealedLog {
    /// For each shard of a run, the first record that need not stand in blocks; `None` where all do. `Some(&[])` for runs of
    /// which nothing is known.
    pub(crate) fn of_run(&self, salt: u32) -> Option<&[u64]> {
        match self.runs.iter().find(|(run, _)| *run == salt) {
            Some((_, applied_to)) if applied_to.is_empty() => None,
            Some((_, applied_to)) => Some(applied_to),
            None => Some(&[]),
        }
    }

    /// Whether everything that a shard had applied of a run before a record stands in blocks, as far as it is old enough.
    pub(crate) fn holds_all_before(&self, salt: u32, shard: usize, applied_to: u64) -> bool {
        self.of_run(salt).is_none_or(|sealed| sealed.get(shard).is_some_and(|&before| applied_to <= before))
    }
}

/// A block that took the place of others, written without what some deletions hid in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) block: BlockId,
    /// The deletions, by their numbers.
    pub(crate) without: Vec<u64>,
}

/// All deletions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deletions {
    /// In the order in which they were made.
    pub(crate) list: Vec<Deletion>,
    /// The number of the next.
    pub(crate) next_id: u64,
    /// `None` while nothing has ever been deleted.
    pub(crate) sealed_log: Option<SealedLog>,
    /// Blocks that were about to be finished; the names of their sources are still in the list.
    pub(crate) replacements: Vec<Replacement>,
}

impl Deletions {
    /// The deletions that hide something in a block.
    pub(crate) fn of_block(&self, block: BlockId) -> impl Iterator<Item = &Deletion> {
        self.list.iter().filter(move |deletion| deletion.blocks.contains(&block))
    }

    /// The numbers of those that can still be undone.
    pub(crate) fn undoable_of(&self, block: BlockId, now_ms: i64) -> Vec<u64> {
        let undoable = self.of_block(block).filter(|deletion| deletion.undoable_until_ms(now_ms).is_some());
        undoable.map(|deletion| deletion.id).collect()
    }

    /// Whether one of them hides something in one of these blocks.
    pub(crate) fn name_any(&self, blocks: &[BlockId]) -> bool {
        blocks.iter().any(|&block| self.of_block(block).next().is_some())
    }

    /// Everything that the head held before this time stands in blocks; the least time there is where nothing is known.
    pub(crate) fn sealed_to_ms(&self) -> i64 {
        self.sealed_log.as_ref().map_or(i64::MIN, |log| log.until_ms)
    }

    /// One block takes the place of others, written without what these deletions hid: the others hide the same in it.
    pub(crate) fn replace(&mut self, sources: &[BlockId], block: BlockId, without: &[u64]) {
        for deletion in &mut self.list {
            let n_before = deletion.blocks.len();
            deletion.blocks.retain(|named| !sources.contains(named));
            if deletion.blocks.len() < n_before && !without.contains(&deletion.id) {
                deletion.blocks.push(block);
                deletion.blocks.sort_unstable();
            }
        }
        self.replacements.retain(|replacement| replacement.block != block);
        self.drop_empty();
    }

    /// Blocks are gone.
    pub(crate) fn forget(&mut self, gone: &[BlockId]) {
        self.list.iter_mut().for_each(|deletion| deletion.blocks.retain(|named| !gone.contains(named)));
        self.drop_empty();
    }

    /// Follows the blocks to what they have become: `merged_into` says what each has become part of, `files` which there are.
    pub(crate) fn follow(&mut self, merged_into: &FxHashMap<BlockId, BlockId>, files: &FxHashSet<BlockId>) {
        let Deletions { list, replacements, .. } = self;
        let is_applied = |block: BlockId, deletion: u64| {
            replacements.iter().any(|replaced| replaced.block == block && replaced.without.contains(&deletion))
        };
        for deletion in list {
            let follow = |&named: &BlockId| {
                let mut now = named;
                while let Some(&into) = merged_into.get(&now) {
                    if is_applied(into, deletion.id) {
                        return None;
                    }
                    now = into;
                }
                Some(now).filter(|now| files.contains(now))
            };
            let mut blocks: Vec<BlockId> = deletion.blocks.iter().filter_map(follow).collect();
            blocks.sort_unstable();
            blocks.dedup();
            deletion.blocks = blocks;
        }
        self.replacements.clear();
        self.drop_empty();
    }

    fn drop_empty(&mut self) {
        self.list.retain(|deletion| !deletion.blocks.is_empty());
    }
}
