//! Whether a group has news for an integration: the one question that keeps a receiver from being told twice.
//!
//! The rules and their order are Alertmanager's. Alerts are told apart by their fingerprints.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Fingerprint, Reason};

/// What an integration was told last of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// What fired then.
    pub(super) firing: BTreeSet<Fingerprint>,
    /// What was over then.
    pub(super) resolved: BTreeSet<Fingerprint>,
    /// When the receiver had it, in milliseconds since the Unix epoch.
    pub(super) at_ms: i64,
}

/// What there is to tell of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Now {
    /// What fires.
    pub(super) firing: BTreeSet<Fingerprint>,
    /// What is over.
    pub(super) resolved: BTreeSet<Fingerprint>,
}

/// Why an integration is to be told what is the case at `at_ms`; `None` where it knows all it needs to.
pub(super) fn news(
    told: Option<&Told>,
    now: &Now,
    sends_resolved: bool,
    repeat_interval_ms: i64,
    at_ms: i64,
) -> Option<Reason> {
    let Some(told) = told else {
        return (!now.firing.is_empty()).then_some(Reason::First);
    };
    if !now.firing.is_subset(&told.firing) {
        return Some(if told.firing.is_empty() { Reason::First } else { Reason::NewAlerts });
    }
    if now.firing.is_empty() {
        return (!told.firing.is_empty()).then_some(Reason::AllResolved);
    }
    if sends_resolved && !now.resolved.is_subset(&told.resolved) {
        return Some(Reason::SomeResolved);
    }
    (told.at_ms < at_ms.saturating_sub(repeat_interval_ms)).then_some(Reason::Repeat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Suite {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        note: String,
        previous_entry: Option<Entry>,
        firing_now: Vec<u64>,
        resolved_now: Vec<u64>,
        repeat_interval_s: i64,
        send_resolved: bool,
        expect_notify: bool,
    }

    #[derive(Deserialize)]
    struct Entry {
        firing: Vec<u64>,
        resolved: Vec<u64>,
        logged_at_s_relative_to_now: serde_json::Value,
    }

    const NOW_MS: i64 = 1_700_000_000_000;

    fn set(numbers: &[u64]) -> BTreeSet<Fingerprint> {
        numbers.iter().copied().map(Fingerprint).collect()
    }

    fn check(case: &Case) {
        let told = case.previous_entry.as_ref().map(|entry| Told {
            firing: set(&entry.firing),
            resolved: set(&entry.resolved),
            // "zero timestamp": longer ago than anything.
            at_ms: entry.logged_at_s_relative_to_now.as_i64().map_or(i64::MIN, |at_s| NOW_MS + 1000 * at_s),
        });
        let now = Now { firing: set(&case.firing_now), resolved: set(&case.resolved_now) };
        let reason = news(told.as_ref(), &now, case.send_resolved, 1000 * case.repeat_interval_s, NOW_MS);
        assert_eq!(reason.is_some(), case.expect_notify, "{}: {reason:?}", case.note);
    }

    #[test]
    fn news_is_what_alertmanager_takes_for_it() {
        let Some(json) = crate::suites::suite("dedup.json") else { return };
        let suite: Suite = serde_json::from_value(json).unwrap();
        assert_eq!(suite.cases.len(), 11);
        suite.cases.iter().for_each(check);
    }
}
