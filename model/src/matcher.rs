//! Matchers: what a label's value must or must not be.

use std::fmt;

use crate::labels::{Labels, METRIC_NAME};
use crate::name;
use crate::regex::{GoRegex, RegexError};

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, anchored at both ends
    Regex,
    /// `!~`, anchored at both ends
    NotRegex,
}

impl MatchOp {
    /// The operator as PromQL writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        }
    }

    /// Whether the operator is `!=` or `!~`.
    pub fn is_negative(self) -> bool {
        matches!(self, MatchOp::NotEqual | MatchOp::NotRegex)
    }
}

impl fmt::Display for MatchOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One condition on one label. A label that is not set has the empty value.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    regex: Option<GoRegex>,
}

impl Matcher {
    /// A matcher; compiles the value where the operator is a regular expression.
    ///
    /// # Errors
    /// When the value is not a regular expression in Go's syntax, with Go's words.
    pub fn new(name: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Result<Matcher, RegexError> {
        Matcher::compiled_by(name, op, value, GoRegex::anchored)
    }

    /// The same for those whose regular expressions mean something else than PromQL's.
    ///
    /// # Errors
    /// As `compile`.
    pub fn compiled_by(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
        compile: impl FnOnce(&str) -> Result<GoRegex, RegexError>,
    ) -> Result<Matcher, RegexError> {
        let value = value.into();
        let regex = match op {
            MatchOp::Regex | MatchOp::NotRegex => Some(compile(&value)?),
            MatchOp::Equal | MatchOp::NotEqual => None,
        };
        Ok(Matcher { name: name.into(), op, value, regex })
    }

    /// `name="value"`.
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Matcher {
        Matcher { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// The label.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operator.
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// The text on the right.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The compiled regular expression, where there is one.
    pub fn regex(&self) -> Option<&GoRegex> {
        self.regex.as_ref()
    }

    /// Whether a value fulfils the condition.
    pub fn matches(&self, value: &str) -> bool {
        let positive = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => self.value == value,
        };
        positive != self.op.is_negative()
    }

    /// Whether a series fulfils the condition.
    pub fn matches_labels(&self, labels: &Labels) -> bool {
        self.matches(labels.get(&self.name).unwrap_or_default())
    }

    /// Whether a series without the label fulfils the condition.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }

    /// The values that can match, where they are few and known: the literal, or the alternatives of `a|b|c`.
    ///
    /// `None` for negative operators and for open-ended expressions.
    pub fn literal_values(&self) -> Option<&[String]> {
        match self.op {
            MatchOp::Equal => Some(std::slice::from_ref(&self.value)),
            MatchOp::Regex => self.regex.as_ref().and_then(GoRegex::literals),
            MatchOp::NotEqual | MatchOp::NotRegex => None,
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = name::quoted(&self.value);
        if name::is_legacy_label_name(&self.name) || self.name == METRIC_NAME {
            write!(f, "{}{}{value}", self.name, self.op)
        } else {
            write!(f, "{}{}{value}", name::quoted(&self.name), self.op)
        }
    }
}
