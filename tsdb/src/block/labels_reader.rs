//! The labels of series, and series by labels.

use model::Labels;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::Block;
use super::label_index::{PairId, ValuePage, Values};
use super::label_sets::{LabelSet, NameId};
use super::layout::Section;
use super::postings::Postings;
use super::series::SeriesPage;
use super::symbols::{SymbolId, Symbols};
use crate::wal::varint::DecodeError;

/// Bytes of text that are kept, and labels of sets.
const KEPT_TEXT: usize = 256 << 10;
const KEPT_LABELS: usize = 16 << 10;

/// Strings and sets read last: series that are asked for together have most of them in common.
#[derive(Debug, Default)]
pub(crate) struct LabelsMemory {
    page: SeriesPage,
    text: String,
    /// Where in the text strings are.
    symbols: FxHashMap<SymbolId, (usize, usize)>,
    /// Sets by section and number.
    sets: FxHashMap<(bool, u32), Vec<(NameId, SymbolId)>>,
    n_labels: usize,
    pairs: Vec<(NameId, SymbolId)>,
    bounds: Vec<[(usize, usize); 2]>,
}

impl LabelsMemory {
    fn forget_too_much(&mut self) {
        if self.text.len() > KEPT_TEXT || self.n_labels > KEPT_LABELS {
            self.text.clear();
            self.symbols.clear();
            self.sets.clear();
            self.n_labels = 0;
        }
    }

    /// Adds the pairs of a set to those of the series.
    fn push_set(&mut self, section: &[u8], is_shared: bool, id: u32) -> Result<(), DecodeError> {
        if !self.sets.contains_key(&(is_shared, id)) {
            let mut set = LabelSet::get(section, id)?;
            let mut pairs = Vec::new();
            while let Some(pair) = set.next()? {
                pairs.push(pair);
            }
            self.n_labels += pairs.len() + 1;
            self.sets.insert((is_shared, id), pairs);
        }
        self.pairs.extend_from_slice(&self.sets[&(is_shared, id)]);
        Ok(())
    }

    /// Where in the text a string is.
    fn symbol(&mut self, symbols: &Symbols<'_>, id: SymbolId) -> Result<(usize, usize), DecodeError> {
        if let Some(&bounds) = self.symbols.get(&id) {
            return Ok(bounds);
        }
        let start = self.text.len();
        symbols.push(id, &mut self.text)?;
        self.symbols.insert(id, (start, self.text.len()));
        Ok((start, self.text.len()))
    }
}

impl Block {
    /// The labels of a series.
    pub fn labels(&self, series: u32) -> Labels {
        match self.labels_memory.try_lock() {
            Some(mut memory) => self.labels_with(&mut memory, series),
            // Another thread has it; it is faster to do without than to wait.
            None => self.labels_with(&mut LabelsMemory::default(), series),
        }
    }

    /// The labels of some series, one after the other, without waiting for others who ask.
    pub fn labels_of<'a>(&'a self, series: impl IntoIterator<Item = u32> + 'a) -> impl Iterator<Item = Labels> + 'a {
        let mut memory = LabelsMemory::default();
        series.into_iter().map(move |series| self.labels_with(&mut memory, series))
    }

    fn labels_with(&self, memory: &mut LabelsMemory, series: u32) -> Labels {
        self.read_labels(memory, series).unwrap_or_else(|error| self.malformed("labels of series", error))
    }

    fn read_labels(&self, memory: &mut LabelsMemory, series: u32) -> Result<Labels, DecodeError> {
        memory.forget_too_much();
        memory.pairs.clear();
        let (shared, own) = memory.page.get(self.section(Section::Series), self.n_series(), series)?;
        memory.push_set(self.section(Section::SharedLabels), true, shared)?;
        memory.push_set(self.section(Section::OwnLabels), false, own)?;
        memory.pairs.sort_unstable();
        memory.bounds.clear();
        let symbols = self.symbols()?;
        for at in 0..memory.pairs.len() {
            let (name, value) = memory.pairs[at];
            let bounds = [memory.symbol(&symbols, self.name(name)?)?, memory.symbol(&symbols, value)?];
            memory.bounds.push(bounds);
        }
        let text = |(start, end)| &memory.text[start..end];
        let labels = memory.bounds.iter().map(|&[name, value]| (text(name), text(value)));
        // A forger's may be in any order.
        let is_set =
            labels.clone().is_sorted_by(|a, b| a.0 < b.0) && labels.clone().all(|(_, value)| !value.is_empty());
        Ok(if is_set { Labels::from_sorted(labels) } else { Labels::from_pairs(labels) })
    }

