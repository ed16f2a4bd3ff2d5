//! JSON as Prometheus's API writes it, byte for byte, piece by piece.
//!
//! The texts go through a small buffer into whatever takes the body; nothing is kept. Strings come in two spellings,
//! because Prometheus has two encoders: label names and values have only what JSON demands escaped, all other strings
//! also `<`, `>`, `&` and the two line separators of Unicode.

use std::io::{self, Write};

use model::{Labels, float};

/// Bytes that are gathered before they are handed on.
const BUFFER_BYTES: usize = 16 << 10;

/// Writes JSON. Errors of the writer behind are kept and come out of [`Json::check`] and [`Json::finish`].
pub struct Json<'out> {
    out: &'out mut dyn Write,
    buffer: String,
    error: Option<io::Error>,
}

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Json").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}

impl<'out> Json<'out> {
    /// A writer into `out`.
    pub fn new(out: &'out mut dyn Write) -> Json<'out> {
        Json { out, buffer: String::with_capacity(BUFFER_BYTES + 1024), error: None }
    }

    /// Fails where the writer behind has failed: nobody listens any more. To be asked now and then by what writes much.
    ///
    /// # Errors
    /// What the writer behind said.
    pub fn check(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
        self.error.take().map_or(Ok(()), Err)
    }

    /// Hands on what is left.
    ///
    /// # Errors
    /// As [`Json::check`].
    pub fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.error.take().map_or(Ok(()), Err)
    }

    fn flush(&mut self) {
        if self.error.is_none() {
            self.error = self.out.write_all(self.buffer.as_bytes()).err();
        }
        self.buffer.clear();
    }

    /// A piece of JSON as it is.
    #[inline]
    pub fn raw(&mut self, json: &str) {
        self.buffer.push_str(json);
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        push_string(&mut self.buffer, text);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
    }

    /// A key, with its colon.
    pub fn key(&mut self, key: &str) {
        self.string(key);
        self.raw(":");
    }

    /// A list of strings.
    pub fn strings<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.list(texts, Json::string);
    }

    /// A list.
    pub fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Json<'out>, T)) {
        self.raw("[");
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.raw(",");
            }
            each(self, item);
        }
        self.raw("]");
    }

    /// A set of labels as an object.
    pub fn labels(&mut self, labels: &Labels) {
        self.raw("{");
        for (i, (name, value)) in labels.iter().enumerate() {
            if i > 0 {
                self.raw(",");
            }
            push_label_text(&mut self.buffer, name);
            self.raw(":");
            push_label_text(&mut self.buffer, value);
        }
        self.raw("}");
    }

    /// A whole number.
    #[inline]
    pub fn integer(&mut self, number: i64) {
        push_integer(&mut self.buffer, number);
    }

    /// A number as Go's encoder writes floats; JSON has no other than finite ones, so those are null.
    pub fn number(&mut self, number: f64) {
        push_number(&mut self.buffer, number);
    }

    /// A time as seconds with no or exactly three decimals.
    #[inline]
    pub fn timestamp(&mut self, timestamp_ms: i64) {
        push_timestamp(&mut self.buffer, timestamp_ms);
    }

    /// The value of a sample, as a string.
    #[inline]
    pub fn value(&mut self, value: f64) {
        self.buffer.push('"');
        push_value(&mut self.buffer, value);
        self.buffer.push('"');
    }

    /// `[time,"value"]`
    #[inline]
    pub fn point(&mut self, timestamp_ms: i64, value: f64) {
        self.buffer.push('[');
        self.timestamp(timestamp_ms);
        self.buffer.push(',');
        self.value(value);
        self.buffer.push(']');
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }
}

fn push_integer(out: &mut String, number: i64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push('-');
    }
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

fn push_timestamp(out: &mut String, timestamp_ms: i64) {
    let (seconds, millis) = (timestamp_ms / 1000, (timestamp_ms % 1000).unsigned_abs());
    if timestamp_ms < 0 && seconds == 0 {
        out.push('-');
    }
    push_integer(out, seconds);
    if millis != 0 {
        out.push('.');
        for digit in [millis / 100, millis / 10 % 10, millis % 10] {
            out.push(char::from(b'0' + digit as u8));
        }
    }
}

/// The shortest text that reads back as the same float: plain for ordinary sizes, else with an exponent.
fn push_value(out: &mut String, value: f64) {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) && size.is_finite() {
        float::push_scientific(out, value);
    } else {
        float::push_plain(out, value);
    }
}

