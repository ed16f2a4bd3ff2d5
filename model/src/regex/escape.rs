//! Escapes that stand for one character: `\n`, `\x{1F600}`, `\052`, `\.`.

use super::cursor::Cursor;
use super::error::{Reason, RegexError};

/// Reads an escape; the cursor stands at its backslash.
///
/// The answer is a code point rather than a `char`, because `\x{D800}` is legal and matches nothing.
pub(super) fn parse_escape(cursor: &mut Cursor<'_>) -> Result<u32, RegexError> {
    let start = cursor.at();
    cursor.next();
    let Some(c) = cursor.next() else {
        return Err(RegexError::new(Reason::TrailingBackslash, ""));
    };
    let code = match c {
        '1'..='7' if !cursor.peek().is_some_and(|next| next.is_digit(8)) => None,
        '0'..='7' => Some(octal(c, cursor)),
        'x' => hexadecimal(cursor),
        'a' => Some(0x07),
        'f' => Some(0x0c),
        'n' => Some(0x0a),
        'r' => Some(0x0d),
        't' => Some(0x09),
        'v' => Some(0x0b),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c as u32),
        _ => None,
    };
    code.ok_or_else(|| cursor.error(Reason::Escape, start))
}

/// At most three digits, the first of which is already read.
fn octal(first: char, cursor: &mut Cursor<'_>) -> u32 {
    let mut code = first as u32 - '0' as u32;
    for _ in 0..2 {
        let Some(digit) = cursor.peek().and_then(|c| c.to_digit(8)) else { break };
        cursor.next();
        code = code * 8 + digit;
    }
    code
}

/// Two digits, or any number of them in braces.
fn hexadecimal(cursor: &mut Cursor<'_>) -> Option<u32> {
    if !cursor.eat("{") {
        // Both are read before either is judged, because the error shows both.
        let digits = [cursor.next(), cursor.next()];
        let [high, low] = digits.map(|digit| digit.and_then(|c| c.to_digit(16)));
        return Some(high? * 16 + low?);
    }
    let mut code = 0;
    let mut n_digits = 0;
    loop {
        let c = cursor.next()?;
        if c == '}' {
            return (n_digits > 0).then_some(code);
        }
        code = code * 16 + c.to_digit(16)?;
        if code > char::MAX as u32 {
            return None;
        }
        n_digits += 1;
    }
}
