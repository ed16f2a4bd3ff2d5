//! Numbers, characters and strings as Go writes them.

use model::name::quoted;

/// A number that stands in a template: what it is as each type that can hold it.
#[derive(Clone, Debug)]
pub(super) struct Number {
    /// As written.
    pub(super) text: String,
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
    /// Whether it is a float where nothing asks for a certain type.
    pub(super) is_float: bool,
}

impl Number {
    /// Reads a number.
    pub(super) fn read(text: &str) -> Result<Number, String> {
        let uint = read_uint(text.strip_prefix('+').unwrap_or(text));
        let int = match text.strip_prefix('-') {
            Some(digits) => read_uint(digits).and_then(|number| 0i64.checked_sub_unsigned(number)),
            None => uint.and_then(|number| i64::try_from(number).ok()),
        };
        let is_hex = text.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("0x");
        let has_fraction = text.contains(if is_hex { ['p', 'P', '.', '.', '.'] } else { ['.', 'e', 'E', 'p', 'P'] });
        let mut number = Number { text: text.to_owned(), int, uint, float: None, is_float: false };
        if let Some(int) = int {
            number.float = Some(int as f64);
        } else if let Some(uint) = uint {
            number.float = Some(uint as f64);
        } else if let Some(float) = read_float(text, is_hex) {
            if !has_fraction {
                return Err(format!("integer overflow: {}", quoted(text)));
            }
            (number.float, number.is_float) = (Some(float), true);
            let (as_int, as_uint) = (float as i64, float as u64);
            number.int = (as_int as f64 == float).then_some(as_int);
            number.uint = (as_uint as f64 == float).then_some(as_uint);
        } else {
            return Err(format!("illegal number syntax: {}", quoted(text)));
        }
        Ok(number)
    }

    /// Reads a character in single quotes, which is a number to Go.
    pub(super) fn character(text: &str) -> Result<Number, String> {
        let malformed = || format!("malformed character constant: {text}");
        let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).ok_or_else(malformed)?;
        let bytes = unescaped(inner, '\'').ok_or("invalid syntax")?;
        let code = match (std::str::from_utf8(&bytes), bytes.as_slice()) {
            (Ok(text), _) if text.chars().count() == 1 => text.chars().next().map_or(0, u32::from),
            (_, [byte]) => u32::from(*byte),
            (_, []) => return Err("invalid syntax".to_owned()),
            _ => return Err(malformed()),
        };
        let (int, uint, float) = (Some(i64::from(code)), Some(u64::from(code)), Some(f64::from(code)));
        Ok(Number { text: text.to_owned(), int, uint, float, is_float: false })
    }
}

/// Digits of base 10, or of another that a prefix says; `_` may stand between them.
fn read_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, base, has_prefix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16, true),
        [b'0', b'b', ..] => (&lower[2..], 2, true),
        [b'0', b'o', ..] => (&lower[2..], 8, true),
        [b'0', _, ..] => (&lower[1..], 8, true),
        _ => (lower.as_str(), 10, false),
    };
    u64::from_str_radix(&without_underscores(digits, has_prefix)?, base).ok().filter(|_| !digits.starts_with('+'))
}

/// Digits without the underscores between them; `None` where one stands anywhere else.
fn without_underscores(digits: &str, has_prefix: bool) -> Option<String> {
    let is_misplaced = digits.ends_with('_') || digits.contains("__") || !has_prefix && digits.starts_with('_');
    (!is_misplaced).then(|| digits.replace('_', ""))
}

fn read_float(text: &str, is_hex: bool) -> Option<f64> {
    if is_hex {
        return read_hex_float(text);
    }
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let float: f64 = without_underscores(text, false)?.parse().ok()?;
    (digits && float.is_finite()).then_some(float)
}

/// `0x1.8p3`; the exponent must be there.
fn read_hex_float(text: &str) -> Option<f64> {
    let (is_negative, unsigned) = (text.starts_with('-'), text.trim_start_matches(['+', '-']));
    let lower = unsigned.to_ascii_lowercase();
    let (mantissa, exponent) = lower.strip_prefix("0x")?.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // Thirteen hexadecimal digits fill a float; what has more is left to those who compute with it.
    let digits = without_underscores(&format!("{whole}{fraction}"), true)?;
    let mantissa = u64::from_str_radix(&digits, 16).ok()? as f64;
    let exponent = exponent.parse::<i32>().ok()?.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    let float = mantissa * 2f64.powi(exponent);
    float.is_finite().then_some(if is_negative { -float } else { float })
}

/// The text of a string in double quotes or back quotes. Bytes that are no UTF-8 are replaced.
pub(super) fn unquote(text: &str) -> Result<String, String> {
    let invalid = || "invalid syntax".to_owned();
    if let Some(inner) = text.strip_prefix('`') {
        return inner.strip_suffix('`').map(|inner| inner.replace('\r', "")).ok_or_else(invalid);
    }
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(invalid)?;
    let bytes = unescaped(inner, '"').ok_or_else(invalid)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a string in double quotes; `None` where its escapes are broken, or make what is no UTF-8.
pub(crate) fn unquote_utf8(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    String::from_utf8(unescaped(inner, '"')?).ok()
}

/// What stands between quotes, with its escapes undone.
fn unescaped(inner: &str, quote: char) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let simple = match chars.next()? {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' => b'\\',
            c if c == quote => c as u8,
            'x' => digits(&mut chars, 2, 16)?.try_into().ok()?,
            first @ '0'..='7' => (first.to_digit(8)? * 64 + digits(&mut chars, 2, 8)?).try_into().ok()?,
            letter @ ('u' | 'U') => {
                let c = char::from_u32(digits(&mut chars, if letter == 'u' { 4 } else { 8 }, 16)?)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        };
        bytes.push(simple);
    }
    Some(bytes)
}

fn digits(chars: &mut std::str::Chars<'_>, n_digits: usize, base: u32) -> Option<u32> {
    (0..n_digits).try_fold(0u32, |sum, _| Some(sum * base + chars.next()?.to_digit(base)?))
}
