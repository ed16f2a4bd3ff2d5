//! The writing side of a journal.
//!
//! Appending threads put their records into a shared group; the first of them to get at the file writes the group for
//! all, with one call. A thread of the journal's own syncs what was written. After a failed sync nothing is known of the
//! bytes it was to save, so they are kept in memory until a sync has succeeded, and written anew into the next segment.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use model::Clock;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::disk::{Disk, DiskFile};
use crate::frame::{self, FRAME_LEN, MAX_PAYLOAD};
use crate::reader::Reader;
use crate::segment::{Header, SegmentName, segments};
use crate::tail::Tail;

/// How a journal behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is older than this survives a power cut. The sync begins after half of it. Zero: each append waits for its
    /// own. The default is one second.
    pub sync_interval: Duration,
    /// A sync begins at once when this many bytes wait for one. The default is 16 MiB.
    pub max_unsynced_bytes: usize,
    /// The first segment has at least this number: whoever remembers the number of a segment may have removed all that
    /// came before it. The default is 1.
    pub min_number: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { sync_interval: Duration::from_secs(1), max_unsynced_bytes: 16 << 20, min_number: 1 }
    }
}

/// Why a record was not taken, or not made durable.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk refuses; nothing of the record will be read back. Try again later.
    #[error("cannot write {}: {error}", path.display())]
    NotWritable {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's words.
        error: Arc<io::Error>,
    },
    /// The record is longer than [`crate::Record`]s may be.
    #[error("record of {n_bytes} bytes is longer than the limit of {MAX_PAYLOAD} (journal_record_bytes)")]
    TooLong {
        /// Its length.
        n_bytes: usize,
    },
}

/// Where a record was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The segment.
    pub segment: SegmentName,
    /// The byte in it behind the record.
    pub end: u64,
    /// Counts the records of this run of the process.
    pub sequence: u64,
}

/// What a journal has done since it was opened.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Records appended.
    pub records: AtomicU64,
    /// Bytes appended, frames included.
    pub bytes: AtomicU64,
    /// Syncs that succeeded.
    pub syncs: AtomicU64,
    /// Nanoseconds spent in them.
    pub sync_nanos: AtomicU64,
    /// Writes that failed.
    pub write_failures: AtomicU64,
    /// Syncs that failed.
    pub sync_failures: AtomicU64,
    /// Segments begun.
    pub segments: AtomicU64,
}

/// An open journal. Dropping it syncs what is left.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    syncer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    pub(crate) dir: PathBuf,
    salt: u32,
    options: Options,
    group: Mutex<Group>,
    writer: Mutex<Writer>,
    /// One sync at a time.
    syncing: Mutex<()>,
    alarm: Mutex<Alarm>,
    alarm_rang: Condvar,
    metrics: Metrics,
    /// Segments with lower numbers have been removed, or are about to be.
    removed_before: AtomicU64,
}

/// What can be read of a journal at some moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// The segment that is being written, and how much of it is whole records.
    pub(crate) open: Option<(SegmentName, u64)>,
    /// The number that the next segment will have: lower ones are written no more, but for the open one.
    pub(crate) next_number: u64,
}

impl Written {
    /// Whether nothing more will be written to a segment.
    pub(crate) fn has_ended(&self, name: SegmentName) -> bool {
        name.number < self.next_number && self.open.is_none_or(|(open, _)| open != name)
    }

    /// The highest number that a segment can have.
    pub(crate) fn newest_number(&self) -> u64 {
        self.next_number - 1
    }
}

/// Records that wait for the file.
#[derive(Debug)]
struct Group {
    bytes: Vec<u8>,
    first_sequence: u64,
    next_sequence: u64,
    outcome: Arc<Outcome>,
}

/// What became of a group: the segment and the byte at which it begins.
type Outcome = OnceLock<Result<(SegmentName, u64), JournalError>>;

#[derive(Debug)]
struct Writer {
    next_number: u64,
    open: Option<OpenSegment>,
    /// Groups that no sync has covered yet, each with its first sequence number.
    unsynced: VecDeque<(u64, Vec<u8>)>,
    n_unsynced: usize,
    /// All records before this one are durable.
    synced_to: u64,
    /// Why nothing is taken: what was acknowledged could not be synced, and more must not be added to it.
    refusing: Option<JournalError>,
}

