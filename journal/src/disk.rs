//! Everything that is asked of a disk, as a trait, so that tests can cut its power and fill it up.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

/// A place for files. Paths are those of the operating system; directories have one level of files.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a directory and those above it; fine if it is there.
    ///
    /// # Errors
    /// Those of the operating system, here and below.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// The names of the files in a directory, in no particular order.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Makes a new, empty file for appending. Fails if it is there.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for reading.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read + Send>>;

    /// All of a file that is written no more, to be read anywhere: to be mapped where it is a file of the operating
    /// system.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn contents(&self, path: &Path) -> io::Result<Contents>;

    /// How long a file is, in bytes.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// Removes a file.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name in the same directory, in one step; a file that had that name is gone.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file that is written no more a second name, in whatever directory of the same disk. Fails where the name is
    /// taken, or the disk knows no such thing.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the names of created, linked, renamed and removed files survive a power cut.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Locks a file against other processes until the lock is dropped or the process dies.
    ///
    /// # Errors
    /// [`LockError::Held`] where another process has it.
    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>, LockError>;
}

/// All of a file.
#[derive(Debug)]
pub enum Contents {
    /// A file of the operating system, open for reading.
    File(File),
    /// The bytes.
    Bytes(Vec<u8>),
}

/// A file that is being written, at its end only.
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Writes all of `bytes` at the end. After an error any part of them may have been written.
    ///
    /// # Errors
    /// Those of the operating system, here and below.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to a length; what is appended next goes there.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes the contents survive a power cut. After an error nothing is known of what was written since the last
    /// success, and asking again proves nothing.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    fn sync(&self) -> io::Result<()>;
}

/// A lock that is held. Dropping it lets go.
pub trait DiskLock: fmt::Debug + Send + Sync {}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("it is locked by {holder}")]
    Held {
        /// Who, as far as the lock file says.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}
