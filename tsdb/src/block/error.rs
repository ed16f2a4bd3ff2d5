//! Why a block was not written or cannot be read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a block was not written or cannot be read. Damage to single chunks is no error: they are left out and named.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BlockError {
    /// The disk refuses.
    #[error("block {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: Arc<io::Error>,
    },
    /// The file is not whole, or a part of it without which nothing can be found is damaged.
    #[error("block {} is damaged: {part}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damaged part.
        part: String,
    },
    /// The file was written by a newer version.
    #[error("block {} has format version {version}, which this version does not know", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// An error came before, after which the block cannot be whole.
    #[error("the block was given up")]
    GivenUp,
    /// A block of no samples is not written.
    #[error("a block needs samples")]
    Empty,
    /// More series, strings or bytes than the format has room for.
    #[error("a block has no room for more {0}")]
    Full(&'static str),
    /// What was handed in is not in the order of time, or holds no samples.
    #[error("samples of {series} are not in the order of time")]
    Unsorted {
        /// The series.
        series: String,
    },
}

impl BlockError {
    pub(crate) fn io(path: &Path, error: io::Error) -> BlockError {
        BlockError::Io { path: path.into(), error: Arc::new(error) }
    }
}
