//! Sealing: the oldest samples of the head become blocks.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::storage::{HistogramValue, Tile};
use parking_lot::RwLock;

use super::{BLOCKS_DIR, Sealed, Truncation};
use crate::block::{Block, BlockError, BlockSpec, BlockWriter, LogPlace, SeriesSamples, file_name};
use crate::codec::Effort;
use crate::head::{CHUNK_SPAN_MS, Head, Place, Sealing};
use crate::index::Index;
use crate::select::{HeadReader, Selected};
use crate::store::Store;

/// The head is sealed up to a time so long before its newest sample that what is late comes into the head, with few
/// exceptions.
const BEHIND_NEWEST_MS: i64 = 3_600_000;

/// What has come of a seal for whoever goes by the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedTo {
    /// All samples from before this time that the head held stand in blocks, late ones too.
    pub(crate) until_ms: i64,
    /// For each shard, the first record of this run of the log that it had not applied then.
    pub(crate) applied_to: Vec<u64>,
}

/// What was sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SealStats {
    /// Blocks written.
    pub n_blocks: u64,
    /// Samples in them.
    pub n_samples: u64,
    /// Their length in bytes.
    pub n_bytes: u64,
    /// How long it took.
    pub duration: Duration,
}

impl Store {
    /// Seals every window of two hours that ended an hour before the newest sample, if there is one.
    ///
    /// # Errors
    /// When a block cannot be written; it is tried again with the next call.
    pub fn seal_if_due(&self) -> Result<Option<SealStats>, BlockError> {
        let Some((oldest_ms, newest_ms)) = self.head.interval() else { return Ok(None) };
        let until_ms = (newest_ms.saturating_sub(BEHIND_NEWEST_MS)).div_euclid(CHUNK_SPAN_MS) * CHUNK_SPAN_MS;
        // What comes late for a time that has been sealed waits for the next window.
        let looked_to_ms = self.looked_to_ms.load(Ordering::Relaxed).max(self.sealed().floor_ms());
        if until_ms <= oldest_ms || until_ms <= looked_to_ms {
            return Ok(None);
        }
        let stats = self.seal(until_ms)?;
        // Where nothing was found, what made it due was sealed before and is not free yet: that is no cause to look again.
        self.looked_to_ms.store(until_ms, Ordering::Relaxed);
        Ok((stats.n_blocks > 0).then_some(stats))
    }

    /// Seals everything from before a time: blocks of at most two hours each. Their memory is freed by
    /// [`Store::maintain`], once no selection is left that began before.
    ///
    /// # Errors
    /// When a block cannot be written. Those before it stand.
    pub fn seal(&self, until_ms: i64) -> Result<SealStats, BlockError> {
        self.seal_holding(&mut self.truncations.lock(), until_ms).map(|(stats, _)| stats)
    }

