//! Numbers and durations. What is a number in the end is decided by the parser, so that `2_` or `0x` meet the same
//! messages as in Prometheus.

use super::{LexError, Lexer, is_word};
use crate::syntax::quote::Quoted;
use crate::syntax::token::Kind;

impl Lexer<'_> {
    pub(super) fn lex_number_or_duration(&mut self) -> Result<(), LexError> {
        if self.read_number() {
            self.emit(Kind::Number);
            return Ok(());
        }
        if self.read_rest_of_duration() {
            self.emit(Kind::Duration);
            return Ok(());
        }
        // The message shows the character that does not fit, too.
        Err(self.error(format!("bad number or duration syntax: {}", Quoted(self.cursor.token_text()))))
    }

    pub(super) fn lex_number(&mut self) -> Result<(), LexError> {
        if self.read_number() {
            self.emit(Kind::Number);
            return Ok(());
        }
        Err(self.error(format!("bad number syntax: {}", Quoted(self.cursor.token_text()))))
    }

    /// Reads what begins like a number; answers `false` where it goes on as something else.
    fn read_number(&mut self) -> bool {
        let is_hex = self.read_hex_prefix();
        let is_digit = |byte: u8| if is_hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
        self.cursor.read_if(|byte| byte == b'.');
        self.cursor.read_if(is_digit);
        let (mut seen_point, mut seen_exponent) = (false, false);
        loop {
            let byte = self.cursor.peek();
            if byte == b'.' {
                self.cursor.bump();
                // A hexadecimal number has no fraction.
                if seen_point || self.cursor.read_if(|next| matches!(next, b'_' | b'.')) || is_hex {
                    return false;
                }
                seen_point = true;
            } else if matches!(byte, b'e' | b'E') {
                self.cursor.bump();
                if seen_exponent {
                    return false;
                }
                seen_exponent = true;
                self.cursor.read_if(|next| matches!(next, b'+' | b'-'));
                if !self.read_separator_end() {
                    return false;
                }
            } else if byte == b'_' {
                self.cursor.bump();
                if !self.read_separator_end() {
                    return false;
                }
            } else if is_digit(byte) {
                self.cursor.read_while(is_digit);
            } else {
                break;
            }
        }
        let is_repeated = self.in_series && self.cursor.peek() == b'x';
        !self.cursor.token_is_empty() && (is_repeated || !is_word(self.cursor.peek()))
    }

    /// In series descriptions `0x3` is three more zeros.
    fn read_hex_prefix(&mut self) -> bool {
        if self.in_series || !self.cursor.read_if(|byte| byte == b'0') {
            return false;
        }
        let is_hex = self.cursor.read_if(|byte| matches!(byte, b'x' | b'X'));
        if is_hex {
            self.cursor.read_if(|byte| byte == b'_');
        }
        is_hex
    }

    /// Behind an exponent or an underscore neither another one nor the end may follow.
    fn read_separator_end(&mut self) -> bool {
        !self.cursor.read_if(|byte| matches!(byte, b'.' | b'_' | b'e' | b'E')) && !self.cursor.is_at_end()
    }

    /// Reads the unit behind a first number, and more numbers with units; whether they are in order is seen later.
    fn read_rest_of_duration(&mut self) -> bool {
        if !self.cursor.read_if(|byte| b"smhdwy".contains(&byte)) {
            return false;
        }
        self.cursor.read_if(|byte| byte == b's');
        while self.cursor.peek().is_ascii_digit() {
            self.cursor.read_while(|byte| byte.is_ascii_digit());
            if !self.cursor.read_if(|byte| b"smhdw".contains(&byte)) {
                return false;
            }
            self.cursor.read_if(|byte| byte == b's');
        }
        if is_word(self.cursor.peek()) {
            self.cursor.bump();
            return false;
        }
        true
    }
}
