//! The file of a checkpoint: a header, sections that each prove themselves, and one that says that it is whole.
//!
//! A section is a kind (u32), a length (u64), a CRC-32C of these and the contents (u32), and the contents. A file without its
//! last section was never finished.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{Disk, DiskFile};

/// The directory of checkpoints, in the data directory.
pub(crate) const CHECKPOINT_DIR: &str = "checkpoint";
const MAGIC: &[u8; 8] = b"NTXCKPT\n";
/// The one version there is.
const VERSION: u32 = 1;
/// Bytes of the header: magic, version, CRC-32C of both.
const HEADER_LEN: usize = 16;
/// Bytes before the contents of a section.
const SECTION_LEN: usize = 16;
/// Sections are written in pieces of this many bytes.
const WRITE_LEN: usize = 4 << 20;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Which run wrote it, and where the log goes on.
    Run,
    /// The image of a shard.
    Shard,
    /// The image of the index.
    Index,
    /// What is needed of the closed chunks.
    Chunks,
    /// How many sections came before: the file is whole.
    End,
}

const KINDS: [Kind; 5] = [Kind::Run, Kind::Shard, Kind::Index, Kind::Chunks, Kind::End];

impl Kind {
    /// The number that stands for it: 1 to 5.
    fn number(self) -> u32 {
        self as u32 + 1
    }

    fn of(number: u32) -> Option<Kind> {
        KINDS.into_iter().find(|kind| kind.number() == number)
    }
}

/// Why a checkpoint cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// It ends before its last section: whoever wrote it was interrupted.
    #[error("it was never finished")]
    Unfinished,
    /// Its bytes are not what was written.
    #[error("{0}")]
    Damaged(String),
    /// It was written by a newer program.
    #[error("format version {0} is not known: use the program that wrote it")]
    Newer(u32),
    /// The operating system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The file of a checkpoint with a number.
pub(crate) fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(CHECKPOINT_DIR).join(format!("{number:08}.ckpt"))
}

/// The numbers of the checkpoints that are there, oldest first, whole or not.
pub(crate) fn numbers(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<u64>> {
    let dir = dir.join(CHECKPOINT_DIR);
    disk.create_dir_all(&dir)?;
    let number = |name: &String| {
        let number: u64 = name.strip_suffix(".ckpt")?.parse().ok()?;
        // Only what we would have written ourselves is ours.
        (format!("{number:08}.ckpt") == *name && number < 1 << 56).then_some(number)
    };
    let mut numbers: Vec<u64> = disk.list(&dir)?.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// A checkpoint that is being written. Dropped before its end, the file is removed.
#[derive(Debug)]
pub(crate) struct Writer {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    n_sections: u64,
    n_bytes: u64,
    is_whole: bool,
}

impl Writer {
    /// Begins the file of a checkpoint.
    ///
    /// # Errors
    /// Those of the operating system, here and below.
    pub(crate) fn create(disk: &Arc<dyn Disk>, dir: &Path, number: u64) -> io::Result<Writer> {
        let path = path_of(dir, number);
        let file = disk.create(&path)?;
        let mut writer = Writer { disk: Arc::clone(disk), path, file, n_sections: 0, n_bytes: 0, is_whole: false };
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
        writer.append(&header)?;
        Ok(writer)
    }

    /// Appends a section.
    pub(crate) fn section(&mut self, kind: Kind, contents: &[u8]) -> io::Result<()> {
        let mut head = kind.number().to_le_bytes().to_vec();
        head.extend_from_slice(&(contents.len() as u64).to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&head), contents);
        head.extend_from_slice(&crc.to_le_bytes());
        self.n_sections += 1;
        self.append(&head)?;
        contents.chunks(WRITE_LEN).try_for_each(|piece| self.append(piece))
    }

    /// Ends the file and waits until it survives a power cut. Answers how long it is, in bytes.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.section(Kind::End, &self.n_sections.to_le_bytes())?;
        self.file.sync()?;
        if let Some(dir) = self.path.parent() {
            self.disk.sync_dir(dir)?;
        }
        self.is_whole = true;
        Ok(self.n_bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.n_bytes += bytes.len() as u64;
        self.file.append(bytes)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.is_whole {
            // What is left of it does no harm: it has no end.
            let _ = self.disk.remove(&self.path);
        }
    }
}

/// A section whose checksum has not been looked at.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) kind: Kind,
    head: [u8; SECTION_LEN],
    contents: Vec<u8>,
}

impl Section {
    /// The contents, if they are what was written.
    ///
    /// # Errors
    /// [`FileError::Damaged`].
    pub(crate) fn contents(&self) -> Result<&[u8], FileError> {
        let [.., a, b, c, d] = self.head;
        let crc = crc32c::crc32c_append(crc32c::crc32c(&self.head[..SECTION_LEN - 4]), &self.contents);
        if crc == u32::from_le_bytes([a, b, c, d]) {
            Ok(&self.contents)
        } else {
            Err(FileError::Damaged(format!("the checksum of section {:?} is wrong", self.kind)))
        }
    }
}

/// Reads a checkpoint, section by section.
pub(crate) struct Reader {
    input: Box<dyn Read + Send>,
    /// Bytes that are left.
    n_left: u64,
    n_sections: u64,
}

impl Reader {
    /// Opens the file of a checkpoint.
    ///
    /// # Errors
    /// When it cannot be opened, or is not one.
    pub(crate) fn open(disk: &dyn Disk, dir: &Path, number: u64) -> Result<Reader, FileError> {
        let path = path_of(dir, number);
        let mut reader = Reader { input: disk.open(&path)?, n_left: disk.len(&path)?, n_sections: 0 };
        let header: [u8; HEADER_LEN] = reader.array()?;
        let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if header[..8] != *MAGIC || crc32c::crc32c(&header[..12]) != word(12) {
            return Err(FileError::Damaged("its header is damaged".to_owned()));
        }
        if word(8) == VERSION { Ok(reader) } else { Err(FileError::Newer(word(8))) }
    }

    /// The next section; `None` behind the last of a file that is whole.
    ///
    /// # Errors
    /// When there is none, or what is there cannot be one.
    pub(crate) fn next_section(&mut self) -> Result<Option<Section>, FileError> {
        let head: [u8; SECTION_LEN] = self.array()?;
        let number = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let kind = Kind::of(number).ok_or_else(|| FileError::Damaged(format!("there is no section {number}")))?;
        let len = u64::from_le_bytes([head[4], head[5], head[6], head[7], head[8], head[9], head[10], head[11]]);
        if len > self.n_left {
            return Err(FileError::Unfinished);
        }
        let mut contents = Vec::with_capacity(len as usize);
        self.input.by_ref().take(len).read_to_end(&mut contents)?;
        self.n_left -= len;
        let section = Section { kind, head, contents };
        if kind != Kind::End {
            self.n_sections += 1;
            return Ok(Some(section));
        }
        if section.contents()? == self.n_sections.to_le_bytes() && self.n_left == 0 {
            Ok(None)
        } else {
            Err(FileError::Damaged("sections are missing".to_owned()))
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        let mut bytes = [0; N];
        self.n_left = self.n_left.checked_sub(N as u64).ok_or(FileError::Unfinished)?;
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
