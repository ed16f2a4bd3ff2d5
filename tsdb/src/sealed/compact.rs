//! Compaction: several blocks become one, in which nothing stands twice and more work is done for fewer bytes.
//!
//! The new block names its sources. Until they are removed they are read no more, and a start removes those that a kill left.

use std::sync::Arc;
use std::time::Duration;

use model::Labels;
use model::storage::HistogramValue;
use roaring::RoaringBitmap;

use super::plan::{due, widths};
use super::{BLOCKS_DIR, Sealed};
use crate::block::{Block, BlockError, BlockId, BlockMeta, BlockSpec, BlockWriter, RawChunk, SeriesSamples, file_name};
use crate::codec::Effort;
use crate::store::Store;

/// What was compacted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompactStats {
    /// Blocks that became one.
    pub n_blocks: u64,
    /// Samples in it.
    pub n_samples: u64,
    /// The length of the blocks before, in bytes.
    pub n_bytes_before: u64,
    /// The length of the one.
    pub n_bytes: u64,
    /// How long it took.
    pub duration: Duration,
}

impl Store {
    /// Makes one block of those that lie in a window of time that is over, if there are such.
    ///
    /// # Errors
    /// When a block cannot be written, or one of those that it replaces not removed; it is no longer read then, and is removed
    /// at the next start.
    pub fn compact_if_due(&self) -> Result<Option<CompactStats>, BlockError> {
        let sealed = self.sealed();
        let whole: Vec<&BlockMeta> = whole(&sealed).collect();
        let Some(ids) = due(&whole, sealed.floor_ms(), &widths(self.retention().time_ms)) else { return Ok(None) };
        self.compact(&sealed, &ids)
    }

    /// Makes one block of all that are whole, whatever time they span: the fewest bytes, for benches and for stores that take
    /// nothing more. `None` where there are less than two.
    ///
    /// # Errors
    /// As with [`Store::compact_if_due`].
    pub fn compact_all(&self) -> Result<Option<CompactStats>, BlockError> {
        let sealed = self.sealed();
        let ids: Vec<BlockId> = whole(&sealed).filter(|meta| meta.resolution_ms == 0).map(|meta| meta.id).collect();
        if ids.len() > 1 { self.compact(&sealed, &ids) } else { Ok(None) }
    }

    /// Makes one block of some. `None` where damage was found in one of them, or another change came before.
    fn compact(&self, sealed: &Sealed, ids: &[BlockId]) -> Result<Option<CompactStats>, BlockError> {
        let began = self.clock().elapsed();
        let sources: Vec<&Arc<Block>> = sealed.blocks().iter().filter(|block| ids.contains(&block.meta().id)).collect();
        let Some(block) = self.merge(&sources)? else { return Ok(None) };
        let mut stats = CompactStats {
            n_blocks: sources.len() as u64,
            n_samples: block.meta().n_samples,
            n_bytes_before: sources.iter().map(|source| source.meta().n_bytes).sum(),
            n_bytes: block.meta().n_bytes,
            duration: Duration::ZERO,
        };
        let mut is_replaced = false;
        self.replace_sealed(|now| {
            is_replaced = ids.iter().all(|id| now.metas().any(|meta| meta.id == *id));
            let new = if is_replaced { vec![Arc::clone(&block)] } else { Vec::new() };
            now.replaced(|meta| is_replaced && ids.contains(&meta.id), new)
        });
        if !is_replaced {
            self.remove_block(&block)?;
            return Ok(None);
        }
        sources.iter().try_for_each(|source| self.remove_block(source))?;
        stats.duration = self.clock().elapsed().saturating_sub(began);
        Ok(Some(stats))
    }

