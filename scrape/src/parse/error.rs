//! Why a body is not what it claims to be, in the words of Prometheus.

use std::fmt;

use super::number::NumberError;
use super::quote::Quoted;
use super::token::Token;

/// Where and why reading a body ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ParseError {
    /// The byte at which the line that could not be read begins.
    pub line_start: usize,
    /// The byte at which reading stopped.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl ParseError {
    /// The line, counted from 1, in which reading stopped.
    pub fn line_number(&self, body: &[u8]) -> usize {
        1 + memchr::memchr_iter(b'\n', &body[..self.offset.min(body.len())]).count()
    }
}

/// What is wrong with a body. Texts are cut to a displayable length when they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Another word was expected.
    Unexpected {
        /// What was expected, and where.
        expected: &'static str,
        /// The name of the word found.
        token: &'static str,
        /// The text of the word found.
        found: Shown,
        /// The line as far as it was read.
        line: Shown,
    },
    /// A HELP, TYPE or UNIT line ends after the name.
    NoText {
        /// HELP, TYPE or UNIT.
        keyword: &'static str,
        /// The name of the word found; the OpenMetrics parser does not say.
        token: Option<&'static str>,
    },
    /// A type that the format does not know.
    UnknownType(Shown),
    /// A help text that is not UTF-8.
    HelpNotUtf8(Shown),
    /// A label value that is not UTF-8, with its quotes.
    LabelValueNotUtf8(Shown),
    /// A second metric name in the braces.
    SecondMetricName(Shown),
    /// Braces without a metric name.
    NoMetricName(Shown),
    /// A value or a timestamp that is not a number.
    Number {
        /// What is wrong with it.
        error: NumberError,
        /// The line as far as it was read.
        line: Shown,
    },
    /// A timestamp that is not finite.
    Timestamp(&'static str),
    /// An exemplar's timestamp that is not finite.
    ExemplarTimestamp(&'static str),
    /// A unit that does not end the metric's name.
    UnitNotSuffix {
        /// The unit.
        unit: Shown,
        /// The metric.
        metric: Shown,
    },
    /// More after the end mark of OpenMetrics.
    AfterEof,
    /// No end mark of OpenMetrics.
    NoEof,
}

/// Some bytes of a body, kept for an error message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(Box<[u8]>);

impl Shown {
    /// More is never displayed, so no more is kept.
    const MAX_KEPT_BYTES: usize = 2048;

    pub(crate) fn new(bytes: &[u8]) -> Shown {
        Shown(bytes[..bytes.len().min(Shown::MAX_KEPT_BYTES)].into())
    }

    /// Bytes with a line break that the body does not have.
    pub(crate) fn with_line_break(bytes: &[u8]) -> Shown {
        let mut kept = bytes[..bytes.len().min(Shown::MAX_KEPT_BYTES)].to_vec();
        kept.push(b'\n');
        Shown(kept.into())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(&self.0).fmt(f)
    }
}

/// A number that is not finite, as Go's `%f` shows it.
pub(crate) fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unexpected { expected, token, found, line } => {
                write!(f, "{expected}, got {found} (\"{token}\") while parsing: {line}")
            }
            Problem::NoText { keyword, token: Some(token) } => write!(f, "expected text in {keyword}, got {token}"),
            Problem::NoText { keyword, token: None } => write!(f, "expected text in {keyword}"),
            Problem::UnknownType(name) => write!(f, "invalid metric type {name}"),
            Problem::HelpNotUtf8(text) => write!(f, "help text {text} is not a valid utf8 string"),
            Problem::LabelValueNotUtf8(value) => write!(f, "invalid UTF-8 label value: {value}"),
            Problem::SecondMetricName(line) => write!(f, "metric name already set while parsing: {line}"),
            Problem::NoMetricName(line) => write!(f, "metric name not set while parsing: {line}"),
            Problem::Number { error, line } => write!(f, "{error} while parsing: {line}"),
            Problem::Timestamp(timestamp) => write!(f, "invalid timestamp {timestamp}"),
            Problem::ExemplarTimestamp(timestamp) => write!(f, "invalid exemplar timestamp {timestamp}"),
            Problem::UnitNotSuffix { unit, metric } => write!(f, "unit {unit} not a suffix of metric {metric}"),
            Problem::AfterEof => f.write_str("unexpected data after # EOF"),
            Problem::NoEof => f.write_str("data does not end with # EOF"),
        }
    }
}

/// What was expected after a keyword in place of a metric name.
pub(crate) fn metric_name_after(keyword: Token) -> &'static str {
    match keyword {
        Token::Help => "expected metric name after HELP",
        Token::Unit => "expected metric name after UNIT",
        _ => "expected metric name after TYPE",
    }
}
