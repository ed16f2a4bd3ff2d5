//! The release gate: may this version go out, and is it doing well now that it is?
//!
//! [`Gates`] keeps what was decided and what is known of deployments, in a journal that is synced before anybody is answered
//! (`docs/format/decisions.md`). What decides is pure ([`decide`]): conditions of the gate, and what follows from the state of the
//! product's policy. What budgets say comes in through [`Budgets`].

mod answer;
mod budgets;
mod decide;
mod decisions;
mod evaluation;
mod gates;
mod kept;
mod outlook;
mod overriding;
mod request;
mod situation;
#[cfg(test)]
mod tests;

pub use budgets::{Budgets, Labels, NoBudgets, ObjectiveReading, Reading};
pub use decide::{Decision, Surroundings, Verdict, decide};
pub use decisions::OpenError;
pub use evaluation::{Evaluation, Phase, Soak, Stage};
pub use gates::{Gates, GatesOptions, Speed, TickOutcome};
pub use outlook::Outlook;
pub use overriding::{Override, OverrideRequest};
pub use request::{GateError, Inquiry};
