//! Segments of the write-ahead log, of its checkpoint and of the log of late samples: records, cut into fragments that fit
//! into pages of 32 KiB, each fragment with its checksum.
//!
//! Behind damage reading goes on at the next page: a fragment never crosses from one page to the next.

use std::io::Read;

use ruzstd::decoding::StreamingDecoder;

use super::Malformed;
use super::bytes::BigEndian;
use crate::wal::varint::Input;

const PAGE_LEN: usize = 32 << 10;
/// Kind, length, checksum.
const HEADER_LEN: usize = 7;
const KIND: u8 = 0b111;
const SNAPPY: u8 = 1 << 3;
const ZSTD: u8 = 1 << 4;
const REST_OF_PAGE: u8 = 0;
const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;
/// The longest record, decompressed.
const MAX_RECORD_LEN: usize = 256 << 20;

/// A part of a segment that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// Where it begins.
    pub(super) at: usize,
    /// Why.
    pub(super) error: Malformed,
    /// Whether it is the end of the segment: what a killed process leaves.
    pub(super) is_tail: bool,
}

/// A record, or a part that cannot be read.
pub(super) type ReadRecord<'a> = Result<&'a [u8], Hole>;

/// Hands out the records of a segment, decompressed, and what cannot be read.
pub(super) fn for_each_record(segment: &[u8], take: &mut dyn FnMut(ReadRecord<'_>)) {
    let mut at = 0;
    let mut parts = Parts::default();
    while at < segment.len() {
        let page_end = (at / PAGE_LEN + 1) * PAGE_LEN;
        match fragment(&segment[at..page_end.min(segment.len())]) {
            Ok(None) => at = page_end,
            Ok(Some((kind, compression, data))) => {
                match parts.add(kind, compression, data, at) {
                    Ok(None) => {}
                    Ok(Some(record)) => take(record.map_err(|(at, error)| Hole { at, error, is_tail: false })),
                    Err(error) => take(Err(Hole { at, error, is_tail: false })),
                }
                at += HEADER_LEN + data.len();
            }
            Err(error) => {
                parts.is_open = false;
                take(Err(Hole { at, error, is_tail: page_end >= segment.len() }));
                at = page_end;
            }
        }
    }
    if parts.is_open {
        take(Err(Hole { at: parts.start, error: Malformed::Cut, is_tail: true }));
    }
}

/// A fragment: its kind, how it is compressed, its bytes.
type Fragment<'a> = (u8, u8, &'a [u8]);

/// The first fragment of what is left of a page. `None` where nothing follows.
fn fragment(page: &[u8]) -> Result<Option<Fragment<'_>>, Malformed> {
    let mut input = Input::new(page);
    let head = input.byte("").map_err(|_| Malformed::Cut)?;
    let kind = head & KIND;
    if kind == REST_OF_PAGE {
        let is_padding = page.iter().all(|&byte| byte == 0);
        return if is_padding { Ok(None) } else { Err(Malformed::Nonsense("something behind the end of a page")) };
    }
    if kind > LAST || head & !(KIND | SNAPPY | ZSTD) != 0 {
        return Err(Malformed::Nonsense("a fragment of an unknown kind"));
    }
    let cut = |_| Malformed::Cut;
    let n_bytes = input.bytes(2, "").map_err(cut)?.iter().fold(0, |n, &byte| n << 8 | usize::from(byte));
    let crc = input.be32("").map_err(cut)?;
    let data = input.bytes(n_bytes, "").map_err(cut)?;
    if crc32c::crc32c(data) == crc { Ok(Some((kind, head & (SNAPPY | ZSTD), data))) } else { Err(Malformed::Checksum) }
}

/// The fragments of a record.
#[derive(Debug, Default)]
struct Parts {
    is_open: bool,
    start: usize,
    compression: u8,
    bytes: Vec<u8>,
    record: Vec<u8>,
}

/// A record, or where it begins and why it cannot be read.
type Record<'a> = Result<&'a [u8], (usize, Malformed)>;

