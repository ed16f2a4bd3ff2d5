//! An open block.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;
use model::storage::HistogramValue;
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use super::chunks::{ChunkPage, ChunkRef};
use super::columns::{self, ColumnRef};
use super::columns_reader::IntervalMemory;
use super::label_index::Names;
use super::labels_reader::LabelsMemory;
use super::layout::{CRC_LEN, Layout, Prover, Section};
use super::mapped::Bytes;
use super::quarantine::Quarantine;
use super::series::SeriesPage;
use super::{BlockCursor, BlockError, BlockMeta, starts, writer};
use crate::codec::{self, ChunkStats};
use crate::wal::varint::DecodeError;

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Floats.
    Floats,
    /// Native histograms.
    Histograms,
}

/// A chunk as it stands in the file, proven by its checksum.
#[derive(Clone, Debug)]
pub struct RawChunk<'a> {
    /// What it holds.
    pub kind: Kind,
    /// The times of its samples, at most [`codec::CHUNK_SAMPLES`].
    pub timestamps: Vec<i64>,
    /// The encoded values.
    pub encoded: &'a [u8],
}

impl RawChunk<'_> {
    /// Decodes floats; `None` where it holds something else or cannot be decoded.
    pub fn bits(&self) -> Option<Vec<u64>> {
        let mut values = Vec::new();
        let decoded = codec::decode_values(self.encoded, self.timestamps.len(), &mut values);
        let is_right = self.kind == Kind::Floats && decoded.is_ok();
        is_right.then(|| values.into_iter().map(f64::to_bits).collect())
    }

    /// What is known of the floats as a whole without decoding them; `None` where that is not known.
    pub fn stats(&self) -> Option<ChunkStats> {
        codec::stats(self.encoded, self.timestamps.len()).filter(|_| self.kind == Kind::Floats)
    }

    /// Decodes histograms; `None` where it holds something else or cannot be decoded.
    pub fn histograms(&self) -> Option<Vec<HistogramValue>> {
        let mut values = Vec::new();
        let decoded = codec::decode_histograms(self.encoded, self.timestamps.len(), &mut values);
        (self.kind == Kind::Histograms && decoded.is_ok()).then_some(values)
    }
}

/// An open block.
#[derive(Debug)]
pub struct Block {
    file: Bytes,
    path: PathBuf,
    layout: Layout,
    meta: BlockMeta,
    n_symbols: usize,
    names: Names,
    prover: Prover,
    quarantine: Quarantine,
    /// Strings and sets that were asked for last.
    pub(crate) labels_memory: Mutex<LabelsMemory>,
    /// Chunk references and columns that were asked for last.
    pub(crate) interval_memory: Mutex<IntervalMemory>,
}

impl Block {
    /// Opens a block: maps the file, and verifies its footer and its index. Chunks are verified when they are read.
    ///
    /// # Errors
    /// When the file cannot be read, is not whole, is of a newer version, or its index is damaged.
    pub fn open(disk: &Arc<dyn Disk>, path: &Path) -> Result<Block, BlockError> {
        let file = disk.contents(path).and_then(Bytes::map).map_err(|error| BlockError::io(path, error))?;
        Block::of(file, path)
    }

    /// A block of these bytes.
    pub(crate) fn of(file: Bytes, path: &Path) -> Result<Block, BlockError> {
        let layout = Layout::read(&file, path)?;
        let malformed = |section: Section| {
            move |error: DecodeError| BlockError::Damaged {
                path: path.into(),
                part: format!("its section of {}: {error}", section.name()),
            }
        };
        let section = |section| &file[layout.range(section)];
        let (mut meta, n_symbols, n_column_bytes) =
            BlockMeta::read(section(Section::Meta)).map_err(malformed(Section::Meta))?;
        let names = Names::read(section(Section::Names)).map_err(malformed(Section::Names))?;
        let n_section_bytes = Section::ALL.map(|section| layout.range(section).len());
        let n_data_bytes = layout.range(Section::Chunks).start as u64;
        meta.n_bytes = file.len() as u64;
        meta.parts = writer::parts(n_data_bytes, n_column_bytes, n_section_bytes);
        let (prover, path, quarantine) = (Prover::new(meta.id), path.to_owned(), Quarantine::default());
        let block = Block {
            file,
            path,
            layout,
            meta,
            n_symbols,
            names,
            prover,
            quarantine,
            labels_memory: Mutex::default(),
            interval_memory: Mutex::default(),
        };
        block.check_counts().map_err(malformed(Section::Series))?;
        Ok(block)
    }

    /// Whether the index has as many things as it says, as far as that is seen without reading it.
    fn check_counts(&self) -> Result<(), DecodeError> {
        self.symbols()?;
        self.values()?;
        let Some(last) = self.n_series().checked_sub(1) else { return Ok(()) };
        ChunkPage::default().get(self.section(Section::Chunks), self.n_series(), last)?;
        SeriesPage::default().get(self.section(Section::Series), self.n_series(), last).map(drop)
    }

    /// What is known of the block as a whole.
    pub fn meta(&self) -> &BlockMeta {
        &self.meta
    }

