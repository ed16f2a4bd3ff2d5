//! The facts at a gate.

use super::budgets::{Budgets, Labels, Reading};
use super::request::Inquiry;
use crate::condition::{Facts, Quantity, Word};
use crate::deployment::Deployment;
use crate::ledger::{Charge, debit};
use crate::spec::{Catalog, Indicator, Objective, Product, Role};

/// A budget that was read before this, in milliseconds, is not known: monitoring may be down.
const FRESH_MS: i64 = 15 * 60_000;

/// What is known of a product, and of the release that asks.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    budgets: &'a dyn Budgets,
    product: &'a str,
    now_ms: i64,
    pub(super) reading: Option<Reading>,
    pub(super) firing: Option<Vec<Labels>>,
    pub(super) policy_state: Option<String>,
    inquiry: Option<&'a Inquiry>,
    debit: Option<f64>,
}

impl<'a> Situation<'a> {
    /// A product as it is, nobody asking.
    pub(super) fn new(budgets: &'a dyn Budgets, product: &'a str, now_ms: i64) -> Situation<'a> {
        Situation {
            budgets,
            product,
            now_ms,
            reading: budgets.product(product).filter(|reading| now_ms - reading.at_ms <= FRESH_MS),
            firing: budgets.firing(product),
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
}

impl Facts for Situation<'_> {
    fn quantity(&self, of: Quantity) -> Option<f64> {
        match of {
            Quantity::Remaining => self.reading?.remaining_ratio,
            Quantity::Coverage => self.reading?.coverage,
            Quantity::BudgetDebit => self.debit,
            Quantity::Exhaustion => {
                let at_ms = self.reading?.exhausted_at_ms;
                Some(at_ms.map_or(f64::INFINITY, |at_ms| (at_ms - self.now_ms).max(0) as f64))
            }
            Quantity::Burn { window_ms } => self.budgets.burn(self.product, window_ms),
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
        let firing = self.firing.as_ref()?;
        Some(firing.iter().any(|alert| labels.iter().all(|label| alert.contains(label))))
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
