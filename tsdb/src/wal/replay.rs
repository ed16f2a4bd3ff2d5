//! Reading the log back into a head: an empty one, or one that was read from a checkpoint.
//!
//! The names of all runs are read first, so that a definition that is damaged among the batches is known all the same.
//! Then the batches, run by run: each has its own numbers for series, which are told from those of others by the salt of
//! the segment. In the run that wrote the checkpoint, series have the numbers that they have in it, and what each shard of it
//! has applied already is passed over.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use journal::{Damage, Disk, ReadError, Reader, SegmentName, segments};
use model::Labels;
use model::storage::{HistogramValue, SeriesRef};
use rustc_hash::FxHashMap;

use super::apply::{Appliers, Sample};
use super::decode::{Decoder, Visitor};
use super::in_blocks::{InBlocks, OfRun};
use super::record::{BATCH, NAMES, Row, take_names};
use super::writer::{LogStart, NAMES_DIR, WAL_DIR};
use crate::checkpoint::Position;
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
    /// Samples of the log, those not counted that a checkpoint held.
    pub n_tail: u64,
    /// Series that are in the head now.
    pub n_series: u64,
    /// Series of the log, counted wherever it defines them.
    pub n_definitions: u64,
    /// The checkpoint that was read first, by its number.
    pub checkpoint: Option<u64>,
    /// Checkpoints that could not be read, each with the reason: the log since the one before was read in their place.
    pub damaged_checkpoints: Vec<String>,
    /// Blocks that could not be read, each with the reason. They are left aside.
    pub damaged_blocks: Vec<String>,
    /// What is wrong with one of the two copies of the deletions, named; the other was read.
    pub damaged_deletions: Option<String>,
    /// Where closed chunks could not be read: their samples are lost.
    pub damaged_chunks: Vec<Damage>,
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

