//! Escaping for styles.

use std::fmt::Write;

use super::markup::UNSAFE;
use super::url::{UrlPart, is_harmless as is_harmless_url};

/// A place in a style sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Css {
    #[default]
    Plain,
    /// Behind a `/` that may begin a comment.
    Slash,
    Comment,
    /// Behind a `*` in a comment.
    Star,
    /// Within a string, and whether the last character was a backslash.
    /// Strings are often URLs, and are treated as such.
    Text {
        quote: char,
        is_escaped: bool,
        part: UrlPart,
    },
}

impl Css {
    /// The place behind one more character.
    pub(super) fn after(self, c: char) -> Css {
        match (self, c) {
            (Css::Text { quote, is_escaped: false, .. }, c) if c == quote => Css::Plain,
            (Css::Text { quote, is_escaped, part }, c) => {
                Css::Text { quote, is_escaped: !is_escaped && c == '\\', part: part.after(c) }
            }
            (Css::Slash, '*') => Css::Comment,
            (Css::Comment | Css::Star, '*') => Css::Star,
            (Css::Star, '/') => Css::Plain,
            (Css::Comment | Css::Star, _) => Css::Comment,
            (Css::Plain | Css::Slash, '"' | '\'') => Css::Text { quote: c, is_escaped: false, part: UrlPart::Start },
            (Css::Plain | Css::Slash, '/') => Css::Slash,
            (Css::Plain | Css::Slash, _) => Css::Plain,
        }
    }

    /// A value for this place.
    pub(super) fn escape(self, text: &str) -> String {
        match self {
            Css::Comment | Css::Star => String::new(),
            Css::Text { part: UrlPart::Query, .. } => UrlPart::Query.escape(text, false),
            Css::Text { part: UrlPart::Start, .. } if !is_harmless_url(text) => format!("#{UNSAFE}"),
            Css::Text { .. } => text_escaped(text),
            Css::Plain | Css::Slash => {
                if is_harmless(text) {
                    text.to_owned()
                } else {
                    UNSAFE.to_owned()
                }
            }
        }
    }
}

/// Whether a value can only be a value: a number, a colour, a word.
fn is_harmless(text: &str) -> bool {
    let forbidden = ['\0', '"', '\'', '(', ')', '/', ';', '@', '[', '\\', ']', '`', '{', '}', '<', '>'];
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let runs_something = letters.contains("expression") || letters.contains("mozbinding");
    !text.contains(forbidden) && !text.contains("--") && !runs_something
}

/// For a string in either quotes: what could end it, or HTML, as code points.
fn text_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_escaped = matches!(
            c,
            '\0' | '\t'
                | '\n'
                | '\u{c}'
                | '\r'
                | '"'
                | '&'
                | '\''
                | '('
                | ')'
                | '+'
                | '/'
                | ':'
                | ';'
                | '<'
                | '>'
                | '{'
                | '}'
        );
        if c == '\\' {
            out.push_str("\\\\");
        } else if is_escaped {
            let written = write!(out, "\\{:x}", u32::from(c));
            debug_assert!(written.is_ok(), "writing to a string does not fail");
            // A blank ends the code point, where the next character would be taken for a part of it.
            if chars.peek().is_none_or(|next| next.is_ascii_hexdigit() || next.is_ascii_whitespace()) {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out
}
