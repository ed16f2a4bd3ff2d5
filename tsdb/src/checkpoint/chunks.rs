//! Closed chunks on the disk: a journal in which each stands once, in a record of its own, so that damage costs one.
//!
//! A record is the number of the shard and an image of the chunk. Which records count, a checkpoint says: what a run wrote
//! for one that was never finished does not.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use journal::{Damage, Disk, Journal, JournalError, ReadError, Reader, segments};
use model::Clock;
use rustc_hash::FxHashMap;

use crate::head::{ClosedImage, ClosedRef};
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// The journal of closed chunks, in the data directory.
pub(crate) const CHUNKS_DIR: &str = "chunks";
/// The journal's kind for a closed chunk.
const CHUNK: u8 = 1;
/// A segment ends when it is this long.
const MAX_SEGMENT_BYTES: u64 = 64 << 20;

/// What a checkpoint needs of the closed chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needed {
    /// The first segment.
    pub(crate) first_segment: u64,
    /// For each run, by its salt, the first record that no longer counts.
    pub(crate) runs: Vec<(u32, u64)>,
}

impl Needed {
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        push_unsigned(out, self.first_segment);
        push_unsigned(out, self.runs.len() as u64);
        for (salt, before) in &self.runs {
            out.extend_from_slice(&salt.to_le_bytes());
            push_unsigned(out, *before);
        }
    }

    pub(crate) fn take(input: &mut Input<'_>) -> Result<Needed, DecodeError> {
        let mut needed = Needed { first_segment: input.ordinal("the number of a segment")?, runs: Vec::new() };
        for _ in 0..input.count("a number of runs")? {
            let salt = input.bytes(4, "a salt")?;
            let salt = u32::from_le_bytes(salt.try_into().map_err(|_| input.error("a salt"))?);
            needed.runs.push((salt, input.ordinal("a sequence number")?));
        }
        Ok(needed)
    }

    fn counts(&self, salt: u32, sequence: u64) -> bool {
        self.runs.iter().any(|&(run, before)| run == salt && sequence < before)
    }
}

/// What was found of the closed chunks that a checkpoint needs.
#[derive(Debug, Default)]
pub(crate) struct ReadChunks {
    /// What is needed of them from now on: runs that have left nothing are left out.
    pub(crate) needed: Needed,
    /// By shard.
    pub(crate) images: Vec<Vec<ClosedImage>>,
    /// The segments, oldest first, each with the time of its newest sample.
    pub(crate) segments: Vec<(u64, i64)>,
    pub(crate) n_bytes: u64,
    /// Where nothing could be read.
    pub(crate) damage: Vec<Damage>,
    /// Records that make no sense.
    pub(crate) unreadable: Vec<String>,
}

/// Reads the closed chunks that a checkpoint needs.
///
/// # Errors
/// When a segment cannot be read.
pub(crate) fn read(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    needed: &Needed,
    n_shards: usize,
) -> Result<ReadChunks, ReadError> {
    let dir = dir.join(CHUNKS_DIR);
    let list = disk.create_dir_all(&dir).and_then(|()| segments(&**disk, &dir));
    let all = list.map_err(|error| ReadError::Io { path: dir.clone(), error })?;
    let mut chunks = ReadChunks { images: (0..n_shards).map(|_| Vec::new()).collect(), ..ReadChunks::default() };
    let mut reader = Reader::new(Arc::clone(disk), dir);
    for &(salt, before) in &needed.runs {
        // So that it is right for the last 2^24.
        reader = reader.expecting(salt, before.saturating_sub(1 << 23));
    }
    let wanted: Vec<_> = all
        .into_iter()
        .filter(|segment| segment.number >= needed.first_segment && needed.counts(segment.salt, 0))
        .collect();
    let mut seen_to: FxHashMap<u32, u64> = FxHashMap::default();
    for of_one_run in wanted.chunk_by(|one, next| one.salt == next.salt) {
        reader.read(of_one_run, |record| {
            let seen_to = seen_to.entry(record.segment.salt).or_default();
            *seen_to = (record.sequence + 1).max(*seen_to);
            if record.kind != CHUNK || !needed.counts(record.segment.salt, record.sequence) {
                return;
            }
            match chunks.take(record.payload) {
                Ok(newest_ms) => chunks.note(record.segment.number, newest_ms),
                Err(error) => {
                    let place = format!("{CHUNKS_DIR}/{} before byte {}: {error}", record.segment, record.end);
                    chunks.unreadable.push(place);
                }
            }
        })?;
    }
    let is_there = |salt: u32| wanted.iter().any(|segment| segment.salt == salt);
    let runs = needed.runs.iter().copied().filter(|(salt, _)| is_there(*salt)).collect();
    chunks.needed = Needed { first_segment: needed.first_segment, runs };
    chunks.n_bytes = reader.n_bytes();
    // What a killed process left behind the last record that counts is not missed.
    let misses =
        |salt: u32| needed.runs.iter().any(|&(run, to)| run == salt && seen_to.get(&run).is_none_or(|&seen| seen < to));
    let is_loss = |damage: &&Damage| !damage.torn_tail || misses(damage.segment.salt);
    chunks.damage = reader.damage().iter().filter(is_loss).copied().collect();
    Ok(chunks)
}

