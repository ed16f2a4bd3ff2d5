//! Numbers as Go reads them: `strconv.ParseFloat` and `strconv.ParseInt`, with their words for what is wrong.
//!
//! Most samples are short whole numbers, so those are read by hand; everything else goes through `fast_float2`. Forms
//! that came to Go after Prometheus had fixed its format (underscores, hexadecimal mantissas with `p`) are refused by
//! name, as there.

use std::fmt;

use super::quote::Quoted;

/// Why a text is not a number, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberError {
    text: Box<[u8]>,
    kind: NumberErrorKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberErrorKind {
    UnsupportedCharacter,
    FloatSyntax,
    FloatRange,
    IntegerSyntax,
    IntegerRange,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Quoted(&self.text);
        match self.kind {
            NumberErrorKind::UnsupportedCharacter => f.write_str("unsupported character in float"),
            NumberErrorKind::FloatSyntax => write!(f, "strconv.ParseFloat: parsing {text}: invalid syntax"),
            NumberErrorKind::FloatRange => write!(f, "strconv.ParseFloat: parsing {text}: value out of range"),
            NumberErrorKind::IntegerSyntax => write!(f, "strconv.ParseInt: parsing {text}: invalid syntax"),
            NumberErrorKind::IntegerRange => write!(f, "strconv.ParseInt: parsing {text}: value out of range"),
        }
    }
}

impl std::error::Error for NumberError {}

/// Digits that a float holds exactly whatever they are.
const EXACT_DIGITS: usize = 15;

/// Reads a float: decimal, with or without exponent, `Inf` and `Infinity` with or without sign, `NaN`; case does not
/// matter.
///
/// # Errors
/// When the text is none of these, or is beyond the largest float.
pub(crate) fn float(text: &[u8]) -> Result<f64, NumberError> {
    match short_whole_number(text) {
        Some(value) => Ok(value),
        None => general_float(text),
    }
}

fn short_whole_number(text: &[u8]) -> Option<f64> {
    if text.is_empty() || text.len() > EXACT_DIGITS {
        return None;
    }
    let mut whole = 0u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        whole = whole * 10 + u64::from(digit);
    }
    Some(whole as f64)
}

fn general_float(text: &[u8]) -> Result<f64, NumberError> {
    let error = |kind| NumberError { text: text.into(), kind };
    if text.iter().any(|byte| matches!(byte, b'p' | b'P' | b'_')) {
        return Err(error(NumberErrorKind::UnsupportedCharacter));
    }
    // Of the words only infinity takes a sign, which `fast_float2` does not mind for the others.
    let first = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    let is_word = !first.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.');
    if is_word {
        return word(text).ok_or_else(|| error(NumberErrorKind::FloatSyntax));
    }
    let value: f64 = fast_float2::parse(text).map_err(|_| error(NumberErrorKind::FloatSyntax))?;
    if value.is_infinite() { Err(error(NumberErrorKind::FloatRange)) } else { Ok(value) }
}

fn word(text: &[u8]) -> Option<f64> {
    if text.eq_ignore_ascii_case(b"nan") {
        return Some(f64::NAN);
    }
    let (sign, text) = match text {
        [b'+', rest @ ..] => (1.0, rest),
        [b'-', rest @ ..] => (-1.0, rest),
        _ => (1.0, text),
    };
    let is_infinity = text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity");
    is_infinity.then_some(sign * f64::INFINITY)
}

/// Reads a whole number that is written with digits alone.
///
/// # Errors
/// When there are other characters, or when the number is beyond 64 bits.
pub(crate) fn digits(text: &[u8]) -> Result<i64, NumberError> {
    let error = |kind| NumberError { text: text.into(), kind };
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(error(NumberErrorKind::IntegerSyntax));
    }
    text.iter()
        .try_fold(0i64, |whole, byte| whole.checked_mul(10)?.checked_add(i64::from(byte - b'0')))
        .ok_or_else(|| error(NumberErrorKind::IntegerRange))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_read_as_go_reads_them() {
        let check = |text: &str, value: f64| {
            assert_eq!(float(text.as_bytes()).map(f64::to_bits), Ok(value.to_bits()), "{text}");
        };
        check("0", 0.0);
        check("-0", -0.0);
        check("000000000000000000000000000000000000000012", 12.0);
        check("999999999999999", 999_999_999_999_999.0);
        check("9223372036854775808", 9_223_372_036_854_775_808.0);
        check("1.7025343E7", 17_025_343.0);
        check("2.7493204970164856E-20", 2.749_320_497_016_485_6e-20);
        check("+1.5", 1.5);
        check(".5", 0.5);
        check("5.", 5.0);
        check("1e-400", 0.0);
        check("inF", f64::INFINITY);
        check("+Infinity", f64::INFINITY);
        check("-Inf", f64::NEG_INFINITY);
        assert!(float(b"nan").is_ok_and(f64::is_nan));
    }

    #[test]
    fn what_is_not_a_float_is_named_as_in_go() {
        let check = |text: &str, message: &str| {
            assert_eq!(float(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
        };
        let syntax = |text: &str| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax");
        for text in ["", "+", ".", "e5", ".e5", "1e", "1e+", "+nan", "-NaN", "infin", "0x1", "0b1", "1 ", "1d", "true"]
        {
            check(text, &syntax(text));
        }
        check("1e309", "strconv.ParseFloat: parsing \"1e309\": value out of range");
        check("-1e999999", "strconv.ParseFloat: parsing \"-1e999999\": value out of range");
        check("1_0", "unsupported character in float");
        check("0x1p-3", "unsupported character in float");
        check("0X1P-3", "unsupported character in float");
    }

    #[test]
    fn digits_fit_into_64_bits() {
        assert_eq!(digits(b"9223372036854775807"), Ok(i64::MAX));
        let message = |text: &[u8]| digits(text).unwrap_err().to_string();
        let beyond = "strconv.ParseInt: parsing \"9223372036854775808\": value out of range";
        assert_eq!(message(b"9223372036854775808"), beyond);
        assert_eq!(message(b""), "strconv.ParseInt: parsing \"\": invalid syntax");
    }
}
