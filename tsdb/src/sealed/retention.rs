//! Retention: the oldest blocks are deleted when they are too old or together too large.

use std::sync::Arc;

use crate::block::{Block, BlockError, BlockId};
use crate::store::Store;

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// A block is deleted when its newest sample is older than this, in milliseconds; `None` for never.
    pub time_ms: Option<i64>,
    /// The oldest blocks are deleted until all are together no longer than this, in bytes; `None` for never.
    pub n_bytes: Option<u64>,
}

impl Store {
    /// Changes what is kept, from the next look on.
    pub fn set_retention(&self, retention: Retention) {
        *self.retention.lock() = retention;
    }

    /// What is kept.
    pub fn retention(&self) -> Retention {
        *self.retention.lock()
    }

    /// Deletes blocks that are too old, and the oldest while all are too large. Answers how many.
    ///
    /// # Errors
    /// When a file cannot be removed. It is no longer read, and is removed at the next start.
    pub fn delete_expired(&self) -> Result<u64, BlockError> {
        let Retention { time_ms, n_bytes } = self.retention();
        let oldest_kept_ms = time_ms.map_or(i64::MIN, |time_ms| self.clock().now_ms().saturating_sub(time_ms));
        let sealed = self.sealed();
        let n_bytes_of = |block: &Block| {
            let downsampled: u64 = sealed.downsampled(block).iter().map(|file| file.n_bytes()).sum();
            block.meta().n_bytes + downsampled
        };
        let mut n_left: u64 = sealed.blocks().iter().map(|block| n_bytes_of(block)).sum();
        let mut by_age: Vec<_> = sealed.blocks().iter().collect();
        by_age.sort_by_key(|block| block.meta().max_ms);
        let mut expired: Vec<_> = by_age
            .into_iter()
            .take_while(|block| {
                let is_expired = block.meta().max_ms < oldest_kept_ms || n_bytes.is_some_and(|most| n_left > most);
                n_left -= if is_expired { n_bytes_of(block) } else { 0 };
                is_expired
            })
            .collect();
        if expired.is_empty() {
            return Ok(0);
        }
        let ids: Vec<BlockId> = expired.iter().map(|block| block.meta().id).collect();
        let mut deletions = self.deletions.lock();
        // What has been merged since is looked at again.
        let is_there = |block: &&Arc<Block>| self.sealed().metas().any(|meta| meta.id == block.meta().id);
        expired.retain(is_there);
        self.replace_sealed(|sealed| sealed.replaced(|meta| ids.contains(&meta.id), Vec::new()));
        for block in &expired {
            self.remove_block(block)?;
        }
        deletions.follow(|deletions| deletions.forget(&ids));
        Ok(ids.len() as u64)
    }
}
