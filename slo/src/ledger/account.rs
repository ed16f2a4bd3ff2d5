//! The account of an objective, and of a product.

use std::collections::BTreeSet;

use super::debit::{Charge, Debit, debit};
use super::incident::{Incident, incidents};
use super::past::Past;
use crate::deployment::Deployment;
use crate::history::{Counts, History};
use crate::spec::{Catalog, Indicator, Objective, Product, Role};

/// The accounts of a product's objectives over a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// The product.
    pub product: String,
    /// What comes after this is in the span, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// The end of the span.
    pub to_ms: i64,
    /// One for each objective that counts.
    pub accounts: Vec<Account>,
}

/// Where the budget of an objective went.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The objective's id.
    pub objective: String,
    /// Its name for people.
    pub title: String,
    /// Its service.
    pub service: String,
    /// Whose it is.
    pub role: Role,
    /// What was counted.
    pub counts: Counts,
    /// How many bad events were allowed, by each target while it was in force.
    pub allowed: f64,
    /// What cost what, the dearest first; background last. They add up to the bad events.
    pub entries: Vec<Entry>,
}

/// What something cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What.
    pub kind: EntryKind,
    /// Since when, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
    /// Bad events; parts of one where several share them.
    pub bad: f64,
    /// The share of what was allowed; `None` where nothing was.
    pub share: Option<f64>,
    /// Whether the policy wants a post-mortem.
    pub needs_postmortem: bool,
}

/// What cost something.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryKind {
    /// A deployment.
    Deployment(Box<Deployment>),
    /// A time in which the budget burned.
    Incident,
    /// All else.
    Background,
}

/// The ledger of a product. `soaking` says for how long deployments are watched, in milliseconds.
pub fn of_product<'p>(
    catalog: &Catalog,
    product: &Product,
    past: impl Into<Past<'p>>,
    deployments: &[&Deployment],
    (from_ms, to_ms): (i64, i64),
    soak_ms: i64,
) -> Ledger {
    let past = past.into();
    let policy = product.policy.as_ref().and_then(|name| catalog.budget_policies.get(name));
    let postmortem_share = policy.and_then(|policy| policy.postmortem_when).map(|(share, _)| share.as_f64());
    let charge = |deployment: &&'_ Deployment| -> (i64, i64) {
        (deployment.started_ms, deployment.started_ms.saturating_add(soak_ms))
    };
    let charges: Vec<Charge<'_>> = deployments
        .iter()
        .map(|deployment| {
            let (from_ms, to_ms) = charge(deployment);
            Charge { deployment, from_ms, to_ms }
        })
        .collect();
    let one = |(objective, role): (&Objective, Role)| {
        account(past, objective, role, &charges, (from_ms, to_ms), postmortem_share)
    };
    let accounts = counted(catalog, product).into_iter().map(one).collect();
    Ledger { product: product.name.clone(), from_ms, to_ms, accounts }
}

/// The objectives that a product's budget is made of, those within composites included, each once.
fn counted<'a>(catalog: &'a Catalog, product: &'a Product) -> Vec<(&'a Objective, Role)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut waiting: Vec<(&str, Role)> =
        product.composition.components.iter().rev().map(|one| (one.objective.as_str(), one.role)).collect();
    while let Some((id, role)) = waiting.pop() {
        let Some(objective) = catalog.objectives.get(id).filter(|_| seen.insert(id)) else { continue };
        match &objective.indicator {
            Indicator::Composite(composition) => {
                waiting.extend(composition.components.iter().rev().map(|one| (one.objective.as_str(), role)));
            }
            _ => found.push((objective, role)),
        }
    }
    found
}

