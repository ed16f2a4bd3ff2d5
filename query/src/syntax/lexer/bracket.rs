//! Tokens behind `[`: duration expressions. Behind its first number a bracket is read as a statement, so that strings
//! and names in it meet the errors of statements.

use super::{LexError, Lexer, Mode, is_blank, is_letter, shown};
use crate::syntax::token::Kind;

impl Lexer<'_> {
    pub(super) fn lex_bracket(&mut self) -> Result<Mode, LexError> {
        let byte = self.cursor.peek();
        match byte {
            _ if self.cursor.is_at_end() => {
                return Err(self.error("unexpected end of input in duration expression".to_owned()));
            }
            b']' => {
                self.lex_single(Kind::RightBracket);
                self.in_bracket = false;
                self.seen_colon = false;
                return Ok(Mode::Statement);
            }
            b':' => self.lex_bracket_colon()?,
            b'(' => self.lex_left_paren(),
            b')' => self.lex_right_paren()?,
            _ if is_blank(byte) => self.skip_blanks(),
            b'+' => self.lex_single(Kind::Add),
            b'-' => self.lex_single(Kind::Sub),
            b'*' => self.lex_single(Kind::Mul),
            b'/' => self.lex_single(Kind::Div),
            b'%' => self.lex_single(Kind::Mod),
            b'^' => self.lex_single(Kind::Pow),
            b',' => self.lex_single(Kind::Comma),
            b'0'..=b'9' => return self.lex_first_number(),
            b'.' if self.cursor.rest().get(1).is_some_and(u8::is_ascii_digit) => return self.lex_first_number(),
            _ => self.lex_bracket_keyword()?,
        }
        Ok(Mode::Bracket)
    }

    fn lex_single(&mut self, kind: Kind) {
        self.cursor.bump();
        self.emit(kind);
    }

    fn lex_first_number(&mut self) -> Result<Mode, LexError> {
        self.seen_duration = true;
        self.lex_number_or_duration()?;
        Ok(Mode::Statement)
    }

    fn lex_bracket_colon(&mut self) -> Result<(), LexError> {
        self.cursor.bump();
        if !self.seen_duration {
            return Err(self.error_behind("unexpected colon before duration in duration expression".to_owned()));
        }
        if self.seen_colon {
            return Err(self.error_behind("unexpected repeated colon in duration expression".to_owned()));
        }
        self.emit(Kind::Colon);
        self.seen_colon = true;
        Ok(())
    }

    fn lex_bracket_keyword(&mut self) -> Result<(), LexError> {
        let first = self.cursor.peek_char();
        if self.lex_duration_keyword() {
            return Ok(());
        }
        Err(self.error(format!("unexpected character in duration expression: {}", shown(first))))
    }

    /// Reads `step`, `range`, `max_of` or `min_of`; answers `false` where none of them stands here.
    pub(super) fn lex_duration_keyword(&mut self) -> bool {
        let word = self.cursor.rest();
        let word = &word[..word.iter().position(|&byte| !is_letter(byte)).unwrap_or(word.len())];
        let Some(kind) = Kind::duration_keyword(word) else { return false };
        self.cursor.read_while(is_letter);
        self.emit(kind);
        true
    }
}
