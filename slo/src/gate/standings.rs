//! Where products stand with their policies: as time brings it, and for who asks.

use std::collections::BTreeMap;

use alerting::rules::RuleAlert;

use super::decisions::Record;
use super::gates::{Gates, TickOutcome};
use super::kept::Kept;
use super::situation::{Situation, Sources};
use crate::policy::{self, Consequences, FreezeOutcome, FreezePeriod, PolicyChange, Standing, Telling};

/// That a condition still holds which has to for a while is noted so often, in milliseconds: a kill costs no more than that.
const HELD_EVERY_MS: i64 = 60_000;
/// For so long after the start what has held waits for somebody to know whether it does, in milliseconds.
const WAIT_MS: i64 = 5 * 60_000;

impl Gates {
    /// Where a product stands; `None` without a policy, or before it is known.
    pub fn standing(&self, product: &str) -> Option<Standing> {
        self.inner.lock().kept.standings.get(product).cloned()
    }

    /// The changes of a product's state, newest first.
    pub fn changes(&self, product: &str, limit: usize) -> Vec<PolicyChange> {
        let inner = self.inner.lock();
        inner.kept.changes.iter().rev().filter(|change| change.product == product).take(limit).cloned().collect()
    }

    /// What follows from a product's state.
    pub fn consequences(&self, product: &str) -> Option<Consequences> {
        let catalog = self.catalog();
        let policy = catalog.budget_policies.get(catalog.products.get(product)?.policy.as_ref()?)?;
        Some(Consequences::of(policy, &self.standing(product)?.state?))
    }

    /// Where products stand, as alerts: those of states that somebody is to hear of. What fires does for so long if nobody hears
    /// of it again. `url_of` is the page of a product.
    pub fn alerts_told(&self, valid_for_ms: i64, url_of: impl Fn(&str) -> String) -> Vec<RuleAlert> {
        let catalog = self.catalog();
        let (now_ms, start_ms, language) = (self.clock.now_ms(), self.start_ms, *self.language.read());
        let inner = self.inner.lock();
        let Kept { standings, changes, .. } = &inner.kept;
        Telling { catalog: &catalog, standings, changes, start_ms, now_ms, valid_for_ms, language }.alerts(url_of)
    }

    /// Which freeze periods of GitLab's have to be there, and which have not.
    pub fn freeze_periods(&self) -> Vec<FreezePeriod> {
        let catalog = self.catalog();
        let inner = self.inner.lock();
        policy::periods(&catalog, &inner.kept.standings, &inner.kept.changes)
    }

    /// Takes how it went when GitLab was asked about the periods at an address.
    pub fn note_freeze(&self, url: &str, error: Option<String>) {
        let outcome = FreezeOutcome { at_ms: self.clock.now_ms(), error };
        self.freezes.write().insert(url.to_owned(), outcome);
    }

    /// Of each of a product's projects of GitLab's: where its periods are, whether one has to be there now, and how it went when
    /// GitLab was asked last, `None` where it has not been yet.
    pub fn freezes(&self, product: &str) -> Vec<(String, bool, Option<FreezeOutcome>)> {
        let mut projects: BTreeMap<String, bool> = BTreeMap::new();
        for period in self.freeze_periods().into_iter().filter(|period| period.product == product) {
            *projects.entry(period.url).or_default() |= period.is_wanted;
        }
        let outcomes = self.freezes.read();
        projects.into_iter().map(|(url, is_wanted)| (url.clone(), is_wanted, outcomes.get(&url).cloned())).collect()
    }

    /// Lets a product's policy see how it is.
    pub(super) fn step(&self, product: &str, now_ms: i64, outcome: &mut TickOutcome) {
        let Some(policy) = self.policies.read().get(product).cloned() else { return };
        let (budgets, alerts, catalog) = (self.budgets(), self.alerts(), self.catalog());
        let sources = Sources { budgets: &*budgets, alerts: &*alerts, catalog: &catalog };
        let situation = Situation::new(sources, product, now_ms);
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        let before = inner.kept.standings.get(product).cloned();
        let mut standing =
            before.clone().unwrap_or_else(|| Standing { product: product.to_owned(), ..Standing::default() });
        let held_upto_ms = inner.kept.held_upto_ms.get(product).copied();
        let is_waiting = inner.waiting.contains(product);
        let is_known = situation.reading.is_some() || now_ms - self.start_ms > WAIT_MS;
        if is_waiting && is_known {
            standing.go_on(held_upto_ms, now_ms);
        }
        let is_still = is_waiting && !is_known;
        let change = policy.step(&mut standing, &situation, now_ms, is_still);
        let is_noted = held_upto_ms.is_some_and(|upto_ms| (0..HELD_EVERY_MS).contains(&(now_ms - upto_ms)));
        let is_held = !standing.held_since_ms.is_empty() && !is_still && !is_noted;
        let held = is_held.then(|| Record::Held { product: product.to_owned(), upto_ms: now_ms });
        let standing = (before.as_ref() != Some(&standing)).then_some(Record::Standing(standing));
        let records = change.clone().map(Record::Change).into_iter().chain(standing).chain(held);
        match inner.note(records.collect()) {
            Ok(()) => outcome.changes.extend(change),
            Err(error) => {
                outcome.error = Some(error);
                return;
            }
        }
        if is_known {
            inner.waiting.remove(product);
        }
    }
}
