//! The image of an index: all strings, pairs and series, as flat columns, for a checkpoint.
//!
//! Fingerprints are kept with their seed, so that nothing need be hashed but the strings; postings are put together again
//! from the pairs of the series, which is as fast as reading them. `docs/format/checkpoint.md` draws the bytes.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use model::storage::SeriesRef;

use super::Index;
use super::pairs::Pairs;
use super::postings::Postings;
use super::series::SeriesTable;
use super::symbols::Symbols;
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// Series of an index that is put together by two threads.
const LONG: usize = 50_000;

impl Index {
    /// Appends the image of the index to `out`.
    pub(crate) fn push_image(&self, out: &mut Vec<u8>) {
        let Index { seed, pairs, series } = self;
        // Of a large index this is a large part of all memory: not a byte more than it takes.
        out.reserve_exact(self.image_len());
        out.extend_from_slice(&seed.to_le_bytes());
        push_unsigned(out, pairs.symbols.text.len() as u64);
        out.extend_from_slice(pairs.symbols.text.as_bytes());
        push_column(out, &pairs.symbols.ends, |end| end.to_le_bytes());
        push_column(out, &pairs.pairs, |&(name, value)| (u64::from(name) << 32 | u64::from(value)).to_le_bytes());
        push_column(out, &series.pairs, |pair| pair.to_le_bytes());
        push_column(out, &series.ends, |end| end.to_le_bytes());
        push_column(out, &series.fingerprints, |fingerprint| fingerprint.to_le_bytes());
        push_column(out, &series.references, |reference| reference.0.to_le_bytes());
    }

    /// How long the image is at most, in bytes.
    fn image_len(&self) -> usize {
        let Index { pairs, series, .. } = self;
        let of_strings = pairs.symbols.text.len() + 4 * pairs.symbols.ends.len() + 8 * pairs.pairs.len();
        // A count before each of seven columns, and the seed.
        of_strings + 4 * series.pairs.len() + (4 + 8 + 8) * series.ends.len() + 8 * 10
    }

    /// The index that an image shows.
    ///
    /// # Errors
    /// When the bytes are no image.
    pub(crate) fn from_image(image: &[u8]) -> Result<Index, DecodeError> {
        let mut input = Input::new(image);
        let seed = take_array(&mut input, "a seed").map(u64::from_le_bytes)?;
        let symbols = take_symbols(&mut input, seed)?;
        let pairs = take_column(&mut input, "pairs", |bytes: [u8; 8]| {
            let both = u64::from_le_bytes(bytes);
            ((both >> 32) as u32, both as u32)
        })?;
        let mut pairs = Pairs::of(symbols, pairs).ok_or_else(|| input.error("pairs of strings"))?;
        let series = take_series(&mut input, &mut pairs)?;
        if input.is_empty() { Ok(Index { seed, pairs, series }) } else { Err(input.error("the end of an image")) }
    }
}

fn take_symbols(input: &mut Input<'_>, seed: u64) -> Result<Symbols, DecodeError> {
    let n_bytes = input.count("the length of all strings")?;
    let text = std::str::from_utf8(input.bytes(n_bytes, "strings")?).map_err(|_| input.error("strings in UTF-8"))?;
    let ends = take_column(input, "ends of strings", u32::from_le_bytes)?;
    let is_cut = |end: u32| text.is_char_boundary(end as usize);
    if !ends.is_sorted()
        || ends.last().is_some_and(|&end| end as usize != text.len())
        || !ends.iter().all(|&e| is_cut(e))
    {
        return Err(input.error("ends of strings"));
    }
    Symbols::of(seed, text.to_owned(), ends).ok_or_else(|| input.error("each string once"))
}

