//! Where products stand, as alerts: one fires while a product is in a state that somebody is to hear of.
//!
//! What fires and what has ended follows from standings and changes, which are kept; nothing else is. So a change that a kill
//! came behind is told after the next start, and nothing is told twice.

use std::collections::{BTreeMap, VecDeque};

use alerting::Alert;
use alerting::rules::{RESOLVED_RETENTION_MS, RuleAlert};
use model::{Labels, LabelsBuilder};

use super::{Consequences, PolicyChange, Standing};
use crate::condition::in_words;
use crate::notify::POLICY_ALERT;
use crate::report::Language;
use crate::spec::{BudgetPolicy, Catalog, PolicyAction, Product};

/// What alerts are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Telling<'a> {
    pub(crate) catalog: &'a Catalog,
    /// By product.
    pub(crate) standings: &'a BTreeMap<String, Standing>,
    /// Oldest first.
    pub(crate) changes: &'a VecDeque<PolicyChange>,
    /// When this run began: what ended before is told for a while after it.
    pub(crate) start_ms: i64,
    pub(crate) now_ms: i64,
    /// For how long what fires does if nobody hears of it again, in milliseconds.
    pub(crate) valid_for_ms: i64,
    pub(crate) language: Language,
}

impl Telling<'_> {
    /// What fires and what has ended lately. `url_of` is the page of a product.
    pub(crate) fn alerts(&self, url_of: impl Fn(&str) -> String) -> Vec<RuleAlert> {
        let mut alerts: Vec<RuleAlert> = Vec::new();
        for standing in self.standings.values() {
            let Some(state) = standing.state.as_deref() else { continue };
            alerts.extend(self.alert(&standing.product, state, &standing.why, standing.since_ms, None));
        }
        for (at, change) in self.changes.iter().enumerate() {
            let is_recent = self.now_ms - change.at_ms.max(self.start_ms) <= RESOLVED_RETENTION_MS;
            let Some(from) = change.from.as_deref().filter(|_| is_recent) else { continue };
            let before = self.changes.range(..at).rev().find(|before| before.product == change.product);
            let (why, since_ms) =
                before.map_or(("", change.at_ms), |before| (before.why.as_str(), before.at_ms.min(change.at_ms)));
            let ended = self.alert(&change.product, from, why, since_ms, Some(change.at_ms));
            let Some(ended) = ended else { continue };
            // Of a state that was left and entered again, the newest is told.
            let newer = alerts.iter().position(|known| known.alert.labels == ended.alert.labels);
            match newer {
                Some(newer) if alerts[newer].alert.ends_at_ms.is_some() => alerts[newer] = ended,
                Some(_) => {}
                None => alerts.push(ended),
            }
        }
        for told in &mut alerts {
            told.alert.generator_url = url_of(told.alert.labels.get("product").unwrap_or_default());
        }
        alerts
    }

    /// The alert of a state, where somebody is to hear of it.
    fn alert(
        &self,
        product: &str,
        state: &str,
        why: &str,
        since_ms: i64,
        ends_at_ms: Option<i64>,
    ) -> Option<RuleAlert> {
        let product = self.catalog.products.get(product)?;
        let policy = self.catalog.budget_policies.get(product.policy.as_ref()?)?;
        let is_told = |action: &PolicyAction| matches!(action, PolicyAction::Notify(_) | PolicyAction::Webhook { .. });
        if !policy.actions.get(state)?.iter().any(is_told) {
            return None;
        }
        let mut labels = LabelsBuilder::new();
        labels.set("alertname", POLICY_ALERT).set("product", &product.name);
        labels.set("policy", &policy.name).set("state", state);
        let valid_until_ms = self.now_ms.saturating_add(self.valid_for_ms);
        let alert = Alert {
            labels: labels.build(),
            annotations: said(product, policy, state, why, self.language),
            starts_at_ms: since_ms,
            ends_at_ms,
            generator_url: String::new(),
            updated_at_ms: self.now_ms,
            is_timeout: false,
        };
        Some(RuleAlert { alert, valid_until_ms })
    }
}

fn said(product: &Product, policy: &BudgetPolicy, state: &str, why: &str, language: Language) -> Labels {
    let title = if product.title.is_empty() { &product.name } else { &product.title };
    let follows = Consequences::of(policy, state).words(language).into_iter().map(|(_, words)| words);
    // The formula stands behind its sentence, for whoever has to look it up.
    let why = in_words(why, language).map_or_else(|| why.to_owned(), |words| format!("{words} [{why}]"));
    let (name, is_said) = (&policy.name, !why.is_empty());
    let (summary, description) = match language {
        Language::English => {
            let why = if is_said { format!(" {why}.") } else { String::new() };
            let follows: String = follows.map(|words| format!(" {}.", capital(&words))).collect();
            (format!("{title}: the error-budget policy is {state}"), format!("{name}:{why}{follows}"))
        }
        Language::Chinese => {
            let why = if is_said { format!("{why}。") } else { String::new() };
            let follows: String = follows.map(|words| format!("{words}。")).collect();
            (format!("{title}：错误预算策略进入 {state} 状态"), format!("{name}：{why}{follows}"))
        }
    };
    let mut annotations = LabelsBuilder::new();
    annotations.set("summary", &summary).set("description", &description);
    annotations.build()
}

/// A sentence begins with a capital.
fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
