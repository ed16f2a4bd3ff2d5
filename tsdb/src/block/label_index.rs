//! Label names and their values, and where the postings of each value are.
//!
//! A *pair* is a name and a value; pairs are numbered in the order of both, so that those of a name are neighbours. 64 pairs
//! stand in a page: where their postings begin, then a row of values and one of the lengths of postings. Names are few, and
//! kept in memory.

use std::ops::Range;

use super::BlockError;
use super::label_sets::{NameId, small};
use super::pages::{Pages, PagesWriter};
use super::postings::{self, Postings};
use super::runs::{push_equal, push_even, take_equal, take_even};
use super::symbols::SymbolId;
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// The number of a pair.
pub(crate) type PairId = u32;

/// Pairs in a page.
const PER_PAGE: usize = 64;

/// The three sections of an index that is being written.
#[derive(Debug, Default)]
pub(crate) struct LabelIndexWriter {
    pages: PagesWriter,
    postings: Vec<u8>,
    /// How many pairs each name has.
    names: Vec<(SymbolId, u32)>,
    /// The pairs of the page that is being filled: value, and how many bytes of postings.
    page: Vec<(SymbolId, u64)>,
}

impl LabelIndexWriter {
    /// Adds a pair behind all that are there.
    pub(crate) fn add(&mut self, name: SymbolId, value: SymbolId, series: &[u32]) -> Result<(), BlockError> {
        match self.names.last_mut() {
            Some((last, n_pairs)) if *last == name => *n_pairs += 1,
            _ => self.names.push((name, 1)),
        }
        let n_before = self.postings.len();
        postings::write(series, &mut self.postings);
        self.page.push((value, (self.postings.len() - n_before) as u64));
        if self.page.len() == PER_PAGE { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> Result<(), BlockError> {
        let n_bytes: u64 = self.page.iter().map(|(_, n_bytes)| n_bytes).sum();
        let page = self.pages.begin()?;
        push_unsigned(page, self.postings.len() as u64 - n_bytes);
        push_even(page, self.page.iter().map(|&(value, _)| u64::from(value)));
        push_equal(page, self.page.iter().map(|&(_, n_bytes)| n_bytes));
        self.page.clear();
        Ok(())
    }

    /// The sections of names, values and postings.
    pub(crate) fn finish(mut self) -> Result<[Vec<u8>; 3], BlockError> {
        if !self.page.is_empty() {
            self.end_page()?;
        }
        let mut names = Vec::new();
        push_unsigned(&mut names, self.names.len() as u64);
        for (name, n_pairs) in self.names {
            push_unsigned(&mut names, u64::from(name));
            push_unsigned(&mut names, u64::from(n_pairs));
        }
        Ok([names, self.pages.finish(), self.postings])
    }
}

/// The names of a block.
#[derive(Debug)]
pub(crate) struct Names {
    /// The string of each name, sorted, and the number of its first pair.
    names: Vec<(SymbolId, PairId)>,
    n_pairs: PairId,
}

impl Names {
    pub(crate) fn read(section: &[u8]) -> Result<Names, DecodeError> {
        let mut input = Input::new(section);
        let n_names = input.count("a count of names")?;
        let mut names = Vec::with_capacity(n_names);
        let mut n_pairs = 0u32;
        for _ in 0..n_names {
            names.push((small(&mut input, "a name")?, n_pairs));
            let n_values = small(&mut input, "a count of values")?;
            n_pairs = n_pairs.checked_add(n_values).ok_or_else(|| input.error("no more values"))?;
        }
        Ok(Names { names, n_pairs })
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The string of a name.
    pub(crate) fn symbol(&self, name: NameId) -> Option<SymbolId> {
        self.names.get(name as usize).map(|&(symbol, _)| symbol)
    }

    /// The name with a string.
    pub(crate) fn find(&self, symbol: SymbolId) -> Option<NameId> {
        self.names.binary_search_by_key(&symbol, |&(symbol, _)| symbol).ok().map(|at| at as NameId)
    }

    /// The pairs of a name.
    pub(crate) fn pairs(&self, name: NameId) -> Range<PairId> {
        let first = |name: usize| self.names.get(name).map_or(self.n_pairs, |&(_, first)| first);
        first(name as usize)..first(name as usize + 1)
    }
}

/// The values of a block, and their postings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    pages: Pages<'a>,
    postings: &'a [u8],
    n_pairs: PairId,
    n_series: u32,
}

/// A page, taken apart.
#[derive(Debug, Default)]
pub(crate) struct ValuePage {
    /// The page, plus one.
    number: usize,
    values: Vec<u64>,
    /// Where the postings of each begin and those of the last end.
    bounds: Vec<usize>,
    row: Vec<u64>,
}

impl<'a> Values<'a> {
    pub(crate) fn new(
        values: &'a [u8],
        postings: &'a [u8],
        names: &Names,
        n_series: u32,
    ) -> Result<Values<'a>, DecodeError> {
        let pages = Pages::new(values)?;
        if pages.len() != (names.n_pairs as usize).div_ceil(PER_PAGE) {
            return Err(DecodeError { at: 0, expected: "as many pages as values need" });
        }
        Ok(Values { pages, postings, n_pairs: names.n_pairs, n_series })
    }

    /// The value of a pair.
    pub(crate) fn value(&self, page: &mut ValuePage, pair: PairId) -> Result<SymbolId, DecodeError> {
        self.read(page, pair as usize / PER_PAGE)?;
        let error = DecodeError { at: pair as usize, expected: "the number of a pair" };
        let value = *page.values.get(pair as usize % PER_PAGE).ok_or(error)?;
        SymbolId::try_from(value).map_err(|_| error)
    }

    /// The series of a pair.
    pub(crate) fn postings(&self, page: &mut ValuePage, pair: PairId) -> Result<Postings<'a>, DecodeError> {
        self.read(page, pair as usize / PER_PAGE)?;
        let at = pair as usize % PER_PAGE;
        let bounds = page.bounds.get(at..).and_then(|bounds| bounds.first_chunk::<2>());
        let bytes = bounds.and_then(|&[start, end]| self.postings.get(start..end));
        Postings::new(bytes.ok_or(DecodeError { at: pair as usize, expected: "postings" })?, self.n_series)
    }

