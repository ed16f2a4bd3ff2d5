//! Segments: the files of a journal, their names and their headers.
//!
//! A segment's name, `00000007-9f3a2b1c.log`, holds all that is needed to read it: its number, which orders it, and the
//! salt of the run that wrote it. The header at its beginning says the format's version and the first sequence number;
//! a damaged header costs nothing.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use crate::disk::Disk;

/// Bytes of a segment's header.
pub(crate) const HEADER_LEN: usize = 32;
const MAGIC: &[u8; 8] = b"NTXJRNL\n";
/// The one version there is.
const VERSION: u32 = 1;

/// The name of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// Orders the segments of a journal; each is one more than the one before.
    pub number: u64,
    /// Random, the same for all segments that one run of the process wrote.
    pub salt: u32,
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}-{:08x}.log", self.number, self.salt)
    }
}

impl FromStr for SegmentName {
    type Err = ();

    fn from_str(text: &str) -> Result<SegmentName, ()> {
        let (number, salt) = text.strip_suffix(".log").and_then(|stem| stem.split_once('-')).ok_or(())?;
        let name =
            SegmentName { number: number.parse().map_err(drop)?, salt: u32::from_str_radix(salt, 16).map_err(drop)? };
        // Only what we would have written ourselves is ours.
        if name.to_string() == text { Ok(name) } else { Err(()) }
    }
}

/// The segments in a directory, oldest first. Other files are not looked at.
///
/// # Errors
/// When the directory cannot be read.
pub fn segments(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<SegmentName>> {
    let mut names: Vec<SegmentName> = disk.list(dir)?.iter().filter_map(|name| name.parse().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) salt: u32,
    pub(crate) first_sequence: u64,
}

/// What the first bytes of a segment turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderState {
    Good(Header),
    /// Damaged or cut: the name has all that matters.
    Damaged,
    /// Intact, but of a version that this program does not know.
    Newer(u32),
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[0..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_sequence.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..HEADER_LEN - 4]);
        bytes[HEADER_LEN - 4..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn read(bytes: &[u8]) -> HeaderState {
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else { return HeaderState::Damaged };
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if bytes[0..8] != *MAGIC || crc32c::crc32c(&bytes[..HEADER_LEN - 4]) != word(HEADER_LEN - 4) {
            return HeaderState::Damaged;
        }
        match word(8) {
            VERSION => {
                let first_sequence = u64::from(word(16)) | u64::from(word(20)) << 32;
                HeaderState::Good(Header { salt: word(12), first_sequence })
            }
            newer => HeaderState::Newer(newer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_others_are_not_ours() {
        let name = SegmentName { number: 7, salt: 0x9f3a_2b1c };
        assert_eq!((name.to_string().as_str(), name.to_string().parse()), ("00000007-9f3a2b1c.log", Ok(name)));
        for other in ["7-9f3a2b1c.log", "00000007-9F3A2B1C.log", "00000007.log", "lock", "00000007-9f3a2b1c.log~"] {
            assert_eq!(other.parse::<SegmentName>(), Err(()), "{other}");
        }
    }

    #[test]
    fn a_header_proves_itself() {
        let header = Header { salt: 77, first_sequence: 1 << 40 };
        let mut bytes = header.to_bytes();
        assert_eq!(Header::read(&bytes), HeaderState::Good(header));
        assert_eq!(Header::read(&bytes[..31]), HeaderState::Damaged);
        bytes[20] ^= 1;
        assert_eq!(Header::read(&bytes), HeaderState::Damaged);
    }

    #[test]
    fn a_newer_version_is_named_not_misread() {
        let mut bytes = Header { salt: 1, first_sequence: 0 }.to_bytes();
        bytes[8] = 2;
        let crc = crc32c::crc32c(&bytes[..HEADER_LEN - 4]);
        bytes[HEADER_LEN - 4..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(Header::read(&bytes), HeaderState::Newer(2));
    }
}
