//! From facts to a state, with hysteresis.
//!
//! The states of a policy are ordered, worst first, and the first whose `when` holds is the product's. A worse state is entered
//! at once; a state is left for a better one only when its `leaveWhen` holds, for as long as that asks. What nobody knows neither
//! enters nor leaves, and ends what has to hold for a while; but time in which nobody looked counts neither way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::condition::{Condition, ConditionError, Facts, Truth};
use crate::spec::BudgetPolicy;

/// A policy whose conditions have been read.
#[derive(Clone, Debug)]
pub struct Policy {
    name: String,
    states: Vec<State>,
}

#[derive(Clone, Debug)]
struct State {
    name: String,
    when: Condition,
    leave_when: Option<Condition>,
}

/// Where a product stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The product.
    pub product: String,
    /// The policy.
    pub policy: String,
    /// The state; `None` until it is known for the first time.
    pub state: Option<String>,
    /// Since when, in milliseconds since the Unix epoch.
    pub since_ms: i64,
    /// Why, in words.
    pub why: String,
    /// Since when conditions have held that have to for a while, by their text. Time in which nobody looked is left out: it is
    /// so much later then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held_since_ms: BTreeMap<String, i64>,
}

impl Standing {
    /// What has held for a while goes on after a time in which nobody looked. It was last seen to hold at `upto_ms`; where that
    /// is not known, when the last of it began to.
    pub fn go_on(&mut self, upto_ms: Option<i64>, now_ms: i64) {
        let Some(upto_ms) = upto_ms.or_else(|| self.held_since_ms.values().max().copied()) else { return };
        let stood_ms = now_ms.saturating_sub(upto_ms).max(0);
        for since_ms in self.held_since_ms.values_mut() {
            *since_ms = since_ms.saturating_add(stood_ms).min(now_ms);
        }
    }
}

/// A change of state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// The product.
    pub product: String,
    /// The policy.
    pub policy: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// From which state; `None` for the first.
    pub from: Option<String>,
    /// Into which.
    pub to: String,
    /// Why, in words.
    pub why: String,
}

impl Policy {
    /// Reads a policy's conditions.
    ///
    /// # Errors
    /// The name of a state and what is wrong with one of its conditions.
    pub fn new(spec: &BudgetPolicy) -> Result<Policy, (String, ConditionError)> {
        let state = |state: &crate::spec::PolicyState| {
            let read = |text: &String| Condition::parse(text).map_err(|error| (state.name.clone(), error));
            let leave_when = state.leave_when.as_ref().map(read).transpose()?;
            Ok(State { name: state.name.clone(), when: read(&state.when)?, leave_when })
        };
        let states = spec.states.iter().map(state).collect::<Result<_, _>>()?;
        Ok(Policy { name: spec.name.clone(), states })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where a product stands now, and whether that is a change. One that stood under another policy, or in a state that is no
    /// longer there, begins anew. While it `is_still`, what has held for a while neither goes on nor ends.
    pub fn step(
        &self,
        standing: &mut Standing,
        facts: &dyn Facts,
        now_ms: i64,
        is_still: bool,
    ) -> Option<PolicyChange> {
        if standing.policy != self.name {
            (standing.policy, standing.state) = (self.name.clone(), None);
            standing.held_since_ms.clear();
        }
        let held_before = std::mem::take(&mut standing.held_since_ms);
        let mut held = Held { before: &held_before, now: BTreeMap::new(), now_ms, is_still };
        let whens: Vec<Truth> = self.states.iter().map(|state| held.truth(&state.when, facts)).collect();
        let at = standing.state.as_ref().and_then(|name| self.states.iter().position(|state| state.name == *name));
        let leaves = at.map(|at| match &self.states[at].leave_when {
            Some(condition) => held.truth(condition, facts),
            None if whens[at] == Truth::False => Truth::True,
            None => Truth::False,
        });
        standing.held_since_ms = held.now;
        let to = next(&whens, at, leaves)?;
        let is_better = at.is_some_and(|at| to > at);
        let why = match at.and_then(|at| self.states[at].leave_when.as_ref()).filter(|_| is_better) {
            Some(leave_when) => reason(leave_when, facts),
            None => reason(&self.states[to].when, facts),
        };
        let change = PolicyChange {
            product: standing.product.clone(),
            policy: self.name.clone(),
            at_ms: now_ms,
            from: standing.state.take(),
            to: self.states[to].name.clone(),
            why,
        };
        standing.state = Some(change.to.clone());
        standing.since_ms = now_ms;
        standing.why.clone_from(&change.why);
        Some(change)
    }
}

/// The state to go to, where it is another one.
fn next(whens: &[Truth], at: Option<usize>, leaves: Option<Truth>) -> Option<usize> {
    // A worse one that holds is entered at once.
    let worse = whens[..at.unwrap_or(0)].iter().position(|when| *when == Truth::True);
    if worse.is_some() {
        return worse;
    }
    if at.is_some() && leaves != Some(Truth::True) {
        return None;
    }
    // The first that holds, unless one before it might: then nobody knows.
    let first = whens.iter().position(|when| *when != Truth::False)?;
    (whens[first] == Truth::True && Some(first) != at).then_some(first)
}

/// What has held for how long.
struct Held<'a> {
    before: &'a BTreeMap<String, i64>,
    now: BTreeMap<String, i64>,
    now_ms: i64,
    is_still: bool,
}

