//! Deleting, and undoing it.

use std::sync::Arc;

use model::Matcher;
use rustc_hash::FxHashSet;

use super::hidden::series_of;
use super::{Deletion, DeletionsError, SealedLog};
use crate::block::{Block, BlockCursor, BlockError};
use crate::checkpoint;
use crate::index::matching;
use crate::sealed::{Sealed, SealedTo};
use crate::select::pinned;
use crate::store::Store;

/// Deletions that are kept at a time (limit `deletions`).
const MAX_DELETIONS: usize = 10_000;

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// The head could not be sealed.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The deletion could not be written.
    #[error(transparent)]
    Deletions(#[from] DeletionsError),
    /// The log or the checkpoints could not be listed.
    #[error("the log and the checkpoints cannot be listed: {0}")]
    Log(#[from] std::io::Error),
    /// There are too many.
    #[error(
        "too many deletions: {MAX_DELETIONS} are kept, which is the limit (deletions); clean_tombstones applies them for good"
    )]
    TooMany,
}

/// Which deletions are to be undone.
#[derive(Clone, Debug)]
pub enum Undo {
    /// One, by its number.
    Id(u64),
    /// All with these selectors and, where they are given, these times.
    Like {
        /// The selectors, in any order.
        selectors: Vec<Vec<Matcher>>,
        /// The time of the first sample.
        start_ms: Option<i64>,
        /// The time of the last one.
        end_ms: Option<i64>,
    },
}

/// Why nothing was undone.
#[derive(Debug, thiserror::Error)]
pub enum UndeleteError {
    /// There is no such deletion, or nothing of what it hid is left.
    #[error("no such deletion")]
    Unknown,
    /// It is more than a day old, or was applied for good.
    #[error("deletion {id} can no longer be undone: {reason}")]
    TooLate {
        /// Its number.
        id: u64,
        /// Why.
        reason: &'static str,
    },
    /// That it is undone could not be written.
    #[error(transparent)]
    Deletions(#[from] DeletionsError),
}

impl Store {
    /// Deletes the samples that there are now between two times, both included, of the series that fulfil all matchers of one
    /// of the selectors. What is written later is not deleted. Answers the deletion, which survives a power cut; `None` where
    /// there was nothing to delete, or the same has been deleted before.
    ///
    /// # Errors
    /// When the disk refuses: nothing is deleted.
    pub fn delete_series(
        &self,
        selectors: &[Vec<Matcher>],
        start_ms: i64,
        end_ms: i64,
    ) -> Result<Option<Deletion>, DeleteError> {
        if start_ms > end_ms {
            return Ok(None);
        }
        // No image of the head may show as its own what is going to stand in blocks.
        let checkpoints = self.checkpoints.lock();
        let mut truncations = self.truncations.lock();
        let sealed_to = match self.sealed_without(selectors, start_ms, end_ms) {
            Some(sealed_to) => sealed_to,
            None => self.seal_holding(&mut truncations, i64::MAX)?.1,
        };
        let mut deletions = self.deletions.lock();
        let mut deletion = Deletion {
            id: deletions.now().next_id,
            selectors: selectors.to_vec(),
            start_ms,
            end_ms,
            at_ms: self.clock().now_ms(),
            blocks: Vec::new(),
            n_series: 0,
            n_samples: 0,
            is_final: false,
        };
        name_blocks(&mut deletion, &self.sealed());
        let is_known = deletions.now().list.iter().any(|known| known.covers(&deletion));
        if deletion.blocks.is_empty() || is_known {
            return Ok(None);
        }
        if deletions.now().list.len() >= MAX_DELETIONS {
            return Err(DeleteError::TooMany);
        }
        let sealed_log = self.sealed_log(&sealed_to)?;
        deletions.change(|deletions| {
            deletions.next_id += 1;
            deletions.list.push(deletion.clone());
            deletions.sealed_log = Some(sealed_log);
        })?;
        for shard in &self.head.shards {
            shard.lock().note_sealed(sealed_to.until_ms, &[], 0);
        }
        self.hide(deletions.now(), &[], None);
        drop((deletions, truncations, checkpoints));
        Ok(Some(deletion))
    }

    /// How far the head is sealed already, where it holds nothing of what is going to be deleted and nothing that is late.
    fn sealed_without(&self, selectors: &[Vec<Matcher>], start_ms: i64, end_ms: i64) -> Option<SealedTo> {
        let (sealed, index) = (self.sealed(), self.head.index());
        let is_in_head = |matchers: &Vec<Matcher>| {
            let found = matching(&*index, matchers);
            !pinned(&self.head, &index, &found, sealed.sealing(), start_ms, end_ms).is_empty()
        };
        if selectors.iter().any(is_in_head) {
            return None;
        }
        let applied_to = |shard: &parking_lot::Mutex<crate::head::Shard>| {
            let shard = shard.lock();
            (!shard.has_unsealed_late()).then(|| shard.applied_to())
        };
        let applied_to: Option<Vec<u64>> = self.head.shards.iter().map(applied_to).collect();
        Some(SealedTo { until_ms: sealed.floor_ms(), applied_to: applied_to? })
    }

