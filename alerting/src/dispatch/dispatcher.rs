//! The heart of dispatch: alerts come in, notifications go out. It has no clock, no thread and no disk: times are
//! arguments, and what changes is handed out as [`Change`]s.
//!
//! Alertmanager's timing is kept to the letter: a group waits `group_wait` before it is looked at first, unless its first
//! alert is already older than that, and `group_interval` between two looks; the timer is set anew before the look. What is
//! done otherwise on purpose: each integration of a receiver goes its own way, so that one that hangs holds up no other;
//! what could not be told is still owed; and what an earlier run left is no news until it has been reported again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::Labels;

use super::alerts::{Known, Reported, is_same};
use super::change::{Change, EndRecord, QuietRecord};
use super::dirty::Dirty;
use super::group::{Group, Line, Member};
use super::limits::DispatchLimits;
use super::plan::Plan;
use super::quiet::Quiet;
use crate::inhibit::Sources;
use crate::silence::Silences;
use crate::{Alert, Fingerprint, Notification, Outcome};

/// How often alerts that are over and in no group are forgotten, in milliseconds.
const FORGET_EVERY_MS: i64 = 30 * 60_000;

/// Alerts, groups and what was told of them.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) plan: Arc<Plan>,
    pub(super) limits: DispatchLimits,
    /// Makes the ids of this installation's notifications its own.
    pub(super) salt: String,
    pub(super) alerts: BTreeMap<Fingerprint, Known>,
    pub(super) groups: BTreeMap<u64, Group>,
    /// The groups by route and labels.
    pub(super) by_labels: HashMap<(usize, Labels), u64>,
    /// When each group is looked at next.
    pub(super) timers: BTreeSet<(i64, u64)>,
    /// The groups that wait for the outcome of notifications, by their ids.
    pub(super) waiting: HashMap<String, u64>,
    /// When alerts that nobody has reported since the start are taken for over.
    pub(super) expiries: BTreeSet<(i64, Fingerprint)>,
    /// The alerts that may keep others quiet.
    pub(super) sources: Sources,
    pub(super) silences: Silences,
    pub(super) next_number: u64,
    /// Until when no group is looked at, because more alerts are to come first (`--dispatch.start-delay`).
    pub(super) held_until_ms: i64,
    pub(super) forget_at_ms: i64,
    /// Reports of alerts that fire, and of those that are over.
    pub(super) n_received: [u64; 2],
    /// How often alerts were kept quiet, in the order of [`super::counts::SUPPRESSIONS`].
    pub(super) n_suppressed: [u64; 4],
    pub(super) outgoing: Vec<Arc<Notification>>,
    pub(super) dirty: Dirty,
}

impl Dispatcher {
    /// One that knows nothing yet. `salt` should be random.
    pub(super) fn new(plan: Arc<Plan>, limits: DispatchLimits, salt: String, at_ms: i64) -> Dispatcher {
        Dispatcher {
            sources: Sources::new(plan.inhibit_rules()),
            plan,
            silences: Silences::new(limits.silences),
            limits,
            salt,
            alerts: BTreeMap::new(),
            groups: BTreeMap::new(),
            by_labels: HashMap::new(),
            timers: BTreeSet::new(),
            waiting: HashMap::new(),
            expiries: BTreeSet::new(),
            next_number: 1,
            held_until_ms: at_ms,
            forget_at_ms: at_ms.saturating_add(FORGET_EVERY_MS),
            n_received: [0; 2],
            n_suppressed: [0; 4],
            outgoing: Vec::new(),
            dirty: Dirty::default(),
        }
    }

    /// Takes what is reported at a time. Alerts beyond the limit are left out, and counted in the answer.
    pub(super) fn post(&mut self, at_ms: i64, reports: &[Reported]) -> usize {
        reports.iter().filter(|report| !self.take(at_ms, report)).count()
    }

    fn take(&mut self, at_ms: i64, report: &Reported) -> bool {
        let fingerprint = report.alert.fingerprint();
        self.n_received[usize::from(report.alert.is_resolved_at(at_ms))] += 1;
        let known = self.alerts.get(&fingerprint);
        if known.is_none() && self.alerts.len() >= self.limits.alerts {
            return false;
        }
        let updated = known.map(|known| known.alert.updated_by(&report.alert, at_ms));
        let alert = updated.unwrap_or_else(|| report.alert.clone());
        let is_changed = known.is_none_or(|known| !is_same(&known.alert, &alert));
        let was_confirmed = known.is_none_or(|known| known.is_confirmed);
        self.set(at_ms, fingerprint, alert, report.valid_for_ms, is_changed);
        if !was_confirmed {
            self.confirmed(at_ms, fingerprint);
        }
        true
    }

