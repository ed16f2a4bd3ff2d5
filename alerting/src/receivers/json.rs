//! JSON as Go's encoder writes it: `<`, `>` and `&` escaped, and a line's end behind it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::SendFailure;
use crate::template::json_float;

/// A value as a line of JSON.
pub(super) fn line(value: &impl Serialize) -> Result<String, SendFailure> {
    let mut out = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut out, AsGo));
    written.map_err(|error| SendFailure::permanent(format_args!("the message is no JSON: {error}")))?;
    out.push(b'\n');
    String::from_utf8(out).map_err(SendFailure::permanent)
}

struct AsGo;

impl Formatter for AsGo {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_escaped = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        let mut rest = fragment;
        while let Some(at) = rest.find(is_escaped) {
            let (before, after) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = after.chars();
            if let Some(c) = chars.next() {
                write!(writer, "\\u{:04x}", u32::from(c))?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        match json_float(value) {
            Ok(text) => writer.write_all(text.as_bytes()),
            Err(_) => CompactFormatter.write_f64(writer, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_writes_it() {
        let check = |value: serde_json::Value, want: &str| assert_eq!(line(&value).unwrap(), format!("{want}\n"));
        check("a<b>&c\u{2028}\u{2029}".into(), r#""a\u003cb\u003e\u0026c\u2028\u2029""#);
        check("\"\\/\n\r\t\u{8}\u{c}\u{1}\u{7f}ä中".into(), "\"\\\"\\\\/\\n\\r\\t\\b\\f\\u0001\u{7f}ä中\"");
        check(1e21.into(), "1e+21");
        check(1.0.into(), "1");
        check(0.000_000_1.into(), "1e-7");
    }
}
