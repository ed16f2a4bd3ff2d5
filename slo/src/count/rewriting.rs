//! Writing chunks anew that are still needed, so that the files in which they are few can go.

use journal::JournalError;

use super::book::{self, Book};
use super::bytes::Out;
use super::chunk::{Bodies, Place};
use super::files::{Files, Shelf};
use super::log::Log;
use super::tally::Tally;

/// Files of chunks are rewritten when they are longer than this and more than half of them is of no use.
const MIN_TO_REWRITE: u64 = 64 << 20;

/// When files of chunks are rewritten.
#[derive(Debug)]
pub(super) struct Rewriting {
    /// They have to be longer than this.
    pub(super) least: u64,
}

impl Default for Rewriting {
    fn default() -> Rewriting {
        Rewriting { least: MIN_TO_REWRITE }
    }
}

/// A book on the shelf, of which the log is read.
struct Shelved {
    key: (String, String),
    before: Vec<u8>,
    log: Log,
    behind: Vec<u8>,
}

impl Rewriting {
    /// Writes anew what books name, those on the shelf included, where that is less than half of all. Answers from which file on all
    /// of it stands, where it does: once books are written, older ones may go.
    ///
    /// # Errors
    /// When no file can be begun.
    pub(super) fn rewrite(
        &mut self,
        files: &Files,
        tally: &mut Tally,
        shelf: &mut Shelf,
    ) -> Result<Option<u64>, JournalError> {
        let (stored, of_books) = (files.stored_bytes(), n_bytes(logs(tally)));
        if stored <= self.least.max(2 * of_books) {
            return Ok(None);
        }
        let mut shelved = read(shelf);
        if stored <= 2 * (of_books + n_bytes(shelved.iter_mut().map(|shelved| &mut shelved.log))) {
            return Ok(None);
        }
        let first = files.begin_chunks()?;
        let all = logs(tally).chain(shelved.iter_mut().map(|shelved| &mut shelved.log));
        let moved = all.flat_map(Log::places_mut).map(|place| move_to_newest(files, place));
        let are_all = moved.filter(|is_moved| !is_moved).count() == 0;
        for Shelved { key, before, log, behind } in shelved {
            let mut out = Out(before);
            log.write(&mut out);
            out.0.extend_from_slice(&behind);
            shelf.insert(key, out.0);
        }
        // What is damaged, or what the disk has no room for, is so the next time, too: it is left alone until there is much more.
        self.least = if are_all { MIN_TO_REWRITE.min(self.least) } else { 2 * files.stored_bytes() };
        Ok(are_all.then_some(first))
    }
}

fn logs(tally: &mut Tally) -> impl Iterator<Item = &mut Log> {
    tally.books.iter_mut().flatten().map(|Book { log, .. }| log)
}

fn n_bytes<'l>(logs: impl Iterator<Item = &'l mut Log>) -> u64 {
    logs.flat_map(Log::places_mut).map(|place| u64::from(place.n_bytes)).sum()
}

fn move_to_newest(files: &Files, place: &mut Place) -> bool {
    let moved = files.body(*place).and_then(|bytes| files.store(&bytes));
    moved.map(|moved| *place = moved).is_some()
}

/// The books on the shelf. One that cannot be read could not be taken from it either, and goes.
fn read(shelf: &mut Shelf) -> Vec<Shelved> {
    let mut all = Vec::with_capacity(shelf.len());
    shelf.retain(|key, bytes| {
        let parts = book::log_within(bytes);
        let parts = parts.map(|(before, log, behind)| (before.to_vec(), log, behind.to_vec()));
        let shelved = parts.map(|(before, log, behind)| Shelved { key: key.clone(), before, log, behind });
        let is_read = shelved.is_some();
        all.extend(shelved);
        is_read
    });
    all
}
