//! Names of metrics and labels: which are legal, how they are quoted, and how they are escaped for those who cannot
//! take UTF-8.
//!
//! Since Prometheus 3 any non-empty UTF-8 string is a name. *Legacy* names are the older, ASCII-only ones, which need
//! no quotes in PromQL and in the exposition formats.

use std::fmt;

/// Which names are legal: `metric_name_validation_scheme` in a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ValidationScheme {
    /// Any non-empty UTF-8.
    #[default]
    Utf8,
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*` for metrics, the same without `:` for labels.
    Legacy,
}

impl ValidationScheme {
    /// Whether `name` may name a metric.
    pub fn is_metric_name(self, name: &str) -> bool {
        match self {
            ValidationScheme::Utf8 => !name.is_empty(),
            ValidationScheme::Legacy => is_legacy_metric_name(name),
        }
    }

    /// Whether `name` may name a label.
    pub fn is_label_name(self, name: &str) -> bool {
        match self {
            ValidationScheme::Utf8 => !name.is_empty(),
            ValidationScheme::Legacy => is_legacy_label_name(name),
        }
    }
}

/// Whether `name` matches `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub fn is_legacy_metric_name(name: &str) -> bool {
    is_legacy(name, |byte| byte == b':')
}

/// Whether `name` matches `[a-zA-Z_][a-zA-Z0-9_]*`.
pub fn is_legacy_label_name(name: &str) -> bool {
    is_legacy(name, |_| false)
}

fn is_legacy(name: &str, extra: impl Fn(u8) -> bool) -> bool {
    let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || extra(byte);
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|&first| starts(first)) && bytes.iter().all(|&byte| starts(byte) || byte.is_ascii_digit())
}

/// Undoes the `U__` escaping that Grafana uses for label names in URLs: `__` is `_`, `_HEX_` a code point.
///
/// A text that does not begin with `U__` is returned as it is, and so is one whose escapes are broken, as in
/// Prometheus.
pub fn unescape(name: &str) -> String {
    let Some(escaped) = name.strip_prefix("U__") else {
        return name.to_owned();
    };
    unescape_values(escaped).unwrap_or_else(|| name.to_owned())
}

fn unescape_values(mut rest: &str) -> Option<String> {
    let mut out = String::with_capacity(rest.len());
    while let Some(at) = rest.find('_') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find('_')?;
        let (hex, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if hex.is_empty() {
            out.push('_');
        } else if hex.len() <= 6 {
            out.push(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?);
        } else {
            return None;
        }
    }
    out.push_str(rest);
    Some(out)
}

/// A string in double quotes, escaped as Go's `strconv.Quote` does.
pub fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

/// Displays a string in double quotes; see [`quoted`].
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut plain_from = 0;
        for (at, c) in self.0.char_indices() {
            if is_printed_plainly(c) {
                continue;
            }
            f.write_str(&self.0[plain_from..at])?;
            plain_from = at + c.len_utf8();
            write_escape(f, c)?;
        }
        f.write_str(&self.0[plain_from..])?;
        f.write_str("\"")
    }
}

fn is_printed_plainly(c: char) -> bool {
    match c {
        '"' | '\\' => false,
        ' '..='~' => true,
        _ if c.is_ascii() => false,
        // Go prints what Unicode calls graphic, and of the spaces only U+0020.
        _ => !(c.is_control() || c.is_whitespace() || is_format_or_unassigned(c)),
    }
}

/// Characters beyond ASCII that are neither controls nor spaces and that Go still escapes: the format characters, the
/// private use areas and the noncharacters.
fn is_format_or_unassigned(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}'
        | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
        || (c as u32) & 0xfffe == 0xfffe
}

fn write_escape(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '"' => f.write_str("\\\""),
        '\\' => f.write_str("\\\\"),
        '\x07' => f.write_str("\\a"),
        '\x08' => f.write_str("\\b"),
        '\x0c' => f.write_str("\\f"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\x0b' => f.write_str("\\v"),
        c if (c as u32) < 0x80 => write!(f, "\\x{:02x}", c as u32),
        c if (c as u32) < 0x1_0000 => write!(f, "\\u{:04x}", c as u32),
        c => write!(f, "\\U{:08x}", c as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legacy_names() {
        for (name, metric, label) in [
            ("up", true, true),
            ("a:b", true, false),
            (":", true, false),
            ("_", true, true),
            ("1a", false, false),
            ("", false, false),
            ("a.b", false, false),
            ("é", false, false),
        ] {
            assert_eq!((is_legacy_metric_name(name), is_legacy_label_name(name)), (metric, label), "{name:?}");
        }
    }

    #[test]
    fn escaped_names_come_back() {
        for (escaped, plain) in [
            ("foo", "foo"),
            ("U__host_2e_name", "host.name"),
            ("U__a__b", "a_b"),
            ("U__junk_0a__7b__7d__2c__3d_:_20__20_chars", "junk\n{},=:  chars"),
            ("U__broken_", "U__broken_"),
            ("U__broken_zz_", "U__broken_zz_"),
            ("U__broken_d800_", "U__broken_d800_"),
        ] {
            assert_eq!(unescape(escaped), plain);
        }
    }

    #[test]
    fn quoting_is_go_quoting() {
        for (text, want) in [
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\n\t\r\x07\x00\x7f", r#""\n\t\r\a\x00\x7f""#),
            ("é 中 \u{a0}\u{feff}\u{1f600}", "\"é 中 \\u00a0\\ufeff😀\""),
        ] {
            assert_eq!(quoted(text).to_string(), want);
        }
    }
}
