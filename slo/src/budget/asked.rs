//! What gates ask of budgets.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::evaluation::product_key;
use super::{Budgets, State};
use crate::gate::{self, Labels, ObjectiveReading, Reading, Upstream};
use crate::history::History;
use crate::ledger::Promises;
use crate::spec::Share;
use crate::window::Span;

impl gate::Budgets for Budgets {
    fn product(&self, product: &str) -> Option<Reading> {
        let status = Budgets::product(self, product, None)?;
        let is_known = status.state != State::NoData;
        Some(Reading {
            at_ms: status.at.0,
            remaining_ratio: status.budget.remaining_ratio.filter(|_| is_known),
            coverage: status.coverage,
            exhausted_at_ms: status.forecast.exhausted_at.map(|at| at.0),
        })
    }

    fn burn(&self, product: &str, window_ms: i64) -> Option<f64> {
        self.product_burn(product, window_ms, None)
    }

    fn firing(&self, product: &str) -> Option<Vec<Labels>> {
        let catalog = self.catalog();
        let found = catalog.products.get(product)?;
        let ids: BTreeSet<String> = self.components(found).into_iter().chain([product_key(product)]).collect();
        Some(self.firing_labels(|id| ids.contains(id)))
    }

    fn objective(&self, id: &str) -> Option<ObjectiveReading> {
        let status = self.status(id, None)?;
        Some(ObjectiveReading { from_ms: status.window.start.0, to_ms: status.at.0, allowed: status.budget.allowed.0 })
    }

    fn upstream(&self, product: &str) -> Option<Upstream> {
        let components = Budgets::product(self, product, None)?.components;
        let upstream: Vec<_> = components.into_iter().filter(|component| component.role == "upstream").collect();
        let is_spent = |ratio: Option<f64>| ratio.is_none_or(|ratio| ratio <= 0.0);
        let has_spent = upstream.iter().any(|component| is_spent(component.remaining_ratio));
        let failing = upstream.iter().filter(|component| !has_spent || is_spent(component.remaining_ratio));
        let objectives: Vec<String> = failing.map(|component| component.slo.clone()).collect();
        let remaining_without = self.remaining_without_upstream(product);
        (!objectives.is_empty()).then_some(Upstream { remaining_without, objectives })
    }

    fn history(&self) -> Option<Arc<dyn History>> {
        Some(Arc::clone(Budgets::history(self)))
    }

    fn promises(&self) -> Option<&dyn Promises> {
        Some(self)
    }
}

impl Promises for Budgets {
    fn allowed(&self, id: &str, from_ms: i64, to_ms: i64) -> Option<f64> {
        self.objective_allowed(id, Span { from_ms, to_ms })
    }

    fn target(&self, id: &str, at_ms: i64) -> Option<Share> {
        self.objective_target(id, at_ms)
    }
}
