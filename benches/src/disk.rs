//! A disk for what a bench prepares: it writes, and waits for no platter.

use std::io::{self, Read};
use std::path::Path;

use journal::{Contents, Disk, DiskFile, DiskLock, LockError, OsDisk};

/// The operating system's files without a sync: what is on them does not survive a power cut, and need not. Months of ticks, each of
/// which syncs, would take a disk longer than anybody waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct HastyDisk(OsDisk);

#[derive(Debug)]
struct HastyFile(Box<dyn DiskFile>);

impl Disk for HastyDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.0.create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.0.list(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(HastyFile(self.0.create(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        self.0.open(path)
    }

    fn contents(&self, path: &Path) -> io::Result<Contents> {
        self.0.contents(path)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        self.0.len(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.link(from, to)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>, LockError> {
        self.0.lock(path)
    }
}

impl DiskFile for HastyFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