impl ReadChunks {
    /// Takes a record; answers the time of the chunk's newest sample.
    fn take(&mut self, payload: &[u8]) -> Result<i64, DecodeError> {
        let mut input = Input::new(payload);
        let shard = usize::from(input.byte("the number of a shard")?);
        let images = self.images.get_mut(shard).ok_or_else(|| input.error("the number of a shard"))?;
        let image = ClosedImage::take(&mut input)?;
        let newest_ms = image.last_ms();
        images.push(image);
        Ok(newest_ms)
    }

    fn note(&mut self, segment: u64, newest_ms: i64) {
        match self.segments.last_mut() {
            Some((last, of_last_ms)) if *last >= segment => *of_last_ms = newest_ms.max(*of_last_ms),
            _ => self.segments.push((segment, newest_ms)),
        }
    }
}

/// Closed chunks are written in groups of so many bytes.
const GROUP_BYTES: usize = 4 << 20;

/// The records of chunks of a shard, one behind the other.
#[derive(Debug)]
pub(crate) struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    newest_ms: i64,
}

impl Default for Records {
    fn default() -> Records {
        Records { bytes: Vec::new(), ends: Vec::new(), newest_ms: i64::MIN }
    }
}

impl Records {
    /// Takes a chunk of a shard.
    pub(crate) fn push(&mut self, shard: usize, chunk: &ClosedRef<'_>) {
        self.bytes.push(shard as u8);
        chunk.push(&mut self.bytes);
        self.ends.push(self.bytes.len());
        self.newest_ms = self.newest_ms.max(chunk.last_ms());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn begin(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn get(&self, at: usize) -> &[u8] {
        &self.bytes[self.begin(at)..self.ends[at]]
    }

    /// Parts of about [`GROUP_BYTES`].
    fn groups(&self) -> impl Iterator<Item = Range<usize>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let full = self.begin(from) + GROUP_BYTES;
            let to = self.ends.partition_point(|end| *end < full).max(from + 1).min(self.ends.len());
            let group = from..to;
            from = to;
            (!group.is_empty()).then_some(group)
        })
    }
}

/// The open journal of closed chunks.
#[derive(Debug)]
pub(crate) struct ChunkLog {
    journal: Journal,
    salt: u32,
    /// The first record of this run that no checkpoint needs.
    next_sequence: u64,
    /// What runs before this one have left.
    before: Needed,
    /// The segments that hold chunks of the head, oldest first, each with the time of its newest sample.
    segments: Vec<(u64, i64)>,
}

impl ChunkLog {
    /// Opens the journal in `dir` for writing; what is `needed` of it stays.
    pub(crate) fn open(
        disk: &Arc<dyn Disk>,
        clock: &Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
        options: &journal::Options,
        needed: Needed,
        segments: Vec<(u64, i64)>,
    ) -> Result<ChunkLog, JournalError> {
        let options = journal::Options { min_number: needed.first_segment.max(1), ..options.clone() };
        let journal = Journal::open(Arc::clone(disk), Arc::clone(clock), dir.join(CHUNKS_DIR), salt, options)?;
        Ok(ChunkLog { journal, salt, next_sequence: 0, before: needed, segments })
    }

    /// Waits until all that was appended survives a power cut. After a sync that failed the journal refuses everything until
    /// one succeeds.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        self.journal.sync()
    }

    /// Appends images of chunks.
    ///
    /// # Errors
    /// When the disk refuses. What was written will not be needed.
    pub(crate) fn append(&mut self, records: &Records) -> Result<(), JournalError> {
        records.groups().try_for_each(|group| self.append_group(records, group))
    }

    fn append_group(&mut self, records: &Records, group: Range<usize>) -> Result<(), JournalError> {
        if self.journal.segment_len() >= MAX_SEGMENT_BYTES {
            self.journal.roll()?;
        }
        let Some(appended) = self.journal.append_all(CHUNK, group.map(|at| records.get(at)))? else { return Ok(()) };
        let newest_ms = records.newest_ms;
        self.next_sequence = appended.sequence + 1;
        match self.segments.last_mut() {
            Some((last, of_last_ms)) if *last == appended.segment.number => *of_last_ms = newest_ms.max(*of_last_ms),
            _ => self.segments.push((appended.segment.number, newest_ms)),
        }
        Ok(())
    }

    /// Waits until all of them survive a power cut, and says what a checkpoint needs that was made now of a head whose chunks
    /// before `floor_ms` are gone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn needed(&mut self, floor_ms: i64) -> Result<Needed, JournalError> {
        self.sync()?;
        let n_gone = self.segments.iter().take_while(|(_, newest_ms)| *newest_ms < floor_ms).count();
        self.segments.drain(..n_gone);
        let first_segment = self.segments.first().map_or_else(|| self.journal.next_segment_number(), |first| first.0);
        let mut runs = self.before.runs.clone();
        if self.next_sequence > 0 {
            runs.push((self.salt, self.next_sequence));
        }
        Ok(Needed { first_segment, runs })
    }

    /// Removes segments before one that is needed.
    ///
    /// # Errors
    /// When the disk refuses; they will be removed the next time.
    pub(crate) fn remove_before(&self, segment: u64) -> Result<(), JournalError> {
        self.journal.remove_before(segment)
    }
}
