//! A place in a text of bytes, and the start of the token that is being read.

use crate::syntax::span::Span;

pub(super) struct Cursor<'a> {
    source: &'a [u8],
    at: usize,
    token_start: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a [u8]) -> Cursor<'a> {
        Cursor { source, at: 0, token_start: 0 }
    }

    /// The next byte; 0 at the end, which is in no class of bytes.
    pub(super) fn peek(&self) -> u8 {
        self.source.get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.source.len()
    }

    /// The next character; a byte that is not UTF-8 is U+FFFD.
    pub(super) fn peek_char(&self) -> Option<char> {
        let rest = &self.source[self.at..];
        let first = *rest.first()?;
        if first.is_ascii() {
            return Some(char::from(first));
        }
        let chunk = rest[..rest.len().min(4)].utf8_chunks().next()?;
        Some(chunk.valid().chars().next().unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Reads a character; a byte that is not UTF-8 counts as one.
    pub(super) fn read_char(&mut self) -> Option<char> {
        let c = self.peek_char()?;
        let is_damaged = c == char::REPLACEMENT_CHARACTER && !self.source[self.at..].starts_with("\u{fffd}".as_bytes());
        self.at += if is_damaged { 1 } else { c.len_utf8() };
        Some(c)
    }

    /// Reads a byte that was peeked at and is ASCII.
    pub(super) fn bump(&mut self) {
        self.at += 1;
    }

    /// Reads the next byte if it belongs to a class.
    pub(super) fn read_if(&mut self, belongs: impl Fn(u8) -> bool) -> bool {
        let reads = !self.is_at_end() && belongs(self.peek());
        self.at += usize::from(reads);
        reads
    }

    pub(super) fn read_while(&mut self, belongs: impl Fn(u8) -> bool) {
        let rest = &self.source[self.at..];
        self.at += rest.iter().position(|&byte| !belongs(byte)).unwrap_or(rest.len());
    }

    /// What follows the next byte.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.source[self.at..]
    }

    /// What was read since the last token.
    pub(super) fn token_text(&self) -> &'a [u8] {
        &self.source[self.token_start..self.at]
    }

    pub(super) fn token_is_empty(&self) -> bool {
        self.at == self.token_start
    }

    /// Ends the token.
    pub(super) fn take_span(&mut self) -> Span {
        let span = Span::new(self.token_start, self.at);
        self.token_start = self.at;
        span
    }

    /// Drops what was read since the last token.
    pub(super) fn skip(&mut self) {
        self.token_start = self.at;
    }

    pub(super) fn span_to_end(&self) -> Span {
        Span::new(self.token_start, self.source.len())
    }
}
