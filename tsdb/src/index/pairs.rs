//! Pairs of a label name and a value, and the series that carry them.

use hashbrown::HashTable;
use rustc_hash::FxHashMap;

use super::postings::Postings;
use super::symbols::{SymbolId, Symbols};
use super::{PairId, SeriesId};

/// All pairs, numbered in the order in which they came.
#[derive(Debug)]
pub(crate) struct Pairs {
    pub(super) symbols: Symbols,
    /// Name and value of each.
    pub(super) pairs: Vec<(SymbolId, SymbolId)>,
    pub(super) by_symbols: HashTable<PairId>,
    /// The series of each; `None` until the first is added.
    pub(super) postings: Vec<Option<Postings>>,
    /// The pairs of each name.
    pub(super) by_name: FxHashMap<SymbolId, Vec<PairId>>,
}

impl Pairs {
    pub(crate) fn new(seed: u64) -> Pairs {
        Pairs {
            symbols: Symbols::new(seed),
            pairs: Vec::new(),
            by_symbols: HashTable::new(),
            postings: Vec::new(),
            by_name: FxHashMap::default(),
        }
    }

    /// The number of a pair, if it is there.
    pub(crate) fn find(&self, name: &str, value: &str) -> Option<PairId> {
        self.find_symbols((self.symbols.find(name)?, self.symbols.find(value)?))
    }

    /// The number of a pair, which is added where it is missing. `None` where there is no room for more strings.
    pub(crate) fn intern(&mut self, name: &str, value: &str) -> Option<PairId> {
        let symbols = (self.symbols.intern(name)?, self.symbols.intern(value)?);
        if let Some(id) = self.find_symbols(symbols) {
            return Some(id);
        }
        let id = PairId::try_from(self.pairs.len()).ok()?;
        self.pairs.push(symbols);
        self.postings.push(None);
        self.by_name.entry(symbols.0).or_default().push(id);
        let Pairs { pairs, by_symbols, .. } = self;
        by_symbols.insert_unique(hash(symbols), id, |&id| hash(pairs[id as usize]));
        Some(id)
    }

    /// Notes that a series, newer than all others, carries a pair.
    pub(crate) fn add_series(&mut self, pair: PairId, series: SeriesId) {
        match &mut self.postings[pair as usize] {
            Some(postings) => postings.push(series),
            none => *none = Some(Postings::One(series)),
        }
    }

    /// Name and value of a pair.
    pub(crate) fn get(&self, id: PairId) -> (&str, &str) {
        let (name, value) = self.pairs[id as usize];
        (self.symbols.get(name), self.symbols.get(value))
    }

    /// The series that carry a pair.
    pub(crate) fn postings(&self, id: PairId) -> &Postings {
        self.postings[id as usize].as_ref().expect("a pair is interned for a series, which is added at once")
    }

    /// The pairs of a name; new ones come at the end.
    pub(crate) fn of_name(&self, name: &str) -> &[PairId] {
        self.symbols.find(name).and_then(|name| self.by_name.get(&name)).map_or(&[], Vec::as_slice)
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(|&name| self.symbols.get(name))
    }

    /// How many pairs there are.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        let postings: usize = self.postings.iter().flatten().map(Postings::n_bytes).sum();
        let per_pair = size_of::<(SymbolId, SymbolId)>() + size_of::<Option<Postings>>() + 4;
        self.symbols.n_bytes() + self.pairs.capacity() * per_pair + self.by_symbols.capacity() * 5 + postings
    }

    fn find_symbols(&self, symbols: (SymbolId, SymbolId)) -> Option<PairId> {
        self.by_symbols.find(hash(symbols), |&id| self.pairs[id as usize] == symbols).copied()
    }
}

/// Symbols are our own numbers: nobody outside can make them collide, so a multiplication is enough.
pub(super) fn hash((name, value): (SymbolId, SymbolId)) -> u64 {
    let both = u64::from(name) << 32 | u64::from(value);
    (both ^ both >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26)
}
