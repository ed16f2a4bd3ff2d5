//! The files of history: chunks of old counts, and now and then everything else as it is at one place in the feed.
//! `docs/format/slo_history.md` draws the bytes.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{Contents, Disk, Journal, JournalError, ReadError, SegmentName};
use model::storage::FeedPosition;
use model::{Clock, Labels};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::book::Book;
use super::bytes::{In, Out};
use super::chunk::{Bodies, Place};
use super::tally::Tally;
use super::target::Target;

/// Records of the journal of states, in the order in which they stand in it.
const BEGIN: u8 = 1;
const TARGETS: u8 = 2;
const BOOK: u8 = 3;
const END: u8 = 4;
const SHELVED: u8 = 5;
/// The record of the journal of chunks.
const CHUNK: u8 = 1;
/// What a state's beginning says it is.
const VERSION: u64 = 1;
/// Targets of a record.
const TARGETS_OF_RECORD: usize = 4096;
/// Records are handed to the operating system when they are so many bytes, and not one by one: there are tens of thousands.
const WRITTEN_AT_ONCE: usize = 256 << 10;

/// Why history cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A journal cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A directory cannot be read.
    #[error("cannot read the directory of history: {0}")]
    Directory(#[from] std::io::Error),
    /// It was written by a newer program.
    #[error("history has version {0}, which this program does not know: use the program that wrote it")]
    Newer(u64),
}

/// The files of history, open.
#[derive(Debug)]
pub(super) struct Files {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    chunks: Journal,
    states: Journal,
    opened: Mutex<FxHashMap<(u64, u32), Arc<Contents>>>,
}

/// Books as they were written: by id, and by what is counted, in words.
pub(super) type Shelf = BTreeMap<(String, String), Vec<u8>>;

/// What the last run left.
#[derive(Debug, Default)]
pub(super) struct Restored {
    pub(super) position: FeedPosition,
    pub(super) newest_ms: i64,
    pub(super) targets: Vec<(Labels, Target)>,
    /// Those that go on from the position.
    pub(super) books: Shelf,
    /// Those that nobody counts any more.
    pub(super) shelved: Shelf,
}

impl Files {
    /// Opens the files in a directory and reads what the last run left, if it left something.
    ///
    /// # Errors
    /// When that cannot be done. Damage is no error: a state that is not whole is none.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        clock: &Arc<dyn Clock>,
        dir: &Path,
        salt: u32,
    ) -> Result<(Files, Option<Restored>), OpenError> {
        let open = |name: &str| {
            Journal::open(Arc::clone(disk), Arc::clone(clock), dir.join(name), salt, journal::Options::default())
        };
        let (chunks, states) = (open("chunks")?, open("states")?);
        let segments: Vec<SegmentName> = states.segments()?.into_iter().map(|(name, _)| name).collect();
        let (mut reading, mut whole, mut newer) = (None, None, None);
        states.reader().read(&segments, |record| match record.kind {
            BEGIN => {
                let version = In(record.payload).u64();
                newer = version.filter(|version| *version > VERSION).or(newer);
                reading = begin(record.payload);
            }
            END => {
                if reading.as_ref().is_some_and(|(_, n_left)| *n_left == 0) {
                    whole = reading.take().map(|(restored, _)| restored);
                }
            }
            kind => {
                reading = reading.take().and_then(|(mut restored, n_left): (Restored, u64)| {
                    restored.take(kind, record.payload)?;
                    Some((restored, n_left.checked_sub(1)?))
                });
            }
        })?;
        if let (None, Some(version)) = (&whole, newer) {
            return Err(OpenError::Newer(version));
        }
        let (disk, dir) = (Arc::clone(disk), dir.join("chunks"));
        Ok((Files { disk, dir, chunks, states, opened: Mutex::default() }, whole))
    }

    /// Puts the bytes of a chunk on disk; `None` where the disk refuses.
    pub(super) fn store(&self, bytes: &[u8]) -> Option<Place> {
        let appended = self.chunks.append(CHUNK, bytes).ok()?;
        let offset = appended.end.checked_sub(bytes.len() as u64)?;
        let segment = (appended.segment.number, appended.segment.salt);
        Some(Place { segment, offset, n_bytes: u32::try_from(bytes.len()).ok()?, crc: crc32c::crc32c(bytes) })
    }

    /// How many bytes the chunks take on disk, those that nobody needs any more included.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.chunks.segments().map_or(0, |segments| segments.iter().map(|(_, len)| len).sum())
    }

    /// Begins another file of chunks, and says its number: when all that is needed has been put there, those before it may
    /// go with [`Files::remove_chunks_before`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn begin_chunks(&self) -> Result<u64, JournalError> {
        self.chunks.roll()?;
        Ok(self.chunks.next_segment_number())
    }

    /// Removes files of chunks.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn remove_chunks_before(&self, number: u64) -> Result<(), JournalError> {
        self.opened.lock().retain(|segment, _| segment.0 >= number);
        self.chunks.remove_before(number)
    }

    /// Writes everything as it is at a position of the feed, so that it survives a power cut; what was written before goes.
    ///
    /// # Errors
    /// When the disk refuses; what was written before is still there.
    pub(super) fn write(&self, tally: &Tally, shelf: &Shelf, position: FeedPosition) -> Result<(), JournalError> {
        self.chunks.sync()?;
        self.states.roll()?;
        let first = self.states.next_segment_number();
        let mut keys: Vec<(&Labels, u32)> = tally.target_keys.iter().map(|(key, number)| (key, *number)).collect();
        keys.sort_unstable_by_key(|(_, number)| *number);
        let books: Vec<&Book> = tally.books.iter().flatten().collect();
        let mut out = Out::default();
        out.u64(VERSION);
        for number in [position.segment, position.offset, position.run.into()] {
            out.u64(number);
        }
        out.i64(tally.newest_ms);
        out.u64((keys.len().div_ceil(TARGETS_OF_RECORD) + books.len() + shelf.len()) as u64);
        self.states.append(BEGIN, &out.0)?;
        for keys in keys.chunks(TARGETS_OF_RECORD) {
            out.0.clear();
            out.u64(keys.len() as u64);
            for (key, number) in keys {
                out.labels(key);
                tally.targets[*number as usize].write(&mut out);
            }
            self.states.append(TARGETS, &out.0)?;
        }
        self.write_each(BOOK, books, Book::write)?;
        self.write_each(SHELVED, shelf, |((id, words), bytes), out| {
            out.text(id);
            out.text(words);
            out.0.extend_from_slice(bytes);
        })?;
        self.states.append(END, &[])?;
        self.states.sync()?;
        self.states.remove_before(first)
    }

    /// Writes a record for each, many at once.
    fn write_each<T>(
        &self,
        kind: u8,
        all: impl IntoIterator<Item = T>,
        write: impl Fn(T, &mut Out),
    ) -> Result<(), JournalError> {
        let (mut all, mut out, mut ends) = (all.into_iter().peekable(), Out::default(), vec![0]);
        while let Some(one) = all.next() {
            write(one, &mut out);
            ends.push(out.0.len());
            if out.0.len() >= WRITTEN_AT_ONCE || all.peek().is_none() {
                self.states.append_all(kind, ends.windows(2).map(|ends| &out.0[ends[0]..ends[1]]))?;
                out.0.clear();
                ends.truncate(1);
            }
        }
        Ok(())
    }

    fn contents(&self, segment: (u64, u32), is_anew: bool) -> Option<Arc<Contents>> {
        let mut opened = self.opened.lock();
        if let Some(contents) = opened.get(&segment).filter(|_| !is_anew) {
            return Some(Arc::clone(contents));
        }
        let name = SegmentName { number: segment.0, salt: segment.1 };
        let contents = Arc::new(self.disk.contents(&self.dir.join(name.to_string())).ok()?);
        opened.insert(segment, Arc::clone(&contents));
        Some(contents)
    }

    fn read_at(contents: &Contents, place: Place) -> Option<Vec<u8>> {
        let n_bytes = place.n_bytes as usize;
        let bytes = match contents {
            Contents::File(file) => {
                let mut bytes = vec![0; n_bytes];
                file.read_exact_at(&mut bytes, place.offset).ok()?;
                bytes
            }
            Contents::Bytes(all) => {
                let offset = usize::try_from(place.offset).ok()?;
                all.get(offset..offset.checked_add(n_bytes)?)?.to_vec()
            }
        };
        (crc32c::crc32c(&bytes) == place.crc).then_some(bytes)
    }
}

