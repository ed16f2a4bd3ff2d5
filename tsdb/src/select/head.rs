//! What the head holds of a selection: late samples, native histograms, and chunks from the time on before which blocks
//! hold them.

use std::collections::VecDeque;

use model::storage::{HistogramValue, TILE_SAMPLES, Tile};
use parking_lot::RwLock;
use roaring::RoaringBitmap;

use crate::chunk::bits::BitReader;
use crate::chunk::gorilla::Predictor;
use crate::head::{CopiedChunks, Head, Pin, Place, Sealing, Shard};
use crate::index::{Index, SeriesId};
use crate::starts::{Run, StartsReader};

/// A series of the head in a selection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selected {
    pub(crate) id: SeriesId,
    pub(crate) place: Place,
    pub(crate) pin: Pin,
    /// Late samples committed.
    pub(crate) n_late: u32,
    /// Native histograms committed.
    pub(crate) n_histograms: u32,
    /// The time of the oldest late sample; the greatest there is where there is none.
    pub(crate) oldest_late_ms: i64,
}

impl Selected {
    /// A series with what is committed to it now.
    pub(crate) fn now(shard: &Shard, id: SeriesId, place: Place) -> Selected {
        let (n_late, n_histograms) = (shard.n_late(place.slot), shard.n_histograms(place.slot) as u32);
        let oldest_late_ms = shard.oldest_late_ms(place.slot).unwrap_or(i64::MAX);
        Selected { id, place, pin: shard.pin(place.slot), n_late, n_histograms, oldest_late_ms }
    }
}

/// Those of the series of an index that have samples in an interval that do not stand in blocks, with what is committed to
/// each.
///
/// A shard is held for as long as its series take, a few tens of nanoseconds each, and no batch is committed meanwhile:
/// so none is seen by half.
pub(crate) fn pinned(
    head: &Head,
    index: &RwLock<Index>,
    set: &RoaringBitmap,
    sealing: Sealing,
    start_ms: i64,
    end_ms: i64,
) -> Vec<Selected> {
    let mut by_shard: Vec<Vec<(SeriesId, Place)>> = vec![Vec::new(); head.shards.len()];
    {
        let index = index.read();
        for id in set {
            let place = Place::of(index.reference(id));
            by_shard[place.shard].push((id, place));
        }
    }
    let mut selected = Vec::with_capacity(set.len() as usize);
    for (shard, series) in head.shards.iter().zip(by_shard) {
        if series.is_empty() {
            continue;
        }
        let shard = shard.lock();
        // One that has ended since has had nothing in memory before.
        let has_samples = |place: &Place| shard.has(*place) && shard.overlaps(place.slot, sealing, start_ms, end_ms);
        let series = series.into_iter().filter(|(_, place)| has_samples(place));
        selected.extend(series.map(|(id, place)| Selected::now(&shard, id, place)));
    }
    // In the order in which they were first seen, as Prometheus has them: `topk` chooses among equals by it. Each shard's
    // are in order already, which the sort notices.
    selected.sort_by_key(|selected| selected.id);
    selected
}

/// Decodes one series of the head after the other.
#[derive(Debug)]
pub(crate) struct HeadReader<'a> {
    head: &'a Head,
    /// The first and the last time of interest.
    start_ms: i64,
    end_ms: i64,
    /// The chunks of the series that are left.
    chunks: CopiedChunks,
    /// The chunk that is being decoded.
    open: Option<OpenChunk>,
    /// The late samples of the series that are left.
    late: VecDeque<(i64, u64)>,
    /// The native histograms of the series that are left.
    histograms: VecDeque<(i64, HistogramValue)>,
    /// The one before them.
    before: Option<HistogramValue>,
    /// Since when the series counts.
    starts: StartsReader,
}

/// A chunk of which part has been decoded.
#[derive(Clone, Debug)]
struct OpenChunk {
    bytes: std::ops::Range<usize>,
    n_bits: usize,
    predictor: Predictor,
    n_left: u16,
    /// The sample that is decoded and not handed out.
    next: (i64, u64),
}

