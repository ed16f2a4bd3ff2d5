//! Character classes: `[a-z]`, `\d`, `[:alpha:]`, `\p{Greek}`.
//!
//! Perl's and POSIX's classes are ASCII, as in RE2. Of Unicode's properties there are the general categories and the
//! scripts, under their names in any spelling; their contents are those of the Unicode version that the engine knows.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

use super::cursor::Cursor;
use super::error::{Reason, RegexError};
use super::escape::parse_escape;
use super::fold::fold_class;

/// Reads a class in brackets; the cursor stands at `[`.
pub(super) fn parse_bracketed(cursor: &mut Cursor<'_>, fold: bool) -> Result<ClassUnicode, RegexError> {
    let start = cursor.at();
    cursor.next();
    let negated = cursor.eat("^");
    let mut ranges = Vec::new();
    let mut is_first = true;
    while is_first || !cursor.rest().starts_with(']') {
        is_first = false;
        match parse_named(cursor, fold)? {
            Some(named) => ranges.extend_from_slice(named.ranges()),
            None => ranges.extend(parse_range(cursor, start)?),
        }
    }
    cursor.next();
    // Named classes are folded already; folding them again changes nothing.
    finish(cursor, ClassUnicode::new(ranges), negated, fold)
}

/// Reads `\d`, `\pL` or, where `[` may stand for it, `[:alpha:]`, if one comes next.
fn parse_named(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<ClassUnicode>, RegexError> {
    if let Some(class) = parse_posix(cursor, fold)? {
        return Ok(Some(class));
    }
    parse_escaped(cursor, fold)
}

/// Reads `\d`, `\S`, `\pL`, `\P{Greek}`, … if one comes next.
pub(super) fn parse_escaped(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<ClassUnicode>, RegexError> {
    if cursor.rest().starts_with("\\p") || cursor.rest().starts_with("\\P") {
        return parse_property(cursor, fold).map(Some);
    }
    let mut chars = cursor.rest().chars();
    let (Some('\\'), Some(letter)) = (chars.next(), chars.next()) else { return Ok(None) };
    let ranges: &[(char, char)] = match letter.to_ascii_lowercase() {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return Ok(None),
    };
    cursor.skip(2);
    finish(cursor, ascii(ranges), letter.is_ascii_uppercase(), fold).map(Some)
}

fn parse_posix(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<ClassUnicode>, RegexError> {
    let start = cursor.at();
    let Some(inner) = cursor.rest().strip_prefix("[:") else { return Ok(None) };
    if !cursor.has_posix_end(start + "[:".len()) {
        return Ok(None);
    }
    let Some(end) = inner.find(":]") else { return Ok(None) };
    cursor.skip("[:".len() + end + ":]".len());
    let (name, negated) = match inner[..end].strip_prefix('^') {
        Some(name) => (name, true),
        None => (&inner[..end], false),
    };
    match posix(name) {
        Some(ranges) => finish(cursor, ascii(ranges), negated, fold).map(Some),
        None => Err(cursor.error(Reason::CharacterRange, start)),
    }
}

fn posix(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7f')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

fn ascii(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|&(first, last)| ClassUnicodeRange::new(first, last)))
}

fn finish(
    cursor: &mut Cursor<'_>,
    mut class: ClassUnicode,
    negated: bool,
    fold: bool,
) -> Result<ClassUnicode, RegexError> {
    if fold {
        cursor.spend_ranges(fold_class(&mut class))?;
    }
    if negated {
        class.negate();
    }
    cursor.spend_ranges(class.ranges().len())?;
    Ok(class)
}

/// Reads `\pL`, `\p{Greek}`, `\P{^Greek}`.
fn parse_property(cursor: &mut Cursor<'_>, fold: bool) -> Result<ClassUnicode, RegexError> {
    let start = cursor.at();
    let mut negated = cursor.rest().starts_with("\\P");
    cursor.skip(2);
    let mut name = "";
    if cursor.eat("{") {
        let Some(end) = cursor.rest().find('}') else {
            cursor.skip(cursor.rest().len());
            return Err(cursor.error(Reason::CharacterRange, start));
        };
        name = &cursor.rest()[..end];
        cursor.skip(end + 1);
    } else if let Some(letter) = cursor.next() {
        name = cursor.since(cursor.at() - letter.len_utf8());
    }
    if let Some(positive) = name.strip_prefix('^') {
        (name, negated) = (positive, !negated);
    }
    let class = property(name).ok_or_else(|| cursor.error(Reason::CharacterRange, start))?;
    finish(cursor, class, negated, fold)
}

/// The characters of a general category or a script.
fn property(name: &str) -> Option<ClassUnicode> {
    let all = || ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)]);
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect::<String>().to_ascii_lowercase();
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match plain.as_str() {
        "any" => return Some(all()),
        "ascii" => return Some(ascii(&[('\0', '\x7f')])),
        "assigned" => {
            let mut class = query("gc", "cn")?;
            class.negate();
            return Some(class);
        }
        _ => {}
    }
    query("gc", &plain).or_else(|| query("sc", &plain))
}

/// Asks the engine's tables, which are reached through its own syntax only.
fn query(kind: &str, name: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::Parser::new().parse(&format!("\\p{{{kind}={name}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        _ => None,
    }
}

/// Reads `a` or `a-z`; `class_start` is where the whole class begins. Nothing remains of a range of surrogates.
fn parse_range(cursor: &mut Cursor<'_>, class_start: usize) -> Result<Option<ClassUnicodeRange>, RegexError> {
    let start = cursor.at();
    let first = parse_member(cursor, class_start)?;
    let mut after = cursor.rest().chars();
    // In `[a-]` the hyphen is a member of its own.
    if after.next() != Some('-') || matches!(after.next(), None | Some(']')) {
        return Ok(range(first, first));
    }
    cursor.next();
    let last = parse_member(cursor, class_start)?;
    if last < first {
        return Err(cursor.error(Reason::CharacterRange, start));
    }
    Ok(range(first, last))
}

fn parse_member(cursor: &mut Cursor<'_>, class_start: usize) -> Result<u32, RegexError> {
    match cursor.peek() {
        Some('\\') => parse_escape(cursor),
        Some(c) => {
            cursor.next();
            Ok(c as u32)
        }
        None => Err(cursor.error(Reason::MissingBracket, class_start)),
    }
}

/// The characters between two code points. Surrogates among them are left out: no text holds one.
fn range(first: u32, last: u32) -> Option<ClassUnicodeRange> {
    let first = (first..=last).find_map(char::from_u32)?;
    let last = (first as u32..=last).rev().find_map(char::from_u32)?;
    Some(ClassUnicodeRange::new(first, last))
}