    /// Writes a block of all samples of `sources`. `None` where one of them turns out to be damaged.
    fn merge(&self, sources: &[&Arc<Block>]) -> Result<Option<Arc<Block>>, BlockError> {
        let metas = || sources.iter().map(|source| source.meta());
        let sealing =
            metas().filter(|meta| meta.sealed_to_ms.is_some()).max_by_key(|meta| (meta.sealed_to_ms, meta.id));
        let spec = BlockSpec {
            level: metas().map(|meta| meta.level).max().unwrap_or(0).saturating_add(1),
            effort: Effort::Small,
            sealed_to_ms: sealing.and_then(|meta| meta.sealed_to_ms),
            sealed_log: sealing.and_then(|meta| meta.sealed_log),
            sources: metas().map(|meta| meta.id).collect(),
            resolution_ms: 0,
        };
        let id = BlockId::new(self.clock().now_ms(), &mut *self.ids.lock());
        let dir = self.dir.join(BLOCKS_DIR);
        let mut writer = BlockWriter::create(&self.disk, &dir, id, spec)?;
        let mut samples = Samples::default();
        for_each_series(sources, |labels, parts| {
            samples.clear();
            parts.iter().for_each(|&(source, series)| samples.take(sources[source].raw(series)));
            samples.put_in_order();
            writer.series(labels, &samples.as_written())
        })?;
        if samples.is_damaged || sources.iter().any(|source| !source.quarantined().is_empty()) {
            return Ok(None);
        }
        writer.finish()?;
        Ok(Some(Arc::new(Block::open(&self.disk, &dir.join(file_name(id)))?)))
    }

    /// Removes the file of a block that is no longer in the set. Whoever reads it still has it mapped.
    pub(super) fn remove_block(&self, block: &Block) -> Result<(), BlockError> {
        self.disk.remove(block.path()).map_err(|error| BlockError::io(block.path(), error))
    }
}

/// The blocks in which no damage has been found. A damaged one stays as it is: merging it would lose what may still be saved.
fn whole(sealed: &Sealed) -> impl Iterator<Item = &BlockMeta> {
    sealed.blocks().iter().filter(|block| block.quarantined().is_empty()).map(|block| block.meta())
}

/// Goes through the series of some blocks, in the order in which they were first seen: each once, with where it stands.
fn for_each_series(
    blocks: &[&Arc<Block>],
    mut each: impl FnMut(&Labels, &[(usize, u32)]) -> Result<(), BlockError>,
) -> Result<(), BlockError> {
    let mut seen = vec![RoaringBitmap::new(); blocks.len()];
    let mut parts = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let mut left = block.all_series();
        left -= &seen[number];
        for (series, labels) in left.iter().zip(block.labels_of(left.iter())) {
            parts.clear();
            parts.push((number, series));
            for (later, block) in blocks.iter().enumerate().skip(number + 1) {
                if let Some(series) = block.find(&labels) {
                    seen[later].insert(series);
                    parts.push((later, series));
                }
            }
            each(&labels, &parts)?;
        }
    }
    Ok(())
}

/// The samples of a series.
#[derive(Debug, Default)]
struct Samples {
    timestamps: Vec<i64>,
    bits: Vec<u64>,
    histograms: Vec<(i64, HistogramValue)>,
    /// Whether there was something that could not be decoded, in this series or one before.
    is_damaged: bool,
}

impl Samples {
    fn clear(&mut self) {
        self.timestamps.clear();
        self.bits.clear();
        self.histograms.clear();
    }

    /// Appends the samples of chunks.
    fn take(&mut self, chunks: Vec<RawChunk<'_>>) {
        for chunk in chunks {
            if let Some(bits) = chunk.bits() {
                self.timestamps.extend_from_slice(&chunk.timestamps);
                self.bits.extend(bits);
            } else if let Some(histograms) = chunk.histograms() {
                self.histograms.extend(chunk.timestamps.iter().copied().zip(histograms));
            } else {
                self.is_damaged = true;
            }
        }
    }

    /// Makes one sample for each time of those that were taken, and puts them in the order of time. Of two at the same time that
    /// which was taken first counts, as for readers.
    fn put_in_order(&mut self) {
        let is_in_order = self.timestamps.is_sorted_by(|one, next| one < next)
            && self.histograms.is_sorted_by(|(one, _), (next, _)| one < next);
        if is_in_order {
            return;
        }
        let mut floats: Vec<(i64, u64)> = self.timestamps.drain(..).zip(self.bits.drain(..)).collect();
        // Equal ones keep their order.
        floats.sort_by_key(|&(timestamp_ms, _)| timestamp_ms);
        floats.dedup_by_key(|&mut (timestamp_ms, _)| timestamp_ms);
        self.histograms.sort_by_key(|&(timestamp_ms, _)| timestamp_ms);
        self.histograms.dedup_by_key(|&mut (timestamp_ms, _)| timestamp_ms);
        (self.timestamps, self.bits) = floats.into_iter().unzip();
    }

    fn as_written(&self) -> SeriesSamples<'_> {
        SeriesSamples { timestamps: &self.timestamps, bits: &self.bits, histograms: &self.histograms }
    }
}
