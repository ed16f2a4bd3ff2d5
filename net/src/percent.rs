//! Percent-encoding, strict: a `%` that is not followed by two hexadecimal digits is an error, never a literal.
//!
//! Two alphabets exist. In a path only what would end it is escaped; in a query also what separates pairs, and a space
//! is a `+`. The texts of errors are those of Go's `net/url`, which users of Prometheus have seen before.

use std::borrow::Cow;

/// Why a text could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PercentError {
    /// A `%` without two hexadecimal digits behind it.
    #[error("invalid URL escape \"{0}\"")]
    Escape(String),
    /// The decoded bytes are not UTF-8.
    #[error("invalid UTF-8 in URL")]
    NotUtf8,
}

/// Where an encoded text stands, which decides what `+` means and what must be escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One segment of a path: `+` is itself.
    Path,
    /// A key or a value of a query or form: `+` is a space.
    Query,
}

/// Decodes a text. Borrows where nothing is escaped.
///
/// # Errors
/// When an escape is cut short or the result is not UTF-8.
pub fn decode(text: &str, place: Place) -> Result<Cow<'_, str>, PercentError> {
    let plus_is_space = place == Place::Query;
    if !text.bytes().any(|byte| byte == b'%' || (plus_is_space && byte == b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    String::from_utf8(decode_bytes(text, place)?).map(Cow::Owned).map_err(|_| PercentError::NotUtf8)
}

/// Decodes a text to bytes, which need not be UTF-8.
///
/// # Errors
/// When an escape is cut short.
pub fn decode_bytes(text: &str, place: Place) -> Result<Vec<u8>, PercentError> {
    let plus_is_space = place == Place::Query;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let (high, low) = (hex_digit(after.first()), hex_digit(after.get(1)));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(PercentError::Escape(broken_escape(after)));
                };
                bytes.push(high << 4 | low);
                rest = &after[2..];
            }
            b'+' if plus_is_space => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    Ok(bytes)
}

/// The `%` and at most two bytes behind it, for the message.
fn broken_escape(after: &[u8]) -> String {
    let shown = &after[..after.len().min(2)];
    format!("%{}", String::from_utf8_lossy(shown))
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    char::from(*byte?).to_digit(16).map(|digit| digit as u8)
}

/// Appends `text`, escaped for its place.
pub fn encode_into(out: &mut String, text: &str, place: Place) {
    for &byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' if place == Place::Query => out.push('+'),
            b'$' | b'&' | b'+' | b':' | b'=' | b'@' if place == Place::Path => out.push(char::from(byte)),
            _ => push_escape(out, byte),
        }
    }
}

/// Appends `%` and two upper-case hexadecimal digits.
pub(crate) fn push_escape(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// A text, escaped for its place.
pub fn encode(text: &str, place: Place) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(&mut out, text, place);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decoding() {
        let check = |text: &str, place, want: Result<&str, &str>| {
            let got = decode(text, place).map_err(|error| error.to_string());
            assert_eq!(got.as_deref().map_err(String::as_str), want, "{text:?} in {place:?}");
        };
        check("plain", Place::Path, Ok("plain"));
        check("a%20b", Place::Path, Ok("a b"));
        check("a+b", Place::Path, Ok("a+b"));
        check("a+b", Place::Query, Ok("a b"));
        check("%e4%B8%ad", Place::Query, Ok("中"));
        check("%2f%2F", Place::Path, Ok("//"));
        check("%", Place::Query, Err("invalid URL escape \"%\""));
        check("%a", Place::Query, Err("invalid URL escape \"%a\""));
        check("1%zzz", Place::Query, Err("invalid URL escape \"%zz\""));
        check("%中", Place::Query, Err("invalid URL escape \"%\u{fffd}\""));
        check("%ff", Place::Query, Err("invalid UTF-8 in URL"));
    }

    #[test]
    fn encoding() {
        let check = |text: &str, path: &str, query: &str| {
            assert_eq!((encode(text, Place::Path), encode(text, Place::Query)), (path.to_owned(), query.to_owned()));
        };
        check("aZ0-_.~", "aZ0-_.~", "aZ0-_.~");
        check("a b/c?d&e=f+g", "a%20b%2Fc%3Fd&e=f+g", "a+b%2Fc%3Fd%26e%3Df%2Bg");
        check("中\n", "%E4%B8%AD%0A", "%E4%B8%AD%0A");
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(text in "\\PC{0,40}") {
            for place in [Place::Path, Place::Query] {
                let encoded = encode(&text, place);
                prop_assert_eq!(decode(&encoded, place).unwrap(), text.as_str());
            }
        }
    }
}
