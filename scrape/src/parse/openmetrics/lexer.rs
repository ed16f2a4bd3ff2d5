//! Splits OpenMetrics into words.
//!
//! Blanks are part of words here, because exactly one must stand where one may. As in the Prometheus text format, the
//! words depend on the place in the line, and what is accepted is what Prometheus's lexer accepts.

use std::ops::Range;

use crate::parse::braces;
use crate::parse::error::{ParseError, Problem, Shown};
use crate::parse::scan::{self, Quotable};
use crate::parse::token::Token;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A line.
    Line,
    /// Behind `# `: HELP, TYPE, UNIT or EOF.
    Keyword,
    /// The metric name of a HELP, TYPE or UNIT line.
    FamilyName,
    /// The text of a HELP, TYPE or UNIT line.
    Text,
    /// Within the braces of a series.
    Labels,
    /// Behind the `=` of a label.
    LabelValue,
    /// Behind a series: its value, or the opening brace.
    Value,
    /// Behind a value: a timestamp, an exemplar, or the end of the line.
    Timestamp,
    /// Within the braces of an exemplar.
    ExemplarLabels,
    /// Behind an exemplar's `=` or its braces.
    ExemplarValue,
    /// Behind an exemplar's value: a timestamp, or the end of the line.
    ExemplarTimestamp,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    pub(super) body: &'a [u8],
    /// Where the line at hand begins.
    pub(super) line_start: usize,
    /// Where the last word begins.
    pub(super) start: usize,
    /// Where the last word ends.
    pub(super) at: usize,
    pub(super) state: State,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(body: &'a [u8]) -> Lexer<'a> {
        Lexer { body, line_start: 0, start: 0, at: 0, state: State::Line }
    }

    /// The body from here on.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.body[self.at..]
    }

    /// Takes this place for the beginning of a line.
    pub(super) fn begin_line(&mut self) {
        self.line_start = self.at;
    }

    fn next_word(&mut self) -> Token {
        if self.at >= self.body.len() {
            return Token::Eof;
        }
        self.start = self.at;
        match self.state {
            State::Line => self.line_start_word(),
            State::Keyword => self.keyword(),
            State::FamilyName => self.family_name(),
            State::Text => self.family_text(),
            State::Labels => self.in_braces(State::LabelValue, State::Value, Quotable::AllButNul),
            State::LabelValue => self.quoted_only(Quotable::AllButLineBreak),
            State::Value => self.value(),
            State::Timestamp => self.timestamp_or_exemplar(),
            State::ExemplarLabels => {
                self.in_braces(State::ExemplarValue, State::ExemplarValue, Quotable::AllButNulAndLineBreak)
            }
            State::ExemplarValue => self.exemplar_value(),
            State::ExemplarTimestamp => self.exemplar_timestamp(),
        }
    }

    /// The byte at hand; NUL where there is none.
    fn current(&self) -> u8 {
        self.body.get(self.at).copied().unwrap_or(0)
    }

    /// Goes one byte on, in a keyword also over NULs; answers the byte then at hand.
    fn step(&mut self) -> u8 {
        self.at += 1;
        while self.state == State::Keyword && self.body.get(self.at) == Some(&0) {
            self.at += 1;
        }
        self.current()
    }

    fn take(&mut self, token: Token, then: State) -> Token {
        self.take_to(self.at + 1, token, then)
    }

    fn take_to(&mut self, end: usize, token: Token, then: State) -> Token {
        self.at = end;
        self.state = then;
        token
    }

    fn line_start_word(&mut self) -> Token {
        match self.current() {
            b'#' if self.step() == b' ' => {
                self.at += 1;
                self.state = State::Keyword;
                self.keyword()
            }
            b'{' => self.take(Token::BraceOpen, State::Labels),
            byte if scan::begins_metric_name(byte) => {
                self.take_to(scan::metric_name_end(self.body, self.at), Token::MetricName, State::Value)
            }
            _ => Token::Invalid,
        }
    }

    fn keyword(&mut self) -> Token {
        let (keyword, token): (&[u8], Token) = match self.current() {
            b'H' => (b"HELP ", Token::Help),
            b'T' => (b"TYPE ", Token::Type),
            b'U' => (b"UNIT ", Token::Unit),
            b'E' => (b"EOF", Token::EofWord),
            _ => return Token::Invalid,
        };
        for &letter in &keyword[1..] {
            if self.step() != letter {
                return Token::Invalid;
            }
        }
        let after = self.step();
        if token != Token::EofWord {
            return self.take_to(self.at, token, State::FamilyName);
        }
        if after == b'\n' {
            self.step();
        }
        self.take_to(self.at, token, State::Line)
    }

    fn family_name(&mut self) -> Token {
        match self.current() {
            b'"' => self.quoted(Quotable::AllButNul, Token::MetricName, State::Text),
            byte if scan::begins_metric_name(byte) => {
                self.take_to(scan::metric_name_end(self.body, self.at), Token::MetricName, State::Text)
            }
            _ => Token::Invalid,
        }
    }

    /// A blank and everything up to the line break, which belongs to it.
    fn family_text(&mut self) -> Token {
        if self.current() != b' ' {
            return Token::Invalid;
        }
        match memchr::memchr(b'\n', self.rest()) {
            Some(n_bytes) => self.take_to(self.at + n_bytes + 1, Token::Text, State::Line),
            None => self.take_to(self.body.len(), Token::Invalid, State::Text),
        }
    }

    fn in_braces(&mut self, after_equal: State, after_close: State, quotable: Quotable) -> Token {
        match self.current() {
            b'"' => self.quoted(quotable, Token::QuotedString, self.state),
            b',' => self.take(Token::Comma, self.state),
            b'=' => self.take(Token::Equal, after_equal),
            b'}' => self.take(Token::BraceClose, after_close),
            byte if scan::begins_label_name(byte) => {
                self.take_to(scan::label_name_end(self.body, self.at), Token::LabelName, self.state)
            }
            _ => Token::Invalid,
        }
    }

    fn quoted_only(&mut self, quotable: Quotable) -> Token {
        match self.current() {
            b'"' => self.quoted(quotable, Token::LabelValue, State::Labels),
            _ => Token::Invalid,
        }
    }

    fn value(&mut self) -> Token {
        match self.current() {
            b' ' => self.blank_and_value(Token::Value, State::Timestamp),
            b'{' => self.take(Token::BraceOpen, State::Labels),
            _ => Token::Invalid,
        }
    }

    fn timestamp_or_exemplar(&mut self) -> Token {
        if self.rest().starts_with(b" # ") {
            self.at += 3;
            return match self.current() {
                b'{' => self.take(Token::Comment, State::ExemplarLabels),
                _ => Token::Invalid,
            };
        }
        self.timestamp_or_end(State::Timestamp)
    }

    fn exemplar_value(&mut self) -> Token {
        match self.current() {
            b' ' => self.blank_and_value(Token::Value, State::ExemplarTimestamp),
            b'"' => self.quoted(Quotable::AllButNulAndLineBreak, Token::LabelValue, State::ExemplarLabels),
            _ => Token::Invalid,
        }
    }

    fn exemplar_timestamp(&mut self) -> Token {
        self.timestamp_or_end(State::ExemplarTimestamp)
    }

    fn timestamp_or_end(&mut self, state: State) -> Token {
        match self.current() {
            b'\n' => self.take(Token::LineBreak, State::Line),
            b' ' => self.blank_and_value(Token::Timestamp, state),
            _ => Token::Invalid,
        }
    }

    fn blank_and_value(&mut self, token: Token, then: State) -> Token {
        let start = self.at + 1;
        let end = scan::openmetrics_value_end(self.body, start);
        if end == start {
            self.at = start;
            return Token::Invalid;
        }
        self.take_to(end, token, then)
    }

    fn quoted(&mut self, quotable: Quotable, token: Token, then: State) -> Token {
        match scan::quoted_end(self.body, self.at + 1, quotable) {
            Ok(end) => self.take_to(end, token, then),
            Err(end) => {
                self.at = end;
                Token::Invalid
            }
        }
    }

    fn shown(&self, start: usize, end: usize) -> Shown {
        Shown::new(&self.body[start..end.min(self.body.len())])
    }
}

impl braces::Lexer for Lexer<'_> {
    fn next(&mut self) -> Token {
        self.next_word()
    }

    fn span(&self) -> Range<usize> {
        self.start..self.at
    }

    fn word(&self) -> &[u8] {
        &self.body[self.start..self.at]
    }

    fn line(&self) -> Shown {
        self.shown(self.line_start, self.at)
    }

    fn error(&self, problem: Problem) -> ParseError {
        ParseError { line_start: self.line_start, offset: self.at.min(self.body.len()), problem }
    }

    fn unexpected(&self, expected: &'static str, token: Token) -> ParseError {
        let found = self.shown(self.start, self.at + 1);
        let line = self.shown(self.line_start, self.at + 1);
        self.error(Problem::Unexpected { expected, token: token.as_str(), found, line })
    }
}
