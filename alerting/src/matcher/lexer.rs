//! Words of the UTF-8 grammar.

use model::MatchOp;

use super::MatcherError;
use super::label_matcher::is_reserved;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    End,
    OpenBrace,
    CloseBrace,
    Comma,
    Op(MatchOp),
    Quoted,
    Unquoted,
}

/// A word and its columns, in characters from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Cuts a text into words.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    rest: &'t str,
    column: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Lexer<'t> {
        Lexer { rest: text, column: 0 }
    }

    /// How many characters have been read.
    pub(super) fn column(&self) -> usize {
        self.column
    }

    /// The next word, without taking it.
    pub(super) fn peek(&self) -> Result<Token<'t>, MatcherError> {
        self.clone().next()
    }

    /// Takes the next word.
    pub(super) fn next(&mut self) -> Result<Token<'t>, MatcherError> {
        let spaces = self.rest.len() - self.rest.trim_start().len();
        self.take(spaces, TokenKind::End);
        let Some(first) = self.rest.chars().next() else { return Ok(self.take(0, TokenKind::End)) };
        let token = match first {
            '{' => self.take(1, TokenKind::OpenBrace),
            '}' => self.take(1, TokenKind::CloseBrace),
            ',' => self.take(1, TokenKind::Comma),
            '=' if self.rest.starts_with("=~") => self.take(2, TokenKind::Op(MatchOp::Regex)),
            '=' => self.take(1, TokenKind::Op(MatchOp::Equal)),
            '!' => return self.negation(),
            '"' => return self.quoted(),
            _ if is_reserved(first) => {
                let token = self.take(first.len_utf8(), TokenKind::Unquoted);
                return Err(token.error("invalid input"));
            }
            _ => self.take(self.rest.find(is_reserved).unwrap_or(self.rest.len()), TokenKind::Unquoted),
        };
        Ok(token)
    }

    fn negation(&mut self) -> Result<Token<'t>, MatcherError> {
        match self.rest.as_bytes() {
            [_, b'=', ..] => Ok(self.take(2, TokenKind::Op(MatchOp::NotEqual))),
            [_, b'~', ..] => Ok(self.take(2, TokenKind::Op(MatchOp::NotRegex))),
            [_] => {
                let Token { start, end, .. } = self.take(1, TokenKind::End);
                let message = format!("{start}:{end}: unexpected end of input, expected one of '=~'");
                Err(MatcherError::Syntax(message))
            }
            _ => Err(self.take(1, TokenKind::End).error("expected one of '=~'")),
        }
    }

    fn quoted(&mut self) -> Result<Token<'t>, MatcherError> {
        let mut is_escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                '"' if !is_escaped => return Ok(self.take(at + 1, TokenKind::Quoted)),
                '\\' => is_escaped = !is_escaped,
                _ => is_escaped = false,
            }
        }
        Err(self.take(self.rest.len(), TokenKind::Quoted).error("missing end \""))
    }

    fn take(&mut self, n_bytes: usize, kind: TokenKind) -> Token<'t> {
        let (text, rest) = self.rest.split_at(n_bytes);
        let start = self.column;
        self.column += text.chars().count();
        self.rest = rest;
        Token { kind, text, start, end: self.column }
    }
}

impl Token<'_> {
    /// Something is wrong with this word.
    pub(super) fn error(&self, message: &str) -> MatcherError {
        MatcherError::Syntax(format!("{}:{}: {}: {message}", self.start, self.end, self.text))
    }
}
