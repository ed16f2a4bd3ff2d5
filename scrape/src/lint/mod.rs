//! What `check metrics` says of a body in the Prometheus text format: whether it can be read, which of the conventions
//! for names it does not follow, and which metric families have the most series.
//!
//! The conventions and their wording are promtool's. Unlike promtool, a problem has a line and is named once for each
//! metric, and a body needs no line break at its end. Whether a body holds to OpenMetrics is asked of
//! [`crate::parse::strict`].

mod families;
mod rules;
mod units;

use std::fmt;

use self::families::Families;
use crate::parse::{LabelsError, ParseError};

/// A convention that a metric does not follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The metric family.
    pub metric: String,
    /// What it should do.
    pub text: String,
    /// The line, counted from 1, in which the family begins.
    pub line_number: usize,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.metric, self.text)
    }
}

/// Why a body could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// The body is not in the text format.
    #[error("text format parsing error in line {line_number}: {error}")]
    Parse {
        /// The line, counted from 1.
        line_number: usize,
        /// What is wrong with it.
        error: ParseError,
    },
    /// A series has no usable labels.
    #[error("text format parsing error in line {line_number}: {error}")]
    Labels {
        /// The line, counted from 1.
        line_number: usize,
        /// What is wrong with it.
        error: LabelsError,
    },
}

/// Checks the conventions. Problems come sorted by metric and text.
///
/// # Errors
/// When the body can't be read.
pub fn lint(body: &[u8]) -> Result<Vec<Problem>, LintError> {
    let families = Families::read(body)?;
    let mut problems: Vec<Problem> = families
        .iter()
        .flat_map(|(name, family)| {
            let line_number = family.line_number;
            rules::broken(name, family).into_iter().map(move |text| Problem { metric: name.clone(), text, line_number })
        })
        .collect();
    problems.sort();
    problems.dedup();
    Ok(problems)
}

/// How many series a metric family has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cardinality {
    /// The metric family.
    pub metric: String,
    /// Its series: buckets, quantiles, sums and counts are counted each.
    pub n_series: usize,
}

/// Counts the series of each metric family, the largest first.
///
/// # Errors
/// When the body can't be read.
pub fn cardinality(body: &[u8]) -> Result<Vec<Cardinality>, LintError> {
    let mut counts: Vec<Cardinality> = Families::read(body)?
        .iter()
        .map(|(name, family)| Cardinality { metric: name.clone(), n_series: family.n_samples })
        .collect();
    counts.sort_by(|a, b| b.n_series.cmp(&a.n_series).then_with(|| a.metric.cmp(&b.metric)));
    Ok(counts)
}
