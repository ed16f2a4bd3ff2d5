//! Writing a block: chunks and timestamp columns as series come, the index at the end.
//!
//! The file is `ID.tmp` until all of it is on the disk, and then gets its name; so after a power cut a block is whole or
//! not there. In memory are the labels of the series and a few words for each chunk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{Disk, DiskFile};
use model::Labels;
use model::storage::HistogramValue;

use super::chunks::{self, ChunkRef};
use super::columns::{self, COLUMN_SAMPLES, ColumnRef, KnownColumns};
use super::labels_writer::LabelsWriter;
use super::layout::{self, CRC_LEN, HEADER_LEN, Prover, Section};
use super::starts::StartsWriter;
use super::{BlockError, BlockId, BlockMeta, BlockSpec, Kind, file_name, temporary_file_name};
use crate::codec::{self, CHUNK_SAMPLES};

/// What is gathered before it is written.
const BUFFER_LEN: usize = 256 << 10;

/// All samples of a series in a block, in the order of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SeriesSamples<'a> {
    /// The times of the floats, strictly increasing.
    pub timestamps: &'a [i64],
    /// The floats.
    pub bits: &'a [u64],
    /// Native histograms, at times of their own, strictly increasing.
    pub histograms: &'a [(i64, HistogramValue)],
    /// Since when they count: (time, start), strictly increasing in time. A sample has the start of the last entry that is not
    /// after it; 0 where it is not known, and where there is no such entry.
    pub starts: &'a [(i64, i64)],
}

/// A block that is being written. Dropping it unfinished removes its file.
#[derive(Debug)]
pub struct BlockWriter {
    output: Output,
    id: BlockId,
    spec: BlockSpec,
    labels: LabelsWriter,
    chunks: Vec<ChunkRef>,
    /// Where the chunks of each series end.
    ends: Vec<u32>,
    columns: Vec<ColumnRef>,
    known: KnownColumns,
    starts: StartsWriter,
    n_samples: u64,
    /// Encoded bytes, and times of histograms: memory that is used again.
    encoded: Vec<u8>,
    times: Vec<i64>,
}

