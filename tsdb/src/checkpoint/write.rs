//! Writing a checkpoint, and removing what it makes superfluous.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use journal::{Disk, JournalError};
use model::Clock;

use super::chunks::{ChunkLog, Needed, Records};
use super::file::{self, Kind, Writer};
use super::restore::{Position, Restored};
use crate::head::ClosedId;
use crate::store::Store;
use crate::wal::LogStart;

/// Checkpoints that are kept.
const N_KEPT: usize = 2;
/// A checkpoint is due when there are so many times as many samples behind the last one as there are series.
const DUE_SAMPLES_A_SERIES: u64 = 20;
/// What a start has to read of a log, in samples: finding the place of a defined series takes about as long as so many.
pub(crate) fn tail_of(n_samples: u64, n_definitions: u64) -> u64 {
    n_samples + DUE_SAMPLES_A_SERIES * n_definitions
}

/// Why a checkpoint was not made. Everything is as it was; it will be tried again.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Its file cannot be written.
    #[error("cannot write checkpoint {number}: {error}")]
    File {
        /// Its number.
        number: u64,
        /// The operating system's words.
        error: io::Error,
    },
    /// The log, or the journal of closed chunks, cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A checkpoint that was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckpointStats {
    /// Its number.
    pub number: u64,
    /// How long it is, in bytes; closed chunks not counted.
    pub n_bytes: u64,
    /// Closed chunks written for it.
    pub n_chunks: u64,
    /// How long it took.
    pub duration: Duration,
}

/// What is remembered from one checkpoint to the next.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    next_number: u64,
    /// Those that are whole, oldest first.
    kept: VecDeque<Kept>,
    chunks: ChunkLog,
    /// The first chunk of each shard that was closed after the last checkpoint.
    closed_from: Vec<ClosedId>,
    /// When the last one was begun.
    last: Duration,
}

/// A checkpoint that is there, and what a start needs beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    number: u64,
    start: LogStart,
    first_chunk_segment: u64,
}

impl Kept {
    /// Its file.
    pub(crate) fn path(&self, dir: &Path) -> PathBuf {
        file::path_of(dir, self.number)
    }

    /// Where the log goes on.
    pub(crate) fn start(&self) -> LogStart {
        self.start
    }

    /// The first segment of closed chunks.
    pub(crate) fn first_chunk_segment(&self) -> u64 {
        self.first_chunk_segment
    }
}

impl Checkpoints {
    /// Goes on behind a checkpoint that was read, or begins with none.
    ///
    /// # Errors
    /// When the journal of closed chunks cannot be opened.
    pub(crate) fn open(
        disk: &Arc<dyn Disk>,
        clock: &Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
        options: &journal::Options,
        opened: Opened,
    ) -> Result<Checkpoints, JournalError> {
        let Opened { next_number, kept, needed, chunk_segments, closed_from } = opened;
        let chunks = ChunkLog::open(disk, clock, dir, salt, options, needed, chunk_segments)?;
        let disk = Arc::clone(disk);
        Ok(Checkpoints { disk, dir: dir.to_owned(), next_number, kept, chunks, closed_from, last: clock.elapsed() })
    }
}

impl Checkpoints {
    /// The newest that is there.
    pub(crate) fn newest(&self) -> Option<Kept> {
        self.kept.back().copied()
    }

    /// When the last one was begun, or tried, on the clock that never goes back.
    pub(crate) fn last(&self) -> Duration {
        self.last
    }
}

/// What the start leaves to those who write checkpoints.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    next_number: u64,
    kept: VecDeque<Kept>,
    needed: Needed,
    chunk_segments: Vec<(u64, i64)>,
    closed_from: Vec<ClosedId>,
}

impl Opened {
    /// After a checkpoint was read, before the log behind it is.
    pub(crate) fn of(restored: Option<&mut Restored>, next_number: u64) -> Opened {
        let Some(restored) = restored else { return Opened { next_number, ..Opened::default() } };
        let first_chunk_segment = restored.needed.first_segment;
        let kept = Kept { number: restored.number, start: restored.position.start, first_chunk_segment };
        Opened {
            next_number,
            kept: VecDeque::from([kept]),
            needed: std::mem::take(&mut restored.needed),
            chunk_segments: std::mem::take(&mut restored.chunk_segments),
            closed_from: restored.head.shards.iter().map(|shard| shard.lock().next_closed()).collect(),
        }
    }

    /// Where the log goes on.
    pub(crate) fn start(&self) -> LogStart {
        self.kept.back().map_or(LogStart::FIRST, |kept| kept.start)
    }
}

impl Store {
    /// Makes a checkpoint if one is due: when many samples stand behind the last one, or it is old.
    ///
    /// # Errors
    /// When the disk refuses. Everything is as it was.
    pub fn checkpoint_if_due(&self) -> Result<Option<CheckpointStats>, CheckpointError> {
        if self.is_checkpoint_due() { self.checkpoint().map(Some) } else { Ok(None) }
    }

