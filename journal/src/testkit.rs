//! A disk in memory whose operations can be made to fail, for tests of everything that stands on a journal.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{Disk, DiskFile, DiskLock, LockError};

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

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Arc<Mutex<Contents>>>,
    /// Operations so far that change something or sync.
    n_operations: u64,
    /// From which operation on, for how many, and how they fail.
    fault: Option<(u64, u64, Fault)>,
}

#[derive(Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    /// How many of them a sync has covered.
    n_synced: usize,
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
        self.0.lock().files.insert(path.to_owned(), Arc::new(Mutex::new(Contents { bytes, n_synced })));
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

    /// Another disk with what a power cut would leave for certain: what has been synced.
    pub fn after_power_cut(&self) -> MemoryDisk {
        let copy = MemoryDisk::new();
        for (path, contents) in &self.0.lock().files {
            let contents = contents.lock();
            copy.put(path, contents.bytes[..contents.n_synced].to_vec());
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

    fn contents(&self, path: &Path) -> io::Result<Arc<Mutex<Contents>>> {
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
        let contents = Arc::new(Mutex::new(Contents::default()));
        if self.0.lock().files.insert(path.to_owned(), Arc::clone(&contents)).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(Box::new(MemoryFile { disk: self.clone(), contents }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.contents(path)?.lock().bytes.clone();
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        Ok(self.contents(path)?.lock().bytes.len() as u64)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.operation().is_some() {
            return Err(fault());
        }
        self.0.lock().files.remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        self.operation().map_or(Ok(()), |_| Err(fault()))
    }

    fn lock(&self, _path: &Path) -> Result<Box<dyn DiskLock>, LockError> {
        Ok(Box::new(NoLock))
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    contents: Arc<Mutex<Contents>>,
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
