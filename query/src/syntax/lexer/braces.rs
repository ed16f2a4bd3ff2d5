//! Tokens inside `{ }`, where every word is a name.

use super::{LexError, Lexer, Mode, is_blank, is_letter, is_word, shown};
use crate::syntax::token::Kind;

impl Lexer<'_> {
    pub(super) fn lex_in_braces(&mut self) -> Result<Mode, LexError> {
        let byte = self.cursor.peek();
        match byte {
            _ if self.cursor.is_at_end() => {
                return Err(self.error("unexpected end of input inside braces".to_owned()));
            }
            b'#' => self.skip_comment(),
            _ if is_blank(byte) => self.skip_blanks(),
            _ if is_letter(byte) => {
                self.cursor.read_while(is_word);
                self.emit(Kind::Identifier);
            }
            b'"' | b'\'' | b'`' => self.lex_string()?,
            b'}' => {
                self.cursor.bump();
                self.emit(Kind::RightBrace);
                self.in_braces = false;
                return Ok(if self.in_series { Mode::Sequence } else { Mode::Statement });
            }
            _ => self.lex_match_operator()?,
        }
        Ok(Mode::Statement)
    }

    fn lex_match_operator(&mut self) -> Result<(), LexError> {
        let first = self.cursor.read_char();
        let second = self.cursor.peek();
        let (kind, is_long) = match (first, second) {
            (Some(','), _) => (Kind::Comma, false),
            (Some('='), b'~') => (Kind::EqualRegex, true),
            (Some('='), _) => (Kind::Equal, false),
            (Some('!'), b'~') => (Kind::NotRegex, true),
            (Some('!'), b'=') => (Kind::NotEqual, true),
            (Some('!'), _) => {
                let next = shown(self.cursor.peek_char());
                return Err(self.error(format!("unexpected character after '!' inside braces: {next}")));
            }
            (Some('{'), _) => return Err(self.error("unexpected left brace '{'".to_owned())),
            (other, _) => return Err(self.error(format!("unexpected character inside braces: {}", shown(other)))),
        };
        if is_long {
            self.cursor.bump();
        }
        self.emit(kind);
        Ok(())
    }
}
