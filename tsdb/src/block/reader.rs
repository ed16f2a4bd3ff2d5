//! Reading a block.
#![allow(clippy::todo, dead_code, unused_variables, reason = "the shape, for those who build on it; the body follows")]

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use model::storage::HistogramValue;
use model::{Labels, Matcher};
use roaring::RoaringBitmap;

use super::{BlockCursor, BlockError, BlockMeta};

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
    /// The times of its samples, at most 1,024.
    pub timestamps: Vec<i64>,
    /// The encoded values.
    pub encoded: &'a [u8],
}

impl RawChunk<'_> {
    /// Decodes floats; `None` where it holds something else or cannot be decoded.
    pub fn bits(&self) -> Option<Vec<u64>> {
        todo!()
    }

    /// Decodes histograms; `None` where it holds something else or cannot be decoded.
    pub fn histograms(&self) -> Option<Vec<HistogramValue>> {
        todo!()
    }
}

/// An open block.
#[derive(Debug)]
pub struct Block {}

impl Block {
    /// Opens a block: maps the file, and verifies its footer and its index. Chunks are verified when they are read.
    pub fn open(disk: &Arc<dyn Disk>, path: &Path) -> Result<Block, BlockError> {
        todo!()
    }

    /// What is known of the block as a whole.
    pub fn meta(&self) -> &BlockMeta {
        todo!()
    }

    /// The series that fulfil all matchers. Series are numbered from 0 in the order in which they were written.
    pub fn matching(&self, matchers: &[Matcher]) -> RoaringBitmap {
        todo!()
    }

    /// The labels of a series.
    pub fn labels(&self, series: u32) -> Labels {
        todo!()
    }

    /// The series with exactly these labels.
    pub fn find(&self, labels: &Labels) -> Option<u32> {
        todo!()
    }

    /// The label names, sorted.
    pub fn label_names(&self) -> Vec<String> {
        todo!()
    }

    /// The values of a label, sorted.
    pub fn label_values(&self, name: &str) -> Vec<String> {
        todo!()
    }

    /// The names that stand on the series of `set`, sorted.
    pub fn names_of(&self, set: &RoaringBitmap) -> Vec<String> {
        todo!()
    }

    /// The times of the first and the last sample of a series; `None` where damage has left none.
    pub fn interval(&self, series: u32) -> Option<(i64, i64)> {
        todo!()
    }

    /// A cursor over the samples of a series between two times, both inclusive. It can be sent to other series, and
    /// then uses again what they share: take one for each thread.
    pub fn cursor(&self, series: u32, start_ms: i64, end_ms: i64) -> BlockCursor<'_> {
        todo!()
    }

    /// The chunks of a series as they stand in the file, floats first, without those that are damaged.
    pub fn raw(&self, series: u32) -> Vec<RawChunk<'_>> {
        todo!()
    }

    /// What has been found damaged so far, each named.
    pub fn quarantined(&self) -> Vec<String> {
        todo!()
    }

    /// Reads everything; afterwards [`Block::quarantined`] names all that is damaged.
    pub fn verify(&self) {
        todo!()
    }
}
