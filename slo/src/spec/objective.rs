//! A promise: of what, how much, over which time.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::{BurnPolicy, Indicator, Share, SourcePlace, Window};

/// One objective of an SLO. An SLO with several of them is several objectives with ids of their own.
#[derive(Clone, Debug)]
pub struct Objective {
    /// `metadata.name`; with several objectives `name.0`, `name.1`, …; of Sloth `service-name`, of Pyrra `namespace-name`.
    pub id: String,
    /// The SLO's `metadata.name`.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What is promised, in words.
    pub description: String,
    /// The service that promises it.
    pub service: String,
    /// The product that the service belongs to.
    pub product: Option<String>,
    /// Labels of the SLO.
    pub labels: BTreeMap<String, String>,
    /// The target in percent as it was written: `99.9`.
    pub percent: String,
    /// The target.
    pub target: Share,
    /// Over which time.
    pub window: Window,
    /// What is counted.
    pub budgeting: Budgeting,
    /// What tells good from bad.
    pub indicator: Indicator,
    /// When somebody is told; without pairs nobody is. Objectives of one catalog share policies that say the same.
    pub burn: Arc<BurnPolicy>,
    /// What OpenSLO has no words for. Shared as policies are.
    pub options: Arc<Options>,
    /// Where it was written.
    pub source: SourcePlace,
}

/// What the budget is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budgeting {
    /// Events.
    Occurrences,
    /// Slices of time that are good or bad as a whole. They are aligned to the Unix epoch.
    Timeslices {
        /// The length of a slice, in milliseconds.
        slice_ms: i64,
        /// The share of good events, or of samples that satisfy the condition, that makes a slice a good one.
        slice_target: Share,
    },
    /// Slices of time, each weighing alike, that are good to the share of their good events.
    RatioTimeslices {
        /// The length of a slice, in milliseconds.
        slice_ms: i64,
    },
}

/// What OpenSLO has no words for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The labels by which is told who felt it, and which deployment it was.
    pub attribution: Vec<String>,
    /// What an event is to the team.
    pub units: Option<Units>,
    /// Ids of objectives that this one leans on.
    pub depends_on: Vec<String>,
    /// When the objective has to be looked at again.
    pub review_by: Option<Date>,
    /// What time without data counts as.
    pub no_data: NoData,
    /// Labels whose values have a budget each: the objective stands for one of each group of series.
    pub group_by: Vec<String>,
    /// Of such an objective: the group's values.
    pub group: BTreeMap<String, String>,
}

/// What an event is to the team.
#[derive(Clone, Debug, PartialEq)]
pub struct Units {
    /// What they are called: `orders`.
    pub name: String,
    /// How many of them an event is.
    pub per_event: f64,
    /// The currency and what a bad event costs.
    pub money: Option<(String, f64)>,
}

/// What time without data counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoData {
    /// As nothing.
    #[default]
    Ignore,
    /// As bad.
    Bad,
    /// As good.
    Good,
}
