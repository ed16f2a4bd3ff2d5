//! Timestamp columns: the times of a target's scrapes, written once for all of its series.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::BlockError;
use super::pages::{Pages, PagesWriter};
use crate::wal::varint::{DecodeError, Input, push_signed, push_unsigned};

/// The most timestamps of a column.
pub(crate) const COLUMN_SAMPLES: usize = 65_536;
/// Columns in a page.
const PER_PAGE: usize = 64;
/// Timestamps that are kept to find columns again: 4 MiB.
const KEPT_SAMPLES: usize = 1 << 19;
/// Columns of which a series may have a part.
const N_LATEST: usize = 8;

/// A column of timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColumnRef {
    /// How many timestamps, at least one.
    pub(crate) n_samples: u32,
    /// Where in the file its bytes begin.
    pub(crate) offset: u64,
    /// How many there are, without the checksum.
    pub(crate) len: u32,
    /// The first timestamp.
    pub(crate) first_ms: i64,
    /// The last timestamp.
    pub(crate) last_ms: i64,
}

/// The section.
pub(crate) fn write(columns: &[ColumnRef]) -> Result<Vec<u8>, BlockError> {
    let mut pages = PagesWriter::default();
    for columns in columns.chunks(PER_PAGE) {
        let page = pages.begin()?;
        let (mut end, mut first_ms) = (0, 0i64);
        for column in columns {
            push_unsigned(page, u64::from(column.n_samples));
            push_unsigned(page, column.offset - end);
            push_unsigned(page, u64::from(column.len));
            push_signed(page, column.first_ms.wrapping_sub(first_ms));
            push_signed(page, column.last_ms.wrapping_sub(column.first_ms));
            end = column.offset + u64::from(column.len);
            first_ms = column.first_ms;
        }
    }
    Ok(pages.finish())
}

/// Reads the reference of a column.
pub(crate) fn read(section: &[u8], column: u32) -> Result<ColumnRef, DecodeError> {
    let mut input = Pages::new(section)?.get(column as usize / PER_PAGE)?;
    let mut last = ColumnRef { n_samples: 0, offset: 0, len: 0, first_ms: 0, last_ms: 0 };
    for _ in 0..=column as usize % PER_PAGE {
        last = read_next(&mut input, &last).map_err(|expected| input.error(expected))?;
    }
    Ok(last)
}

