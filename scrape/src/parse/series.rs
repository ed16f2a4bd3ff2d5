//! From the text of a series to its labels.
//!
//! While a line is split into words, [`Spans`] remember where the names and values lie; labels are built from them
//! only when a series is seen for the first time. `le` of histograms and `quantile` of summaries are written the
//! OpenMetrics way (`1` becomes `1.0`), so that both formats give the same series.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;
use model::labels::{BUCKET_LABEL, METRIC_NAME, QUANTILE_LABEL};
use model::{Labels, float, name};
use smallvec::SmallVec;

use super::braces::Spans;
use super::metric_type::MetricType;
use super::number;
use super::quote::Quoted;

/// The label that holds the type of a series' metric family, where that is asked for.
const TYPE_LABEL: &str = "__type__";
/// The label that holds the unit of a series' metric family, where that is asked for.
const UNIT_LABEL: &str = "__unit__";

/// Longer names are cut in messages.
const MAX_SHOWN_CHARS: usize = 1024;

/// Why a series that is well written has no labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelsError {
    /// A name that is not UTF-8.
    #[error("invalid metric name or label names: {0}")]
    NotUtf8(String),
    /// The same label twice.
    #[error("label name {} is not unique: invalid sample", name::quoted(.0))]
    Repeated(String),
}

/// What the lines before a series say of its metric family.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Family<'a> {
    pub(super) metric_type: MetricType,
    pub(super) unit: &'a [u8],
}

type Pairs<'a> = SmallVec<[(Cow<'a, str>, Cow<'a, str>); 16]>;

/// The labels of a series. With `type_and_unit_labels`, type and unit of the family become labels and displace
/// those of the same name.
pub(super) fn labels(
    body: &[u8],
    spans: &Spans,
    family: Family<'_>,
    type_and_unit_labels: bool,
) -> Result<Labels, LabelsError> {
    let metric_name = unescaped(&body[spans.name.clone().unwrap_or_default()])?;
    let mut pairs = Pairs::new();
    if type_and_unit_labels {
        push_family_labels(&mut pairs, family);
    }
    if !metric_name.is_empty() {
        pairs.push((Cow::Borrowed(METRIC_NAME), metric_name));
    }
    let n_given_labels = pairs.len();
    for (label_name, value) in &spans.labels {
        let label_name = unescaped(&body[label_name.clone()])?;
        let is_displaced = type_and_unit_labels && pairs[..n_given_labels].iter().any(|(name, _)| *name == label_name);
        if !is_displaced {
            let value = normalised(family.metric_type, &label_name, unescaped(&body[value.clone()])?);
            pairs.push((label_name, value));
        }
    }
    sorted(pairs)
}

fn push_family_labels<'a>(pairs: &mut Pairs<'a>, family: Family<'a>) {
    if family.metric_type != MetricType::Unknown {
        pairs.push((Cow::Borrowed(TYPE_LABEL), Cow::Borrowed(family.metric_type.as_str())));
    }
    if !family.unit.is_empty() {
        pairs.push((Cow::Borrowed(UNIT_LABEL), String::from_utf8_lossy(family.unit)));
    }
}

/// The labels of an exemplar, which nothing normalises.
pub(super) fn exemplar_labels(body: &[u8], labels: &[(Range<usize>, Range<usize>)]) -> Labels {
    let text = |span: &Range<usize>| String::from_utf8_lossy(&body[span.clone()]);
    let pairs: Pairs<'_> = labels.iter().map(|(name, value)| (text(name), text(value))).collect();
    Labels::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value)))
}

fn sorted(mut pairs: Pairs<'_>) -> Result<Labels, LabelsError> {
    pairs.retain(|(_, value)| !value.is_empty());
    pairs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    match pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(repeated) => Err(LabelsError::Repeated(repeated[0].0.chars().take(MAX_SHOWN_CHARS).collect())),
        None => Ok(Labels::from_sorted(pairs.iter().map(|(name, value)| (&**name, &**value)))),
    }
}

/// A name or a value without its escapes `\\`, `\"` and `\n`. Other backslashes stay.
fn unescaped(text: &[u8]) -> Result<Cow<'_, str>, LabelsError> {
    let text = std::str::from_utf8(text).map_err(|_| LabelsError::NotUtf8(Quoted(text).to_string()))?;
    Ok(without_escapes(text, |escaped| matches!(escaped, b'\\' | b'"' | b'n')))
}

/// Any text of OpenMetrics without its escapes; what is not UTF-8 is replaced.
pub(super) fn unescaped_lossy(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    without_escapes(&text, |escaped| matches!(escaped, b'\\' | b'"' | b'n')).into_owned()
}

/// A help text of the Prometheus text format, where quotes are not escaped.
pub(super) fn unescaped_help(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    without_escapes(&text, |escaped| matches!(escaped, b'\\' | b'n')).into_owned()
}

fn without_escapes(text: &str, is_escape: impl Fn(u8) -> bool) -> Cow<'_, str> {
    if memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        match rest.as_bytes().get(at + 1) {
            Some(&escaped) if is_escape(escaped) => {
                out.push(if escaped == b'n' { '\n' } else { char::from(escaped) });
                rest = &rest[at + 2..];
            }
            _ => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn normalised<'a>(metric_type: MetricType, label_name: &str, value: Cow<'a, str>) -> Cow<'a, str> {
    let is_number = matches!(
        (metric_type, label_name),
        (MetricType::Summary, QUANTILE_LABEL) | (MetricType::Histogram, BUCKET_LABEL)
    );
    if !is_number {
        return value;
    }
    number::float(value.as_bytes()).map_or(value, |number| Cow::Owned(openmetrics_float(number)))
}

/// A float as OpenMetrics writes bounds: with a point or an exponent, so that it can't be taken for a whole number.
pub(crate) fn openmetrics_float(value: f64) -> String {
    if value == 0.0 {
        return "0.0".to_owned();
    }
    let magnitude = value.abs();
    let needs_exponent = magnitude.is_finite() && !(1e-4..1e6).contains(&magnitude);
    let mut text = if needs_exponent { float::scientific(value) } else { float::plain(value) };
    if value.is_finite() && !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_written_as_openmetrics_writes_them() {
        let check = |value: f64, text: &str| assert_eq!(openmetrics_float(value), text);
        check(0.0, "0.0");
        check(-0.0, "0.0");
        check(1.0, "1.0");
        check(-1.0, "-1.0");
        check(0.25, "0.25");
        check(999_999.0, "999999.0");
        check(1e6, "1e+06");
        check(1.5e6, "1.5e+06");
        check(0.0001, "0.0001");
        check(0.00009, "9e-05");
        check(f64::INFINITY, "+Inf");
        check(f64::NEG_INFINITY, "-Inf");
        check(f64::NAN, "NaN");
    }

    #[test]
    fn only_known_escapes_are_undone() {
        let check = |text: &str, plain: &str| assert_eq!(unescaped(text.as_bytes()).unwrap(), plain);
        check(r#"a\"b"#, "a\"b");
        check(r"a\\nb", "a\\nb");
        check(r"a\nb", "a\nb");
        check(r"a\tb\", "a\\tb\\");
        assert_eq!(unescaped_help(br#"\"quoted\" and \\"#), "\\\"quoted\\\" and \\");
    }
}
