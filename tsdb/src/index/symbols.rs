//! Interned strings: each label name and value stands in memory once.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The number of an interned string.
pub(crate) type SymbolId = u32;

/// A set of strings, numbered in the order in which they came.
#[derive(Debug)]
pub(crate) struct Symbols {
    pub(super) seed: u64,
    /// All strings, one behind the other.
    pub(super) text: String,
    /// Where each ends.
    pub(super) ends: Vec<u32>,
    pub(super) by_text: HashTable<SymbolId>,
}

impl Symbols {
    /// No strings. `seed` keeps those who choose the strings from choosing ones that collide.
    pub(crate) fn new(seed: u64) -> Symbols {
        Symbols { seed, text: String::new(), ends: Vec::new(), by_text: HashTable::new() }
    }

    /// The number of a string, if it is there.
    pub(crate) fn find(&self, text: &str) -> Option<SymbolId> {
        self.by_text.find(self.hash(text), |&id| self.get(id) == text).copied()
    }

    /// The number of a string, which is added where it is missing; `None` where all of them together would exceed
    /// 4 GiB.
    pub(crate) fn intern(&mut self, text: &str) -> Option<SymbolId> {
        if let Some(id) = self.find(text) {
            return Some(id);
        }
        let end = u32::try_from(self.text.len() + text.len()).ok()?;
        let id = SymbolId::try_from(self.ends.len()).ok()?;
        self.text.push_str(text);
        self.ends.push(end);
        let hash = self.hash(text);
        let Symbols { seed, text, ends, by_text } = self;
        by_text.insert_unique(hash, id, |&id| xxh3_64_with_seed(slice(text, ends, id).as_bytes(), *seed));
        Some(id)
    }

    /// The string with a number.
    pub(crate) fn get(&self, id: SymbolId) -> &str {
        slice(&self.text, &self.ends, id)
    }

    /// How many strings there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.by_text.capacity() * 5
    }

    pub(super) fn hash(&self, text: &str) -> u64 {
        xxh3_64_with_seed(text.as_bytes(), self.seed)
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], id: SymbolId) -> &'a str {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] };
    &text[start as usize..ends[id] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_there_once() {
        let mut symbols = Symbols::new(7);
        let texts = ["job", "", "job", "instance", "é", ""];
        let ids: Vec<_> = texts.iter().map(|text| symbols.intern(text).unwrap()).collect();
        assert_eq!(ids, [0, 1, 0, 2, 3, 1]);
        assert!(texts.iter().zip(ids).all(|(text, id)| symbols.get(id) == *text && symbols.find(text) == Some(id)));
        assert_eq!(symbols.find("other"), None);
    }
}