impl BlockWriter {
    /// Begins `dir/ID.tmp`; the directory is there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn create(disk: &Arc<dyn Disk>, dir: &Path, id: BlockId, spec: BlockSpec) -> Result<BlockWriter, BlockError> {
        Ok(BlockWriter {
            output: Output::create(disk, dir, id)?,
            id,
            spec,
            labels: LabelsWriter::new(id),
            chunks: Vec::new(),
            ends: Vec::new(),
            columns: Vec::new(),
            known: KnownColumns::default(),
            starts: StartsWriter::default(),
            n_samples: 0,
            encoded: Vec::new(),
            times: Vec::new(),
        })
    }

    /// Adds a series, which comes once. Series of one target come one after the other, if possible: they share
    /// timestamps and labels. A series without samples is left out.
    ///
    /// # Errors
    /// When the disk refuses, the samples are not in the order of time, or the block is full. After the first error the
    /// block cannot be finished.
    pub fn series(&mut self, labels: &Labels, samples: &SeriesSamples<'_>) -> Result<(), BlockError> {
        let added = self.add(labels, samples);
        self.output.failed |= added.is_err();
        added
    }

    fn add(&mut self, labels: &Labels, samples: &SeriesSamples<'_>) -> Result<(), BlockError> {
        let SeriesSamples { timestamps, bits, histograms, starts } = *samples;
        let is_sorted = timestamps.is_sorted_by(|a, b| a < b)
            && histograms.is_sorted_by(|(a, _), (b, _)| a < b)
            && starts.is_sorted_by(|(a, _), (b, _)| a < b);
        if !is_sorted || timestamps.len() != bits.len() {
            return Err(BlockError::Unsorted { series: labels.to_string() });
        }
        if timestamps.is_empty() && histograms.is_empty() {
            return Ok(());
        }
        for (timestamps, bits) in timestamps.chunks(COLUMN_SAMPLES).zip(bits.chunks(COLUMN_SAMPLES)) {
            let column = self.column(timestamps)?;
            for (i, bits) in bits.chunks(CHUNK_SAMPLES).enumerate() {
                codec::encode_values(bits, self.spec.effort, &mut self.encoded);
                self.chunk(Kind::Floats, column, i, bits.len())?;
            }
        }
        for histograms in histograms.chunks(COLUMN_SAMPLES) {
            let mut times = std::mem::take(&mut self.times);
            times.clear();
            times.extend(histograms.iter().map(|&(timestamp_ms, _)| timestamp_ms));
            let column = self.column(&times)?;
            self.times = times;
            for (i, histograms) in histograms.chunks(CHUNK_SAMPLES).enumerate() {
                let values: Vec<HistogramValue> = histograms.iter().map(|(_, value)| value.clone()).collect();
                codec::encode_histograms(&values, &mut self.encoded);
                self.chunk(Kind::Histograms, column, i, values.len())?;
            }
        }
        if !starts.is_empty() {
            self.starts.add(self.ends.len() as u32, starts, interval(timestamps, histograms));
        }
        self.n_samples += (timestamps.len() + histograms.len()) as u64;
        self.labels.add(labels)?;
        self.ends.push(u32::try_from(self.chunks.len()).map_err(|_| BlockError::Full("chunks"))?);
        Ok(())
    }

    /// The column with these timestamps, and where in it they begin.
    fn column(&mut self, timestamps: &[i64]) -> Result<(u32, u32), BlockError> {
        if let Some(place) = self.known.find(timestamps) {
            return Ok(place);
        }
        codec::encode_timestamps(timestamps, &mut self.encoded);
        let (offset, len) = self.output.append_proven(&mut self.encoded)?;
        let (Some(&first_ms), Some(&last_ms)) = (timestamps.first(), timestamps.last()) else {
            return Err(BlockError::Empty);
        };
        self.columns.push(ColumnRef { n_samples: timestamps.len() as u32, offset, len, first_ms, last_ms });
        Ok((self.known.add(timestamps), 0))
    }

    /// Writes what has been encoded as the `i`th chunk on a column.
    fn chunk(&mut self, kind: Kind, column: (u32, u32), i: usize, n_samples: usize) -> Result<(), BlockError> {
        let (offset, len) = self.output.append_proven(&mut self.encoded)?;
        let (column, start) = (column.0, column.1 + (i * CHUNK_SAMPLES) as u32);
        self.chunks.push(ChunkRef { kind, n_samples: n_samples as u32, column, start, offset, len });
        Ok(())
    }

    /// How many bytes have been written so far, without the index.
    pub fn n_bytes(&self) -> u64 {
        self.output.n_written
    }

    /// Writes the index, makes everything survive a power cut, and names the file `dir/ID.nblk`.
    ///
    /// # Errors
    /// When the disk refuses, or there are no samples; there is no block then.
    pub fn finish(mut self) -> Result<BlockMeta, BlockError> {
        let interval = self.columns.iter().map(|column| (column.first_ms, column.last_ms));
        let interval = interval.reduce(|(first, last), (a, b)| (first.min(a), last.max(b)));
        let (min_ms, max_ms) = interval.ok_or(BlockError::Empty)?;
        if self.output.failed {
            return Err(BlockError::GivenUp);
        }
        let n_column_bytes = self.columns.iter().map(|column| u64::from(column.len) + CRC_LEN as u64).sum();
        let labels = self.labels.finish()?;
        let mut meta = BlockMeta {
            id: self.id,
            min_ms,
            max_ms,
            n_series: self.ends.len() as u64,
            n_samples: self.n_samples,
            n_chunks: self.chunks.len() as u64,
            n_bytes: 0,
            level: self.spec.level,
            sealed_to_ms: self.spec.sealed_to_ms,
            sealed_log: self.spec.sealed_log,
            sources: self.spec.sources,
            resolution_ms: self.spec.resolution_ms,
            parts: Vec::new(),
        };
        let sections = [
            chunks::write(&self.chunks, &self.ends)?,
            columns::write(&self.columns)?,
            labels.series,
            labels.shared,
            labels.own,
            labels.names,
            labels.values,
            labels.postings,
            labels.symbols,
            meta.write(labels.n_symbols, n_column_bytes),
            self.starts.finish(self.ends.len(), min_ms)?,
        ];
        let n_data_bytes = self.output.n_written;
        self.output.append(&layout::tail(&sections, n_data_bytes))?;
        meta.n_bytes = self.output.n_written;
        meta.parts = parts(n_data_bytes, n_column_bytes, Section::ALL.map(|section| sections[section as usize].len()));
        self.output.finish()?;
        Ok(meta)
    }
}

