//! The store: opening, closing, and the door to everything else.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use journal::{Disk, DiskLock, JournalError, LockError};
use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef};
use model::{Clock, Labels, Rng};
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;

use crate::block::{Block, BlockError, BlockId};
use crate::checkpoint::{Checkpoints, Found, Opened, restore, tail_of};
use crate::commit::{Source, placement_of_source, placement_of_target};
use crate::deletion::{self, Deletions, DeletionsError, DeletionsFile};
use crate::downsample::Downsampling;
use crate::feed::RestoredRun;
use crate::head::Head;
use crate::limits::{MaxSeries, SeriesLimits};
use crate::maintenance::MaintenanceStats;
use crate::sealed::{self, BlockIds, Retention, Sealed, Truncation};
use crate::wal::record::DERIVED;
use crate::wal::{InBlocks, Progress, ReplayError, Replayed, Wal, WalOptions, replay};

/// How a store behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is older than this survives a power cut; see [`journal::Options::sync_interval`]. The default is one second.
    pub sync_interval: Duration,
    /// A log segment ends when it is this long, in bytes. The default is 64 MiB.
    pub min_segment_bytes: u64,
    /// A checkpoint is due when this many samples stand in the log behind the last one, or 20 for each series if those are
    /// more. A series that is defined there counts as 20 of them. The default is 1,000,000.
    pub checkpoint_samples: u64,
    /// A checkpoint is due when the last one is so old and there are samples behind it. The default is two minutes.
    pub checkpoint_interval: Duration,
    /// How much of the log is kept for those who follow it and are behind, in bytes, beside what a restart needs. The
    /// default is 8 GiB.
    pub max_held_bytes: u64,
    /// Series in the head (limit `head_series`). The default is 2,000,000.
    pub max_series: u64,
    /// Series of one metric (limit `metric_series`). The default is no limit.
    pub max_metric_series: u64,
    /// Series of one target, by the labels `job` and `instance` (limit `target_series`). The default is no limit.
    pub max_target_series: u64,
    /// How far ahead of the clock a sample may be, in milliseconds (limit `sample_ahead_ms`). The default is ten
    /// minutes; `i64::MAX` for no limit.
    pub max_ahead_ms: i64,
    /// How much older than the newest sample of its series a sample may be, in milliseconds; 0 refuses late samples. The
    /// default is 30 minutes. See [`Store::set_late_window_ms`].
    pub late_window_ms: i64,
    /// Shards of the head; rounded up to a power of two. The default is four for each core.
    pub n_shards: usize,
}

impl Default for Options {
    fn default() -> Options {
        let n_cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Options {
            sync_interval: Duration::from_secs(1),
            min_segment_bytes: 64 << 20,
            checkpoint_samples: 1_000_000,
            checkpoint_interval: Duration::from_secs(120),
            max_held_bytes: 8 << 30,
            max_series: 2_000_000,
            max_metric_series: u64::MAX,
            max_target_series: u64::MAX,
            max_ahead_ms: 10 * 60_000,
            late_window_ms: 30 * 60_000,
            n_shards: 4 * n_cores,
        }
    }
}

