//! Targets that were changed on the way: the product's own, and those of its objectives.

use serde::Serialize;

use crate::budget::{Budgets, Marks, Moment, ObjectiveMark};
use crate::window::Span;

/// A target that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetChange {
    /// When.
    pub at: Moment,
    /// The objective's id; `None` for the product's own.
    pub slo: Option<String>,
    /// What it was, in percent.
    pub from: String,
    /// What it is since.
    pub to: String,
}

/// What was changed in a span, the earliest first.
pub(super) fn target_changes(budgets: &Budgets, product: &str, ids: &[String], span: Span) -> Vec<TargetChange> {
    let changes = |slo: Option<&String>, marks: Option<Marks>| {
        let slo = slo.cloned();
        let change =
            move |mark: ObjectiveMark| TargetChange { at: mark.at, slo: slo.clone(), from: mark.from, to: mark.to };
        marks.unwrap_or_default().objectives.into_iter().map(change)
    };
    let own = changes(None, budgets.product_marks(product, span));
    let of_objectives = ids.iter().flat_map(|id| changes(Some(id), budgets.objective_marks(id, span)));
    let mut all: Vec<TargetChange> = own.chain(of_objectives).collect();
    all.sort_by_key(|change| change.at);
    all
}
