//! From the records of an earlier run to a dispatcher that goes on where that one ended.
//!
//! Groups whose routes are still configured are as they were, timers included; the alerts of others are grouped anew, as at
//! a reload. What was on its way is sent again with the same id, as long as there is somebody to send it to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::alerts::Known;
use super::change::{Change, EndRecord, GroupRecord, Intent, MemberRecord};
use super::dispatcher::Dispatcher;
use super::group::{Group, Line, Member, Waiting};
use super::limits::DispatchLimits;
use super::plan::Plan;
use super::quiet::Quiet;
use super::reload::Carried;
use crate::route::Route;
use crate::silence::Silence;
use crate::{Alert, Fingerprint, Notification};

/// How long an alert without an end may go unreported after a start where nobody has said so, in milliseconds.
const DEFAULT_VALID_FOR_MS: i64 = 5 * 60_000;

/// What the records of an earlier run say.
#[derive(Debug, Default)]
pub(super) struct Restored {
    salt: Option<String>,
    alerts: BTreeMap<Fingerprint, (Alert, Option<i64>)>,
    groups: BTreeMap<u64, GroupRecord>,
    members: BTreeMap<u64, BTreeMap<Fingerprint, MemberRecord>>,
    /// What has not ended, in order.
    intents: Vec<Intent>,
    silences: BTreeMap<String, Silence>,
}

impl Restored {
    /// Takes a record.
    pub(super) fn take(&mut self, change: Change) {
        match change {
            Change::Salt { salt } => self.salt = Some(salt),
            Change::Alert { alert, valid_for_ms } => {
                self.alerts.insert(alert.fingerprint(), (alert, valid_for_ms));
            }
            Change::AlertGone { fingerprint } => {
                self.alerts.remove(&fingerprint);
            }
            Change::Group(group) => {
                self.groups.insert(group.number, group);
            }
            Change::GroupGone { number } => {
                self.groups.remove(&number);
                self.members.remove(&number);
            }
            Change::Members { group, here, gone } => {
                let members = self.members.entry(group).or_default();
                gone.iter().for_each(|fingerprint| {
                    members.remove(fingerprint);
                });
                members.extend(here.into_iter().map(|member| (member.fingerprint, member)));
            }
            Change::Intent(intent) => {
                // A snapshot has it once more.
                self.intents.retain(|other| other.notification.id != intent.notification.id);
                self.intents.push(intent);
            }
            Change::End(end) => self.intents.retain(|intent| intent.notification.id != end.id),
            Change::Silence(record) => {
                let silence = record.silence().map(|silence| (silence.id.clone(), silence));
                self.silences.extend(silence);
            }
            Change::SilenceGone { id } => {
                self.silences.remove(&id);
            }
            Change::Attempt(_) | Change::Quiet(_) => {}
        }
    }
}

impl Dispatcher {
    /// Goes on where an earlier run ended. `salt` is for one that is the first.
    pub(super) fn restore(
        plan: Arc<Plan>,
        limits: DispatchLimits,
        restored: Restored,
        salt: String,
        at_ms: i64,
    ) -> Dispatcher {
        let is_first = restored.salt.is_none();
        let mut dispatcher = Dispatcher::new(plan, limits, restored.salt.clone().unwrap_or(salt), at_ms);
        if is_first {
            let salt = dispatcher.salt.clone();
            dispatcher.dirty.events.push(Change::Salt { salt });
        }
        restored.silences.into_values().for_each(|silence| dispatcher.silences.put(silence));
        for (fingerprint, (alert, valid_for_ms)) in restored.alerts {
            dispatcher.restore_alert(fingerprint, alert, valid_for_ms, at_ms);
        }
        let numbers = restored.groups.keys().copied().collect::<BTreeSet<_>>();
        let mut carried = Carried::default();
        for record in restored.groups.into_values() {
            let members = restored.members.get(&record.number);
            let intents = restored.intents.iter().filter(|intent| is_of(intent, &record, &numbers));
            let intents: Vec<&Intent> = intents.collect();
            dispatcher.restore_group(record, members, &intents, &mut carried);
        }
        let in_use = numbers.iter().copied().chain(restored.intents.iter().map(|intent| intent.group));
        let first_number = in_use.max().map_or(1, |number| number + 1);
        dispatcher.next_number = first_number;
        // What is over and was in a group whose route is gone has yet to be told; elsewhere it is settled.
        let is_homeless = |number: &u64| numbers.contains(number) && !dispatcher.groups.contains_key(number);
        let homeless = restored.members.iter().filter(|(number, _)| is_homeless(number));
        let homeless: BTreeSet<Fingerprint> = homeless.flat_map(|(_, members)| members.keys().copied()).collect();
        dispatcher.restore_members(&restored.members, &homeless, at_ms);
        dispatcher.carry(carried, first_number);
        for number in numbers {
            dispatcher.end_if_over(number);
        }
        restored.intents.into_iter().for_each(|intent| dispatcher.send_again(intent, at_ms));
        dispatcher
    }

    fn restore_alert(&mut self, fingerprint: Fingerprint, alert: Alert, valid_for_ms: Option<i64>, at_ms: i64) {
        let is_confirmed = alert.ends_at_ms.is_some();
        if !is_confirmed {
            let due_ms = at_ms.saturating_add(valid_for_ms.unwrap_or(DEFAULT_VALID_FOR_MS));
            self.expiries.insert((due_ms, fingerprint));
        }
        self.sources.set(&alert);
        let known = Known { alert: Arc::new(alert), valid_for_ms, is_confirmed, groups: Vec::new() };
        self.alerts.insert(fingerprint, known);
    }

