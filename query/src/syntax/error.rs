//! What is wrong with a text: Prometheus's messages and positions, and what could have stood there instead.

use std::fmt;

use smallvec::SmallVec;

use super::span::{Position, Span};

/// One thing that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The stretch of the text that is meant.
    pub span: Span,
    /// Where that begins, as people count.
    pub position: Position,
    /// What is wrong, in Prometheus's words.
    pub message: String,
    /// The words that the grammar would have taken at the start of the span; empty where the text is in order but makes
    /// no sense.
    pub expected: SmallVec<[&'static str; 4]>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: parse error: {}", self.position, self.message)
    }
}

impl std::error::Error for ParseError {}

/// All that is wrong with a text, in the order in which it was found; shown by its first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseErrors(Vec<ParseError>);

impl ParseErrors {
    /// Errors, of which there is at least one; `Ok` where there is none.
    pub(super) fn check(errors: Vec<ParseError>) -> Result<(), ParseErrors> {
        if errors.is_empty() { Ok(()) } else { Err(ParseErrors(errors)) }
    }

    /// The errors.
    pub fn iter(&self) -> std::slice::Iter<'_, ParseError> {
        self.0.iter()
    }

    /// The first error, by which the text is refused.
    pub fn first(&self) -> &ParseError {
        self.0.first().expect("ParseErrors::check refuses an empty list")
    }
}

impl fmt::Display for ParseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first().fmt(f)
    }
}

impl std::error::Error for ParseErrors {}
