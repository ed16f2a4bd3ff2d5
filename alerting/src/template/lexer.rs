//! From text to tokens, as Go's text/template takes it apart.
//!
//! Outside of `{{` and `}}` everything is text. `{{- ` and ` -}}` take the white space before and behind them away.
//! Inside, blanks are tokens too: they separate arguments. The last token is the end or an error.

use model::name::quoted;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Error,
    Bool,
    /// An ASCII character that has no other meaning, such as a comma.
    Char,
    CharConstant,
    Assign,
    Declare,
    End,
    /// `.name`
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    /// `$name`
    Variable,
    /// `.` alone.
    Dot,
    Keyword(Keyword),
}

/// A word that begins or ends something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

const KEYWORDS: [(&str, Keyword); 11] = [
    ("block", Keyword::Block),
    ("break", Keyword::Break),
    ("continue", Keyword::Continue),
    ("define", Keyword::Define),
    ("else", Keyword::Else),
    ("end", Keyword::End),
    ("if", Keyword::If),
    ("nil", Keyword::Nil),
    ("range", Keyword::Range),
    ("template", Keyword::Template),
    ("with", Keyword::With),
];

/// A token: its kind, where it begins, and its text; the message, where it is an error.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// In bytes.
    pub(super) at: usize,
    /// From 1.
    pub(super) line: usize,
    pub(super) text: String,
}

