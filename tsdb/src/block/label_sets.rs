//! Sets of labels that many series share.
//!
//! The labels of a series are written as two sets: those that it shares with its neighbours (job, instance), and those of
//! its own (name, device). There are as many of the former as targets, as many of the latter as one target has series;
//! so what is left to be written for each series is next to nothing.

use rustc_hash::FxHashMap;

use super::BlockError;
use super::pages::{Pages, PagesWriter};
use super::symbols::SymbolId;
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// Sets in a page.
const PER_PAGE: usize = 16;

/// The place of a name among the sorted names.
pub(crate) type NameId = u32;

/// Sets that are being collected. Each is a row of numbers of pairs, sorted.
#[derive(Debug, Default)]
pub(crate) struct LabelSetsWriter {
    ids: FxHashMap<Vec<u32>, u32>,
    sets: Vec<Vec<u32>>,
}

impl LabelSetsWriter {
    /// The number of a set, in the order in which they came.
    pub(crate) fn intern(&mut self, set: &[u32]) -> u32 {
        if let Some(&id) = self.ids.get(set) {
            return id;
        }
        let id = self.sets.len() as u32;
        self.ids.insert(set.to_vec(), id);
        self.sets.push(set.to_vec());
        id
    }

    /// The section; `pair` says name and value.
    pub(crate) fn write(&self, pair: impl Fn(u32) -> (NameId, SymbolId)) -> Result<Vec<u8>, BlockError> {
        let mut pages = PagesWriter::default();
        for (i, set) in self.sets.iter().enumerate() {
            let page = if i % PER_PAGE == 0 { pages.begin()? } else { pages.last() };
            push_unsigned(page, set.len() as u64);
            for (name, value) in set.iter().map(|&id| pair(id)) {
                push_unsigned(page, u64::from(name));
                push_unsigned(page, u64::from(value));
            }
        }
        Ok(pages.finish())
    }
}

/// The pairs of a set, of which `n_left` are left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelSet<'a> {
    input: Input<'a>,
    n_left: usize,
}

impl<'a> LabelSet<'a> {
    /// The set with a number.
    pub(crate) fn get(section: &'a [u8], id: u32) -> Result<LabelSet<'a>, DecodeError> {
        let mut input = Pages::new(section)?.get(id as usize / PER_PAGE)?;
        let mut set = LabelSet { n_left: input.count("a count of labels")?, input };
        for _ in 0..id as usize % PER_PAGE {
            while set.next()?.is_some() {}
            set.n_left = set.input.count("a count of labels")?;
        }
        Ok(set)
    }

    /// The next pair.
    pub(crate) fn next(&mut self) -> Result<Option<(NameId, SymbolId)>, DecodeError> {
        if self.n_left == 0 {
            return Ok(None);
        }
        self.n_left -= 1;
        let name = small(&mut self.input, "the number of a name")?;
        Ok(Some((name, small(&mut self.input, "the number of a value")?)))
    }
}

/// A number of 32 bits.
pub(crate) fn small(input: &mut Input<'_>, expected: &'static str) -> Result<u32, DecodeError> {
    u32::try_from(input.unsigned(expected)?).map_err(|_| input.error(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_come_back() {
        let mut writer = LabelSetsWriter::default();
        let sets: Vec<Vec<u32>> = (0..40).map(|i| (i..i + i % 5).collect()).collect();
        for set in &sets {
            let id = writer.intern(set);
            assert_eq!((writer.intern(set), &writer.sets[id as usize]), (id, set));
        }
        let section = writer.write(|pair| (pair / 2, pair * 3)).unwrap();
        for (set, &id) in &writer.ids {
            let mut found = LabelSet::get(&section, id).unwrap();
            let mut pairs = Vec::new();
            while let Some(pair) = found.next().unwrap() {
                pairs.push(pair);
            }
            assert_eq!(pairs, set.iter().map(|&pair| (pair / 2, pair * 3)).collect::<Vec<_>>());
        }
        assert!(LabelSet::get(&section, 1000).is_err());
    }
}