    fn is_checkpoint_due(&self) -> bool {
        let n_tail = self.n_tail.load(Ordering::Relaxed);
        let n_series = self.head.index().read().n_series() as u64;
        let is_long = n_tail >= self.options().checkpoint_samples.max(DUE_SAMPLES_A_SERIES * n_series);
        // Where one is being made just now, it will be looked at again after that.
        let is_old = || {
            let checkpoints = self.checkpoints.try_lock();
            checkpoints.is_some_and(|last| self.clock().elapsed() >= last.last + self.options().checkpoint_interval)
        };
        is_long || (n_tail > 0 && is_old())
    }

    /// Makes a checkpoint. Batches are committed meanwhile; each shard is held for as long as copying it takes.
    ///
    /// # Errors
    /// When the disk refuses. Everything is as it was.
    pub fn checkpoint(&self) -> Result<CheckpointStats, CheckpointError> {
        let mut checkpoints = self.checkpoints.lock();
        let began = self.clock().elapsed();
        // After a failure it is tried again as soon as it would be after a success.
        checkpoints.last = began;
        let number = checkpoints.next_number;
        checkpoints.next_number += 1;
        checkpoints.chunks.sync()?;
        let start = self.wal.begin_segment()?;
        let n_covered = self.n_tail.load(Ordering::Relaxed);

        let not_written = |error| CheckpointError::File { number, error };
        let mut writer = Writer::create(&checkpoints.disk, &checkpoints.dir, number).map_err(not_written)?;
        let mut contents = Vec::new();
        Position { salt: self.wal.salt(), start }.push(&mut contents);
        writer.section(Kind::Run, &contents).map_err(not_written)?;
        let mut stats = CheckpointStats { number, ..CheckpointStats::default() };
        let closed_from = self.write_shards(&mut checkpoints, &mut writer, &mut contents, &mut stats)?;
        contents.clear();
        self.head.index().read().push_image(&mut contents);
        writer.section(Kind::Index, &contents).map_err(not_written)?;
        let needed = checkpoints.chunks.needed(self.freed_to_ms.load(Ordering::Relaxed))?;
        contents.clear();
        needed.push(&mut contents);
        writer.section(Kind::Chunks, &contents).map_err(not_written)?;
        stats.n_bytes = writer.finish().map_err(not_written)?;

        checkpoints.closed_from = closed_from;
        checkpoints.kept.push_back(Kept { number, start, first_chunk_segment: needed.first_segment });
        self.n_tail.fetch_sub(n_covered, Ordering::Relaxed);
        self.remove_superfluous(&mut checkpoints)?;
        stats.duration = self.clock().elapsed().saturating_sub(began);
        Ok(stats)
    }

    /// Writes the image of each shard, and the chunks that were closed since the last checkpoint. Answers the first chunk of
    /// each shard that was closed after that.
    fn write_shards(
        &self,
        checkpoints: &mut Checkpoints,
        writer: &mut Writer,
        contents: &mut Vec<u8>,
        stats: &mut CheckpointStats,
    ) -> Result<Vec<ClosedId>, CheckpointError> {
        let mut closed_from = Vec::with_capacity(self.head.shards.len());
        for (number, shard) in self.head.shards.iter().enumerate() {
            contents.clear();
            contents.push(number as u8);
            let mut records = Records::default();
            {
                let shard = shard.lock();
                let from = checkpoints.closed_from.get(number).copied().unwrap_or(0);
                shard.push_image(from, contents, |chunk| records.push(number, &chunk));
                closed_from.push(shard.next_closed());
            }
            let error = |error| CheckpointError::File { number: stats.number, error };
            writer.section(Kind::Shard, contents).map_err(error)?;
            checkpoints.chunks.append(&records)?;
            stats.n_chunks += records.len() as u64;
        }
        Ok(closed_from)
    }

    /// Removes older checkpoints, and what only they need.
    fn remove_superfluous(&self, checkpoints: &mut Checkpoints) -> Result<(), CheckpointError> {
        let Checkpoints { disk, dir, kept, chunks, .. } = checkpoints;
        if kept.len() < N_KEPT {
            return Ok(());
        }
        kept.drain(..kept.len() - N_KEPT);
        let is_kept = |number: &u64| kept.iter().any(|kept| kept.number == *number);
        let remove = || -> io::Result<()> {
            for number in file::numbers(&**disk, dir)?.iter().filter(|number| !is_kept(number)) {
                disk.remove(&file::path_of(dir, *number))?;
            }
            disk.sync_dir(&dir.join(file::CHECKPOINT_DIR))
        };
        remove().map_err(|error| CheckpointError::File { number: kept[0].number, error })?;
        self.wal.remove_before(kept[0].start)?;
        let first = kept.iter().map(|kept| kept.first_chunk_segment).min();
        chunks.remove_before(first.unwrap_or(0))?;
        Ok(())
    }
}
