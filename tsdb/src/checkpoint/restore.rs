//! Reading the newest checkpoint that can be read.
//!
//! The file is read in order while all cores take its sections apart. What is wrong with a checkpoint shows before anything of
//! it is used: the one before is read instead.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use journal::{Damage, Disk, ReadError};
use parking_lot::Mutex;

use super::chunks::{self, Needed, ReadChunks};
use super::file::{self, FileError, Kind, Section};
use crate::head::{Head, NO_SERIES, Place, Shard};
use crate::index::Index;
use crate::limits::MaxSeries;
use crate::wal::LogStart;
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// Which run of the process wrote a checkpoint, and where its log goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) salt: u32,
    pub(crate) start: LogStart,
}

impl Position {
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.salt.to_le_bytes());
        push_unsigned(out, self.start.batches);
        push_unsigned(out, self.start.names);
    }

    fn take(input: &mut Input<'_>) -> Result<Position, DecodeError> {
        let salt = input.bytes(4, "a salt")?;
        let salt = u32::from_le_bytes(salt.try_into().map_err(|_| input.error("a salt"))?);
        let batches = input.ordinal("the number of a segment")?;
        let names = input.ordinal("the number of a segment")?;
        Ok(Position { salt, start: LogStart { batches, names } })
    }
}

/// A checkpoint that was read.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) number: u64,
    pub(crate) head: Head,
    pub(crate) position: Position,
    /// What it needs of the closed chunks.
    pub(crate) needed: Needed,
    /// The segments of those, oldest first, each with the time of its newest sample.
    pub(crate) chunk_segments: Vec<(u64, i64)>,
    pub(crate) n_bytes: u64,
    /// Where closed chunks could not be read.
    pub(crate) damage: Vec<Damage>,
    /// Closed chunks that make no sense.
    pub(crate) unreadable: Vec<String>,
}

/// What there is of checkpoints.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) restored: Option<Restored>,
    /// The number that the next will have.
    pub(crate) next_number: u64,
    /// Those that could not be read, each with the reason.
    pub(crate) damaged: Vec<String>,
}

/// Reads the newest checkpoint in `dir` that can be read, and removes those that were never finished.
///
/// # Errors
/// When the directory cannot be read, or when the newest is of a newer format.
pub(crate) fn restore(disk: &Arc<dyn Disk>, dir: &Path, max_series: MaxSeries) -> Result<Found, ReadError> {
    let here = dir.join(file::CHECKPOINT_DIR);
    let numbers = file::numbers(&**disk, dir).map_err(|error| ReadError::Io { path: here, error })?;
    let mut found = Found { next_number: numbers.last().map_or(1, |newest| newest + 1), ..Found::default() };
    for &number in numbers.iter().rev() {
        let path = file::path_of(dir, number);
        match read(disk, dir, number, max_series) {
            Ok(restored) => {
                found.restored = Some(restored);
                break;
            }
            Err(FileError::Newer(version)) => return Err(ReadError::Newer { path, version }),
            Err(FileError::Unfinished) => {
                // It is in nobody's way if it stays.
                let _ = disk.remove(&path);
            }
            Err(error) => found.damaged.push(format!("{}: {error}", path.display())),
        }
    }
    Ok(found)
}

/// The runs that wrote the checkpoints in `dir`, by their salts. What cannot be read is no checkpoint.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) fn runs(disk: &dyn Disk, dir: &Path) -> std::io::Result<Vec<u32>> {
    let salt_of = |number: u64| {
        let section = file::Reader::open(disk, dir, number).ok()?.next_section().ok()??;
        let contents = section.contents().ok().filter(|_| section.kind == Kind::Run)?;
        Position::take(&mut Input::new(contents)).ok().map(|position| position.salt)
    };
    Ok(file::numbers(disk, dir)?.into_iter().filter_map(salt_of).collect())
}

