//! What a body does against the specification, and where.

use std::fmt;

use model::name::quoted;

use crate::parse::ParseError;

/// Longer lines are not drawn whole.
const MAX_DRAWN_CHARS: usize = 200;

/// The first thing in a body that OpenMetrics does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The line, counted from 1.
    pub line_number: usize,
    /// The character of the line, counted from 1.
    pub column: usize,
    /// What is not allowed.
    pub rule: Rule,
    line: String,
}

impl Violation {
    pub(super) fn at(body: &[u8], at: usize, rule: Rule) -> Violation {
        let at = at.min(body.len());
        let line_start = memchr::memrchr(b'\n', &body[..at]).map_or(0, |line_break| line_break + 1);
        let line_end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |n_bytes| at + n_bytes);
        let chars = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().count();
        Violation {
            line_number: 1 + memchr::memchr_iter(b'\n', &body[..line_start]).count(),
            column: 1 + chars(&body[line_start..at]),
            rule,
            line: String::from_utf8_lossy(&body[line_start..line_end]).into_owned(),
        }
    }

    pub(super) fn of_syntax(body: &[u8], error: &ParseError) -> Violation {
        // A line break that is too much is shown at the end of the line that it ends.
        let at = if error.offset > error.line_start && body.get(error.offset - 1) == Some(&b'\n') {
            error.offset - 1
        } else {
            error.offset
        };
        Violation::at(body, at, Rule::Syntax(error.to_string()))
    }

    /// The line, and below it a caret under the place.
    pub fn drawn(&self) -> String {
        let shown: String = self.line.chars().take(MAX_DRAWN_CHARS).map(|c| if c == '\t' { ' ' } else { c }).collect();
        format!("{shown}\n{:>column$}", '^', column = self.column.min(MAX_DRAWN_CHARS + 1))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line_number, self.column, self.rule)
    }
}

impl std::error::Error for Violation {}

/// The rules of the specification that go beyond its grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The body is not in the grammar.
    #[error("{0}")]
    Syntax(String),
    /// The body is not UTF-8.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// A name in quotes.
    #[error("names in quotes are not part of OpenMetrics 1.0")]
    QuotedName,
    /// A comma before the closing brace.
    #[error("no comma may stand before the closing brace")]
    TrailingComma,
    /// A label twice in one series.
    #[error("label {} stands twice", quoted(.0))]
    RepeatedLabel(String),
    /// A name that another metric family has, or could have.
    #[error("the name {} is already taken by another metric family", quoted(.0))]
    ClashingName(String),
    /// A second HELP, TYPE or UNIT line.
    #[error("a second {keyword} line for {}", quoted(.family))]
    RepeatedMetadata {
        /// HELP, TYPE or UNIT.
        keyword: &'static str,
        /// The metric family.
        family: String,
    },
    /// A HELP, TYPE or UNIT line behind a sample of its family.
    #[error("the {keyword} line of {} must stand before its samples", quoted(.family))]
    LateMetadata {
        /// HELP, TYPE or UNIT.
        keyword: &'static str,
        /// The metric family.
        family: String,
    },
    /// A unit on a type that can't have one.
    #[error("a metric family of type {0} can't have a unit")]
    UnitNotAllowed(&'static str),
    /// A sample that needs a label for its type.
    #[error("{metric} needs a label {}{must}", quoted(.label))]
    MissingLabel {
        /// What it is.
        metric: &'static str,
        /// The label.
        label: String,
        /// What its value must be.
        must: &'static str,
    },
    /// NaN or less than zero where something is counted.
    #[error("{0} can't be negative or NaN")]
    NotACount(&'static str),
    /// A quantile's value below zero.
    #[error("the value of a quantile can't be negative")]
    NegativeQuantile,
    /// An info that is not 1.
    #[error("the value of an info must be 1")]
    InfoValue,
    /// A state that is neither 0 nor 1.
    #[error("the value of a state must be 0 or 1")]
    StateValue,
    /// The same sample twice without timestamps.
    #[error("the sample stands twice")]
    RepeatedSample,
    /// Samples of one metric with others in between.
    #[error("the samples of a metric must stand together")]
    TornGroup,
    /// Samples of one metric with and without timestamps.
    #[error("some samples of the metric have a timestamp and others have none")]
    MixedTimestamps,
    /// A timestamp that is less than the one before it.
    #[error("timestamps of a metric must not go back")]
    TimestampsGoBack,
    /// Bounds of buckets that do not grow.
    #[error("the bounds of buckets must grow")]
    BucketOrder,
    /// Buckets that count less than the one before.
    #[error("buckets are cumulative: their counts must not fall")]
    BucketCounts,
    /// A histogram without its last bucket.
    #[error("a histogram needs a last bucket with le=\"+Inf\"")]
    NoInfBucket,
    /// A count that is not that of the last bucket.
    #[error("the count must equal the bucket with le=\"+Inf\"")]
    CountMismatch,
    /// One of sum and count without the other.
    #[error("a sum and a count must come together")]
    SumWithoutCount,
    /// A sum that can't be a sum of what was counted.
    #[error("a histogram with negative bounds can't have a sum")]
    SumWithNegativeBuckets,
    /// A negative sum where there are no negative bounds.
    #[error("the sum can't be negative where no bound is")]
    NegativeSum,
    /// An exemplar where none may be.
    #[error("only buckets and the totals of counters may have an exemplar")]
    MisplacedExemplar,
    /// An exemplar with too much text.
    #[error("the labels of the exemplar have {n_chars} characters: limit {limit}")]
    LongExemplar {
        /// How many there are.
        n_chars: usize,
        /// How many there may be.
        limit: usize,
    },
}
