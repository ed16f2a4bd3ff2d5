//! Compaction: several blocks become one, in which nothing stands twice and more work is done for fewer bytes.
//!
//! The new block names its sources. Until they are removed they are read no more, and a start removes those that a kill left.
//!
//! What is deleted in the sources and can no longer be brought back does not come into the new block. What can still be
//! brought back does, and is deleted there; so only blocks of which the same is deleted, one after the other in age, become one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::Labels;
use model::storage::HistogramValue;
use roaring::RoaringBitmap;

use super::plan::{due, widths};
use super::{BLOCKS_DIR, Sealed};
use crate::block::{Block, BlockError, BlockId, BlockMeta, BlockSpec, BlockWriter, RawChunk, SeriesSamples, file_name};
use crate::codec::Effort;
use crate::deletion::{Deletion, DeletionsFile, Hidden, Replacement};
use crate::downsample;
use crate::maintenance::MaintenanceError;
use crate::starts::{Run, start_at};
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
    pub fn compact_if_due(&self) -> Result<Option<CompactStats>, MaintenanceError> {
        let sealed = self.sealed();
        let widths = widths(self.retention().time_ms);
        let due = self.alike(&sealed).into_iter().find_map(|metas| due(&metas, sealed.floor_ms(), &widths));
        due.map_or(Ok(None), |ids| self.compact(&sealed, &ids))
    }

    /// Makes one block of all that are whole, whatever time they span: the fewest bytes, for benches and for stores that take
    /// nothing more. `None` where there are less than two; with deletions that can be undone some may be left.
    ///
    /// # Errors
    /// As with [`Store::compact_if_due`].
    pub fn compact_all(&self) -> Result<Option<CompactStats>, MaintenanceError> {
        let sealed = self.sealed();
        let ids = |metas: Vec<&BlockMeta>| -> Vec<BlockId> {
            metas.into_iter().filter(|meta| meta.resolution_ms == 0).map(|meta| meta.id).collect()
        };
        let some = self.alike(&sealed).into_iter().map(ids).find(|ids| ids.len() > 1);
        some.map_or(Ok(None), |ids| self.compact(&sealed, &ids))
    }

    /// The blocks in which no damage has been found, those together that follow one another in age and of which the same
    /// deletions can be undone: a block between two others must not become younger or older than both. A damaged one stays as it
    /// is: merging it would lose what may still be saved.
    fn alike<'a>(&self, sealed: &'a Sealed) -> Vec<Vec<&'a BlockMeta>> {
        let now_ms = self.clock().now_ms();
        let deletions = self.deletions.lock();
        let whole = sealed.blocks().iter().filter(|block| block.quarantined().is_empty());
        let undoable = |meta: &'a BlockMeta| (deletions.now().undoable_of(meta.id, now_ms), meta);
        let mut by_age: Vec<(Vec<u64>, &BlockMeta)> = whole.map(|block| undoable(block.meta())).collect();
        by_age.sort_by_key(|(_, meta)| meta.id);
        let alike = by_age.chunk_by(|(one, _), (next, _)| one == next);
        alike.map(|blocks| blocks.iter().map(|&(_, meta)| meta).collect()).collect()
    }

    /// Makes one block of some, without what is deleted in them and can no longer be undone. `None` where damage was found in
    /// one of them, or another change came before.
    pub(crate) fn compact(&self, sealed: &Sealed, ids: &[BlockId]) -> Result<Option<CompactStats>, MaintenanceError> {
        let began = self.clock().elapsed();
        let mut sources: Vec<&Arc<Block>> =
            sealed.blocks().iter().filter(|block| ids.contains(&block.meta().id)).collect();
        // Of two samples of one time that of the older block counts, as for readers.
        sources.sort_by_key(|source| source.meta().id);
        let now_ms = self.clock().now_ms();
        let is_applied = |deletion: &&Deletion| deletion.undoable_until_ms(now_ms).is_none();
        let applied: Vec<Deletion> = self.deletions.lock().now().list.iter().filter(is_applied).cloned().collect();
        let Some(merged) = self.merge(&sources, &applied)? else { return Ok(None) };

        // From here on nothing is deleted, and no blocks come or go but by sealing.
        let mut deletions = self.deletions.lock();
        let now = self.sealed();
        if !ids.iter().all(|id| now.metas().any(|meta| meta.id == *id)) {
            return Ok(None);
        }
        let applied: Vec<u64> = applied.iter().map(|deletion| deletion.id).collect();
        let block = self.finish(merged, &mut deletions, ids, &applied)?;
        self.replace_blocks(&mut deletions, &sources, block.as_ref(), &applied)?;
        Ok(Some(CompactStats {
            n_blocks: sources.len() as u64,
            n_samples: block.as_ref().map_or(0, |block| block.meta().n_samples),
            n_bytes_before: sources.iter().map(|source| source.meta().n_bytes).sum(),
            n_bytes: block.as_ref().map_or(0, |block| block.meta().n_bytes),
            duration: self.clock().elapsed().saturating_sub(began),
        }))
    }

    /// Finishes a block that is to take the place of others. `None` where nothing is left to stand in it.
    fn finish(
        &self,
        merged: Merged,
        deletions: &mut DeletionsFile,
        ids: &[BlockId],
        applied: &[u64],
    ) -> Result<Option<Arc<Block>>, MaintenanceError> {
        let Merged { id, writer } = merged;
        deletions.settle()?;
        if deletions.now().name_any(ids) {
            // A start that finds the block must know what is no longer deleted in it, because it is not there.
            let replacement = Replacement { block: id, without: applied.to_vec() };
            deletions.change(|deletions| deletions.replacements.push(replacement))?;
        }
        let path = self.dir.join(BLOCKS_DIR).join(file_name(id));
        let finished = match writer.finish() {
            Ok(_) => Block::open(&self.disk, &path).map(|block| Some(Arc::new(block))),
            Err(BlockError::Empty) => Ok(None),
            Err(error) => Err(error),
        };
        if finished.as_ref().map_or(true, Option::is_none) {
            // If it has its name and stays, a start goes on with it.
            let _ = self.disk.remove(&path);
            if self.disk.len(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
                deletions.follow(|deletions| deletions.replacements.retain(|replacement| replacement.block != id));
            }
        }
        Ok(finished?)
    }

    /// Puts a block in the place of others, whose files are removed.
    fn replace_blocks(
        &self,
        deletions: &mut DeletionsFile,
        sources: &[&Arc<Block>],
        block: Option<&Arc<Block>>,
        applied: &[u64],
    ) -> Result<(), MaintenanceError> {
        let ids: Vec<BlockId> = sources.iter().map(|source| source.meta().id).collect();
        if let Some(block) = block {
            deletions.follow(|deletions| deletions.replace(&ids, block.meta().id, applied));
        }
        self.hide(deletions.now(), &ids, block);
        sources.iter().try_for_each(|source| self.remove_block(source))?;
        let dir = self.dir.join(BLOCKS_DIR);
        self.disk.sync_dir(&dir).map_err(|error| BlockError::io(&dir, error))?;
        // Only now: should one of them come back, it must not come back whole.
        deletions.follow(|deletions| deletions.forget(&ids));
        Ok(deletions.settle()?)
    }

    /// Writes all samples of `sources`, but for what these deletions hide, up to the end of a block. `None` where one of them
    /// turns out to be damaged.
    fn merge(&self, sources: &[&Arc<Block>], applied: &[Deletion]) -> Result<Option<Merged>, BlockError> {
        let metas = || sources.iter().map(|source| source.meta());
        let sealing =
            metas().filter(|meta| meta.sealed_to_ms.is_some()).max_by_key(|meta| (meta.sealed_to_ms, meta.id));
        let hidden: Vec<Option<Hidden>> = sources
            .iter()
            .map(|source| {
                let id = source.meta().id;
                Hidden::of(source, applied.iter().filter(|deletion| deletion.blocks.contains(&id)))
            })
            .collect();
        let level = metas().map(|meta| meta.level).max().unwrap_or(0);
        let spec = BlockSpec {
            level: if sources.len() > 1 { level.saturating_add(1) } else { level },
            effort: Effort::Small,
            sealed_to_ms: sealing.and_then(|meta| meta.sealed_to_ms),
            sealed_log: sealing.and_then(|meta| meta.sealed_log),
            sources: metas().map(|meta| meta.id).collect(),
            resolution_ms: 0,
        };
        let id = self.ids.lock().merged(metas());
        let dir = self.dir.join(BLOCKS_DIR);
        let mut writer = BlockWriter::create(&self.disk, &dir, id, spec)?;
        let mut samples = Samples::default();
        let with_starts = sources.iter().any(|source| source.has_starts());
        for_each_series(sources, |labels, parts| {
            samples.clear();
            parts.iter().for_each(|&(source, series)| {
                let starts = with_starts.then(|| sources[source].starts(series));
                samples.take(sources[source].raw(series), starts.as_deref(), hidden[source].as_ref(), series);
            });
            samples.put_in_order();
            writer.series(labels, &samples.as_written())
        })?;
        if samples.is_damaged || sources.iter().any(|source| !source.quarantined().is_empty()) {
            return Ok(None);
        }
        Ok(Some(Merged { id, writer }))
    }

    /// Removes the file of a block that is no longer in the set, and what was summed up of it. Whoever reads them still has
    /// them mapped.
    pub(super) fn remove_block(&self, block: &Block) -> Result<(), BlockError> {
        downsample::remove_of(&*self.disk, &self.dir, block.meta().id);
        self.disk.remove(block.path()).map_err(|error| BlockError::io(block.path(), error))
    }
}