    /// The same for whoever holds the truncations already.
    pub(crate) fn seal_holding(
        &self,
        truncations: &mut VecDeque<Truncation>,
        until_ms: i64,
    ) -> Result<(SealStats, SealedTo), BlockError> {
        let began = self.clock().elapsed();
        let newest_ms = self.head.interval().map_or(i64::MIN, |(_, newest_ms)| newest_ms);
        let until_ms = until_ms.min(newest_ms.saturating_add(1).max(self.sealed().floor_ms()));
        let frozen = Frozen::of(&self.head, &self.sealed(), self.wal.next_place(), until_ms);
        let mut stats = SealStats::default();
        let mut blocks = Vec::new();
        // This may end before an earlier seal did: what came late for the time between is in no block.
        let mut sealed_to_ms = i64::MIN;
        let mut outcome = Ok(());
        for &window in &frozen.windows {
            match self.write_window(&frozen, window) {
                Ok(Some(block)) => {
                    let meta = block.meta();
                    stats.n_blocks += 1;
                    stats.n_samples += meta.n_samples;
                    stats.n_bytes += meta.n_bytes;
                    sealed_to_ms = meta.sealed_to_ms.unwrap_or(sealed_to_ms);
                    blocks.push(block);
                }
                Ok(None) => {}
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if !blocks.is_empty() {
            self.replace_sealed(|sealed| sealed.replaced(|_| false, blocks).sealed_again());
            let truncation = Truncation::new(sealed_to_ms, &frozen.series, &self.head, self.older_sets());
            truncation.note(&self.head, self.sealed().sealing().n_seals);
            truncations.push_back(truncation);
        }
        stats.duration = self.clock().elapsed().saturating_sub(began);
        outcome.map(|()| (stats, SealedTo { until_ms, applied_to: frozen.applied_to }))
    }

    /// Writes the block of a window; `None` where there is nothing in it.
    fn write_window(&self, frozen: &Frozen, window: i64) -> Result<Option<Arc<Block>>, BlockError> {
        let start_ms = window.saturating_mul(CHUNK_SPAN_MS);
        let end_ms = start_ms.saturating_add(CHUNK_SPAN_MS).min(frozen.until_ms);
        let spec = BlockSpec {
            effort: Effort::Fast,
            sealed_to_ms: Some(end_ms),
            sealed_log: Some(frozen.log),
            ..BlockSpec::default()
        };
        let id = self.ids.lock().next(self.clock().now_ms());
        let dir = self.dir.join(BLOCKS_DIR);
        let mut writer = BlockWriter::create(&self.disk, &dir, id, spec)?;
        let mut samples = Samples::new(&self.head);
        for series in &frozen.series {
            samples.read(series, start_ms, end_ms - 1, frozen.sealing);
            if !samples.is_empty() {
                let labels = frozen.index.read().labels(series.id);
                writer.series(&labels, &samples.as_written())?;
            }
        }
        match writer.finish() {
            Ok(_) => Block::open(&self.disk, &dir.join(file_name(id))).map(|block| Some(Arc::new(block))),
            Err(BlockError::Empty) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What is going to be sealed: it no longer changes.
struct Frozen {
    /// The one that has numbered the series.
    index: Arc<RwLock<Index>>,
    series: Vec<Selected>,
    until_ms: i64,
    /// What stands in blocks already.
    sealing: Sealing,
    /// Every record before this place has been applied.
    log: LogPlace,
    /// For each shard, the first record that it had not applied when it was frozen.
    applied_to: Vec<u64>,
    /// The windows in which there are samples, by their number since 1970, oldest first.
    windows: BTreeSet<i64>,
}

impl Frozen {
    fn of(head: &Head, sealed: &Sealed, log: LogPlace, until_ms: i64) -> Frozen {
        let (mut windows, mut series, mut applied_to) = (BTreeSet::new(), Vec::new(), Vec::new());
        // While nothing is freed, it only grows.
        let index = head.index();
        let sealing = sealed.sealing();
        for (number, shard) in head.shards.iter().enumerate() {
            let mut shard = shard.lock();
            shard.freeze_before(until_ms);
            shard.note_windows(until_ms, &mut windows);
            applied_to.push(shard.applied_to());
            for (slot, generation) in shard.taken_slots() {
                let place = Place { generation, shard: number, slot };
                if let Some(id) = shard.series_id(place)
                    && shard.overlaps(slot, sealing, i64::MIN, until_ms.saturating_sub(1))
                {
                    series.push(Selected::now(&shard, id, place));
                }
            }
        }
        series.sort_unstable_by_key(|selected| selected.id);
        Frozen { index, series, until_ms, sealing, log, applied_to, windows }
    }
}

/// The samples of one series of the head, as a block takes them.
struct Samples<'a> {
    head: &'a Head,
    reader: HeadReader<'a>,
    tile: Tile,
    timestamps: Vec<i64>,
    bits: Vec<u64>,
    histograms: Vec<(i64, HistogramValue)>,
}

impl<'a> Samples<'a> {
    fn new(head: &'a Head) -> Samples<'a> {
        Samples {
            head,
            reader: HeadReader::new(head),
            tile: Tile::default(),
            timestamps: Vec::new(),
            bits: Vec::new(),
            histograms: Vec::new(),
        }
    }

    /// Reads those between two times, both included, that do not stand in blocks.
    fn read(&mut self, series: &Selected, start_ms: i64, end_ms: i64, sealing: Sealing) {
        self.timestamps.clear();
        self.bits.clear();
        self.histograms.clear();
        // Histograms are taken as they came, not as queries see them.
        let floats = Selected { n_histograms: 0, ..*series };
        self.reader.seek(&floats, start_ms, end_ms, sealing);
        while self.reader.next_tile(&mut self.tile) {
            self.timestamps.extend_from_slice(&self.tile.timestamps);
            self.bits.extend(self.tile.values.iter().map(|value| value.to_bits()));
        }
        if series.n_histograms > 0 {
            let shard = self.head.shards[series.place.shard].lock();
            let n_committed = series.n_histograms as usize;
            let wanted = shard.histograms(series.place.slot, n_committed, start_ms.max(sealing.floor_ms), end_ms);
            self.histograms.extend(wanted.map(|(timestamp_ms, value)| (timestamp_ms, value.clone())));
        }
    }

    fn is_empty(&self) -> bool {
        self.timestamps.is_empty() && self.histograms.is_empty()
    }

    fn as_written(&self) -> SeriesSamples<'_> {
        SeriesSamples {
            timestamps: &self.timestamps,
            bits: &self.bits,
            histograms: &self.histograms,
            starts: self.reader.starts(),
        }
    }
}
