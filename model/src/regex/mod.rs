//! Regular expressions in Go's syntax (RE2), on Rust's engine.

use std::fmt;
use std::sync::Arc;

use regex_automata::meta;

/// A compiled regular expression. Cloning is cheap.
#[derive(Clone)]
pub struct GoRegex {
    pattern: Arc<str>,
    engine: meta::Regex,
}

/// Why a text is not a regular expression, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {0}")]
pub struct RegexError(String);

impl GoRegex {
    /// Compiles an expression that must match the whole text, as matchers and relabelling do; `.` matches newlines.
    ///
    /// # Errors
    /// When the pattern is not in Go's syntax, or compiles to more than the size limit.
    pub fn anchored(pattern: &str) -> Result<GoRegex, RegexError> {
        let engine = meta::Regex::new(&format!("^(?s:{pattern})$")).map_err(|error| RegexError(error.to_string()))?;
        Ok(GoRegex { pattern: pattern.into(), engine })
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether a text matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.engine.is_match(text)
    }

    /// All texts that match, where they are few and known.
    pub fn literals(&self) -> Option<&[String]> {
        None
    }
}

impl fmt::Debug for GoRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoRegex({:?})", self.pattern)
    }
}
