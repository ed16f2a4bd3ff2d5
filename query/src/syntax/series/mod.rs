//! Series descriptions: a metric and its values, as rule unit tests and PromQL test scripts write them.
//!
//! `up{job="x"} 0+10x5 _ stale {{schema:1 count:3 buckets:[1 2]}}x3` is a series with a sample at each step but where `_`
//! stands. `ax5` is `a` and five repetitions; `a+bx5` adds `b` each time.

mod histogram;

use std::sync::Arc;

use model::{Histogram, Labels};

use super::error::ParseErrors;
use super::grammar::series::whole_description;
use super::lexer::{Language, lex};
use super::parse::{Options, check_length};
use super::state::State;
use super::tokens::Tokens;

pub use histogram::Unprintable;
pub(super) use histogram::{HistogramParts, added};

/// How many values a description may stand for.
pub const MAX_VALUES: usize = 1 << 20;

/// A metric and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesDescription {
    /// The series.
    pub labels: Labels,
    /// One value for each step.
    pub values: Vec<SequenceValue>,
}

/// A value of a described series.
#[derive(Clone, Debug, PartialEq)]
pub enum SequenceValue {
    /// No sample at this step.
    Omitted,
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram {
        /// The histogram.
        histogram: Arc<Histogram>,
        /// Whether its reset hint was written, so that a test compares it.
        has_reset_hint: bool,
    },
}

/// Parses a series description.
///
/// # Errors
/// All that is wrong with the text.
pub fn parse(text: &str) -> Result<SeriesDescription, ParseErrors> {
    check_length(text.as_bytes())?;
    let lexed = lex(text.as_bytes(), Language::SeriesDescription);
    let state = State::new(text.as_bytes(), lexed, Options::default());
    let description = whole_description(Tokens::new(&state));
    let (_, errors) = state.into_parts();
    ParseErrors::check(errors)?;
    Ok(description.expect("a text without errors has a description"))
}

/// A histogram as a description writes it, buckets of each sign from the first to the last one.
///
/// # Errors
/// When the buckets span more than [`MAX_VALUES`].
pub fn histogram_text(histogram: &Histogram) -> Result<String, Unprintable> {
    histogram::text(histogram)
}
