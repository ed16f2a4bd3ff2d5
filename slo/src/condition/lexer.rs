//! From text to words, numbers, strings and signs.

/// A piece of text and where it begins, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'text> {
    pub(super) at: usize,
    pub(super) kind: TokenKind<'text>,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'text> {
    /// A name, dots included.
    Name(&'text str),
    /// What begins with a digit: `25%`, `3d`, `0.5`.
    Amount(&'text str),
    /// Between quotation marks.
    Quoted(&'text str),
    Sign(&'text str),
    /// A quotation that does not end.
    Unclosed,
    /// A character that nothing begins with.
    Strange(char),
    End,
}

/// Signs, longer ones first.
const SIGNS: [&str; 12] = ["<=", ">=", "==", "!=", "<", ">", "=", "(", ")", "[", "]", ","];

/// All tokens; the last one is [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let (kind, n_bytes) = token(&text[at..]);
        tokens.push(Token { at, kind });
        if matches!(kind, TokenKind::End | TokenKind::Unclosed | TokenKind::Strange(_)) {
            return tokens;
        }
        at += n_bytes;
    }
}

/// The first token of a text, and its length in bytes.
fn token(text: &str) -> (TokenKind<'_>, usize) {
    let Some(first) = text.chars().next() else { return (TokenKind::End, 0) };
    if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(**sign)) {
        return (TokenKind::Sign(sign), sign.len());
    }
    if first == '\'' || first == '"' {
        let inner = &text[1..];
        return inner.find(first).map_or((TokenKind::Unclosed, 0), |end| (TokenKind::Quoted(&inner[..end]), end + 2));
    }
    let is_negative = first == '-' && text[1..].starts_with(|next: char| next.is_ascii_digit());
    if first.is_ascii_digit() || is_negative {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '%';
        let n_bytes = 1 + text[1..].find(|c| !is_part(c)).unwrap_or(text.len() - 1);
        return (TokenKind::Amount(&text[..n_bytes]), n_bytes);
    }
    if first.is_alphabetic() || first == '_' {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let n_bytes = text.find(|c| !is_part(c)).unwrap_or(text.len());
        return (TokenKind::Name(&text[..n_bytes]), n_bytes);
    }
    (TokenKind::Strange(first), 0)
}

impl std::fmt::Display for TokenKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TokenKind::Name(text) | TokenKind::Amount(text) | TokenKind::Sign(text) => write!(f, "{text:?}"),
            TokenKind::Quoted(text) => write!(f, "the text {text:?}"),
            TokenKind::Unclosed => f.write_str("a quotation that does not end"),
            TokenKind::Strange(c) => write!(f, "{c:?}"),
            TokenKind::End => f.write_str("the end"),
        }
    }
}