impl Bodies for Files {
    fn body(&self, place: Place) -> Option<Vec<u8>> {
        let read = |is_anew| Files::read_at(&*self.contents(place.segment, is_anew)?, place);
        // The file may have grown since it was opened.
        read(false).or_else(|| read(true))
    }
}

/// What a state begins with, and how many records follow.
fn begin(payload: &[u8]) -> Option<(Restored, u64)> {
    let mut input = In(payload);
    if input.u64()? != VERSION {
        return None;
    }
    let (segment, offset) = (input.u64()?, input.u64()?);
    let position = FeedPosition { segment, offset, run: u32::try_from(input.u64()?).ok()? };
    let newest_ms = input.i64()?;
    Some((Restored { position, newest_ms, ..Restored::default() }, input.u64()?))
}

impl Restored {
    fn take(&mut self, kind: u8, payload: &[u8]) -> Option<()> {
        let mut input = In(payload);
        match kind {
            TARGETS => {
                for _ in 0..input.count()? {
                    self.targets.push((input.labels()?, Target::read(&mut input)?));
                }
            }
            BOOK | SHELVED => {
                let key = (input.text()?.to_owned(), input.text()?.to_owned());
                let shelf = if kind == BOOK { &mut self.books } else { &mut self.shelved };
                shelf.insert(key, input.0.to_vec());
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use journal::testkit::{MemoryDisk, ToldClock};

    use super::*;

    #[test]
    fn more_than_is_written_at_once_is_read() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        let clock: Arc<dyn Clock> = Arc::new(ToldClock::default());
        let open = |salt| Files::open(&disk, &clock, Path::new("history"), salt).unwrap();
        let book = |number: u8| ((format!("o{number}"), String::new()), vec![number; WRITTEN_AT_ONCE / 7]);
        for n_books in [0, 1, 7, 20] {
            let shelf: Shelf = (0..n_books).map(book).collect();
            let position = FeedPosition { segment: n_books.into(), offset: 1, run: 2 };
            open(1).0.write(&Tally::new(1000), &shelf, position).unwrap();
            let restored = open(2).1.unwrap();
            assert_eq!((restored.shelved, restored.position), (shelf, position));
        }
    }
}
