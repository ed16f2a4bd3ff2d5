//! Integers as Prometheus's files have them, checksums, and files as a whole.

use std::path::Path;
use std::sync::Arc;

use journal::Disk;

use super::{ForeignError, Malformed};
use crate::block::Bytes;
use crate::wal::varint::{DecodeError, Input};

/// The length of a checksum: CRC-32C, the highest byte first.
pub(super) const CRC_LEN: usize = 4;

impl From<DecodeError> for Malformed {
    fn from(error: DecodeError) -> Malformed {
        Malformed::Nonsense(error.expected)
    }
}

/// Integers and floats whose highest byte comes first.
pub(super) trait BigEndian {
    fn be32(&mut self, expected: &'static str) -> Result<u32, DecodeError>;
    fn be64(&mut self, expected: &'static str) -> Result<u64, DecodeError>;
    /// Text with its length before it.
    fn text(&mut self, expected: &'static str) -> Result<&str, DecodeError>;
}

impl BigEndian for Input<'_> {
    fn be32(&mut self, expected: &'static str) -> Result<u32, DecodeError> {
        let bytes = self.bytes(4, expected)?;
        Ok(bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte)))
    }

    fn be64(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        let bytes = self.bytes(8, expected)?;
        Ok(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    fn text(&mut self, expected: &'static str) -> Result<&str, DecodeError> {
        let n_bytes = self.count(expected)?;
        let bytes = self.bytes(n_bytes, expected)?;
        std::str::from_utf8(bytes).map_err(|_| self.error(expected))
    }
}

/// The bytes, if the checksum behind them is theirs.
pub(super) fn proven(bytes_and_crc: &[u8]) -> Result<&[u8], Malformed> {
    let (bytes, crc) = bytes_and_crc.split_last_chunk::<CRC_LEN>().ok_or(Malformed::Cut)?;
    if crc32c::crc32c(bytes) == u32::from_be_bytes(*crc) { Ok(bytes) } else { Err(Malformed::Checksum) }
}

/// All of a file, mapped where that is possible.
pub(super) fn map(disk: &Arc<dyn Disk>, path: &Path) -> Result<Bytes, ForeignError> {
    disk.contents(path).and_then(Bytes::map).map_err(|error| ForeignError::io(path, error))
}

/// The files of a directory that are numbered, by their numbers; none where the directory is not there.
pub(super) fn numbered(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Vec<(u64, std::path::PathBuf)>, ForeignError> {
    let names = match disk.list(dir) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(ForeignError::io(dir, error)),
    };
    let mut files: Vec<_> = names.iter().filter_map(|name| Some((name.parse::<u64>().ok()?, dir.join(name)))).collect();
    files.sort();
    Ok(files)
}