impl Token {
    /// The token as errors name it.
    pub(super) fn described(&self) -> String {
        match self.kind {
            TokenKind::End => "EOF".to_owned(),
            TokenKind::Error => self.text.clone(),
            TokenKind::Keyword(_) | TokenKind::Dot => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                format!("{}...", quoted(&self.text.chars().take(10).collect::<String>()))
            }
            _ => quoted(&self.text).to_string(),
        }
    }
}

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, start: 0, line: 1, counted: 0, tokens: Vec::new() };
    if let Err(message) = lexer.run() {
        lexer.push_text(TokenKind::Error, message);
    }
    lexer.tokens
}

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Where the token begins that is being read.
    start: usize,
    /// The line of `counted`.
    line: usize,
    counted: usize,
    tokens: Vec<Token>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn accept(&mut self, is_wanted: impl Fn(char) -> bool) -> bool {
        let is_there = self.peek().is_some_and(is_wanted);
        if is_there {
            self.next();
        }
        is_there
    }

    fn accept_all(&mut self, is_wanted: impl Fn(char) -> bool) {
        while self.accept(&is_wanted) {}
    }

    fn push(&mut self, kind: TokenKind) {
        self.push_text(kind, self.text[self.start..self.at].to_owned());
    }

    fn push_text(&mut self, kind: TokenKind, text: String) {
        self.line += self.text[self.counted..self.start].matches('\n').count();
        self.counted = self.start;
        self.tokens.push(Token { kind, at: self.start, line: self.line, text });
        self.start = self.at;
    }

    fn skip_to(&mut self, at: usize) {
        self.at = at;
        self.start = at;
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(n_before) = self.rest().find("{{") {
            let delimiter = self.at + n_before;
            let is_trimmed = begins_with_trim(&self.text[delimiter + 2..]);
            let before = &self.text[self.at..delimiter];
            let kept = if is_trimmed { before.trim_end_matches(SPACES) } else { before };
            self.at += kept.len();
            if !kept.is_empty() {
                self.push(TokenKind::Text);
            }
            self.skip_to(delimiter);
            self.action(if is_trimmed { 2 } else { 0 })?;
        }
        self.at = self.text.len();
        if self.at > self.start {
            self.push(TokenKind::Text);
        }
        self.push_text(TokenKind::End, String::new());
        Ok(())
    }

    /// An action or a comment, from its `{{` on.
    fn action(&mut self, n_marker: usize) -> Result<(), String> {
        if self.text[self.at + 2 + n_marker..].starts_with("/*") {
            self.skip_to(self.at + 2 + n_marker);
            return self.comment();
        }
        self.at += 2;
        self.push(TokenKind::LeftDelimiter);
        self.skip_to(self.at + n_marker);
        let mut depth = 0usize;
        loop {
            if let Some(is_trimmed) = self.right_delimiter() {
                if depth > 0 {
                    return Err("unclosed left paren".to_owned());
                }
                self.end_action(is_trimmed);
                return Ok(());
            }
            self.inside(&mut depth)?;
        }
    }

    fn comment(&mut self) -> Result<(), String> {
        let n_bytes = self.rest()[2..].find("*/").ok_or("unclosed comment")?;
        self.at += n_bytes + 4;
        let is_trimmed = self.right_delimiter().ok_or("comment ends before closing delimiter")?;
        let end = self.at + if is_trimmed { 4 } else { 2 };
        self.skip_to(end);
        self.skip_spaces(is_trimmed);
        Ok(())
    }

    /// Whether `}}` stands here, and if so, whether it takes away the white space behind it.
    fn right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        let mut chars = rest.chars();
        if chars.next().is_some_and(|c| SPACES.contains(&c)) && chars.as_str().starts_with("-}}") {
            return Some(true);
        }
        rest.starts_with("}}").then_some(false)
    }

    fn end_action(&mut self, is_trimmed: bool) {
        if is_trimmed {
            self.skip_to(self.at + 2);
        }
        self.at += 2;
        self.push(TokenKind::RightDelimiter);
        self.skip_spaces(is_trimmed);
    }

    fn skip_spaces(&mut self, is_trimmed: bool) {
        if is_trimmed {
            let rest = self.rest();
            self.skip_to(self.at + rest.len() - rest.trim_start_matches(SPACES).len());
        }
    }

    fn inside(&mut self, depth: &mut usize) -> Result<(), String> {
        let Some(next) = self.next() else { return Err("unclosed action".to_owned()) };
        match next {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.push(TokenKind::Assign),
            ':' if self.accept(|c| c == '=') => self.push(TokenKind::Declare),
            ':' => return Err("expected :=".to_owned()),
            '|' => self.push(TokenKind::Pipe),
            '"' => self.quoted('"', "unterminated quoted string", TokenKind::String)?,
            '\'' => self.quoted('\'', "unterminated character constant", TokenKind::CharConstant)?,
            '`' => {
                let n_bytes = self.rest().find('`').ok_or("unterminated raw quoted string")?;
                self.at += n_bytes + 1;
                self.push(TokenKind::RawString);
            }
            '$' => self.name(TokenKind::Variable, TokenKind::Variable)?,
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => self.name(TokenKind::Field, TokenKind::Dot)?,
            '.' | '+' | '-' | '0'..='9' => {
                self.at -= 1;
                self.number()?;
            }
            '(' => {
                *depth += 1;
                self.push(TokenKind::LeftParen);
            }
            ')' => {
                *depth = depth.checked_sub(1).ok_or("unexpected right paren")?;
                self.push(TokenKind::RightParen);
            }
            next if is_alphanumeric(next) => self.identifier()?,
            next if next.is_ascii_graphic() => self.push(TokenKind::Char),
            next => return Err(format!("unrecognized character in action: {}", code_point(next))),
        }
        Ok(())
    }

    fn space(&mut self) {
        self.at -= 1;
        let mut n_spaces = 0;
        while self.peek().is_some_and(|c| SPACES.contains(&c)) {
            // The last blank may belong to the delimiter.
            if self.right_delimiter() == Some(true) {
                break;
            }
            self.next();
            n_spaces += 1;
        }
        if n_spaces > 0 {
            self.push(TokenKind::Space);
        }
    }

    fn quoted(&mut self, quote: char, unterminated: &str, kind: TokenKind) -> Result<(), String> {
        loop {
            match self.next() {
                Some('\\') => {
                    self.next().filter(|&c| c != '\n').ok_or(unterminated)?;
                }
                None | Some('\n') => return Err(unterminated.to_owned()),
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        self.push(kind);
        Ok(())
    }

    /// The name behind a `.` or `$`, which may be missing.
    fn name(&mut self, kind: TokenKind, alone: TokenKind) -> Result<(), String> {
        if self.is_at_end_of_word() {
            self.push(alone);
            return Ok(());
        }
        self.accept_all(is_alphanumeric);
        self.require_end_of_word()?;
        self.push(kind);
        Ok(())
    }

    fn identifier(&mut self) -> Result<(), String> {
        self.accept_all(is_alphanumeric);
        self.require_end_of_word()?;
        let word = &self.text[self.start..self.at];
        let keyword = KEYWORDS.iter().find(|(text, _)| *text == word);
        self.push(match keyword {
            Some((_, keyword)) => TokenKind::Keyword(*keyword),
            None if word == "true" || word == "false" => TokenKind::Bool,
            None => TokenKind::Identifier,
        });
        Ok(())
    }

    fn require_end_of_word(&self) -> Result<(), String> {
        match self.peek() {
            Some(next) if !self.is_at_end_of_word() => Err(format!("bad character {}", code_point(next))),
            _ => Ok(()),
        }
    }

    fn is_at_end_of_word(&self) -> bool {
        let is_end = |c: char| SPACES.contains(&c) || ".,|:)(".contains(c);
        self.peek().is_none_or(is_end) || self.rest().starts_with("}}")
    }

    /// Anything that may be a number; whether it is one is found out later.
    fn number(&mut self) -> Result<(), String> {
        let is_sign = |c| c == '+' || c == '-';
        self.accept(is_sign);
        let mut base = 10;
        if self.accept(|c| c == '0') {
            for (letters, with) in [("xX", 16), ("oO", 8), ("bB", 2)] {
                if self.accept(|c| letters.contains(c)) {
                    base = with;
                    break;
                }
            }
        }
        self.accept_all(|c| c.is_digit(base) || c == '_');
        if self.accept(|c| c == '.') {
            self.accept_all(|c| c.is_digit(base) || c == '_');
        }
        if base == 10 && self.accept(|c| c == 'e' || c == 'E') || base == 16 && self.accept(|c| c == 'p' || c == 'P') {
            self.accept(is_sign);
            self.accept_all(|c| c.is_ascii_digit() || c == '_');
        }
        // What goes on is no number, or a complex one, of which there are none.
        if self.accept(is_alphanumeric) || self.accept(is_sign) {
            return Err(format!("bad number syntax: {}", quoted(&self.text[self.start..self.at])));
        }
        self.push(TokenKind::Number);
        Ok(())
    }
}

fn begins_with_trim(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(|c| SPACES.contains(&c))
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// A character as Go's `%#U` writes it.
fn code_point(c: char) -> String {
    let is_shown = !c.is_control() && (c == ' ' || !c.is_whitespace());
    if is_shown { format!("U+{:04X} '{c}'", u32::from(c)) } else { format!("U+{:04X}", u32::from(c)) }
}
