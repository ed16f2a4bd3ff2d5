//! Matchers to series of a block. How a search is planned is the head's business too (`index::matching`); here is how a
//! block answers the plan's questions. Values are sorted, so those with a known beginning are found without the others.

use model::Matcher;
use roaring::RoaringBitmap;

use super::Block;
use super::label_index::ValuePage;
use super::postings::Postings;
use super::series::SeriesPage;
use crate::index::{Searchable, matching};
use crate::wal::varint::DecodeError;

impl Block {
    /// The series that fulfil all matchers. Series are numbered from 0 in the order in which they were written.
    pub fn matching(&self, matchers: &[Matcher]) -> RoaringBitmap {
        matching(self, matchers)
    }

    pub(crate) fn all_series(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        all.insert_range(0..self.n_series());
        all
    }

    fn try_listed(&self, matchers: &[&Matcher]) -> Result<Option<RoaringBitmap>, DecodeError> {
        let mut page = ValuePage::default();
        let values = self.values()?;
        let mut listed: Vec<Vec<Postings<'_>>> = Vec::with_capacity(matchers.len());
        for matcher in matchers {
            let mut postings = Vec::new();
            for value in matcher.literal_values().unwrap_or_default() {
                if let Some(pair) = self.pair(&mut page, matcher.name(), value)? {
                    postings.push(values.postings(&mut page, pair)?);
                }
            }
            listed.push(postings);
        }
        listed.sort_by_key(|postings| postings.iter().map(Postings::len).sum::<u64>());
        let mut found: Option<RoaringBitmap> = None;
        for postings in listed {
            if found.as_ref().is_some_and(RoaringBitmap::is_empty) {
                break;
            }
            let mut union = RoaringBitmap::new();
            for postings in postings {
                union |= postings.to_bitmap()?;
            }
            found = Some(match found {
                None => union,
                Some(found) => found & union,
            });
        }
        Ok(found)
    }

    fn try_looked_at(&self, set: &RoaringBitmap, matcher: &Matcher) -> Result<RoaringBitmap, DecodeError> {
        let symbols = self.symbols()?;
        let name = self.find_name(matcher.name())?;
        let (mut page, mut pairs, mut text) = (SeriesPage::default(), Vec::new(), String::new());
        let mut kept = RoaringBitmap::new();
        // Neighbours often have the same value.
        let mut last: Option<(Option<u32>, bool)> = None;
        for series in set {
            self.read_pairs(&mut page, series, &mut pairs)?;
            let value = pairs.iter().find(|pair| Some(pair.0) == name).map(|&(_, value)| value);
            let is_match = match last {
                Some((last, is_match)) if last == value => is_match,
                _ => {
                    text.clear();
                    value.map_or(Ok(()), |value| symbols.push(value, &mut text))?;
                    matcher.matches(&text)
                }
            };
            last = Some((value, is_match));
            if is_match {
                kept.insert(series);
            }
        }
        Ok(kept)
    }

    fn try_with_value(&self, matcher: &Matcher, wanted: bool) -> Result<RoaringBitmap, DecodeError> {
        let mut found = RoaringBitmap::new();
        let Some(name) = self.find_name(matcher.name())? else { return Ok(found) };
        let (values, symbols) = (self.values()?, self.symbols()?);
        let mut page = ValuePage::default();
        let mut pairs = self.names().pairs(name);
        // What an expression matches begins as it does; nothing is known of what it does not match.
        let matches_expression = wanted != matcher.op().is_negative();
        let prefix = matcher.regex().filter(|_| matches_expression).map_or("", |regex| regex.prefix());
        if !prefix.is_empty() {
            pairs.start = values.lower_bound(&mut page, pairs.clone(), symbols.lower_bound(prefix)?)?;
        }
        let mut text = String::new();
        for pair in pairs {
            text.clear();
            symbols.push(values.value(&mut page, pair)?, &mut text)?;
            if !text.starts_with(prefix) {
                break;
            }
            if matcher.matches(&text) == wanted {
                found |= values.postings(&mut page, pair)?.to_bitmap()?;
            }
        }
        Ok(found)
    }
}

impl Searchable for Block {
    fn all(&self) -> RoaringBitmap {
        self.all_series()
    }

    fn all_of_listed(&self, matchers: &[&Matcher]) -> Option<RoaringBitmap> {
        self.try_listed(matchers).unwrap_or_else(|error| Some(self.malformed("label index", error)))
    }

    fn n_values(&self, name: &str) -> u64 {
        let name = self.find_name(name).unwrap_or_else(|error| self.malformed("label index", error));
        name.map_or(0, |name| self.names().pairs(name).len() as u64)
    }

    fn looked_at(&self, set: &RoaringBitmap, matcher: &Matcher) -> RoaringBitmap {
        self.try_looked_at(set, matcher).unwrap_or_else(|error| self.malformed("labels of series", error))
    }

    fn with_value(&self, matcher: &Matcher, wanted: bool) -> RoaringBitmap {
        self.try_with_value(matcher, wanted).unwrap_or_else(|error| self.malformed("label index", error))
    }
}
