//! What the store does to itself while it runs, one piece after the other.

use std::time::Duration;

use crate::block::BlockError;
use crate::checkpoint::{CheckpointError, CheckpointStats};
use crate::deletion::DeletionsError;
use crate::downsample::DownsampleStats;
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
    /// A block was summed up.
    Downsampled(DownsampleStats),
}

/// What has been done since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaintenanceStats {
    /// By kind of work: its name, how often it was done, and how long that took in all.
    pub done: [(&'static str, u64, Duration); 7],
    /// Pieces of work that failed; each is tried again.
    pub n_failures: u64,
    /// Series that left the memory because nothing of them was left in it.
    pub n_series_ended: u64,
    /// Blocks that are there.
    pub n_blocks: u64,
    /// Their length in bytes.
    pub n_block_bytes: u64,
    /// Bytes of what was summed up of them.
    pub n_downsampled_bytes: u64,
}

impl Default for MaintenanceStats {
    fn default() -> MaintenanceStats {
        let done = ["seal", "free", "checkpoint", "compact", "clean", "expire", "downsample"]
            .map(|work| (work, 0, Duration::ZERO));
        MaintenanceStats {
            done,
            n_failures: 0,
            n_series_ended: 0,
            n_blocks: 0,
            n_block_bytes: 0,
            n_downsampled_bytes: 0,
        }
    }
}

impl MaintenanceStats {
    fn note(&mut self, maintained: &Maintained, took: Duration) {
        let work = match maintained {
            Maintained::Nothing => return,
            Maintained::Sealed(_) => 0,
            Maintained::Freed(_) => 1,
            Maintained::Checkpointed(_) => 2,
            Maintained::Compacted(_) => 3,
            Maintained::Cleaned(_) => 4,
            Maintained::Expired(_) => 5,
            Maintained::Downsampled(_) => 6,
        };
        let (_, n_times, duration) = &mut self.done[work];
        *n_times += 1;
        *duration += took;
    }
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
        let began = self.clock().elapsed();
        let outcome = self.do_one_piece();
        let mut done = self.maintenance.lock();
        match &outcome {
            Ok(maintained) => done.note(maintained, self.clock().elapsed().saturating_sub(began)),
            Err(_) => done.n_failures += 1,
        }
        drop(done);
        outcome
    }

    /// What has been done since the start, and what lies there now.
    pub fn maintenance_stats(&self) -> MaintenanceStats {
        let mut stats = *self.maintenance.lock();
        for meta in self.sealed().metas() {
            stats.n_blocks += 1;
            stats.n_block_bytes += meta.n_bytes;
        }
        stats.n_downsampled_bytes = self.sealed().all_downsampled().map(|file| file.n_bytes()).sum();
        stats
    }

    fn do_one_piece(&self) -> Result<Maintained, MaintenanceError> {
        self.deletions.lock().settle()?;
        // First what needs no room on the disk and makes some; so nothing is compacted, either, that goes anyway.
        let n_expired = self.delete_expired()?;
        if n_expired > 0 {
            return Ok(Maintained::Expired(n_expired));
        }
        if self.truncate_sealed() {
            let n_ended = self.free_ended_series();
            self.maintenance.lock().n_series_ended += n_ended as u64;
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
        if let Some(stats) = self.compact_if_due()? {
            return Ok(Maintained::Compacted(stats));
        }
        // Last: what is going to be merged is summed up afterwards.
        Ok(self.downsample_if_due()?.map_or(Maintained::Nothing, Maintained::Downsampled))
    }
}
