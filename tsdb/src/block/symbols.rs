//! The strings of a block, each once, sorted, so that their numbers sort as they do.
//!
//! Sixteen stand in a page: the first whole, the others as how many of its bytes they begin with, and the rest.

use std::cmp::Ordering;

use super::BlockError;
use super::pages::{Pages, PagesWriter};
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// The number of a string.
pub(crate) type SymbolId = u32;

/// Strings in a page.
const PER_PAGE: usize = 16;

/// Writes strings, which are sorted and distinct.
pub(crate) fn write<'a>(sorted: impl Iterator<Item = &'a str>) -> Result<Vec<u8>, BlockError> {
    let mut pages = PagesWriter::default();
    let mut first = "";
    for (i, text) in sorted.enumerate() {
        let (page, n_same) = if i % PER_PAGE == 0 {
            first = text;
            (pages.begin()?, None)
        } else {
            (pages.last(), Some(first.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count()))
        };
        n_same.into_iter().for_each(|n_same| push_unsigned(page, n_same as u64));
        let rest = &text.as_bytes()[n_same.unwrap_or(0)..];
        push_unsigned(page, rest.len() as u64);
        page.extend_from_slice(rest);
    }
    Ok(pages.finish())
}

/// The strings of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbols<'a> {
    pages: Pages<'a>,
    n_symbols: usize,
}

impl<'a> Symbols<'a> {
    pub(crate) fn new(section: &'a [u8], n_symbols: usize) -> Result<Symbols<'a>, DecodeError> {
        let pages = Pages::new(section)?;
        if pages.len() != n_symbols.div_ceil(PER_PAGE) {
            return Err(DecodeError { at: 0, expected: "as many pages as strings need" });
        }
        Ok(Symbols { pages, n_symbols })
    }

    /// Appends a string to `out`.
    pub(crate) fn push(&self, id: SymbolId, out: &mut String) -> Result<(), DecodeError> {
        let (page, at) = (id as usize / PER_PAGE, id as usize % PER_PAGE);
        if id as usize >= self.n_symbols {
            return Err(DecodeError { at: page, expected: "the number of a string" });
        }
        let mut input = self.pages.get(page)?;
        let first = bytes(&mut input)?;
        let (mut head, mut rest) = (&first[..0], first);
        for _ in 0..at {
            (head, rest) = entry(&mut input, first)?;
        }
        push_utf8(out, head, rest).ok_or_else(|| input.error("text"))
    }

    /// The number of a string.
    pub(crate) fn find(&self, text: &str) -> Result<Option<SymbolId>, DecodeError> {
        let at = self.lower_bound(text)?;
        let mut found = String::new();
        if (at as usize) < self.n_symbols {
            self.push(at, &mut found)?;
        }
        Ok((found == text && (at as usize) < self.n_symbols).then_some(at))
    }

    /// The number of the first string that is not less than `text`; how many there are where all are less.
    pub(crate) fn lower_bound(&self, text: &str) -> Result<SymbolId, DecodeError> {
        // The page before the first one that begins with a greater string.
        let (mut low, mut high) = (0, self.pages.len());
        while low < high {
            let middle = low.midpoint(high);
            if bytes(&mut self.pages.get(middle)?)? <= text.as_bytes() { low = middle + 1 } else { high = middle }
        }
        let Some(page) = low.checked_sub(1) else { return Ok(0) };
        let mut input = self.pages.get(page)?;
        let first = bytes(&mut input)?;
        let n_here = (self.n_symbols - page * PER_PAGE).min(PER_PAGE);
        let (mut head, mut rest) = (&first[..0], first);
        for i in 0..n_here {
            if i > 0 {
                (head, rest) = entry(&mut input, first)?;
            }
            if compare(head, rest, text.as_bytes()) != Ordering::Less {
                return Ok((page * PER_PAGE + i) as SymbolId);
            }
        }
        Ok((page * PER_PAGE + n_here) as SymbolId)
    }
}

fn bytes<'a>(input: &mut Input<'a>) -> Result<&'a [u8], DecodeError> {
    let n_bytes = input.count("the length of a string")?;
    input.bytes(n_bytes, "a string")
}

/// The two parts of a string that is not the first of its page.
fn entry<'a>(input: &mut Input<'a>, first: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
    let n_same = input.unsigned("the length of what is the same")?;
    let head = usize::try_from(n_same).ok().and_then(|n_same| first.get(..n_same));
    let head = head.ok_or_else(|| input.error("no more than the string has"))?;
    Ok((head, bytes(input)?))
}

fn compare(head: &[u8], rest: &[u8], text: &[u8]) -> Ordering {
    match head.cmp(&text[..text.len().min(head.len())]) {
        Ordering::Equal => rest.cmp(&text[head.len().min(text.len())..]),
        unequal => unequal,
    }
}

/// Appends two parts that are text together.
fn push_utf8(out: &mut String, head: &[u8], rest: &[u8]) -> Option<()> {
    if let (Ok(head), Ok(rest)) = (str::from_utf8(head), str::from_utf8(rest)) {
        out.push_str(head);
        out.push_str(rest);
    } else {
        // They meet inside a character.
        out.push_str(str::from_utf8(&[head, rest].concat()).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(texts: &BTreeSet<String>, asked: &[&str]) {
        let section = write(texts.iter().map(String::as_str)).unwrap();
        let symbols = Symbols::new(&section, texts.len()).unwrap();
        for (id, text) in texts.iter().enumerate() {
            let mut found = "before ".to_owned();
            symbols.push(id as SymbolId, &mut found).unwrap();
            assert_eq!(found, format!("before {text}"));
            assert_eq!(symbols.find(text).unwrap(), Some(id as SymbolId));
        }
        for &text in asked {
            assert_eq!(
                symbols.lower_bound(text).unwrap() as usize,
                texts.iter().take_while(|t| t.as_str() < text).count()
            );
            assert_eq!(symbols.find(text).unwrap().is_some(), texts.contains(text), "{text}");
        }
        assert!(symbols.push(texts.len() as SymbolId, &mut String::new()).is_err());
    }

    #[test]
    fn strings_are_found_and_read() {
        let many: BTreeSet<String> = (0..100).map(|i| format!("instance-{i}")).collect();
        check(&many, &["", "instance", "instance-5", "instance-500", "zzz", "a"]);
        check(&BTreeSet::new(), &["", "a"]);
        check(&BTreeSet::from([String::new()]), &["", "a"]);
        // The same first byte of a character of several.
        check(&["é", "è", "ê", "🦀", "🦁"].map(str::to_owned).into(), &["e", "é", "ê", "🦀", "\u{10ffff}"]);
    }

    proptest! {
        #[test]
        fn any_strings(texts: BTreeSet<String>, asked: Vec<String>) {
            let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
            check(&texts, &asked);
        }
    }
}
