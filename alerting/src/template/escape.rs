//! Texts made fit for HTML, JavaScript and URLs: the functions `html`, `js` and `urlquery`.

use std::fmt::Write;

/// For HTML text and attributes in quotes.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// For strings of JavaScript in either quotes.
pub(super) fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '<' | '>' | '&' | '=' => push_hex(&mut out, "\\u", u32::from(c), 4),
            c if c.is_control() || c.is_whitespace() && c != ' ' => push_hex(&mut out, "\\u", u32::from(c), 4),
            c => out.push(c),
        }
    }
    out
}

/// For a part of the query of a URL; a blank becomes `+`.
pub(super) fn url_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => push_hex(&mut out, "%", u32::from(byte), 2),
        }
    }
    out
}

/// A URL's text with its `%XX` undone; `+` is a blank.
///
/// # Errors
/// Where a `%` is not followed by two hexadecimal digits, in Go's words.
pub(super) fn url_unescape(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let code = text.get(at..at + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let Some(Ok(code)) = code.map(|digits| u8::from_str_radix(digits, 16)) else {
                    let wrong = String::from_utf8_lossy(&bytes[at - 1..bytes.len().min(at + 2)]);
                    return Err(format!("invalid URL escape {}", model::name::quoted(&wrong)));
                };
                out.push(code);
                at += 2;
            }
            byte => out.push(byte),
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A number in upper-case hexadecimal, of at least so many digits.
pub(super) fn push_hex(out: &mut String, prefix: &str, code: u32, n_digits: usize) {
    let written = write!(out, "{prefix}{code:0n_digits$X}");
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}