    /// Takes an alert as it is now known, and puts it into its groups.
    fn set(&mut self, at_ms: i64, fingerprint: Fingerprint, alert: Alert, valid_for_ms: Option<i64>, is_changed: bool) {
        let alert = Arc::new(alert);
        let is_news = is_changed || !alert.is_resolved_at(at_ms);
        let groups = self.alerts.remove(&fingerprint).map_or_else(Vec::new, |known| known.groups);
        let known = Known { alert: Arc::clone(&alert), valid_for_ms, is_confirmed: true, groups };
        self.alerts.insert(fingerprint, known);
        self.sources.set(&alert);
        if is_changed {
            self.dirty.alerts.insert(fingerprint);
        }
        if is_news {
            for route in Arc::clone(&self.plan).routes_of(&alert.labels) {
                self.join(at_ms, route, fingerprint, is_changed);
            }
        }
    }

    /// Puts an alert into the group of a route that it belongs to, which is made where it is missing.
    pub(super) fn join(&mut self, at_ms: i64, route: usize, fingerprint: Fingerprint, is_changed: bool) {
        let Some(known) = self.alerts.get(&fingerprint) else { return };
        let labels = self.plan.routes()[route].options.group_by.labels_of(&known.alert.labels);
        let starts_at_ms = known.alert.starts_at_ms;
        let number = match self.by_labels.get(&(route, labels.clone())) {
            Some(number) => *number,
            None if self.groups.len() >= self.limits.groups => {
                let receiver = self.plan.routes()[route].options.receiver.to_string();
                let quiet = Quiet::Limit("alerting_groups".to_owned());
                let group_key = String::new();
                let record = QuietRecord { at_ms, fingerprint, group_key, receiver, integration: None, quiet };
                self.dirty.events.push(Change::Quiet(record));
                return;
            }
            None => self.begin_group(at_ms, route, labels, starts_at_ms),
        };
        let Some(group) = self.groups.get_mut(&number) else { return };
        let is_new = !group.members.contains_key(&fingerprint);
        let member = group.members.entry(fingerprint).or_default();
        if is_changed {
            member.settled.clear();
        }
        if is_new || is_changed {
            self.dirty.member(number, fingerprint);
        }
        if let Some(known) = self.alerts.get_mut(&fingerprint).filter(|_| is_new) {
            known.groups.push(number);
        }
    }

