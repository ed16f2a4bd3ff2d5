//! Reading a journal back: every record that is whole, in order, around all damage.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::Disk;
use crate::frame::{FRAME_LEN, Frame};
use crate::segment::{HEADER_LEN, Header, HeaderState, SegmentName};

/// How much is read at once. Whoever follows a journal keeps room for twice as much, or for its longest record.
const READ_LEN: usize = 1 << 18;

/// A record as it was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The segment it stands in.
    pub segment: SegmentName,
    /// The byte in the segment behind the record.
    pub end: u64,
    /// Counts the records of one run of the process; what is missing in between is lost.
    pub sequence: u64,
    /// The owner's kind.
    pub kind: u8,
    /// The owner's bytes.
    pub payload: &'a [u8],
}

/// Bytes of a segment in which no record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: SegmentName,
    /// The first byte.
    pub from: u64,
    /// The byte behind the last.
    pub to: u64,
    /// Whether the damage reaches the segment's end: what a killed process leaves behind, and no cause for alarm.
    pub torn_tail: bool,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A file was written by a newer program.
    #[error("{} has format version {version}, which this program does not know: use the program that wrote it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
}

/// Reads the segments of a journal one after the other.
///
/// Where a failed sync made the writer write its newest records a second time into the next segment, each is handed out
/// once and in its place, whichever copy is whole.
#[derive(Debug)]
pub struct Reader {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    damage: Vec<Damage>,
    n_bytes: u64,
    /// About which numbers the first records of runs have, by salt.
    expected: Vec<(u32, u64)>,
}

impl Reader {
    /// A reader of the segments in `dir`.
    pub fn new(disk: Arc<dyn Disk>, dir: impl Into<PathBuf>) -> Reader {
        Reader { disk, dir: dir.into(), damage: Vec::new(), n_bytes: 0, expected: Vec::new() }
    }

    /// Says about which number (within 2^23) the first record has that will be read of a run whose first segments are gone: it
    /// is needed where the header of the first that is left is damaged.
    #[must_use]
    pub fn expecting(mut self, salt: u32, sequence: u64) -> Reader {
        self.expected.push((salt, sequence));
        self
    }

    /// Hands every whole record of `segments` to `take`, in order. The segments must be neighbours, oldest first.
    ///
    /// # Errors
    /// When a file cannot be read, or is of a newer format. Damage is no error: see [`Reader::damage`].
    pub fn read(&mut self, segments: &[SegmentName], mut take: impl FnMut(Record<'_>)) -> Result<(), ReadError> {
        let mut kept_back = KeptBack::default();
        let firsts = self.first_sequences(segments)?;
        for (at, &segment) in segments.iter().enumerate() {
            // From here on a later segment may hold the records once more.
            let of_run = segments[at + 1..].iter().take_while(|later| later.salt == segment.salt).count();
            let keep_from = firsts[at + 1..=at + of_run].iter().flatten().copied().min().unwrap_or(u64::MAX);
            let mut scanner = Scanner::open(&*self.disk, &self.dir, segment, firsts[at].unwrap_or_default())?;
            while let Some(found) = scanner.next_record()? {
                let record = scanner.record(&found);
                kept_back.hand_out_before(record.sequence.min(keep_from), &mut take);
                if record.sequence >= keep_from {
                    kept_back.insert(&record);
                } else if !kept_back.remove(record.sequence, &mut take) {
                    take(record);
                }
            }
            self.n_bytes += scanner.offset;
            self.damage.append(&mut scanner.damage);
            kept_back.hand_out_before(keep_from, &mut take);
        }
        Ok(())
    }

    /// Where no record was found so far, oldest first.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// How many bytes have been read.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// The number of the first record of each segment: what its header says, or else what the first whole record does,
    /// before which none can turn up. `None` where there is neither.
    fn first_sequences(&self, segments: &[SegmentName]) -> Result<Vec<Option<u64>>, ReadError> {
        let mut firsts: Vec<Option<u64>> = Vec::with_capacity(segments.len());
        let mut run = None;
        // Numbers are written short: without a header they are known by those of the segment before.
        let mut expected = 0;
        for &segment in segments {
            if run.replace(segment.salt) != Some(segment.salt) {
                let of_run = self.expected.iter().find(|(salt, _)| *salt == segment.salt);
                expected = of_run.map_or(0, |(_, sequence)| *sequence);
            }
            let mut scanner = Scanner::open(&*self.disk, &self.dir, segment, expected)?;
            let first = match scanner.header {
                Some(header) => Some(header.first_sequence),
                None => scanner.next_record()?.map(|found| found.sequence),
            };
            expected = first.unwrap_or(expected);
            firsts.push(first);
        }
        Ok(firsts)
    }
}

/// Records by sequence number, so that two copies become one and a late one finds its place.
#[derive(Debug, Default)]
struct KeptBack(BTreeMap<u64, (SegmentName, u64, u8, Vec<u8>)>);

impl KeptBack {
    fn insert(&mut self, record: &Record<'_>) {
        if let Entry::Vacant(vacant) = self.0.entry(record.sequence) {
            vacant.insert((record.segment, record.end, record.kind, record.payload.to_owned()));
        }
    }