#[derive(Clone, Debug)]
struct OpenSegment {
    name: SegmentName,
    file: Arc<dyn DiskFile>,
    /// Everything before this byte is whole records.
    len: u64,
    /// Whether the segment's name is durable too.
    name_synced: bool,
}

/// What the syncing thread waits for.
#[derive(Debug, Default)]
struct Alarm {
    /// Something was written since the last sync.
    dirty: bool,
    /// Do not wait for the interval.
    at_once: bool,
    stop: bool,
}

impl Journal {
    /// Opens the journal in `dir`, which is made where it is missing. Segments that are there are left as they are: read
    /// them with [`crate::Reader`]. The first append begins a new one.
    ///
    /// `salt` must be random: it tells this run's records from those of others, and from text inside them.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        dir: impl Into<PathBuf>,
        salt: u32,
        options: Options,
    ) -> Result<Journal, JournalError> {
        let dir = dir.into();
        let not_writable = |error| JournalError::NotWritable { path: dir.clone(), error: Arc::new(error) };
        disk.create_dir_all(&dir).map_err(not_writable)?;
        let newest = segments(&*disk, &dir).map_err(not_writable)?.last().map_or(0, |name| name.number);
        let next_number = options.min_number.max(newest + 1);
        let shared = Arc::new(Shared {
            disk,
            clock,
            dir,
            salt,
            options,
            group: Mutex::new(Group {
                bytes: Vec::new(),
                first_sequence: 0,
                next_sequence: 0,
                outcome: Arc::default(),
            }),
            writer: Mutex::new(Writer {
                next_number,
                open: None,
                unsynced: VecDeque::new(),
                n_unsynced: 0,
                synced_to: 0,
                refusing: None,
            }),
            syncing: Mutex::new(()),
            alarm: Mutex::new(Alarm::default()),
            alarm_rang: Condvar::new(),
            metrics: Metrics::default(),
            removed_before: AtomicU64::new(0),
        });
        let for_syncer = Arc::clone(&shared);
        let syncer = thread::Builder::new()
            .name("journal-sync".to_owned())
            .spawn(move || for_syncer.sync_when_dirty())
            .map_err(|error| JournalError::NotWritable { path: shared.dir.clone(), error: Arc::new(error) })?;
        Ok(Journal { shared, syncer: Some(syncer) })
    }

    /// Appends a record. When this returns, the record survives the death of the process.
    ///
    /// # Errors
    /// When the disk refuses. The record will then not be read back, and the journal is as it was.
    pub fn append(&self, kind: u8, payload: &[u8]) -> Result<Appended, JournalError> {
        let appended = self.shared.append(kind, &[payload])?;
        if self.shared.options.sync_interval.is_zero() {
            self.shared.sync_to(appended.sequence + 1)?;
        }
        Ok(appended)
    }

    /// Appends records of one kind with one call to the operating system, and says where the last was written; `None`
    /// where there are none.
    ///
    /// # Errors
    /// When the disk refuses. Then none of them will be read back.
    pub fn append_all<'a>(
        &self,
        kind: u8,
        payloads: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<Appended>, JournalError> {
        let payloads: Vec<&[u8]> = payloads.collect();
        if payloads.is_empty() {
            return Ok(None);
        }
        let appended = self.shared.append(kind, &payloads)?;
        if self.shared.options.sync_interval.is_zero() {
            self.shared.sync_to(appended.sequence + 1)?;
        }
        Ok(Some(appended))
    }

    /// Waits until everything that was appended survives a power cut.
    ///
    /// # Errors
    /// When the disk refuses; the records stay in memory and are tried again with the next sync.
    pub fn sync(&self) -> Result<(), JournalError> {
        let next_sequence = self.shared.group.lock().next_sequence;
        self.shared.sync_to(next_sequence)
    }

    /// Ends the current segment; the next append begins a new one.
    ///
    /// # Errors
    /// When what was written cannot be synced.
    pub fn roll(&self) -> Result<(), JournalError> {
        self.sync()?;
        self.shared.writer.lock().open = None;
        Ok(())
    }

    /// The number that the next record will have.
    pub fn next_sequence(&self) -> u64 {
        self.shared.group.lock().next_sequence
    }

    /// How long the current segment is, in bytes; 0 where none has begun.
    pub fn segment_len(&self) -> u64 {
        self.shared.writer.lock().open.as_ref().map_or(0, |open| open.len)
    }

    /// The number that the next segment will have, if it began now.
    pub fn next_segment_number(&self) -> u64 {
        self.shared.writer.lock().next_number
    }

    /// The place behind the newest record, as far as it is in a segment: the segment and the byte. Where none has begun, that
    /// is the beginning of the next.
    pub fn newest(&self) -> (SegmentName, u64) {
        let Written { open, next_number } = self.shared.written();
        open.unwrap_or((SegmentName { number: next_number, salt: self.shared.salt }, 0))
    }

    /// Follows what is written, beginning with the first segment that is numbered `from` or higher.
    pub fn tail(&self, from: u64) -> Tail {
        Tail::new(Arc::clone(&self.shared), from)
    }

    /// The segments that are there, oldest first, each with its length in bytes.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn segments(&self) -> io::Result<Vec<(SegmentName, u64)>> {
        let Shared { disk, dir, .. } = &*self.shared;
        let names = segments(&**disk, dir)?;
        // One that has been removed meanwhile has no length.
        Ok(names.into_iter().map(|name| (name, disk.len(&dir.join(name.to_string())).unwrap_or(0))).collect())
    }

    /// A reader of its segments.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared.disk), &self.shared.dir)
    }

    /// Removes the segments whose numbers are below `number`; where the current one is among them, the next append begins
    /// another.
    ///
    /// # Errors
    /// When one cannot be removed; those before it are gone.
    pub fn remove_before(&self, number: u64) -> Result<(), JournalError> {
        if self.shared.writer.lock().open.as_ref().is_some_and(|open| open.name.number < number) {
            self.roll()?;
        }
        let Shared { disk, dir, .. } = &*self.shared;
        let not_writable = |path: &Path, error| JournalError::NotWritable { path: path.into(), error: Arc::new(error) };
        let names = segments(&**disk, dir).map_err(|error| not_writable(dir, error))?;
        self.shared.removed_before.fetch_max(number, Ordering::AcqRel);
        for name in names.iter().take_while(|name| name.number < number) {
            let path = dir.join(name.to_string());
            disk.remove(&path).map_err(|error| not_writable(&path, error))?;
        }
        disk.sync_dir(dir).map_err(|error| not_writable(dir, error))
    }

    /// What the journal has done.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.alarm.lock().stop = true;
        self.shared.alarm_rang.notify_all();
        if let Some(syncer) = self.syncer.take() {
            // A panic in the syncer has already been reported; there is nobody left to tell.
            let _ = syncer.join();
        }
    }
}

