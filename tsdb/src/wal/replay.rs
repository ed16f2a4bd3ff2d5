//! Reading the log back into an empty head.
//!
//! The names of all runs are read first, so that a definition that is damaged among the batches is known all the same.
//! Then the batches, run by run: each has its own numbers for series, which are told from those of others by the salt of
//! the segment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use journal::{Damage, Disk, ReadError, Reader, SegmentName, segments};
use model::Labels;
use model::storage::{HistogramValue, SeriesRef};
use rustc_hash::FxHashMap;

use super::decode::{Decoder, Visitor};
use super::record::{BATCH, NAMES, Row, SERIES, take_series};
use super::varint::Input;
use super::writer::{NAMES_DIR, WAL_DIR};
use crate::head::{Head, Place};

/// How far a replay has come. Shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of the log read so far.
    pub done_bytes: AtomicU64,
    /// Bytes there are to read; 0 until that is known.
    pub total_bytes: AtomicU64,
}

/// What a replay found.
#[derive(Clone, Debug, Default)]
pub struct Replayed {
    /// Segments read.
    pub n_segments: usize,
    /// Bytes read.
    pub n_bytes: u64,
    /// Samples that are in the head now.
    pub n_samples: u64,
    /// Series that are in the head now.
    pub n_series: u64,
    /// Where nothing could be read. A torn tail is what a killed process leaves.
    pub damage: Vec<Damage>,
    /// Scrapes that were whole, but leaned on one that was not.
    pub n_skipped_scrapes: u64,
    /// Records whose checksum was right and whose contents were not, each with its place: a fault of the program that
    /// wrote them.
    pub unreadable: Vec<String>,
}

/// Why a log cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The directory cannot be read.
    #[error("cannot list {}: {error}", path.display())]
    List {
        /// The directory.
        path: std::path::PathBuf,
        /// The cause.
        error: std::io::Error,
    },
}

