//! Timestamp columns that were read last, because the next series most likely has the same.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Block;
use super::chunks::ChunkPage;
use super::columns::ColumnRef;
use super::layout::Section;

/// Columns that are kept.
const N_COLUMNS: usize = 4;
/// Parts of columns of which it is known that they were handed out before.
const N_PARTS: usize = 8;

/// A number for [`Tile::column`] that no other timestamps have in this process.
pub(crate) fn next_column_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Columns read last.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    kept: Vec<KeptColumn>,
    /// Parts handed out last, by column and bounds, with their numbers.
    parts: Vec<((u32, usize, usize), u64)>,
}

#[derive(Debug)]
struct KeptColumn {
    number: u32,
    reference: ColumnRef,
    /// `None` until they are asked for; an inner `None` where they are damaged.
    timestamps: Option<Option<Arc<[i64]>>>,
}

impl Columns {
    /// The reference of a column.
    pub(crate) fn reference(&mut self, block: &Block, column: u32) -> Option<ColumnRef> {
        self.kept(block, column).map(|kept| kept.reference)
    }

    /// The timestamps of a column; `None` where they are damaged.
    pub(crate) fn timestamps(&mut self, block: &Block, column: u32, reference: &ColumnRef) -> Option<Arc<[i64]>> {
        let kept = self.kept(block, column)?;
        kept.timestamps.get_or_insert_with(|| block.column(reference).map(Arc::from)).clone()
    }

    /// The column, which then is the first of those that are kept.
    fn kept(&mut self, block: &Block, number: u32) -> Option<&mut KeptColumn> {
        match self.kept.iter().position(|kept| kept.number == number) {
            Some(at) => self.kept[..=at].rotate_right(1),
            None => {
                let reference = block.column_ref(number)?;
                self.kept.truncate(N_COLUMNS - 1);
                self.kept.insert(0, KeptColumn { number, reference, timestamps: None });
            }
        }
        self.kept.first_mut()
    }

    /// The number that says that these timestamps are the same as before.
    pub(crate) fn number(&mut self, column: u32, part: Range<usize>) -> u64 {
        let key = (column, part.start, part.end);
        if let Some(at) = self.parts.iter().position(|(known, _)| *known == key) {
            self.parts[..=at].rotate_right(1);
        } else {
            self.parts.truncate(N_PARTS - 1);
            self.parts.insert(0, (key, next_column_number()));
        }
        self.parts[0].1
    }
}

/// What was read last to say when series have samples.
#[derive(Debug, Default)]
pub(crate) struct IntervalMemory {
    page: ChunkPage,
    columns: Columns,
}

impl Block {
    /// The times of the first and the last sample of a series, whether or not they are damaged.
    pub fn interval(&self, series: u32) -> Option<(i64, i64)> {
        match self.interval_memory.try_lock() {
            Some(mut memory) => self.interval_with(&mut memory, series),
            // Another thread has it; it is faster to do without than to wait.
            None => self.interval_with(&mut IntervalMemory::default(), series),
        }
    }

    fn interval_with(&self, memory: &mut IntervalMemory, series: u32) -> Option<(i64, i64)> {
        let IntervalMemory { page, columns } = memory;
        let chunks = page.get(self.section(Section::Chunks), self.n_series(), series);
        let chunks = chunks.unwrap_or_else(|error| self.malformed("chunk references", error));
        let mut whole: Option<(i64, i64)> = None;
        for chunk in chunks {
            let column = columns.reference(self, chunk.column)?;
            let (start, end) = (chunk.start as usize, chunk.start as usize + chunk.n_samples as usize);
            // Mostly a series has all of a column; then it need not be decoded.
            let (first_ms, last_ms) = if start == 0 && end == column.n_samples as usize {
                (column.first_ms, column.last_ms)
            } else {
                let timestamps = columns.timestamps(self, chunk.column, &column)?;
                (*timestamps.get(start)?, *timestamps.get(end - 1)?)
            };
            whole = Some(whole.map_or((first_ms, last_ms), |(first, last)| (first.min(first_ms), last.max(last_ms))));
        }
        whole
    }
}
