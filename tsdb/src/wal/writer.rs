//! Writing the log: batches into one journal, and a second copy of each definition into another.
//!
//! A series is defined in the record of the first batch of a run that names it, and once more in the journal of names: a
//! lost definition would otherwise cost its series' samples up to the end of the run. Both are kept until two checkpoints
//! hold the series.

use std::io;
use std::path::Path;
use std::sync::Arc;

use journal::{Appended, Disk, Journal, JournalError, Metrics, Options, ReadError, SegmentName, Tail};
use model::storage::SeriesRef;
use model::{Clock, Labels};
use parking_lot::{RwLock, RwLockReadGuard};
use rustc_hash::FxHashMap;

use super::record::{BATCH, NAMES, take_names};
use super::varint::push_unsigned;
use crate::block::LogPlace;
use crate::feed::Holds;

/// The journal of batches, in the data directory.
pub(crate) const WAL_DIR: &str = "wal";
/// The journal of second copies.
pub(crate) const NAMES_DIR: &str = "names";

/// The open log.
#[derive(Debug)]
pub(crate) struct Wal {
    batches: Journal,
    names: Journal,
    /// The number of the current segment. Held for reading from the choice of what a record leans on until it is
    /// written; held for writing while a segment ends.
    segment: RwLock<u64>,
    salt: u32,
    min_segment_bytes: u64,
    holds: Arc<Holds>,
}

/// How a log behaves; see [`crate::Options`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct WalOptions<'a> {
    pub(crate) journal: &'a Options,
    pub(crate) min_segment_bytes: u64,
    pub(crate) max_held_bytes: u64,
}

/// A place between two records of the log: everything in segments before it had been applied to the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogStart {
    /// The first segment of batches behind it.
    pub(crate) batches: u64,
    /// The first segment of names behind it.
    pub(crate) names: u64,
}

impl LogStart {
    /// The beginning of all.
    pub(crate) const FIRST: LogStart = LogStart { batches: 1, names: 1 };
}

impl Wal {
    /// Opens the log in `dir` for writing; what is in it stays. What it writes comes behind `start`.
    pub(crate) fn open(
        disk: &Arc<dyn Disk>,
        clock: &Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
        options: &WalOptions<'_>,
        start: LogStart,
    ) -> Result<Wal, JournalError> {
        let WalOptions { journal, min_segment_bytes, max_held_bytes } = *options;
        let open = |name: &str, min_number| {
            let options = Options { min_number, ..journal.clone() };
            Journal::open(Arc::clone(disk), Arc::clone(clock), dir.join(name), salt, options)
        };
        let batches = open(WAL_DIR, start.batches)?;
        let names = open(NAMES_DIR, start.names)?;
        let segment = RwLock::new(batches.next_segment_number());
        Ok(Wal { batches, names, segment, salt, min_segment_bytes, holds: Holds::new(max_held_bytes) })
    }

    /// What tells the records of this run from those of others.
    pub(crate) fn salt(&self) -> u32 {
        self.salt
    }

    /// The place of the next record.
    pub(crate) fn next_place(&self) -> LogPlace {
        LogPlace { salt: self.salt, sequence: self.batches.next_sequence() }
    }

