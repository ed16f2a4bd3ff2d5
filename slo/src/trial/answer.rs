//! What is answered, field for field.

use serde::Serialize;

use crate::budget::{Amount, BudgetStatus, Moment};

/// What an objective would have done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Its id.
    pub id: String,
    /// The name for people.
    pub title: String,
    /// The target in percent, as it is written.
    pub objective: String,
    /// The length of its window: `28d`, `1M`.
    pub window: String,
    /// `events` or `slices`.
    pub unit: &'static str,
    /// `counted`, `sampled` or `composite`.
    pub evaluation: &'static str,
    /// What comes after this was looked at.
    pub start: Moment,
    /// Until when it was looked at.
    pub end: Moment,
    /// The share of that time that was measured.
    pub coverage: Option<f64>,
    /// Good events in that time.
    pub good: Amount,
    /// Bad events in that time.
    pub bad: Amount,
    /// All events in that time.
    pub total: Amount,
    /// The share of good events.
    pub sli: Option<f64>,
    /// What is left of the window that ends at the end.
    pub budget: BudgetStatus,
    /// Counts step by step.
    pub series: Vec<Step>,
    /// The windows that the time is divided into, the oldest first; those without events are left out.
    pub periods: Vec<PeriodAnswer>,
    /// Objectives from low to high, and how each would have done.
    pub suggestions: Vec<Suggestion>,
    /// The newest alerts that would have been sent, the oldest first.
    pub alerts: Vec<AlertAnswer>,
    /// How many alerts more there were before those.
    pub n_alerts_left_out: usize,
    /// How often somebody would have been woken.
    pub pages: usize,
    /// How often anything else would have been told.
    pub tickets: usize,
    /// The same of the objective in force, where there is one of this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentAnswer>,
    /// What looks wrong.
    pub lints: Vec<Lint>,
    /// The documents that put it in force.
    pub yaml: String,
}

/// The objective in force over the same time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurrentAnswer {
    /// Its target in percent.
    pub objective: String,
    /// The length of its window.
    pub window: String,
    /// The share of good events in that time.
    pub sli: Option<f64>,
    /// What is left of the window that ends at the end.
    pub remaining_ratio: Option<f64>,
    /// How often somebody would have been woken.
    pub pages: usize,
    /// How often anything else would have been told.
    pub tickets: usize,
}

/// Counts of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The end of the step.
    pub time: Moment,
    /// Good events in the step.
    pub good: Amount,
    /// Bad events in the step.
    pub bad: Amount,
    /// All events in the step.
    pub total: Amount,
    /// The share of good events.
    pub sli: Option<f64>,
    /// What was left of the window that ended there.
    pub remaining_ratio: Option<f64>,
}

/// One of the windows that the past is divided into.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PeriodAnswer {
    /// What comes after this is in it.
    pub start: Moment,
    /// Its end.
    pub end: Moment,
    /// Whether it is a whole window: the first may begin before anything was known, and one of a calendar may go on.
    pub whole: bool,
    /// Good events.
    pub good: Amount,
    /// Bad events.
    pub bad: Amount,
    /// All events.
    pub total: Amount,
    /// The share of good events.
    pub sli: Option<f64>,
    /// Whether the promise was kept.
    pub kept: bool,
}

/// An objective that could be promised.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// The target in percent.
    pub objective: String,
    /// In how many of the windows: `11 of 12`.
    pub would_have_held: String,
    /// In how many it would have been kept.
    pub kept: usize,
    /// How many there are.
    pub periods: usize,
    /// What would have been left of the worst of them.
    pub worst_remaining_ratio: Option<f64>,
    /// How often somebody would have been woken.
    pub pages: usize,
    /// How often anything else would have been told.
    pub tickets: usize,
    /// Whether it is the one to begin with.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recommended: bool,
}

/// An alert that would have been sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertAnswer {
    /// How urgent it is.
    pub severity: String,
    /// The long window.
    pub long: String,
    /// The short window.
    pub short: String,
    /// What both burn rates had to exceed.
    pub factor: f64,
    /// When it would have been sent.
    pub fired_at: Moment,
    /// When it would have ended; null where it still fires at the end.
    pub resolved_at: Option<Moment>,
    /// The highest burn rate of the long window while it fired; null where that is infinite.
    pub peak_burn: Option<f64>,
    /// How long it took from the first bad event of the burn.
    pub detection_delay_seconds: f64,
    /// The share of the window's budget that went from the burn's beginning to its end; null where nothing was allowed.
    pub spent_ratio: Option<f64>,
}

/// Something that looks wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// What.
    pub text: String,
    /// Line and column in the documents, `12:5`; empty where there are none.
    pub place: String,
}