    /// Makes a group as it was, without its members; one whose route is not there any more leaves what it knew in `carried`.
    fn restore_group(
        &mut self,
        record: GroupRecord,
        members: Option<&BTreeMap<Fingerprint, MemberRecord>>,
        intents: &[&Intent],
        carried: &mut Carried,
    ) {
        let plan = Arc::clone(&self.plan);
        let integrations = plan.integrations(&record.receiver);
        let is_its = |route: &Route| {
            let key = route.group_key(&record.labels);
            route.id == record.route_id && *route.options.receiver == *record.receiver && key == record.key
        };
        let route = plan.routes().iter().position(is_its);
        let mut lines: Vec<Line> = integrations.iter().map(Line::new).collect();
        for line in &mut lines {
            let is_its = |other: &&super::change::LineRecord| {
                other.kind == line.integration.kind && other.index == line.integration.index
            };
            if let Some(known) = record.lines.iter().find(is_its) {
                (line.told, line.owed, line.is_due) = (known.told.clone(), known.owed.clone(), known.is_due);
            }
            let is_on = |intent: &&&Intent| intent.notification.integration == line.integration;
            line.waiting = intents.iter().find(is_on).map(|intent| waiting(intent));
        }
        let mut group = Group {
            number: record.number,
            route: route.unwrap_or(0),
            route_id: record.route_id,
            receiver: record.receiver.into(),
            key: record.key,
            labels: record.labels,
            created_ms: record.created_ms,
            flush_at_ms: record.flush_at_ms,
            n_notifications: record.n_notifications,
            awaits_confirmation: record.awaits_confirmation,
            members: BTreeMap::new(),
            lines,
        };
        if route.is_some() {
            self.add_group(group);
        } else {
            self.dirty.groups.insert(group.number);
            let quiet = members.into_iter().flatten().map(|(of, member)| (*of, self::member(member)));
            group.members.extend(quiet);
            carried.add(group);
        }
    }

    /// Puts all alerts into their groups: into those that were restored, as they were, and into new ones.
    fn restore_members(
        &mut self,
        members: &BTreeMap<u64, BTreeMap<Fingerprint, MemberRecord>>,
        homeless: &BTreeSet<Fingerprint>,
        at_ms: i64,
    ) {
        for fingerprint in self.alerts.keys().copied().collect::<Vec<_>>() {
            let alert = Arc::clone(&self.alerts[&fingerprint].alert);
            for route in Arc::clone(&self.plan).routes_of(&alert.labels) {
                let labels = self.plan.routes()[route].options.group_by.labels_of(&alert.labels);
                let number = self.by_labels.get(&(route, labels)).copied();
                let of_group = number.and_then(|number| members.get(&number));
                let recorded = of_group.and_then(|members| members.get(&fingerprint));
                if let (Some(number), Some(recorded)) = (number, recorded) {
                    self.restore_member(number, fingerprint, member(recorded));
                } else if !alert.is_resolved_at(at_ms) || (number.is_none() && homeless.contains(&fingerprint)) {
                    self.join(at_ms, route, fingerprint, true);
                }
            }
        }
    }

    fn restore_member(&mut self, number: u64, fingerprint: Fingerprint, member: Member) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        group.members.insert(fingerprint, member);
        if let Some(known) = self.alerts.get_mut(&fingerprint) {
            known.groups.push(number);
        }
    }

    /// Sends what was on its way once more, or records that there is nobody to send it to.
    fn send_again(&mut self, intent: Intent, at_ms: i64) {
        let Intent { group, notification, .. } = intent;
        let integrations = self.plan.integrations(&notification.integration.receiver);
        if integrations.iter().any(|plan| plan.integration == notification.integration) {
            let notification = self.on_its_way(&notification.id).unwrap_or(notification);
            let left_ms = notification.deadline_ms.saturating_sub(notification.at_ms);
            let deadline_ms = notification.deadline_ms.max(at_ms.saturating_add(left_ms));
            self.outgoing.push(Arc::new(Notification { deadline_ms, ..(*notification).clone() }));
            return;
        }
        for alert in &notification.alerts {
            self.note(group, alert.fingerprint(), None, at_ms, Quiet::ReceiverGone);
        }
        let failure = Some("its receiver is no longer configured".to_owned());
        self.dirty.events.push(Change::End(EndRecord { id: notification.id.clone(), at_ms, failure }));
    }

    fn on_its_way(&self, id: &str) -> Option<Arc<Notification>> {
        let group = self.groups.get(self.waiting.get(id)?)?;
        let waiting = group.lines[group.line_of(id)?].waiting.as_ref()?;
        Some(Arc::clone(&waiting.notification))
    }
}

/// Whether a notification is of a group: of the one that it was decided in, or, where that was made anew by a reload, of the
/// one with the same key.
fn is_of(intent: &Intent, group: &GroupRecord, numbers: &BTreeSet<u64>) -> bool {
    let is_same_key = intent.notification.group_key == group.key && !numbers.contains(&intent.group);
    intent.group == group.number || is_same_key
}

fn waiting(intent: &Intent) -> Waiting {
    Waiting { notification: Arc::clone(&intent.notification), content: intent.content.clone() }
}

fn member(record: &MemberRecord) -> Member {
    Member { settled: record.settled.clone(), quiet: record.quiet.clone() }
}
