//! An objective as Pyrra knows it.

use std::collections::{BTreeMap, BTreeSet};

use super::metric::Metric;
use super::windows::{AlertWindow, Tier, alert_windows};
use crate::spec::Share;

const MINUTE_MS: f64 = 60_000.0;

/// An objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// Its name.
    pub name: String,
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Labels that go on to rules and alerts.
    pub labels: BTreeMap<String, String>,
    /// Annotations that go on to alerts.
    pub annotations: BTreeMap<String, String>,
    /// The target in percent, as it was written.
    pub percent: String,
    /// The target.
    pub target: Share,
    /// The window, in milliseconds.
    pub window_ms: i64,
    /// What is promised, in words.
    pub description: String,
    /// What tells good from bad.
    pub sli: Sli,
    /// Labels whose values have an objective each.
    pub grouping: BTreeSet<String>,
    /// What alerts are called, and which there are.
    pub alerting: Alerting,
    /// `performanceOverAccuracy`
    pub is_less_accurate: bool,
    /// Whether the description is a label of the rules.
    pub has_description_label: bool,
}

/// What tells good from bad.
#[derive(Clone, Debug, PartialEq)]
pub enum Sli {
    /// Bad events of all events.
    Ratio {
        /// The bad ones.
        errors: Metric,
        /// All of them.
        total: Metric,
    },
    /// Fast requests of all requests: of a histogram the bucket, and the count.
    Latency {
        /// The fast ones; with `le`.
        success: Metric,
        /// All of them.
        total: Metric,
    },
    /// Fast requests of all requests: of a native histogram.
    LatencyNative {
        /// How long they may take, in milliseconds.
        latency_ms: i64,
        /// The histogram.
        total: Metric,
    },
    /// Samples that are 1 of all samples.
    BoolGauge {
        /// The gauge.
        metric: Metric,
    },
}

/// What alerts are called, and which there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerting {
    /// The alerts of a burning budget.
    pub name: String,
    /// The alert of a series that is not there.
    pub absent_name: String,
    /// Whether a burning budget is told.
    pub has_burn_alerts: bool,
    /// Whether a series that is not there is told.
    pub has_absent_alerts: bool,
    /// The label `severity`.
    pub severities: Severities,
}

/// The label `severity` of each alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severities {
    /// Of [`Tier::Fast`].
    pub fast: String,
    /// Of [`Tier::Medium`].
    pub medium: String,
    /// Of [`Tier::Slow`].
    pub slow: String,
    /// Of [`Tier::LongTerm`].
    pub long_term: String,
    /// Of a series that is not there.
    pub absent: String,
}

impl Severities {
    /// Of a tier.
    pub fn of(&self, tier: Tier) -> &str {
        match tier {
            Tier::Fast => &self.fast,
            Tier::Medium => &self.medium,
            Tier::Slow => &self.slow,
            Tier::LongTerm => &self.long_term,
        }
    }
}

impl Slo {
    /// The id: the namespace and the name.
    pub fn id(&self) -> String {
        if self.namespace.is_empty() { self.name.clone() } else { format!("{}-{}", self.namespace, self.name) }
    }

    /// The metric of all events.
    pub fn total(&self) -> &Metric {
        match &self.sli {
            Sli::Ratio { total, .. } | Sli::Latency { total, .. } | Sli::LatencyNative { total, .. } => total,
            Sli::BoolGauge { metric } => metric,
        }
    }

    /// The four pairs of windows.
    pub fn windows(&self) -> [AlertWindow; 4] {
        alert_windows(self.window_ms)
    }

    /// After how many milliseconds without a series somebody is told: when a total outage would have been.
    pub fn absent_after_ms(&self) -> i64 {
        let [fast, ..] = self.windows();
        let detected = fast.factor as f64 * self.target.rest().as_f64() * fast.long_ms as f64;
        ((detected + fast.for_ms as f64) / MINUTE_MS).round() as i64 * MINUTE_MS as i64
    }
}