fn read(disk: &Arc<dyn Disk>, dir: &Path, number: u64, max_series: MaxSeries) -> Result<Restored, FileError> {
    let parts = read_sections(file::Reader::open(&**disk, dir, number)?)?;
    let missing = |what: &str| FileError::Damaged(format!("{what} is missing"));
    let position = parts.position.ok_or_else(|| missing("its beginning"))?;
    let needed = parts.needed.ok_or_else(|| missing("what it needs of the closed chunks"))?;
    let index = parts.index.ok_or_else(|| missing("the index"))?;
    let mut shards = Vec::with_capacity(parts.shards.len());
    for shard in parts.shards {
        shards.push(shard.ok_or_else(|| missing("a shard"))?);
    }
    number_series(&index, &mut shards).ok_or_else(|| FileError::Damaged("index and shards disagree".to_owned()))?;
    let chunks = chunks::read(disk, dir, &needed, shards.len()).map_err(|error| match error {
        ReadError::Newer { version, .. } => FileError::Newer(version),
        ReadError::Io { error, .. } => FileError::Io(error),
    })?;
    let ReadChunks { needed, images, segments: chunk_segments, n_bytes, damage, unreadable } = chunks;
    for (shard, images) in shards.iter_mut().zip(images) {
        shard.take_closed(images);
    }
    let head = Head::of(index, shards, max_series);
    let n_bytes = n_bytes + parts.n_bytes;
    Ok(Restored { number, head, position, needed, chunk_segments, n_bytes, damage, unreadable })
}

/// The sections of a checkpoint, taken apart.
#[derive(Debug, Default)]
struct Parts {
    position: Option<Position>,
    index: Option<Index>,
    /// By number.
    shards: Vec<Option<Shard>>,
    needed: Option<Needed>,
    n_bytes: u64,
}

/// Reads all sections, and takes them apart on all cores.
fn read_sections(mut reader: file::Reader) -> Result<Parts, FileError> {
    let parts = Mutex::new(Parts::default());
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Section>(1);
        let receiver = Arc::new(Mutex::new(receiver));
        let threads: Vec<_> = (0..n_threads)
            .map(|_| {
                let (receiver, parts) = (Arc::clone(&receiver), &parts);
                scope.spawn(move || take_sections(&receiver, parts))
            })
            .collect();
        drop(receiver);
        let mut result = Ok(());
        while result.is_ok() {
            match reader.next_section() {
                Ok(Some(section)) => {
                    if sender.send(section).is_err() {
                        // Nobody takes it: all of them have failed.
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => result = Err(error),
            }
        }
        drop(sender);
        for thread in threads {
            let taken = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            result = result.and(taken);
        }
        result
    })?;
    Ok(parts.into_inner())
}

fn take_sections(sections: &Mutex<Receiver<Section>>, parts: &Mutex<Parts>) -> Result<(), FileError> {
    loop {
        let Ok(section) = sections.lock().recv() else { return Ok(()) };
        let contents = section.contents()?;
        let damaged = |error: DecodeError| FileError::Damaged(format!("section {:?}, {error}", section.kind));
        parts.lock().n_bytes += contents.len() as u64;
        match section.kind {
            Kind::Run => parts.lock().position = Some(Position::take(&mut Input::new(contents)).map_err(damaged)?),
            Kind::Chunks => parts.lock().needed = Some(Needed::take(&mut Input::new(contents)).map_err(damaged)?),
            Kind::Index => {
                let index = Index::from_image(contents).map_err(damaged)?;
                parts.lock().index = Some(index);
            }
            Kind::Shard => {
                let (number, image) =
                    contents.split_first().ok_or_else(|| damaged(Input::new(&[]).error("a number")))?;
                let shard = Shard::from_image(image).map_err(damaged)?;
                let shards = &mut parts.lock().shards;
                let n_shards = shards.len().max(usize::from(*number) + 1);
                shards.resize_with(n_shards, || None);
                shards[usize::from(*number)] = Some(shard);
            }
            Kind::End => {}
        }
    }
}

/// Tells each series its number in the index. `None` where the index names a place that is not there, or one twice.
fn number_series(index: &Index, shards: &mut [Shard]) -> Option<()> {
    let mut ids: Vec<Vec<u32>> = shards.iter().map(|shard| vec![NO_SERIES; shard.n_slots()]).collect();
    if !shards.len().is_power_of_two() || shards.len() > 256 {
        return None;
    }
    for (id, &reference) in (0..).zip(index.references()) {
        let Place { generation, shard, slot } = Place::of(reference);
        if shards.get(shard)?.generation(slot) != generation {
            return None;
        }
        let ids = ids.get_mut(shard)?;
        // A series that was made after its shard was copied has the next slot behind the image's.
        if slot == ids.len() {
            ids.push(NO_SERIES);
        }
        let place = ids.get_mut(slot)?;
        if std::mem::replace(place, id) != NO_SERIES {
            return None;
        }
    }
    shards.iter_mut().zip(&ids).try_for_each(|(shard, ids)| shard.number_series(ids))
}
