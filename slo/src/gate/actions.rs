//! What a policy asks for now: what holds for releases, who has to write what, and what has to be planned.

use std::collections::BTreeMap;

use serde::Serialize;

use super::exemption::{self, Exemption};
use super::gates::Gates;
use crate::budget::Moment;
use crate::ledger::{Account, Entry, EntryKind, Ledger};
use crate::spec::{BudgetPolicy, Role};

/// Something that is to be done, or holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenAction {
    /// `freeze`, `approval`, `pace`, `exemption`, `postmortem`, `planning`
    pub kind: &'static str,
    /// In words.
    pub words: String,
    /// Since when; of a post-mortem, when what it is about was over.
    pub since: Moment,
    /// The share of the budget that it is about.
    pub share: Option<f64>,
    /// The objective that it is about.
    pub slo: Option<String>,
}

impl Gates {
    /// What is open for a product; nothing without a policy.
    pub fn actions(&self, product: &str) -> Vec<OpenAction> {
        let catalog = self.catalog();
        let policy = catalog.products.get(product).and_then(|product| product.policy.as_ref());
        let Some(policy) = policy.and_then(|name| catalog.budget_policies.get(name)) else { return Vec::new() };
        let mut open = self.holding(product);
        let now_ms = self.now_ms();
        let over = |window_ms: i64| self.ledger(product, now_ms.saturating_sub(window_ms), now_ms);
        let reviewed = policy.postmortem_when.and_then(|(_, window_ms)| over(window_ms));
        open.extend(reviewed.iter().flat_map(postmortems));
        let planned = policy.planning_when.and_then(|(share, window_ms)| Some((over(window_ms)?, share.as_f64())));
        open.extend(planned.iter().flat_map(|(ledger, limit)| plans(ledger, *limit, policy)));
        open
    }

    /// What follows from the state that a product is in.
    fn holding(&self, product: &str) -> Vec<OpenAction> {
        let (Some(follows), Some(standing)) = (self.consequences(product), self.standing(product)) else {
            return Vec::new();
        };
        let since = Moment(standing.since_ms);
        let action = |kind, words| OpenAction { kind, words, since, share: None, slo: None };
        let mut open: Vec<OpenAction> = follows.words().into_iter().map(|(kind, words)| action(kind, words)).collect();
        let catalog = self.catalog();
        let upstream = exemption::asked(&catalog, product, &*self.budgets());
        let inner = self.inner.lock();
        let exempt = exemption::of(&catalog, product, upstream.as_ref(), &inner.kept.standings);
        let exempt = exempt.filter(|exemption| exemption.best_state().is_some());
        let words = exempt.iter().flat_map(Exemption::words);
        open.extend(words.map(|words| action("exemption", words.clone())));
        open
    }
}

/// What spent so much at once that somebody has to say why.
fn postmortems(ledger: &Ledger) -> Vec<OpenAction> {
    let of_account = |account: &Account| {
        let due = account.entries.iter().filter(|entry| entry.needs_postmortem);
        due.map(|entry| postmortem(account, entry)).collect::<Vec<_>>()
    };
    ledger.accounts.iter().flat_map(of_account).collect()
}

fn postmortem(account: &Account, entry: &Entry) -> OpenAction {
    let what = match &entry.kind {
        EntryKind::Deployment(deployment) => format!("the deployment of {} {}", deployment.service, deployment.version),
        EntryKind::Incident | EntryKind::Background => format!("the incident from {}", Moment(entry.from_ms)),
    };
    OpenAction {
        kind: "postmortem",
        words: format!("write a post-mortem: {what} spent {} of the budget of {}", percent(entry.share), account.title),
        since: Moment(entry.to_ms),
        share: entry.share,
        slo: Some(account.objective.clone()),
    }
}

/// Classes of outages that spent so much together that they have to be planned for: deployments of a service, what failed
/// upstream, and incidents without a deployment.
fn plans(ledger: &Ledger, limit: f64, policy: &BudgetPolicy) -> Vec<OpenAction> {
    let of_account = |account: &Account| {
        let mut classes: BTreeMap<String, f64> = BTreeMap::new();
        for entry in &account.entries {
            let class = match &entry.kind {
                EntryKind::Background => continue,
                _ if account.role == Role::Upstream => "what failed upstream".to_owned(),
                EntryKind::Deployment(deployment) => format!("deployments of {}", deployment.service),
                EntryKind::Incident => "incidents without a deployment".to_owned(),
            };
            *classes.entry(class).or_default() += entry.share.unwrap_or(0.0);
        }
        let due = classes.into_iter().filter(|(_, share)| *share > limit);
        due.map(|(class, share)| plan(account, &class, share, ledger, policy)).collect::<Vec<_>>()
    };
    ledger.accounts.iter().flat_map(of_account).collect()
}

fn plan(account: &Account, class: &str, share: f64, ledger: &Ledger, policy: &BudgetPolicy) -> OpenAction {
    let span = crate::condition::duration_text(ledger.to_ms - ledger.from_ms);
    let spent = percent(Some(share));
    let words = format!(
        "plan for it: {class} spent {spent} of the budget of {} within {span} ({})",
        account.title, policy.name
    );
    OpenAction {
        kind: "planning",
        words,
        since: Moment(ledger.from_ms),
        share: Some(share),
        slo: Some(account.objective.clone()),
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "more".to_owned(), |share| format!("{:.0} %", share * 100.0))
}
