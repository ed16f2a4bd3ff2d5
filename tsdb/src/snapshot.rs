//! Snapshots: the store at one moment, in a directory of its own below `snapshots/`, from which another store can be opened.
//!
//! What no longer changes (blocks, the checkpoint, ended segments) is given a second name there, which costs no room; the
//! segments that are being written are copied as far as they are. So a snapshot holds everything that was committed before it
//! was asked for. Meanwhile nothing is sealed, freed or removed; batches are committed.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{Disk, JournalError, segments};

use crate::block::file_name;
use crate::checkpoint::{CHUNKS_DIR, CheckpointError};
use crate::deletion::DeletionsError;
use crate::sealed::BLOCKS_DIR;
use crate::store::Store;
use crate::wal::{NAMES_DIR, WAL_DIR};

/// The directory of snapshots, in the data directory.
const SNAPSHOTS_DIR: &str = "snapshots";
/// Files are copied in pieces of this many bytes.
const PIECE_LEN: usize = 1 << 20;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The checkpoint that it begins with could not be made.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The deletions could not be written.
    #[error(transparent)]
    Deletions(#[from] DeletionsError),
    /// The log could not be synced.
    #[error(transparent)]
    Log(#[from] JournalError),
    /// A file could not be linked or copied.
    #[error("snapshot of {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        error: io::Error,
    },
}

impl Store {
    /// Makes a snapshot below the data directory, which survives a power cut, and answers its name. Without the head it holds
    /// the blocks only.
    ///
    /// # Errors
    /// When the disk refuses. What has been made of the snapshot by then is removed, as far as the disk lets it.
    pub fn snapshot(&self, with_head: bool) -> Result<String, SnapshotError> {
        if with_head {
            // Little of the log has to be copied then.
            self.checkpoint()?;
        }
        let name = self.snapshot_name();
        let mut copy = Copy::new(&self.disk, self.dir.join(SNAPSHOTS_DIR).join(&name));
        let made = self.copy_all(&mut copy, with_head);
        if made.is_err() {
            copy.remove();
        }
        made.map(|()| name)
    }

    fn copy_all(&self, copy: &mut Copy, with_head: bool) -> Result<(), SnapshotError> {
        // Nothing is freed, sealed or removed from here on.
        let checkpoints = self.checkpoints.lock();
        let truncations = self.truncations.lock();
        let mut deletions = self.deletions.lock();
        deletions.settle()?;
        for block in self.sealed().blocks() {
            copy.link(block.path(), &Path::new(BLOCKS_DIR).join(file_name(block.meta().id)))?;
        }
        if let Some(path) = deletions.path() {
            // It is never changed, but replaced by another.
            copy.link(&path, Path::new(path.file_name().unwrap_or_default()))?;
        }
        if let Some(newest) = checkpoints.newest().filter(|_| with_head) {
            let path = newest.path(&self.dir);
            copy.link(&path, path.strip_prefix(&self.dir).unwrap_or(&path))?;
            copy.journal(&self.dir, CHUNKS_DIR, newest.first_chunk_segment())?;
            copy.journal(&self.dir, WAL_DIR, newest.start().batches)?;
            copy.journal(&self.dir, NAMES_DIR, newest.start().names)?;
        }
        drop((deletions, truncations, checkpoints));
        copy.sync(&self.dir)
    }

    /// The time, to the second, and a random number.
    fn snapshot_name(&self) -> String {
        let seconds = self.clock().now_ms().div_euclid(1000);
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let random = self.ids.lock().random();
        format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z-{random:016x}")
    }
}

/// The date of a day, counted from 1970-01-01, in the Gregorian calendar; after Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// A snapshot that is being made.
struct Copy {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    files: Vec<PathBuf>,
}

impl Copy {
    fn new(disk: &Arc<dyn Disk>, dir: PathBuf) -> Copy {
        Copy { disk: Arc::clone(disk), dir, files: Vec::new() }
    }

    /// The file `to` of the snapshot; its directory is made.
    fn place(&mut self, to: &Path) -> Result<PathBuf, SnapshotError> {
        let path = self.dir.join(to);
        if let Some(dir) = path.parent() {
            self.disk.create_dir_all(dir).map_err(|error| SnapshotError::Io { path: dir.to_owned(), error })?;
        }
        self.files.push(path.clone());
        Ok(path)
    }

    /// Gives a file that no longer changes a second name; where the disk cannot, it is copied.
    fn link(&mut self, from: &Path, to: &Path) -> Result<(), SnapshotError> {
        let path = self.place(to)?;
        let linked = self.disk.link(from, &path).or_else(|_| copy_file(&*self.disk, from, &path));
        linked.map_err(|error| SnapshotError::Io { path: from.to_owned(), error })
    }

    /// Takes the segments of a journal from a number on. All but the newest have ended.
    fn journal(&mut self, data_dir: &Path, name: &str, from: u64) -> Result<(), SnapshotError> {
        let dir = data_dir.join(name);
        let list = segments(&*self.disk, &dir).map_err(|error| SnapshotError::Io { path: dir.clone(), error })?;
        let newest = list.iter().map(|segment| segment.number).max();
        for segment in list.iter().filter(|segment| segment.number >= from) {
            let (path, to) = (dir.join(segment.to_string()), Path::new(name).join(segment.to_string()));
            if Some(segment.number) == newest {
                let to = self.place(&to)?;
                let copied = copy_file(&*self.disk, &path, &to);
                copied.map_err(|error| SnapshotError::Io { path, error })?;
            } else {
                self.link(&path, &to)?;
            }
        }
        Ok(())
    }

    /// Makes all names survive a power cut.
    fn sync(&self, data_dir: &Path) -> Result<(), SnapshotError> {
        let snapshots = data_dir.join(SNAPSHOTS_DIR);
        let mut dirs: Vec<&Path> = self.files.iter().filter_map(|path| path.parent()).collect();
        dirs.sort_unstable();
        dirs.dedup();
        self.disk.create_dir_all(&self.dir).map_err(|error| SnapshotError::Io { path: self.dir.clone(), error })?;
        for dir in dirs.into_iter().chain([&*self.dir, &*snapshots, data_dir]) {
            self.disk.sync_dir(dir).map_err(|error| SnapshotError::Io { path: dir.to_owned(), error })?;
        }
        Ok(())
    }

    /// Removes what was made. Empty directories stay: nobody takes them for a snapshot of something.
    fn remove(&self) {
        for path in &self.files {
            let _ = self.disk.remove(path);
        }
    }
}

/// Copies what a file holds now.
fn copy_file(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    let mut reader = disk.open(from)?;
    let file = disk.create(to)?;
    let mut piece = vec![0; PIECE_LEN];
    loop {
        match reader.read(&mut piece)? {
            0 => return file.sync(),
            n_read => file.append(&piece[..n_read])?,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates() {
        for (days, want) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_785, (2026, 11, 28)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(super::civil(days), want, "{days}");
        }
    }
}
