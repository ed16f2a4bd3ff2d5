//! May we release: what a product's policy says now, and how it has been delivered.

use serde::Serialize;

use crate::budget::{Moment, ProductStatus, State};
use crate::deployment::{Deployment, DeploymentFilter, DeploymentState};
use crate::gate::{Gates, Speed};
use crate::ledger::Ledger;
use crate::policy::{Consequences, Standing};
use crate::window::Span;

/// What gates know of a product.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// Where its budget went, deployments among it.
    pub ledger: Option<Ledger>,
    /// What was deployed, the newest first.
    pub deployments: Vec<Deployment>,
    /// How fast it was delivered.
    pub speed: Option<Speed>,
    /// Where it stands now.
    pub standing: Option<Standing>,
    /// What follows from that.
    pub consequences: Option<Consequences>,
}

impl Delivery {
    /// What gates know of a product over a span.
    pub fn of(gates: &Gates, product: &str, span: Span) -> Delivery {
        Delivery {
            ledger: gates.ledger(product, span.from_ms, span.to_ms),
            deployments: deployments(gates, product, span),
            speed: gates.speed(product, span.from_ms, span.to_ms),
            standing: gates.standing(product),
            consequences: gates.consequences(product),
        }
    }
}

/// So many deployments of a period are shown, the newest.
const MAX_MARKS: usize = 200;

/// A deployment of the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeploymentMark {
    /// When it began.
    pub at: Moment,
    /// Of which service.
    pub service: String,
    /// Which version.
    pub version: String,
    /// How far it has come.
    pub state: &'static str,
    /// Whether it failed or was taken back.
    pub is_failure: bool,
}

impl Delivery {
    /// What was deployed, the oldest first.
    pub(super) fn marks(&self) -> Vec<DeploymentMark> {
        let mark = |one: &Deployment| DeploymentMark {
            at: Moment(one.started_ms),
            service: one.service.clone(),
            version: one.version.clone(),
            state: one.state.as_str(),
            is_failure: matches!(one.state, DeploymentState::Failed | DeploymentState::RolledBack),
        };
        self.deployments.iter().take(MAX_MARKS).rev().map(mark).collect()
    }
}

/// The deployments of a product, to the environments of its gates, or everywhere where it has none.
fn deployments(gates: &Gates, product: &str, span: Span) -> Vec<Deployment> {
    let services = gates.services_of(product);
    if services.is_empty() {
        return Vec::new();
    }
    let (after_ms, until_ms) = (Some(span.from_ms), Some(span.to_ms));
    let filter = DeploymentFilter { services, after_ms, until_ms, ..DeploymentFilter::default() };
    let catalog = gates.catalog();
    let mut environments = catalog.gates.values().filter(|gate| gate.product == product).peekable();
    let is_anywhere = environments.peek().is_none();
    let environments: Vec<&str> = environments.map(|gate| gate.environment.as_str()).collect();
    let mut found = gates.deployments(&filter);
    found.retain(|one| is_anywhere || environments.contains(&one.environment.as_str()));
    found
}

/// Whether a product may be released now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseAnswer {
    /// Yes.
    Open,
    /// Yes, fewer or watched for longer.
    Slowed,
    /// With somebody's word.
    Approval,
    /// No, but for some classes of change.
    Frozen,
    /// A policy was agreed, and its state is not known.
    Unknown,
    /// Nothing was agreed.
    NoPolicy,
}

/// The answer, and what it stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Whether.
    pub answer: ReleaseAnswer,
    /// The policy that says so.
    pub policy: Option<String>,
    /// The state that the policy has the product in.
    pub state: Option<String>,
    /// Since when.
    pub since: Option<Moment>,
    /// Why, in the words of the policy.
    pub why: Option<String>,
    /// Classes of change that may ship although releases are frozen, or that need a word where not all do.
    pub classes: Vec<String>,
    /// Whose word is needed.
    pub approvers: Option<String>,
    /// At most so many a day.
    pub max_deploys_per_day: Option<u32>,
    /// Whether anything of the budget is left now; `None` where nobody knows.
    pub is_budget_left: Option<bool>,
}

impl Release {
    /// What holds now.
    pub(super) fn of(now: &ProductStatus, delivery: &Delivery) -> Release {
        let standing = delivery.standing.as_ref().filter(|standing| standing.state.is_some());
        let follows = delivery.consequences.clone().filter(|_| standing.is_some());
        let is_slow = |follows: &Consequences| follows.max_deploys_per_day.is_some() || follows.soak_ms.is_some();
        let answer = match &follows {
            _ if now.policy.is_none() => ReleaseAnswer::NoPolicy,
            None if standing.is_none() => ReleaseAnswer::Unknown,
            Some(Consequences { freeze: Some(_), .. }) => ReleaseAnswer::Frozen,
            Some(Consequences { approval: Some(_), .. }) => ReleaseAnswer::Approval,
            Some(follows) if is_slow(follows) => ReleaseAnswer::Slowed,
            _ => ReleaseAnswer::Open,
        };
        let follows = follows.unwrap_or_default();
        let (approval_classes, approvers) = follows.approval.unzip();
        let classes = follows.freeze.map(|(classes, _)| classes).or(approval_classes).unwrap_or_default();
        Release {
            answer,
            policy: now.policy.clone(),
            state: standing.and_then(|standing| standing.state.clone()),
            since: standing.map(|standing| Moment(standing.since_ms)),
            why: standing.map(|standing| standing.why.clone()).filter(|why| !why.is_empty()),
            classes,
            approvers,
            max_deploys_per_day: follows.max_deploys_per_day,
            is_budget_left: match now.state {
                State::NoData => None,
                state => Some(state != State::Exhausted),
            },
        }
    }
}