/// Takes the series, and adds each to the postings of its pairs.
fn take_series(input: &mut Input<'_>, pairs: &mut Pairs) -> Result<SeriesTable, DecodeError> {
    let arena = take_column(input, "pairs of series", u32::from_le_bytes)?;
    let ends = take_column(input, "ends of series", u32::from_le_bytes)?;
    let fingerprints = take_column(input, "fingerprints", u64::from_le_bytes)?;
    let references = take_column(input, "references", |bytes| SeriesRef(u64::from_le_bytes(bytes)))?;
    let is_whole = ends.is_sorted()
        && ends.last().map_or(0, |&end| end as usize) == arena.len()
        && ends.len() == fingerprints.len()
        && ends.len() == references.len();
    if !is_whole {
        return Err(input.error("columns of equal length"));
    }
    let (by_fingerprint, are_pairs) = std::thread::scope(|scope| {
        // In an index of some size this takes as long as the postings.
        let is_long = fingerprints.len() >= LONG;
        let table = is_long.then(|| scope.spawn(|| table_of(&fingerprints)));
        let are_pairs = pairs.add_all_series(&arena, &ends);
        let table = table.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        (table.unwrap_or_else(|| table_of(&fingerprints)), are_pairs)
    });
    are_pairs.ok_or_else(|| input.error("the pairs of a series, sorted by name"))?;
    Ok(SeriesTable { pairs: arena, ends, fingerprints, by_fingerprint, references })
}

/// The table that finds a series by its fingerprint.
fn table_of(fingerprints: &[u64]) -> HashTable<u32> {
    let mut by_fingerprint = HashTable::with_capacity(fingerprints.len());
    for (id, &fingerprint) in fingerprints.iter().enumerate() {
        by_fingerprint.insert_unique(fingerprint, id as u32, |_| unreachable!("there is room for all of them"));
    }
    by_fingerprint
}

impl Symbols {
    /// All of these strings. `None` where one of them is there twice.
    fn of(seed: u64, text: String, ends: Vec<u32>) -> Option<Symbols> {
        let mut symbols = Symbols { seed, text, by_text: HashTable::new(), ends };
        let mut by_text = HashTable::with_capacity(symbols.ends.len());
        for id in 0..symbols.ends.len() as u32 {
            let text = symbols.get(id);
            let is_same = |&other: &u32| symbols.get(other) == text;
            match by_text.entry(symbols.hash(text), is_same, |_| unreachable!("there is room for all of them")) {
                Entry::Occupied(_) => return None,
                Entry::Vacant(place) => {
                    place.insert(id);
                }
            }
        }
        symbols.by_text = by_text;
        Some(symbols)
    }
}

impl Pairs {
    /// All of these pairs, without series. `None` where there is none of the strings.
    fn of(symbols: Symbols, pairs: Vec<(u32, u32)>) -> Option<Pairs> {
        let n_symbols = symbols.ends.len();
        if pairs.iter().any(|&(name, value)| name as usize >= n_symbols || value as usize >= n_symbols) {
            return None;
        }
        let mut by_symbols = HashTable::with_capacity(pairs.len());
        let mut by_name: rustc_hash::FxHashMap<u32, Vec<u32>> = rustc_hash::FxHashMap::default();
        for (id, &both) in pairs.iter().enumerate() {
            by_symbols
                .insert_unique(super::pairs::hash(both), id as u32, |_| unreachable!("there is room for all of them"));
            by_name.entry(both.0).or_default().push(id as u32);
        }
        Some(Pairs { symbols, pairs, by_symbols, postings: Vec::new(), by_name })
    }

    /// Makes the postings of all series, given by their pairs one behind the other and where each ends. `None` where a
    /// series has a pair that is not there, or its names are not in order, or a pair has no series.
    fn add_all_series(&mut self, arena: &[u32], ends: &[u32]) -> Option<()> {
        let ranks = self.ranks();
        let mut n_series = vec![0u32; self.pairs.len()];
        let mut from = 0;
        for &end in ends {
            let mut last = None;
            for &pair in &arena[from..end as usize] {
                *n_series.get_mut(pair as usize)? += 1;
                let rank = ranks[pair as usize];
                if last.is_some_and(|last| last >= rank) {
                    return None;
                }
                last = Some(rank);
            }
            from = end as usize;
        }
        // Where the series of each pair begin, one behind the other; then where they end.
        let mut places: Vec<usize> = Vec::with_capacity(n_series.len());
        let mut n_before = 0;
        for &n in &n_series {
            places.push(n_before);
            n_before += n as usize;
        }
        let mut series = vec![0u32; arena.len()];
        let mut from = 0;
        for (id, &end) in ends.iter().enumerate() {
            for &pair in &arena[from..end as usize] {
                series[places[pair as usize]] = id as u32;
                places[pair as usize] += 1;
            }
            from = end as usize;
        }
        let of_pair = places.iter().zip(&n_series).map(|(&to, &n)| &series[to - n as usize..to]);
        self.postings = of_pair.map(|series| Some(Postings::of(series))).collect();
        n_series.iter().all(|&n| n > 0).then_some(())
    }