impl Shared {
    /// What can be read now.
    pub(crate) fn written(&self) -> Written {
        let writer = self.writer.lock();
        Written { open: writer.open.as_ref().map(|open| (open.name, open.len)), next_number: writer.next_number }
    }

    /// All segments with lower numbers may be gone.
    pub(crate) fn removed_before(&self) -> u64 {
        self.removed_before.load(Ordering::Acquire)
    }

    /// Appends records side by side, and says where the last of them was written.
    fn append(&self, kind: u8, payloads: &[&[u8]]) -> Result<Appended, JournalError> {
        if let Some(payload) = payloads.iter().find(|payload| payload.len() > MAX_PAYLOAD) {
            return Err(JournalError::TooLong { n_bytes: payload.len() });
        }
        let (sequence, end_in_group, outcome) = {
            let mut group = self.group.lock();
            for payload in payloads {
                let sequence = group.next_sequence;
                group.next_sequence += 1;
                frame::push_record(&mut group.bytes, self.salt, sequence, kind, payload);
            }
            (group.next_sequence - 1, group.bytes.len() as u64, Arc::clone(&group.outcome))
        };
        if outcome.get().is_none() {
            let mut writer = self.writer.lock();
            // Whoever held the writer before may have written the group already.
            if outcome.get().is_none() {
                self.write_group(&mut writer);
            }
        }
        self.wait_for_slow_disk();
        let (segment, group_start) = outcome.get().cloned().expect("the group was written just now")?;
        let n_bytes: usize = payloads.iter().map(|payload| FRAME_LEN + payload.len()).sum();
        self.metrics.records.fetch_add(payloads.len() as u64, Ordering::Relaxed);
        self.metrics.bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
        Ok(Appended { segment, end: group_start + end_in_group, sequence })
    }

