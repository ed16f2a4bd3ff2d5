//! Who felt it: by the labels that an objective's options name.

use serde::Serialize;

use super::ObjectiveRow;
use super::summary::MAX_OBJECTIVES;
use crate::budget::{Amount, Budgets};
use crate::spec::Catalog;
use crate::window::Span;

/// So many of those who felt it are told of.
const MAX_FELT: usize = 10;

/// Who felt bad events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Felt {
    /// The name of the objective.
    pub objective: String,
    /// The labels that tell them apart.
    pub labels: String,
    /// Their bad events.
    pub bad: Amount,
    /// The share of the objective's bad events.
    pub bad_share: Option<f64>,
    /// The share of the objective's budget; `None` where nothing was allowed.
    pub budget_share: Option<f64>,
    /// The share of its events.
    pub traffic_share: Option<f64>,
}

/// Who felt most of it, as far back as raw samples reach.
pub(super) fn felt(budgets: &Budgets, catalog: &Catalog, rows: &[ObjectiveRow], span: Span) -> Vec<Felt> {
    let mut all = Vec::new();
    for row in rows.iter().filter(|row| row.counts).take(MAX_OBJECTIVES) {
        let Some(objective) = catalog.objectives.get(&row.status.id) else { continue };
        let names = &objective.options.attribution;
        if names.is_empty() {
            continue;
        }
        let groups = budgets.history().by_labels(&objective.id, names, span.from_ms, span.to_ms);
        let bad: f64 = groups.iter().map(|(_, counts)| counts.bad).sum();
        let total: f64 = groups.iter().map(|(_, counts)| counts.total).sum();
        let allowed = row.status.budget.allowed.0;
        let share = |part: f64, all: f64| (all > 0.0).then(|| part / all);
        all.extend(groups.iter().filter(|(_, counts)| counts.bad > 0.0).map(|(labels, counts)| Felt {
            objective: row.name().to_owned(),
            labels: labels.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", "),
            bad: Amount(counts.bad),
            bad_share: share(counts.bad, bad),
            budget_share: share(counts.bad, allowed),
            traffic_share: share(counts.total, total),
        }));
    }
    all.sort_by(|a, b| b.bad.0.total_cmp(&a.bad.0));
    all.truncate(MAX_FELT);
    all
}
