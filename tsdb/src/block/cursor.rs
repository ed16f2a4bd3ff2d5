//! Reading the samples of a series.
//!
//! A chunk becomes a tile, as far as it lies between the two times asked for; where a series has both floats and
//! histograms, tiles end where the other kind goes on. Columns decoded last are kept, because the next series most likely
//! has the same.

use std::ops::Range;
use std::sync::Arc;

use model::storage::{HistogramValue, Tile};

use super::chunks::{ChunkPage, ChunkRef};
use super::columns::ColumnRef;
use super::columns_reader::Columns;
use super::layout::Section;
use super::{Block, Kind, RawChunk};
use crate::codec;
use crate::starts::StartsReader;

/// Goes through the samples of a series between two times.
#[derive(Debug)]
pub struct BlockCursor<'a> {
    block: &'a Block,
    page: ChunkPage,
    columns: Columns,
    series: u32,
    start_ms: i64,
    end_ms: i64,
    /// The chunks of the series that are left, the next one last.
    float_chunks: Vec<ChunkRef>,
    histogram_chunks: Vec<ChunkRef>,
    /// No sample up to this time is handed out any more.
    after_ms: Option<i64>,
    /// The histograms decoded last, and where in the file they begin: between floats they are handed out in small parts.
    decoded: Option<(u64, Vec<HistogramValue>)>,
    /// Whether the series has floats here, and whether nothing of it was handed out yet.
    has_floats: bool,
    is_at_first: bool,
    /// The histogram before the first tile.
    before: Option<HistogramValue>,
    /// Since when the series counts, once a tile was asked for.
    starts: Option<StartsReader>,
}

/// The samples of a chunk that are left between the times asked for.
#[derive(Clone, Debug)]
struct Part {
    timestamps: Arc<[i64]>,
    /// In the column.
    from: usize,
    to: usize,
}

impl Part {
    fn first_ms(&self) -> i64 {
        self.timestamps[self.from]
    }

    fn last_ms(&self) -> i64 {
        self.timestamps[self.to - 1]
    }

    fn as_slice(&self) -> &[i64] {
        &self.timestamps[self.from..self.to]
    }
}

