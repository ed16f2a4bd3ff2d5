//! Targets along time: what was promised when.
//!
//! A budget is what each target allowed while it was in force. Who changes a target today changes nothing of what was promised
//! and kept before.

use crate::history::Counts;
use crate::spec::Share;
use crate::window::Span;

use super::amount::share_of;

/// A target, and since when it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// After this instant; `i64::MIN` for the first one.
    pub(crate) since_ms: i64,
    pub(crate) target: Share,
    /// In percent, as it was written.
    pub(crate) percent: String,
}

/// All targets of an objective, the oldest first; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Versions(Vec<Version>);

impl Versions {
    /// A target that has always been in force.
    pub(crate) fn always(target: Share, percent: &str) -> Versions {
        Versions(vec![Version { since_ms: i64::MIN, target, percent: percent.to_owned() }])
    }

    /// What a journal says; `None` where it says nothing.
    pub(crate) fn restored(versions: Vec<Version>) -> Option<Versions> {
        (!versions.is_empty()).then_some(Versions(versions))
    }

    /// From now on another target is in force, or the same one is written otherwise. Answers whether that is news.
    pub(crate) fn change(&mut self, target: Share, percent: &str, now_ms: i64) -> bool {
        if self.last().target == target {
            let is_news = self.last().percent != percent;
            if let Some(last) = self.0.last_mut() {
                percent.clone_into(&mut last.percent);
            }
            return is_news;
        }
        // Where the clock was set back, what lies ahead never was in force.
        let since_ms = now_ms.max(self.last().since_ms.saturating_add(1));
        self.0.push(Version { since_ms, target, percent: percent.to_owned() });
        true
    }

    /// The one in force at an instant.
    pub(crate) fn at(&self, at_ms: i64) -> &Version {
        let n_begun = self.0.partition_point(|version| version.since_ms < at_ms);
        &self.0[n_begun.saturating_sub(1)]
    }

    /// The one in force now.
    pub(crate) fn last(&self) -> &Version {
        &self.0[self.0.len() - 1]
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Version> {
        self.0.iter()
    }

    /// What was counted in a span, and how many bad events were allowed in it.
    pub(crate) fn allowed(&self, span: Span, counts: impl Fn(i64, i64) -> Counts) -> (Counts, f64) {
        let mut sum = (Counts::default(), 0.0);
        for (number, version) in self.0.iter().enumerate() {
            let until_ms = self.0.get(number + 1).map_or(i64::MAX, |next| next.since_ms);
            let (from_ms, to_ms) = (span.from_ms.max(version.since_ms), span.to_ms.min(until_ms));
            if from_ms < to_ms {
                let counted = counts(from_ms, to_ms);
                sum = (sum.0 + counted, sum.1 + share_of(version.target.rest(), counted.total));
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(percent: &str) -> Share {
        Share::from_percent(percent).unwrap()
    }

    /// One event each millisecond, every hundredth of them bad.
    fn counts(from_ms: i64, to_ms: i64) -> Counts {
        let total = (to_ms - from_ms) as f64;
        Counts { bad: to_ms.div_euclid(100) as f64 - from_ms.div_euclid(100) as f64, total, ..Counts::default() }
    }

    #[test]
    fn each_target_allows_what_came_while_it_was_in_force() {
        let mut versions = Versions::always(share("99"), "99");
        assert!(!versions.change(share("99"), "99", 500));
        assert!(versions.change(share("99"), "99.0", 500), "it is shown as it is written");
        assert_eq!((versions.at(400).percent.as_str(), versions.iter().count()), ("99.0", 1));
        assert!(versions.change(share("99"), "99", 600));
        assert!(versions.change(share("99.9"), "99.9", 1000));
        let check = |from_ms: i64, to_ms: i64, want_bad: f64, want_allowed: f64| {
            let (counts, allowed) = versions.allowed(Span { from_ms, to_ms }, counts);
            assert_eq!((counts.bad, allowed), (want_bad, want_allowed), "{from_ms}..{to_ms}");
        };
        check(0, 1000, 10.0, 10.0);
        check(1000, 2000, 10.0, 1.0);
        check(0, 2000, 20.0, 11.0);
        check(500, 3000, 25.0, 7.0);
        assert_eq!(versions.at(1000).percent, "99", "the instant of the change is of the span before");
        assert_eq!((versions.at(1001).percent.as_str(), versions.last().percent.as_str()), ("99.9", "99.9"));
    }

    #[test]
    fn a_clock_that_was_set_back_undoes_nothing() {
        let mut versions = Versions::always(share("99"), "99");
        versions.change(share("99.9"), "99.9", 1000);
        versions.change(share("99.5"), "99.5", 10);
        let since: Vec<i64> = versions.iter().map(|version| version.since_ms).collect();
        assert_eq!(since, [i64::MIN, 1000, 1001]);
    }
}
