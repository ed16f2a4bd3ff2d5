//! Inhibition: while some alerts fire, others need not be told.
//!
//! A rule has a source side and a target side. An alert that matches the target side is kept quiet while another that
//! matches the source side fires and has the same values in the labels that the rule calls `equal`. An alert that matches
//! both sides is not kept quiet by others that do, or it would silence itself.
//!
//! [`Rules`] is what the configuration says; [`Sources`] knows the alerts on the source side. It keeps all of them for each
//! set of equal values, so that it is right also when one of several ends (Alertmanager keeps one).

mod rules;
mod sources;

#[cfg(test)]
mod suite;

pub use rules::{Rule, Rules};
pub use sources::{Inhibition, Sources};