    /// Hands out the kept copy of a record, if there is one.
    fn remove(&mut self, sequence: u64, take: &mut impl FnMut(Record<'_>)) -> bool {
        let Some((segment, end, kind, payload)) = self.0.remove(&sequence) else { return false };
        take(Record { segment, end, sequence, kind, payload: &payload });
        true
    }

    /// Hands out what can no longer turn up a second time, because segments are in order.
    fn hand_out_before(&mut self, sequence: u64, take: &mut impl FnMut(Record<'_>)) {
        while let Some(first) = self.0.first_key_value().map(|(&first, _)| first).filter(|&first| first < sequence) {
            self.remove(first, take);
        }
    }
}

/// Finds the records of one segment.
pub(crate) struct Scanner {
    segment: SegmentName,
    path: PathBuf,
    input: Box<dyn Read + Send>,
    header: Option<Header>,
    /// What has been read and not yet passed.
    buffer: Vec<u8>,
    /// The first byte of `buffer` that has not been passed.
    start: usize,
    /// The byte of the segment at `start`.
    offset: u64,
    at_end: bool,
    next_sequence: u64,
    damage: Vec<Damage>,
}

/// A whole record at the front of the scanner's buffer.
pub(crate) struct Found {
    frame: Frame,
    pub(crate) sequence: u64,
    payload_from: usize,
}

impl Scanner {
    /// `expected` is about the number of the first record, for a segment whose header does not say it.
    fn open(disk: &dyn Disk, dir: &Path, segment: SegmentName, expected: u64) -> Result<Scanner, ReadError> {
        let path = dir.join(segment.to_string());
        let input = disk.open(&path).map_err(|error| ReadError::Io { path: path.clone(), error })?;
        Scanner::over(input, path, segment, expected)
    }

    /// The same for whatever `input` has of the segment, from its first byte on.
    pub(crate) fn over(
        input: Box<dyn Read + Send>,
        path: PathBuf,
        segment: SegmentName,
        expected: u64,
    ) -> Result<Scanner, ReadError> {
        let mut scanner = Scanner {
            segment,
            path,
            input,
            header: None,
            buffer: Vec::new(),
            start: 0,
            offset: 0,
            at_end: false,
            next_sequence: expected,
            damage: Vec::new(),
        };
        scanner.fill(HEADER_LEN)?;
        match Header::read(&scanner.buffer) {
            HeaderState::Good(header) => {
                scanner.header = Some(header);
                scanner.next_sequence = header.first_sequence;
                scanner.pass(HEADER_LEN);
            }
            HeaderState::Damaged => {}
            HeaderState::Newer(version) => return Err(ReadError::Newer { path: scanner.path, version }),
        }
        Ok(scanner)
    }

    /// The byte behind the last that was taken from the input.
    pub(crate) fn read_to(&self) -> u64 {
        self.offset + self.unread().len() as u64
    }

    /// Reads on from `input`, which begins there.
    pub(crate) fn resume(&mut self, input: Box<dyn Read + Send>) {
        self.input = input;
        self.at_end = false;
    }

    /// The damage found since this was asked last.
    pub(crate) fn take_damage(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damage)
    }

    /// Goes to the next whole record, noting as damage what lies before it.
    pub(crate) fn next_record(&mut self) -> Result<Option<Found>, ReadError> {
        let from = self.offset;
        loop {
            if let Some(found) = self.whole_record()? {
                if self.offset > from {
                    self.note_damage(from, false);
                }
                self.next_sequence = found.sequence + 1;
                self.pass(FRAME_LEN + found.frame.len);
                return Ok(Some(found));
            }
            if self.unread().is_empty() {
                if self.offset > from {
                    self.note_damage(from, true);
                }
                return Ok(None);
            }
            self.pass(1);
            self.seek_salt()?;
        }
    }

    /// The record at the front, if there is one and it is whole.
    fn whole_record(&mut self) -> Result<Option<Found>, ReadError> {
        self.fill(FRAME_LEN)?;
        let Some(frame) = Frame::read(self.unread(), self.segment.salt) else { return Ok(None) };
        self.fill(FRAME_LEN + frame.len)?;
        let unread = self.unread();
        let proven = unread.get(FRAME_LEN..FRAME_LEN + frame.len).is_some_and(|payload| frame.proves(unread, payload));
        let sequence = frame.sequence(self.next_sequence);
        Ok(proven.then_some(Found { frame, sequence, payload_from: self.start + FRAME_LEN }))
    }

    /// The record that was found last; its bytes are still in the buffer.
    pub(crate) fn record(&self, found: &Found) -> Record<'_> {
        Record {
            segment: self.segment,
            end: self.offset,
            sequence: found.sequence,
            kind: found.frame.kind,
            payload: &self.buffer[found.payload_from..found.payload_from + found.frame.len],
        }
    }

