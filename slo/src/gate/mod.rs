//! The release gate: may this version go out, and is it doing well now that it is?
//!
//! [`Gates`] keeps what was decided and what is known of deployments, in a journal that is synced before anybody is answered
//! (`docs/format/decisions.md`). What decides is pure ([`decide`]): conditions of the gate, and what follows from the state of the
//! product's policy. What budgets say comes in through [`Budgets`].

mod actions;
mod answer;
mod budgets;
mod decide;
mod decisions;
mod delivery;
mod evaluation;
mod exemption;
mod gates;
#[cfg(test)]
mod hook_tests;
mod kept;
mod outlook;
mod overriding;
#[cfg(test)]
mod policy_tests;
mod reason;
mod request;
mod situation;
mod standings;
#[cfg(test)]
mod tests;

pub use crate::records::OpenError;
pub use actions::OpenAction;
pub use budgets::{Budgets, FiringAlerts, Labels, NoBudgets, ObjectiveReading, Reading, Upstream};
pub use decide::{Decision, Surroundings, Verdict, decide};
pub use delivery::Speed;
pub use evaluation::{Evaluation, Phase, Soak, Stage};
pub use exemption::Exemption;
pub(crate) use exemption::{OUT_OF_SCOPE, UPSTREAM, UPSTREAM_FROZEN};
pub use gates::{Gates, GatesOptions, TickOutcome};
pub use outlook::Outlook;
pub use overriding::{Override, OverrideRequest};
pub use reason::{Exempt, Reason};
pub(crate) use request::MAX_SOAK_MS;
pub use request::{GateError, Inquiry};

/// The limits of gates, for [`crate::limits`].
pub(crate) fn limits() -> [crate::limits::Limit; 5] {
    [
        ("gate_evaluations", kept::MAX_EVALUATIONS as f64, ""),
        ("gate_overrides", kept::MAX_OVERRIDES as f64, ""),
        ("gate_soak", MAX_SOAK_MS as f64 / 1000.0, "seconds"),
        ("hook_ids", kept::MAX_HOOKS as f64, ""),
        ("policy_changes", kept::MAX_CHANGES as f64, ""),
    ]
}
