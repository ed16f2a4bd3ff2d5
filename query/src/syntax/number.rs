//! Numbers as Go reads them: decimal, hexadecimal, with underscores, and octal where they begin with a zero; and as its
//! `%g` writes them.

use model::{float, name};

/// The value of a number: first as an integer with any prefix, then as a float.
pub(super) fn number(text: &str) -> Result<f64, NumberError> {
    match integer(text) {
        Some(value) => Ok(value),
        None => float(text),
    }
}

/// Why a text is not a number, in the words of Go's `strconv`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum NumberError {
    /// It does not read as a number.
    #[error("strconv.ParseFloat: parsing {}: invalid syntax", name::quoted(.0))]
    Syntax(String),
    /// It is beyond the largest float.
    #[error("strconv.ParseFloat: parsing {}: value out of range", name::quoted(.0))]
    Range(String),
}

impl NumberError {
    /// The value that stands for the number nevertheless.
    pub(super) fn value(&self) -> f64 {
        match self {
            NumberError::Syntax(_) => 0.0,
            NumberError::Range(_) => f64::INFINITY,
        }
    }
}

fn integer(text: &str) -> Option<f64> {
    if !are_underscores_in_place(text) {
        return None;
    }
    let plain = text.replace('_', "");
    let (digits, radix) = match plain.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&plain[2..], 16),
        [b'0', _, ..] => (&plain[1..], 8),
        _ => (&*plain, 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(digits, radix).ok().map(|value| value as f64)
}

fn float(text: &str) -> Result<f64, NumberError> {
    let syntax = || NumberError::Syntax(text.to_owned());
    if text.eq_ignore_ascii_case("inf") {
        return Ok(f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::from_bits(model::sample::NORMAL_NAN_BITS));
    }
    let has_other = text.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-' | b'_'));
    if has_other || !are_underscores_in_place(text) {
        return Err(syntax());
    }
    let value: f64 = text.replace('_', "").parse().map_err(|_| syntax())?;
    if value.is_infinite() { Err(NumberError::Range(text.to_owned())) } else { Ok(value) }
}

/// Underscores may stand between digits, and behind the prefix `0x`.
fn are_underscores_in_place(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let first = if is_hex { 2 } else { 0 };
    let is_digit = |byte: u8| if is_hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
    (first..bytes.len()).filter(|&at| bytes[at] == b'_').all(|at| {
        let follows_digit = if at == first { is_hex } else { is_digit(bytes[at - 1]) };
        follows_digit && bytes.get(at + 1).is_some_and(|&byte| is_digit(byte))
    })
}

/// A float as Go's `%g` shows it: the fewest digits, with an exponent where it is below -4 or at least 6.
pub(crate) fn percent_g(value: f64) -> String {
    let scientific = float::scientific(value);
    let exponent = scientific.rsplit_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    if exponent.is_some_and(|exponent| !(-4..6).contains(&exponent)) { scientific } else { float::plain(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_reads_them() {
        for (text, want) in [
            ("0", 0.0),
            ("010", 8.0),
            ("08", 8.0),
            ("0x1F", 31.0),
            ("0X_1f", 31.0),
            ("1_000", 1000.0),
            ("1_0.2_5e1_0", 10.25e10),
            (".5", 0.5),
            ("5.", 5.0),
            ("5e-324", 5e-324),
            ("1e-400", 0.0),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("iNf", f64::INFINITY),
        ] {
            assert_eq!(number(text), Ok(want), "{text}");
        }
        assert_eq!(number("NaN").map(f64::to_bits), Ok(0x7ff8_0000_0000_0001));
    }

    #[test]
    fn floats_as_go_shows_them() {
        let shown = [100_000.0, 1e6, 123_456_789.0, 0.0001, 0.000_01, -1.5, f64::INFINITY, f64::NAN].map(percent_g);
        assert_eq!(shown, ["100000", "1e+06", "1.23456789e+08", "0.0001", "1e-05", "-1.5", "+Inf", "NaN"]);
    }

    #[test]
    fn what_is_no_number() {
        for (text, want) in [
            ("1_", "strconv.ParseFloat: parsing \"1_\": invalid syntax"),
            ("0x", "strconv.ParseFloat: parsing \"0x\": invalid syntax"),
            ("1e", "strconv.ParseFloat: parsing \"1e\": invalid syntax"),
            (".5.5", "strconv.ParseFloat: parsing \".5.5\": invalid syntax"),
            ("1e309", "strconv.ParseFloat: parsing \"1e309\": value out of range"),
        ] {
            assert_eq!(number(text).unwrap_err().to_string(), want);
        }
    }
}
