//! Writing the log: batches into one journal, and a second copy of each definition into another.
//!
//! A series is defined in the record of the first batch that names it in a segment, and once more in the journal of
//! names. So a segment can be read by itself, and no damage to one file costs more than the records it hits: a lost
//! definition would otherwise cost its series' samples up to the end of the segment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use journal::{Appended, Disk, Journal, JournalError, Metrics, Options};
use model::Clock;
use parking_lot::{RwLock, RwLockReadGuard};

use super::record::{BATCH, NAMES};
use super::varint::push_unsigned;

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
    /// Bytes of definitions in the current segment.
    definition_bytes: AtomicU64,
    min_segment_bytes: u64,
}

impl Wal {
    /// Opens the log in `dir` for writing; what is in it stays.
    pub(crate) fn open(
        disk: &Arc<dyn Disk>,
        clock: &Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
        options: Options,
        min_segment_bytes: u64,
    ) -> Result<Wal, JournalError> {
        let open =
            |name: &str, options| Journal::open(Arc::clone(disk), Arc::clone(clock), dir.join(name), salt, options);
        let batches = open(WAL_DIR, options.clone())?;
        let names = open(NAMES_DIR, options)?;
        let segment = RwLock::new(batches.next_segment_number());
        Ok(Wal { batches, names, segment, definition_bytes: AtomicU64::new(0), min_segment_bytes })
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
            self.definition_bytes.fetch_add(definitions.len() as u64, Ordering::Relaxed);
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
        if self.is_long() {
            self.batches.roll()?;
            self.names.roll()?;
            *segment = self.batches.next_segment_number();
            self.definition_bytes.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What it costs to define the series again should be little beside what a segment holds: many series make long
    /// segments.
    fn is_long(&self) -> bool {
        let definition_bytes = self.definition_bytes.load(Ordering::Relaxed);
        self.batches.segment_len() >= self.min_segment_bytes.max(8 * definition_bytes)
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
