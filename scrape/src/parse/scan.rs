//! How far a word reaches: the byte loops that both text formats share.

use memchr::{memchr2, memchr3};

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const COLON: u8 = 4;
/// What ends a value in the Prometheus text format: a blank, a line break, a NUL or an opening brace.
const ENDS_VALUE: u8 = 8;
/// What ends a value in OpenMetrics, where braces do not.
const ENDS_OPENMETRICS_VALUE: u8 = 16;

/// What each byte may be part of.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => LETTER,
            b'0'..=b'9' => DIGIT,
            b':' => COLON,
            b' ' | b'\n' | 0 => ENDS_VALUE | ENDS_OPENMETRICS_VALUE,
            b'\t' | b'{' => ENDS_VALUE,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// Whether a byte can begin a metric name.
pub(crate) fn begins_metric_name(byte: u8) -> bool {
    CLASS[usize::from(byte)] & (LETTER | COLON) != 0
}

/// Whether a byte can begin a label name.
pub(crate) fn begins_label_name(byte: u8) -> bool {
    CLASS[usize::from(byte)] & LETTER != 0
}

/// Where a metric name that begins at `from` ends.
pub(crate) fn metric_name_end(body: &[u8], from: usize) -> usize {
    end_of(body, from, |class| class & (LETTER | DIGIT | COLON) != 0)
}

/// Where a label name that begins at `from` ends.
pub(crate) fn label_name_end(body: &[u8], from: usize) -> usize {
    end_of(body, from, |class| class & (LETTER | DIGIT) != 0)
}

/// Where a value that begins at `from` ends in the Prometheus text format.
pub(crate) fn value_end(body: &[u8], from: usize) -> usize {
    end_of(body, from, |class| class & ENDS_VALUE == 0)
}

/// Where a value that begins at `from` ends in OpenMetrics.
pub(crate) fn openmetrics_value_end(body: &[u8], from: usize) -> usize {
    end_of(body, from, |class| class & ENDS_OPENMETRICS_VALUE == 0)
}

/// Where the digits that begin at `from` end.
pub(crate) fn digits_end(body: &[u8], from: usize) -> usize {
    end_of(body, from, |class| class & DIGIT != 0)
}

fn end_of(body: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = body.get(from..).unwrap_or_default();
    let n_bytes = rest.iter().position(|&byte| !belongs(CLASS[usize::from(byte)]));
    from + n_bytes.unwrap_or(rest.len())
}

/// What may stand between double quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotable {
    /// Everything, NUL and line breaks included: a label value of the Prometheus text format.
    Everything,
    /// Everything but line breaks: a label value of OpenMetrics.
    AllButLineBreak,
    /// Everything but NUL: a quoted name.
    AllButNul,
    /// Everything but NUL and line breaks: a name or a value in an exemplar.
    AllButNulAndLineBreak,
}

/// Where a quoted text ends, behind its closing quote; or where it breaks off. `from` stands behind the opening quote.
///
/// A backslash takes the next byte with it, whatever that is but a line break.
pub(crate) fn quoted_end(body: &[u8], from: usize, quotable: Quotable) -> Result<usize, usize> {
    let mut at = from;
    loop {
        let rest = body.get(at..).unwrap_or_default();
        let stop = match quotable {
            Quotable::Everything => memchr2(b'"', b'\\', rest),
            Quotable::AllButLineBreak => memchr3(b'"', b'\\', b'\n', rest),
            Quotable::AllButNul => memchr3(b'"', b'\\', 0, rest),
            Quotable::AllButNulAndLineBreak => rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n' | 0)),
        };
        at += stop.unwrap_or(rest.len());
        match body.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape_end(body, at + 1, quotable)?,
            Some(_) | None => return Err(at),
        }
    }
}

fn escape_end(body: &[u8], mut at: usize, quotable: Quotable) -> Result<usize, usize> {
    let skips_nul = matches!(quotable, Quotable::Everything | Quotable::AllButLineBreak);
    while skips_nul && body.get(at) == Some(&0) {
        at += 1;
    }
    match body.get(at) {
        Some(b'\n' | 0) | None => Err(at),
        Some(_) => Ok(at + 1),
    }
}
