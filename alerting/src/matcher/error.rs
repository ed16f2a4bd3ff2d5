//! Why a text is no matcher.

use model::regex::RegexError;

/// Why a text is no matcher, in Alertmanager's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// There is no name and operator at the beginning.
    #[error("bad matcher format: {0}")]
    Format(String),
    /// Quotes that do not belong there, or are not closed.
    #[error("matcher value contains unescaped double quote: {0}")]
    Quote(String),
    /// Several matchers were wanted as one.
    #[error("unexpected open or close brace: {0}")]
    Brace(String),
    /// The value is not a regular expression.
    #[error(transparent)]
    Regex(#[from] RegexError),
    /// Something else, with its columns.
    #[error("{0}")]
    Syntax(String),
    /// One matcher was wanted.
    #[error("expected 1 matcher, found {0}")]
    Several(usize),
    /// One matcher was wanted.
    #[error("no matchers")]
    None,
}
