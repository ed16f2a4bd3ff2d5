//! What was summed up of a block, open.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crc32c::crc32c;
use journal::Disk;

use super::row::{Frame, Part};
use super::wanted::Column;
use super::write::{FOOTER_LEN, GROUP_LEN, GROUP_ROWS, MAGIC, VERSION, of_block};
use super::{Resolution, Wanted};
use crate::block::{BlockError, BlockMeta, Bytes, Prover};

const CRC_LEN: usize = 4;

/// What was summed up of a block at one resolution, open.
#[derive(Debug)]
pub struct Downsampled {
    file: Bytes,
    path: PathBuf,
    frame: Frame,
    n_series: u32,
    /// Where the directory of the rows begins.
    directory_at: usize,
    prover: Prover,
    is_damaged: AtomicBool,
}

impl Downsampled {
    /// Opens a file, and verifies that it is whole and of this block. Rows are verified when they are read.
    ///
    /// # Errors
    /// When it cannot be read, is not whole, of another version, or of another block.
    pub fn open(
        disk: &Arc<dyn Disk>,
        path: &Path,
        block: &BlockMeta,
        resolution: Resolution,
    ) -> Result<Downsampled, BlockError> {
        let file = disk.contents(path).and_then(Bytes::map).map_err(|error| BlockError::io(path, error))?;
        let damaged = |part: &str| BlockError::Damaged { path: path.into(), part: part.into() };
        let footer_at = file.len().checked_sub(FOOTER_LEN).ok_or_else(|| damaged("it has no footer"))?;
        let (proven, rest) = file[footer_at..].split_at(8 + 4 + 4);
        let (crc, magic) = rest.split_at(CRC_LEN);
        if magic != MAGIC || crc != crc32c(proven).to_le_bytes() {
            return Err(damaged("it has no footer"));
        }
        let (place, rest) = proven.split_at(8);
        let (directory_crc, version) = rest.split_at(CRC_LEN);
        let version = u32::from_le_bytes(version.try_into().unwrap_or_default());
        if version != VERSION {
            return Err(BlockError::Version { path: path.into(), version });
        }
        let place = u64::from_le_bytes(place.try_into().unwrap_or_default());
        let directory_at = usize::try_from(place).ok().filter(|&at| at <= footer_at);
        let directory_at = directory_at.ok_or_else(|| damaged("its directory"))?;
        let directory = &file[directory_at..footer_at];
        if directory_crc != crc32c(directory).to_le_bytes() {
            return Err(damaged("its directory"));
        }
        let groups_len = (block.n_series as usize).div_ceil(GROUP_ROWS).saturating_mul(GROUP_LEN);
        if directory.get(groups_len..) != Some(&*of_block(block, resolution)) {
            return Err(damaged("it is of another block"));
        }
        let frame = Frame::of(block, resolution);
        let (path, prover, n_series) = (path.to_owned(), Prover::new(block.id), block.n_series as u32);
        Ok(Downsampled { file, path, frame, n_series, directory_at, prover, is_damaged: AtomicBool::new(false) })
    }

    /// The length of its spans.
    pub fn resolution(&self) -> Resolution {
        self.frame.resolution
    }

    /// How long the file is.
    pub fn n_bytes(&self) -> u64 {
        self.file.len() as u64
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a row was found to be damaged. It was not used.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    /// Reads everything; afterwards [`Downsampled::is_damaged`] says whether something is damaged.
    pub fn verify(&self) {
        let mut part = Part::default();
        for series in 0..self.n_series {
            for column in [Column::Last, Column::Least, Column::Greatest] {
                self.read_column(series, column, (i64::MIN, i64::MAX), &mut part);
            }
        }
    }

    /// Reads the spans of a series between two times, both included, which are the first and the last of spans. `false` where
    /// they must be read from the block itself.
    pub(crate) fn read(&self, series: u32, wanted: Wanted, interval: (i64, i64), part: &mut Part) -> bool {
        self.read_column(series, wanted.column, interval, part)
    }

    fn read_column(&self, series: u32, column: Column, interval: (i64, i64), part: &mut Part) -> bool {
        let Some((place, len)) = self.place(series) else { return false };
        let is_read = self
            .prover
            .proven(&self.file, place, u64::from(len))
            .is_some_and(|row| part.read(row, &self.frame, column, interval).is_ok());
        if !is_read {
            part.clear();
            self.is_damaged.store(true, Ordering::Relaxed);
        }
        is_read
    }

    /// Where the row of a series is, and its length without the checksum; `None` where it has none.
    fn place(&self, series: u32) -> Option<(u64, u32)> {
        let (group, row) = (series as usize / GROUP_ROWS, series as usize % GROUP_ROWS);
        if series >= self.n_series {
            return None;
        }
        let group = self.file[self.directory_at + group * GROUP_LEN..][..GROUP_LEN].split_at(8);
        let first = u64::from_le_bytes(group.0.try_into().unwrap_or_default());
        let mut lens = group.1.chunks_exact(4).map(|len| u32::from_le_bytes(len.try_into().unwrap_or_default()));
        let before: u64 = lens.by_ref().take(row).map(u64::from).sum();
        let len = lens.next()?.checked_sub(CRC_LEN as u32)?;
        Some((first.checked_add(before)?, len))
    }
}