    /// Where syncs cannot keep up, appending waits for them: what is unsynced is also held in memory.
    fn wait_for_slow_disk(&self) {
        let too_many = {
            let writer = self.writer.lock();
            (writer.n_unsynced > 4 * self.options.max_unsynced_bytes).then(|| self.group.lock().first_sequence)
        };
        if let Some(sequence) = too_many {
            // A failure is the syncing thread's to repeat and to tell.
            let _ = self.sync_to(sequence);
        }
    }

    /// Writes the group that waits, for everyone in it.
    fn write_group(&self, writer: &mut Writer) {
        let (first_sequence, bytes, outcome) = {
            let mut group = self.group.lock();
            let first_sequence = group.first_sequence;
            group.first_sequence = group.next_sequence;
            (first_sequence, std::mem::take(&mut group.bytes), std::mem::take(&mut group.outcome))
        };
        let written = match &writer.refusing {
            Some(error) => Err(error.clone()),
            None => self.write(writer, first_sequence, &bytes),
        };
        if written.is_ok() {
            writer.n_unsynced += bytes.len();
            writer.unsynced.push_back((first_sequence, bytes));
            self.ring(writer.n_unsynced >= self.options.max_unsynced_bytes);
        } else {
            self.metrics.write_failures.fetch_add(1, Ordering::Relaxed);
        }
        // Nobody else sets it: that takes the writer's lock.
        let _ = outcome.set(written);
    }

    /// Appends bytes to the open segment, beginning one where there is none, and says where they begin.
    fn write(
        &self,
        writer: &mut Writer,
        first_sequence: u64,
        bytes: &[u8],
    ) -> Result<(SegmentName, u64), JournalError> {
        let mut open = match writer.open.take() {
            Some(open) => open,
            None => self.begin_segment(writer, first_sequence)?,
        };
        let start = open.len;
        match open.file.append(bytes) {
            Ok(()) => {
                open.len += bytes.len() as u64;
                let name = open.name;
                writer.open = Some(open);
                Ok((name, start))
            }
            Err(error) => {
                let path = self.dir.join(open.name.to_string());
                // What was written in part must not stand between whole records: cut it off, or go on elsewhere.
                if open.file.truncate(start).is_ok() {
                    writer.open = Some(open);
                }
                Err(JournalError::NotWritable { path, error: Arc::new(error) })
            }
        }
    }

    /// Begins a segment. What no sync has covered yet is written once more at its beginning, because the segment before
    /// may have been given up; after an orderly end there is nothing of the kind.
    fn begin_segment(&self, writer: &mut Writer, first_sequence: u64) -> Result<OpenSegment, JournalError> {
        let name = SegmentName { number: writer.next_number, salt: self.salt };
        let path = self.dir.join(name.to_string());
        let not_writable = |error| JournalError::NotWritable { path: path.clone(), error: Arc::new(error) };
        let file: Arc<dyn DiskFile> = self.disk.create(&path).map_err(not_writable)?.into();
        writer.next_number += 1;
        let first_sequence = writer.unsynced.front().map_or(first_sequence, |&(first, _)| first);
        let mut bytes = Header { salt: self.salt, first_sequence }.to_bytes().to_vec();
        for (_, group) in &writer.unsynced {
            bytes.extend_from_slice(group);
        }
        if let Err(error) = file.append(&bytes) {
            // A cut segment does no harm, but on a full disk they would become many.
            let _ = self.disk.remove(&path);
            return Err(not_writable(error));
        }
        self.metrics.segments.fetch_add(1, Ordering::Relaxed);
        Ok(OpenSegment { name, file, len: bytes.len() as u64, name_synced: false })
    }

