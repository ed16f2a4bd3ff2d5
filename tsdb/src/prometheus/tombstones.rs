//! What was deleted from a block and still stands in it.

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use rustc_hash::FxHashMap;

use super::bytes::{BigEndian, map, proven};
use super::{ForeignError, Malformed};
use crate::import::Interval;
use crate::wal::varint::Input;

const MAGIC: u32 = 0x0130_BA30;
const MAGIC_LEN: usize = 4;
const VERSION: u8 = 1;

/// The deleted intervals of each series, by its number.
pub(super) type Tombstones = FxHashMap<u64, Vec<Interval>>;

/// Reads the tombstones of a block: its bytes too, to tell two states of it apart.
pub(super) fn open(disk: &Arc<dyn Disk>, path: &Path) -> Result<(Tombstones, Vec<u8>), ForeignError> {
    let bytes = match map(disk, path) {
        Err(ForeignError::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((Tombstones::default(), Vec::new()));
        }
        bytes => bytes?,
    };
    let read = read(&bytes).map_err(|error| ForeignError::damaged(path, &error))?;
    Ok((read, bytes.to_vec()))
}

fn read(bytes: &[u8]) -> Result<Tombstones, Malformed> {
    if Input::new(bytes).be32("")? != MAGIC {
        return Err(Malformed::Nonsense("it does not begin as tombstones do"));
    }
    let (&version, rest) = bytes[MAGIC_LEN..].split_first().ok_or(Malformed::Cut)?;
    let stones = proven(rest)?;
    if version != VERSION {
        return Err(Malformed::Nonsense("a version that is not known"));
    }
    let mut input = Input::new(stones);
    let mut tombstones = Tombstones::default();
    while !input.is_empty() {
        let series = input.unsigned("a series")?;
        let interval = (input.signed("a time")?, input.signed("a time")?);
        tombstones.entry(series).or_default().push(interval);
    }
    Ok(tombstones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_of_prometheus_and_one_with_stones_are_read() {
        let file = |stones: &[u8]| {
            let mut bytes = MAGIC.to_be_bytes().to_vec();
            bytes.push(VERSION);
            bytes.extend_from_slice(stones);
            bytes.extend_from_slice(&crc32c::crc32c(stones).to_be_bytes());
            bytes
        };
        assert_eq!(read(&file(&[])), Ok(Tombstones::default()));
        let stones = read(&file(&[5, 2, 20, 5, 30, 40, 9, 1, 1])).unwrap();
        assert_eq!(stones[&5], [(1, 10), (15, 20)]);
        assert_eq!(stones[&9], [(-1, -1)]);
        let mut damaged = file(&[5, 2, 20]);
        damaged[6] ^= 1;
        assert_eq!(read(&damaged), Err(Malformed::Checksum));
    }
}
