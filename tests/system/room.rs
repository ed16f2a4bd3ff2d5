//! Directories on disks with room: narthex tells of a disk that is nearly full, and some tests must not hear of it.

use std::path::Path;

use tempfile::TempDir;

/// A file system in memory, where there is one: the disk of whoever builds narthex may well be nearly full.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    dir.unwrap()
}
