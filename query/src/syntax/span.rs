//! Places in a query text.

use std::fmt;

/// A stretch of a text in bytes, without its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Span {
        // Texts end at 64 KiB; a caller that lifts that limit still gets a place, if not the right one.
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { start: narrow(start), end: narrow(end) }
    }

    /// From the start of this one to the end of another.
    pub fn to(self, last: Span) -> Span {
        Span { start: self.start, end: last.end }
    }
}

/// A place in a text as people count: lines and byte columns from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The text is empty.
    Unknown,
    /// The place is not in the text.
    Invalid,
    /// A line and a column.
    At {
        /// The line, from 1.
        line: u32,
        /// The column in bytes, from 1.
        column: u32,
    },
}

/// Where the lines of a text begin, so that thousands of errors do not count them anew.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    len: usize,
    starts: Vec<u32>,
}

impl Lines {
    pub(super) fn of(text: &[u8]) -> Lines {
        let behind_breaks = text.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at as u32 + 1);
        Lines { len: text.len(), starts: std::iter::once(0).chain(behind_breaks).collect() }
    }

    /// The position of a byte.
    pub(super) fn position(&self, offset: u32) -> Position {
        if self.len == 0 {
            return Position::Unknown;
        }
        if offset as usize > self.len {
            return Position::Invalid;
        }
        let line = self.starts.partition_point(|&start| start <= offset);
        Position::At { line: line as u32, column: offset - self.starts[line - 1] + 1 }
    }
}

impl Position {
    /// The position of a byte of a text.
    pub fn of(text: &[u8], offset: u32) -> Position {
        Lines::of(text).position(offset)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Unknown => f.write_str("unknown position"),
            Position::Invalid => f.write_str("invalid position"),
            Position::At { line, column } => write!(f, "{line}:{column}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns() {
        for (text, offset, want) in [
            ("", 0, "unknown position"),
            ("a", 2, "invalid position"),
            ("abc", 0, "1:1"),
            ("abc", 3, "1:4"),
            ("a\nbc", 1, "1:2"),
            ("a\nbc", 2, "2:1"),
            ("\n\né+", 4, "3:3"),
        ] {
            assert_eq!(Position::of(text.as_bytes(), offset).to_string(), want, "{text:?} {offset}");
        }
    }
}
