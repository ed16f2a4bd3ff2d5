//! Matchers as the configuration has them.

use std::collections::BTreeMap;

use model::MatchOp;
use model::name::{is_legacy_label_name, quoted};
use model::yaml::Faults;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::matcher::{Grammar, Matcher, Matchers};

/// `matchers`: lines with one matcher or several each; all must hold. They are kept sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatcherLines(pub Vec<Matcher>);

/// One line.
struct Line(Vec<Matcher>);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Line, D::Error> {
        let text = String::deserialize(deserializer)?;
        Grammar::default().matchers(&text).map(Line).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for MatcherLines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MatcherLines, D::Error> {
        let lines = Vec::<Line>::deserialize(deserializer)?;
        let mut matchers: Vec<Matcher> = lines.into_iter().flat_map(|line| line.0).collect();
        matchers.sort();
        Ok(MatcherLines(matchers))
    }
}

impl Serialize for MatcherLines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

/// The old form of regular expressions: labels, and expressions that their values match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MatchRegexps(pub BTreeMap<String, MatchRegexp>);

/// An expression; nothing where none was written, which is a mistake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchRegexp(pub Option<String>);

impl<'de> Deserialize<'de> for MatchRegexp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MatchRegexp, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        if let Some(text) = &text {
            Matcher::new("", MatchOp::Regex, text).map_err(D::Error::custom)?;
        }
        Ok(MatchRegexp(text))
    }
}

impl Serialize for MatchRegexp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_deref().unwrap_or_default())
    }
}

impl MatchRegexps {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (name, regex) in &self.0 {
            if !is_legacy_label_name(name) {
                faults.add(name, format_args!("invalid label name {}", quoted(name)));
            } else if regex.0.is_none() {
                faults.add(name, format_args!("invalid regexp value for {}", quoted(name)));
            }
        }
    }
}

/// Matchers of all three forms together, sorted. An old expression is shown with its anchors, as in Alertmanager's keys.
pub(super) fn old_matchers(equal: &BTreeMap<String, String>, regex: &MatchRegexps, lines: &MatcherLines) -> Matchers {
    let equal = equal.iter().map(|(name, value)| Matcher::equal(name, value));
    let regex = regex.0.iter().filter_map(|(name, regex)| {
        let anchored = format!("^(?:{})$", regex.0.as_deref()?);
        Matcher::new(name, MatchOp::Regex, anchored).ok()
    });
    let mut matchers: Vec<Matcher> = equal.chain(regex).chain(lines.0.iter().cloned()).collect();
    matchers.sort();
    Matchers(matchers)
}
