//! Escaping for URLs.

use std::fmt::Write;

/// Which part of a URL the text has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UrlPart {
    Start,
    BeforeQuery,
    Query,
}

impl UrlPart {
    /// The part behind some more text.
    pub(super) fn after(self, c: char) -> UrlPart {
        match (self, c) {
            (_, '?' | '#') => UrlPart::Query,
            (UrlPart::Start, c) if !c.is_ascii_whitespace() => UrlPart::BeforeQuery,
            (part, _) => part,
        }
    }

    /// A value for this part; `is_safe` where it is known to be a URL.
    pub(super) fn escape(self, text: &str, is_safe: bool) -> String {
        match self {
            UrlPart::Query => encoded(text, is_safe),
            UrlPart::Start if !is_safe && !is_harmless(text) => format!("#{}", super::markup::UNSAFE),
            UrlPart::Start | UrlPart::BeforeQuery => encoded(text, true),
        }
    }
}

/// Whether a URL has no scheme, or one that runs nothing.
pub(super) fn is_harmless(url: &str) -> bool {
    match url.split_once(':') {
        Some((scheme, _)) if !scheme.contains('/') => {
            ["http", "https", "mailto"].iter().any(|harmless| scheme.eq_ignore_ascii_case(harmless))
        }
        _ => true,
    }
}

/// With `%xx` for what may not stand in a URL. Where it is one already, its marks and its own `%xx` stay.
fn encoded(text: &str, is_url: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let is_kept = match byte {
            b'-' | b'.' | b'_' | b'~' => true,
            b'!' | b'#' | b'$' | b'&' | b'*' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' | b'[' | b']' => {
                is_url
            }
            b'%' => is_url && bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
            byte => byte.is_ascii_alphanumeric(),
        };
        if is_kept {
            out.push(char::from(byte));
        } else {
            let written = write!(out, "%{byte:02x}");
            debug_assert!(written.is_ok(), "writing to a string does not fail");
        }
    }
    out
}
