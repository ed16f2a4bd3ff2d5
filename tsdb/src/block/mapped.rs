//! The bytes of a file: mapped into memory, or read.
//!
//! The one module with `unsafe`. Its safe twin, [`Bytes::read`], reads the same into memory of our own; it serves disks
//! that are no files, and tests that compare the two.

#![allow(unsafe_code, reason = "the one module where it stands")]

use std::fs::File;
use std::io;
use std::ops::Deref;

use journal::Contents;
use memmap2::Mmap;

/// All bytes of a file that is written no more.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// In the page cache, read when they are touched.
    Mapped(Mmap),
    /// In memory of our own.
    Owned(Vec<u8>),
}

impl Bytes {
    /// The bytes of a file, mapped where it is a file of the operating system.
    pub(crate) fn map(contents: Contents) -> io::Result<Bytes> {
        match contents {
            // An empty file cannot be mapped.
            Contents::File(file) if file.metadata()?.len() == 0 => Ok(Bytes::Owned(Vec::new())),
            Contents::File(file) => map(&file).map(Bytes::Mapped),
            Contents::Bytes(bytes) => Ok(Bytes::Owned(bytes)),
        }
    }

    /// The same, read at once.
    #[cfg(test)]
    pub(crate) fn read(contents: Contents) -> io::Result<Bytes> {
        match contents {
            Contents::File(mut file) => {
                let mut bytes = Vec::new();
                io::Read::read_to_end(&mut file, &mut bytes)?;
                Ok(Bytes::Owned(bytes))
            }
            Contents::Bytes(bytes) => Ok(Bytes::Owned(bytes)),
        }
    }
}

fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: A mapping is sound as long as nobody writes to the file or cuts it. Blocks get their name when they are
    // written and synced, and are never opened for writing again; what removes one unlinks it, which leaves mappings
    // whole; and the directory is locked against other processes of ours. Who writes into it with other tools despite
    // that can make reads fail or differ, as with every program that maps files.
    unsafe { Mmap::map(file) }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(mapped) => mapped,
            Bytes::Owned(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use journal::{Disk, OsDisk};

    use super::*;

    #[test]
    fn mapped_and_read_bytes_are_equal() {
        let dir = tempfile::tempdir().unwrap();
        for n_bytes in [0usize, 1, 4095, 4096, 70_000] {
            let path = dir.path().join(n_bytes.to_string());
            let bytes: Vec<u8> = (0..n_bytes).map(|i| (i * 7 % 251) as u8).collect();
            OsDisk.create(&path).unwrap().append(&bytes).unwrap();
            let mapped = Bytes::map(OsDisk.contents(&path).unwrap()).unwrap();
            let read = Bytes::read(OsDisk.contents(&path).unwrap()).unwrap();
            assert_eq!(matches!(mapped, Bytes::Mapped(_)), n_bytes > 0);
            assert_eq!((&*mapped, &*read), (&*bytes, &*bytes));
            // A file that is removed stays mapped.
            OsDisk.remove(&path).unwrap();
            assert_eq!(&*mapped, &*bytes);
        }
    }
}
