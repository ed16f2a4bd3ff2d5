//! What plain scalars mean to Go's yaml.v2.

/// The meaning of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar<'t> {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(&'t str),
}

impl<'t> Scalar<'t> {
    /// The meaning of a scalar without quotes and without a tag.
    pub(super) fn of_plain(text: &'t str) -> Scalar<'t> {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
            _ if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) => Scalar::number(text),
            _ => Scalar::Text(text),
        }
    }

    fn number(text: &'t str) -> Scalar<'t> {
        let plain = text.replace('_', "");
        if let Some(int) = parse_int(&plain) {
            return Scalar::Int(int);
        }
        let is_float =
            plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
        match plain.parse() {
            Ok(float) if is_float => Scalar::Float(float),
            _ => Scalar::Text(text),
        }
    }

    /// The short name of its type's tag.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Scalar::Null => "!!null",
            Scalar::Bool(_) => "!!bool",
            Scalar::Int(_) => "!!int",
            Scalar::Float(_) => "!!float",
            Scalar::Text(_) => "!!str",
        }
    }
}

/// Decimal, `0x`, `0o`, `0b`, and octal by a leading zero; 64 bits, signed or not.
fn parse_int(text: &str) -> Option<i128> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let number = if is_negative { -number } else { number };
    (number >= i128::from(i64::MIN)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings() {
        for (text, want) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("yes", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("yEs", Scalar::Text("yEs")),
            ("12", Scalar::Int(12)),
            ("-12", Scalar::Int(-12)),
            ("1_000", Scalar::Int(1000)),
            ("0x1F", Scalar::Int(31)),
            ("010", Scalar::Int(8)),
            ("0", Scalar::Int(0)),
            ("18446744073709551615", Scalar::Int(u64::MAX.into())),
            ("-9223372036854775809", Scalar::Float(-9_223_372_036_854_775_809.0)),
            ("1.5", Scalar::Float(1.5)),
            ("1e3", Scalar::Float(1000.0)),
            (".5", Scalar::Float(0.5)),
            ("-", Scalar::Text("-")),
            ("1h30m", Scalar::Text("1h30m")),
            ("1.2.3", Scalar::Text("1.2.3")),
            ("2020-01-01", Scalar::Text("2020-01-01")),
            ("infinity", Scalar::Text("infinity")),
            ("0x", Scalar::Text("0x")),
            ("-+1", Scalar::Text("-+1")),
        ] {
            assert_eq!(Scalar::of_plain(text), want, "{text}");
        }
    }
}
