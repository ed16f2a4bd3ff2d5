//! Where the chunks of each series are. 64 series stand in a page: how many chunks each has, and then, for all of them, rows
//! of what they hold and how many samples, of their column and where in it they begin, of their lengths, and of what
//! stands between one and the next.

use super::pages::{Pages, PagesWriter};
use super::runs::{push_equal, push_even, take_equal, take_even, take_single};
use super::series::PER_PAGE;
use super::{BlockError, Kind};
use crate::codec::CHUNK_SAMPLES;
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// A chunk of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkRef {
    /// What it holds.
    pub(crate) kind: Kind,
    /// How many samples, at least one.
    pub(crate) n_samples: u32,
    /// The column of its timestamps.
    pub(crate) column: u32,
    /// Where in the column they begin.
    pub(crate) start: u32,
    /// Where in the file its bytes begin.
    pub(crate) offset: u64,
    /// How many there are, without the checksum.
    pub(crate) len: u32,
}

impl ChunkRef {
    fn end(&self) -> u64 {
        self.offset + u64::from(self.len)
    }
}

/// The section; `ends` says where the chunks of each series end.
pub(crate) fn write(chunks: &[ChunkRef], ends: &[u32]) -> Result<Vec<u8>, BlockError> {
    let mut pages = PagesWriter::default();
    let mut first = 0;
    for ends in ends.chunks(PER_PAGE) {
        let page = pages.begin()?;
        let mut start = first;
        push_equal(page, ends.iter().map(|&end| u64::from(end - std::mem::replace(&mut start, end))));
        let here = &chunks[first as usize..start as usize];
        first = start;
        push_equal(page, here.iter().map(|chunk| u64::from(chunk.n_samples - 1) << 1 | chunk.kind as u64));
        push_even(page, here.iter().map(|chunk| u64::from(chunk.column)));
        push_even(page, here.iter().map(|chunk| u64::from(chunk.start)));
        here.iter().for_each(|chunk| push_unsigned(page, u64::from(chunk.len)));
        let mut end = 0;
        push_equal(page, here.iter().map(|chunk| chunk.offset - std::mem::replace(&mut end, chunk.end())));
    }
    Ok(pages.finish())
}

/// Takes a row of numbers.
type Take = fn(&mut Input<'_>, usize, &mut Vec<u64>) -> Result<(), DecodeError>;

/// A page, taken apart.
#[derive(Debug, Default)]
pub(crate) struct ChunkPage {
    /// The page, plus one.
    number: usize,
    /// Where the chunks of each series end.
    ends: Vec<usize>,
    chunks: Vec<ChunkRef>,
    row: Vec<u64>,
}

impl ChunkPage {
    /// The chunks of a series, which is one of the block's `n_series`.
    pub(crate) fn get(&mut self, section: &[u8], n_series: u32, series: u32) -> Result<&[ChunkRef], DecodeError> {
        let page = series as usize / PER_PAGE;
        if self.number != page + 1 {
            self.number = 0;
            self.read(section, n_series, page)?;
            self.number = page + 1;
        }
        let at = series as usize % PER_PAGE;
        let error = DecodeError { at: series as usize, expected: "the number of a series" };
        let end = *self.ends.get(at).ok_or(error)?;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        Ok(&self.chunks[start..end])
    }

    fn read(&mut self, section: &[u8], n_series: u32, page: usize) -> Result<(), DecodeError> {
        let mut input = Pages::new(section)?.get(page)?;
        let ChunkPage { ends, chunks, row, .. } = self;
        let n_here = (n_series as usize).saturating_sub(page * PER_PAGE).min(PER_PAGE);
        row.clear();
        take_equal(&mut input, n_here, row)?;
        ends.clear();
        let mut end = 0u64;
        ends.extend(row.iter().map(|n_chunks| {
            end = end.saturating_add(*n_chunks);
            end as usize
        }));
        // Each takes a byte at least, that of its length.
        if end > input.n_left() as u64 {
            return Err(input.error("as many chunks as there is room for"));
        }
        let n_chunks = end as usize;
        let blank = ChunkRef { kind: Kind::Floats, n_samples: 1, column: 0, start: 0, offset: 0, len: 0 };
        chunks.clear();
        chunks.resize(n_chunks, blank);
        let mut take = |take: Take, set: fn(&mut ChunkRef, u64) -> Option<()>| {
            row.clear();
            take(&mut input, n_chunks, row)?;
            let all = chunks.iter_mut().zip(&*row).try_for_each(|(chunk, &number)| set(chunk, number));
            all.ok_or_else(|| input.error("a row of chunks"))
        };
        take(take_equal, |chunk, number| {
            chunk.kind = if number & 1 == 0 { Kind::Floats } else { Kind::Histograms };
            chunk.n_samples = u32::try_from((number >> 1) + 1).ok().filter(|&n| n as usize <= CHUNK_SAMPLES)?;
            Some(())
        })?;
        take(take_even, |chunk, number| {
            chunk.column = u32::try_from(number).ok()?;
            Some(())
        })?;
        take(take_even, |chunk, number| {
            chunk.start = u32::try_from(number).ok()?;
            Some(())
        })?;
        take(take_single, |chunk, number| {
            chunk.len = u32::try_from(number).ok()?;
            Some(())
        })?;
        take(take_equal, |chunk, number| {
            chunk.offset = number;
            Some(())
        })?;
        let mut end = 0u64;
        for chunk in chunks {
            chunk.offset = chunk.offset.saturating_add(end);
            end = chunk.offset.saturating_add(u64::from(chunk.len));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 series of 215 hosts, one chunk each behind a checksum of four bytes, and a column in front of each host.
    #[test]
    fn references_come_back_and_take_two_bytes() {
        let mut offset = 16;
        let mut chunks = Vec::new();
        for series in 0..64_500u32 {
            offset += if series.is_multiple_of(300) { 40 } else { 0 };
            let len = 3 + series % 97;
            chunks.push(ChunkRef { kind: Kind::Floats, n_samples: 240, column: series / 300, start: 0, offset, len });
            offset += u64::from(len) + 4;
        }
        let ends: Vec<u32> = (1..=64_500).collect();
        let section = write(&chunks, &ends).unwrap();
        assert!(section.len() < 2 * chunks.len(), "{} bytes", section.len());
        let mut page = ChunkPage::default();
        for series in 0..64_500u32 {
            assert_eq!(page.get(&section, 64_500, series).unwrap(), [chunks[series as usize]]);
        }
        assert!(page.get(&section, 64_500, 64_500).is_err());
    }

    #[test]
    fn series_have_any_number_of_chunks() {
        let mut chunks = Vec::new();
        let mut ends = Vec::new();
        for series in 0..200u32 {
            for i in 0..series % 7 {
                let kind = if i % 3 == 2 { Kind::Histograms } else { Kind::Floats };
                let offset = 1000 * chunks.len() as u64;
                chunks.push(ChunkRef { kind, n_samples: 1 + i, column: series, start: 1024 * i, offset, len: 900 });
            }
            ends.push(chunks.len() as u32);
        }
        let section = write(&chunks, &ends).unwrap();
        let mut page = ChunkPage::default();
        let mut start = 0;
        for (series, &end) in ends.iter().enumerate() {
            assert_eq!(page.get(&section, 200, series as u32).unwrap(), &chunks[start..end as usize]);
            start = end as usize;
        }
        // What is cut, or promises too much, is an error and takes no memory.
        assert!((0..section.len()).step_by(61).all(|len| {
            let mut page = ChunkPage::default();
            (0..200).any(|series| page.get(&section[..len], 200, series).is_err())
        }));
    }
}
