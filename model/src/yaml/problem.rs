//! What is wrong with a text.

use super::document::Span;

/// One mistake in a text, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes that are wrong.
    pub span: Span,
    /// The way from the root, as `scrape_configs[0].job_name`; empty for the text as a whole.
    pub path: String,
    /// What is wrong with them.
    pub message: String,
    /// What could have been meant.
    pub help: Option<String>,
}
