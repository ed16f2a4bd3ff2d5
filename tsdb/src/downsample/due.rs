//! Which blocks are to be summed up, and doing it.

use std::sync::Arc;
use std::time::Duration;

use model::storage::Tile;

use super::files::path_of;
use super::spans::Spans;
use super::write::DownsampledWriter;
use super::{DOWNSAMPLED_DIR, Downsampled, Downsampling, Resolution};
use crate::block::{Block, BlockCursor, BlockError};
use crate::store::Store;

/// What was summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownsampleStats {
    /// The length of spans.
    pub resolution: Resolution,
    /// Samples of the block.
    pub n_samples: u64,
    /// Its length in bytes.
    pub n_block_bytes: u64,
    /// The length of what was made of it.
    pub n_bytes: u64,
    /// How long it took.
    pub duration: Duration,
}

impl Store {
    /// Changes from which age on blocks are summed up, from the next look on.
    pub fn set_downsampling(&self, downsampling: Downsampling) {
        *self.downsampling.lock() = downsampling;
    }

    /// From which age on blocks are summed up.
    pub fn downsampling(&self) -> Downsampling {
        *self.downsampling.lock()
    }

    /// Sums up one block that is old enough, if there is one. What is no longer wanted or was found to be damaged is removed
    /// before.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn downsample_if_due(&self) -> Result<Option<DownsampleStats>, BlockError> {
        let downsampling = self.downsampling();
        self.drop_downsampled(|file| file.is_damaged() || downsampling.after_ms(file.resolution()).is_none());
        let sealed = self.sealed();
        let now_ms = self.clock().now_ms();
        let is_due = |block: &Arc<Block>, resolution: Resolution| {
            downsampling
                .after_ms(resolution)
                .is_some_and(|after_ms| block.meta().max_ms < now_ms.saturating_sub(after_ms))
                && sealed.downsampled(block).iter().all(|file| file.resolution() != resolution)
        };
        for block in sealed.blocks().iter().filter(|block| block.meta().resolution_ms == 0) {
            for resolution in Resolution::ALL.into_iter().filter(|&resolution| is_due(block, resolution)) {
                if let Some(stats) = self.downsample(block, resolution)? {
                    return Ok(Some(stats));
                }
            }
        }
        Ok(None)
    }

    /// Sums up a block. `None` where it is damaged, or gone meanwhile.
    fn downsample(&self, block: &Arc<Block>, resolution: Resolution) -> Result<Option<DownsampleStats>, BlockError> {
        let began = self.clock().elapsed();
        let dir = self.dir.join(DOWNSAMPLED_DIR);
        self.disk.create_dir_all(&dir).map_err(|error| BlockError::io(&dir, error))?;
        let path = path_of(&self.dir, block.meta().id, resolution);
        let mut writer = DownsampledWriter::create(&self.disk, &path, block.meta(), resolution)?;
        let mut reading = Reading::new(block, resolution);
        for series in 0..block.meta().n_series as u32 {
            let has_row = reading.sum_up(series);
            writer.series(has_row.then_some(&reading.spans))?;
        }
        if !block.quarantined().is_empty() {
            return Ok(None);
        }
        writer.finish(block.meta(), resolution)?;
        let file = Arc::new(Downsampled::open(&self.disk, &path, block.meta(), resolution)?);
        let n_bytes = file.n_bytes();
        // From here on no blocks come or go.
        let _deletions = self.deletions.lock();
        if !self.sealed().metas().any(|meta| meta.id == block.meta().id) {
            let _ = self.disk.remove(&path);
            return Ok(None);
        }
        self.replace_sealed(|sealed| sealed.with_downsampled(block.meta().id, file));
        let (n_samples, n_block_bytes) = (block.meta().n_samples, block.meta().n_bytes);
        let duration = self.clock().elapsed().saturating_sub(began);
        Ok(Some(DownsampleStats { resolution, n_samples, n_block_bytes, n_bytes, duration }))
    }

    /// Removes some of what was summed up. What the disk does not let go of is not read, and looked at again by the next start.
    fn drop_downsampled(&self, is_dropped: impl Fn(&Downsampled) -> bool) {
        let _deletions = self.deletions.lock();
        let sealed = self.sealed();
        let dropped: Vec<_> = sealed.all_downsampled().filter(|file| is_dropped(file)).collect();
        if dropped.is_empty() {
            return;
        }
        self.replace_sealed(|sealed| sealed.without_downsampled(&is_dropped));
        for file in dropped {
            let _ = self.disk.remove(file.path());
        }
    }
}

/// A block whose series are summed up one after the other.
struct Reading<'a> {
    cursor: BlockCursor<'a>,
    resolution: Resolution,
    tile: Tile,
    spans: Spans,
}

impl<'a> Reading<'a> {
    fn new(block: &'a Block, resolution: Resolution) -> Reading<'a> {
        Reading { cursor: BlockCursor::new(block), resolution, tile: Tile::default(), spans: Spans::default() }
    }

    /// Sums up a series. Answers whether that is worth a row: native histograms cannot be summed up, and where most spans have
    /// one sample the samples are as quickly read.
    fn sum_up(&mut self, series: u32) -> bool {
        self.spans.clear();
        self.cursor.seek(series, i64::MIN, i64::MAX);
        let mut n_samples = 0;
        while self.cursor.next_tile(&mut self.tile) {
            if !self.tile.histograms.is_empty() {
                return false;
            }
            n_samples += self.tile.values.len();
            self.spans.add(self.resolution, &self.tile.timestamps, &self.tile.values);
        }
        self.spans.numbers.len() * 2 <= n_samples
    }
}
