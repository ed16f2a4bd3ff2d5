//! Strings in quotes: reading them with Go's escapes, and showing bytes as Go's `%q` does.

use std::fmt;

use model::name;

/// A text in double quotes; bytes that are not UTF-8 are shown as `\xff`.
pub(super) struct Quoted<'a>(pub(super) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(text) = std::str::from_utf8(self.0) {
            return write!(f, "{}", name::quoted(text));
        }
        f.write_str("\"")?;
        for chunk in self.0.utf8_chunks() {
            let valid = name::quoted(chunk.valid()).to_string();
            f.write_str(&valid[1..valid.len() - 1])?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_str("\"")
    }
}

/// A character in single quotes, as Go's `%q` shows one.
pub(super) struct QuotedChar(pub(super) char);

impl fmt::Display for QuotedChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            '\'' => f.write_str(r"'\''"),
            '"' => f.write_str("'\"'"),
            c => {
                let mut buffer = [0; 4];
                let quoted = name::quoted(c.encode_utf8(&mut buffer)).to_string();
                write!(f, "'{}'", &quoted[1..quoted.len() - 1])
            }
        }
    }
}

/// The string that a literal stands for: the lexer has seen to its quotes and escapes.
///
/// `None` where a quote is missing or an escape is broken. Bytes that make no UTF-8 (`"\xff"`) become U+FFFD.
pub(super) fn unquoted(literal: &[u8]) -> Option<String> {
    let (&quote, rest) = literal.split_first()?;
    let (&last, body) = rest.split_last()?;
    if quote != last {
        return None;
    }
    if quote == b'`' || !body.contains(&b'\\') {
        return Some(String::from_utf8_lossy(body).into_owned());
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'\\' {
            rest = push_unescaped(&mut out, rest, quote)?;
        } else {
            out.push(byte);
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Decodes the escape that begins behind its backslash and returns what follows it.
fn push_unescaped<'a>(out: &mut Vec<u8>, escape: &'a [u8], quote: u8) -> Option<&'a [u8]> {
    let (&letter, rest) = escape.split_first()?;
    let plain = match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'0'..=b'7' => {
            let (value, after) = digits(escape, 3, 8)?;
            out.push(u8::try_from(value).ok()?);
            return Some(after);
        }
        b'x' => {
            let (value, after) = digits(rest, 2, 16)?;
            out.push(u8::try_from(value).ok()?);
            return Some(after);
        }
        b'u' | b'U' => {
            let (value, after) = digits(rest, if letter == b'u' { 4 } else { 8 }, 16)?;
            let mut buffer = [0; 4];
            out.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut buffer).as_bytes());
            return Some(after);
        }
        _ if letter == quote => quote,
        _ => return None,
    };
    out.push(plain);
    Some(rest)
}

fn digits(text: &[u8], n_digits: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (digits, after) = text.split_at_checked(n_digits)?;
    let mut value = 0u32;
    for &digit in digits {
        value = value.checked_mul(radix)?.checked_add(char::from(digit).to_digit(radix)?)?;
    }
    Some((value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_what_they_stand_for() {
        for (literal, want) in [
            (r#""a b""#, Some("a b")),
            (r"'a\'b'", Some("a'b")),
            (r#"'a"b'"#, Some("a\"b")),
            (r"`a\nb`", Some("a\\nb")),
            (r#""\n\t\\\"\101\x41\u0041\U0001F600""#, Some("\n\t\\\"AAA😀")),
            (r#""\xff""#, Some("\u{fffd}")),
            (r#""\xc3\xa9""#, Some("é")),
            (r#""\'""#, None),
            (r#""\ud800""#, None),
            (r#""\8""#, None),
            (r#""\777""#, None),
            ("\"", None),
        ] {
            assert_eq!(unquoted(literal.as_bytes()).as_deref(), want, "{literal}");
        }
    }

    #[test]
    fn shown_as_go_shows() {
        assert_eq!(Quoted(b"a\"\xff\xc3\xa9").to_string(), "\"a\\\"\\xff\u{e9}\"");
        for (c, want) in [('\'', r"'\''"), ('"', "'\"'"), ('\n', r"'\n'"), ('é', "'é'"), ('\u{0}', r"'\x00'")] {
            assert_eq!(QuotedChar(c).to_string(), want);
        }
    }
}
