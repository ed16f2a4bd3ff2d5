//! Strings: `"…"` and `'…'` with Go's escapes, and `` `…` `` without any.

use super::{LexError, Lexer, shown};
use crate::syntax::token::Kind;

impl Lexer<'_> {
    pub(super) fn lex_string(&mut self) -> Result<(), LexError> {
        let quote = char::from(self.cursor.peek());
        self.cursor.bump();
        loop {
            match self.cursor.read_char() {
                Some(c) if c == quote => break,
                Some(char::REPLACEMENT_CHARACTER) => return Err(self.error("invalid UTF-8 rune".to_owned())),
                None if quote == '`' => return Err(self.error("unterminated raw string".to_owned())),
                Some(_) if quote == '`' => {}
                None | Some('\n') => return Err(self.error("unterminated quoted string".to_owned())),
                Some('\\') => self.read_escape(quote)?,
                Some(_) => {}
            }
        }
        self.emit(Kind::String);
        Ok(())
    }

    fn read_escape(&mut self, quote: char) -> Result<(), LexError> {
        let first = self.cursor.read_char();
        let (n_digits, radix, max, mut digit) = match first {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => return Ok(()),
            Some(c) if c == quote => return Ok(()),
            Some('0'..='7') => (3, 8, 0xff, first),
            Some('x') => (2, 16, 0xff, self.cursor.read_char()),
            Some('u') => (4, 16, 0x10_ffff, self.cursor.read_char()),
            Some('U') => (8, 16, 0x10_ffff, self.cursor.read_char()),
            Some(c) => return Err(self.error(format!("unknown escape sequence {}", code_point(c)))),
            None => return Err(self.error("escape sequence not terminated".to_owned())),
        };
        let mut value = 0u32;
        for n_left in (0..n_digits).rev() {
            let c = digit.ok_or_else(|| self.error("escape sequence not terminated".to_owned()))?;
            let Some(one) = c.to_digit(radix) else {
                return Err(self.error(format!("illegal character {} in escape sequence", code_point(c))));
            };
            // Eight hexadecimal digits just fit.
            value = value * radix + one;
            if n_left > 0 {
                digit = self.cursor.read_char();
            }
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return Err(self.error("escape sequence is an invalid Unicode code point".to_owned()));
        }
        Ok(())
    }
}

/// A character by its number, and in quotes where it can be printed.
fn code_point(c: char) -> String {
    let number = format!("U+{:04X}", c as u32);
    let quoted = shown(Some(c)).to_string();
    let is_printable = c == '\'' || c == '\\' || !quoted.starts_with("'\\");
    if is_printable { format!("{number} '{c}'") } else { number }
}
