//! Escaping for scripts.

use crate::template::json::to_json;
use crate::template::value::Value;

/// A place in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Js {
    /// Between strings; whether a `/` would begin a regular expression.
    Plain {
        can_begin_regex: bool,
    },
    /// Behind a `/`; whether it can have begun a regular expression.
    Slash {
        can_begin_regex: bool,
    },
    BlockComment,
    /// Behind a `*` in a comment.
    Star,
    LineComment,
    /// Within a string, a template or a regular expression, in whose brackets a slash means itself.
    Text {
        quote: char,
        is_escaped: bool,
        in_class: bool,
    },
}

impl Default for Js {
    fn default() -> Js {
        Js::Plain { can_begin_regex: true }
    }
}

impl Js {
    /// The place behind one more character.
    pub(super) fn after(self, c: char) -> Js {
        match (self, c) {
            (Js::Text { quote, is_escaped: false, in_class: false }, c) if c == quote => {
                Js::Plain { can_begin_regex: false }
            }
            (Js::Text { quote, is_escaped, in_class }, c) => {
                let is_regex = quote == '/';
                let in_class = if is_escaped { in_class } else { is_regex && (c == '[' || in_class && c != ']') };
                Js::Text { quote, is_escaped: !is_escaped && c == '\\', in_class }
            }
            (Js::LineComment, '\n' | '\r' | '\u{2028}' | '\u{2029}') => Js::default(),
            (Js::LineComment, _) => self,
            (Js::BlockComment | Js::Star, '*') => Js::Star,
            (Js::Star, '/') => Js::default(),
            (Js::BlockComment | Js::Star, _) => Js::BlockComment,
            (Js::Slash { .. }, '*') => Js::BlockComment,
            (Js::Slash { .. }, '/') => Js::LineComment,
            (Js::Slash { can_begin_regex: true }, c) => {
                Js::Text { quote: '/', is_escaped: c == '\\', in_class: c == '[' }
            }
            (Js::Slash { can_begin_regex: false }, c) => Js::default().after(c),
            (Js::Plain { .. }, '"' | '\'' | '`') => Js::Text { quote: c, is_escaped: false, in_class: false },
            (Js::Plain { can_begin_regex }, '/') => Js::Slash { can_begin_regex },
            (Js::Plain { .. }, c) if c.is_whitespace() => self,
            (Js::Plain { .. }, c) => {
                // Behind a value a slash divides.
                let is_value = c.is_alphanumeric() || matches!(c, '_' | '$' | ')' | ']' | '}' | '.');
                Js::Plain { can_begin_regex: !is_value }
            }
        }
    }

    /// A value for this place: what stands between strings becomes JSON.
    pub(super) fn escape(self, value: &Value, text: &str, max_bytes: usize) -> Result<String, String> {
        Ok(match self {
            Js::BlockComment | Js::Star | Js::LineComment => String::new(),
            Js::Text { quote: '`', .. } => {
                // What is text there and what is code cannot be told apart well enough.
                return Err("an action in a template literal of a script cannot be escaped".to_owned());
            }
            Js::Text { quote: '/', .. } => regex_escaped(text),
            Js::Text { .. } => text_escaped(text),
            Js::Plain { .. } | Js::Slash { .. } => {
                // What JSON does not have is nothing to a script.
                let json = to_json(value, max_bytes).unwrap_or_else(|_| "null".to_owned());
                padded(&json)
            }
        })
    }
}

/// Blanks around what could run together with a word beside it.
fn padded(json: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let (before, behind) = (json.starts_with(is_word), json.ends_with(is_word));
    format!("{}{json}{}", if before { " " } else { "" }, if behind { " " } else { "" })
}

fn text_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0' | '\u{b}' | '"' | '`' | '&' | '\'' | '+' | '<' | '>' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// For a regular expression, in which the value means itself.
fn regex_escaped(text: &str) -> String {
    if text.is_empty() {
        // Two slashes would begin a comment.
        return "(?:)".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "$()*-.?[]^{|}".contains(c) {
            out.extend(['\\', c]);
        } else {
            out.push_str(&text_escaped(c.encode_utf8(&mut [0; 4])));
        }
    }
    out
}
