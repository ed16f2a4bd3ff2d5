//! What a policy asks for now: what holds for releases, who has to write what, and what has to be planned.

use std::collections::BTreeMap;

use serde::Serialize;

use super::exemption::{self, Exemption};
use super::gates::Gates;
use crate::budget::Moment;
use crate::ledger::{Account, Entry, EntryKind, Ledger};
use crate::report::Language;
use crate::spec::{BudgetPolicy, Role};

/// Something that is to be done, or holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenAction {
    /// `freeze`, `approval`, `pace`, `exemption`, `postmortem`, `planning`
    pub kind: &'static str,
    /// In words, without a full stop.
    pub words: String,
    /// Since when; of a post-mortem, when what it is about was over.
    pub since: Moment,
    /// The share of the budget that it is about.
    pub share: Option<f64>,
    /// The objective that it is about.
    pub slo: Option<String>,
}

impl Gates {
    /// What is open for a product, in words of a language; nothing without a policy.
    pub fn actions(&self, product: &str, language: Language) -> Vec<OpenAction> {
        let catalog = self.catalog();
        let policy = catalog.products.get(product).and_then(|product| product.policy.as_ref());
        let Some(policy) = policy.and_then(|name| catalog.budget_policies.get(name)) else { return Vec::new() };
        let mut open = self.holding(product, language);
        let now_ms = self.now_ms();
        let over = |window_ms: i64| self.ledger(product, now_ms.saturating_sub(window_ms), now_ms);
        let reviewed = policy.postmortem_when.and_then(|(_, window_ms)| over(window_ms));
        open.extend(reviewed.iter().flat_map(|ledger| postmortems(ledger, language)));
        let planned = policy.planning_when.and_then(|(share, window_ms)| Some((over(window_ms)?, share.as_f64())));
        open.extend(planned.iter().flat_map(|(ledger, limit)| plans(ledger, *limit, (policy, language))));
        open
    }

    /// What follows from the state that a product is in.
    fn holding(&self, product: &str, language: Language) -> Vec<OpenAction> {
        let (Some(follows), Some(standing)) = (self.consequences(product), self.standing(product)) else {
            return Vec::new();
        };
        let since = Moment(standing.since_ms);
        let action = |kind, words| OpenAction { kind, words, since, share: None, slo: None };
        let follows = follows.words(language).into_iter();
        let mut open: Vec<OpenAction> = follows.map(|(kind, words)| action(kind, words)).collect();
        let catalog = self.catalog();
        let upstream = exemption::asked(&catalog, product, &*self.budgets());
        let inner = self.inner.lock();
        let exempt = exemption::of(&catalog, product, upstream.as_ref(), &inner.kept.standings);
        let exempt = exempt.filter(|exemption| exemption.best_state().is_some());
        let reasons = exempt.iter().flat_map(Exemption::reasons);
        open.extend(reasons.map(|reason| action("exemption", reason.words(language))));
        open
    }
}

/// What spent so much at once that somebody has to say why.
fn postmortems(ledger: &Ledger, language: Language) -> Vec<OpenAction> {
    let of_account = |account: &Account| {
        let due = account.entries.iter().filter(|entry| entry.needs_postmortem);
        due.map(|entry| postmortem(account, entry, language)).collect::<Vec<_>>()
    };
    ledger.accounts.iter().flat_map(of_account).collect()
}

fn postmortem(account: &Account, entry: &Entry, language: Language) -> OpenAction {
    let what = match (&entry.kind, language) {
        (EntryKind::Deployment(deployment), Language::English) => {
            format!("the deployment of {} {}", deployment.service, deployment.version)
        }
        (EntryKind::Deployment(deployment), Language::Chinese) => {
            format!("{} {} 的部署", deployment.service, deployment.version)
        }
        (_, Language::English) => format!("the incident from {}", Moment(entry.from_ms)),
        (_, Language::Chinese) => format!("{} 开始的故障", Moment(entry.from_ms)),
    };
    let (spent, title) = (percent(entry.share, language), &account.title);
    OpenAction {
        kind: "postmortem",
        words: match language {
            Language::English => format!("write a post-mortem: {what} spent {spent} of the budget of {title}"),
            Language::Chinese => format!("需要复盘：{what}消耗了“{title}”预算的 {spent}"),
        },
        since: Moment(entry.to_ms),
        share: entry.share,
        slo: Some(account.objective.clone()),
    }
}

/// Classes of outages that spent so much together that they have to be planned for: deployments of a service, what failed
/// upstream, and incidents without a deployment.
fn plans(ledger: &Ledger, limit: f64, (policy, language): (&BudgetPolicy, Language)) -> Vec<OpenAction> {
    let of_account = |account: &Account| {
        let mut classes: BTreeMap<String, f64> = BTreeMap::new();
        for entry in &account.entries {
            let class = match &entry.kind {
                EntryKind::Background => continue,
                _ if account.role == Role::Upstream => language.say("what failed upstream", "上游故障").to_owned(),
                EntryKind::Deployment(deployment) => match language {
                    Language::English => format!("deployments of {}", deployment.service),
                    Language::Chinese => format!("{} 的部署", deployment.service),
                },
                EntryKind::Incident => language.say("incidents without a deployment", "与部署无关的故障").to_owned(),
            };
            *classes.entry(class).or_default() += entry.share.unwrap_or(0.0);
        }
        let due = classes.into_iter().filter(|(_, share)| *share > limit);
        due.map(|(class, share)| plan(account, (&class, share), ledger, (policy, language))).collect::<Vec<_>>()
    };
    ledger.accounts.iter().flat_map(of_account).collect()
}

fn plan(
    account: &Account,
    (class, share): (&str, f64),
    ledger: &Ledger,
    (policy, language): (&BudgetPolicy, Language),
) -> OpenAction {
    let span = crate::condition::duration_text(ledger.to_ms - ledger.from_ms);
    let (spent, title, policy) = (percent(Some(share), language), &account.title, &policy.name);
    let words = match language {
        Language::English => {
            format!("plan for it: {class} spent {spent} of the budget of {title} within {span} ({policy})")
        }
        Language::Chinese => format!("需要列入计划：{span} 内，{class}消耗了“{title}”预算的 {spent}（{policy}）"),
    };
    OpenAction {
        kind: "planning",
        words,
        since: Moment(ledger.from_ms),
        share: Some(share),
        slo: Some(account.objective.clone()),
    }
}

fn percent(share: Option<f64>, language: Language) -> String {
    let more = || language.say("more", "全部").to_owned();
    share.map_or_else(more, |share| format!("{:.0} %", share * 100.0))
}
