//! What a route says, or has from its parent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Labels;
use model::duration::PromDuration;

use crate::config::RouteConfig;

/// Which labels the alerts of a group share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// Each alert is a group.
    All,
    /// These.
    Labels(BTreeSet<String>),
}

impl GroupBy {
    /// Those of an alert's labels that its group is known by.
    pub fn labels_of(&self, labels: &Labels) -> Labels {
        match self {
            GroupBy::All => labels.clone(),
            GroupBy::Labels(names) => labels.without(|name| !names.contains(name)),
        }
    }
}

/// How alerts are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteOptions {
    /// To whom.
    pub receiver: Arc<str>,
    /// With which others.
    pub group_by: GroupBy,
    /// How long a new group waits for more alerts, in milliseconds.
    pub group_wait_ms: i64,
    /// How long a group waits before it tells what has changed, in milliseconds.
    pub group_interval_ms: i64,
    /// How long a group waits before it tells again what has not changed, in milliseconds.
    pub repeat_interval_ms: i64,
    /// Intervals in which nothing is told.
    pub mute_time_intervals: Vec<String>,
    /// If any: intervals outside of which nothing is told.
    pub active_time_intervals: Vec<String>,
    /// Labels of the route, whose values are templates.
    pub labels: BTreeMap<String, String>,
}

impl Default for RouteOptions {
    fn default() -> RouteOptions {
        RouteOptions {
            receiver: "".into(),
            group_by: GroupBy::Labels(BTreeSet::new()),
            group_wait_ms: 30_000,
            group_interval_ms: 300_000,
            repeat_interval_ms: 4 * 3_600_000,
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            labels: BTreeMap::new(),
        }
    }
}

impl RouteOptions {
    /// Those of a route whose parent has these.
    pub(super) fn inherited_by(&self, config: &RouteConfig) -> RouteOptions {
        let millis = |own: Option<PromDuration>, parent| own.map_or(parent, PromDuration::as_millis);
        let mut labels = self.labels.clone();
        labels.extend(config.labels.clone());
        RouteOptions {
            receiver: if config.receiver.is_empty() { self.receiver.clone() } else { config.receiver.as_str().into() },
            group_by: config.group_by().unwrap_or_else(|| self.group_by.clone()),
            group_wait_ms: millis(config.group_wait, self.group_wait_ms),
            group_interval_ms: millis(config.group_interval, self.group_interval_ms),
            repeat_interval_ms: millis(config.repeat_interval, self.repeat_interval_ms),
            mute_time_intervals: config.mute_time_intervals.clone(),
            active_time_intervals: config.active_time_intervals.clone(),
            labels,
        }
    }
}