impl<'a> BlockCursor<'a> {
    /// A cursor that is nowhere.
    pub(crate) fn new(block: &'a Block) -> BlockCursor<'a> {
        BlockCursor {
            block,
            page: ChunkPage::default(),
            columns: Columns::default(),
            series: 0,
            start_ms: i64::MIN,
            end_ms: i64::MAX,
            float_chunks: Vec::new(),
            histogram_chunks: Vec::new(),
            after_ms: None,
            decoded: None,
            has_floats: false,
            is_at_first: true,
            before: None,
            starts: None,
        }
    }

    /// Goes to another series, keeping what was decoded of the timestamps they share.
    pub fn seek(&mut self, series: u32, start_ms: i64, end_ms: i64) {
        self.float_chunks.clear();
        self.histogram_chunks.clear();
        (self.series, self.start_ms, self.end_ms, self.after_ms) = (series, start_ms, end_ms, None);
        self.starts = None;
        (self.is_at_first, self.before) = (true, None);
        match self.page.get(self.block.section(Section::Chunks), self.block.n_series(), series) {
            Ok(chunks) => {
                for chunk in chunks.iter().rev() {
                    let side =
                        if chunk.kind == Kind::Floats { &mut self.float_chunks } else { &mut self.histogram_chunks };
                    side.push(*chunk);
                }
            }
            Err(error) => self.block.malformed("chunk references", error),
        }
        self.has_floats = !self.float_chunks.is_empty();
    }

    /// Replaces the tile by the next samples, in time order, at most [`model::storage::TILE_SAMPLES`] of one kind;
    /// answers `false` where there are no more. Damaged chunks are left out.
    pub fn next_tile(&mut self, tile: &mut Tile) -> bool {
        tile.clear();
        loop {
            let floats = self.next_part(Kind::Floats);
            let histograms = self.next_part(Kind::Histograms);
            let (kind, mut part, other_ms) = match (floats, histograms) {
                (None, None) => return false,
                (Some(part), None) => (Kind::Floats, part, None),
                (None, Some(part)) => (Kind::Histograms, part, None),
                (Some(part), Some(other)) if part.first_ms() <= other.first_ms() => {
                    (Kind::Floats, part, Some(other.first_ms()))
                }
                (Some(other), Some(part)) => (Kind::Histograms, part, Some(other.first_ms())),
            };
            if let Some(other_ms) = other_ms {
                let n_before = part.as_slice().partition_point(|&timestamp_ms| timestamp_ms < other_ms);
                // Of two samples of one time the float counts.
                part.to = part.from + n_before.max(1);
            }
            self.after_ms = Some(part.last_ms());
            let chunk = self.side(kind).last().copied();
            if chunk.is_some_and(|chunk| self.fill(tile, kind, &chunk, &part)) {
                return true;
            }
        }
    }

    /// Fills the tile with a part of a chunk; `false` where the chunk is damaged, which is then left out.
    fn fill(&mut self, tile: &mut Tile, kind: Kind, chunk: &ChunkRef, part: &Part) -> bool {
        let start = chunk.start as usize;
        let range = part.from - start..part.to - start;
        let n_samples = chunk.n_samples as usize;
        let decoded = match kind {
            Kind::Floats => self
                .block
                .chunk(self.series, chunk)
                .and_then(|encoded| codec::decode_values_range(encoded, n_samples, range, &mut tile.values).ok()),
            Kind::Histograms => self.take_histograms(chunk, range, &mut tile.histograms),
        };
        let is_whole = decoded.is_some() && tile.values.len() + tile.histograms.len() == part.to - part.from;
        if is_whole {
            self.is_at_first = false;
            tile.timestamps.extend_from_slice(part.as_slice());
            tile.column = self.columns.number(chunk.column, part.from..part.to);
            if self.block.has_starts() {
                let starts = self.starts.get_or_insert_with(|| StartsReader::of(self.block.starts(self.series)));
                starts.fill(tile);
            }
        } else {
            tile.clear();
            self.block.note_chunk(self.series, chunk);
            self.side(kind).pop();
        }
        is_whole
    }

    /// After the first tile: the native histogram that stands before it in its chunk, deleted or not, where no float can lie
    /// between.
    pub(crate) fn take_before(&mut self) -> Option<HistogramValue> {
        self.before.take()
    }

    /// Takes some histograms of a chunk. Those behind them are kept for the next time.
    fn take_histograms(&mut self, chunk: &ChunkRef, range: Range<usize>, out: &mut Vec<HistogramValue>) -> Option<()> {
        let mut values = match self.decoded.take() {
            Some((offset, values)) if offset == chunk.offset => values,
            _ => {
                let mut values = Vec::new();
                let encoded = self.block.chunk(self.series, chunk)?;
                codec::decode_histograms(encoded, chunk.n_samples as usize, &mut values).ok()?;
                values
            }
        };
        if self.is_at_first && !self.has_floats {
            self.before = range.start.checked_sub(1).and_then(|before| values.get(before)).cloned();
        }
        if range.end < values.len() {
            out.extend_from_slice(values.get(range)?);
            self.decoded = Some((chunk.offset, values));
        } else {
            out.extend(values.drain(range.start.min(values.len())..));
        }
        Some(())
    }

    /// The part of the next chunk of a kind that is left; chunks of which nothing is left are gone then.
    fn next_part(&mut self, kind: Kind) -> Option<Part> {
        loop {
            let chunk = *self.side(kind).last()?;
            match self.part_of(&chunk) {
                Some(part) if part.from < part.to => return Some(part),
                _ => self.side(kind).pop(),
            };
        }
    }

    /// What is left of a chunk; `None` where its column is damaged.
    fn part_of(&mut self, chunk: &ChunkRef) -> Option<Part> {
        let (column, end) = self.column_of(chunk)?;
        let (start, end) = (chunk.start as usize, end as usize);
        let start_ms = match self.after_ms {
            Some(after_ms) => self.start_ms.max(after_ms.checked_add(1)?),
            None => self.start_ms,
        };
        // Mostly the whole column lies on one side; then it need not be decoded.
        if column.last_ms < start_ms || column.first_ms > self.end_ms {
            return None;
        }
        let timestamps = self.columns.timestamps(self.block, chunk.column, &column)?;
        let here = timestamps.get(start..end)?;
        let from = start + here.partition_point(|&timestamp_ms| timestamp_ms < start_ms);
        let to = start + here.partition_point(|&timestamp_ms| timestamp_ms <= self.end_ms);
        Some(Part { timestamps, from, to })
    }

    /// The column of a chunk, and where in it the chunk ends, if it does.
    fn column_of(&mut self, chunk: &ChunkRef) -> Option<(ColumnRef, u32)> {
        let column = self.columns.reference(self.block, chunk.column)?;
        let end = chunk.start.checked_add(chunk.n_samples).filter(|&end| end <= column.n_samples);
        if end.is_none() {
            self.block.note_chunk(self.series, chunk);
        }
        Some((column, end?))
    }

    /// Whether there are samples left, as far as timestamps say.
    pub(crate) fn has_samples(&mut self) -> bool {
        self.next_part(Kind::Floats).is_some() || self.next_part(Kind::Histograms).is_some()
    }

    /// How many samples are left, as far as timestamps say; afterwards none are.
    pub(crate) fn n_samples_left(&mut self) -> u64 {
        let mut n_samples = 0;
        for kind in [Kind::Floats, Kind::Histograms] {
            while let Some(part) = self.next_part(kind) {
                n_samples += (part.to - part.from) as u64;
                self.side(kind).pop();
            }
        }
        n_samples
    }

    /// The chunks of a series, floats first, without those that are damaged.
    pub(crate) fn raw(&mut self, series: u32) -> Vec<RawChunk<'a>> {
        self.seek(series, i64::MIN, i64::MAX);
        let chunks: Vec<ChunkRef> =
            self.float_chunks.iter().rev().chain(self.histogram_chunks.iter().rev()).copied().collect();
        let mut raw = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            if let Some(part) = self.part_of(&chunk)
                && let Some(encoded) = self.block.chunk(series, &chunk)
            {
                raw.push(RawChunk { kind: chunk.kind, timestamps: part.as_slice().to_vec(), encoded });
            }
        }
        raw
    }

    fn side(&mut self, kind: Kind) -> &mut Vec<ChunkRef> {
        match kind {
            Kind::Floats => &mut self.float_chunks,
            Kind::Histograms => &mut self.histogram_chunks,
        }
    }
}
