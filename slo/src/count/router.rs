//! From a new series to the terms that it may be one of. Most series belong to none, and are told by their name.

use std::hash::{Hash, Hasher};

use model::labels::METRIC_NAME;
use model::{Labels, MatchOp};
use rustc_hash::{FxHashMap, FxHasher};

use super::source::Term;
use crate::series::is_of_budget;

/// The number of an objective's book, and of one of its terms.
pub(super) type TermRef = (u32, u32);

/// Terms by what a series must have to match.
#[derive(Clone, Debug, Default)]
pub(super) struct Router {
    by_name: FxHashMap<Box<str>, Terms>,
    nameless: Terms,
}

/// Terms of one name. Each stands under the rarest of the labels that it asks for.
#[derive(Clone, Debug, Default)]
struct Terms {
    by_pair: FxHashMap<u64, Vec<TermRef>>,
    others: Vec<TermRef>,
}

fn pair(name: &str, value: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (name, value).hash(&mut hasher);
    hasher.finish()
}

fn name_of(term: &Term) -> Option<&str> {
    let is_name = |matcher: &&model::Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
    term.matchers.iter().find(is_name).map(model::Matcher::value)
}

/// The labels with the values that a term asks for.
fn pairs(term: &Term) -> impl Iterator<Item = u64> + '_ {
    let is_asked = |matcher: &&model::Matcher| {
        matcher.op() == MatchOp::Equal && matcher.name() != METRIC_NAME && !matcher.value().is_empty()
    };
    term.matchers.iter().filter(is_asked).map(|matcher| pair(matcher.name(), matcher.value()))
}

impl Router {
    /// A router of terms.
    pub(super) fn new<'a>(terms: impl Iterator<Item = (TermRef, &'a Term)> + Clone) -> Router {
        let mut n_asking: FxHashMap<u64, u32> = FxHashMap::default();
        for (_, term) in terms.clone() {
            pairs(term).for_each(|pair| *n_asking.entry(pair).or_default() += 1);
        }
        let mut router = Router::default();
        for (reference, term) in terms {
            let of_name = match name_of(term) {
                Some(name) => router.by_name.entry(name.into()).or_default(),
                None => &mut router.nameless,
            };
            match pairs(term).min_by_key(|pair| n_asking.get(pair)) {
                Some(rarest) => of_name.by_pair.entry(rarest).or_default().push(reference),
                None => of_name.others.push(reference),
            }
        }
        router
    }

    /// Whether a series of a name can match any term.
    pub(super) fn may_match(&self, name: &str) -> bool {
        self.has_nameless() || self.by_name.contains_key(name)
    }

    /// Whether any term may match a series of a budget, as far as names tell.
    pub(super) fn may_match_budgets(&self) -> bool {
        self.has_nameless() || self.by_name.keys().any(|name| is_of_budget(name))
    }

    fn has_nameless(&self) -> bool {
        !self.nameless.by_pair.is_empty() || !self.nameless.others.is_empty()
    }

    /// The terms that a series may match.
    pub(super) fn candidates(&self, labels: &Labels) -> Vec<TermRef> {
        let mut candidates = Vec::new();
        for terms in self.by_name.get(labels.metric_name()).into_iter().chain([&self.nameless]) {
            candidates.extend_from_slice(&terms.others);
            if !terms.by_pair.is_empty() {
                for (name, value) in labels {
                    candidates.extend(terms.by_pair.get(&pair(name, value)).into_iter().flatten());
                }
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::events::Events;
    use crate::count::source::Role;
    use crate::spec::Reading;
    use crate::spec::{Counted, compile};

    #[test]
    fn a_series_finds_all_terms_that_match_it() {
        let queries = [
            r#"a{code="500",job="x"}"#,
            r#"a{job="x"}"#,
            r#"{job="x"}"#,
            "b",
            r#"a{code=~"5.."}"#,
            r#"a{code!="500"}"#,
            r#"a{path=""}"#,
        ];
        let terms: Vec<Term> = queries
            .iter()
            .map(|query| {
                let Ok(Counted::Exactly(counter)) = compile(query) else { panic!("{query}") };
                let role = Role::Counter { reading: Reading::Value, weight: Events::default() };
                Term { matchers: counter.terms[0].matchers.clone(), role }
            })
            .collect();
        let router = Router::new(terms.iter().enumerate().map(|(at, term)| ((0, at as u32), term)));
        let check = |labels: &[(&str, &str)], want: &[u32]| {
            let labels = Labels::from_pairs(labels.iter().copied());
            let matching = router.candidates(&labels).into_iter().map(|(_, term)| term);
            let is_matching =
                |term: &u32| terms[*term as usize].matchers.iter().all(|matcher| matcher.matches_labels(&labels));
            assert_eq!(matching.filter(is_matching).collect::<Vec<_>>(), want, "{labels}");
        };
        check(&[("__name__", "a"), ("code", "500"), ("job", "x")], &[0, 1, 2, 4, 6]);
        check(&[("__name__", "a"), ("code", "200"), ("path", "/")], &[5]);
        check(&[("__name__", "b")], &[3]);
        check(&[("__name__", "c"), ("job", "x")], &[2]);
        assert!(Router::new([].into_iter()).candidates(&Labels::from_pairs([("__name__", "a")])).is_empty());
    }
}