fn push_number(out: &mut String, number: f64) {
    if !number.is_finite() {
        return out.push_str("null");
    }
    let start = out.len();
    push_value(out, number);
    // Exponents of one digit have no leading zero here: `1e-7`.
    if let Some(at) = out[start..].find("e-0") {
        out.remove(start + at + 2);
    }
}

/// How a byte is written in a string.
fn must_escape(byte: u8, html: bool) -> bool {
    match byte {
        b'"' | b'\\' | 0..0x20 => true,
        b'<' | b'>' | b'&' => html,
        _ => false,
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text, true);
    out.push('"');
}

fn push_label_text(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text, false);
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str, html: bool) {
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let is_separator = html && byte == 0xe2 && is_line_separator(&text[at..]);
        if !is_separator && !must_escape(byte, html) {
            continue;
        }
        out.push_str(&text[plain_from..at]);
        plain_from = at + if is_separator { 3 } else { 1 };
        match byte {
            _ if is_separator => out.push_str(if text[at..].starts_with('\u{2028}') { "\\u2028" } else { "\\u2029" }),
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                out.push_str("\\u00");
                for digit in [other >> 4, other & 15] {
                    out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
        }
    }
    out.push_str(&text[plain_from..]);
}

fn is_line_separator(text: &str) -> bool {
    text.starts_with(['\u{2028}', '\u{2029}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Json<'_>)) -> String {
        let mut bytes = Vec::new();
        let mut json = Json::new(&mut bytes);
        write(&mut json);
        json.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn timestamps() {
        for (timestamp_ms, want) in [
            (0, "0"),
            (1, "0.001"),
            (10, "0.010"),
            (100, "0.100"),
            (1000, "1"),
            (1001, "1.001"),
            (12_345_678_123_456_555, "12345678123456.555"),
            (-1, "-0.001"),
            (-1000, "-1"),
            (-1001, "-1.001"),
            (i64::MAX, "9223372036854775.807"),
            (i64::MIN, "-9223372036854775.808"),
        ] {
            assert_eq!(written(|json| json.timestamp(timestamp_ms)), want);
        }
    }

    #[test]
    fn values_and_numbers() {
        for (value, as_value, as_number) in [
            (0.0, "\"0\"", "0"),
            (-0.0, "\"-0\"", "-0"),
            (1.5, "\"1.5\"", "1.5"),
            (1e20, "\"100000000000000000000\"", "100000000000000000000"),
            (1e21, "\"1e+21\"", "1e+21"),
            (1e-6, "\"0.000001\"", "0.000001"),
            (1e-7, "\"1e-07\"", "1e-7"),
            (-1.25e-10, "\"-1.25e-10\"", "-1.25e-10"),
            (f64::NAN, "\"NaN\"", "null"),
            (f64::INFINITY, "\"+Inf\"", "null"),
            (f64::NEG_INFINITY, "\"-Inf\"", "null"),
        ] {
            assert_eq!(
                (written(|json| json.value(value)).as_str(), written(|json| json.number(value)).as_str()),
                (as_value, as_number)
            );
        }
    }

    #[test]
    fn strings_in_both_spellings() {
        for (text, as_string, as_label) in [
            ("plain é", "\"plain é\"", "\"plain é\""),
            ("\"\\\n\r\t", r#""\"\\\n\r\t""#, r#""\"\\\n\r\t""#),
            (
                "\u{8}\u{c}\u{1}\u{1f}\u{7f}",
                "\"\\u0008\\u000c\\u0001\\u001f\u{7f}\"",
                "\"\\u0008\\u000c\\u0001\\u001f\u{7f}\"",
            ),
            ("<a&b>", r#""\u003ca\u0026b\u003e""#, "\"<a&b>\""),
            ("\u{2028}x\u{2029}\u{2030}", "\"\\u2028x\\u2029\u{2030}\"", "\"\u{2028}x\u{2029}\u{2030}\""),
        ] {
            let labels = Labels::from_pairs([("l", text)]);
            assert_eq!(written(|json| json.string(text)), as_string);
            assert_eq!(written(|json| json.labels(&labels)), format!("{{\"l\":{as_label}}}"));
        }
    }

    #[test]
    fn everything_written_is_json() {
        let text: String = (0..0x3000).filter_map(char::from_u32).collect();
        let got: String = serde_json::from_str(&written(|json| json.string(&text))).unwrap();
        assert_eq!(got, text);
    }

    #[test]
    fn a_writer_that_fails_is_noticed() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut gone = Gone;
        let mut json = Json::new(&mut gone);
        json.raw("short");
        assert!(json.check().is_ok(), "nothing was handed on yet");
        json.raw(&"x".repeat(BUFFER_BYTES));
        assert!(json.check().is_err());
    }
}
