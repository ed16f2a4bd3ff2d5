//! Tokens outside braces: operators, names, keywords, numbers.

use super::{LexError, Lexer, Mode, is_blank, is_letter, is_word, shown};
use crate::syntax::token::Kind;

impl Lexer<'_> {
    pub(super) fn lex_statement(&mut self) -> Result<Mode, LexError> {
        let byte = self.cursor.peek();
        match byte {
            _ if self.cursor.is_at_end() => return self.lex_end(),
            b'#' => self.skip_comment(),
            _ if is_blank(byte) => self.skip_blanks(),
            b'0'..=b'9' => self.lex_number_or_duration()?,
            b'.' if self.cursor.rest().get(1).is_some_and(u8::is_ascii_digit) => self.lex_number_or_duration()?,
            b'"' | b'\'' | b'`' => self.lex_string()?,
            b':' => return self.lex_colon(),
            _ if is_letter(byte) => return self.lex_word(),
            b'(' => self.lex_left_paren(),
            b')' => self.lex_right_paren()?,
            b'[' => return self.lex_left_bracket(),
            b']' => self.lex_right_bracket()?,
            b'{' => {
                self.cursor.bump();
                self.emit(Kind::LeftBrace);
                self.in_braces = true;
            }
            _ => self.lex_operator()?,
        }
        Ok(Mode::Statement)
    }

    fn lex_end(&mut self) -> Result<Mode, LexError> {
        if self.n_open_parens > 0 {
            return Err(self.error("unclosed left parenthesis".to_owned()));
        }
        if self.in_bracket {
            return Err(self.error("unclosed left bracket".to_owned()));
        }
        self.emit(Kind::End);
        Ok(Mode::Done)
    }

    fn lex_operator(&mut self) -> Result<(), LexError> {
        let first = self.cursor.read_char();
        let second = self.cursor.peek();
        let (kind, is_long) = match (first, second) {
            (Some(','), _) => (Kind::Comma, false),
            (Some('*'), _) => (Kind::Mul, false),
            (Some('/'), _) => (Kind::Div, false),
            (Some('%'), _) => (Kind::Mod, false),
            (Some('+'), _) => (Kind::Add, false),
            (Some('-'), _) => (Kind::Sub, false),
            (Some('^'), _) => (Kind::Pow, false),
            (Some('@'), _) => (Kind::At, false),
            (Some('='), b'=') => (Kind::EqualEqual, true),
            (Some('='), b'~') => return Err(self.error("unexpected character after '=': '~'".to_owned())),
            (Some('='), _) => (Kind::Equal, false),
            (Some('!'), b'=') => (Kind::NotEqual, true),
            (Some('!'), _) => {
                let message = format!("unexpected character after '!': {}", shown(self.cursor.peek_char()));
                return Err(self.error(message));
            }
            (Some('<'), b'=') => (Kind::LessEqual, true),
            (Some('<'), b'/') => (Kind::TrimUpper, true),
            (Some('<'), _) => (Kind::Less, false),
            (Some('>'), b'=') => (Kind::GreaterEqual, true),
            (Some('>'), b'/') => (Kind::TrimLower, true),
            (Some('>'), _) => (Kind::Greater, false),
            (other, _) => return Err(self.error(format!("unexpected character: {}", shown(other)))),
        };
        if is_long {
            self.cursor.bump();
        }
        self.emit(kind);
        Ok(())
    }

    pub(super) fn lex_left_paren(&mut self) {
        self.cursor.bump();
        self.emit(Kind::LeftParen);
        self.n_open_parens += 1;
    }

    pub(super) fn lex_right_paren(&mut self) -> Result<(), LexError> {
        self.cursor.bump();
        if self.n_open_parens == 0 {
            return Err(self.error_behind("unexpected right parenthesis ')'".to_owned()));
        }
        self.n_open_parens -= 1;
        self.emit(Kind::RightParen);
        Ok(())
    }

    fn lex_left_bracket(&mut self) -> Result<Mode, LexError> {
        self.cursor.bump();
        if self.in_bracket {
            return Err(self.error("unexpected left bracket '['".to_owned()));
        }
        self.emit(Kind::LeftBracket);
        self.skip_blanks();
        self.in_bracket = true;
        self.seen_colon = false;
        Ok(Mode::Bracket)
    }

    fn lex_right_bracket(&mut self) -> Result<(), LexError> {
        self.cursor.bump();
        if !self.in_bracket {
            return Err(self.error("unexpected right bracket ']'".to_owned()));
        }
        self.emit(Kind::RightBracket);
        self.in_bracket = false;
        Ok(())
    }

    /// A colon begins a name, but separates range and step of a subquery.
    fn lex_colon(&mut self) -> Result<Mode, LexError> {
        if !self.in_bracket {
            return self.lex_word();
        }
        self.cursor.bump();
        if self.seen_colon {
            return Err(self.error("unexpected colon ':'".to_owned()));
        }
        self.emit(Kind::Colon);
        self.seen_colon = true;
        Ok(Mode::Statement)
    }

    /// A name or a keyword; in brackets only the keywords of duration expressions.
    pub(super) fn lex_word(&mut self) -> Result<Mode, LexError> {
        if self.in_bracket {
            let first = self.cursor.peek_char();
            if self.lex_duration_keyword() {
                return Ok(Mode::Statement);
            }
            return Err(self.error(format!("unexpected character: {}, expected ':'", shown(first))));
        }
        self.cursor.read_while(|byte| is_word(byte) || byte == b':');
        let word = self.cursor.token_text();
        let kind = match Kind::keyword(word) {
            Some(Kind::Fill | Kind::FillLeft | Kind::FillRight) if !self.is_before_paren() => Kind::Identifier,
            Some(keyword) => keyword,
            None if word.contains(&b':') => Kind::MetricIdentifier,
            None => Kind::Identifier,
        };
        self.emit(kind);
        let in_values = self.in_series && self.cursor.peek() != b'{';
        Ok(if in_values { Mode::Sequence } else { Mode::Statement })
    }

    /// Fill modifiers came late; without a parenthesis behind them they are names, as they were before.
    fn is_before_paren(&self) -> bool {
        self.cursor.rest().iter().find(|&&byte| !is_blank(byte)) == Some(&b'(')
    }
}
