//! The selectors that Pyrra's indicators name, and the sums that its rules make of them.

use std::collections::BTreeSet;
use std::fmt;

use model::labels::METRIC_NAME;
use model::{MatchOp, Matcher};
use query::syntax::parse_selector;

/// A selector: the metric's name and what its labels have to be, by the alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The metric's name.
    pub name: String,
    /// Without the one for the name.
    pub matchers: Vec<Matcher>,
}

impl Metric {
    /// Reads a selector.
    ///
    /// # Errors
    /// When it is none, or names no metric; what is wrong, in words.
    pub fn parse(text: &str) -> Result<Metric, String> {
        let matchers = parse_selector(text).map_err(|errors| errors.to_string())?;
        let is_name = |matcher: &Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
        let Some(name) = matchers.iter().find(|matcher| is_name(matcher)) else {
            return Err("a selector with the name of a metric is needed".to_owned());
        };
        let name = name.value().to_owned();
        let matchers = matchers.into_iter().filter(|matcher| matcher.name() != METRIC_NAME);
        Ok(Metric { name, matchers: Vec::new() }.with(matchers))
    }

    /// With more conditions.
    #[must_use]
    pub fn with(mut self, matchers: impl IntoIterator<Item = Matcher>) -> Metric {
        self.matchers.extend(matchers);
        self.matchers.sort_by(|a, b| (a.name(), a.value()).cmp(&(b.name(), b.value())));
        self
    }

    /// The same conditions on another metric.
    #[must_use]
    pub fn named(&self, name: impl Into<String>) -> Metric {
        Metric { name: name.into(), matchers: self.matchers.clone() }
    }

    /// All matchers, that of the name too.
    pub fn all_matchers(&self) -> Vec<Matcher> {
        [Matcher::equal(METRIC_NAME, &self.name)].into_iter().chain(self.matchers.clone()).collect()
    }

    /// The name without the suffix that says what kind of series it is.
    pub fn base_name(&self) -> &str {
        ["_total", "_count", "_bucket"].iter().find_map(|suffix| self.name.strip_suffix(suffix)).unwrap_or(&self.name)
    }

    /// Labels that may have several values.
    pub fn open_labels(&self) -> impl Iterator<Item = &str> {
        self.matchers.iter().filter(|matcher| matcher.op() != MatchOp::Equal).map(Matcher::name)
    }

    /// The value that a label has to have, where there is only one.
    pub fn value_of(&self, label: &str) -> Option<&str> {
        let is_it = |matcher: &&Matcher| matcher.name() == label && matcher.op() == MatchOp::Equal;
        self.matchers.iter().find(is_it).map(Matcher::value)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.matchers.is_empty() {
            return Ok(());
        }
        let matchers: Vec<String> = self.matchers.iter().map(ToString::to_string).collect();
        write!(f, "{{{}}}", matchers.join(","))
    }
}

/// A sum, apart by labels.
pub(super) fn sum_by(labels: &BTreeSet<String>, of: &str) -> String {
    if labels.is_empty() {
        return format!("sum({of})");
    }
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    format!("sum by ({}) ({of})", labels.join(", "))
}
