//! Exposition formats: the Prometheus text format 0.0.4 and OpenMetrics 1.0, read as Prometheus reads them.
//!
//! A [`Parser`] walks over a body and yields [`Event`]s that borrow from it; a sample costs no allocation. Its labels
//! are only built when asked for ([`Parser::labels`]), and a line that is known from the last scrape need not even be
//! split into words ([`Parser::next_if_series`]). What is accepted, and what is said of the rest, is what Prometheus
//! 3.14 accepts and says; [`strict`] holds a body to the OpenMetrics specification instead.
//!
//! Which of the formats a body is in says its `Content-Type` ([`content_type`]). Protobuf is not built: it is never
//! asked for, and a target that sends it all the same is told so.

mod braces;
pub mod content_type;
mod error;
mod metric_type;
pub(crate) mod number;
mod openmetrics;
mod prometheus;
mod quote;
mod scan;
mod series;
pub mod strict;
mod token;

pub use error::{ParseError, Problem, Shown};
pub use metric_type::MetricType;
pub use number::NumberError;
pub use openmetrics::{Exemplar, OpenMetrics};
pub use prometheus::PrometheusText;
pub use series::LabelsError;

use model::Labels;

/// The name of a metric family as an [`Event`] gives it, without its escapes.
pub fn family_name(family: &[u8]) -> String {
    series::unescaped_lossy(family)
}

/// What a body says next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// A HELP line.
    Help {
        /// The metric family as written, without quotes.
        family: &'a [u8],
        /// The text as written; [`Parser::help_text`] undoes the escapes.
        text: &'a [u8],
    },
    /// A TYPE line.
    Type {
        /// The metric family as written, without quotes.
        family: &'a [u8],
        /// The type.
        metric_type: MetricType,
    },
    /// A UNIT line (OpenMetrics).
    Unit {
        /// The metric family as written, without quotes.
        family: &'a [u8],
        /// The unit; may be empty.
        unit: &'a [u8],
    },
    /// Another line that begins with `#`, as written.
    Comment(&'a [u8]),
    /// A sample of a series.
    Series {
        /// The metric name and the labels as written: the key under which a series is found again.
        text: &'a [u8],
        /// The value and the time.
        sample: Sample,
    },
}

/// What a line says of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The value. Every NaN is the same NaN ([`model::sample::NORMAL_NAN_BITS`]).
    pub value: f64,
    /// The time, in milliseconds since the Unix epoch, where the line has one.
    pub timestamp_ms: Option<i64>,
}

/// How a body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Puts the type and the unit of the metric family into the labels `__type__` and `__unit__`.
    pub type_and_unit_labels: bool,
    /// Leaves `_created` lines of OpenMetrics out of the series; [`Parser::start_timestamp_ms`] finds them.
    pub skip_created_series: bool,
}

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format, `text/plain`.
    PrometheusText,
    /// OpenMetrics, `application/openmetrics-text`.
    OpenMetrics,
}

/// Reads a body in either format.
#[derive(Clone, Debug)]
pub enum Parser<'a> {
    /// The Prometheus text format.
    PrometheusText(PrometheusText<'a>),
    /// OpenMetrics.
    OpenMetrics(OpenMetrics<'a>),
}

impl<'a> Parser<'a> {
    /// A parser at the beginning of a body.
    pub fn new(format: Format, body: &'a [u8], options: Options) -> Parser<'a> {
        match format {
            Format::PrometheusText => Parser::PrometheusText(PrometheusText::new(body, options)),
            Format::OpenMetrics => Parser::OpenMetrics(OpenMetrics::new(body, options)),
        }
    }

    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// When the body is not in the format. The parser is of no use then.
    #[expect(clippy::should_implement_trait, reason = "an iterator of results could not be told what to expect")]
    pub fn next(&mut self) -> Result<Option<Event<'a>>, ParseError> {
        match self {
            Parser::PrometheusText(parser) => parser.next(),
            Parser::OpenMetrics(parser) => parser.next(),
        }
    }

    /// Reads the next line if it is about the series with this text, as an earlier event gave it; otherwise stays where
    /// it is. Costs one comparison and no look at the labels.
    ///
    /// # Errors
    /// As for [`Parser::next`].
    pub fn next_if_series(&mut self, text: &[u8]) -> Result<Option<Sample>, ParseError> {
        match self {
            Parser::PrometheusText(parser) => parser.next_if_series(text),
            Parser::OpenMetrics(parser) => parser.next_if_series(text),
        }
    }

    /// Goes past the next line if it is this one, and takes `metric_type` for the type of what follows. The line, given
    /// with its line break, must have been a HELP, TYPE or UNIT line of an earlier body.
    pub fn skip_if_line(&mut self, line: &[u8], metric_type: MetricType) -> bool {
        match self {
            Parser::PrometheusText(parser) => parser.skip_if_line(line, metric_type),
            Parser::OpenMetrics(parser) => parser.skip_if_line(line, metric_type),
        }
    }

    /// The labels of the series that the last event was about.
    ///
    /// # Errors
    /// When a name is not UTF-8 or there is one twice.
    pub fn labels(&self) -> Result<Labels, LabelsError> {
        match self {
            Parser::PrometheusText(parser) => parser.labels(),
            Parser::OpenMetrics(parser) => parser.labels(),
        }
    }

    /// The exemplar on the line of the last event, where there is one.
    pub fn exemplar(&self) -> Option<Exemplar> {
        match self {
            Parser::PrometheusText(_) => None,
            Parser::OpenMetrics(parser) => parser.exemplar(),
        }
    }

    /// When the series of the last event began to count, in milliseconds since the Unix epoch, where the body says so.
    pub fn start_timestamp_ms(&mut self) -> Option<i64> {
        match self {
            Parser::PrometheusText(_) => None,
            Parser::OpenMetrics(parser) => parser.start_timestamp_ms(),
        }
    }

    /// The type of the metric family at hand.
    pub fn metric_type(&self) -> MetricType {
        match self {
            Parser::PrometheusText(parser) => parser.metric_type(),
            Parser::OpenMetrics(parser) => parser.metric_type(),
        }
    }

    /// Where the line of the last event begins, blanks before it included.
    pub fn line_start(&self) -> usize {
        match self {
            Parser::PrometheusText(parser) => parser.line_start(),
            Parser::OpenMetrics(parser) => parser.line_start(),
        }
    }

    /// How far the body has been read.
    pub fn offset(&self) -> usize {
        match self {
            Parser::PrometheusText(parser) => parser.offset(),
            Parser::OpenMetrics(parser) => parser.offset(),
        }
    }

    /// A help text without its escapes.
    pub fn help_text(&self, text: &[u8]) -> String {
        match self {
            Parser::PrometheusText(_) => series::unescaped_help(text),
            Parser::OpenMetrics(_) => series::unescaped_lossy(text),
        }
    }
}
