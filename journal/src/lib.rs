//! The append-only, checksummed, group-committed log under every durable thing, and the [`Disk`] on which it lies.
//!
//! A journal is a directory of segments; a segment is a file of records; a record is a kind and a payload that only its
//! owner understands. What [`Journal::append`] has returned for has been handed to the operating system, so it survives
//! the death of the process; within [`Options::sync_interval`] it is on the disk, so it survives a power cut; after
//! [`Journal::sync`] it is there at once.
//!
//! Each record finds and proves itself: it begins with a word that is random for each run of the process, and carries a
//! sequence number and a checksum over all of it. So a damaged record costs itself and no other, a torn tail costs the
//! tail, and text that a hostile target placed inside a record can never be taken for one. `docs/format/journal.md`
//! draws the bytes.
//!
//! Deliberately absent: what the records mean, and any way to change one.

mod disk;
mod frame;
mod journal;
mod os_disk;
mod reader;
mod segment;
mod tail;
pub mod testkit;

pub use disk::{Contents, Disk, DiskFile, DiskLock, LockError};
pub use journal::{Appended, Journal, JournalError, Metrics, Options};
pub use os_disk::OsDisk;
pub use reader::{Damage, ReadError, Reader, Record};
pub use segment::{SegmentName, segments};
pub use tail::{Tail, TailError};
