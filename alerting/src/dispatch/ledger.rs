//! The records on the disk: a journal that is read back at the start, and rewritten as a snapshot when it has grown.
//!
//! A payload is text: one record in JSON on each line. A line that this program cannot read costs that line.
//! `docs/format/notifications.md` has the records.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use journal::{Disk, Journal, JournalError, Options, ReadError, Reader};
use model::Clock;

use super::change::Change;

/// The kind of a record that holds changes, one a line.
const KIND_CHANGES: u8 = 1;
/// A payload is ended when it is longer than this: what is lost with a damaged record is bounded.
const MAX_PAYLOAD: usize = 1 << 20;
/// What was written survives a power cut after this; what must do so at once is synced.
const SYNC_INTERVAL: Duration = Duration::from_millis(20);
/// The journal is rewritten when it has grown by this much, or by what the last snapshot had, whichever is more.
const MIN_GROWTH: u64 = 8 << 20;

/// The journal of dispatch.
#[derive(Debug)]
pub(super) struct Ledger {
    journal: Arc<Journal>,
    /// Bytes written since the last snapshot, and those of the snapshot.
    n_grown: u64,
    n_snapshot: u64,
    /// Whether something could not be written, so that only a snapshot makes the journal whole again.
    is_behind: bool,
}

/// What was read back.
#[derive(Debug, Default)]
pub(super) struct ReadBack {
    /// The records, in order.
    pub(super) changes: Vec<Change>,
    /// Places that were damaged, and lines that could not be read.
    pub(super) n_damaged: usize,
    n_bytes: u64,
}

/// Why the journal of dispatch cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("cannot read the journal of notifications: {0}")]
    Read(#[from] ReadError),
    /// Its directory cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// The operating system's words.
        error: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the journal of notifications: {0}")]
    Write(#[from] JournalError),
    /// The operating system starts no thread.
    #[error("cannot start the thread of notifications: {0}")]
    Thread(std::io::Error),
}

impl Ledger {
    /// Reads what is there, and opens it for more.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
    ) -> Result<(Ledger, ReadBack), OpenError> {
        let directory = |error| OpenError::Directory { path: dir.to_owned(), error };
        disk.create_dir_all(dir).map_err(directory)?;
        let segments = journal::segments(&**disk, dir).map_err(directory)?;
        let mut reader = Reader::new(Arc::clone(disk), dir);
        let mut back = ReadBack::default();
        reader.read(&segments, |record| match record.kind {
            KIND_CHANGES => back.take(record.payload),
            _ => back.n_damaged += 1,
        })?;
        back.n_damaged += reader.damage().iter().filter(|damage| !damage.torn_tail).count();
        back.n_bytes = reader.n_bytes();
        let options = Options { sync_interval: SYNC_INTERVAL, ..Options::default() };
        let journal = Arc::new(Journal::open(Arc::clone(disk), clock, dir, salt, options)?);
        let ledger = Ledger { journal, n_grown: back.n_bytes, n_snapshot: 0, is_behind: false };
        Ok((ledger, back))
    }

    /// Writes what has changed. Where the disk refuses, everything is written anew as soon as it takes something again.
    pub(super) fn append(&mut self, changes: &[Change], all: impl FnOnce() -> Vec<Change>) -> Result<(), JournalError> {
        if self.is_behind {
            return self.rewrite(&all());
        }
        if let Err(error) = self.write(changes) {
            self.is_behind = true;
            return Err(error);
        }
        if self.n_grown > MIN_GROWTH.max(self.n_snapshot) { self.rewrite(&all()) } else { Ok(()) }
    }

    fn write(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        let payloads = payloads(changes);
        self.n_grown += payloads.iter().map(|payload| payload.len() as u64).sum::<u64>();
        self.journal.append_all(KIND_CHANGES, payloads.iter().map(String::as_bytes))?;
        Ok(())
    }

    /// Writes everything into a new segment, and removes those before it.
    pub(super) fn rewrite(&mut self, all: &[Change]) -> Result<(), JournalError> {
        self.journal.roll()?;
        let first = self.journal.next_segment_number();
        (self.n_grown, self.is_behind) = (0, true);
        self.write(all)?;
        self.journal.sync()?;
        (self.n_snapshot, self.n_grown, self.is_behind) = (self.n_grown, 0, false);
        self.journal.remove_before(first)
    }

    pub(super) fn journal(&self) -> Arc<Journal> {
        Arc::clone(&self.journal)
    }

    /// Waits until everything that was written survives a power cut.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        self.journal.sync()
    }
}

impl ReadBack {
    fn take(&mut self, payload: &[u8]) {
        for line in payload.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(change) => self.changes.push(change),
                Err(_) => self.n_damaged += 1,
            }
        }
    }
}

/// The texts of records, in pieces of about the same length.
fn payloads(changes: &[Change]) -> Vec<String> {
    let mut payloads = Vec::new();
    let mut payload = String::new();
    for change in changes {
        // All keys of these maps are texts and all numbers are finite: JSON has all of it.
        let Ok(line) = serde_json::to_string(change) else { continue };
        payload.push_str(&line);
        payload.push('\n');
        if payload.len() > MAX_PAYLOAD {
            payloads.push(std::mem::take(&mut payload));
        }
    }
    payloads.extend((!payload.is_empty()).then_some(payload));
    payloads
}