impl Parts {
    /// Adds a fragment; answers the record that ends with it.
    fn add(&mut self, kind: u8, compression: u8, data: &[u8], at: usize) -> Result<Option<Record<'_>>, Malformed> {
        let was_open = self.is_open;
        let begins = kind == FULL || kind == FIRST;
        self.is_open = kind == FIRST || (kind == MIDDLE && was_open);
        if begins {
            self.bytes.clear();
            (self.start, self.compression) = (at, compression);
        } else if !was_open {
            return Err(Malformed::Nonsense("a fragment without a beginning"));
        }
        self.bytes.extend_from_slice(data);
        if begins && was_open {
            return Err(Malformed::Nonsense("a record without an end before it"));
        }
        if self.is_open {
            return Ok(None);
        }
        let start = self.start;
        Ok(Some(self.decompressed().map_err(|error| (start, error))))
    }

    fn decompressed(&mut self) -> Result<&[u8], Malformed> {
        const TOO_LONG: Malformed = Malformed::Nonsense("a record of more than 256 MiB");
        const CORRUPT: Malformed = Malformed::Nonsense("a compressed record");
        if self.compression == 0 {
            return Ok(&self.bytes);
        }
        self.record.clear();
        if self.compression == SNAPPY {
            let n_bytes = snap::raw::decompress_len(&self.bytes).map_err(|_| CORRUPT)?;
            if n_bytes > MAX_RECORD_LEN {
                return Err(TOO_LONG);
            }
            self.record.resize(n_bytes, 0);
            snap::raw::Decoder::new().decompress(&self.bytes, &mut self.record).map_err(|_| CORRUPT)?;
        } else {
            let decoder = StreamingDecoder::new(&*self.bytes).map_err(|_| CORRUPT)?;
            decoder.take(MAX_RECORD_LEN as u64 + 1).read_to_end(&mut self.record).map_err(|_| CORRUPT)?;
            if self.record.len() > MAX_RECORD_LEN {
                return Err(TOO_LONG);
            }
        }
        Ok(&self.record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(segment: &mut Vec<u8>, head: u8, data: &[u8]) {
        segment.push(head);
        segment.extend_from_slice(&(data.len() as u16).to_be_bytes());
        segment.extend_from_slice(&crc32c::crc32c(data).to_be_bytes());
        segment.extend_from_slice(data);
    }

    fn pad(segment: &mut Vec<u8>) {
        segment.resize(segment.len().next_multiple_of(PAGE_LEN), 0);
    }

    /// Three pages: whole records, one over two pages, a compressed one.
    fn segment() -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut segment = Vec::new();
        push(&mut segment, FULL, b"one");
        let long: Vec<u8> = (0..40_000u32).map(|i| (i % 251) as u8).collect();
        let room = PAGE_LEN - segment.len() - HEADER_LEN;
        push(&mut segment, FIRST, &long[..room]);
        push(&mut segment, LAST, &long[room..]);
        pad(&mut segment);
        let compressed = snap::raw::Encoder::new().compress_vec(b"compressed compressed").unwrap();
        push(&mut segment, FULL | SNAPPY, &compressed);
        push(&mut segment, FULL, b"");
        (segment, vec![b"one".to_vec(), long, b"compressed compressed".to_vec(), Vec::new()])
    }

    fn read(segment: &[u8]) -> (Vec<Vec<u8>>, Vec<Hole>) {
        let (mut records, mut holes) = (Vec::new(), Vec::new());
        for_each_record(segment, &mut |record| match record {
            Ok(record) => records.push(record.to_vec()),
            Err(hole) => holes.push(hole),
        });
        (records, holes)
    }

    #[test]
    fn records_come_back() {
        let (segment, records) = segment();
        assert_eq!(read(&segment), (records, Vec::new()));
    }

    #[test]
    fn damage_costs_what_begins_in_its_page() {
        let (whole, records) = segment();
        for at in (0..whole.len()).step_by(997).chain([0, 1, 3, 7, 9]) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x41;
            let (read, holes) = read(&damaged);
            assert!(read.iter().all(|record| records.contains(record)), "a wrong record after damage at {at}");
            assert!(!holes.is_empty(), "damage at {at} goes unseen");
            let n_kept = if at < PAGE_LEN { 2 } else { 1 };
            assert!(read.len() >= n_kept, "{} left after damage at {at}", read.len());
        }
    }

    #[test]
    fn a_cut_segment_ends_in_a_tail() {
        let (whole, records) = segment();
        for len in (0..whole.len()).step_by(1009) {
            let (read, holes) = read(&whole[..len]);
            assert!(records.starts_with(&read), "cut at {len}");
            assert!(holes.iter().all(|hole| hole.is_tail), "cut at {len}: {holes:?}");
        }
    }
}
