//! `chunks_head/`: full chunks of the head, which Prometheus maps into memory. Each names its series by its number in the log.

use super::Malformed;
use super::bytes::{BigEndian, CRC_LEN, proven};
use crate::wal::varint::Input;

const MAGIC: u32 = 0x0130_BC91;
const VERSION: u8 = 1;
const HEADER_LEN: usize = 8;
/// Of the encoding: the samples were late.
const IS_LATE: u8 = 1 << 7;

/// A chunk of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeadChunk<'a> {
    pub(super) series: u64,
    pub(super) is_late: bool,
    pub(super) encoding: u8,
    pub(super) bytes: &'a [u8],
}

/// A chunk, or where it begins and what is wrong with it.
pub(super) type ReadChunk<'a> = Result<HeadChunk<'a>, (usize, Malformed)>;

/// Hands out the chunks of a file, and what is damaged with its place.
pub(super) fn for_each_chunk(file: &[u8], take: &mut dyn FnMut(ReadChunk<'_>)) {
    let mut header = Input::new(file);
    if header.be32("") != Ok(MAGIC) || header.byte("") != Ok(VERSION) {
        // What was cut before it had a header holds nothing.
        if file.iter().any(|&byte| byte != 0) {
            take(Err((0, Malformed::Nonsense("it does not begin as chunks of the head do"))));
        }
        return;
    }
    let mut at = HEADER_LEN;
    // A file is as long as it may become, and filled up with zeros.
    while let Some(rest) = file.get(at..).filter(|rest| rest.iter().take(24).any(|&byte| byte != 0)) {
        match entry(rest) {
            Ok((n_bytes, chunk)) => {
                take(chunk.map_err(|error| (at, error)));
                at += n_bytes;
            }
            Err(error) => {
                take(Err((at, error)));
                return;
            }
        }
    }
}

/// The length of the first entry, and its chunk.
fn entry(rest: &[u8]) -> Result<(usize, Result<HeadChunk<'_>, Malformed>), Malformed> {
    let mut input = Input::new(rest);
    let series = input.be64("a series")?;
    input.bytes(16, "times")?;
    let encoding = input.byte("an encoding")?;
    let n_bytes = input.count("a length")?;
    let bytes = input.bytes(n_bytes, "a chunk").map_err(|_| Malformed::Cut)?;
    input.bytes(CRC_LEN, "a checksum").map_err(|_| Malformed::Cut)?;
    let len = rest.len() - input.n_left();
    let (is_late, encoding) = (encoding & IS_LATE != 0, encoding & !IS_LATE);
    Ok((len, proven(&rest[..len]).map(|_| HeadChunk { series, is_late, encoding, bytes })))
}
