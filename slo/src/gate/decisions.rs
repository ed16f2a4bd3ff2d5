//! What is kept on the disk: a journal that is read back at the start, and rewritten when it has grown.
//!
//! A payload is one record in JSON. One that this program cannot read costs that record. `docs/format/decisions.md` has them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use journal::{Disk, Journal, JournalError, Options, ReadError, Reader};
use model::Clock;
use serde::{Deserialize, Serialize};

use super::evaluation::Evaluation;
use super::overriding::Override;
use crate::deployment::Deployment;
use crate::policy::{PolicyChange, Standing};

/// The kind of a record in JSON.
const KIND_JSON: u8 = 1;
/// What need not be there before anybody is answered is so after this.
const SYNC_INTERVAL: Duration = Duration::from_millis(200);
/// The journal is rewritten when it has grown by this much, or by what the last rewriting made, whichever is more.
const MIN_GROWTH: u64 = 4 << 20;

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "what")]
pub(super) enum Record {
    /// A deployment as it is now.
    Deployment(Deployment),
    /// An evaluation as it is now.
    Evaluation(Box<Evaluation>),
    /// An override.
    Override(Override),
    /// Where a product stands now.
    Standing(Standing),
    /// A product's state has changed.
    Change(PolicyChange),
    /// A webhook that was taken: whose, and its id.
    Hook {
        /// `gitlab`, `jenkins`
        source: String,
        /// What it calls itself.
        id: String,
    },
}

/// Why the journal of decisions cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("cannot read the journal of decisions: {0}")]
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
    #[error("cannot write the journal of decisions: {0}")]
    Write(#[from] JournalError),
}

/// The journal of decisions.
#[derive(Debug)]
pub(super) struct Decisions {
    journal: Journal,
    n_grown: u64,
    n_rewritten: u64,
}

/// What was read back.
#[derive(Debug, Default)]
pub(super) struct ReadBack {
    /// In order.
    pub(super) records: Vec<Record>,
    /// Places that were damaged, and records that could not be read.
    pub(super) n_damaged: usize,
}

impl Decisions {
    /// Reads what is there, and opens it for more.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
    ) -> Result<(Decisions, ReadBack), OpenError> {
        let directory = |error| OpenError::Directory { path: dir.to_owned(), error };
        disk.create_dir_all(dir).map_err(directory)?;
        let segments = journal::segments(&**disk, dir).map_err(directory)?;
        let mut reader = Reader::new(Arc::clone(disk), dir);
        let mut back = ReadBack::default();
        reader.read(&segments, |record| match serde_json::from_slice(record.payload) {
            Ok(read) if record.kind == KIND_JSON => back.records.push(read),
            _ => back.n_damaged += 1,
        })?;
        back.n_damaged += reader.damage().iter().filter(|damage| !damage.torn_tail).count();
        let n_grown = reader.n_bytes();
        let options = Options { sync_interval: SYNC_INTERVAL, ..Options::default() };
        let journal = Journal::open(Arc::clone(disk), clock, dir, salt, options)?;
        Ok((Decisions { journal, n_grown, n_rewritten: 0 }, back))
    }

    /// Writes records; they survive the death of the process.
    pub(super) fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        // All keys of what is kept are texts, and JSON has all of it.
        let payloads: Vec<Vec<u8>> = records.iter().filter_map(|record| serde_json::to_vec(record).ok()).collect();
        self.journal.append_all(KIND_JSON, payloads.iter().map(Vec::as_slice))?;
        self.n_grown += payloads.iter().map(|payload| payload.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Waits until everything that was written survives a power cut.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        self.journal.sync()
    }

    /// Whether it is time to rewrite it.
    pub(super) fn is_long(&self) -> bool {
        self.n_grown > MIN_GROWTH.max(self.n_rewritten)
    }

    /// Writes everything into a new segment, and removes those before it.
    pub(super) fn rewrite(&mut self, all: &[Record]) -> Result<(), JournalError> {
        self.journal.roll()?;
        let first = self.journal.next_segment_number();
        self.n_grown = 0;
        self.append(all)?;
        self.journal.sync()?;
        self.n_rewritten = std::mem::take(&mut self.n_grown);
        self.journal.remove_before(first)
    }
}