    fn begin_group(&mut self, at_ms: i64, route: usize, labels: Labels, starts_at_ms: i64) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        let route = &self.plan.routes()[route];
        let mut group = Group::new(number, route, labels, at_ms);
        group.lines = self.plan.integrations(&route.options.receiver).iter().map(Line::new).collect();
        if starts_at_ms.saturating_add(route.options.group_wait_ms) < at_ms {
            group.flush_at_ms = at_ms;
        }
        self.add_group(group);
        number
    }

    pub(super) fn add_group(&mut self, group: Group) {
        self.timers.insert((group.flush_at_ms, group.number));
        self.by_labels.insert((group.route, group.labels.clone()), group.number);
        let ids = group.lines.iter().filter_map(|line| line.waiting.as_ref());
        self.waiting.extend(ids.map(|waiting| (waiting.notification.id.clone(), group.number)));
        self.dirty.groups.insert(group.number);
        self.groups.insert(group.number, group);
    }

    /// An alert that an earlier run left has been reported again: groups that waited for that are looked at.
    fn confirmed(&mut self, at_ms: i64, fingerprint: Fingerprint) {
        self.expiries.retain(|(_, other)| *other != fingerprint);
        let numbers = self.alerts.get(&fingerprint).map_or_else(Vec::new, |known| known.groups.clone());
        for number in numbers {
            let is_confirmed = |fingerprint| self.alerts.get(fingerprint).is_none_or(|known| known.is_confirmed);
            let group = self.groups.get(&number).filter(|group| group.awaits_confirmation);
            if group.is_some_and(|group| group.members.keys().all(is_confirmed)) {
                self.set_timer(number, at_ms);
            }
        }
    }

    pub(super) fn set_timer(&mut self, number: u64, flush_at_ms: i64) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        self.timers.remove(&(group.flush_at_ms, number));
        group.flush_at_ms = flush_at_ms;
        self.timers.insert((flush_at_ms, number));
        self.dirty.groups.insert(number);
    }

    /// Does all that is due at a time.
    pub(super) fn advance(&mut self, at_ms: i64) {
        self.expire(at_ms);
        let is_held = at_ms < self.held_until_ms;
        let is_due = |(due_ms, _): &(i64, u64)| *due_ms <= at_ms && !is_held;
        while let Some((_, number)) = self.timers.first().copied().filter(is_due) {
            self.flush(number, at_ms);
        }
        if self.forget_at_ms <= at_ms {
            self.forget_at_ms = at_ms.saturating_add(FORGET_EVERY_MS);
            self.forget(at_ms);
        }
    }

    /// When something is due next, in milliseconds since the Unix epoch.
    pub(super) fn next_at_ms(&self) -> Option<i64> {
        let timer = self.timers.first().map(|(due_ms, _)| self.held_until_ms.max(*due_ms));
        let expiry = self.expiries.first().map(|(due_ms, _)| *due_ms);
        timer.into_iter().chain(expiry).min()
    }

    /// Takes for over what fired when narthex ended and has not been reported again in time.
    fn expire(&mut self, at_ms: i64) {
        while let Some((due_ms, fingerprint)) = self.expiries.first().copied().filter(|(due_ms, _)| *due_ms <= at_ms) {
            self.expiries.remove(&(due_ms, fingerprint));
            let Some(known) = self.alerts.get(&fingerprint) else { continue };
            let mut alert = (*known.alert).clone();
            (alert.ends_at_ms, alert.updated_at_ms) = (Some(at_ms), at_ms);
            let (valid_for_ms, groups) = (known.valid_for_ms, known.groups.clone());
            for number in groups {
                self.note(number, fingerprint, None, at_ms, Quiet::NotReportedAgain);
            }
            self.set(at_ms, fingerprint, alert, valid_for_ms, true);
            self.confirmed(at_ms, fingerprint);
        }
    }

    /// Forgets alerts that are over and in no group, and silences that ended long ago.
    fn forget(&mut self, at_ms: i64) {
        let is_over = |known: &Known| known.groups.is_empty() && known.alert.is_resolved_at(at_ms);
        let over = self.alerts.iter().filter(|(_, known)| is_over(known)).map(|(fingerprint, _)| *fingerprint);
        for fingerprint in over.collect::<Vec<_>>() {
            if let Some(known) = self.alerts.remove(&fingerprint) {
                self.sources.remove(&known.alert.labels);
            }
            self.dirty.alerts.insert(fingerprint);
        }
        for id in self.silences.forget(at_ms) {
            self.dirty.events.push(Change::SilenceGone { id });
        }
    }

    /// Hears how a notification ended.
    pub(super) fn ended(&mut self, id: &str, outcome: &Outcome, at_ms: i64) {
        let failure = match outcome {
            Outcome::Delivered => None,
            Outcome::Failed { reason } => Some(reason.clone()),
        };
        let is_delivered = failure.is_none();
        self.dirty.events.push(Change::End(EndRecord { id: id.to_owned(), at_ms, failure }));
        let Some(number) = self.waiting.remove(id) else { return };
        let Some(group) = self.groups.get_mut(&number) else { return };
        let Some(line) = group.line_of(id) else { return };
        self.dirty.groups.insert(number);
        if is_delivered {
            self.delivered(number, line, at_ms);
        } else {
            self.failed(number, line);
        }
        self.look_again(number, line, at_ms);
        self.end_if_over(number);
    }

    /// Takes a member out of a group.
    pub(super) fn leave(&mut self, number: u64, fingerprint: Fingerprint) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        if group.members.remove(&fingerprint).is_some() {
            self.dirty.member(number, fingerprint);
        }
        if let Some(known) = self.alerts.get_mut(&fingerprint) {
            known.groups.retain(|other| *other != number);
        }
    }

    pub(super) fn end_if_over(&mut self, number: u64) {
        if self.groups.get(&number).is_some_and(Group::is_over) {
            self.end_group(number);
        }
    }

    fn end_group(&mut self, number: u64) {
        let Some(group) = self.groups.remove(&number) else { return };
        self.timers.remove(&(group.flush_at_ms, number));
        self.by_labels.remove(&(group.route, group.labels));
        self.dirty.groups.insert(number);
    }

    /// Records what kept an alert quiet.
    pub(super) fn note(
        &mut self,
        number: u64,
        fingerprint: Fingerprint,
        line: Option<usize>,
        at_ms: i64,
        quiet: Quiet,
    ) {
        let Some(group) = self.groups.get(&number) else { return };
        let integration = line.and_then(|line| group.lines.get(line)).map(|line| line.integration.to_string());
        let (group_key, receiver) = (group.key.clone(), group.receiver.to_string());
        let record = QuietRecord { at_ms, fingerprint, group_key, receiver, integration, quiet };
        self.dirty.events.push(Change::Quiet(record));
    }

    /// Moves all timers, because the clock has jumped.
    pub(super) fn shift(&mut self, by_ms: i64) {
        for group in self.groups.values_mut() {
            group.flush_at_ms = group.flush_at_ms.saturating_add(by_ms);
            for told in group.lines.iter_mut().filter_map(|line| line.told.as_mut()) {
                told.at_ms = told.at_ms.saturating_add(by_ms);
            }
        }
        self.timers = self.groups.values().map(|group| (group.flush_at_ms, group.number)).collect();
        self.expiries = self.expiries.iter().map(|(due_ms, of)| (due_ms.saturating_add(by_ms), *of)).collect();
        self.forget_at_ms = self.forget_at_ms.saturating_add(by_ms);
        self.held_until_ms = self.held_until_ms.saturating_add(by_ms);
        self.dirty.groups.extend(self.groups.keys());
    }

    /// What is to be sent, in order. It may be sent only once [`Dispatcher::changes`] are on the disk.
    pub(super) fn outgoing(&mut self) -> Vec<Arc<Notification>> {
        std::mem::take(&mut self.outgoing)
    }

    /// The members of a group that has them, for whoever changes them.
    pub(super) fn member(&mut self, number: u64, fingerprint: Fingerprint) -> Option<&mut Member> {
        self.groups.get_mut(&number)?.members.get_mut(&fingerprint)
    }
}
