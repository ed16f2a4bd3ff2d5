//! The index: labels to series, and back.
//!
//! A series is a number, given in the order in which series appear, so that those of one target are neighbours. Its
//! labels are a run of *pair* numbers in one arena; a pair is a name and a value, both interned. Each pair has postings;
//! each name has the list of its pairs. A hash table of numbers finds a series by its labels.
//!
//! An index only grows, and at its end. Series of which nothing is left in memory leave it by way of a `succession`.

mod image;
mod matching;
mod pairs;
mod postings;
mod series;
mod succession;
mod symbols;

use std::collections::BTreeMap;

use model::storage::SeriesRef;
use model::{Labels, LabelsBuilder};
use roaring::RoaringBitmap;
use rustc_hash::FxHashSet;

pub(crate) use matching::{Searchable, matching};
use pairs::Pairs;
use series::SeriesTable;
pub(crate) use succession::Succession;
pub(crate) use symbols::Symbols;

/// The number of a series in the index.
pub(crate) type SeriesId = u32;
/// The number of a name and a value.
pub(crate) type PairId = u32;

/// Labels to series, and back.
#[derive(Debug)]
pub(crate) struct Index {
    seed: u64,
    pairs: Pairs,
    series: SeriesTable,
}

impl Index {
    /// An empty index. `seed` must not be known to those who choose labels.
    pub(crate) fn new(seed: u64) -> Index {
        Index { seed, pairs: Pairs::new(seed), series: SeriesTable::default() }
    }

    /// The series with exactly these labels.
    pub(crate) fn find(&self, labels: &Labels) -> Option<SeriesId> {
        let fingerprint = labels.fingerprint(self.seed);
        self.series.find(fingerprint, |pairs| self.are_pairs(pairs, labels))
    }

    /// Adds a series that is not there. `None` where the index is full (2^32 series, or 4 GiB of strings).
    pub(crate) fn insert(&mut self, labels: &Labels, reference: SeriesRef) -> Option<SeriesId> {
        let id = self.series.next_id()?;
        let mut pairs = Vec::with_capacity(16);
        for (name, value) in labels {
            pairs.push(self.pairs.intern(name, value)?);
        }
        for &pair in &pairs {
            self.pairs.add_series(pair, id);
        }
        self.series.push(labels.fingerprint(self.seed), &pairs, reference);
        Some(id)
    }

    /// The labels of a series.
    pub(crate) fn labels(&self, id: SeriesId) -> Labels {
        let pairs = self.series.pairs(id);
        Labels::from_sorted(pairs.iter().map(|&pair| self.pairs.get(pair)))
    }

    /// The value of one label of a series; empty where it is not set.
    pub(crate) fn label(&self, id: SeriesId, name: &str) -> &str {
        let pairs = self.series.pairs(id).iter().map(|&pair| self.pairs.get(pair));
        pairs.into_iter().find(|(candidate, _)| *candidate == name).map_or("", |(_, value)| value)
    }

    /// Where the samples of a series are.
    pub(crate) fn reference(&self, id: SeriesId) -> SeriesRef {
        self.series.reference(id)
    }

    /// Where the samples of all series are, in the order of their numbers.
    pub(crate) fn references(&self) -> &[SeriesRef] {
        &self.series.references
    }

    /// How many series there are.
    pub(crate) fn n_series(&self) -> usize {
        self.series.len()
    }

    /// How many distinct pairs of name and value there are.
    pub(crate) fn n_pairs(&self) -> usize {
        self.pairs.len()
    }

    /// The label names, in no particular order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.names()
    }

    /// The values of a label, in no particular order, each with the number of series that carry it.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = (&str, u64)> {
        self.pairs.of_name(name).iter().map(|&pair| (self.pairs.get(pair).1, self.pairs.postings(pair).len()))
    }

    /// The series that was first seen with a pair.
    pub(crate) fn first_with(&self, name: &str, value: &str) -> Option<SeriesId> {
        self.pairs.postings(self.pairs.find(name, value)?).first()
    }

    /// How many series carry all of some pairs, of which there is at least one.
    pub(crate) fn n_with(&self, pairs: &[(&str, &str)]) -> u64 {
        match pairs {
            [(name, value)] => self.pairs.find(name, value).map_or(0, |pair| self.pairs.postings(pair).len()),
            _ => self.with(pairs).map_or(0, |series| series.len()),
        }
    }

    /// The label that has the most values among the newest series that carry all of some pairs, and how many; `None`
    /// where each has one.
    pub(crate) fn widest_label(&self, pairs: &[(&str, &str)], n_newest: u64) -> Option<(String, u64)> {
        let series = self.with(pairs)?;
        let n_older = series.len().saturating_sub(n_newest);
        let mut seen = FxHashSet::default();
        for id in series.iter().skip(usize::try_from(n_older).ok()?) {
            seen.extend(self.series.pairs(id).iter().copied());
        }
        let mut n_values: BTreeMap<&str, u64> = BTreeMap::new();
        seen.iter().for_each(|&pair| *n_values.entry(self.pairs.get(pair).0).or_default() += 1);
        let (name, n_values) = n_values.into_iter().max_by_key(|(_, n_values)| *n_values)?;
        (n_values > 1).then(|| (name.to_owned(), n_values))
    }

    /// The series that carry all of some pairs.
    fn with(&self, pairs: &[(&str, &str)]) -> Option<RoaringBitmap> {
        let mut of_each = pairs.iter().map(|(name, value)| self.pairs.find(name, value));
        let mut series = self.pairs.postings(of_each.next()??).to_bitmap();
        for pair in of_each {
            self.pairs.postings(pair?).retain_in(&mut series);
        }
        Some(series)
    }

    /// The names that stand on the series of `set`.
    pub(crate) fn names_of(&self, set: &RoaringBitmap) -> Vec<String> {
        let mut names = LabelsBuilder::new();
        for id in set {
            for &pair in self.series.pairs(id) {
                names.set(self.pairs.get(pair).0, "x");
            }
        }
        names.iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.pairs.n_bytes() + self.series.n_bytes()
    }

    fn are_pairs(&self, pairs: &[PairId], labels: &Labels) -> bool {
        labels.iter().eq(pairs.iter().map(|&pair| self.pairs.get(pair)))
    }
}