/// A block of which all is written but its end.
struct Merged {
    id: BlockId,
    writer: BlockWriter,
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
    /// Since when each counts, by its time, where that is known of any series of the blocks.
    starts: Vec<Run>,
    /// Whether there was something that could not be decoded, in this series or one before.
    is_damaged: bool,
}

impl Samples {
    fn clear(&mut self) {
        self.timestamps.clear();
        self.bits.clear();
        self.histograms.clear();
        self.starts.clear();
    }

    /// Appends the samples of chunks of a series, without what is deleted.
    fn take(&mut self, chunks: Vec<RawChunk<'_>>, starts: Option<&[Run]>, hidden: Option<&Hidden>, series: u32) {
        let mut stretches = Vec::new();
        if let Some(hidden) = hidden.filter(|hidden| hidden.touches(series)) {
            hidden.push_visible(series, i64::MIN, i64::MAX, &mut stretches);
        } else {
            stretches.push((i64::MIN, i64::MAX));
        }
        for chunk in chunks {
            let times = &chunk.timestamps;
            let ranges = stretches.iter().map(|&(start_ms, end_ms)| {
                let from = times.partition_point(|&time_ms| time_ms < start_ms);
                from..times.partition_point(|&time_ms| time_ms <= end_ms)
            });
            if let Some(bits) = chunk.bits() {
                for range in ranges {
                    self.timestamps.extend_from_slice(&times[range.clone()]);
                    self.bits.extend_from_slice(&bits[range.clone()]);
                    self.take_starts(&times[range], starts);
                }
            } else if let Some(histograms) = chunk.histograms() {
                for range in ranges {
                    let times = &times[range.clone()];
                    self.histograms.extend(times.iter().copied().zip(histograms[range].iter().cloned()));
                    self.take_starts(times, starts);
                }
            } else {
                self.is_damaged = true;
            }
        }
    }

    fn take_starts(&mut self, times: &[i64], runs: Option<&[Run]>) {
        let Some(runs) = runs else { return };
        self.starts.extend(times.iter().map(|&timestamp_ms| (timestamp_ms, start_at(runs, timestamp_ms))));
    }

    /// Makes one sample for each time of those that were taken, and puts them in the order of time. Of two at the same time that
    /// which was taken first counts, as for readers.
    fn put_in_order(&mut self) {
        self.starts.sort_by_key(|&(timestamp_ms, _)| timestamp_ms);
        self.starts.dedup_by_key(|&mut (timestamp_ms, _)| timestamp_ms);
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
        let Samples { timestamps, bits, histograms, starts, .. } = self;
        SeriesSamples { timestamps, bits, histograms, starts }
    }
}
