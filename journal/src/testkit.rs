//! A disk in memory whose operations can be made to fail, and a clock that shows what it is told: for tests of everything that
//! stands on a journal.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use model::Clock;
use parking_lot::Mutex;

use crate::disk::{Contents, Disk, DiskFile, DiskLock, LockError};

/// A clock that shows what it is told, in milliseconds since the Unix epoch; whoever measures durations measures that, too.
#[derive(Debug, Default)]
pub struct ToldClock(AtomicI64);

impl ToldClock {
    /// It is that late.
    pub fn at(now_ms: i64) -> ToldClock {
        ToldClock(AtomicI64::new(now_ms))
    }

    /// Now it is that late.
    pub fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

impl Clock for ToldClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now_ms().unsigned_abs())
    }
}

/// What an operation that is to fail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Fails and changes nothing.
    Error,
    /// An append writes half of its bytes, then fails; others fail and change nothing.
    Short,
}

/// A disk in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

/// What each file is called.
type Names = BTreeMap<PathBuf, Arc<Mutex<Written>>>;

/// A change of names that a power cut may undo.
#[derive(Debug)]
enum NameChange {
    Renamed { from: PathBuf, to: PathBuf, file: Arc<Mutex<Written>>, replaced: Option<Arc<Mutex<Written>>> },
    Removed { path: PathBuf, file: Arc<Mutex<Written>> },
}

impl NameChange {
    fn path(&self) -> &Path {
        match self {
            NameChange::Renamed { to, .. } => to,
            NameChange::Removed { path, .. } => path,
        }
    }

    /// Undoes the change, unless a later one that has been kept stands on it.
    fn undo(&self, names: &mut Names) {
        match self {
            NameChange::Renamed { from, to, file, replaced } => {
                if names.get(to).is_some_and(|there| Arc::ptr_eq(there, file)) && !names.contains_key(from) {
                    names.remove(to);
                    names.insert(from.clone(), Arc::clone(file));
                    names.extend(replaced.iter().map(|replaced| (to.clone(), Arc::clone(replaced))));
                }
            }
            NameChange::Removed { path, file } => {
                names.entry(path.clone()).or_insert_with(|| Arc::clone(file));
            }
        }
    }
}

#[derive(Debug, Default)]
struct State {
    files: Names,
    /// What no sync of the directory has covered, in the order in which it came.
    changes: Vec<NameChange>,
    /// Operations so far that change something or sync.
    n_operations: u64,
    /// From which operation on, for how many, and how they fail.
    fault: Option<(u64, u64, Fault)>,
}

#[derive(Debug, Default)]
struct Written {
    bytes: Vec<u8>,
    /// How many of them a sync has covered.
    n_synced: usize,
    /// Whether a sync of the directory has covered the file's name.
    is_named: bool,
}

/// What a disk writes whole or not at all.
const SECTOR_LEN: usize = 512;

impl Written {
    fn after_power_cut(&self, keeps: &mut impl FnMut() -> bool) -> Vec<u8> {
        let mut len = self.bytes.len();
        while len > self.n_synced && !keeps() {
            len = ((len - 1) / SECTOR_LEN * SECTOR_LEN).max(self.n_synced);
        }
        let mut left = self.bytes[..len].to_vec();
        let mut from = self.n_synced;
        while from < len {
            let to = ((from / SECTOR_LEN + 1) * SECTOR_LEN).min(len);
            if !keeps() {
                left[from..to].fill(0);
            }
            from = to;
        }
        left
    }
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> MemoryDisk {
        MemoryDisk::default()
    }

    /// Makes the operations from the `first` on fail, counted from now, `count` of them.
    pub fn fail(&self, first: u64, count: u64, fault: Fault) {
        let mut state = self.0.lock();
        let first = state.n_operations + first;
        state.fault = Some((first, count, fault));
    }

    /// How many operations have changed or synced something.
    pub fn n_operations(&self) -> u64 {
        self.0.lock().n_operations
    }

    /// The contents of a file.
    pub fn get(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.lock().files.get(path).map(|contents| contents.lock().bytes.clone())
    }

