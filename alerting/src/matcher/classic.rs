//! The classic grammar: `name op value`, with quotes around the value or without.

use model::name::is_legacy_metric_name;

use super::MatcherError;
use super::label_matcher::{Matcher, op};

/// What Go's `\s` matches.
const SPACES: [char; 5] = ['\t', '\n', '\x0c', '\r', ' '];

/// Matchers with commas between them. One brace is taken from either end, whether the other is there or not.
pub(super) fn matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let text = text.strip_prefix('{').unwrap_or(text);
    let text = text.strip_suffix('}').unwrap_or(text);
    split(text).into_iter().map(matcher).collect()
}

/// The parts between commas that do not stand in quotes. Nothing behind the last comma is no part.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            ',' if !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            ',' => {}
            '"' if is_escaped => is_escaped = false,
            '"' => is_quoted = !is_quoted,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

/// One matcher.
pub(super) fn matcher(text: &str) -> Result<Matcher, MatcherError> {
    let format = || MatcherError::Format(text.to_owned());
    let trimmed = text.trim_start_matches(SPACES);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let (name, rest) = trimmed.split_at(trimmed.find(|c| !is_name(c)).unwrap_or(trimmed.len()));
    if !is_legacy_metric_name(name) {
        return Err(format());
    }
    let rest = rest.trim_start_matches(SPACES);
    let op = ["=~", "!=", "!~", "="].into_iter().find(|op| rest.starts_with(op)).and_then(op).ok_or_else(format)?;
    let value = rest[op.as_str().len()..].trim_matches(SPACES);
    Ok(Matcher::new(name, op, unescape(value)?)?)
}

/// A value without its quotes and escapes. A backslash before what needs none stands for itself.
fn unescape(raw: &str) -> Result<String, MatcherError> {
    let quote = || MatcherError::Quote(raw.to_owned());
    let (inner, is_quoted) = raw.strip_prefix('"').map_or((raw, false), |inner| (inner, true));
    let (inner, mut is_open) = (inner, is_quoted);
    let mut value = String::with_capacity(inner.len());
    let mut is_escaped = false;
    for (at, c) in inner.char_indices() {
        let is_last = at + 1 == inner.len();
        match c {
            'n' if is_escaped => value.push('\n'),
            '"' | '\\' if is_escaped => value.push(c),
            _ if is_escaped => value.extend(['\\', c]),
            '\\' if !is_last => {
                is_escaped = true;
                continue;
            }
            '"' if is_open && is_last => is_open = false,
            '"' => return Err(quote()),
            _ => value.push(c),
        }
        is_escaped = false;
    }
    if is_open { Err(quote()) } else { Ok(value) }
}
