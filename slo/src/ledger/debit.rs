//! What a deployment costs.

use crate::deployment::Deployment;
use crate::history::{Counts, History};
use crate::spec::Objective;

/// A deployment and the span in which it is watched.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The deployment.
    pub deployment: &'a Deployment,
    /// From its start …
    pub from_ms: i64,
    /// … to the end of its soak, or as far as is known.
    pub to_ms: i64,
}

/// What a deployment costs an objective.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Debit {
    /// Bad events that are the deployment's.
    pub bad: f64,
    /// All bad events while it was watched.
    pub of: f64,
    /// Whether they could be told apart by the label `version`.
    pub is_exact: bool,
}

impl Debit {
    /// The share of the bad events in the span that are the deployment's.
    pub(super) fn share(&self) -> f64 {
        if self.of > 0.0 { (self.bad / self.of).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The label that tells versions apart.
const VERSION: &str = "version";

/// What a deployment costs an objective, others aside.
pub fn debit(history: &dyn History, objective: &Objective, charge: &Charge<'_>) -> Debit {
    let (from_ms, to_ms) = (charge.from_ms, charge.to_ms.max(charge.from_ms));
    let during = history.counts(&objective.id, from_ms, to_ms);
    let before = history.counts(&objective.id, from_ms.saturating_sub(to_ms - from_ms), from_ms);
    match of_version(history, objective, charge) {
        Some(own) => {
            let expected = before.error_ratio().unwrap_or(0.0) * own.total;
            Debit { bad: (own.bad - expected).clamp(0.0, during.bad.max(0.0)), of: during.bad, is_exact: true }
        }
        None => Debit { bad: (during.bad - before.bad).max(0.0), of: during.bad, is_exact: false },
    }
}

/// The events of a deployment's own version; `None` where the metric does not tell.
fn of_version(history: &dyn History, objective: &Objective, charge: &Charge<'_>) -> Option<Counts> {
    if !objective.options.attribution.iter().any(|label| label == VERSION) {
        return None;
    }
    let versions = history.by_labels(&objective.id, &[VERSION.to_owned()], charge.from_ms, charge.to_ms);
    let is_it =
        |labels: &model::Labels| labels.get(VERSION).is_some_and(|version| version == charge.deployment.version);
    let own = versions.into_iter().filter(|(labels, _)| is_it(labels)).map(|(_, counts)| counts);
    own.reduce(|all, one| all + one)
}