/// A head of so many bytes, or fewer, is written within a second on any disk.
const QUICK_HEAD_BYTES: u64 = 64 << 20;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the directory.
    #[error("data directory {} is in use: {lock}", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who has it.
        lock: LockError,
    },
    /// The directory cannot be made or written.
    #[error("data directory cannot be written: {0}")]
    NotWritable(#[from] JournalError),
    /// The directory of blocks cannot be read, or a block is of a newer version.
    #[error(transparent)]
    Blocks(#[from] BlockError),
    /// What is deleted cannot be read: it would be seen again.
    #[error(transparent)]
    Deletions(#[from] DeletionsError),
    /// The log cannot be read.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The operating system gives no random numbers.
    #[error("no randomness: {0}")]
    Randomness(String),
}

/// A time-series store in a directory of its own.
#[derive(Debug)]
pub struct Store {
    pub(crate) head: Arc<Head>,
    pub(crate) wal: Arc<Wal>,
    /// The run that wrote the checkpoint that was read at the start.
    pub(crate) restored: Option<RestoredRun>,
    pub(crate) checkpoints: Mutex<Checkpoints>,
    /// What stands in the log behind the last checkpoint, in samples; see [`tail_of`].
    pub(crate) n_tail: AtomicU64,
    sealed: RwLock<Arc<Sealed>>,
    /// The sets of blocks before it that may still be in use.
    older_sets: Mutex<Vec<Weak<Sealed>>>,
    /// What is deleted. Held by whoever replaces or removes blocks.
    ///
    /// Locks are taken in this order: checkpoints, truncations, deletions.
    pub(crate) deletions: Mutex<DeletionsFile>,
    /// What has been sealed and is still in memory, oldest first. Held by whoever seals.
    pub(crate) truncations: Mutex<VecDeque<Truncation>>,
    pub(crate) retention: Mutex<Retention>,
    pub(crate) downsampling: Mutex<Downsampling>,
    pub(crate) maintenance: Mutex<MaintenanceStats>,
    /// Everything from before this time was sealed, if there was anything, when it was due.
    pub(crate) looked_to_ms: AtomicI64,
    /// Chunks from before this time have been freed.
    pub(crate) freed_to_ms: AtomicI64,
    /// Makes the names of blocks.
    pub(crate) ids: Mutex<BlockIds>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: PathBuf,
    clock: Arc<dyn Clock>,
    options: Options,
    sources: Mutex<FxHashMap<u32, Arc<Mutex<Source>>>>,
    next_source: AtomicU32,
    late_window_ms: AtomicI64,
    closing: AtomicBool,
    _lock: Box<dyn DiskLock>,
}

impl Store {
    /// Opens the store in `dir`, which is made where it is missing, and reads its log. `progress` tells others how far
    /// that has come.
    ///
    /// # Errors
    /// When another process has the directory, when it cannot be read or written, or when it is of a newer format.
    /// Damage is no error: [`Replayed::damage`] lists it.
    pub fn open(
        disk: &Arc<dyn Disk>,
        clock: &Arc<dyn Clock>,
        rng: &mut dyn Rng,
        dir: &Path,
        options: Options,
        progress: &Progress,
    ) -> Result<(Store, Replayed), OpenError> {
        let not_writable =
            |error| OpenError::NotWritable(JournalError::NotWritable { path: dir.into(), error: Arc::new(error) });
        disk.create_dir_all(dir).map_err(not_writable)?;
        let lock = match disk.lock(&dir.join("lock")) {
            Ok(lock) => lock,
            Err(LockError::Io(error)) => return Err(not_writable(error)),
            Err(lock) => return Err(OpenError::Locked { path: dir.into(), lock }),
        };
        let deletion::Found { file: mut deletions, damaged: damaged_deletions } = DeletionsFile::open(disk, dir)?;
        let sealed::Found { sealed, damaged: damaged_blocks, files, merged_into } = sealed::open(disk, dir)?;
        deletions.follow(|deletions| deletions.follow(&merged_into, &files));
        let hidden = sealed.hidden_by(deletions.now(), None);
        let sealed = sealed.hiding(hidden);
        let Found { mut restored, next_number, damaged } =
            restore(disk, dir, MaxSeries::of_replay(&options)).map_err(ReplayError::from)?;
        let opened = Opened::of(restored.as_mut(), next_number);
        let restored_run = restored.as_ref().map(|restored| RestoredRun::of(restored.position.salt, &restored.head));
        let floor_ms = sealed.floor_ms();
        let ids = BlockIds::after(sealed.metas(), rng.next_u64());
        let in_blocks = InBlocks::of(&sealed, deletions.now());
        let (seed, n_shards) = (rng.next_u64(), options.n_shards);
        let (mut head, mut replayed) = match restored {
            Some(restored) => {
                let replayed = replay(disk, dir, &restored.head, &in_blocks, Some(restored.position), progress)?;
                let replayed = replayed.after(restored.number, restored.n_bytes, restored.damage, restored.unreadable);
                (restored.head, replayed)
            }
            None => {
                let head = Head::new(seed, n_shards, MaxSeries::of_replay(&options));
                let replayed = replay(disk, dir, &head, &in_blocks, None, progress)?;
                (head, replayed)
            }
        };
        replayed.damaged_checkpoints = damaged;
        replayed.damaged_blocks = damaged_blocks;
        replayed.damaged_deletions = damaged_deletions;
        head.limits = SeriesLimits::new(MaxSeries::of(&options));
        let journal = journal::Options { sync_interval: options.sync_interval, ..journal::Options::default() };
        let salt = rng.next_u64() as u32;
        let (min_segment_bytes, max_held_bytes) = (options.min_segment_bytes, options.max_held_bytes);
        let wal_options = WalOptions { journal: &journal, min_segment_bytes, max_held_bytes };
        let wal = Wal::open(disk, clock, dir, salt, &wal_options, opened.start())?;
        let checkpoints = Checkpoints::open(disk, clock, dir, salt, &journal, opened)?;
        let store = Store {
            head: Arc::new(head),
            wal: Arc::new(wal),
            restored: restored_run,
            checkpoints: Mutex::new(checkpoints),
            n_tail: AtomicU64::new(tail_of(replayed.n_tail, replayed.n_definitions)),
            sealed: RwLock::new(Arc::new(sealed)),
            older_sets: Mutex::default(),
            deletions: Mutex::new(deletions),
            truncations: Mutex::default(),
            retention: Mutex::default(),
            downsampling: Mutex::default(),
            maintenance: Mutex::default(),
            looked_to_ms: AtomicI64::new(i64::MIN),
            freed_to_ms: AtomicI64::new(floor_ms),
            ids: Mutex::new(ids),
            disk: Arc::clone(disk),
            dir: dir.to_owned(),
            clock: Arc::clone(clock),
            late_window_ms: AtomicI64::new(options.late_window_ms),
            options,
            sources: Mutex::default(),
            next_source: AtomicU32::new(0),
            closing: AtomicBool::new(false),
            _lock: lock,
        };
        Ok((store, replayed))
    }

    /// Takes nothing more, and waits until all that was taken survives a power cut. Where that is quickly done, a checkpoint
    /// is made, so that the next start has nothing of the log to read.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&self) -> Result<(), JournalError> {
        self.closing.store(true, Ordering::Release);
        self.wal.sync()?;
        if self.n_tail.load(Ordering::Relaxed) > 0 && self.head_stats().n_bytes <= QUICK_HEAD_BYTES {
            // Everything is in the log: without a checkpoint the next start reads that.
            let _ = self.checkpoint();
        }
        Ok(())
    }

    /// Waits until everything that was committed survives a power cut.
    ///
    /// # Errors
    /// When the disk refuses; what was committed stays in memory and is tried again.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.wal.sync()
    }

    /// Changes how late samples may be, for batches that come from now on.
    pub fn set_late_window_ms(&self, late_window_ms: i64) {
        self.late_window_ms.store(late_window_ms.max(0), Ordering::Relaxed);
    }

    pub(crate) fn late_window_ms(&self) -> i64 {
        self.late_window_ms.load(Ordering::Relaxed)
    }

    /// Notes that samples and definitions of series were written to the log.
    pub(crate) fn note_logged(&self, n_samples: usize, n_definitions: usize) {
        self.n_tail.fetch_add(tail_of(n_samples as u64, n_definitions as u64), Ordering::Relaxed);
    }

    /// The blocks as they are now. Whoever keeps them keeps the samples in memory that have been sealed since.
    pub(crate) fn sealed(&self) -> Arc<Sealed> {
        Arc::clone(&self.sealed.read())
    }

    /// Puts these deletions in force, in the present set of blocks without some and with another.
    pub(crate) fn hide(&self, deletions: &Deletions, gone: &[BlockId], new: Option<&Arc<Block>>) {
        let hidden = self.sealed().hidden_by(deletions, new);
        let new = new.cloned().into_iter().collect();
        self.replace_sealed(|sealed| sealed.replaced(|meta| gone.contains(&meta.id), new).hiding(hidden));
    }

    /// Puts another set of blocks in the place of the present one.
    pub(crate) fn replace_sealed(&self, replace: impl FnOnce(&Sealed) -> Sealed) {
        let mut sealed = self.sealed.write();
        let new = Arc::new(replace(&sealed));
        let old = std::mem::replace(&mut *sealed, new);
        self.older_sets.lock().push(Arc::downgrade(&old));
    }

    /// The sets of blocks before the present one that somebody still uses.
    pub(crate) fn older_sets(&self) -> Vec<Weak<Sealed>> {
        let mut older = self.older_sets.lock();
        older.retain(|set| set.strong_count() > 0);
        older.clone()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The options it was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn ahead_limit(&self) -> AheadLimit {
        let limit_ms = self.options.max_ahead_ms;
        AheadLimit { limit_ms, newest_ms: self.clock.now_ms().saturating_add(limit_ms) }
    }

    fn open_numbered(&self, name: &Labels, kind: u32) -> SourceRef {
        let number = self.next_source.fetch_add(1, Ordering::Relaxed) | kind;
        let source = Source::new(placement_of_source(name));
        self.sources.lock().insert(number, Arc::new(Mutex::new(source)));
        SourceRef(number)
    }

    fn check_open(&self) -> Result<(), AppendError> {
        if self.closing.load(Ordering::Acquire) { Err(AppendError::Closing) } else { Ok(()) }
    }
}

/// How far ahead of the clock a sample may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AheadLimit {
    limit_ms: i64,
    newest_ms: i64,
}

