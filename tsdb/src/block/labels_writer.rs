//! The labels of a block that is being written, and the sections that come of them.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use super::label_index::LabelIndexWriter;
use super::label_sets::LabelSetsWriter;
use super::{BlockError, BlockId, series, symbols};
use crate::index::Symbols;
use model::Labels;

/// Series that are looked at to find out which labels are shared.
const N_SAMPLED: usize = 8192;
/// Names that may be those of shared labels.
const N_CANDIDATES: usize = 24;

/// Labels as they come.
#[derive(Debug)]
pub(crate) struct LabelsWriter {
    symbols: Symbols,
    /// Name and value of each pair.
    pairs: Vec<(u32, u32)>,
    by_symbols: FxHashMap<(u32, u32), u32>,
    /// The pairs of all series, one behind the other, each sorted by name.
    of_series: Vec<u32>,
    /// Where those of each series end.
    ends: Vec<u32>,
}

/// The sections.
#[derive(Debug)]
pub(crate) struct LabelSections {
    pub(crate) series: Vec<u8>,
    pub(crate) shared: Vec<u8>,
    pub(crate) own: Vec<u8>,
    pub(crate) names: Vec<u8>,
    pub(crate) values: Vec<u8>,
    pub(crate) postings: Vec<u8>,
    pub(crate) symbols: Vec<u8>,
    pub(crate) n_symbols: usize,
}

