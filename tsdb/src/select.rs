//! Answering selections: find the series, note what is committed to each, and decode outside of all locks.

use std::collections::VecDeque;
use std::sync::Arc;

use model::storage::{
    LabelRequest, Listing, Select, SelectError, SelectHints, SeriesReader, SeriesSet, TILE_SAMPLES, Tile,
};
use model::{Histogram, Labels, Matcher};
use roaring::RoaringBitmap;

use crate::chunk::bits::BitReader;
use crate::chunk::gorilla::Predictor;
use crate::head::{CopiedChunks, Head, Pin, Place};
use crate::index::{SeriesId, matching};
use crate::store::Store;

impl Select for Store {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        let found = matching(&self.head.index, matchers);
        let (start_ms, end_ms) = (hints.start_ms, hints.end_ms);
        let series = pinned(&self.head, &found, start_ms, end_ms);
        Ok(Box::new(Selection { head: Arc::clone(&self.head), series, start_ms, end_ms }))
    }

    fn label_names(&self, request: &LabelRequest) -> Result<Listing, SelectError> {
        let names = if request.selectors.is_empty() {
            if !self.holds(request) {
                return Ok(Listing::default());
            }
            self.head.index.read().names().map(str::to_owned).collect()
        } else {
            let set = self.requested(request);
            self.head.index.read().names_of(&set)
        };
        Ok(listing(names, request.limit))
    }

    fn label_values(&self, name: &str, request: &LabelRequest) -> Result<Listing, SelectError> {
        let values = if request.selectors.is_empty() {
            if !self.holds(request) {
                return Ok(Listing::default());
            }
            self.head.index.read().values(name).map(|(value, _)| value.to_owned()).collect()
        } else {
            let set = self.requested(request);
            let index = self.head.index.read();
            let values = set.iter().map(|id| index.label(id, name)).filter(|value| !value.is_empty());
            values.map(str::to_owned).collect()
        };
        Ok(listing(values, request.limit))
    }
}

impl Store {
    /// Whether there may be samples in a request's interval at all. Without selectors a listing is as coarse as that.
    fn holds(&self, request: &LabelRequest) -> bool {
        let stats = self.head.interval();
        stats.is_some_and(|(oldest_ms, newest_ms)| newest_ms >= request.start_ms && oldest_ms <= request.end_ms)
    }

    /// The series that a request describes.
    fn requested(&self, request: &LabelRequest) -> RoaringBitmap {
        let mut set = RoaringBitmap::new();
        for selector in &request.selectors {
            set |= matching(&self.head.index, selector);
        }
        pinned(&self.head, &set, request.start_ms, request.end_ms).into_iter().map(|series| series.id).collect()
    }
}

fn listing(mut entries: Vec<String>, limit: usize) -> Listing {
    entries.sort_unstable();
    entries.dedup();
    let truncated = limit > 0 && entries.len() > limit;
    if truncated {
        entries.truncate(limit);
    }
    Listing { entries, truncated }
}

/// A series of a selection.
#[derive(Clone, Copy, Debug)]
struct Selected {
    id: SeriesId,
    place: Place,
    pin: Pin,
    /// Late samples committed.
    n_late: u32,
    /// Native histograms committed.
    n_histograms: u32,
}

/// Those of the series that have samples in an interval, with what is committed to each.
///
/// A shard is held for as long as its series take, a few tens of nanoseconds each, and no batch is committed meanwhile:
/// so none is seen by half.
fn pinned(head: &Head, set: &RoaringBitmap, start_ms: i64, end_ms: i64) -> Vec<Selected> {
    let mut by_shard: Vec<Vec<(SeriesId, Place)>> = vec![Vec::new(); head.shards.len()];
    {
        let index = head.index.read();
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
        selected.extend(series.into_iter().filter(|(_, place)| shard.overlaps(place.slot, start_ms, end_ms)).map(
            |(id, place)| {
                let (n_late, n_histograms) = (shard.n_late(place.slot) as u32, shard.n_histograms(place.slot) as u32);
                Selected { id, place, pin: shard.pin(place.slot), n_late, n_histograms }
            },
        ));
    }
    // In the order in which they were first seen, as Prometheus has them: `topk` chooses among equals by it. Each shard's
    // are in order already, which the sort notices.
    selected.sort_by_key(|selected| selected.id);
    selected
}

/// The series that were found, as they were then.
#[derive(Debug)]
struct Selection {
    head: Arc<Head>,
    series: Vec<Selected>,
    start_ms: i64,
    end_ms: i64,
}

impl SeriesSet for Selection {
    fn len(&self) -> usize {
        self.series.len()
    }

    fn labels(&self, series: usize) -> Labels {
        self.head.index.read().labels(self.series[series].id)
    }

    fn reader(&self) -> Box<dyn SeriesReader + '_> {
        Box::new(Reader {
            selection: self,
            start_ms: self.start_ms,
            chunks: CopiedChunks::default(),
            open: None,
            late: VecDeque::new(),
            histograms: VecDeque::new(),
        })
    }
}

/// Decodes one series after the other.
#[derive(Debug)]
struct Reader<'a> {
    selection: &'a Selection,
    start_ms: i64,
    /// The chunks of the series that are left.
    chunks: CopiedChunks,
    /// The chunk that is being decoded.
    open: Option<OpenChunk>,
    /// The late samples of the series that are left.
    late: VecDeque<(i64, u64)>,
    /// The native histograms of the series that are left.
    histograms: VecDeque<(i64, Arc<Histogram>)>,
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

impl SeriesReader for Reader<'_> {
    fn seek(&mut self, series: usize, start_ms: i64) {
        let Selected { place, pin, n_late, n_histograms, .. } = self.selection.series[series];
        self.start_ms = start_ms.max(self.selection.start_ms);
        self.chunks.clear();
        self.open = None;
        let shard = self.selection.head.shards[place.shard].lock();
        shard.copy_chunks(place.slot, pin, self.start_ms, &mut self.chunks);
        self.late.clear();
        if n_late > 0 {
            self.late.extend(shard.late(place.slot, n_late, self.start_ms, self.selection.end_ms));
        }
        self.histograms = if n_histograms == 0 {
            VecDeque::new()
        } else {
            shard.histograms(place.slot, n_histograms as usize, self.start_ms, self.selection.end_ms).into()
        };
    }

    fn next_tile(&mut self, tile: &mut Tile) -> Result<bool, SelectError> {
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
        Ok(!tile.timestamps.is_empty())
    }
}

impl Reader<'_> {
    /// Decodes floats before `before_ms` into the tile.
    fn decode_floats(&mut self, tile: &mut Tile, before_ms: i64) {
        while tile.timestamps.len() < TILE_SAMPLES {
            let Some(mut chunk) = self.open.take().or_else(|| self.begin_chunk()) else { return };
            let mut bits = BitReader::at(&self.chunks.bytes()[chunk.bytes.clone()], chunk.n_bits);
            loop {
                let (timestamp_ms, value) = chunk.next;
                if timestamp_ms > self.selection.end_ms {
                    // Whatever follows is later still.
                    self.chunks.clear();
                    return;
                }
                if timestamp_ms >= before_ms || tile.timestamps.len() == TILE_SAMPLES {
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