/// The account of an objective over a span. What a product only leans on, its other services' deployments have not spent.
pub fn account(
    past: Past<'_>,
    objective: &Objective,
    role: Role,
    charges: &[Charge<'_>],
    (from_ms, to_ms): (i64, i64),
    postmortem_share: Option<f64>,
) -> Account {
    let history = past.history;
    let counts = history.counts(&objective.id, from_ms, to_ms);
    let allowed = past.allowed(objective, from_ms, to_ms);
    let incidents = incidents(past, objective, from_ms, to_ms, allowed);
    let may_bear = |charge: &&Charge<'_>| role == Role::Own || charge.deployment.service == objective.service;
    let charged: Vec<(Charge<'_>, Debit)> = charges
        .iter()
        .filter(may_bear)
        .map(|charge| Charge { to_ms: charge.to_ms.min(to_ms), ..*charge })
        .filter(|charge| charge.from_ms < charge.to_ms && charge.to_ms > from_ms)
        .map(|charge| (charge, debit(history, objective, &charge)))
        .collect();
    let (by_charge, by_incident) = spread(history, objective, &charged, &incidents, (from_ms, to_ms));
    let entry = |kind, from_ms, to_ms, bad: f64| {
        let share = (allowed > 0.0).then(|| bad / allowed);
        let is_single = !matches!(kind, EntryKind::Background);
        let needs_postmortem = is_single && share.zip(postmortem_share).is_some_and(|(share, limit)| share > limit);
        Entry { kind, from_ms, to_ms, bad, share, needs_postmortem }
    };
    let deployments = charged.iter().zip(&by_charge).filter(|(_, bad)| **bad > 0.0).map(|((charge, _), bad)| {
        entry(EntryKind::Deployment(Box::new(charge.deployment.clone())), charge.from_ms, charge.to_ms, *bad)
    });
    let times = incidents.iter().zip(&by_incident).filter(|(_, bad)| **bad > 0.0);
    let times = times.map(|(time, bad)| entry(EntryKind::Incident, time.from_ms, time.to_ms, *bad));
    let mut entries: Vec<Entry> = deployments.chain(times).collect();
    entries.sort_by(|a, b| b.bad.total_cmp(&a.bad));
    let background = counts.bad - entries.iter().map(|entry| entry.bad).sum::<f64>();
    entries.push(entry(EntryKind::Background, from_ms, to_ms, background.max(0.0)));
    Account {
        objective: objective.id.clone(),
        title: objective.title.clone(),
        service: objective.service.clone(),
        role,
        counts,
        allowed,
        entries,
    }
}

/// How many bad events each deployment and each incident bears. The span is cut wherever one of them begins or ends.
fn spread(
    history: &dyn History,
    objective: &Objective,
    charged: &[(Charge<'_>, Debit)],
    incidents: &[Incident],
    (from_ms, to_ms): (i64, i64),
) -> (Vec<f64>, Vec<f64>) {
    let edges = charged.iter().flat_map(|(charge, _)| [charge.from_ms, charge.to_ms]);
    let edges = edges.chain(incidents.iter().flat_map(|time| [time.from_ms, time.to_ms]));
    let edges: BTreeSet<i64> = edges.chain([from_ms, to_ms]).filter(|at| (from_ms..=to_ms).contains(at)).collect();
    let edges: Vec<i64> = edges.into_iter().collect();
    let (mut by_charge, mut by_incident) = (vec![0.0; charged.len()], vec![0.0; incidents.len()]);
    for pair in edges.windows(2) {
        let (start, end) = (pair[0], pair[1]);
        let is_in = |from_ms: i64, to_ms: i64| from_ms <= start && end <= to_ms;
        let here = charged.iter().enumerate().filter(|(_, (charge, _))| is_in(charge.from_ms, charge.to_ms));
        let here: Vec<(usize, &(Charge<'_>, Debit))> = here.collect();
        let incident = incidents.iter().position(|time| is_in(time.from_ms, time.to_ms));
        if here.is_empty() && incident.is_none() {
            continue;
        }
        let bad = history.counts(&objective.id, start, end).bad;
        let mut left = bad;
        for (index, share) in shares(&here, objective) {
            by_charge[index] += bad * share;
            left -= bad * share;
        }
        if let Some(index) = incident {
            by_incident[index] += left.max(0.0);
        }
    }
    (by_charge, by_incident)
}

/// Which share of the bad events at a time each of the deployments bears that are watched then: together at most all.
fn shares(here: &[(usize, &(Charge<'_>, Debit))], objective: &Objective) -> Vec<(usize, f64)> {
    let is_exact = here.iter().any(|(_, (_, debit))| debit.is_exact);
    let is_own = |charge: &Charge<'_>| charge.deployment.service == objective.service;
    let has_own = here.iter().any(|(_, (charge, _))| is_own(charge));
    let bears = |charge: &Charge<'_>, debit: &Debit| if is_exact { debit.is_exact } else { !has_own || is_own(charge) };
    let bearing: Vec<_> = here.iter().filter(|(_, (charge, debit))| bears(charge, debit)).collect();
    let n_bearing = if is_exact { 1.0 } else { bearing.len() as f64 };
    let shares: Vec<(usize, f64)> =
        bearing.iter().map(|(index, (_, debit))| (*index, debit.share() / n_bearing)).collect();
    let all: f64 = shares.iter().map(|(_, share)| share).sum();
    shares.into_iter().map(|(index, share)| (index, share / all.max(1.0))).collect()
}
