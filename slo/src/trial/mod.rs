//! Trials: what an objective would have done over the stored past, as it is, changed, or before it exists.
//!
//! A [`Question`] names an objective and what of it is otherwise, or holds the documents of one that nobody counts yet. It becomes
//! a `candidate`, whose events are those of the history, or are counted back over raw samples. [`answered`] says how it kept
//! its promise in each window of the past, what other objectives would have been kept (`ladder`), and which alerts would have
//! been sent (`replay`).
//!
//! A replay decides by the same code as live budgets: [`crate::burn::PairBurn`] over the counts of the windows, and the states
//! of `budget::alerts`. Only where the counts come from differs: sums along the ticks (`ticks`), so that a window is two look-ups
//! in memory. [`told`] goes through the past of an objective in force for a report. Alerts about missing data are not replayed: when a scrape was committed is no longer known.

mod answer;
mod candidate;
mod ladder;
mod periods;
mod question;
mod replay;
mod run;
mod ticks;
mod told;

#[cfg(test)]
mod tests;

pub use answer::{AlertAnswer, Answer, CurrentAnswer, Lint, PeriodAnswer, Step, Suggestion};
pub use question::{Question, TrialError};
pub use replay::MAX_ALERTS;
pub use ticks::MAX_TICKS;
pub use told::MAX_TOLD_TICKS;

pub(crate) use run::{Ground, answered};
pub(crate) use told::{Told, told};

/// The limit `trial_spec_bytes`: how long documents may be that are tried.
pub const MAX_SPEC_BYTES: usize = 1 << 20;
