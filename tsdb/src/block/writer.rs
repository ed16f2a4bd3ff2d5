//! Writing a block.
#![allow(clippy::todo, dead_code, unused_variables, reason = "the shape, for those who build on it; the body follows")]

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use model::Labels;
use model::storage::HistogramValue;

use super::{BlockError, BlockId, BlockMeta, BlockSpec};

/// All samples of a series in a block, in the order of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SeriesSamples<'a> {
    /// The times of the floats, strictly increasing.
    pub timestamps: &'a [i64],
    /// The floats.
    pub bits: &'a [u64],
    /// Native histograms, at times of their own, strictly increasing.
    pub histograms: &'a [(i64, HistogramValue)],
}

/// A block that is being written.
#[derive(Debug)]
pub struct BlockWriter {}

impl BlockWriter {
    /// Begins `dir/ID.tmp`; the directory is there.
    pub fn create(disk: &Arc<dyn Disk>, dir: &Path, id: BlockId, spec: BlockSpec) -> Result<BlockWriter, BlockError> {
        todo!()
    }

    /// Adds a series, which comes once. Series of one target come one after the other, if possible: they share
    /// timestamps and labels. A series without samples is left out.
    pub fn series(&mut self, labels: &Labels, samples: &SeriesSamples<'_>) -> Result<(), BlockError> {
        todo!()
    }

    /// Writes the index, makes everything survive a power cut, and names the file `dir/ID.nblk`.
    pub fn finish(self) -> Result<BlockMeta, BlockError> {
        todo!()
    }
}