fn read_next(input: &mut Input<'_>, last: &ColumnRef) -> Result<ColumnRef, &'static str> {
    let mut number = || input.unsigned("").map_err(|_| "a column");
    let n_samples = number().and_then(|n| u32::try_from(n).map_err(|_| "a count of timestamps"))?;
    let gap = number()?;
    let len = number().and_then(|len| u32::try_from(len).map_err(|_| "the length of a column"))?;
    let offset = last.offset.checked_add(u64::from(last.len)).and_then(|end| end.checked_add(gap)).ok_or("a place")?;
    let first_ms = last.first_ms.wrapping_add(input.signed("").map_err(|_| "a time")?);
    let last_ms = first_ms.wrapping_add(input.signed("").map_err(|_| "a time")?);
    if n_samples == 0 || n_samples as usize > COLUMN_SAMPLES {
        return Err("a count of timestamps");
    }
    Ok(ColumnRef { n_samples, offset, len, first_ms, last_ms })
}

/// Finds columns that have been written already.
#[derive(Debug, Default)]
pub(crate) struct KnownColumns {
    /// The number of the first column that is kept.
    first: u32,
    kept: VecDeque<(u64, Vec<i64>)>,
    n_samples: usize,
    by_hash: FxHashMap<u64, u32>,
    /// The column found last.
    last: u32,
}

impl KnownColumns {
    /// A column, and where in it the timestamps begin, if all of them stand in it one after the other.
    pub(crate) fn find(&mut self, timestamps: &[i64]) -> Option<(u32, u32)> {
        let place = self.place_of(timestamps)?;
        self.last = place.0;
        Some(place)
    }

    fn place_of(&self, timestamps: &[i64]) -> Option<(u32, u32)> {
        if self.is_column(self.last, timestamps) {
            return Some((self.last, 0));
        }
        if let Some(&column) = self.by_hash.get(&hash(timestamps))
            && self.is_column(column, timestamps)
        {
            return Some((column, 0));
        }
        let newest = self.first + self.kept.len() as u32;
        let latest = (self.first..newest).rev().take(N_LATEST);
        std::iter::once(self.last).chain(latest).find_map(|column| {
            let whole = self.get(column)?;
            let start = whole.binary_search(timestamps.first()?).ok()?;
            (whole.get(start..start + timestamps.len())? == timestamps).then_some((column, start as u32))
        })
    }

    /// Remembers a column, which is numbered after all before.
    pub(crate) fn add(&mut self, timestamps: &[i64]) -> u32 {
        while self.n_samples + timestamps.len() > KEPT_SAMPLES {
            let Some((hash, oldest)) = self.kept.pop_front() else { break };
            self.n_samples -= oldest.len();
            if self.by_hash.get(&hash) == Some(&self.first) {
                self.by_hash.remove(&hash);
            }
            self.first += 1;
        }
        let column = self.first + self.kept.len() as u32;
        let hash = hash(timestamps);
        self.by_hash.insert(hash, column);
        self.kept.push_back((hash, timestamps.to_vec()));
        self.n_samples += timestamps.len();
        self.last = column;
        column
    }

    fn get(&self, column: u32) -> Option<&[i64]> {
        let at = column.checked_sub(self.first)?;
        self.kept.get(at as usize).map(|(_, timestamps)| &**timestamps)
    }

    fn is_column(&self, column: u32, timestamps: &[i64]) -> bool {
        self.get(column) == Some(timestamps)
    }
}

fn hash(timestamps: &[i64]) -> u64 {
    let mut hash = timestamps.len() as u64;
    for bytes in timestamps.chunks(64) {
        let mut buffer = [0u8; 512];
        for (place, timestamp_ms) in buffer.as_chunks_mut::<8>().0.iter_mut().zip(bytes) {
            *place = timestamp_ms.to_le_bytes();
        }
        hash = hash.rotate_left(21) ^ xxh3_64(&buffer);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_come_back() {
        let columns: Vec<ColumnRef> = (0..200u32)
            .map(|i| ColumnRef {
                n_samples: 1 + i * 300,
                offset: 100_000 * u64::from(i),
                len: 70 + i,
                first_ms: if i == 7 { i64::MIN } else { 1_700_000_000_000 - i64::from(i % 3) },
                last_ms: if i % 50 == 7 { i64::MAX } else { 1_700_003_600_000 },
            })
            .collect();
        let section = write(&columns).unwrap();
        for (number, column) in columns.iter().enumerate() {
            assert_eq!(read(&section, number as u32).unwrap(), *column);
        }
        assert!(read(&section, 256).is_err());
        assert!(
            (0..section.len()).step_by(61).all(|len| (0..200).any(|column| read(&section[..len], column).is_err()))
        );
    }

    #[test]
    fn equal_columns_and_parts_of_recent_ones_are_found() {
        let mut known = KnownColumns::default();
        let grid = |first: i64, n: i64| (0..n).map(|i| first + i * 15_000).collect::<Vec<_>>();
        assert_eq!(known.find(&grid(0, 5)), None);
        for column in 0..100 {
            assert_eq!(known.add(&grid(i64::from(column), 300)), column);
        }
        assert_eq!(known.find(&grid(3, 300)), Some((3, 0)));
        assert_eq!(known.find(&grid(3 + 15_000, 299)), Some((3, 1)), "a part of the one found last");
        assert_eq!(known.find(&grid(95 + 7 * 15_000, 10)), Some((95, 7)), "a part of a recent one");
        assert_eq!(known.find(&grid(50 + 7 * 15_000, 10)), None, "parts of others are not looked for");
        assert_eq!(known.find(&grid(99, 301)), None);
        // As many as would take more memory than is allowed push out the first ones.
        let n_added = KEPT_SAMPLES as u32 / 300;
        for column in 100..100 + n_added {
            assert_eq!(known.add(&grid(1_000_000 + i64::from(column), 300)), column);
        }
        assert_eq!(known.find(&grid(3, 300)), None);
        assert_eq!(known.find(&grid(1_000_150, 300)), Some((150, 0)));
    }
}