    /// What of the log stands in blocks, when the head has just been sealed so far.
    fn sealed_log(&self, sealed_to: &SealedTo) -> Result<SealedLog, std::io::Error> {
        let own = self.wal.salt();
        // Behind a checkpoint its run may have written nothing.
        let mut salts = checkpoint::runs(&*self.disk, &self.dir)?;
        salts.extend(self.wal.segments()?.iter().map(|segment| segment.salt));
        salts.retain(|&salt| salt != own);
        salts.sort_unstable();
        salts.dedup();
        let before = salts.into_iter().map(|salt| (salt, Vec::new()));
        let runs = before.chain([(own, sealed_to.applied_to.clone())]).collect();
        Ok(SealedLog { until_ms: sealed_to.until_ms, runs })
    }

    /// Brings back what was deleted, every bit of it. Answers the deletions that are undone.
    ///
    /// # Errors
    /// When there is none, it is too late, or the disk refuses: everything is as it was.
    pub fn undelete(&self, which: &Undo) -> Result<Vec<Deletion>, UndeleteError> {
        let mut deletions = self.deletions.lock();
        let now_ms = self.clock().now_ms();
        let meant: Vec<Deletion> =
            deletions.now().list.iter().filter(|deletion| which.means(deletion)).cloned().collect();
        let is_undoable = |deletion: &Deletion| deletion.undoable_until_ms(now_ms).is_some();
        match meant.iter().find(|deletion| !is_undoable(deletion)) {
            Some(&Deletion { id, is_final, .. }) if !meant.iter().any(is_undoable) => {
                let reason = if is_final { "it is being applied for good" } else { "it is more than 24 hours old" };
                return Err(UndeleteError::TooLate { id, reason });
            }
            None if meant.is_empty() => return Err(UndeleteError::Unknown),
            _ => {}
        }
        let undone: Vec<Deletion> = meant.into_iter().filter(is_undoable).collect();
        let is_undone = |deletion: &Deletion| undone.iter().any(|undone| undone.id == deletion.id);
        deletions.change(|deletions| deletions.list.retain(|deletion| !is_undone(deletion)))?;
        self.hide(deletions.now(), &[], None);
        Ok(undone)
    }

    /// The deletions that hide something, in the order in which they were made.
    pub fn deletions(&self) -> Vec<Deletion> {
        self.deletions.lock().now().list.clone()
    }
}

impl Undo {
    fn means(&self, deletion: &Deletion) -> bool {
        match self {
            Undo::Id(id) => deletion.id == *id,
            Undo::Like { selectors, start_ms, end_ms } => {
                let is_among = |matchers: &Vec<Matcher>, others: &[Vec<Matcher>]| {
                    others
                        .iter()
                        .any(|other| other.len() == matchers.len() && matchers.iter().all(|m| other.contains(m)))
                };
                selectors.len() == deletion.selectors.len()
                    && selectors.iter().all(|matchers| is_among(matchers, &deletion.selectors))
                    && start_ms.is_none_or(|start_ms| start_ms == deletion.start_ms)
                    && end_ms.is_none_or(|end_ms| end_ms == deletion.end_ms)
            }
        }
    }
}

/// Notes the blocks in which a deletion hides something, and how much that is.
fn name_blocks(deletion: &mut Deletion, sealed: &Arc<Sealed>) {
    let mut fingerprints = FxHashSet::default();
    let (start_ms, end_ms) = (deletion.start_ms, deletion.end_ms);
    for block in sealed.overlapping(start_ms, end_ms) {
        let found = block.within(&series_of(block, deletion), start_ms, end_ms);
        if found.is_empty() {
            continue;
        }
        deletion.blocks.push(block.meta().id);
        fingerprints.extend(block.labels_of(found.iter()).map(|labels| labels.fingerprint(0)));
        deletion.n_samples += n_samples(block, found.iter(), start_ms, end_ms);
    }
    deletion.blocks.sort_unstable();
    deletion.n_series = fingerprints.len() as u64;
}

fn n_samples(block: &Block, series: impl Iterator<Item = u32>, start_ms: i64, end_ms: i64) -> u64 {
    let mut cursor = BlockCursor::new(block);
    let count = |series| {
        cursor.seek(series, start_ms, end_ms);
        cursor.n_samples_left()
    };
    series.map(count).sum()
}
