//! Writing what was summed up of a block: rows as they come, where they stand at the end.
//!
//! The file has another name until all of it is on the disk, as a block has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crc32c::crc32c;
use journal::{Disk, DiskFile};

use super::Resolution;
use super::files::temporary;
use super::row::{self, Frame};
use super::spans::Spans;
use crate::block::{BlockError, BlockMeta, Prover};
use crate::wal::varint::{push_signed, push_unsigned};

/// The version that is written, and the only one that is read: files of others are made again.
pub(super) const VERSION: u32 = 1;
pub(super) const MAGIC: &[u8; 8] = b"NTXDOWN\n";
/// Where the directory is u64, its checksum, the version, the checksum of all that, magic.
pub(super) const FOOTER_LEN: usize = 8 + 4 + 4 + 4 + MAGIC.len();
/// Rows that share an entry of the directory: the place of the first u64, and the length of each u32.
pub(super) const GROUP_ROWS: usize = 64;
pub(super) const GROUP_LEN: usize = 8 + 4 * GROUP_ROWS;

/// What is gathered before it is written.
const BUFFER_LEN: usize = 256 << 10;

/// A file that is being written. Dropping it unfinished removes it.
#[derive(Debug)]
pub(super) struct DownsampledWriter {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    buffer: Vec<u8>,
    n_written: u64,
    prover: Prover,
    frame: Frame,
    /// The length of the row of each series of the block; 0 where it has none.
    lens: Vec<u32>,
    /// Where each group of rows begins.
    places: Vec<u64>,
    is_finished: bool,
}

impl DownsampledWriter {
    /// Begins the file at `path` for what is summed up of a block.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn create(
        disk: &Arc<dyn Disk>,
        path: &Path,
        block: &BlockMeta,
        resolution: Resolution,
    ) -> Result<DownsampledWriter, BlockError> {
        let temporary = temporary(path);
        if disk.len(&temporary).is_ok() {
            // An attempt before this one could not even be removed.
            disk.remove(&temporary).map_err(|error| BlockError::io(&temporary, error))?;
        }
        let file = disk.create(&temporary).map_err(|error| BlockError::io(&temporary, error))?;
        let mut buffer = MAGIC.to_vec();
        buffer.extend_from_slice(&VERSION.to_le_bytes());
        Ok(DownsampledWriter {
            disk: Arc::clone(disk),
            path: path.to_owned(),
            file,
            n_written: buffer.len() as u64,
            buffer,
            prover: Prover::new(block.id),
            frame: Frame::of(block, resolution),
            lens: Vec::new(),
            places: Vec::new(),
            is_finished: false,
        })
    }

    /// Adds the row of the next series of the block; `None` where it is to be read from the block itself.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn series(&mut self, spans: Option<&Spans>) -> Result<(), BlockError> {
        if self.lens.len().is_multiple_of(GROUP_ROWS) {
            self.places.push(self.n_written);
        }
        let Some(spans) = spans else {
            self.lens.push(0);
            return Ok(());
        };
        let begin = self.buffer.len();
        row::encode(spans, &self.frame, &mut self.buffer);
        let crc = self.prover.crc(self.n_written, &self.buffer[begin..]);
        self.buffer.extend_from_slice(&crc);
        let len = self.buffer.len() - begin;
        self.lens.push(u32::try_from(len).map_err(|_| BlockError::Full("bytes in a row"))?);
        self.n_written += len as u64;
        if self.buffer.len() >= BUFFER_LEN { self.flush() } else { Ok(()) }
    }

    /// Writes where the rows are, makes everything survive a power cut, and gives the file its name.
    ///
    /// # Errors
    /// When the disk refuses; there is no file then.
    pub(super) fn finish(mut self, block: &BlockMeta, resolution: Resolution) -> Result<(), BlockError> {
        let place = self.n_written;
        let mut directory = Vec::new();
        for (place, lens) in self.places.iter().zip(self.lens.chunks(GROUP_ROWS)) {
            directory.extend_from_slice(&place.to_le_bytes());
            for row in 0..GROUP_ROWS {
                directory.extend_from_slice(&lens.get(row).copied().unwrap_or(0).to_le_bytes());
            }
        }
        directory.extend_from_slice(&of_block(block, resolution));
        let mut footer = place.to_le_bytes().to_vec();
        footer.extend_from_slice(&crc32c(&directory).to_le_bytes());
        footer.extend_from_slice(&VERSION.to_le_bytes());
        footer.extend_from_slice(&crc32c(&footer).to_le_bytes());
        footer.extend_from_slice(MAGIC);
        self.buffer.extend_from_slice(&directory);
        self.buffer.extend_from_slice(&footer);
        self.flush()?;
        let (temporary, dir) = (temporary(&self.path), self.path.parent().unwrap_or(Path::new("")));
        let named = self.file.sync().and_then(|()| self.disk.rename(&temporary, &self.path));
        named.and_then(|()| self.disk.sync_dir(dir)).map_err(|error| BlockError::io(&self.path, error))?;
        self.is_finished = true;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BlockError> {
        let written = self.file.append(&self.buffer);
        self.buffer.clear();
        written.map_err(|error| BlockError::io(&self.path, error))
    }
}

impl Drop for DownsampledWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            // What stays is removed at the next start, or is whole.
            let _ = self.disk.remove(&temporary(&self.path));
        }
    }
}

/// What must be true of a block for a file to be of it.
pub(super) fn of_block(block: &BlockMeta, resolution: Resolution) -> Vec<u8> {
    let mut section = block.id.to_bytes().to_vec();
    push_signed(&mut section, resolution.as_millis());
    push_signed(&mut section, block.min_ms);
    push_signed(&mut section, block.max_ms);
    for count in [block.n_series, block.n_samples, block.n_chunks, block.n_bytes] {
        push_unsigned(&mut section, count);
    }
    section
}
