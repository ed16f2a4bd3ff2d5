//! What of the log stands in blocks already, and is not read back.
//!
//! A block says it of the log as a whole, by a record before which everything had been applied: something behind that may stand
//! in the block too, and is then read twice, which does no harm. Where something has been deleted it would: so a deletion says
//! it for each shard, exactly.

use journal::SegmentName;

use crate::block::LogPlace;
use crate::deletion::{Deletions, SealedLog};
use crate::head::Shard;
use crate::sealed::Sealed;

/// What of the log stands in blocks.
#[derive(Clone, Debug)]
pub(crate) struct InBlocks {
    /// Chunks from before this time do.
    floor_ms: i64,
    /// The record before which everything from before a time does.
    sealed: Option<(LogPlace, i64)>,
    /// The same, by shards.
    deleted: Option<SealedLog>,
}

/// The same for one run of the process.
#[derive(Clone, Debug, Default)]
pub(super) struct OfRun {
    /// Records before a number, from before a time.
    sealed: Option<(u64, i64)>,
    /// The time, and for each shard the number; `None` for all records.
    deleted: Option<(i64, Option<Vec<u64>>)>,
}

impl InBlocks {
    pub(crate) fn of(sealed: &Sealed, deletions: &Deletions) -> InBlocks {
        let deleted = deletions.sealed_log.clone();
        InBlocks { floor_ms: sealed.floor_ms(), sealed: sealed.log(), deleted }
    }

    /// Frees what a shard holds and blocks hold too; `read_from` is the run that wrote the checkpoint from which it was read.
    pub(super) fn free(&self, number: usize, shard: &mut Shard, read_from: Option<u32>) {
        shard.freeze_before(self.floor_ms);
        shard.free_before(self.floor_ms, &[]);
        shard.note_sealed(self.floor_ms, &[], 0);
        if let (Some(log), Some(salt)) = (&self.deleted, read_from)
            && log.holds_all_before(salt, number, shard.applied_to())
        {
            shard.remove_late_before(log.until_ms);
        }
    }

    /// Forgets what it cannot be said of any more, because the log no longer has the record.
    pub(super) fn among(&self, segments: &[SegmentName]) -> InBlocks {
        let has_place = |(place, _): &(LogPlace, i64)| segments.iter().any(|segment| segment.salt == place.salt);
        InBlocks { sealed: self.sealed.filter(has_place), ..self.clone() }
    }

    /// Goes on to the next run of the log.
    pub(super) fn begin_run(&mut self, salt: u32) -> OfRun {
        let sealed = self.sealed.map(|(place, until_ms)| match place.salt == salt {
            true => (place.sequence, until_ms),
            // Runs before that one stand in blocks whole.
            false => (u64::MAX, until_ms),
        });
        self.sealed = self.sealed.filter(|(place, _)| place.salt != salt);
        let deleted = self.deleted.as_ref().map(|log| (log.until_ms, log.of_run(salt).map(<[u64]>::to_vec)));
        OfRun { sealed, deleted }
    }
}

impl OfRun {
    /// Whether a sample of a record stands in a block; `shard` is the one in which its series was then.
    pub(super) fn holds(&self, sequence: u64, shard: usize, timestamp_ms: i64) -> bool {
        let is_before = |applied_to: &Option<Vec<u64>>| {
            applied_to.as_ref().is_none_or(|applied_to| applied_to.get(shard).is_some_and(|&before| sequence < before))
        };
        self.sealed.is_some_and(|(before, until_ms)| timestamp_ms < until_ms && sequence < before)
            || self.deleted.as_ref().is_some_and(|(until_ms, to)| timestamp_ms < *until_ms && is_before(to))
    }
}
