//! Back-tests: when would a rule have fired, for how long, and how often would somebody have been told?
//!
//! The expression is evaluated over stored history as one range query after the other ([`history`]), and each step goes
//! through the state machine of live alerts ([`machine`]): the outcome is that of evaluating the rule at each step, bit for
//! bit. A range that cannot be evaluated is halved until what fails is a single step, which then counts as a failed evaluation,
//! as it would have been. What fires is sent through the routes ([`pages`]) to count notifications.
//!
//! Absent: what is of its day ([`LEFT_OUT`]).

mod history;
mod machine;
mod pages;
mod run;
#[cfg(test)]
mod tests;

pub use run::{BackTestError, GroupSetting, MAX_INTERVALS, MAX_STEPS, Setting, Times, run};

use model::Labels;

use crate::rules::AlertState;

/// What is not asked when notifications are counted.
pub const LEFT_OUT: [&str; 3] = ["silences", "inhibition", "mute and active time intervals"];

/// What a back-test has found. Times are in milliseconds since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The instances of the alert, sorted by labels.
    pub instances: Vec<History>,
    /// How often an instance began to fire.
    pub n_firing: usize,
    /// How many notifications would have been sent, to all receivers together.
    pub n_notifications: usize,
    /// How many steps there were.
    pub n_steps: usize,
    /// At how many of them the expression could not be evaluated, which changes nothing.
    pub n_failed: usize,
    /// Why, the first time.
    pub first_failure: Option<String>,
}

/// What became of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Its labels, `alertname` among them.
    pub labels: Labels,
    /// When it was what, in the order of time.
    pub intervals: Vec<Interval>,
}

/// A time during which an instance was pending, or fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Which of the two.
    pub state: AlertState,
    /// The first step at which it was so.
    pub start_ms: i64,
    /// The first step at which it was no longer so, or the end of the back-test.
    pub end_ms: i64,
}

impl History {
    /// The times during which it fired.
    pub fn firing(&self) -> impl Iterator<Item = &Interval> {
        self.intervals.iter().filter(|interval| interval.state == AlertState::Firing)
    }
}