impl LabelsWriter {
    /// No labels. Ids have random bits, which keep those who choose the labels from choosing ones that collide.
    pub(crate) fn new(id: BlockId) -> LabelsWriter {
        LabelsWriter {
            symbols: Symbols::new(u128::from_be_bytes(id.to_bytes()) as u64),
            pairs: Vec::new(),
            by_symbols: FxHashMap::default(),
            of_series: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Adds the labels of a series.
    pub(crate) fn add(&mut self, labels: &Labels) -> Result<(), BlockError> {
        for (name, value) in labels {
            let full = || BlockError::Full("strings");
            let symbols = &mut self.symbols;
            let pair = (symbols.intern(name).ok_or_else(full)?, symbols.intern(value).ok_or_else(full)?);
            let id = *self.by_symbols.entry(pair).or_insert_with(|| {
                self.pairs.push(pair);
                self.pairs.len() as u32 - 1
            });
            self.of_series.push(id);
        }
        self.ends.push(u32::try_from(self.of_series.len()).map_err(|_| BlockError::Full("labels"))?);
        Ok(())
    }

    /// Sorts everything, and writes it.
    pub(crate) fn finish(mut self) -> Result<LabelSections, BlockError> {
        let symbols = self.sort_symbols()?;
        let n_symbols = self.symbols.len();
        self.sort_pairs();
        let names = self.names();
        let mut index = LabelIndexWriter::default();
        let postings = self.postings();
        for (pair, &(name, value)) in self.pairs.iter().enumerate() {
            index.add(name, value, postings.of(pair))?;
        }
        drop(postings);
        let is_shared = self.shared_names(&names);
        let (mut shared, mut own) = (LabelSetsWriter::default(), LabelSetsWriter::default());
        let (mut shared_pairs, mut own_pairs) = (Vec::new(), Vec::new());
        let mut sets = Vec::with_capacity(self.ends.len());
        for series in 0..self.ends.len() {
            shared_pairs.clear();
            own_pairs.clear();
            for &pair in self.pairs_of(series) {
                let set = if is_shared[names[pair as usize] as usize] { &mut shared_pairs } else { &mut own_pairs };
                set.push(pair);
            }
            sets.push((shared.intern(&shared_pairs), own.intern(&own_pairs)));
        }
        let pair = |id: u32| (names[id as usize], self.pairs[id as usize].1);
        let (shared, own) = (shared.write(pair)?, own.write(pair)?);
        let [names, values, postings] = index.finish()?;
        Ok(LabelSections { series: series::write(&sets)?, shared, own, names, values, postings, symbols, n_symbols })
    }

    fn pairs_of(&self, series: usize) -> &[u32] {
        let start = if series == 0 { 0 } else { self.ends[series - 1] };
        &self.of_series[start as usize..self.ends[series] as usize]
    }

    /// Numbers the strings in their order, and writes them.
    fn sort_symbols(&mut self) -> Result<Vec<u8>, BlockError> {
        let mut sorted: Vec<u32> = (0..self.symbols.len() as u32).collect();
        sorted.sort_unstable_by_key(|&id| self.symbols.get(id));
        let mut numbers = vec![0; sorted.len()];
        sorted.iter().enumerate().for_each(|(number, &id)| numbers[id as usize] = number as u32);
        for (name, value) in &mut self.pairs {
            (*name, *value) = (numbers[*name as usize], numbers[*value as usize]);
        }
        symbols::write(sorted.iter().map(|&id| self.symbols.get(id)))
    }

    /// Numbers the pairs in the order of name and value. Those of a series are then sorted by number.
    fn sort_pairs(&mut self) {
        let mut sorted: Vec<u32> = (0..self.pairs.len() as u32).collect();
        sorted.sort_unstable_by_key(|&id| self.pairs[id as usize]);
        let mut numbers = vec![0; sorted.len()];
        sorted.iter().enumerate().for_each(|(number, &id)| numbers[id as usize] = number as u32);
        self.of_series.iter_mut().for_each(|pair| *pair = numbers[*pair as usize]);
        self.pairs.sort_unstable();
    }

    /// The number of the name of each pair, among the names.
    fn names(&self) -> Vec<u32> {
        let mut number = 0;
        let mut last = None;
        let number_of = |&(name, _): &(u32, u32)| {
            number += u32::from(last.is_some_and(|last| last != name));
            last = Some(name);
            number
        };
        self.pairs.iter().map(number_of).collect()
    }

    /// The series of each pair.
    fn postings(&self) -> AllPostings {
        let mut starts = vec![0u32; self.pairs.len() + 1];
        self.of_series.iter().for_each(|&pair| starts[pair as usize + 1] += 1);
        (1..starts.len()).for_each(|pair| starts[pair] += starts[pair - 1]);
        let mut next = starts.clone();
        let mut series = vec![0; self.of_series.len()];
        for number in 0..self.ends.len() {
            for &pair in self.pairs_of(number) {
                series[next[pair as usize] as usize] = number as u32;
                next[pair as usize] += 1;
            }
        }
        AllPostings { starts, series }
    }

    /// Which names are those of labels that neighbours share.
    ///
    /// Names are candidates in the order of how seldom their value changes from one series to the next. For each count of
    /// them, the sets are counted that this would make of the first series; the fewest labels in all sets win.
    fn shared_names(&self, names: &[u32]) -> Vec<bool> {
        let n_names = names.last().map_or(0, |&last| last as usize + 1);
        let n_series = self.ends.len().min(N_SAMPLED);
        let mut n_changes = vec![0u32; n_names];
        for series in 1..n_series {
            let (before, after) = (self.pairs_of(series - 1), self.pairs_of(series));
            for_each_difference(before, after, |pair| n_changes[names[pair as usize] as usize] += 1);
        }
        let mut candidates: Vec<u32> = (0..n_names as u32).collect();
        candidates.sort_by_key(|&name| n_changes[name as usize]);
        candidates.truncate(N_CANDIDATES);
        let mut shared: Vec<(u64, u64)> = vec![(0, 0); n_series];
        let mut own: Vec<(u64, u64)> = (0..n_series)
            .map(|series| self.pairs_of(series).iter().fold((0, 0), |set, &pair| with(set, pair)))
            .collect();
        let mut costs = vec![(cost(&shared) + cost(&own), Reverse(0))];
        for (n_shared, &name) in candidates.iter().enumerate() {
            for series in 0..n_series {
                if let Some(&pair) = self.pairs_of(series).iter().find(|&&pair| names[pair as usize] == name) {
                    shared[series] = with(shared[series], pair);
                    own[series] = without(own[series], pair);
                }
            }
            costs.push((cost(&shared) + cost(&own), Reverse(n_shared + 1)));
        }
        let n_shared = costs.into_iter().min().map_or(0, |(_, Reverse(n_shared))| n_shared);
        let mut is_shared = vec![false; n_names];
        candidates[..n_shared].iter().for_each(|&name| is_shared[name as usize] = true);
        is_shared
    }
}

/// A set of pairs as a sum that does not depend on their order, and their count.
fn with((sum, n_pairs): (u64, u64), pair: u32) -> (u64, u64) {
    (sum.wrapping_add(scattered(pair)), n_pairs + 1)
}

fn without((sum, n_pairs): (u64, u64), pair: u32) -> (u64, u64) {
    (sum.wrapping_sub(scattered(pair)), n_pairs - 1)
}

fn scattered(pair: u32) -> u64 {
    let number = (u64::from(pair) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (number ^ number >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// How many labels the distinct ones of some sets have, and one for each set.
fn cost(sets: &[(u64, u64)]) -> u64 {
    let distinct: FxHashSet<_> = sets.iter().copied().collect();
    distinct.into_iter().map(|(_, n_pairs)| n_pairs + 1).sum()
}

/// The pairs that stand in one of two sorted sets.
fn for_each_difference(before: &[u32], after: &[u32], mut each: impl FnMut(u32)) {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        match (before.peek(), after.peek()) {
            (Some(a), Some(b)) if a == b => {
                before.next();
                after.next();
            }
            (Some(&&a), b) if b.is_none_or(|&&b| a < b) => {
                each(a);
                before.next();
            }
            (_, Some(&&b)) => {
                each(b);
                after.next();
            }
            (_, None) => return,
        }
    }
}

/// The series of all pairs, one behind the other.
struct AllPostings {
    starts: Vec<u32>,
    series: Vec<u32>,
}

impl AllPostings {
    fn of(&self, pair: usize) -> &[u32] {
        &self.series[self.starts[pair] as usize..self.starts[pair + 1] as usize]
    }
}
