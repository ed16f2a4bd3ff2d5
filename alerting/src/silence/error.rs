//! Why a silence is refused.

use model::name::quoted;
use model::regex::RegexError;

/// Why a silence is refused, mostly in Alertmanager's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SilenceError {
    /// There is none with this id.
    #[error("silence not found")]
    NotFound,
    /// It would silence everything or nothing.
    #[error("invalid silence: {0}")]
    Invalid(Flaw),
    /// There are too many.
    #[error("exceeded maximum number of silences: {n} (limit silences: {limit})")]
    TooMany {
        /// How many there are, those that have ended included.
        n: usize,
        /// The limit `silences`.
        limit: usize,
    },
    /// It is too large.
    #[error("silence exceeded maximum size: {n_bytes} bytes (limit silence_size: {limit} bytes)")]
    TooLarge {
        /// How large it is.
        n_bytes: usize,
        /// The limit `silence_size`.
        limit: usize,
    },
}

/// What is wrong with a silence itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Nothing is said of what it silences.
    #[error("at least one matcher set required")]
    NoSet,
    /// Nothing stands in one of the sets.
    #[error("matcher set {0} is empty")]
    EmptySet(usize),
    /// A set matches whatever has none of its labels.
    #[error("matcher set {0}: at least one matcher must not match the empty string")]
    MatchesEmpty(usize),
    /// A matcher cannot be.
    #[error("invalid label matcher {index} in set {set}: {flaw}")]
    Matcher {
        /// From 0.
        set: usize,
        /// From 0.
        index: usize,
        /// What is wrong.
        flaw: MatcherFlaw,
    },
    /// It has no start.
    #[error("invalid zero start timestamp")]
    NoStart,
    /// It has no end.
    #[error("invalid zero end timestamp")]
    NoEnd,
    /// It ends before it starts.
    #[error("end time must not be before start time")]
    EndsFirst,
}

/// What is wrong with a matcher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatcherFlaw {
    /// No label is called so.
    #[error("invalid label name {}", quoted(.0))]
    Name(String),
    /// The value is no regular expression.
    #[error("invalid regular expression {}: {error}", quoted(.value))]
    Regex {
        /// The value.
        value: String,
        /// What is wrong with it.
        error: RegexError,
    },
}

impl From<Flaw> for SilenceError {
    fn from(flaw: Flaw) -> SilenceError {
        SilenceError::Invalid(flaw)
    }
}