impl Held<'_> {
    /// Whether a condition holds, and has for as long as it asks.
    fn truth(&mut self, condition: &Condition, facts: &dyn Facts) -> Truth {
        let truth = condition.truth(facts);
        if condition.for_ms() > 0 && self.is_still {
            let known = self.before.get_key_value(condition.text());
            self.now.extend(known.map(|(text, since_ms)| (text.clone(), *since_ms)));
            return if truth == Truth::True { Truth::False } else { truth };
        }
        if truth != Truth::True || condition.for_ms() == 0 {
            return truth;
        }
        let since_ms = self.before.get(condition.text()).copied().unwrap_or(self.now_ms);
        self.now.insert(condition.text().to_owned(), since_ms);
        if self.now_ms - since_ms >= condition.for_ms() { Truth::True } else { Truth::False }
    }
}

/// A condition and what it was about: `remaining <= 25% (remaining = 12.5%)`.
pub(crate) fn reason(condition: &Condition, facts: &dyn Facts) -> String {
    let readings = condition.readings(facts);
    match readings.is_empty() {
        true => condition.text().to_owned(),
        false => format!("{} ({})", condition.text(), readings.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::{Quantity, Word};
    use crate::spec::PolicyState;

    struct Remaining(Option<f64>);

    impl Facts for Remaining {
        fn quantity(&self, of: Quantity) -> Option<f64> {
            self.0.filter(|_| of == Quantity::Remaining)
        }

        fn word(&self, _: Word) -> Option<&str> {
            None
        }

        fn is_firing(&self, _: &[(String, String)]) -> Option<bool> {
            None
        }
    }

    fn spec(states: &[(&str, &str, Option<&str>)]) -> BudgetPolicy {
        let state = |(name, when, leave): &(&str, &str, Option<&str>)| PolicyState {
            name: (*name).to_owned(),
            when: (*when).to_owned(),
            leave_when: leave.map(str::to_owned),
        };
        BudgetPolicy {
            name: "policy".to_owned(),
            agreed_by: Vec::new(),
            states: states.iter().map(state).collect(),
            actions: BTreeMap::new(),
            postmortem_when: None,
            planning_when: None,
            exemptions: Vec::new(),
            escalation: None,
            source: crate::spec::SourcePlace::default(),
        }
    }

    /// The worked example's, in hours; `?` is unknown. Each step is an hour.
    fn check(remaining: &[&str], want: &[&str]) {
        let policy = Policy::new(&spec(&[
            ("exhausted", "remaining <= 0%", Some("remaining > 10% for 24h")),
            ("critical", "remaining <= 25%", Some("remaining > 30% for 2h")),
            ("caution", "remaining <= 50%", Some("remaining > 55%")),
            ("healthy", "true", None),
        ]));
        let policy = policy.unwrap();
        let mut standing = Standing::default();
        let mut got = Vec::new();
        for (hour, percent) in remaining.iter().enumerate() {
            let facts = Remaining(percent.parse::<f64>().ok().map(|percent| percent / 100.0));
            policy.step(&mut standing, &facts, hour as i64 * 3_600_000, false);
            // A restart changes nothing.
            let written = serde_json::to_string(&standing).unwrap();
            standing = serde_json::from_str(&written).unwrap();
            got.push(standing.state.clone().unwrap_or_else(|| "?".to_owned()));
        }
        assert_eq!(got, want, "{remaining:?}");
    }

    #[test]
    fn states_are_entered_at_once_and_left_late() {
        check(&["80", "50", "53", "56"], &["healthy", "caution", "caution", "healthy"]);
        check(
            &["80", "20", "28", "31", "31", "31"],
            &["healthy", "critical", "critical", "critical", "critical", "caution"],
        );
        // What has to hold for a while begins anew when it did not.
        check(
            &["20", "31", "29", "31", "31", "60"],
            &["critical", "critical", "critical", "critical", "critical", "healthy"],
        );
        check(
            &["20", "31", "?", "31", "31", "31"],
            &["critical", "critical", "critical", "critical", "critical", "caution"],
        );
        check(&["40", "-3", "5", "20"], &["caution", "exhausted", "exhausted", "exhausted"]);
        // Nobody knows: as it was; at the beginning nothing.
        check(&["?", "?", "70", "?"], &["?", "?", "healthy", "healthy"]);
        let day = ["11"; 26];
        let mut want = ["exhausted"; 26];
        want[25] = "critical";
        let mut remaining = vec!["-1"];
        remaining.extend(&day[..25]);
        check(&remaining, &want);
    }

    #[test]
    fn what_has_held_goes_on_after_a_time_in_which_nobody_looked() {
        let held = |since_ms: &[(&str, i64)]| {
            let held_since_ms = since_ms.iter().map(|(text, since_ms)| ((*text).to_owned(), *since_ms)).collect();
            Standing { held_since_ms, ..Standing::default() }
        };
        let check = |since_ms: &[(&str, i64)], upto_ms: Option<i64>, want: &[(&str, i64)]| {
            let mut standing = held(since_ms);
            standing.go_on(upto_ms, 1000);
            assert_eq!(standing, held(want), "{since_ms:?} {upto_ms:?}");
        };
        check(&[("a", 100), ("b", 300)], Some(400), &[("a", 700), ("b", 900)]);
        check(&[("a", 100), ("b", 300)], None, &[("a", 800), ("b", 1000)]);
        // It began after it was noted last; a clock that went back.
        check(&[("a", 450)], Some(400), &[("a", 1000)]);
        check(&[("a", 100)], Some(2000), &[("a", 100)]);
        check(&[], Some(400), &[]);
    }

    #[test]
    fn a_change_says_why() {
        let policy =
            Policy::new(&spec(&[("low", "remaining <= 50%", Some("remaining > 60%")), ("fine", "true", None)]));
        let policy = policy.unwrap();
        let mut standing = Standing { product: "shop".to_owned(), ..Standing::default() };
        let mut check = |remaining: f64, want: Option<(Option<&str>, &str, &str)>| {
            let change = policy.step(&mut standing, &Remaining(Some(remaining)), 7, false);
            let got = change.as_ref().map(|change| (change.from.as_deref(), change.to.as_str(), change.why.as_str()));
            assert_eq!(got, want);
        };
        check(0.5, Some((None, "low", "remaining <= 50% (remaining = 50%)")));
        check(0.55, None);
        check(0.7, Some((Some("low"), "fine", "remaining > 60% (remaining = 70%)")));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_state() {
        let error = Policy::new(&spec(&[("low", "remaining <= 3d", None)])).unwrap_err();
        assert_eq!((error.0.as_str(), error.1.column), ("low", 14));
    }
}
