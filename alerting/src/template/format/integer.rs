//! Integers by verb.

use model::name::quoted;

use crate::template::limits::Sink;

use super::spec::Spec;

/// Appends an integer by a verb; false where the verb is for no integers.
pub(super) fn push(out: &mut Sink, value: i128, verb: char, spec: &Spec) -> Result<bool, String> {
    let magnitude = value.unsigned_abs();
    let (prefix, digits) = match verb {
        'v' | 'd' => ("", magnitude.to_string()),
        'b' => (if spec.sharp { "0b" } else { "" }, format!("{magnitude:b}")),
        'o' => (if spec.sharp { "0" } else { "" }, format!("{magnitude:o}")),
        'O' => ("0o", format!("{magnitude:o}")),
        'x' => (if spec.sharp { "0x" } else { "" }, format!("{magnitude:x}")),
        'X' => (if spec.sharp { "0X" } else { "" }, format!("{magnitude:X}")),
        'c' => return character(out, value, spec, |c| c.to_string()).map(|()| true),
        'q' => {
            let text = if spec.plus { ascii_character } else { quoted_character };
            return character(out, value, spec, text).map(|()| true);
        }
        'U' => return unicode(out, value, spec).map(|()| true),
        _ => return Ok(false),
    };
    let sign = match (value < 0, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    let mut spec = *spec;
    let mut digits = digits;
    if let Some(precision) = spec.precision {
        if precision == 0 && value == 0 {
            spec.zero = false;
            return spec.pad(out, "").map(|()| true);
        }
        digits = format!("{digits:0>precision$}");
        spec.zero = false;
    }
    // The octal zero is a digit: it is not said twice.
    let prefix = if prefix == "0" && digits.starts_with('0') { "" } else { prefix };
    if spec.zero && !spec.minus {
        // Zeros count as digits, the prefix does not.
        let n_digits = spec.width.unwrap_or(0).saturating_sub(sign.len());
        let digits = format!("{digits:0>n_digits$}");
        return out.push(&format!("{sign}{prefix}{digits}")).map(|()| true);
    }
    spec.pad(out, &format!("{sign}{prefix}{digits}")).map(|()| true)
}

fn character(out: &mut Sink, value: i128, spec: &Spec, text: fn(char) -> String) -> Result<(), String> {
    let c = u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    spec.pad(out, &text(c))
}

/// `'x'`
fn quoted_character(c: char) -> String {
    match c {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        _ => {
            let quoted = quoted(&c.to_string()).to_string();
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

/// The same in ASCII: `'\u00e9'`
fn ascii_character(c: char) -> String {
    super::value::ascii(&quoted_character(c))
}

/// `U+1F600`, and the character behind it where `#` is given.
fn unicode(out: &mut Sink, value: i128, spec: &Spec) -> Result<(), String> {
    let n_digits = spec.precision.unwrap_or(4).max(4);
    // Go's integers have 64 bits.
    let code = value as u64;
    let mut text = format!("U+{code:0>n_digits$X}");
    if let Some(c) = u32::try_from(value).ok().and_then(char::from_u32).filter(|c| spec.sharp && !c.is_control()) {
        text.push_str(&format!(" '{c}'"));
    }
    Spec { zero: false, ..*spec }.pad(out, &text)
}
