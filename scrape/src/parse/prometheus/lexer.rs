//! Splits the Prometheus text format into words.
//!
//! The words depend on where in a line one is: `value` is a metric name at its beginning and a value behind one. The
//! lexer therefore keeps a [`State`], and each state knows few words. What it accepts is what Prometheus's lexer
//! accepts, to the byte: blanks almost everywhere, line breaks within label values, NULs where they do no harm, and a
//! body whose last line is not ended, which reads as if it were.

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
    /// Behind `# `: HELP, TYPE, or any other comment.
    Comment,
    /// The metric name of a HELP or TYPE line.
    FamilyName,
    /// The text of a HELP or TYPE line.
    Text,
    /// Within braces: names, commas, the closing brace.
    Labels,
    /// Behind the `=` of a label.
    LabelValue,
    /// Behind a series: its value, or the opening brace.
    Value,
    /// Behind a value: a timestamp, or the end of the line.
    Timestamp,
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

    /// A part of the body; what lies behind its end is empty.
    pub(super) fn text(&self, start: usize, end: usize) -> &'a [u8] {
        let len = self.body.len();
        &self.body[start.min(len)..end.min(len)]
    }

    /// The body from here on.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text(self.at, self.body.len())
    }

    /// Takes this place for the beginning of a line.
    pub(super) fn begin_line(&mut self) {
        self.line_start = self.at;
    }

    /// The next word, blanks before it left out.
    fn next_word(&mut self) -> Token {
        if self.state != State::Text {
            self.skip_blanks();
        }
        if self.at > self.body.len() {
            return Token::Eof;
        }
        self.start = self.at;
        match self.state {
            State::Line => self.line_start_word(),
            State::Comment => self.comment(),
            State::FamilyName => self.family_name(),
            State::Text => self.help_or_type_text(),
            State::Labels => self.in_braces(),
            State::LabelValue => self.label_value(),
            State::Value => self.value(),
            State::Timestamp => self.timestamp(),
        }
    }

    /// The byte at hand. Behind the last one stands a line break, and behind that nothing, which reads as NUL.
    fn current(&self) -> u8 {
        match self.body.get(self.at) {
            Some(&byte) => byte,
            None if self.at == self.body.len() => b'\n',
            None => 0,
        }
    }

    /// Goes one byte on, and over NULs where they are allowed; answers the byte then at hand.
    fn step(&mut self) -> u8 {
        self.at += 1;
        if matches!(self.state, State::LabelValue | State::Text | State::Comment) {
            while self.body.get(self.at) == Some(&0) {
                self.at += 1;
            }
        }
        self.current()
    }

    fn skip_blanks(&mut self) {
        let mut byte = self.current();
        while matches!(byte, b' ' | b'\t') {
            byte = self.step();
        }
    }

    fn take(&mut self, token: Token, then: State) -> Token {
        self.at += 1;
        self.state = then;
        token
    }

    fn take_to(&mut self, end: usize, token: Token, then: State) -> Token {
        self.at = end;
        self.state = then;
        token
    }

    fn line_start_word(&mut self) -> Token {
        match self.current() {
            b'#' => self.after_hash(),
            b'{' => self.take(Token::BraceOpen, State::Labels),
            b'\n' => self.take(Token::LineBreak, State::Line),
            0 => self.take(Token::Eof, State::Line),
            byte if scan::begins_metric_name(byte) => {
                self.take_to(scan::metric_name_end(self.body, self.at), Token::MetricName, State::Value)
            }
            _ => Token::Invalid,
        }
    }

    fn after_hash(&mut self) -> Token {
        if !matches!(self.step(), b' ' | b'\t') {
            return self.rest_of_comment();
        }
        self.skip_blanks();
        self.state = State::Comment;
        self.comment()
    }

    fn comment(&mut self) -> Token {
        let (keyword, token) = match self.current() {
            b'H' => (b"HELP", Token::Help),
            b'T' => (b"TYPE", Token::Type),
            _ => return self.rest_of_comment(),
        };
        for &letter in &keyword[1..] {
            if self.step() != letter {
                return self.rest_of_comment();
            }
        }
        if !matches!(self.step(), b' ' | b'\t') {
            return self.rest_of_comment();
        }
        self.skip_blanks();
        self.state = State::FamilyName;
        token
    }

    /// Goes to the end of the line. A NUL in it ends the body, except behind `# `.
    fn rest_of_comment(&mut self) -> Token {
        let mut byte = self.current();
        loop {
            match byte {
                0 => return Token::Eof,
                b'\n' => break,
                _ => byte = self.step(),
            }
        }
        self.state = State::Line;
        Token::Comment
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

    /// Everything up to the line break, blanks before it included unless there is nothing else.
    fn help_or_type_text(&mut self) -> Token {
        let rest = self.text(self.at, self.body.len());
        if rest.first() == Some(&0) {
            return self.take_to(self.at, Token::Text, State::Line);
        }
        let end = self.at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if self.text(self.at, end).iter().all(|byte| matches!(byte, b' ' | b'\t' | 0)) {
            self.start = end;
        }
        self.take_to(end, Token::Text, State::Line)
    }

    fn in_braces(&mut self) -> Token {
        match self.current() {
            b'"' => self.quoted(Quotable::AllButNul, Token::QuotedString, State::Labels),
            b',' => self.take(Token::Comma, State::Labels),
            b'=' => self.take(Token::Equal, State::LabelValue),
            b'}' => self.take(Token::BraceClose, State::Value),
            byte if scan::begins_label_name(byte) => {
                self.take_to(scan::label_name_end(self.body, self.at), Token::LabelName, State::Labels)
            }
            _ => Token::Invalid,
        }
    }

    fn label_value(&mut self) -> Token {
        match self.current() {
            b'"' => self.quoted(Quotable::Everything, Token::LabelValue, State::Labels),
            _ => Token::Invalid,
        }
    }

    fn value(&mut self) -> Token {
        match self.current() {
            b'{' => self.take(Token::BraceOpen, State::Labels),
            b'\n' | 0 => Token::Invalid,
            _ => self.take_to(scan::value_end(self.body, self.at), Token::Value, State::Timestamp),
        }
    }

    fn timestamp(&mut self) -> Token {
        match self.current() {
            b'\n' => self.take(Token::LineBreak, State::Line),
            b'0'..=b'9' => self.take_to(scan::digits_end(self.body, self.at), Token::Timestamp, State::Timestamp),
            _ => Token::Invalid,
        }
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
        let text = self.text(start, end);
        if end > self.body.len() { Shown::with_line_break(text) } else { Shown::new(text) }
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
        self.text(self.start, self.at)
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
