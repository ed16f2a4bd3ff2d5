//! From bytes to tokens.
//!
//! PromQL's words depend on where they stand: `sum` is an aggregation, a metric or a label; `5m` a duration; `:` part of
//! a name or the colon of a subquery. So the lexer is a handful of modes, one file each, and each mode reads one token
//! and names the mode for the next. It never looks at the grammar, and ends at its first error.
//!
//! Texts are bytes: a query may hold anything, and only its strings and names must be UTF-8.

mod braces;
mod bracket;
mod cursor;
mod number;
mod sequence;
mod statement;
mod string;

use super::quote::QuotedChar;
use super::span::Span;
use super::token::{Kind, Token};
use cursor::Cursor;

/// What a text is to be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// An expression or a selector.
    Expression,
    /// A metric and a sequence of values, as in rule unit tests.
    SeriesDescription,
}

/// The tokens of a text. The last one is [`Kind::End`], or [`Kind::Error`] where `error` says what is wrong.
#[derive(Debug)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) error: Option<LexError>,
}

/// What the lexer cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LexError {
    pub(super) span: Span,
    pub(super) message: String,
}

/// Splits a text into tokens; comments are left out.
pub(super) fn lex(source: &[u8], language: Language) -> Lexed {
    let mut lexer = Lexer {
        cursor: Cursor::new(source),
        tokens: Vec::with_capacity(source.len() / 4 + 2),
        in_series: language == Language::SeriesDescription,
        n_open_parens: 0,
        in_braces: false,
        in_bracket: false,
        seen_colon: false,
        seen_duration: false,
        histogram: Histogram::None,
    };
    let error = lexer.run().err();
    if let Some(LexError { span, .. }) = &error {
        lexer.tokens.push(Token { kind: Kind::Error, span: *span });
    }
    Lexed { tokens: lexer.tokens, error }
}

struct Lexer<'a> {
    cursor: Cursor<'a>,
    tokens: Vec<Token>,
    in_series: bool,
    n_open_parens: usize,
    in_braces: bool,
    in_bracket: bool,
    /// A colon was read since `[`.
    seen_colon: bool,
    /// A number was read in some `[` so far.
    seen_duration: bool,
    histogram: Histogram,
}

/// Where in a histogram of a series description the lexer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Histogram {
    None,
    Inside,
    /// Behind `}}`, before an operator that is known to follow.
    Before(Kind),
}

/// How the next token is to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Outside of everything, or wherever the flags of the lexer say.
    Statement,
    /// Behind `[`, up to the first number.
    Bracket,
    /// The values of a series description.
    Sequence,
    /// Inside `{{ }}`.
    Histogram,
    /// Inside the `[ ]` of a histogram.
    Buckets,
    /// The end was read.
    Done,
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), LexError> {
        let mut mode = Mode::Statement;
        loop {
            mode = match mode {
                Mode::Statement if self.histogram != Histogram::None => self.lex_histogram()?,
                Mode::Statement if self.in_braces => self.lex_in_braces()?,
                Mode::Statement => self.lex_statement()?,
                Mode::Bracket => self.lex_bracket()?,
                Mode::Sequence => self.lex_sequence()?,
                Mode::Histogram => self.lex_histogram()?,
                Mode::Buckets => self.lex_buckets()?,
                Mode::Done => return Ok(()),
            };
        }
    }

    /// Makes a token of what was read since the last one.
    fn emit(&mut self, kind: Kind) {
        let span = self.cursor.take_span();
        self.tokens.push(Token { kind, span });
    }

    /// An error from the start of the current token to the end of the text.
    fn error(&self, message: String) -> LexError {
        LexError { span: self.cursor.span_to_end(), message }
    }

    /// An error behind what was read.
    fn error_behind(&mut self, message: String) -> LexError {
        self.cursor.skip();
        self.error(message)
    }

    fn skip_blanks(&mut self) {
        self.cursor.read_while(is_blank);
        self.cursor.skip();
    }

    fn skip_comment(&mut self) {
        self.cursor.read_while(|byte| byte != b'\n' && byte != b'\r');
        self.cursor.skip();
    }
}

/// A character of the text in an error message; the end of the text is shown as U+FFFD.
fn shown(c: Option<char>) -> QuotedChar {
    QuotedChar(c.unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
