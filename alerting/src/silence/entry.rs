//! One silence.

use std::collections::BTreeMap;

use model::regex::GoRegex;
use model::{Labels, MatchOp};

use super::error::{Flaw, MatcherFlaw};
use crate::matcher::{Grammar, Matcher, Matchers};

/// What is not to be told, and how long. Times are in milliseconds since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// A UUID; empty for one that is to be made.
    pub id: String,
    /// It silences what any of these matches.
    pub matcher_sets: Vec<Matchers>,
    /// From when on.
    pub starts_at_ms: i64,
    /// Until when.
    pub ends_at_ms: i64,
    /// When it was made or changed.
    pub updated_at_ms: i64,
    /// Who wants it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// What else is to be known of it.
    pub annotations: BTreeMap<String, String>,
}

/// Where a silence stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It silences.
    Active,
    /// It will.
    Pending,
    /// It did.
    Expired,
}

impl State {
    /// As Alertmanager calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Pending => "pending",
            State::Expired => "expired",
        }
    }
}

/// The matcher at a place in a set of a silence.
///
/// # Errors
/// When the value is not the regular expression that it should be.
pub fn read_matcher(set: usize, index: usize, name: &str, op: MatchOp, value: &str) -> Result<Matcher, Flaw> {
    let is_regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
    // The expression itself must be right, and errors show it without the anchors that it gets.
    let checked = if is_regex { GoRegex::searching(value).map(drop) } else { Ok(()) };
    checked.and_then(|()| Matcher::new(name, op, value)).map_err(|error| {
        let flaw = MatcherFlaw::Regex { value: value.to_owned(), error };
        Flaw::Matcher { set, index, flaw }
    })
}

impl Silence {
    /// Where it stands at a time.
    pub fn state_at(&self, at_ms: i64) -> State {
        if at_ms < self.starts_at_ms {
            State::Pending
        } else if at_ms < self.ends_at_ms {
            State::Active
        } else {
            State::Expired
        }
    }

    /// Whether it is about an alert with these labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matcher_sets.iter().any(|matchers| matchers.matches(labels))
    }

    /// Finds what is wrong with it. A time of zero was not given.
    pub(super) fn check(&self, grammar: Grammar) -> Result<(), Flaw> {
        if self.matcher_sets.is_empty() {
            return Err(Flaw::NoSet);
        }
        for (set, matchers) in self.matcher_sets.iter().enumerate() {
            check_set(set, &matchers.0, grammar)?;
        }
        match (self.starts_at_ms, self.ends_at_ms) {
            (0, _) => Err(Flaw::NoStart),
            (_, 0) => Err(Flaw::NoEnd),
            (start, end) if end < start => Err(Flaw::EndsFirst),
            _ => Ok(()),
        }
    }

    /// Whether another may take its place at a time, so that it is the same silence still: what has begun does not begin
    /// at another second, and nothing is changed in the past.
    pub(super) fn can_become(&self, other: &Silence, now_ms: i64) -> bool {
        let is_same_start = self.starts_at_ms.div_euclid(1000) == other.starts_at_ms.div_euclid(1000);
        self.matcher_sets == other.matcher_sets
            && match self.state_at(now_ms) {
                State::Active => is_same_start && other.ends_at_ms >= now_ms,
                State::Pending => other.starts_at_ms >= now_ms,
                State::Expired => false,
            }
    }

    /// How many bytes its texts have.
    pub(super) fn n_bytes(&self) -> usize {
        let matchers = self.matcher_sets.iter().flat_map(|set| &set.0);
        let matchers: usize = matchers.map(|matcher| matcher.name().len() + matcher.value().len()).sum();
        let annotations: usize = self.annotations.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.id.len() + matchers + self.created_by.len() + self.comment.len() + annotations
    }
}

fn check_set(set: usize, matchers: &[Matcher], grammar: Grammar) -> Result<(), Flaw> {
    if matchers.is_empty() {
        return Err(Flaw::EmptySet(set));
    }
    let is_wrong = |matcher: &Matcher| !grammar.is_label_name(matcher.name());
    if let Some(index) = matchers.iter().position(is_wrong) {
        return Err(Flaw::Matcher { set, index, flaw: MatcherFlaw::Name(matchers[index].name().to_owned()) });
    }
    // As in Alertmanager, what is negated counts as a condition, although it holds for the empty text too.
    let says_something = |matcher: &Matcher| matcher.op().is_negative() || !matcher.matches("");
    if matchers.iter().any(says_something) { Ok(()) } else { Err(Flaw::MatchesEmpty(set)) }
}
