//! Why a pattern is not an expression.

use super::{GROUPS_LIMIT_BYTES, SIZE_LIMIT_BYTES};

/// Why a text is not a regular expression, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {reason}: `{expression}`")]
pub struct RegexError {
    reason: Reason,
    /// The part of the pattern that is wrong; the whole of it where no part is.
    expression: String,
}

impl RegexError {
    pub(super) fn new(reason: Reason, expression: &str) -> RegexError {
        RegexError { reason, expression: expression.to_owned() }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("invalid character class range")]
    CharacterRange,
    #[error("invalid escape sequence")]
    Escape,
    #[error("invalid named capture")]
    NamedCapture,
    #[error("invalid or unsupported Perl syntax")]
    PerlSyntax,
    #[error("invalid nested repetition operator")]
    NestedRepetition,
    #[error("invalid repeat count")]
    RepeatCount,
    #[error("missing closing ]")]
    MissingBracket,
    #[error("missing closing )")]
    MissingParenthesis,
    #[error("missing argument to repetition operator")]
    MissingArgument,
    #[error("trailing backslash at end of expression")]
    TrailingBackslash,
    #[error("unexpected )")]
    UnexpectedParenthesis,
    #[error("expression nests too deeply")]
    TooDeep,
    #[error("expression too large: its automaton would exceed {} MiB (limit regex_size)", SIZE_LIMIT_BYTES >> 20)]
    TooLarge,
    #[error("expression too large: its groups would need more than {} MiB (limit regex_groups)", GROUPS_LIMIT_BYTES >> 20)]
    TooManyGroups,
}
