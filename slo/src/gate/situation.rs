//! The facts at a gate.

use std::cell::OnceCell;

use super::budgets::{Budgets, FiringAlerts, Labels, Reading};
use super::request::Inquiry;
use crate::condition::{Facts, Quantity, Word};
use crate::deployment::Deployment;
use crate::ledger::{Charge, debit};
use crate::spec::{Catalog, Indicator, Objective, Product, Role};

/// A budget whose newest sample is older, in milliseconds, is not known, nor how fast it burns: monitoring may be down. As long as
/// the look-back of queries, and as the state `nodata` of products.
const FRESH_MS: i64 = 5 * 60_000;

/// Who is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'a> {
    pub(super) budgets: &'a dyn Budgets,
    pub(super) alerts: &'a dyn FiringAlerts,
    pub(super) catalog: &'a Catalog,
}

/// What is known of a product, and of the release that asks.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    sources: Sources<'a>,
    product: &'a str,
    now_ms: i64,
    pub(super) reading: Option<Reading>,
    /// Alerts of its budgets that fire.
    firing: Option<Vec<Labels>>,
    /// Other alerts that fire and are not another product's, once somebody asks.
    others: OnceCell<Vec<Labels>>,
    pub(super) policy_state: Option<String>,
    inquiry: Option<&'a Inquiry>,
    debit: Option<f64>,
}

impl<'a> Situation<'a> {
    /// A product as it is, nobody asking.
    pub(super) fn new(sources: Sources<'a>, product: &'a str, now_ms: i64) -> Situation<'a> {
        Situation {
            sources,
            product,
            now_ms,
            reading: sources.budgets.product(product).filter(|reading| now_ms - reading.at_ms <= FRESH_MS),
            firing: sources.budgets.firing(product),
            others: OnceCell::new(),
            policy_state: None,
            inquiry: None,
            debit: None,
        }
    }

    /// The same with its policy's state and with who asks.
    pub(super) fn asked(mut self, policy_state: Option<String>, inquiry: &'a Inquiry) -> Situation<'a> {
        (self.policy_state, self.inquiry) = (policy_state, Some(inquiry));
        self
    }

    /// The same with what the release has spent.
    pub(super) fn with_debit(mut self, debit: Option<f64>) -> Situation<'a> {
        self.debit = debit;
        self
    }

    /// Alerts that are the product's and fire.
    pub(super) fn firing(&self) -> Vec<Labels> {
        let of_budgets = self.firing.iter().flatten().cloned();
        let others = self.others().iter().filter(|alert| self.owner(alert) == Some(self.product));
        of_budgets.chain(others.cloned()).collect()
    }

    fn others(&self) -> &[Labels] {
        let is_foreign = |alert: &Labels| self.owner(alert).is_some_and(|owner| owner != self.product);
        self.others.get_or_init(|| {
            let mut firing = self.sources.alerts.firing();
            firing.retain(|alert| !is_foreign(alert));
            firing
        })
    }

    /// The product that an alert names, itself or by its service; `None` where it names none.
    fn owner<'b>(&'b self, alert: &'b Labels) -> Option<&'b str> {
        let label = |name: &str| alert.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_str());
        let of_service = |service: &str| self.sources.catalog.services.get(service)?.product.as_deref();
        label("product").or_else(|| of_service(label("service")?))
    }
}

impl Facts for Situation<'_> {
    fn quantity(&self, of: Quantity) -> Option<f64> {
        match of {
            Quantity::Remaining => self.reading?.remaining_ratio,
            Quantity::Coverage => self.reading?.coverage,
            Quantity::BudgetDebit => self.reading.and(self.debit),
            Quantity::Exhaustion => {
                let at_ms = self.reading?.exhausted_at_ms;
                Some(at_ms.map_or(f64::INFINITY, |at_ms| (at_ms - self.now_ms).max(0) as f64))
            }
            Quantity::Burn { window_ms } => {
                self.reading.and_then(|_| self.sources.budgets.burn(self.product, window_ms))
            }
        }
    }

    fn word(&self, of: Word) -> Option<&str> {
        if of == Word::PolicyState {
            return self.policy_state.as_deref();
        }
        let inquiry = self.inquiry?;
        let word = match of {
            Word::PolicyState => return None,
            Word::Change => &inquiry.change,
            Word::Service => &inquiry.service,
            Word::Environment => &inquiry.environment,
            Word::Version => &inquiry.version,
            Word::Actor => &inquiry.actor,
        };
        Some(word.as_str()).filter(|word| !word.is_empty())
    }

    fn is_firing(&self, labels: &[(String, String)]) -> Option<bool> {
        let has_labels = |alert: &Labels| labels.iter().all(|label| alert.contains(label));
        let is_others = self.others().iter().any(has_labels);
        if is_others { Some(true) } else { Some(self.firing.as_ref()?.iter().any(has_labels)) }
    }
}

/// Which share of a product's budget a release has spent: of the objective that it hurt most. Those of its service are looked at,
/// and all of the product's own where it has none. `None` where nobody knows.
pub(super) fn spent_by(
    catalog: &Catalog,
    product: &Product,
    budgets: &dyn Budgets,
    deployment: &Deployment,
    to_ms: i64,
) -> Option<f64> {
    let history = budgets.history()?;
    let own = product.composition.components.iter().filter(|component| component.role == Role::Own);
    let own = own.filter_map(|component| catalog.objectives.get(&component.objective));
    let own: Vec<&Objective> =
        own.filter(|objective| !matches!(objective.indicator, Indicator::Composite(_))).collect();
    let is_its = |objective: &&Objective| objective.service == deployment.service;
    let has_its = own.iter().any(is_its);
    let hurt = own.into_iter().filter(|objective| !has_its || is_its(objective));
    let charge = Charge { deployment, from_ms: deployment.started_ms, to_ms };
    let share = |objective: &Objective| {
        let allowed = budgets.objective(&objective.id)?.allowed;
        let bad = debit(&*history, objective, &charge).bad;
        Some(if bad <= 0.0 { 0.0 } else { bad / allowed })
    };
    hurt.map(share).try_fold(None, |most: Option<f64>, share| Some(Some(most.unwrap_or(0.0).max(share?))))?
}