    /// The first of a name's pairs whose value is not less than `value`; the end of `pairs` where all are less.
    pub(crate) fn lower_bound(
        &self,
        page: &mut ValuePage,
        pairs: Range<PairId>,
        value: SymbolId,
    ) -> Result<PairId, DecodeError> {
        let Range { start: mut low, end: mut high } = pairs;
        while low < high {
            // First pairs of pages only, until one page is left.
            let mut middle = low.midpoint(high);
            let of_page = middle / PER_PAGE as PairId * PER_PAGE as PairId;
            let is_less = if of_page > low {
                middle = of_page;
                self.first_value(of_page as usize / PER_PAGE)? < u64::from(value)
            } else {
                self.value(page, middle)? < value
            };
            if is_less { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The first value of a page, without the others.
    fn first_value(&self, page: usize) -> Result<u64, DecodeError> {
        let mut input = self.pages.get(page)?;
        input.unsigned("the place of postings")?;
        let mut first = Vec::with_capacity(1);
        take_even(&mut input, 1, &mut first)?;
        Ok(first[0])
    }

    fn read(&self, page: &mut ValuePage, number: usize) -> Result<(), DecodeError> {
        if page.number == number + 1 {
            return Ok(());
        }
        page.number = 0;
        let mut input = self.pages.get(number)?;
        let n_here = (self.n_pairs as usize).saturating_sub(number * PER_PAGE).min(PER_PAGE);
        let start = input.unsigned("the place of postings")?;
        page.values.clear();
        take_even(&mut input, n_here, &mut page.values)?;
        page.row.clear();
        take_equal(&mut input, n_here, &mut page.row)?;
        let mut end = usize::try_from(start).map_err(|_| input.error("the place of postings"))?;
        page.bounds.clear();
        page.bounds.push(end);
        for &n_bytes in &page.row {
            end = end.saturating_add(n_bytes as usize);
            page.bounds.push(end);
        }
        page.number = number + 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_their_series() {
        // Names 1, 4, 9 with 1, 300 and 64 values, each third number.
        let names = [(1u32, 1u32), (4, 300), (9, 64)];
        let mut writer = LabelIndexWriter::default();
        for (name, n_values) in names {
            for i in 0..n_values {
                writer.add(name, 10 + 3 * i, &[i, i + 700]).unwrap();
            }
        }
        let [section, values, postings] = writer.finish().unwrap();
        let read = Names::read(&section).unwrap();
        let values = Values::new(&values, &postings, &read, 1000).unwrap();
        assert_eq!((read.len(), read.find(4), read.find(5), read.symbol(2)), (3, Some(1), None, Some(9)));
        let mut page = ValuePage::default();
        let mut first = 0;
        for (id, (_, n_values)) in names.into_iter().enumerate() {
            let pairs = read.pairs(id as NameId);
            assert_eq!(pairs, first..first + n_values);
            for i in 0..n_values {
                let pair = first + i;
                assert_eq!(values.value(&mut page, pair).unwrap(), 10 + 3 * i);
                for below in 0..3 {
                    let found = values.lower_bound(&mut page, pairs.clone(), 10 + 3 * i - below).unwrap();
                    assert_eq!(found, pair);
                }
                let series = values.postings(&mut page, pair).unwrap().to_bitmap().unwrap();
                assert_eq!(series.iter().collect::<Vec<_>>(), [i, i + 700]);
            }
            assert_eq!(values.lower_bound(&mut page, pairs.clone(), 2000).unwrap(), pairs.end);
            first += n_values;
        }
        assert!(values.value(&mut page, first).is_err());
    }
}
