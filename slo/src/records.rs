//! A journal of records in JSON that is read back at the start, and rewritten when it has grown.
//!
//! A payload is one record. One that this program cannot read costs that record.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use journal::{Disk, Journal, JournalError, Options, ReadError, Reader};
use model::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The kind of a record in JSON.
const KIND_JSON: u8 = 1;
/// What nobody waits for survives a power cut after this.
const SYNC_INTERVAL: Duration = Duration::from_millis(200);
/// The journal is rewritten when it has grown by this much, or by what the last rewriting made, whichever is more.
const MIN_GROWTH: u64 = 4 << 20;

/// Why a journal of records cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("cannot read the journal of {of}: {error}")]
    Read {
        /// What its records are about.
        of: &'static str,
        /// What is wrong with it.
        error: ReadError,
    },
    /// Its directory cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// The operating system's words.
        error: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the journal of {of}: {error}")]
    Write {
        /// What its records are about.
        of: &'static str,
        /// What is wrong with it.
        error: JournalError,
    },
}

/// A journal of records.
#[derive(Debug)]
pub(crate) struct RecordJournal<R> {
    journal: Journal,
    n_grown: u64,
    n_rewritten: u64,
    record: PhantomData<fn(R)>,
}

/// What was read back.
#[derive(Debug)]
pub(crate) struct ReadBack<R> {
    /// In order.
    pub(crate) records: Vec<R>,
    /// Places that were damaged, and records that could not be read.
    pub(crate) n_damaged: usize,
}

impl<R: Serialize + DeserializeOwned> RecordJournal<R> {
    /// Reads what is there, and opens it for more. `of` says in errors what the records are about.
    pub(crate) fn open(
        of: &'static str,
        disk: &Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
    ) -> Result<(RecordJournal<R>, ReadBack<R>), OpenError> {
        let directory = |error| OpenError::Directory { path: dir.to_owned(), error };
        disk.create_dir_all(dir).map_err(directory)?;
        let segments = journal::segments(&**disk, dir).map_err(directory)?;
        let mut reader = Reader::new(Arc::clone(disk), dir);
        let mut back = ReadBack { records: Vec::new(), n_damaged: 0 };
        let read = reader.read(&segments, |record| match serde_json::from_slice(record.payload) {
            Ok(read) if record.kind == KIND_JSON => back.records.push(read),
            _ => back.n_damaged += 1,
        });
        read.map_err(|error| OpenError::Read { of, error })?;
        back.n_damaged += reader.damage().iter().filter(|damage| !damage.torn_tail).count();
        let n_grown = reader.n_bytes();
        let options = Options { sync_interval: SYNC_INTERVAL, ..Options::default() };
        let journal = Journal::open(Arc::clone(disk), clock, dir, salt, options);
        let journal = journal.map_err(|error| OpenError::Write { of, error })?;
        Ok((RecordJournal { journal, n_grown, n_rewritten: 0, record: PhantomData }, back))
    }

    /// Writes records; they survive the death of the process.
    pub(crate) fn append(&mut self, records: &[R]) -> Result<(), JournalError> {
        // All keys of what is kept are texts, and JSON has all of it.
        let payloads: Vec<Vec<u8>> = records.iter().filter_map(|record| serde_json::to_vec(record).ok()).collect();
        self.journal.append_all(KIND_JSON, payloads.iter().map(Vec::as_slice))?;
        self.n_grown += payloads.iter().map(|payload| payload.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Waits until everything that was written survives a power cut.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        self.journal.sync()
    }

    /// Whether it is time to rewrite it.
    pub(crate) fn is_long(&self) -> bool {
        self.n_grown > MIN_GROWTH.max(self.n_rewritten)
    }

    /// Writes everything into a new segment, and removes those before it.
    pub(crate) fn rewrite(&mut self, all: &[R]) -> Result<(), JournalError> {
        self.journal.roll()?;
        let first = self.journal.next_segment_number();
        self.n_grown = 0;
        self.append(all)?;
        self.journal.sync()?;
        self.n_rewritten = std::mem::take(&mut self.n_grown);
        self.journal.remove_before(first)
    }
}