    /// Where its file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Those of the series that have samples between two times, both inclusive.
    pub fn within(&self, set: &RoaringBitmap, start_ms: i64, end_ms: i64) -> RoaringBitmap {
        let mut cursor = BlockCursor::new(self);
        let is_within = |&series: &u32| {
            cursor.seek(series, start_ms, end_ms);
            cursor.has_samples()
        };
        if end_ms < self.meta.min_ms || start_ms > self.meta.max_ms {
            return RoaringBitmap::new();
        }
        set.iter().filter(is_within).collect()
    }

    /// A cursor over the samples of a series between two times, both inclusive. It can be sent to other series, and
    /// then uses again what they share: take one for each thread.
    pub fn cursor(&self, series: u32, start_ms: i64, end_ms: i64) -> BlockCursor<'_> {
        let mut cursor = BlockCursor::new(self);
        cursor.seek(series, start_ms, end_ms);
        cursor
    }

    /// The chunks of a series as they stand in the file, floats first, without those that are damaged.
    pub fn raw(&self, series: u32) -> Vec<RawChunk<'_>> {
        BlockCursor::new(self).raw(series)
    }

    /// Whether it is known of any series since when it counts.
    pub fn has_starts(&self) -> bool {
        !self.section(Section::Starts).is_empty()
    }

    /// Since when a series counts: (time, start), in the order of time, each holding for samples from its time on; 0 where that is
    /// not known, as before the first.
    pub fn starts(&self, series: u32) -> Vec<(i64, i64)> {
        if !self.has_starts() {
            return Vec::new();
        }
        let read = starts::read(self.section(Section::Starts), series, self.meta.min_ms);
        read.unwrap_or_else(|error| self.malformed("start timestamps", error))
    }

    /// What has been found damaged so far, each named.
    pub fn quarantined(&self) -> Vec<String> {
        self.quarantine.names()
    }

    /// Reads everything; afterwards [`Block::quarantined`] names all that is damaged.
    pub fn verify(&self) {
        let mut cursor = BlockCursor::new(self);
        let mut tile = model::storage::Tile::default();
        for series in 0..self.n_series() {
            cursor.seek(series, i64::MIN, i64::MAX);
            while cursor.next_tile(&mut tile) {}
        }
        self.labels_of(0..self.n_series()).for_each(drop);
        self.label_names().iter().for_each(|name| drop(self.label_values(name)));
    }

    pub(crate) fn section(&self, section: Section) -> &[u8] {
        &self.file[self.layout.range(section)]
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn n_series(&self) -> u32 {
        // Meta is refused where there are more.
        self.meta.n_series as u32
    }

    pub(crate) fn n_symbols(&self) -> usize {
        self.n_symbols
    }

    /// The encoded values of a chunk of a series, if they are whole.
    pub(crate) fn chunk(&self, series: u32, chunk: &ChunkRef) -> Option<&[u8]> {
        let bytes = self.prover.proven(&self.file, chunk.offset, u64::from(chunk.len));
        if bytes.is_none() {
            self.note_chunk(series, chunk);
        }
        bytes
    }

    /// Names a chunk that cannot be read.
    pub(crate) fn note_chunk(&self, series: u32, chunk: &ChunkRef) {
        let name = || {
            let (id, offset, len) = (self.meta.id, chunk.offset, chunk.len as usize + CRC_LEN);
            format!("block {id}: chunk of {} at byte {offset} ({len} bytes) is damaged", self.labels(series))
        };
        self.quarantine.note(chunk.offset, name);
    }

    /// The reference of a column.
    pub(crate) fn column_ref(&self, column: u32) -> Option<ColumnRef> {
        let read = columns::read(self.section(Section::Columns), column);
        read.map_or_else(|error| self.malformed("column references", error), Some)
    }

    /// The timestamps of a column, if they are whole.
    pub(crate) fn column(&self, column: &ColumnRef) -> Option<Vec<i64>> {
        let bytes = self.prover.proven(&self.file, column.offset, u64::from(column.len));
        let timestamps = bytes.and_then(|bytes| {
            let mut timestamps = Vec::new();
            codec::decode_timestamps(bytes, column.n_samples as usize, &mut timestamps).ok()?;
            let is_right = timestamps.is_sorted_by(|a, b| a < b)
                && timestamps.len() == column.n_samples as usize
                && timestamps.first() == Some(&column.first_ms)
                && timestamps.last() == Some(&column.last_ms);
            is_right.then_some(timestamps)
        });
        if timestamps.is_none() {
            let (id, offset, len) = (self.meta.id, column.offset, column.len as usize + CRC_LEN);
            let name = || format!("block {id}: column of timestamps at byte {offset} ({len} bytes) is damaged");
            self.quarantine.note(offset, name);
        }
        timestamps
    }

    /// Notes that a part of the index cannot be understood although its checksum is right, and gives nothing instead.
    pub(crate) fn malformed<T: Default>(&self, part: &'static str, error: DecodeError) -> T {
        let id = self.meta.id;
        self.quarantine.note(u64::MAX - part.len() as u64, || format!("block {id}: {part} cannot be read: {error}"));
        T::default()
    }
}
