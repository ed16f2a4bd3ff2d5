//! Rules: Prometheus's rule files, evaluated with Prometheus's semantics, with state that survives a crash.
//!
//! A text becomes a [`RuleFile`] (`file`, with the checks of `check`, at the places of `place`). Its groups become
//! [`Group`]s, which are evaluated one rule after the other over any store ([`World`]): `rule` and `output` write recorded
//! series, `alerting` and `instance` are the state machine of alerts. A group does nothing by itself and knows no threads:
//! tests of rules and histories evaluate it at any time.
//!
//! [`Rules`] are groups at work (`runtime`): threads evaluate what is due (`slot`, `schedule`), what changes is written to a
//! journal (`state`), and then told to each [`AlertSink`]. After a start nothing fires or ends on samples from before it
//! ([`Freshness`]).
//!
//! Absent: evaluating rules of one group at the same time.

mod alerting;
mod check;
mod file;
mod freshness;
mod group;
mod instance;
mod metrics;
mod output;
mod place;
mod rule;
mod runtime;
mod schedule;
mod sink;
mod slot;
mod state;
mod text;
mod world;

#[cfg(test)]
mod runtime_tests;
#[cfg(test)]
mod suite;
#[cfg(test)]
pub(crate) mod testkit;
#[cfg(test)]
mod tests;

pub use file::{GroupConfig, ReadOptions, RuleConfig, RuleFile};
pub use freshness::{AlwaysFresh, Freshness};
pub use group::{Changes, Evaluation, Group, GroupDefaults, GroupStatus};
pub use instance::{AlertState, Instance, RESOLVED_RETENTION_MS};
pub(crate) use instance::{Step, Timing};
pub use metrics::{DURATION_BOUNDS, Durations, RuleMetrics};
pub use place::within_scalar;
pub use rule::{AlertingStatus, BadRule, Health, RuleKind, RuleStatus};
pub use runtime::{Rules, RulesOptions};
pub use sink::{AlertSink, RuleAlert};
pub use slot::{Next, Slots};
pub use state::StateError;
pub use text::filled_in;
pub(crate) use text::{Text, TextError, data as text_data};
pub(crate) use world::template_value;
pub use world::{RuleError, World};