    /// Replaces or makes a file.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let n_synced = bytes.len();
        let contents = Written { bytes, n_synced, is_named: true };
        self.0.lock().files.insert(path.to_owned(), Arc::new(Mutex::new(contents)));
    }

    /// The paths of all files.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0.lock().files.keys().cloned().collect()
    }

    /// Another disk with the same contents and without faults.
    pub fn copy(&self) -> MemoryDisk {
        let copy = MemoryDisk::new();
        for path in self.paths() {
            copy.put(&path, self.get(&path).unwrap_or_default());
        }
        copy
    }

    /// Another disk with what a power cut may leave: all that has been synced, and of the rest what `keeps` says, which is
    /// asked again and again: of each rename and removal, the last first, of each new file's name, of how far it reaches,
    /// and of each sector that was not synced.
    pub fn after_power_cut(&self, mut keeps: impl FnMut() -> bool) -> MemoryDisk {
        let copy = MemoryDisk::new();
        let state = self.0.lock();
        let mut names = state.files.clone();
        state.changes.iter().rev().filter(|_| !keeps()).for_each(|change| change.undo(&mut names));
        for (path, contents) in &names {
            let contents = contents.lock();
            if contents.is_named || keeps() {
                copy.put(path, contents.after_power_cut(&mut keeps));
            }
        }
        copy
    }

    /// Counts an operation and says how it fails, if it does.
    fn operation(&self) -> Option<Fault> {
        let mut state = self.0.lock();
        let number = state.n_operations;
        state.n_operations += 1;
        state
            .fault
            .filter(|(first, count, _)| (*first..first.saturating_add(*count)).contains(&number))
            .map(|(.., f)| f)
    }

    fn written(&self, path: &Path) -> io::Result<Arc<Mutex<Written>>> {
        self.0.lock().files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn fault() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left on device")
}

impl Disk for MemoryDisk {
    fn create_dir_all(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock();
        let here = state.files.keys().filter(|path| path.parent() == Some(dir));
        Ok(here.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        if self.operation().is_some() {
            return Err(fault());
        }
        let contents = Arc::new(Mutex::new(Written::default()));
        if self.0.lock().files.insert(path.to_owned(), Arc::clone(&contents)).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(Box::new(MemoryFile { disk: self.clone(), contents }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.written(path)?.lock().bytes.clone();
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn contents(&self, path: &Path) -> io::Result<Contents> {
        Ok(Contents::Bytes(self.written(path)?.lock().bytes.clone()))
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        Ok(self.written(path)?.lock().bytes.len() as u64)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.operation().is_some() {
            return Err(fault());
        }
        let mut state = self.0.lock();
        let file = state.files.remove(path).ok_or(io::ErrorKind::NotFound)?;
        state.changes.push(NameChange::Removed { path: path.to_owned(), file });
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.operation().is_some() {
            return Err(fault());
        }
        let mut state = self.0.lock();
        let file = state.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        let replaced = state.files.insert(to.to_owned(), Arc::clone(&file));
        let (from, to) = (from.to_owned(), to.to_owned());
        state.changes.push(NameChange::Renamed { from, to, file, replaced });
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.operation().is_some() {
            return Err(fault());
        }
        let mut state = self.0.lock();
        let file = state.files.get(from).cloned().ok_or(io::ErrorKind::NotFound)?;
        // It is written no more, so that a copy cannot be told from it.
        let copy = {
            let Written { bytes, n_synced, .. } = &*file.lock();
            Written { bytes: bytes.clone(), n_synced: *n_synced, is_named: false }
        };
        if state.files.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.files.insert(to.to_owned(), Arc::new(Mutex::new(copy)));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if self.operation().is_some() {
            return Err(fault());
        }
        let mut state = self.0.lock();
        state.changes.retain(|change| change.path().parent() != Some(dir));
        let here = state.files.iter().filter(|(path, _)| path.parent() == Some(dir));
        here.for_each(|(_, contents)| contents.lock().is_named = true);
        Ok(())
    }

    fn lock(&self, _path: &Path) -> Result<Box<dyn DiskLock>, LockError> {
        Ok(Box::new(NoLock))
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    contents: Arc<Mutex<Written>>,
}

impl DiskFile for MemoryFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let fails = self.disk.operation();
        let n_written = match fails {
            None => bytes.len(),
            Some(Fault::Short) => bytes.len() / 2,
            Some(Fault::Error) => 0,
        };
        self.contents.lock().bytes.extend_from_slice(&bytes[..n_written]);
        fails.map_or(Ok(()), |_| Err(fault()))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        if self.disk.operation().is_some() {
            return Err(fault());
        }
        let mut contents = self.contents.lock();
        contents.bytes.truncate(len as usize);
        contents.n_synced = contents.n_synced.min(contents.bytes.len());
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        if self.disk.operation().is_some() {
            return Err(fault());
        }
        let mut contents = self.contents.lock();
        contents.n_synced = contents.bytes.len();
        Ok(())
    }
}

/// Disks in memory are not shared with other processes.
#[derive(Debug)]
struct NoLock;

impl DiskLock for NoLock {}