    /// The current segment, which does not end while the answer is held.
    pub(crate) fn segment(&self) -> RwLockReadGuard<'_, u64> {
        self.segment.read()
    }

    /// Appends the record of a batch; `definitions` are those sections of it that define series.
    pub(crate) fn append(
        &self,
        segment: &RwLockReadGuard<'_, u64>,
        definitions: &[u8],
        payload: &[u8],
    ) -> Result<Appended, JournalError> {
        if !definitions.is_empty() {
            let mut copy = Vec::with_capacity(definitions.len() + 10);
            push_unsigned(&mut copy, **segment);
            copy.extend_from_slice(definitions);
            self.names.append(NAMES, &copy)?;
        }
        self.batches.append(BATCH, payload)
    }

    /// Ends the current segment if it is long enough.
    pub(crate) fn end_long_segment(&self) -> Result<(), JournalError> {
        if !self.is_long() {
            return Ok(());
        }
        // Most of what has to be synced is synced while others go on writing.
        self.batches.sync()?;
        let mut segment = self.segment.write();
        if self.is_long() { self.roll(&mut segment).map(drop) } else { Ok(()) }
    }

    /// Ends the current segments. Whatever was committed before stands before the answer and has been applied to the head.
    ///
    /// # Errors
    /// When what was written cannot be synced.
    pub(crate) fn begin_segment(&self) -> Result<LogStart, JournalError> {
        self.sync()?;
        let mut segment = self.segment.write();
        self.roll(&mut segment)
    }

    /// Removes what stands before a place and is not held by a follower.
    ///
    /// # Errors
    /// When a segment cannot be removed; it will be with the next.
    pub(crate) fn remove_before(&self, start: LogStart) -> Result<(), JournalError> {
        let start = self
            .start_for_followers(start)
            .map_err(|error| JournalError::NotWritable { path: WAL_DIR.into(), error: Arc::new(error) })?;
        self.batches.remove_before(start.batches)?;
        self.names.remove_before(start.names)
    }

    /// The place before which nobody needs anything. Of a run whose batches are kept all definitions are.
    fn start_for_followers(&self, start: LogStart) -> io::Result<LogStart> {
        let Some(first) = self.holds.first_held(start.batches, || self.batches.segments())? else { return Ok(start) };
        let mut names = self.names.segments()?;
        names.retain(|(name, _)| name.salt == first.salt);
        let names = self.holds.first_within_limit(&names).map_or(start.names, |name| name.number.min(start.names));
        Ok(LogStart { batches: first.number.min(start.batches), names })
    }

    /// What followers hold of the log.
    pub(crate) fn holds(&self) -> &Arc<Holds> {
        &self.holds
    }

    /// The segments of batches, oldest first.
    pub(crate) fn segments(&self) -> io::Result<Vec<SegmentName>> {
        Ok(self.batches.segments()?.into_iter().map(|(name, _)| name).collect())
    }

    /// The place behind the newest record: the segment and the byte.
    pub(crate) fn newest(&self) -> (SegmentName, u64) {
        self.batches.newest()
    }

    /// Follows the batches from a segment on.
    pub(crate) fn tail(&self, from: u64) -> Tail {
        self.batches.tail(from)
    }

    /// What one run has defined, as far as it is still there.
    ///
    /// # Errors
    /// When the journal of names cannot be read. Definitions that make no sense are left out.
    pub(crate) fn names_of(&self, salt: u32) -> Result<FxHashMap<SeriesRef, Labels>, ReadError> {
        let segments = self.names.segments().map_err(|error| ReadError::Io { path: NAMES_DIR.into(), error })?;
        let of_run: Vec<SegmentName> =
            segments.into_iter().map(|(name, _)| name).filter(|name| name.salt == salt).collect();
        let mut known = FxHashMap::default();
        self.names.reader().read(&of_run, |record| {
            if record.kind == NAMES {
                let define = |_, reference, labels: &Labels| drop(known.insert(reference, labels.clone()));
                let _ = take_names(record.payload, define);
            }
        })?;
        Ok(known)
    }

    fn roll(&self, segment: &mut u64) -> Result<LogStart, JournalError> {
        self.batches.roll()?;
        self.names.roll()?;
        *segment = self.batches.next_segment_number();
        Ok(LogStart { batches: *segment, names: self.names.next_segment_number() })
    }

    fn is_long(&self) -> bool {
        self.batches.segment_len() >= self.min_segment_bytes
    }

    /// Waits until everything that was appended survives a power cut.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        self.names.sync()?;
        self.batches.sync()
    }

    /// What the journal of batches has done.
    pub(crate) fn metrics(&self) -> &Metrics {
        self.batches.metrics()
    }
}
