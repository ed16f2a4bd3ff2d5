//! What the store does to itself while it runs, one piece after the other.

use crate::block::BlockError;
use crate::checkpoint::{CheckpointError, CheckpointStats};
use crate::deletion::DeletionsError;
use crate::sealed::{CompactStats, SealStats};
use crate::store::Store;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maintained {
    /// Nothing was due.
    Nothing,
    /// The head was sealed.
    Sealed(SealStats),
    /// What had been sealed was freed, and a checkpoint made without it.
    Freed(CheckpointStats),
    /// A checkpoint was made.
    Checkpointed(CheckpointStats),
    /// Several blocks became one.
    Compacted(CompactStats),
    /// A block was written anew, without what had been deleted in it.
    Cleaned(CompactStats),
    /// Blocks were deleted by retention; how many.
    Expired(u64),
}

/// Why something that was due could not be done. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// A block could not be written or removed.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A checkpoint could not be made.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// What is deleted could not be written.
    #[error(transparent)]
    Deletions(#[from] DeletionsError),
}

impl Store {
    /// Does one piece of what is due. Call it about once a second, and again at once after everything but
    /// [`Maintained::Nothing`].
    ///
    /// # Errors
    /// When the disk refuses; everything is as it was before.
    pub fn maintain(&self) -> Result<Maintained, MaintenanceError> {
        self.deletions.lock().settle()?;
        // First what needs no room on the disk and makes some; so nothing is compacted, either, that goes anyway.
        let n_expired = self.delete_expired()?;
        if n_expired > 0 {
            return Ok(Maintained::Expired(n_expired));
        }
        if self.truncate_sealed() {
            self.free_ended_series();
            return Ok(Maintained::Freed(self.checkpoint()?));
        }
        if let Some(stats) = self.checkpoint_if_due()? {
            return Ok(Maintained::Checkpointed(stats));
        }
        if let Some(stats) = self.seal_if_due()? {
            return Ok(Maintained::Sealed(stats));
        }
        if let Some(stats) = self.clean_if_due()? {
            return Ok(Maintained::Cleaned(stats));
        }
        Ok(self.compact_if_due()?.map_or(Maintained::Nothing, Maintained::Compacted))
    }
}