    /// Passes everything before the next place where a frame could begin.
    fn seek_salt(&mut self) -> Result<(), ReadError> {
        let salt = self.segment.salt.to_le_bytes();
        loop {
            self.fill(READ_LEN)?;
            let unread = self.unread();
            if let Some(at) = unread.windows(salt.len()).position(|window| window == salt) {
                self.pass(at);
                return Ok(());
            }
            // The salt may begin in the last bytes that were read.
            let keep = if self.at_end { 0 } else { salt.len() - 1 };
            self.pass(unread.len().saturating_sub(keep));
            if self.at_end {
                return Ok(());
            }
        }
    }

    fn note_damage(&mut self, from: u64, torn_tail: bool) {
        self.damage.push(Damage { segment: self.segment, from, to: self.offset, torn_tail });
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    fn pass(&mut self, n_bytes: usize) {
        self.start += n_bytes;
        self.offset += n_bytes as u64;
    }

    /// Reads on until `n_bytes` are there or the segment ends. What was passed before is forgotten when that is cheap.
    fn fill(&mut self, n_bytes: usize) -> Result<(), ReadError> {
        if self.at_end || self.buffer.len() - self.start >= n_bytes {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        while self.buffer.len() < n_bytes && !self.at_end {
            let wanted = (n_bytes - self.buffer.len()).max(READ_LEN) as u64;
            let n_read = self
                .input
                .by_ref()
                .take(wanted)
                .read_to_end(&mut self.buffer)
                .map_err(|error| ReadError::Io { path: self.path.clone(), error })?;
            self.at_end = (n_read as u64) < wanted;
        }
        Ok(())
    }
}