    /// The pairs of a series, sorted by name.
    pub(crate) fn read_pairs(
        &self,
        page: &mut SeriesPage,
        series: u32,
        pairs: &mut Vec<(NameId, SymbolId)>,
    ) -> Result<(), DecodeError> {
        let (shared, own) = page.get(self.section(Section::Series), self.n_series(), series)?;
        pairs.clear();
        let mut shared = LabelSet::get(self.section(Section::SharedLabels), shared)?;
        while let Some(pair) = shared.next()? {
            pairs.push(pair);
        }
        let mut own = LabelSet::get(self.section(Section::OwnLabels), own)?;
        while let Some(pair) = own.next()? {
            pairs.push(pair);
        }
        pairs.sort_unstable();
        Ok(())
    }

    /// The series with exactly these labels.
    pub fn find(&self, labels: &Labels) -> Option<u32> {
        self.try_find(labels).unwrap_or_else(|error| self.malformed("label index", error))
    }

    fn try_find(&self, labels: &Labels) -> Result<Option<u32>, DecodeError> {
        let mut page = ValuePage::default();
        let values = self.values()?;
        let mut postings = Vec::new();
        for (name, value) in labels {
            let Some(pair) = self.pair(&mut page, name, value)? else { return Ok(None) };
            postings.push(values.postings(&mut page, pair)?);
        }
        postings.sort_by_key(Postings::len);
        let mut rarest_first = postings.into_iter();
        let Some(first) = rarest_first.next() else {
            return Ok(self.all_series().iter().find(|&series| self.labels(series).is_empty()));
        };
        let mut set = first.to_bitmap()?;
        for postings in rarest_first {
            if set.len() <= 2 {
                break;
            }
            set &= postings.to_bitmap()?;
        }
        Ok(set.iter().find(|&series| self.labels(series) == *labels))
    }

    /// The number of a pair.
    pub(crate) fn pair(&self, page: &mut ValuePage, name: &str, value: &str) -> Result<Option<PairId>, DecodeError> {
        let (Some(name), Some(value)) = (self.find_name(name)?, self.symbols()?.find(value)?) else { return Ok(None) };
        let (values, pairs) = (self.values()?, self.names().pairs(name));
        let pair = values.lower_bound(page, pairs.clone(), value)?;
        Ok((pair < pairs.end && values.value(page, pair)? == value).then_some(pair))
    }

    pub(crate) fn find_name(&self, name: &str) -> Result<Option<NameId>, DecodeError> {
        Ok(self.symbols()?.find(name)?.and_then(|symbol| self.names().find(symbol)))
    }

    /// The string of a name.
    fn name(&self, name: NameId) -> Result<SymbolId, DecodeError> {
        self.names().symbol(name).ok_or(DecodeError { at: name as usize, expected: "the number of a name" })
    }

    /// The label names, sorted.
    pub fn label_names(&self) -> Vec<String> {
        self.texts((0..self.names().len() as NameId).map(|name| self.name(name)))
    }

    /// The values of a label, sorted.
    pub fn label_values(&self, name: &str) -> Vec<String> {
        let values = self.find_name(name).and_then(|name| Ok((name, self.values()?)));
        let (name, values) = match values {
            Ok((Some(name), values)) => (name, values),
            Ok((None, _)) => return Vec::new(),
            Err(error) => return self.malformed("label index", error),
        };
        let mut page = ValuePage::default();
        self.texts(self.names().pairs(name).map(move |pair| values.value(&mut page, pair)))
    }

    /// The names that stand on the series of `set`, sorted.
    pub fn names_of(&self, set: &RoaringBitmap) -> Vec<String> {
        let (mut page, mut pairs) = (SeriesPage::default(), Vec::new());
        let mut names = RoaringBitmap::new();
        for series in set {
            match self.read_pairs(&mut page, series, &mut pairs) {
                Ok(()) => names.extend(pairs.iter().map(|&(name, _)| name)),
                Err(error) => self.malformed("labels of series", error),
            }
        }
        self.texts(names.iter().map(|name| self.name(name)))
    }

    fn texts(&self, symbols: impl Iterator<Item = Result<SymbolId, DecodeError>>) -> Vec<String> {
        let texts: Result<Vec<String>, DecodeError> = self.symbols().and_then(|table| {
            symbols
                .map(|symbol| {
                    let mut text = String::new();
                    table.push(symbol?, &mut text)?;
                    Ok(text)
                })
                .collect()
        });
        texts.unwrap_or_else(|error| self.malformed("symbols", error))
    }

    pub(crate) fn symbols(&self) -> Result<Symbols<'_>, DecodeError> {
        Symbols::new(self.section(Section::Symbols), self.n_symbols())
    }

    pub(crate) fn values(&self) -> Result<Values<'_>, DecodeError> {
        Values::new(self.section(Section::Values), self.section(Section::Postings), self.names(), self.n_series())
    }
}