/// Reads the log in `dir` into `head`; where that was read from a checkpoint, from its position on. What stands `in_blocks`
/// is left out.
pub(crate) fn replay(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    head: &Head,
    in_blocks: &InBlocks,
    from: Option<Position>,
    progress: &Progress,
) -> Result<Replayed, ReplayError> {
    let list = |name: &str, first: u64| {
        let path = dir.join(name);
        disk.create_dir_all(&path)
            .and_then(|()| segments(&**disk, &path))
            .map(|segments| segments.into_iter().filter(|segment| segment.number >= first).collect::<Vec<_>>())
            .map_err(|error| ReplayError::List { path, error })
    };
    let start = from.map_or(LogStart::FIRST, |from| from.start);
    let (names, batches) = (list(NAMES_DIR, start.names)?, list(WAL_DIR, start.batches)?);
    progress.total_bytes.fetch_add(total_len(disk, dir, &names, &batches), Ordering::Relaxed);
    let mut replayed = Replayed { n_segments: batches.len(), ..Replayed::default() };

    for (number, shard) in head.shards.iter().enumerate() {
        in_blocks.free(number, &mut shard.lock(), from.map(|from| from.salt));
    }
    let mut runs: FxHashMap<u32, Run> = FxHashMap::default();
    if let Some(from) = from {
        runs.insert(from.salt, Run::of_checkpoint(head));
    }
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
    if let Some(run) = from.and_then(|from| Some((from.salt, runs.get(&from.salt)?))) {
        reader = reader.expecting(run.0, run.1.applied_to.iter().copied().max().unwrap_or(0));
    }
    std::thread::scope(|scope| {
        let mut appliers = Appliers::new(scope, head);
        let mut in_blocks = in_blocks.among(&batches);
        for of_one_run in batches.chunk_by(|one, next| one.salt == next.salt) {
            let mut run = runs.remove(&of_one_run[0].salt).unwrap_or_default();
            run.in_blocks = in_blocks.begin_run(of_one_run[0].salt);
            reader.read(of_one_run, |record| {
                if record.kind == BATCH
                    && let Err(error) = run.take_batch(record.sequence, record.payload, head, &mut appliers)
                {
                    let place = format!("{WAL_DIR}/{} before byte {}: {error}", record.segment, record.end);
                    replayed.unreadable.push(place);
                }
                progress.done_bytes.fetch_add(record.payload.len() as u64, Ordering::Relaxed);
            })?;
            replayed.n_skipped_scrapes += run.decoder.n_skipped();
            replayed.n_definitions += run.n_definitions;
        }
        replayed.n_tail = appliers.finish();
        Ok::<_, ReplayError>(())
    })?;
    replayed.note(&reader);
    head.shards.iter().for_each(|shard| shard.lock().begin_run());
    replayed.n_samples = head.shards.iter().map(|shard| shard.lock().n_samples()).sum();
    replayed.n_series = head.index().read().n_series() as u64;
    progress.done_bytes.store(progress.total_bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    Ok(replayed)
}

fn total_len(disk: &Arc<dyn Disk>, dir: &Path, names: &[SegmentName], batches: &[SegmentName]) -> u64 {
    let len = |name: &str, segment: &SegmentName| disk.len(&dir.join(name).join(segment.to_string())).unwrap_or(0);
    let names = names.iter().map(|segment| len(NAMES_DIR, segment));
    names.chain(batches.iter().map(|segment| len(WAL_DIR, segment))).sum()
}

impl Replayed {
    /// The same with what was read of a checkpoint before.
    pub(crate) fn after(
        mut self,
        checkpoint: u64,
        n_bytes: u64,
        damage: Vec<Damage>,
        unreadable: Vec<String>,
    ) -> Replayed {
        self.checkpoint = Some(checkpoint);
        self.n_bytes += n_bytes;
        self.damaged_chunks = damage;
        self.unreadable.splice(..0, unreadable);
        self
    }

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
    n_definitions: u64,
    /// For each shard of a checkpoint that this run wrote, the first record that it has not applied.
    applied_to: Vec<u64>,
    in_blocks: OfRun,
}

impl Run {
    /// The run that wrote the checkpoint from which the head was read.
    fn of_checkpoint(head: &Head) -> Run {
        let mut run = Run::default();
        run.applied_to.extend(head.shards.iter().map(|shard| shard.lock().applied_to()));
        let index = head.index();
        index.read().references().iter().for_each(|&reference| run.places.insert(reference, reference));
        run
    }

    /// Takes the second copy of definitions. `None` where it cannot be read.
    fn take_names(&mut self, payload: &[u8], head: &Head) -> Option<()> {
        take_names(payload, |placement, reference, labels| self.places.define(head, placement, reference, labels))
    }

    fn take_batch(
        &mut self,
        sequence: u64,
        payload: &[u8],
        head: &Head,
        appliers: &mut Appliers<'_, '_>,
    ) -> Result<(), super::varint::DecodeError> {
        let Run { places, decoder, n_definitions, applied_to, in_blocks } = self;
        let in_blocks = &*in_blocks;
        let mut writing = Writing { places, n_definitions, applied_to, in_blocks, sequence, head, appliers };
        decoder.decode(payload, &mut writing)
    }
}

/// Slots whose places are kept together.
const PAGE_SLOTS: usize = 4096;

/// The places of some neighbouring slots: the number that the series has in the log, and the one it has now.
type Page = Box<[Option<(SeriesRef, SeriesRef)>; PAGE_SLOTS]>;

/// Where the series of a run are now, by the shard and the slot that they had then. Slots are given in order, but which of
/// them the log names first is open; in pages, one far away costs no more than its own.
#[derive(Debug, Default)]
struct Places {
    /// By shard: the series that had each slot last.
    pages: Vec<Vec<Option<Page>>>,
    /// The series that had a slot before another.
    earlier: FxHashMap<SeriesRef, SeriesRef>,
}

impl Places {
    fn find(&self, reference: SeriesRef) -> Option<Place> {
        let then = Place::of(reference);
        let page = self.pages.get(then.shard)?.get(then.slot / PAGE_SLOTS)?.as_ref()?;
        let (named, now) = page[then.slot % PAGE_SLOTS]?;
        if named == reference { Some(Place::of(now)) } else { self.earlier.get(&reference).copied().map(Place::of) }
    }

    fn define(&mut self, head: &Head, placement: u32, reference: SeriesRef, labels: &Labels) {
        if self.find(reference).is_some() {
            return;
        }
        let resolved = head.resolve(std::slice::from_ref(labels), |_| placement).pop();
        // A limit that has been lowered since must not keep the process from starting: what is above twice its number is left out.
        let Some(Ok(now)) = resolved else { return };
        self.insert(reference, now);
    }

    fn insert(&mut self, reference: SeriesRef, now: SeriesRef) {
        let then = Place::of(reference);
        if self.pages.len() <= then.shard {
            self.pages.resize_with(then.shard + 1, Vec::new);
        }
        let pages = &mut self.pages[then.shard];
        if pages.len() <= then.slot / PAGE_SLOTS {
            pages.resize_with(then.slot / PAGE_SLOTS + 1, || None);
        }
        let page = pages[then.slot / PAGE_SLOTS].get_or_insert_with(|| Box::new([None; PAGE_SLOTS]));
        if let Some((earlier, place)) = page[then.slot % PAGE_SLOTS].replace((reference, now)) {
            self.earlier.insert(earlier, place);
        }
    }
}

/// Writes what a run's records say into the head.
struct Writing<'a, 'scope, 'env> {
    places: &'a mut Places,
    n_definitions: &'a mut u64,
    applied_to: &'a [u64],
    in_blocks: &'a OfRun,
    sequence: u64,
    head: &'a Head,
    appliers: &'a mut Appliers<'scope, 'env>,
}