impl<'a> HeadReader<'a> {
    pub(crate) fn new(head: &'a Head) -> HeadReader<'a> {
        HeadReader {
            head,
            start_ms: 0,
            end_ms: 0,
            chunks: CopiedChunks::default(),
            open: None,
            late: VecDeque::new(),
            histograms: VecDeque::new(),
            before: None,
            starts: StartsReader::default(),
        }
    }

    /// Goes to the samples of a series between two times, both included, that do not stand in blocks.
    pub(crate) fn seek(&mut self, series: &Selected, start_ms: i64, end_ms: i64, sealing: Sealing) {
        let Selected { place, pin, n_late, n_histograms, .. } = *series;
        (self.start_ms, self.end_ms) = (start_ms.max(sealing.floor_ms), end_ms);
        self.chunks.clear();
        self.open = None;
        let shard = self.head.shards[place.shard].lock();
        shard.copy_chunks(place.slot, pin, self.start_ms, &mut self.chunks);
        // What is committed from now on has its own times, and changes nothing at those of what was committed before.
        shard.seek_starts(place.slot, start_ms, end_ms, &mut self.starts);
        self.late.clear();
        if n_late > 0 {
            self.late.extend(shard.late(place.slot, n_late, sealing.n_seals, start_ms, end_ms));
        }
        self.histograms.clear();
        self.before = None;
        if n_histograms > 0 {
            let (slot, n_committed) = (place.slot, n_histograms as usize);
            let wanted = shard.histograms(slot, n_committed, self.start_ms, end_ms);
            self.histograms.extend(wanted.map(|(timestamp_ms, value)| (timestamp_ms, value.clone())));
            self.before = shard.histogram_before(slot, n_committed, sealing.floor_ms, self.start_ms).cloned();
        }
    }

    /// Before its first tile: the native histogram that comes before it, where one is known and no float lies between.
    pub(crate) fn take_before(&mut self) -> Option<HistogramValue> {
        self.before.take()
    }

    /// Replaces the tile by the next samples; see [`model::storage::SeriesReader::next_tile`].
    pub(crate) fn next_tile(&mut self, tile: &mut Tile) -> bool {
        tile.clear();
        let next_histogram_ms = self.histograms.front().map_or(i64::MAX, |&(timestamp_ms, _)| timestamp_ms);
        loop {
            let next_late_ms = self.late.front().map_or(i64::MAX, |&(timestamp_ms, _)| timestamp_ms);
            self.decode_floats(tile, next_histogram_ms.min(next_late_ms));
            if !self.take_late(tile, next_histogram_ms) {
                break;
            }
        }
        if tile.timestamps.is_empty() {
            self.take_histograms(tile);
        }
        self.starts.fill(tile);
        !tile.timestamps.is_empty()
    }

    /// Since when the series counts, as a function of time.
    pub(crate) fn starts(&self) -> &[Run] {
        self.starts.runs()
    }

    /// Decodes floats before `before_ms` into the tile.
    fn decode_floats(&mut self, tile: &mut Tile, before_ms: i64) {
        while tile.timestamps.len() < TILE_SAMPLES {
            let Some(mut chunk) = self.open.take().or_else(|| self.begin_chunk()) else { return };
            let mut bits = BitReader::at(&self.chunks.bytes()[chunk.bytes.clone()], chunk.n_bits);
            loop {
                let (timestamp_ms, value) = chunk.next;
                if timestamp_ms > self.end_ms {
                    // Whatever follows is later still.
                    self.chunks.clear();
                    return;
                }
                // What stands in blocks is passed over; a late sample may have come for the same time since.
                let is_next = timestamp_ms >= before_ms && timestamp_ms >= self.start_ms;
                if is_next || tile.timestamps.len() == TILE_SAMPLES {
                    chunk.n_bits = bits.position();
                    self.open = Some(chunk);
                    return;
                }
                if timestamp_ms >= self.start_ms {
                    tile.timestamps.push(timestamp_ms);
                    tile.values.push(f64::from_bits(value));
                }
                if chunk.n_left == 0 {
                    break;
                }
                let value = chunk.predictor.decode(&mut bits);
                chunk.next = (chunk.predictor.last_ms, value);
                chunk.n_left -= 1;
            }
        }
    }

    /// Takes the late samples before the next float of the chunks and before `before_ms` into the tile. Answers whether
    /// there were any.
    fn take_late(&mut self, tile: &mut Tile, before_ms: i64) -> bool {
        let before_ms = self.open.as_ref().map_or(before_ms, |chunk| chunk.next.0.min(before_ms));
        let n_before = tile.timestamps.len();
        while tile.timestamps.len() < TILE_SAMPLES
            && let Some((timestamp_ms, bits)) = self.late.pop_front_if(|(timestamp_ms, _)| *timestamp_ms < before_ms)
        {
            tile.timestamps.push(timestamp_ms);
            tile.values.push(f64::from_bits(bits));
        }
        tile.timestamps.len() > n_before
    }

    fn begin_chunk(&mut self) -> Option<OpenChunk> {
        let (bytes, n_samples) = self.chunks.pop()?;
        let mut bits = BitReader::new(&self.chunks.bytes()[bytes.clone()]);
        let (predictor, value) = Predictor::decode_first(&mut bits);
        let next = (predictor.last_ms, value);
        Some(OpenChunk { bytes, n_bits: bits.position(), predictor, n_left: n_samples - 1, next })
    }

    /// Takes the histograms before the next float into the tile.
    fn take_histograms(&mut self, tile: &mut Tile) {
        let next_late_ms = self.late.front().map_or(i64::MAX, |&(timestamp_ms, _)| timestamp_ms);
        let before_ms = self.open.as_ref().map_or(next_late_ms, |chunk| chunk.next.0.min(next_late_ms));
        while tile.timestamps.len() < TILE_SAMPLES
            && let Some((timestamp_ms, histogram)) =
                self.histograms.pop_front_if(|(timestamp_ms, _)| *timestamp_ms < before_ms)
        {
            tile.timestamps.push(timestamp_ms);
            tile.histograms.push(histogram);
        }
    }
}
