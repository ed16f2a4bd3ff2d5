//! The file of deletions: the same bytes twice, so that damage to one of them costs nothing.
//!
//! A copy is a magic, a version (u32), a length (u32), a CRC-32C of these and the contents (u32), and the contents. The file is
//! written anew with each change, beside the old one, and then takes its name.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;

use super::list::Deletions;

/// Its name in the data directory, and that of one that is not finished.
const FILE: &str = "deletions";
const UNFINISHED: &str = "deletions.tmp";
const MAGIC: &[u8; 8] = b"NTXDELS\n";
/// The one version there is.
const VERSION: u32 = 1;
/// Bytes before the contents of a copy.
const HEAD_LEN: usize = 20;

/// Why the deletions cannot be read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeletionsError {
    /// The disk refuses.
    #[error("deletions {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        error: Arc<io::Error>,
    },
    /// Both copies are damaged. To go on without them would show again what was deleted.
    #[error(
        "deletions {}: both copies are damaged ({first}; {second}); put back the file of a snapshot, or remove it: then \
         everything that was deleted and is still in its blocks is seen again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with the first copy.
        first: String,
        /// What is wrong with the second.
        second: String,
    },
    /// The file was written by a newer version.
    #[error("deletions {}: format version {version} is not known: use the program that wrote it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
}

/// The deletions, and the file in which they stand.
#[derive(Debug)]
pub(crate) struct DeletionsFile {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    now: Deletions,
    /// Whether something else may stand in the file: a change was written and then failed, or a copy is damaged.
    is_in_doubt: bool,
}

/// What was found of it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) file: DeletionsFile,
    /// What is wrong with one of the copies, named; the other was read.
    pub(crate) damaged: Option<String>,
}

impl DeletionsFile {
    /// Reads the file in `dir`; where there is none, nothing is deleted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn open(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Found, DeletionsError> {
        let path = dir.join(FILE);
        let mut bytes = Vec::new();
        let read = disk.open(&path).and_then(|mut file| file.read_to_end(&mut bytes));
        let (now, damaged) = match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Deletions::default(), None),
            Err(error) => return Err(DeletionsError::Io { path, error: Arc::new(error) }),
            Ok(_) => of_bytes(&bytes, &path)?,
        };
        let is_in_doubt = damaged.is_some();
        Ok(Found { file: DeletionsFile { disk: Arc::clone(disk), dir: dir.to_owned(), now, is_in_doubt }, damaged })
    }

    /// Where the file is, if there is one.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let path = self.dir.join(FILE);
        self.disk.len(&path).is_ok().then_some(path)
    }

    /// The deletions as they are now.
    pub(crate) fn now(&self) -> &Deletions {
        &self.now
    }

    /// Changes them, in the file first.
    ///
    /// # Errors
    /// When the disk refuses. Nothing has changed, but a start might find otherwise until [`DeletionsFile::settle`] succeeds.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Deletions)) -> Result<(), DeletionsError> {
        let mut new = self.now.clone();
        change(&mut new);
        self.is_in_doubt = true;
        self.write(&new)?;
        self.is_in_doubt = false;
        self.now = new;
        Ok(())
    }

    /// Changes them here, where the file already says what leads to the same; the next [`DeletionsFile::settle`] writes it.
    pub(crate) fn follow(&mut self, change: impl FnOnce(&mut Deletions)) {
        let before = self.now.clone();
        change(&mut self.now);
        self.is_in_doubt |= self.now != before;
    }

    /// Writes the file, where something else may stand in it.
    ///
    /// # Errors
    /// When the disk refuses; it is tried again with the next call.
    pub(crate) fn settle(&mut self) -> Result<(), DeletionsError> {
        if self.is_in_doubt {
            self.write(&self.now)?;
            self.is_in_doubt = false;
        }
        Ok(())
    }

    fn write(&self, deletions: &Deletions) -> Result<(), DeletionsError> {
        let (path, unfinished) = (self.dir.join(FILE), self.dir.join(UNFINISHED));
        let write = || -> io::Result<()> {
            match self.disk.remove(&unfinished) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let file = self.disk.create(&unfinished)?;
            let copy = copy_of(&deletions.image());
            file.append(&[&*copy, &*copy].concat())?;
            file.sync()?;
            self.disk.rename(&unfinished, &path)?;
            self.disk.sync_dir(&self.dir)
        };
        write().map_err(|error| DeletionsError::Io { path: path.clone(), error: Arc::new(error) })
    }
}

fn copy_of(contents: &[u8]) -> Vec<u8> {
    let mut copy = MAGIC.to_vec();
    copy.extend_from_slice(&VERSION.to_le_bytes());
    copy.extend_from_slice(&(contents.len() as u32).to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&copy), contents);
    copy.extend_from_slice(&crc.to_le_bytes());
    copy.extend_from_slice(contents);
    copy
}

/// Why a copy cannot be read.
enum CopyError {
    Damaged(String),
    Newer(u32),
}

/// Reads the file: the deletions, and what is wrong with one of the copies.
fn of_bytes(bytes: &[u8], path: &Path) -> Result<(Deletions, Option<String>), DeletionsError> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let path = path.to_owned();
    match (read_copy(first), read_copy(second)) {
        (Err(CopyError::Newer(version)), _) | (_, Err(CopyError::Newer(version))) => {
            Err(DeletionsError::Newer { path, version })
        }
        (Ok(deletions), Ok(_)) => Ok((deletions, None)),
        (Ok(deletions), Err(CopyError::Damaged(reason))) => {
            Ok((deletions, Some(format!("{}: second copy: {reason}", path.display()))))
        }
        (Err(CopyError::Damaged(reason)), Ok(deletions)) => {
            Ok((deletions, Some(format!("{}: first copy: {reason}", path.display()))))
        }
        (Err(CopyError::Damaged(first)), Err(CopyError::Damaged(second))) => {
            Err(DeletionsError::Damaged { path, first, second })
        }
    }
}

fn read_copy(copy: &[u8]) -> Result<Deletions, CopyError> {
    let damaged = |reason: &str| CopyError::Damaged(reason.to_owned());
    let (head, contents) = copy.split_at_checked(HEAD_LEN).ok_or_else(|| damaged("it is too short"))?;
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head[..HEAD_LEN - 4]), contents);
    if !head.starts_with(MAGIC) {
        return Err(damaged("it does not begin as one"));
    }
    if crc != number(HEAD_LEN - 4) {
        return Err(damaged("its checksum is wrong"));
    }
    if number(8) != VERSION {
        return Err(CopyError::Newer(number(8)));
    }
    Deletions::from_image(contents).map_err(|error| CopyError::Damaged(error.to_string()))
}