impl Writing<'_, '_, '_> {
    /// Where a series is now, unless its shard has applied the record already, or the sample stands in a block.
    fn find(&self, reference: SeriesRef, timestamp_ms: i64) -> Option<Place> {
        if self.in_blocks.holds(self.sequence, Place::of(reference).shard, timestamp_ms) {
            return None;
        }
        let place = self.places.find(reference)?;
        let applied_to = self.applied_to.get(place.shard).copied().unwrap_or(0);
        (self.sequence >= applied_to).then_some(place)
    }

    fn samples_with_starts(&mut self, rows: &[Row], starts: &[i64]) {
        for (row, &start_ms) in rows.iter().zip(starts) {
            if let Some(Place { shard, slot, .. }) = self.find(row.series, row.timestamp_ms) {
                let sample = Sample { slot, timestamp_ms: row.timestamp_ms, bits: row.bits };
                self.appliers.sample_with_start(shard, sample, start_ms);
            }
        }
    }
}

impl Visitor for Writing<'_, '_, '_> {
    fn series(&mut self, placement: u32, reference: SeriesRef, labels: &Labels) {
        *self.n_definitions += 1;
        self.places.define(self.head, placement, reference, labels);
    }

    fn samples(&mut self, rows: &[Row], starts: &[i64]) {
        if !starts.is_empty() {
            return self.samples_with_starts(rows, starts);
        }
        for row in rows {
            if let Some(Place { shard, slot, .. }) = self.find(row.series, row.timestamp_ms) {
                self.appliers.sample(shard, Sample { slot, timestamp_ms: row.timestamp_ms, bits: row.bits });
            }
        }
    }

    fn histogram(&mut self, reference: SeriesRef, timestamp_ms: i64, start_ms: i64, value: HistogramValue) {
        if let Some(place) = self.find(reference, timestamp_ms) {
            self.appliers.histogram(place, timestamp_ms, start_ms, &value);
        }
    }
}