    /// Wakes the syncing thread.
    fn ring(&self, at_once: bool) {
        let mut alarm = self.alarm.lock();
        let wake = !alarm.dirty || (at_once && !alarm.at_once);
        alarm.dirty = true;
        alarm.at_once |= at_once;
        drop(alarm);
        if wake {
            self.alarm_rang.notify_all();
        }
    }

    /// The syncing thread: waits for something to be written, lets a little more come together, syncs.
    fn sync_when_dirty(&self) {
        loop {
            let mut alarm = self.alarm.lock();
            while !alarm.dirty && !alarm.stop {
                self.alarm_rang.wait(&mut alarm);
            }
            if !alarm.at_once && !alarm.stop {
                self.wait_half_interval(&mut alarm);
            }
            let stop = alarm.stop;
            *alarm = Alarm { stop, ..Alarm::default() };
            drop(alarm);
            let next_sequence = self.group.lock().next_sequence;
            if self.sync_to(next_sequence).is_err() && !stop {
                // The records are still in memory: try again after the interval, forever.
                self.ring(false);
            }
            if stop {
                return;
            }
        }
    }

    fn wait_half_interval(&self, alarm: &mut MutexGuard<'_, Alarm>) {
        let until = self.clock.elapsed() + self.options.sync_interval / 2;
        while !alarm.at_once && !alarm.stop {
            let left = until.saturating_sub(self.clock.elapsed());
            if left.is_zero() || self.alarm_rang.wait_for(alarm, left).timed_out() {
                return;
            }
        }
    }

    /// Makes all records before `sequence` durable.
    fn sync_to(&self, sequence: u64) -> Result<(), JournalError> {
        let _one_at_a_time = self.syncing.lock();
        let (open, n_groups, next_sequence) = {
            let writer = self.writer.lock();
            if writer.synced_to >= sequence || writer.unsynced.is_empty() {
                return Ok(());
            }
            let next_sequence = self.group.lock().first_sequence;
            (writer.open.clone(), writer.unsynced.len(), next_sequence)
        };
        let started = self.clock.elapsed();
        let synced = open.as_ref().is_some_and(|open| self.sync_segment(open).is_ok());
        let mut writer = self.writer.lock();
        if synced {
            writer.synced(n_groups, next_sequence, open.map(|open| open.name));
        } else {
            self.metrics.sync_failures.fetch_add(1, Ordering::Relaxed);
            self.write_anew(&mut writer).inspect_err(|error| writer.refusing = Some(error.clone()))?;
        }
        writer.refusing = None;
        self.metrics.syncs.fetch_add(1, Ordering::Relaxed);
        let nanos = (self.clock.elapsed() - started).as_nanos() as u64;
        self.metrics.sync_nanos.fetch_add(nanos, Ordering::Relaxed);
        Ok(())
    }

    fn sync_segment(&self, open: &OpenSegment) -> io::Result<()> {
        open.file.sync()?;
        if open.name_synced { Ok(()) } else { self.disk.sync_dir(&self.dir) }
    }

    /// After a failed sync: writes what is still in memory into a new segment and syncs that. The old segment stays:
    /// whichever copy of a record is whole will be read.
    fn write_anew(&self, writer: &mut Writer) -> Result<(), JournalError> {
        let next_sequence = self.group.lock().first_sequence;
        writer.open = None;
        let open = self.begin_segment(writer, next_sequence)?;
        self.sync_segment(&open).map_err(|error| JournalError::NotWritable {
            path: self.dir.join(open.name.to_string()),
            error: Arc::new(error),
        })?;
        let name = open.name;
        writer.open = Some(open);
        writer.synced(writer.unsynced.len(), next_sequence, Some(name));
        Ok(())
    }
}

impl Writer {
    /// Notes that a sync has covered the first `n_groups` of those that waited.
    fn synced(&mut self, n_groups: usize, next_sequence: u64, segment: Option<SegmentName>) {
        for (_, bytes) in self.unsynced.drain(..n_groups) {
            self.n_unsynced -= bytes.len();
        }
        self.synced_to = next_sequence;
        if let Some(open) = self.open.as_mut().filter(|open| Some(open.name) == segment) {
            open.name_synced = true;
        }
    }
}
