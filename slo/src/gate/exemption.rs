//! Exemptions: a product may go on releasing although its budget is gone, where others spent it.
//!
//! `cause: upstream` holds where something would be left of the budget if nothing upstream had failed; with `onlyIf:
//! upstreamFrozen` only while the products that the failing upstream objectives belong to have frozen their releases. Whether only
//! users out of scope felt it (`cause: out-of-scope-users`) no counter tells: somebody has to say so, by an override.

use std::collections::BTreeMap;

use super::budgets::{Budgets, Upstream};
use super::reason::{Exempt, Reason};
use crate::policy::{Consequences, Standing};
use crate::spec::{BudgetPolicy, Catalog, PolicyAction};

/// Why releases may go on; or why they may not, where they could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The state of the policy as which it counts; `None` where there is none, and only a word about it.
    best_state: Option<String>,
    /// Why.
    reasons: Vec<Reason>,
}

impl Exemption {
    /// The state as which the policy's counts, where releases are exempt.
    pub fn best_state(&self) -> Option<&str> {
        self.best_state.as_deref()
    }

    /// Why.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

/// What budgets say of what a product leans on, where its policy exempts for that. It reads counts.
pub(super) fn asked(catalog: &Catalog, product: &str, budgets: &dyn Budgets) -> Option<Upstream> {
    let exempts = policy_of(catalog, product)?.exemptions.iter().any(|(cause, _)| cause == UPSTREAM);
    exempts.then(|| budgets.upstream(product)).flatten()
}

/// The cause that upstream objectives are.
pub(crate) const UPSTREAM: &str = "upstream";
/// The cause that users are whom nothing was promised.
pub(crate) const OUT_OF_SCOPE: &str = "out-of-scope-users";
/// The condition that who failed upstream has frozen its releases.
pub(crate) const UPSTREAM_FROZEN: &str = "upstreamFrozen";

/// Whether a product's releases are exempt, while it is in a state that stops them; `None` where nothing is to be said.
pub(super) fn of(
    catalog: &Catalog,
    product: &str,
    upstream: Option<&Upstream>,
    standings: &BTreeMap<String, Standing>,
) -> Option<Exemption> {
    let policy = policy_of(catalog, product)?;
    let state = standings.get(product)?.state.as_deref()?;
    let stops = policy
        .actions
        .get(state)
        .is_some_and(|actions| actions.iter().any(|action| matches!(action, PolicyAction::Freeze { .. })));
    if !stops {
        return None;
    }
    let mut hints = Vec::new();
    for (cause, only_if) in &policy.exemptions {
        match cause.as_str() {
            UPSTREAM => match by_upstream(catalog, product, upstream, only_if.is_some(), standings) {
                Ok(reason) => {
                    let best_state = policy.states.last().map(|state| state.name.clone());
                    return Some(Exemption { best_state, reasons: vec![reason] });
                }
                Err(hint) => hints.extend(hint),
            },
            _ => hints.push(Reason::OutOfScope),
        }
    }
    (!hints.is_empty()).then_some(Exemption { best_state: None, reasons: hints })
}

/// Why it is exempt; or what is to be said, where it was upstream and is not.
fn by_upstream(
    catalog: &Catalog,
    product: &str,
    upstream: Option<&Upstream>,
    needs_frozen: bool,
    standings: &BTreeMap<String, Standing>,
) -> Result<Reason, Option<Reason>> {
    let Some(Upstream { remaining_without: Some(without), objectives }) = upstream else { return Err(None) };
    if *without <= 0.0 {
        return Err(None);
    }
    let reason = |so| Reason::Upstream { objectives: objectives.clone(), left: format!("{:.1}", without * 100.0), so };
    let thawed = objectives.iter().filter(|id| !is_frozen(catalog, product, id, standings));
    let thawed: Vec<String> = thawed.cloned().collect();
    match needs_frozen {
        true if !thawed.is_empty() => Err(Some(reason(Exempt::NotFrozen(thawed)))),
        true => Ok(reason(Exempt::AsFrozen)),
        false => Ok(reason(Exempt::Yes)),
    }
}

/// Whether the product that an upstream objective belongs to, another one, has frozen its releases.
fn is_frozen(catalog: &Catalog, product: &str, objective: &str, standings: &BTreeMap<String, Standing>) -> bool {
    let owner = catalog.objectives.get(objective).and_then(|objective| objective.product.as_deref());
    let owner = owner.filter(|owner| *owner != product);
    let policy = owner.and_then(|owner| policy_of(catalog, owner));
    let state = owner.and_then(|owner| standings.get(owner)?.state.as_deref());
    policy.zip(state).is_some_and(|(policy, state)| Consequences::of(policy, state).freeze.is_some())
}

fn policy_of<'c>(catalog: &'c Catalog, product: &str) -> Option<&'c BudgetPolicy> {
    catalog.budget_policies.get(catalog.products.get(product)?.policy.as_ref()?)
}
