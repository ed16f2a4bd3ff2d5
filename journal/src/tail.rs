//! Following a journal while it is written: every record once, in order, as soon as it has been appended.
//!
//! A tail reads the files, and never beyond what the writer says is whole records, so it sees neither a write that is under
//! way nor one that failed and was cut off again. It takes over from one segment to the next, also to those that a later
//! run of the process writes. Where a failed sync made the writer write its newest records a second time, the copies are
//! passed over.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::disk::{Contents, Disk};
use crate::journal::{Shared, Written};
use crate::reader::{Found, ReadError, Record, Scanner};
use crate::segment::{SegmentName, segments};

/// Gaps in the row of sequence numbers that are remembered, so that a second copy can fill them.
const MAX_GAPS: usize = 64;

/// Why a tail cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The segments that come next have been removed.
    #[error("segments before {0} have been removed")]
    Gone(u64),
}

/// A place in a journal that moves on with it. Made by [`crate::Journal::tail`].
pub struct Tail {
    shared: Arc<Shared>,
    /// The lowest number that the next segment may have.
    next_number: u64,
    segment: Option<Segment>,
    seen: Seen,
    n_damaged: u64,
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segment = self.segment.as_ref().map(|segment| segment.name);
        f.debug_struct("Tail").field("segment", &segment).field("n_damaged", &self.n_damaged).finish_non_exhaustive()
    }
}

/// A segment that is being read.
struct Segment {
    name: SegmentName,
    scanner: Scanner,
    /// How much of it has been given to the scanner.
    limit: u64,
}

impl Tail {
    /// A tail that begins with the first segment that is numbered `from` or higher.
    pub(crate) fn new(shared: Arc<Shared>, from: u64) -> Tail {
        Tail { shared, next_number: from, segment: None, seen: Seen::default(), n_damaged: 0 }
    }

    /// The next record; `None` while there is none.
    ///
    /// # Errors
    /// When a file cannot be read, or has been removed before it was.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, TailError> {
        let Some(found) = self.find()? else { return Ok(None) };
        Ok(self.segment.as_ref().map(|segment| segment.scanner.record(&found)))
    }

    /// Places in which no record was found and one should have been.
    pub fn n_damaged(&self) -> u64 {
        self.n_damaged
    }

    fn find(&mut self) -> Result<Option<Found>, TailError> {
        let reading = self.segment.as_ref().map_or(0, |segment| segment.name.number);
        match self.find_there() {
            // What is read of it has been read; what is not is not there any more.
            Err(TailError::Read(ReadError::Io { error, .. }))
                if error.kind() == io::ErrorKind::NotFound && self.shared.removed_before() > reading =>
            {
                Err(TailError::Gone(self.shared.removed_before()))
            }
            found => found,
        }
    }

    fn find_there(&mut self) -> Result<Option<Found>, TailError> {
        loop {
            // First, so that a segment that has ended is read to its end below.
            let written = self.shared.written();
            if let Some(segment) = &mut self.segment {
                segment.grow(&self.shared, &written)?;
                while let Some(found) = segment.scanner.next_record()? {
                    if self.seen.is_new(found.sequence) {
                        return Ok(Some(found));
                    }
                }
                let has_ended = written.has_ended(segment.name);
                // A torn tail is what a killed process leaves; in a segment that is still written there can be none.
                let damage = segment.scanner.take_damage();
                self.n_damaged += damage.iter().filter(|damage| !(damage.torn_tail && has_ended)).count() as u64;
                if !has_ended {
                    return Ok(None);
                }
            }
            if !self.begin_next(&written)? {
                return Ok(None);
            }
        }
    }

    /// Goes on to the next segment, if there is one.
    fn begin_next(&mut self, written: &Written) -> Result<bool, TailError> {
        if written.newest_number() < self.next_number {
            return Ok(false);
        }
        let Shared { disk, dir, .. } = &*self.shared;
        let names = segments(&**disk, dir).map_err(|error| ReadError::Io { path: dir.clone(), error })?;
        let next = names.into_iter().find(|name| name.number >= self.next_number);
        let Some(name) = next.filter(|name| name.number < written.next_number) else { return Ok(false) };
        // Numbers may be left out; but not those of segments that somebody removed.
        let removed_before = self.shared.removed_before();
        if self.segment.is_some() && name.number > self.next_number && removed_before > self.next_number {
            return Err(TailError::Gone(removed_before));
        }
        if self.segment.as_ref().is_none_or(|before| before.name.salt != name.salt) {
            self.seen = Seen::default();
        }
        let limit = limit(&**disk, dir, name, written)?;
        let input = input(&**disk, dir, name, 0, limit)?;
        let scanner = Scanner::over(input, dir.join(name.to_string()), name, self.seen.next.unwrap_or_default())?;
        self.next_number = name.number + 1;
        self.segment = Some(Segment { name, scanner, limit });
        Ok(true)
    }
}

