//! A place in a pattern.

use super::error::{Reason, RegexError};

/// How many ranges the classes of one expression may have in all: 4 MiB of them. Each letter that folding looks at counts
/// for one. `\pL` has about 660 ranges, and 2,800 letters that have a case.
const MAX_RANGES: usize = 1 << 19;

/// Reads a pattern character by character and remembers where it is.
#[derive(Debug)]
pub(super) struct Cursor<'p> {
    pattern: &'p str,
    at: usize,
    /// Where the last `:]` is. Known from the start, because each `[:` asks whether one follows.
    last_posix_end: Option<usize>,
    n_ranges: usize,
}

impl<'p> Cursor<'p> {
    pub(super) fn new(pattern: &'p str) -> Cursor<'p> {
        Cursor { pattern, at: 0, last_posix_end: pattern.rfind(":]"), n_ranges: 0 }
    }

    /// The whole pattern.
    pub(super) fn pattern(&self) -> &'p str {
        self.pattern
    }

    /// In bytes from the pattern's beginning.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    /// The next character, left where it is.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next character, taken.
    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Whether the text `:]` comes at or behind a place.
    pub(super) fn has_posix_end(&self, from: usize) -> bool {
        self.last_posix_end.is_some_and(|last| last >= from)
    }

    /// Counts ranges of classes.
    pub(super) fn spend_ranges(&mut self, n_ranges: usize) -> Result<(), RegexError> {
        self.n_ranges += n_ranges;
        if self.n_ranges > MAX_RANGES { Err(RegexError::new(Reason::TooLarge, self.pattern)) } else { Ok(()) }
    }

    /// Takes `text` if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes so many bytes, which must end between characters.
    pub(super) fn skip(&mut self, n_bytes: usize) {
        self.at += n_bytes;
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'p str {
        &self.pattern[start..self.at]
    }

    /// An error that shows what was read since `start`.
    pub(super) fn error(&self, reason: Reason, start: usize) -> RegexError {
        RegexError::new(reason, self.since(start))
    }
}
