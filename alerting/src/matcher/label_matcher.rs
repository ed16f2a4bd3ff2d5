//! One matcher, and several that must all hold.

use std::cmp::Ordering;
use std::fmt;

use model::regex::{GoRegex, RegexError};
use model::{Labels, MatchOp, name};

/// One condition on one label; a label that is not set has the empty value.
///
/// Unlike PromQL's, `.` in a regular expression matches no newline, and what is special to either grammar is quoted when it
/// is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher(model::Matcher);

impl Matcher {
    /// A matcher; compiles the value where the operator is a regular expression.
    ///
    /// # Errors
    /// When the value is not a regular expression in Go's syntax, with Go's words.
    pub fn new(name: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Result<Matcher, RegexError> {
        model::Matcher::compiled_by(name, op, value, compile).map(Matcher)
    }

    /// `name="value"`.
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Matcher {
        Matcher(model::Matcher::equal(name, value))
    }

    /// The label has one of these values: `name=~"a|b"`.
    ///
    /// # Errors
    /// When there are too many of them.
    pub fn one_of<'v>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Result<Matcher, RegexError> {
        let values: Vec<String> = values.into_iter().map(literal).collect();
        // It is a list of texts, for which no automaton is made.
        model::Matcher::compiled_by(name, MatchOp::Regex, values.join("|"), GoRegex::anchored).map(Matcher)
    }

    /// The label.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The operator.
    pub fn op(&self) -> MatchOp {
        self.0.op()
    }

    /// The text on the right.
    pub fn value(&self) -> &str {
        self.0.value()
    }

    /// Whether the text on the right is a regular expression.
    pub fn is_regex(&self) -> bool {
        self.0.regex().is_some()
    }

    /// Whether a value fulfils the condition.
    pub fn matches(&self, value: &str) -> bool {
        self.0.matches(value)
    }

    /// Whether labels fulfil the condition.
    pub fn matches_labels(&self, labels: &Labels) -> bool {
        self.0.matches_labels(labels)
    }

    fn order(&self) -> (&str, &str, MatchOp) {
        (self.name(), self.value(), self.op())
    }
}

/// An expression that matches a text and nothing else.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Compiles an expression that must match the whole of a value: `^(?:PATTERN)$`, as Alertmanager has it.
fn compile(pattern: &str) -> Result<GoRegex, RegexError> {
    if GoRegex::searching(pattern).is_ok() {
        return GoRegex::anchored(&format!("(?-s:{pattern})"));
    }
    // What is no expression by itself may become one between parentheses; errors show these too.
    GoRegex::searching(&format!("^(?:{pattern})$"))
}

/// The operator that a text is.
pub fn op(text: &str) -> Option<MatchOp> {
    let ops = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];
    ops.into_iter().find(|op| op.as_str() == text)
}

impl Ord for Matcher {
    /// By name, then value, then operator, as Alertmanager sorts them in keys of groups.
    fn cmp(&self, other: &Matcher) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Matcher {
    fn partial_cmp(&self, other: &Matcher) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Matcher {
    /// As Alertmanager writes it: `name="value"`, with a name that could be misread in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, op) = (self.name(), self.op());
        if name.contains(is_reserved) {
            return write!(f, "{}{op}{}", name::quoted(name), name::quoted(self.value()));
        }
        let value = self.value().replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
        write!(f, "{name}{op}\"{value}\"")
    }
}

/// Whether a character ends a text without quotes.
pub(super) fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

/// Matchers that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matchers(pub Vec<Matcher>);

impl Matchers {
    /// Whether labels fulfil all conditions; no conditions are always fulfilled.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches_labels(labels))
    }
}

impl fmt::Display for Matchers {
    /// `{a="b",c="d"}`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, matcher) in self.0.iter().enumerate() {
            write!(f, "{}{matcher}", if i == 0 { "" } else { "," })?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_values_is_each_of_them_and_nothing_else() {
        let values = ["a.b", "a|b", "(x)*", "[^a]", r"\d", "{2}", "+?", "c$", "two\nlines", "订单"];
        let matcher = Matcher::one_of("slo", values).unwrap();
        // As it is shown, others read it.
        let read = Matcher::new("slo", MatchOp::Regex, matcher.value()).unwrap();
        for matcher in [matcher, read] {
            for value in values {
                assert!(matcher.matches(value), "{value:?}");
            }
            for other in ["", "aXb", "a", "b", "x", "xx", "5", "c", "two", "twoXlines", "a.b|a|b", "订"] {
                assert!(!matcher.matches(other), "{other:?}");
            }
        }
    }
}