    /// Each pair's place in the order of names.
    fn ranks(&self) -> Vec<u32> {
        let mut names: Vec<u32> = self.by_name.keys().copied().collect();
        names.sort_unstable_by_key(|&name| self.symbols.get(name));
        let rank_of: rustc_hash::FxHashMap<u32, u32> = names.into_iter().zip(0..).collect();
        self.pairs.iter().map(|(name, _)| rank_of[name]).collect()
    }
}

/// Appends how many there are, and each as bytes.
fn push_column<T, const N: usize>(out: &mut Vec<u8>, column: &[T], bytes: impl Fn(&T) -> [u8; N]) {
    push_unsigned(out, column.len() as u64);
    column.iter().for_each(|entry| out.extend_from_slice(&bytes(entry)));
}

fn take_column<T, const N: usize>(
    input: &mut Input<'_>,
    expected: &'static str,
    entry: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, DecodeError> {
    let n_entries = input.count(expected)?;
    let bytes = input.bytes(n_entries.saturating_mul(N), expected)?;
    Ok(bytes.as_chunks().0.iter().map(|bytes| entry(*bytes)).collect())
}

fn take_array<const N: usize>(input: &mut Input<'_>, expected: &'static str) -> Result<[u8; N], DecodeError> {
    let bytes = input.bytes(N, expected)?;
    bytes.first_chunk().copied().ok_or_else(|| input.error(expected))
}

#[cfg(test)]
mod tests {
    use model::{Labels, MatchOp, Matcher};
    use parking_lot::RwLock;
    use proptest::prelude::*;

    use super::super::matching;
    use super::*;

    fn index(n_series: u64) -> Index {
        let mut index = Index::new(7);
        for n in 0..n_series {
            let (number, tenth) = (n.to_string(), (n % 10).to_string());
            let labels =
                Labels::from_pairs([("n", &*number), ("tenth", &*tenth), ("é", if n % 2 == 0 { "é" } else { "" })]);
            index.insert(&labels, SeriesRef(n << 32)).unwrap();
        }
        index
    }

    #[test]
    fn an_index_comes_back_and_grows_on() {
        for n_series in [0, 1, 30, 3000] {
            let written = index(n_series);
            let mut image = Vec::new();
            written.push_image(&mut image);
            assert!(image.len() <= written.image_len());
            let mut read = Index::from_image(&image).unwrap();
            assert_eq!((read.n_series(), read.n_pairs()), (written.n_series(), written.n_pairs()));
            for id in 0..n_series as u32 {
                let labels = written.labels(id);
                assert_eq!((read.labels(id), read.find(&labels)), (labels, Some(id)));
                assert_eq!(read.reference(id), written.reference(id));
            }
            let added = Labels::from_pairs([("n", "more"), ("tenth", "3")]);
            assert_eq!(read.insert(&added, SeriesRef(9)), Some(n_series as u32));
            let third = Matcher::new("tenth", MatchOp::Equal, "3").unwrap();
            let want: Vec<u32> = (0..n_series as u32).filter(|id| id % 10 == 3).chain([n_series as u32]).collect();
            assert_eq!(matching(&RwLock::new(read), &[third]).iter().collect::<Vec<_>>(), want);
        }
    }

    #[test]
    fn a_string_that_is_there_twice_is_refused() {
        assert!(Symbols::of(7, "aba".to_owned(), vec![1, 2, 3]).is_none());
        assert!(Symbols::of(7, "abc".to_owned(), vec![1, 2, 3]).is_some());
    }

    proptest! {
        #[test]
        fn a_changed_image_is_refused_or_is_an_index(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut image = Vec::new();
            index(40).push_image(&mut image);
            let at = at.index(image.len());
            image[at] = byte;
            if let Ok(read) = Index::from_image(&image) {
                (0..read.n_series() as u32).for_each(|id| drop(read.labels(id)));
            }
        }
    }
}
