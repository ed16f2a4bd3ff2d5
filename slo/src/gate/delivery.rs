//! How a product is delivered over a span: what its budget was spent on, how fast, how safely, and what stood in the way.

use std::collections::BTreeSet;

use super::evaluation::Evaluation;
use super::gates::{Gates, services_of_product};
use super::kept::Kept;
use super::overriding::Override;
use crate::deployment::{Deployment, DeploymentFilter};
use crate::ledger::{self, Dora, Ledger, Past, dora};
use crate::policy::{Consequences, PolicyChange};
use crate::spec::{Catalog, Product};

/// For how long deployments are watched in a ledger where no gate says so, in milliseconds.
const DEFAULT_SOAK_MS: i64 = 30 * 60_000;

/// How a product is delivered over a span, and what stood in the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Speed {
    /// The four keys.
    pub dora: Dora,
    /// For how long releases were frozen, in milliseconds.
    pub frozen_ms: i64,
    /// Overrides that were given.
    pub overrides: Vec<Override>,
}

impl Gates {
    /// What a product's budget was spent on in a span; `None` without such a product, or while nothing is counted.
    pub fn ledger(&self, product: &str, from_ms: i64, to_ms: i64) -> Option<Ledger> {
        let catalog = self.catalog();
        let product = catalog.products.get(product)?;
        let budgets = self.budgets();
        let history = budgets.history()?;
        let soak_ms = soak_of(&catalog, product);
        let deployments = self.of_product(&catalog, product, from_ms.saturating_sub(soak_ms), to_ms);
        let deployments: Vec<&Deployment> = deployments.iter().collect();
        let past = Past { history: &*history, promises: budgets.promises() };
        Some(ledger::of_product(&catalog, product, past, &deployments, (from_ms, to_ms), soak_ms))
    }

    /// How fast a product is delivered, and how safely; `None` without such a product.
    pub fn speed(&self, product: &str, from_ms: i64, to_ms: i64) -> Option<Speed> {
        let catalog = self.catalog();
        let product = catalog.products.get(product)?;
        let deployments = self.of_product(&catalog, product, from_ms, to_ms);
        let inner = self.inner.lock();
        let failed = inner.kept.evaluations.iter().filter(|one| one.product == product.name && one.is_failure());
        let failed: BTreeSet<String> = failed.filter_map(|one| judged(&inner.kept, one)).collect();
        let is_its =
            |given: &&Override| catalog.gates.get(&given.gate).is_some_and(|gate| gate.product == product.name);
        let is_in = |given: &&Override| given.created_ms > from_ms && given.created_ms <= to_ms;
        Some(Speed {
            dora: dora(&deployments.iter().collect::<Vec<_>>(), &failed, (from_ms, to_ms)),
            frozen_ms: frozen_ms(&catalog, product, &inner.kept, (from_ms, to_ms)),
            overrides: inner.kept.overrides.iter().filter(is_its).filter(is_in).cloned().collect(),
        })
    }

    /// The deployments of a product's services, to the environments of its gates, or everywhere where it has none.
    fn of_product(&self, catalog: &Catalog, product: &Product, after_ms: i64, until_ms: i64) -> Vec<Deployment> {
        let services = services_of_product(catalog, &product.name);
        if services.is_empty() {
            return Vec::new();
        }
        let gates = catalog.gates.values().filter(|gate| gate.product == product.name);
        let environments: BTreeSet<&str> = gates.map(|gate| gate.environment.as_str()).collect();
        let filter = DeploymentFilter {
            services,
            after_ms: Some(after_ms),
            until_ms: Some(until_ms),
            ..DeploymentFilter::default()
        };
        let mut found = self.deployments(&filter);
        found.retain(|one| environments.is_empty() || environments.contains(one.environment.as_str()));
        found
    }
}

/// The id of the deployment that an evaluation judged. One that was reported later, or judged by a narthex that did not note it,
/// is the newest of its version that had begun by then.
fn judged(kept: &Kept, evaluation: &Evaluation) -> Option<String> {
    let inquiry = &evaluation.inquiry;
    let begun = || {
        let filter = DeploymentFilter {
            services: vec![inquiry.service.clone()],
            version: Some(inquiry.version.clone()),
            environment: Some(inquiry.environment.clone()),
            until_ms: evaluation.decided_ms,
            ..DeploymentFilter::default()
        };
        kept.deployments.find(&filter).first().map(|one| one.id.clone())
    };
    evaluation.deployment.clone().or_else(begun)
}

/// For how long a product's deployments are watched: as its gates say, the longest.
fn soak_of(catalog: &Catalog, product: &Product) -> i64 {
    let gates = catalog.gates.values().filter(|gate| gate.product == product.name);
    gates.map(|gate| gate.soak_ms).filter(|soak_ms| *soak_ms > 0).max().unwrap_or(DEFAULT_SOAK_MS)
}

/// For how long a product was in states that freeze releases.
fn frozen_ms(catalog: &Catalog, product: &Product, kept: &Kept, (from_ms, to_ms): (i64, i64)) -> i64 {
    let policy = product.policy.as_ref().and_then(|name| catalog.budget_policies.get(name));
    let Some(policy) = policy else { return 0 };
    let changes: Vec<&PolicyChange> = kept.changes.iter().filter(|change| change.product == product.name).collect();
    let ends = changes.iter().skip(1).map(|change| change.at_ms).chain([to_ms]);
    let spans = changes.iter().zip(ends);
    let frozen = spans.filter(|(change, _)| Consequences::of(policy, &change.to).freeze.is_some());
    frozen.map(|(change, end_ms)| (end_ms.min(to_ms) - change.at_ms.max(from_ms)).max(0)).sum()
}
