//! The index of a block: which series it holds, and where their chunks are.
//!
//! Of the file only symbols and series are read: whoever reads all of a block needs no postings. Facts from Prometheus's
//! `tsdb/docs/format/index.md`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;
use model::Labels;

use super::bytes::{BigEndian, CRC_LEN, map, proven};
use super::{ForeignError, Malformed};
use crate::block::Bytes;
use crate::wal::varint::Input;

const MAGIC: u32 = 0xBAAA_D700;
const VERSION: u8 = 2;
const HEADER_LEN: usize = 5;
/// Six places, and a checksum.
const TOC_LEN: usize = 6 * 8 + CRC_LEN;
/// Series begin at multiples of it, and are numbered by where they begin.
const ALIGNMENT: usize = 16;

/// Where a chunk is, and of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkPlace {
    /// The first sample, in milliseconds.
    pub(super) min_ms: i64,
    /// The last sample.
    pub(super) max_ms: i64,
    /// The file, counted from 0.
    pub(super) file: u32,
    /// The byte in it.
    pub(super) offset: u32,
}

/// The index of a block.
#[derive(Debug)]
pub(super) struct Index {
    bytes: Bytes,
    path: PathBuf,
    /// Where each string begins.
    symbols: Vec<u32>,
    /// Where the series are.
    series: (usize, usize),
}

impl Index {
    /// Opens an index, and finds its symbols.
    pub(super) fn open(disk: &Arc<dyn Disk>, path: &Path) -> Result<Index, ForeignError> {
        Index::of(map(disk, path)?, path)
    }

    fn of(bytes: Bytes, path: &Path) -> Result<Index, ForeignError> {
        let damaged = |part: &str, error: Malformed| ForeignError::damaged(path, &format_args!("its {part}: {error}"));
        let mut header = Input::new(&bytes);
        let (magic, version) = (header.be32("").unwrap_or(0), header.byte("").unwrap_or(0));
        if magic != MAGIC {
            return Err(ForeignError::damaged(path, &"it does not begin as an index does"));
        }
        if version != VERSION {
            return Err(ForeignError::Unknown { path: path.into(), what: format!("index version {version}") });
        }
        let [symbols_at, series_at, after @ ..] =
            contents(&bytes).map_err(|error| damaged("table of contents", error))?;
        let end = after.into_iter().filter(|&at| at > series_at).min().unwrap_or(bytes.len() - TOC_LEN);
        let symbols = symbols(&bytes, symbols_at).map_err(|error| damaged("symbols", error))?;
        if series_at < HEADER_LEN || end > bytes.len() {
            return Err(damaged("table of contents", Malformed::Missing));
        }
        Ok(Index { bytes, path: path.into(), symbols, series: (series_at, end) })
    }

    /// Calls `each` with every series: its number, its labels and its chunks. What is damaged is told by its place.
    pub(super) fn for_each(&self, mut each: impl FnMut(u32, Result<(Labels, Vec<ChunkPlace>), Malformed>)) {
        let (mut at, end) = self.series;
        loop {
            at = at.next_multiple_of(ALIGNMENT);
            let Some((entry, after)) = self.entry(at, end) else { return };
            // Zeros fill up what lies between two sections.
            if entry.is_empty() {
                return;
            }
            let number = (at / ALIGNMENT) as u32;
            each(number, proven(entry).and_then(|entry| self.read(entry)));
            at = after;
        }
    }

    /// One series by its number.
    pub(super) fn series(&self, number: u32) -> Result<(Labels, Vec<ChunkPlace>), Malformed> {
        let at = number as usize * ALIGNMENT;
        let (entry, _) = self.entry(at, self.series.1).ok_or(Malformed::Missing)?;
        self.read(proven(entry)?)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The entry at a place with its checksum, without its length, and where it ends; empty for a length of 0.
    fn entry(&self, at: usize, end: usize) -> Option<(&[u8], usize)> {
        let bytes = self.bytes.get(at..end)?;
        let mut input = Input::new(bytes);
        let n_bytes = input.count("").ok()?;
        if n_bytes == 0 {
            return Some((&[], at));
        }
        let start = at + bytes.len() - input.n_left();
        let entry = input.bytes(n_bytes + CRC_LEN, "").ok()?;
        Some((entry, start + entry.len()))
    }

    fn read(&self, entry: &[u8]) -> Result<(Labels, Vec<ChunkPlace>), Malformed> {
        let mut input = Input::new(entry);
        let n_labels = input.count("a count of labels")?;
        let mut pairs = Vec::with_capacity(n_labels);
        for _ in 0..n_labels {
            pairs.push((self.symbol(input.unsigned("a name")?)?, self.symbol(input.unsigned("a value")?)?));
        }
        let n_chunks = input.count("a count of chunks")?;
        let mut chunks: Vec<ChunkPlace> = Vec::with_capacity(n_chunks);
        let (mut last_ms, mut place) = (0i64, 0i64);
        for i in 0..n_chunks {
            let min_ms = match i {
                0 => input.signed("a time")?,
                _ => last_ms.wrapping_add(input.unsigned("a time")? as i64),
            };
            let max_ms = min_ms.wrapping_add(input.unsigned("a time")? as i64);
            place = match i {
                0 => input.unsigned("a place")? as i64,
                _ => place.wrapping_add(input.signed("a place")?),
            };
            last_ms = max_ms;
            chunks.push(ChunkPlace { min_ms, max_ms, file: (place >> 32) as u32, offset: place as u32 });
        }
        Ok((Labels::from_pairs(pairs), chunks))
    }

    fn symbol(&self, number: u64) -> Result<&str, Malformed> {
        let at = usize::try_from(number).ok().and_then(|number| self.symbols.get(number));
        let at = *at.ok_or(Malformed::Nonsense("a string that is not there"))? as usize;
        let bytes = self.bytes.get(at..).ok_or(Malformed::Cut)?;
        let mut input = Input::new(bytes);
        let n_bytes = input.count("a string")?;
        std::str::from_utf8(input.bytes(n_bytes, "a string")?).map_err(|_| Malformed::Nonsense("a string not of UTF-8"))
    }
}

/// Where the six sections begin: symbols, series, and what comes after them.
fn contents(bytes: &[u8]) -> Result<[usize; 6], Malformed> {
    let toc_at = bytes.len().checked_sub(TOC_LEN).ok_or(Malformed::Cut)?;
    let mut input = Input::new(proven(&bytes[toc_at..])?);
    let mut places = [0; 6];
    for place in &mut places {
        *place = usize::try_from(input.be64("a place")?).map_err(|_| Malformed::Missing)?;
    }
    Ok(places)
}

fn symbols(bytes: &[u8], at: usize) -> Result<Vec<u32>, Malformed> {
    let mut input = Input::new(bytes.get(at..).ok_or(Malformed::Missing)?);
    let n_bytes = input.be32("a length")? as usize;
    let section = proven(input.bytes(n_bytes.saturating_add(CRC_LEN), "symbols")?)?;
    let mut input = Input::new(section);
    let n_symbols = input.be32("a count")? as usize;
    if n_symbols > input.n_left() {
        return Err(Malformed::Cut);
    }
    let mut symbols = Vec::with_capacity(n_symbols);
    for _ in 0..n_symbols {
        let place = at + 4 + section.len() - input.n_left();
        symbols.push(u32::try_from(place).map_err(|_| Malformed::Nonsense("symbols of more than 4 GiB"))?);
        let n_bytes = input.count("a string")?;
        input.bytes(n_bytes, "a string")?;
    }
    Ok(symbols)
}
