//! Applying deletions for good: the blocks concerned are written anew, one at a time, without what is deleted.

use crate::block::BlockId;
use crate::maintenance::MaintenanceError;
use crate::sealed::CompactStats;
use crate::store::Store;

impl Store {
    /// Applies all deletions for good. None of them can be undone from the beginning on; where the disk refuses half-way, what
    /// is left is applied later. Answers how many blocks were written anew. It takes room for one block.
    ///
    /// A damaged block stays as it is, and what is deleted in it hidden.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn clean_tombstones(&self) -> Result<u64, MaintenanceError> {
        let mut deletions = self.deletions.lock();
        if !deletions.now().list.is_empty() {
            deletions.change(|deletions| deletions.list.iter_mut().for_each(|deletion| deletion.is_final = true))?;
        }
        drop(deletions);
        let mut n_cleaned = 0;
        while self.clean_if_due()?.is_some() {
            n_cleaned += 1;
        }
        Ok(n_cleaned)
    }

    /// Writes one block anew in which something is deleted that can no longer be undone, if there is one.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn clean_if_due(&self) -> Result<Option<CompactStats>, MaintenanceError> {
        for id in self.unclean() {
            if let Some(stats) = self.compact(&self.sealed(), &[id])? {
                return Ok(Some(stats));
            }
        }
        Ok(None)
    }

    /// The whole blocks in which something is deleted that can no longer be undone.
    fn unclean(&self) -> Vec<BlockId> {
        let now_ms = self.clock().now_ms();
        let deletions = self.deletions.lock();
        let is_due =
            |id: &BlockId| deletions.now().of_block(*id).any(|deletion| deletion.undoable_until_ms(now_ms).is_none());
        let sealed = self.sealed();
        let whole = sealed.blocks().iter().filter(|block| block.quarantined().is_empty());
        whole.map(|block| block.meta().id).filter(is_due).collect()
    }
}
