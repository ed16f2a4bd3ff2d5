//! What a gate asks of budgets.

use std::fmt;
use std::sync::Arc;

use alerting::rules::{AlertState, RuleKind};

use crate::history::History;
use crate::ledger::Promises;

/// Labels of an alert that fires.
pub type Labels = Vec<(String, String)>;

/// A product's budget now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// When that was: the newest sample, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The share that is left; `None` where it cannot be told.
    pub remaining_ratio: Option<f64>,
    /// The share of the time that was measured; `None` where nothing was to be.
    pub coverage: Option<f64>,
    /// When nothing will be left, in milliseconds since the Unix epoch; `None` where that is not foreseen.
    pub exhausted_at_ms: Option<i64>,
}

/// An objective's budget now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ObjectiveReading {
    /// Where its window began, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// Up to where it is counted.
    pub to_ms: i64,
    /// How many bad events are allowed.
    pub allowed: f64,
}

/// Who knows budgets. `None` for a product or an objective about which nothing is known: a gate then says so.
pub trait Budgets: fmt::Debug + Send + Sync {
    /// A product's budget.
    fn product(&self, product: &str) -> Option<Reading>;

    /// How many times faster than evenly a product's budget burned over a window of so many milliseconds.
    fn burn(&self, product: &str, window_ms: i64) -> Option<f64>;

    /// The labels of the product's alerts that fire.
    fn firing(&self, product: &str) -> Option<Vec<Labels>>;

    /// An objective's budget.
    fn objective(&self, id: &str) -> Option<ObjectiveReading>;

    /// What was counted.
    fn history(&self) -> Option<Arc<dyn History>>;

    /// What was promised when; `None` where nobody knows, and it was always what it is now.
    fn promises(&self) -> Option<&dyn Promises> {
        None
    }

    /// What a product leans on; `None` where it leans on nothing, or that is not known.
    fn upstream(&self, _product: &str) -> Option<Upstream> {
        None
    }
}

/// What a product leans on, now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upstream {
    /// The share of the product's budget that would be left if nothing upstream had failed; `None` where it cannot be told.
    pub remaining_without: Option<f64>,
    /// Ids of the upstream objectives whose own budgets are spent; of all of them where none's is.
    pub objectives: Vec<String>,
}

/// Who knows all alerts that fire, beside those of budgets.
pub trait FiringAlerts: fmt::Debug + Send + Sync {
    /// Their labels.
    fn firing(&self) -> Vec<Labels>;
}

impl FiringAlerts for alerting::rules::Rules {
    fn firing(&self) -> Vec<Labels> {
        let pairs = |labels: &model::Labels| {
            labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Labels>()
        };
        let rules = self.groups(true).into_iter().flat_map(|group| group.rules);
        let alerts = rules.flat_map(|rule| match rule.kind {
            RuleKind::Alerting(status) => status.alerts,
            RuleKind::Recording => Vec::new(),
        });
        let firing = alerts.filter(|alert| alert.state == AlertState::Firing);
        firing.map(|alert| pairs(&alert.labels)).collect()
    }
}

/// Nobody knows anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBudgets;

impl FiringAlerts for NoBudgets {
    fn firing(&self) -> Vec<Labels> {
        Vec::new()
    }
}

impl Budgets for NoBudgets {
    fn product(&self, _: &str) -> Option<Reading> {
        None
    }

    fn burn(&self, _: &str, _: i64) -> Option<f64> {
        None
    }

    fn firing(&self, _: &str) -> Option<Vec<Labels>> {
        None
    }

    fn objective(&self, _: &str) -> Option<ObjectiveReading> {
        None
    }

    fn history(&self) -> Option<Arc<dyn History>> {
        None
    }
}