/// Reads the log in `dir` into `head`.
pub(crate) fn replay(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    head: &Head,
    progress: &Progress,
) -> Result<Replayed, ReplayError> {
    let list = |name: &str| {
        let path = dir.join(name);
        disk.create_dir_all(&path)
            .and_then(|()| segments(&**disk, &path))
            .map_err(|error| ReplayError::List { path, error })
    };
    let (names, batches) = (list(NAMES_DIR)?, list(WAL_DIR)?);
    progress.total_bytes.store(total_len(disk, dir, &names, &batches), Ordering::Relaxed);
    let mut replayed = Replayed { n_segments: batches.len(), ..Replayed::default() };

    let mut runs: FxHashMap<u32, Run> = FxHashMap::default();
    let mut reader = Reader::new(Arc::clone(disk), dir.join(NAMES_DIR));
    reader.read(&names, |record| {
        let run = runs.entry(record.segment.salt).or_default();
        if record.kind == NAMES && run.take_names(record.payload, head).is_none() {
            replayed.unreadable.push(format!("{NAMES_DIR}/{} before byte {}", record.segment, record.end));
        }
        progress.done_bytes.fetch_add(record.payload.len() as u64, Ordering::Relaxed);
    })?;
    replayed.note(&reader);

    let mut reader = Reader::new(Arc::clone(disk), dir.join(WAL_DIR));
    for of_one_run in batches.chunk_by(|one, next| one.salt == next.salt) {
        let mut run = runs.remove(&of_one_run[0].salt).unwrap_or_default();
        reader.read(of_one_run, |record| {
            if record.kind == BATCH
                && let Err(error) = run.take_batch(record.payload, head)
            {
                let place = format!("{WAL_DIR}/{} before byte {}: {error}", record.segment, record.end);
                replayed.unreadable.push(place);
            }
            progress.done_bytes.fetch_add(record.payload.len() as u64, Ordering::Relaxed);
        })?;
        replayed.n_skipped_scrapes += run.decoder.n_skipped();
    }
    replayed.note(&reader);
    replayed.n_samples = head.shards.iter().map(|shard| shard.lock().n_samples()).sum();
    replayed.n_series = head.index.read().n_series() as u64;
    progress.done_bytes.store(progress.total_bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    Ok(replayed)
}

fn total_len(disk: &Arc<dyn Disk>, dir: &Path, names: &[SegmentName], batches: &[SegmentName]) -> u64 {
    let len = |name: &str, segment: &SegmentName| disk.len(&dir.join(name).join(segment.to_string())).unwrap_or(0);
    let names = names.iter().map(|segment| len(NAMES_DIR, segment));
    names.chain(batches.iter().map(|segment| len(WAL_DIR, segment))).sum()
}

impl Replayed {
    fn note(&mut self, reader: &Reader) {
        self.n_bytes += reader.n_bytes();
        self.damage.extend_from_slice(reader.damage());
    }
}

/// One run of the process that wrote the log: its numbers for series, and its scrapes.
#[derive(Debug, Default)]
struct Run {
    places: Places,
    decoder: Decoder,
}

impl Run {
    /// Takes the second copy of definitions. `None` where it cannot be read.
    fn take_names(&mut self, payload: &[u8], head: &Head) -> Option<()> {
        let mut input = Input::new(payload);
        input.unsigned("the number of a segment").ok()?;
        while !input.is_empty() {
            (input.byte("a section").ok()? == SERIES).then_some(())?;
            take_series(&mut input, |placement, reference, labels| {
                self.places.define(head, placement, reference, labels);
            })
            .ok()?;
        }
        Some(())
    }

    fn take_batch(&mut self, payload: &[u8], head: &Head) -> Result<(), super::varint::DecodeError> {
        self.decoder.decode(payload, &mut Writing { places: &mut self.places, head })
    }
}

/// Slots whose places are kept together.
const PAGE_SLOTS: usize = 4096;

/// The places of some neighbouring slots.
type Page = Box<[Option<SeriesRef>; PAGE_SLOTS]>;

/// Where the series of a run are now, by the shard and the slot that they had then. Slots are given in order, but which of
/// them the log names first is open; in pages, one far away costs no more than its own.
#[derive(Debug, Default)]
struct Places(Vec<Vec<Option<Page>>>);

impl Places {
    fn find(&self, reference: SeriesRef) -> Option<Place> {
        let then = Place::of(reference);
        let page = self.0.get(then.shard)?.get(then.slot / PAGE_SLOTS)?.as_ref()?;
        page[then.slot % PAGE_SLOTS].map(Place::of)
    }

    fn define(&mut self, head: &Head, placement: u32, reference: SeriesRef, labels: &Labels) {
        if self.find(reference).is_some() {
            return;
        }
        let resolved = head.resolve(std::slice::from_ref(labels), |_| placement).pop();
        // A limit that has been lowered since must not keep the process from starting: what is above it is left out.
        let Some(Ok(now)) = resolved else { return };
        let then = Place::of(reference);
        if self.0.len() <= then.shard {
            self.0.resize_with(then.shard + 1, Vec::new);
        }
        let pages = &mut self.0[then.shard];
        if pages.len() <= then.slot / PAGE_SLOTS {
            pages.resize_with(then.slot / PAGE_SLOTS + 1, || None);
        }
        let page = pages[then.slot / PAGE_SLOTS].get_or_insert_with(|| Box::new([None; PAGE_SLOTS]));
        page[then.slot % PAGE_SLOTS] = Some(now);
    }
}

/// Writes what a run's records say into the head.
struct Writing<'a> {
    places: &'a mut Places,
    head: &'a Head,
}

impl Visitor for Writing<'_> {
    fn series(&mut self, placement: u32, reference: SeriesRef, labels: &Labels) {
        self.places.define(self.head, placement, reference, labels);
    }

    fn samples(&mut self, rows: &[Row]) {
        let places = rows.iter().filter_map(|row| Some((self.places.find(row.series)?, row)));
        let mut locked: Option<(usize, parking_lot::MutexGuard<'_, crate::head::Shard>)> = None;
        for (place, row) in places {
            if locked.as_ref().is_none_or(|(number, _)| *number != place.shard) {
                // Let the old one go first: shards are locked by rising number only.
                drop(locked.take());
                locked = Some((place.shard, self.head.shards[place.shard].lock()));
            }
            if let Some((_, shard)) = &mut locked {
                // What was refused then is refused now, and what two segments hold is taken once.
                // Whatever was late then was not too late.
                let _ = shard.append(place.slot, row.timestamp_ms, row.bits, i64::MAX);
            }
        }
    }

    fn histogram(&mut self, reference: SeriesRef, timestamp_ms: i64, value: HistogramValue) {
        if let Some(place) = self.places.find(reference) {
            let _ = self.head.shards[place.shard].lock().append_histogram(place.slot, timestamp_ms, &value);
        }
    }
}
