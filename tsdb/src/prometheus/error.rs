//! Why something that Prometheus wrote cannot be read.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file of Prometheus's cannot be read. Damage to single chunks and records is no error: they are left out and named.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The disk refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// Without the damaged part nothing can be found.
    #[error("{} is damaged: {part}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damaged part.
        part: String,
    },
    /// A format that is not known here.
    #[error("{} is of {what}, which is not known", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The format, or its version.
        what: String,
    },
}

impl ForeignError {
    pub(super) fn io(path: &Path, error: io::Error) -> ForeignError {
        ForeignError::Io { path: path.into(), error }
    }

    pub(super) fn damaged(path: &Path, part: &dyn std::fmt::Display) -> ForeignError {
        ForeignError::Damaged { path: path.into(), part: part.to_string() }
    }
}

/// What is wrong with a chunk or a record whose checksum may well be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It ends before all that it promises.
    #[error("it is cut short")]
    Cut,
    /// The checksum is that of other bytes.
    #[error("its checksum is wrong")]
    Checksum,
    /// It lies where there is nothing.
    #[error("it is not where the index says")]
    Missing,
    /// Something stands in it that nobody writes.
    #[error("it makes no sense: {0}")]
    Nonsense(&'static str),
    /// A newer encoding.
    #[error("it has encoding {0}, which is not known")]
    Encoding(u8),
    /// A histogram with buckets of a kind that is not known.
    #[error("it has histograms of schema {0}, which is not known")]
    Schema(i64),
}
