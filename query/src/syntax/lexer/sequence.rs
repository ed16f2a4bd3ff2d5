//! Tokens of series descriptions: values, repetitions and histograms. Blanks count here.

use super::{Histogram, LexError, Lexer, Mode, is_blank, is_letter, shown};
use crate::syntax::quote::Quoted;
use crate::syntax::token::Kind;

impl Lexer<'_> {
    pub(super) fn lex_sequence(&mut self) -> Result<Mode, LexError> {
        if self.histogram != Histogram::None {
            return self.lex_histogram();
        }
        let byte = self.cursor.peek();
        let single = match byte {
            _ if self.cursor.is_at_end() => return Ok(Mode::Statement),
            b'{' if self.cursor.rest().starts_with(b"{{") => {
                self.cursor.bump();
                self.cursor.bump();
                self.histogram = Histogram::Inside;
                self.emit(Kind::OpenHistogram);
                return Ok(Mode::Histogram);
            }
            _ if is_blank(byte) => {
                self.lex_space();
                return Ok(Mode::Sequence);
            }
            b'0'..=b'9' => return self.lex_number().map(|()| Mode::Sequence),
            b'.' if self.cursor.rest().get(1).is_some_and(u8::is_ascii_digit) => {
                return self.lex_number().map(|()| Mode::Sequence);
            }
            b'+' => Kind::Add,
            b'-' => Kind::Sub,
            b'x' => Kind::Times,
            b'_' => Kind::Blank,
            _ if is_letter(byte) => return self.lex_word(),
            _ => {
                let c = shown(self.cursor.read_char());
                return Err(self.error(format!("unexpected character in series sequence: {c}")));
            }
        };
        self.cursor.bump();
        self.emit(single);
        Ok(Mode::Sequence)
    }

    /// One token for a run of blanks, as long as its first.
    fn lex_space(&mut self) {
        self.cursor.bump();
        self.emit(Kind::Space);
        self.skip_blanks();
    }

    pub(super) fn lex_histogram(&mut self) -> Result<Mode, LexError> {
        if let Histogram::Before(operator) = self.histogram {
            self.histogram = Histogram::None;
            self.cursor.bump();
            self.emit(operator);
            return Ok(Mode::Sequence);
        }
        if self.in_bracket {
            return self.lex_buckets();
        }
        let byte = self.cursor.peek();
        match byte {
            _ if self.cursor.is_at_end() => {}
            _ if is_blank(byte) => {
                self.lex_space();
                return Ok(Mode::Statement);
            }
            _ if is_letter(byte) => return self.lex_histogram_word(),
            b':' => {
                self.cursor.bump();
                self.emit(Kind::Colon);
                return Ok(Mode::Histogram);
            }
            b'-' => {
                self.cursor.bump();
                self.emit(Kind::Sub);
                return Ok(Mode::Histogram);
            }
            b'0'..=b'9' => return self.lex_number().map(|()| Mode::Statement),
            b'[' => {
                self.cursor.bump();
                self.emit(Kind::LeftBracket);
                self.in_bracket = true;
                return Ok(Mode::Buckets);
            }
            b'}' if self.cursor.rest().starts_with(b"}}") => return Ok(self.lex_close_histogram()),
            _ => {}
        }
        let c = shown(self.cursor.read_char());
        Err(self.error(format!("histogram description incomplete unexpected: {c}")))
    }

    fn lex_close_histogram(&mut self) -> Mode {
        self.cursor.bump();
        self.cursor.bump();
        self.emit(Kind::CloseHistogram);
        self.histogram = match self.cursor.peek() {
            b'x' => Histogram::Before(Kind::Times),
            b'+' => Histogram::Before(Kind::Add),
            b'-' => Histogram::Before(Kind::Sub),
            _ => Histogram::None,
        };
        Mode::Sequence
    }

    fn lex_histogram_word(&mut self) -> Result<Mode, LexError> {
        self.cursor.read_while(is_letter);
        let word = self.cursor.token_text();
        if let Some(key) = Kind::histogram_key(word) {
            if self.cursor.peek() != b':' {
                return Err(self.error("missing `:` for histogram descriptor".to_owned()));
            }
            self.emit(key);
            return Ok(Mode::Histogram);
        }
        let is_number = Kind::keyword(word) == Some(Kind::Number);
        match if is_number { Some(Kind::Number) } else { Kind::reset_hint(word) } {
            Some(kind) => {
                self.emit(kind);
                Ok(Mode::Histogram)
            }
            None => Err(self.error(format!("bad histogram descriptor found: {}", Quoted(word)))),
        }
    }

    pub(super) fn lex_buckets(&mut self) -> Result<Mode, LexError> {
        let byte = self.cursor.peek();
        match byte {
            _ if self.cursor.is_at_end() => {}
            _ if is_blank(byte) => {
                self.lex_space();
                return Ok(Mode::Statement);
            }
            b'-' => {
                self.cursor.bump();
                self.emit(Kind::Sub);
                return self.lex_number().map(|()| Mode::Statement);
            }
            b'0'..=b'9' => return self.lex_number().map(|()| Mode::Statement),
            b']' => {
                self.cursor.bump();
                self.in_bracket = false;
                self.emit(Kind::RightBracket);
                return Ok(Mode::Histogram);
            }
            _ if is_letter(byte) => {
                self.cursor.bump();
                if Kind::keyword(self.cursor.token_text()) == Some(Kind::Number) {
                    self.emit(Kind::Number);
                    return Ok(Mode::Statement);
                }
                return Ok(Mode::Buckets);
            }
            _ => {}
        }
        let c = shown(self.cursor.read_char());
        Err(self.error(format!("invalid character in buckets description: {c}")))
    }
}
