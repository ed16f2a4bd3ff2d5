//! From facts to a decision.

use serde::{Deserialize, Serialize};

use super::exemption::Exemption;
use super::reason::Reason;
use super::request::Inquiry;
use crate::condition::{Condition, Facts, Quantity, Truth, Word};
use crate::policy::{Consequences, reason};
use crate::spec::{Gate, OnUnknown};

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go ahead.
    Allow,
    /// Go ahead, and look at this.
    Warn,
    /// Do not.
    Deny,
    /// Nobody knows.
    Unknown,
}

impl Decision {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Allow => "allow",
            Decision::Warn => "warn",
            Decision::Deny => "deny",
            Decision::Unknown => "unknown",
        }
    }

    /// Whether a release does not go ahead unless somebody overrides.
    pub(super) fn is_refusal(self) -> bool {
        matches!(self, Decision::Deny | Decision::Unknown)
    }
}

/// A decision and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// Why; what denies stands first.
    pub reasons: Vec<Reason>,
}

/// What is known beside the facts of conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What follows from the policy's state; `None` where there is no policy.
    pub consequences: Option<Consequences>,
    /// Whether there is a policy whose state is not known.
    pub is_policy_unknown: bool,
    /// Releases of the product to the environment within the last day.
    pub n_deploys_today: usize,
    /// Whether the service is the product's.
    pub is_own_service: bool,
    /// Why releases may go on although the policy stops them; or why they may not, where it could be.
    pub exemption: Option<Exemption>,
}

/// Classes that no count of releases holds up.
const NEVER_SLOWED: [&str; 2] = ["security", "rollback"];

/// What has been found so far.
#[derive(Debug, Default)]
struct Findings {
    denying: Vec<Reason>,
    /// What would deny without the exemption.
    exempted: Vec<Reason>,
    unknown: Vec<Reason>,
    warning: Vec<Reason>,
}

/// May it go out? Denying is stronger than not knowing, and that is stronger than a warning.
pub fn decide(gate: &Gate, inquiry: &Inquiry, facts: &dyn Facts, around: &Surroundings) -> Verdict {
    let mut findings = Findings::default();
    for text in &gate.deny {
        match held(text, facts) {
            (Truth::True, why) if around.exempts(text, facts) => findings.exempted.push(why),
            (Truth::True, why) => findings.denying.push(why),
            (Truth::Unknown, why) => findings.unknown.push(why),
            (Truth::False, _) => {}
        }
    }
    if around.is_policy_unknown {
        findings.unknown.push(Reason::PolicyUnknown);
    }
    if let Some(consequences) = &around.consequences {
        follow(consequences, inquiry, facts, around, &mut findings);
    }
    for text in &gate.warn {
        match held(text, facts) {
            (Truth::True, why) => findings.warning.push(why),
            (Truth::Unknown, why) if gate.on_unknown != OnUnknown::Allow => findings.warning.push(why),
            (Truth::Unknown | Truth::False, _) => {}
        }
    }
    if let Some(exemption) = around.exemption.as_ref().filter(|_| !findings.exempted.is_empty()) {
        findings.warning.extend(exemption.reasons().iter().cloned());
        findings.warning.append(&mut findings.exempted);
    }
    settled(findings, gate.on_unknown)
}

impl Surroundings {
    /// Whether a condition denies only because of the policy's state, which does not count.
    fn exempts(&self, text: &str, facts: &dyn Facts) -> bool {
        let best = self.exemption.as_ref().and_then(Exemption::best_state);
        let condition = Condition::parse(text).ok();
        let as_if = best.zip(condition).map(|(best, condition)| condition.truth(&Exempted { facts, best }));
        as_if == Some(Truth::False)
    }
}

/// The facts as if the policy were in another state.
struct Exempted<'a> {
    facts: &'a dyn Facts,
    best: &'a str,
}

impl Facts for Exempted<'_> {
    fn quantity(&self, of: Quantity) -> Option<f64> {
        self.facts.quantity(of)
    }

    fn word(&self, of: Word) -> Option<&str> {
        if of == Word::PolicyState { Some(self.best) } else { self.facts.word(of) }
    }

    fn is_firing(&self, labels: &[(String, String)]) -> Option<bool> {
        self.facts.is_firing(labels)
    }
}

/// Is it doing well? `None` to go on watching.
pub(super) fn watch(gate: &Gate, facts: &dyn Facts, is_over: bool) -> Option<Verdict> {
    let mut findings = Findings::default();
    for text in &gate.fail_when {
        match held(text, facts) {
            (Truth::True, why) => findings.denying.push(why),
            (Truth::Unknown, why) if is_over => findings.unknown.push(why),
            (Truth::Unknown | Truth::False, _) => {}
        }
    }
    (is_over || !findings.denying.is_empty()).then(|| settled(findings, gate.on_unknown))
}

/// Whether a condition holds, and what is to be said of it.
fn held(text: &str, facts: &dyn Facts) -> (Truth, Reason) {
    match Condition::parse(text) {
        Ok(condition) => {
            let truth = condition.truth(facts);
            let why = reason(&condition, facts);
            (truth, if truth == Truth::Unknown { Reason::NotKnown(why) } else { Reason::Holds(why) })
        }
        Err(error) => (Truth::Unknown, Reason::Unreadable { condition: text.to_owned(), error: error.to_string() }),
    }
}

/// What follows from the policy's state.
fn follow(
    consequences: &Consequences,
    inquiry: &Inquiry,
    facts: &dyn Facts,
    around: &Surroundings,
    findings: &mut Findings,
) {
    let state = facts.word(Word::PolicyState).unwrap_or("unknown").to_owned();
    let change = &inquiry.change;
    if let Some((allow, is_for_all)) = &consequences.freeze
        && (*is_for_all || around.is_own_service)
        && !allow.contains(change)
    {
        let why = Reason::Frozen { state: state.clone(), allow: allow.clone(), change: change.clone() };
        match &around.exemption {
            Some(exemption) if exemption.best_state().is_some() => findings.exempted.push(why),
            // What could exempt, and does not.
            other => {
                findings.denying.push(why);
                findings.denying.extend(other.iter().flat_map(|exemption| exemption.reasons().iter().cloned()));
            }
        }
    }
    if let Some((classes, approvers)) = &consequences.approval
        && (classes.is_empty() || classes.contains(change))
    {
        let (state, approvers, change) = (state.clone(), approvers.clone(), change.clone());
        findings.denying.push(Reason::NeedsApproval { state, approvers, change });
    }
    if let Some(most) = consequences.max_deploys_per_day
        && around.n_deploys_today >= most as usize
        && !NEVER_SLOWED.contains(&change.as_str())
    {
        findings.denying.push(Reason::TooMany { state, n: around.n_deploys_today, most });
    }
}

fn settled(findings: Findings, on_unknown: OnUnknown) -> Verdict {
    let Findings { denying, unknown, warning, .. } = findings;
    let decision = match on_unknown {
        _ if !denying.is_empty() => Decision::Deny,
        OnUnknown::Deny if !unknown.is_empty() => Decision::Deny,
        OnUnknown::Unknown if !unknown.is_empty() => Decision::Unknown,
        OnUnknown::AllowWithWarning if !unknown.is_empty() => Decision::Warn,
        _ if !warning.is_empty() => Decision::Warn,
        _ => Decision::Allow,
    };
    Verdict { decision, reasons: [denying, unknown, warning].concat() }
}
