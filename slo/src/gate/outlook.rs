//! What a gate would say now, before anybody asks: for a page that shows whether releases are open.

use super::decide::{Decision, Verdict};
use super::evaluation::Phase;
use super::overriding::Override;
use super::reason::Reason;
use super::request::Inquiry;
use crate::deployment::CHANGE_CLASSES;
use crate::spec::Gate;

/// What a gate would say to a release of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The class of change.
    pub change: String,
    /// What it would say; an override of all releases is looked at.
    pub decision: Decision,
    /// Why; what denies stands first.
    pub reasons: Vec<Reason>,
    /// The override that makes the answer.
    pub overridden_by: Option<Override>,
}

impl Outlook {
    /// What comes of a verdict; an override stands above what would not let the release go ahead.
    pub(super) fn of(inquiry: &Inquiry, verdict: Verdict, overriding: Option<Override>) -> Outlook {
        let Verdict { decision, mut reasons } = verdict;
        let overridden_by = overriding.filter(|_| decision.is_refusal());
        reasons.splice(0..0, overridden_by.iter().map(Reason::from));
        let decision = if overridden_by.is_some() { Decision::Allow } else { decision };
        Outlook { change: inquiry.change.clone(), decision, reasons, overridden_by }
    }
}

/// Releases of each class that nobody has asked about. They have no version; conditions on it, and on the service where several ask
/// here, nobody can answer yet.
pub(super) fn inquiries(gate: &Gate, services: &[String]) -> Vec<Inquiry> {
    let service = if let [only] = services { only.clone() } else { String::new() };
    let inquiry = |change: &&str| Inquiry {
        service: service.clone(),
        environment: gate.environment.clone(),
        change: (*change).to_owned(),
        phase: Phase::PreDeploy,
        ..Inquiry::default()
    };
    CHANGE_CLASSES.iter().map(inquiry).collect()
}
