//! The directory that is imported into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{Disk, DiskLock, LockError};
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

use super::Windows;
use crate::block::{Block, BlockError, BlockId, id_of_file, is_unfinished};
use crate::sealed::BLOCKS_DIR;

/// Why nothing can be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A store is open in the directory.
    #[error("data directory {} is in use: {lock}; stop narthex first", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who has it.
        lock: LockError,
    },
    /// The directory cannot be made, read or written.
    #[error("data directory {}: {error}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// A block that is there is of a newer version.
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// What blocks are made of: equal origins make equal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    time_ms: i64,
    hash: u128,
}

impl Origin {
    /// An origin that was made at `time_ms` and is told from others by some bytes.
    pub fn new(time_ms: i64, parts: &[&[u8]]) -> Origin {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        Origin { time_ms, hash: xxh3_128(&bytes) }
    }

    /// The name of the block for a window of time.
    pub(super) fn block(self, window_ms: i64, start_ms: i64) -> BlockId {
        let mut bytes = self.hash.to_le_bytes().to_vec();
        bytes.extend_from_slice(&window_ms.to_le_bytes());
        bytes.extend_from_slice(&start_ms.to_le_bytes());
        BlockId::with_random(self.time_ms, xxh3_128(&bytes))
    }
}

/// A data directory that is imported into. It is locked until this is dropped.
#[derive(Debug)]
pub struct Importer {
    pub(super) disk: Arc<dyn Disk>,
    /// Of the blocks.
    pub(super) dir: PathBuf,
    /// The blocks that are there, and those of which they were made.
    pub(super) known: FxHashSet<BlockId>,
    _lock: Box<dyn DiskLock>,
}

impl Importer {
    /// Locks a data directory, which is made where it is missing.
    ///
    /// # Errors
    /// When a store is open in it, when it cannot be read or written, or a block in it is of a newer version.
    pub fn open(disk: &Arc<dyn Disk>, data_dir: &Path) -> Result<Importer, ImportError> {
        let io = |error| ImportError::Io { path: data_dir.into(), error };
        let dir = data_dir.join(BLOCKS_DIR);
        disk.create_dir_all(&dir).map_err(io)?;
        let lock = disk.lock(&data_dir.join("lock")).map_err(|lock| match lock {
            LockError::Io(error) => io(error),
            lock @ LockError::Held { .. } => ImportError::Locked { path: data_dir.into(), lock },
        })?;
        let mut known = FxHashSet::default();
        for name in disk.list(&dir).map_err(io)? {
            let path = dir.join(&name);
            if is_unfinished(&name) {
                disk.remove(&path).map_err(io)?;
            } else if let Some(id) = id_of_file(&name) {
                match Block::open(disk, &path) {
                    Ok(block) => known.extend(block.meta().sources.iter().copied().chain([id])),
                    Err(error @ BlockError::Version { .. }) => return Err(error.into()),
                    // What the store leaves aside stays aside.
                    Err(_) => drop(known.insert(id)),
                }
            }
        }
        Ok(Importer { disk: Arc::clone(disk), dir, known, _lock: lock })
    }

    /// Begins to write what comes from an origin, in blocks of windows of `window_ms`.
    pub fn begin(&self, origin: Origin, window_ms: i64) -> Windows<'_> {
        Windows::new(self, origin, window_ms)
    }
}
