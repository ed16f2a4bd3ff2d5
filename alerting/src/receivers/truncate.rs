//! Texts cut to what a receiver takes.

use super::MAX_KEPT_BYTES;

/// What stands where something was cut off.
const MARKER: char = '…';

/// The text where it has at most `max` characters, otherwise its beginning and a marker, which together have so many.
pub(super) fn to_runes(text: &str, max: usize) -> String {
    let first = |n: usize| text.chars().take(n).collect::<String>();
    if text.chars().nth(max).is_none() {
        return text.to_owned();
    }
    if max <= 3 { first(max) } else { first(max - 1) + &MARKER.to_string() }
}

/// The text where it has at most `max` bytes, otherwise its beginning and a marker, which together have at most so many.
pub(super) fn to_bytes(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    match max {
        0..=2 => ".".repeat(max),
        _ => format!("{}{MARKER}", &text[..text.floor_char_boundary(max - MARKER.len_utf8())]),
    }
}

/// What is kept for the record.
pub(super) fn kept(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_KEPT_BYTES));
    text
}
