//! What is known in memory: all that the journal has.

use std::collections::{BTreeMap, VecDeque};

use super::decide::Decision;
use super::decisions::Record;
use super::evaluation::{Evaluation, Phase, Stage};
use super::overriding::Override;
use super::request::Inquiry;
use crate::deployment::Deployments;
use crate::policy::{PolicyChange, Standing};

/// The limit `gate_evaluations`: the oldest beyond it are forgotten.
pub(super) const MAX_EVALUATIONS: usize = 10_000;
/// The limit `gate_overrides`.
pub(super) const MAX_OVERRIDES: usize = 10_000;
/// The limit `policy_changes`.
pub(super) const MAX_CHANGES: usize = 10_000;
/// The limit `hook_ids`: so many webhooks are known again.
pub(super) const MAX_HOOKS: usize = 10_000;

/// What is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) deployments: Deployments,
    pub(super) evaluations: VecDeque<Evaluation>,
    pub(super) overrides: VecDeque<Override>,
    /// By product.
    pub(super) standings: BTreeMap<String, Standing>,
    /// Up to when was seen that what holds there does, by product, in milliseconds since the Unix epoch.
    pub(super) held_upto_ms: BTreeMap<String, i64>,
    pub(super) changes: VecDeque<PolicyChange>,
    pub(super) hooks: VecDeque<(String, String)>,
}

impl Kept {
    /// Takes a record.
    pub(super) fn take(&mut self, record: Record) {
        match record {
            Record::Deployment(deployment) => self.deployments.put(deployment),
            Record::Evaluation(evaluation) => self.put_evaluation(*evaluation),
            Record::Override(given) => push(&mut self.overrides, given, MAX_OVERRIDES),
            Record::Standing(standing) => {
                self.standings.insert(standing.product.clone(), standing);
            }
            Record::Held { product, upto_ms } => {
                self.held_upto_ms.insert(product, upto_ms);
            }
            Record::Change(change) => push(&mut self.changes, change, MAX_CHANGES),
            Record::Hook { source, id } => push(&mut self.hooks, (source, id), MAX_HOOKS),
        }
    }

    fn put_evaluation(&mut self, evaluation: Evaluation) {
        match self.evaluations.iter_mut().rev().find(|known| known.id == evaluation.id) {
            Some(known) => *known = evaluation,
            None => push(&mut self.evaluations, evaluation, MAX_EVALUATIONS),
        }
    }

    /// All of it as records.
    pub(super) fn records(&self) -> Vec<Record> {
        let deployments = self.deployments.all().cloned().map(Record::Deployment);
        let evaluations = self.evaluations.iter().cloned().map(|one| Record::Evaluation(Box::new(one)));
        let overrides = self.overrides.iter().cloned().map(Record::Override);
        let standings = self.standings.values().cloned().map(Record::Standing);
        let held = self.held_upto_ms.iter();
        let held = held.map(|(product, upto_ms)| Record::Held { product: product.clone(), upto_ms: *upto_ms });
        let changes = self.changes.iter().cloned().map(Record::Change);
        let hooks = self.hooks.iter().map(|(source, id)| Record::Hook { source: source.clone(), id: id.clone() });
        deployments
            .chain(evaluations)
            .chain(overrides)
            .chain(standings)
            .chain(held)
            .chain(changes)
            .chain(hooks)
            .collect()
    }

    /// How many of each there are, under the names of their limits.
    pub(super) fn numbers(&self) -> [(&'static str, usize); 5] {
        [
            ("deployments", self.deployments.all().count()),
            ("gate_evaluations", self.evaluations.len()),
            ("gate_overrides", self.overrides.len()),
            ("hook_ids", self.hooks.len()),
            ("policy_changes", self.changes.len()),
        ]
    }

    /// An evaluation by its id.
    pub(super) fn evaluation(&self, gate: &str, id: &str) -> Option<&Evaluation> {
        self.evaluations.iter().rev().find(|known| known.id == id && known.gate == gate)
    }

    /// The answer that was given to the same question and still holds: one that runs, or that has not expired and that no override
    /// since then would change. What was said of a release is no answer where it has begun again, at `begun_ms`.
    pub(super) fn answered(
        &self,
        gate: &str,
        inquiry: &Inquiry,
        begun_ms: Option<i64>,
        now_ms: i64,
    ) -> Option<&Evaluation> {
        let is_same = |known: &&Evaluation| {
            let asked = &known.inquiry;
            known.gate == gate
                && (&asked.service, &asked.version, &asked.environment)
                    == (&inquiry.service, &inquiry.version, &inquiry.environment)
                && (asked.phase, &asked.change, asked.is_dry_run)
                    == (inquiry.phase, &inquiry.change, inquiry.is_dry_run)
        };
        let known = self.evaluations.iter().rev().find(is_same)?;
        if begun_ms.is_some_and(|begun_ms| begun_ms > known.created_ms) {
            return None;
        }
        if inquiry.phase == Phase::PostDeploy && known.stage == Stage::Running {
            return Some(known);
        }
        let given = self.overriding(gate, inquiry, now_ms);
        let is_refusal = known.own_decision.is_some_and(Decision::is_refusal);
        let is_covered =
            !is_refusal || known.overridden_by.as_ref().map(|given| &given.id) == given.map(|given| &given.id);
        (now_ms < known.expires_ms && (inquiry.phase == Phase::PostDeploy || is_covered)).then_some(known)
    }

    /// The newest override that covers what is asked.
    pub(super) fn overriding(&self, gate: &str, inquiry: &Inquiry, now_ms: i64) -> Option<&Override> {
        self.overrides.iter().rev().find(|given| given.covers(gate, inquiry, now_ms))
    }

    /// Whether a webhook was taken before.
    pub(super) fn knows_hook(&self, source: &str, id: &str) -> bool {
        self.hooks.iter().rev().any(|(known_source, known)| known_source == source && known == id)
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    list.push_back(item);
    if list.len() > most {
        list.pop_front();
    }
}
