//! Where the budget went, over all objectives of a product: a ledger's entries, those of one deployment or of one time together.

use serde::Serialize;

use super::Naming;
use crate::budget::{Amount, Moment};
use crate::ledger::{Account, Entry, EntryKind, Ledger};
use crate::spec::Role;

/// The limit `report_costs`: so many are told of; the cheaper ones are added up.
pub const MAX_COSTS: usize = 25;
/// An incident that spent less of a budget is not told of.
const LEAST_SHARE: f64 = 0.01;

/// What something cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// What it was.
    #[serde(flatten)]
    pub kind: CostKind,
    /// What people call it; `None` for what is many small things.
    pub name: Option<String>,
    /// Since when.
    pub start: Moment,
    /// Until when.
    pub end: Moment,
    /// Bad events, those of all objectives added up.
    pub bad: Amount,
    /// The share of all bad events of the period; those of all costs add up to one.
    pub share: f64,
    /// The greatest share of an objective's budget that it spent; `None` where nothing was allowed.
    pub budget_share: Option<f64>,
    /// The names of the objectives that felt it, the worst first.
    pub felt_by: Vec<String>,
    /// Whether the policy wants a post-mortem.
    pub needs_postmortem: bool,
}

/// What cost something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CostKind {
    /// A deployment.
    Deployment {
        /// Its id.
        id: String,
        /// Of which service.
        service: String,
        /// Which version.
        version: String,
        /// Who.
        actor: Option<String>,
        /// Its pipeline.
        url: Option<String>,
        /// How far it has come.
        state: &'static str,
    },
    /// A time in which a budget burned.
    Incident,
    /// Somebody that the product leans on.
    Upstream {
        /// Which service.
        service: String,
    },
    /// So many cheaper ones.
    Others {
        /// How many.
        n_costs: usize,
    },
    /// All else.
    Background,
}

/// A cost, and what each objective felt of it.
struct Piece {
    cost: Cost,
    felt: Vec<(f64, String)>,
}

/// The costs of a ledger, the dearest first; cheaper ones and background last.
pub fn costs(ledger: &Ledger, naming: &Naming) -> Vec<Cost> {
    let all: f64 = ledger.accounts.iter().map(|account| account.counts.bad).sum();
    let mut pieces: Vec<Piece> = Vec::new();
    let priced = |account: &Account| {
        let pieces: Vec<Piece> = account.entries.iter().map(|entry| piece(account, entry)).collect();
        pieces
    };
    let mut incoming: Vec<Piece> = ledger.accounts.iter().flat_map(priced).filter(|one| one.cost.bad.0 > 0.0).collect();
    incoming.sort_by_key(|one| one.cost.start);
    for one in incoming {
        match pieces.iter_mut().rev().find(|known| is_same(&known.cost, &one.cost)) {
            Some(known) => known.add(one),
            None => pieces.push(one),
        }
    }
    let mut costs: Vec<Cost> = pieces.into_iter().map(|one| one.told(all, naming)).collect();
    costs.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.bad.0.total_cmp(&a.bad.0)));
    cut(costs)
}

fn piece(account: &Account, entry: &Entry) -> Piece {
    let kind = match &entry.kind {
        _ if account.role == Role::Upstream => CostKind::Upstream { service: account.service.clone() },
        EntryKind::Deployment(deployment) => CostKind::Deployment {
            id: deployment.id.clone(),
            service: deployment.service.clone(),
            version: deployment.version.clone(),
            actor: deployment.actor.clone(),
            url: deployment.url.clone(),
            state: deployment.state.as_str(),
        },
        // What a deployment in it left of an incident is no news.
        EntryKind::Incident if entry.share.is_none_or(|share| share >= LEAST_SHARE) => CostKind::Incident,
        EntryKind::Incident | EntryKind::Background => CostKind::Background,
    };
    let cost = Cost {
        kind,
        name: None,
        start: Moment(entry.from_ms),
        end: Moment(entry.to_ms),
        bad: Amount(entry.bad),
        share: 0.0,
        budget_share: entry.share,
        felt_by: Vec::new(),
        needs_postmortem: entry.needs_postmortem,
    };
    Piece { cost, felt: vec![(entry.bad, account.name().to_owned())] }
}

/// Whether two are one: the same deployment or service, incidents at the same time, background.
fn is_same(known: &Cost, other: &Cost) -> bool {
    match (&known.kind, &other.kind) {
        (CostKind::Deployment { id, .. }, CostKind::Deployment { id: other, .. }) => id == other,
        (CostKind::Upstream { service }, CostKind::Upstream { service: other }) => service == other,
        // They come in the order of their starts.
        (CostKind::Incident, CostKind::Incident) => other.start < known.end,
        (CostKind::Background, CostKind::Background) => true,
        _ => false,
    }
}

impl Piece {
    fn add(&mut self, other: Piece) {
        self.cost.absorb(&other.cost);
        for (bad, title) in other.felt {
            match self.felt.iter_mut().find(|(_, known)| *known == title) {
                Some((known, _)) => *known += bad,
                None => self.felt.push((bad, title)),
            }
        }
    }

    fn told(mut self, all: f64, naming: &Naming) -> Cost {
        self.felt.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.cost.share = if all > 0.0 { self.cost.bad.0 / all } else { 0.0 };
        self.cost.felt_by = self.felt.into_iter().map(|(_, title)| title).collect();
        let worst = self.cost.felt_by.first().map_or("", String::as_str);
        self.cost.name = naming.cost(&self.cost.kind, worst, self.cost.start, self.cost.end);
        self.cost
    }
}

impl Cost {
    fn absorb(&mut self, other: &Cost) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.bad.0 += other.bad.0;
        self.share += other.share;
        self.budget_share = match (self.budget_share, other.budget_share) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        self.needs_postmortem |= other.needs_postmortem;
    }
}

fn rank(cost: &Cost) -> usize {
    match cost.kind {
        CostKind::Background => 2,
        CostKind::Others { .. } => 1,
        _ => 0,
    }
}

/// Adds up what is beyond the limit.
fn cut(mut costs: Vec<Cost>) -> Vec<Cost> {
    let n_named = costs.iter().filter(|cost| rank(cost) == 0).count();
    if n_named <= MAX_COSTS {
        return costs;
    }
    let cheaper: Vec<Cost> = costs.drain(MAX_COSTS..n_named).collect();
    let mut cheaper = cheaper.into_iter();
    if let Some(mut others) = cheaper.next() {
        let mut n_costs = 1;
        for cost in cheaper {
            others.absorb(&cost);
            n_costs += 1;
        }
        (others.kind, others.name, others.felt_by) = (CostKind::Others { n_costs }, None, Vec::new());
        costs.insert(MAX_COSTS, others);
    }
    costs
}