impl Segment {
    /// Lets the scanner read on, where the segment has grown since.
    fn grow(&mut self, shared: &Shared, written: &Written) -> Result<(), TailError> {
        let limit = limit(&*shared.disk, &shared.dir, self.name, written)?;
        if limit > self.limit {
            let from = self.scanner.read_to();
            self.scanner.resume(input(&*shared.disk, &shared.dir, self.name, from, limit)?);
            self.limit = limit;
        }
        Ok(())
    }
}

/// Up to which byte a segment can be read.
fn limit(disk: &dyn Disk, dir: &Path, name: SegmentName, written: &Written) -> Result<u64, ReadError> {
    match written.open {
        Some((open, len)) if open == name => Ok(len),
        _ => {
            let path = dir.join(name.to_string());
            disk.len(&path).map_err(|error| ReadError::Io { path, error })
        }
    }
}

/// A part of a segment.
fn input(
    disk: &dyn Disk,
    dir: &Path,
    name: SegmentName,
    from: u64,
    to: u64,
) -> Result<Box<dyn Read + Send>, ReadError> {
    let path = dir.join(name.to_string());
    let contents = disk.contents(&path).map_err(|error| ReadError::Io { path, error })?;
    Ok(Box::new(Part { contents, from, to }))
}

/// The bytes of a file between two places.
struct Part {
    contents: Contents,
    from: u64,
    to: u64,
}

impl Read for Part {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.to - self.from).unwrap_or(usize::MAX);
        let wanted = left.min(out.len());
        let n_read = match &self.contents {
            Contents::File(file) => file.read_at(&mut out[..wanted], self.from)?,
            Contents::Bytes(bytes) => {
                let rest = usize::try_from(self.from).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
                let n_read = wanted.min(rest.len());
                out[..n_read].copy_from_slice(&rest[..n_read]);
                n_read
            }
        };
        self.from += n_read as u64;
        Ok(n_read)
    }
}

/// Which records of a run have been handed out.
#[derive(Debug, Default)]
struct Seen {
    /// One more than the highest; `None` before the first.
    next: Option<u64>,
    /// What was missing in between.
    gaps: Vec<Range<u64>>,
}

impl Seen {
    /// Whether a record is handed out for the first time; from now on it has been.
    fn is_new(&mut self, sequence: u64) -> bool {
        let next = *self.next.get_or_insert(sequence);
        if sequence >= next {
            if sequence > next {
                self.note_gap(next..sequence);
            }
            self.next = Some(sequence + 1);
            return true;
        }
        let Some(at) = self.gaps.iter().position(|gap| gap.contains(&sequence)) else { return false };
        let gap = self.gaps.remove(at);
        self.note_gap(gap.start..sequence);
        self.note_gap(sequence + 1..gap.end);
        true
    }

    fn note_gap(&mut self, gap: Range<u64>) {
        if gap.is_empty() {
            return;
        }
        if self.gaps.len() == MAX_GAPS {
            self.gaps.remove(0);
        }
        self.gaps.push(gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_copy_is_new_only_where_the_first_was_missing() {
        let mut seen = Seen::default();
        let sequences = [7, 8, 12, 9, 9, 8, 11, 10, 10, 13, 3];
        let want = [true, true, true, true, false, false, true, true, false, true, false];
        assert_eq!(sequences.map(|sequence| seen.is_new(sequence)), want);
    }
}