/// The times of the first and the last of some samples; of none, a time that is none.
fn interval(timestamps: &[i64], histograms: &[(i64, HistogramValue)]) -> (i64, i64) {
    let floats = timestamps.first().copied().zip(timestamps.last().copied());
    let histograms = histograms.first().zip(histograms.last()).map(|(first, last)| (first.0, last.0));
    let both = floats.into_iter().chain(histograms);
    both.reduce(|(first, last), (a, b)| (first.min(a), last.max(b))).unwrap_or((i64::MAX, i64::MIN))
}

/// How many bytes each part of a file takes.
pub(crate) fn parts(
    n_data_bytes: u64,
    n_column_bytes: u64,
    n_section_bytes: [usize; Section::ALL.len()],
) -> Vec<(&'static str, u64)> {
    let n_value_bytes = n_data_bytes.saturating_sub(n_column_bytes + HEADER_LEN as u64);
    let mut parts = vec![("values", n_value_bytes), ("timestamps", n_column_bytes)];
    let is_there = |(section, n_bytes): &(Section, usize)| *section != Section::Starts || *n_bytes > 0;
    let sections = Section::ALL.into_iter().zip(n_section_bytes).filter(is_there);
    parts.extend(sections.map(|(section, n_bytes)| (section.name(), n_bytes as u64)));
    parts
}

/// The file that is being written.
#[derive(Debug)]
struct Output {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    id: BlockId,
    /// Where it is now; `None` once it has its name.
    path: Option<PathBuf>,
    file: Box<dyn DiskFile>,
    buffer: Vec<u8>,
    prover: Prover,
    /// Bytes so far, those in the buffer included.
    n_written: u64,
    /// Whether something was not written that should have been.
    failed: bool,
}

impl Output {
    fn create(disk: &Arc<dyn Disk>, dir: &Path, id: BlockId) -> Result<Output, BlockError> {
        let path = dir.join(temporary_file_name(id));
        let file = disk.create(&path).map_err(|error| BlockError::io(&path, error))?;
        let buffer = layout::header().to_vec();
        Ok(Output {
            disk: Arc::clone(disk),
            dir: dir.into(),
            id,
            path: Some(path),
            file,
            n_written: buffer.len() as u64,
            buffer,
            prover: Prover::new(id),
            failed: false,
        })
    }

    /// Appends bytes with their checksum and empties them; answers where they are and how many.
    fn append_proven(&mut self, bytes: &mut Vec<u8>) -> Result<(u64, u32), BlockError> {
        let offset = self.n_written;
        let len = u32::try_from(bytes.len()).map_err(|_| BlockError::Full("bytes in a chunk"))?;
        let crc = self.prover.crc(offset, bytes);
        bytes.extend_from_slice(&crc);
        self.append(bytes)?;
        bytes.clear();
        Ok((offset, len))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), BlockError> {
        self.buffer.extend_from_slice(bytes);
        self.n_written += bytes.len() as u64;
        if self.buffer.len() >= BUFFER_LEN { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), BlockError> {
        let written = self.file.append(&self.buffer);
        self.buffer.clear();
        self.checked(written)
    }

    fn finish(mut self) -> Result<(), BlockError> {
        self.flush()?;
        let synced = self.file.sync();
        self.checked(synced)?;
        let Some(path) = self.path.take() else { return Ok(()) };
        let named = self.dir.join(file_name(self.id));
        let renamed = self.disk.rename(&path, &named);
        self.path = Some(if renamed.is_ok() { named } else { path });
        let renamed = renamed.and_then(|()| self.disk.sync_dir(&self.dir));
        self.checked(renamed)?;
        self.path = None;
        Ok(())
    }

    fn checked(&mut self, result: std::io::Result<()>) -> Result<(), BlockError> {
        self.failed |= result.is_err();
        result.map_err(|error| BlockError::io(&self.dir.join(file_name(self.id)), error))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What cannot be removed is not taken for a block.
            let _ = self.disk.remove(path);
        }
    }
}