impl AheadLimit {
    pub(crate) fn check(self, timestamp_ms: i64) -> Result<(), Refusal> {
        if timestamp_ms > self.newest_ms { Err(Refusal::TooFarAhead { limit_ms: self.limit_ms }) } else { Ok(()) }
    }
}

impl Append for Store {
    fn open_source(&self, name: &Labels) -> SourceRef {
        self.open_numbered(name, 0)
    }

    fn open_derived_source(&self, name: &Labels) -> SourceRef {
        self.open_numbered(name, DERIVED)
    }

    fn close_source(&self, source: SourceRef) {
        self.sources.lock().remove(&source.0);
    }

    fn resolve(
        &self,
        source: Option<SourceRef>,
        series: &[Labels],
    ) -> Result<Vec<Result<SeriesRef, Refusal>>, AppendError> {
        self.check_open()?;
        let placement = source
            .and_then(|source| self.sources.lock().get(&source.0).cloned())
            .map(|source| source.lock().placement());
        Ok(self.head.resolve(series, |labels| placement.unwrap_or_else(|| placement_of_target(labels))))
    }

    fn commit(&self, batch: &Batch<'_>) -> Result<Vec<Refused>, AppendError> {
        self.check_open()?;
        let source = batch.source.and_then(|source| Some((source.0, self.sources.lock().get(&source.0).cloned()?)));
        let refused = match &source {
            Some((number, source)) => self.commit_batch(Some((*number, &mut source.lock())), batch)?,
            None => self.commit_batch(None, batch)?,
        };
        // The batch is stored whatever becomes of the segment, which will be tried again with the next.
        let _ = self.wal.end_long_segment();
        Ok(refused)
    }
}
