//! What has changed since it was asked last, and the records that say so.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, GroupRecord, LineRecord, MemberRecord};
use super::dispatcher::Dispatcher;
use super::group::Group;
use crate::Fingerprint;

/// What has changed.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub(super) alerts: BTreeSet<Fingerprint>,
    pub(super) groups: BTreeSet<u64>,
    members: BTreeMap<u64, BTreeSet<Fingerprint>>,
    /// What happened, in order.
    pub(super) events: Vec<Change>,
}

impl Dirty {
    pub(super) fn member(&mut self, group: u64, fingerprint: Fingerprint) {
        self.members.entry(group).or_default().insert(fingerprint);
    }
}

impl Dispatcher {
    /// What has changed since this was asked last: alerts, members, groups, then what happened, in order.
    pub(super) fn changes(&mut self) -> Vec<Change> {
        let dirty = std::mem::take(&mut self.dirty);
        let mut changes: Vec<Change> = dirty.alerts.iter().map(|fingerprint| self.alert_change(*fingerprint)).collect();
        let members = dirty.members.iter().filter(|(number, _)| self.groups.contains_key(number));
        changes.extend(members.map(|(number, fingerprints)| self.member_change(*number, fingerprints)));
        changes.extend(dirty.groups.iter().map(|number| self.group_change(*number)));
        changes.extend(dirty.events);
        changes
    }

    /// All that there is, but for what is on its way, which stands in the delivery log.
    pub(super) fn snapshot(&self) -> Vec<Change> {
        let mut changes = vec![Change::Salt { salt: self.salt.clone() }];
        changes.extend(self.silences.iter().map(|silence| Change::Silence(silence.into())));
        changes.extend(self.alerts.keys().map(|fingerprint| self.alert_change(*fingerprint)));
        for (number, group) in &self.groups {
            changes.push(self.member_change(*number, &group.members.keys().copied().collect()));
            changes.push(self.group_change(*number));
        }
        changes
    }

    fn alert_change(&self, fingerprint: Fingerprint) -> Change {
        self.alerts.get(&fingerprint).map_or(Change::AlertGone { fingerprint }, |known| Change::Alert {
            alert: (*known.alert).clone(),
            valid_for_ms: known.valid_for_ms,
        })
    }

    fn group_change(&self, number: u64) -> Change {
        self.groups.get(&number).map_or(Change::GroupGone { number }, |group| Change::Group(record(group)))
    }

    fn member_change(&self, number: u64, fingerprints: &BTreeSet<Fingerprint>) -> Change {
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        let members = self.groups.get(&number).map(|group| &group.members);
        for fingerprint in fingerprints.iter().copied() {
            match members.and_then(|members| members.get(&fingerprint)) {
                Some(member) => here.push(MemberRecord {
                    fingerprint,
                    settled: member.settled.clone(),
                    quiet: member.quiet.clone(),
                }),
                None => gone.push(fingerprint),
            }
        }
        Change::Members { group: number, here, gone }
    }
}

fn record(group: &Group) -> GroupRecord {
    let line = |line: &super::group::Line| LineRecord {
        kind: line.integration.kind.to_owned(),
        index: line.integration.index,
        told: line.told.clone(),
        owed: line.owed.clone(),
        is_due: line.is_due,
    };
    GroupRecord {
        number: group.number,
        route_id: group.route_id.clone(),
        receiver: group.receiver.to_string(),
        key: group.key.clone(),
        labels: group.labels.clone(),
        created_ms: group.created_ms,
        flush_at_ms: group.flush_at_ms,
        n_notifications: group.n_notifications,
        awaits_confirmation: group.awaits_confirmation,
        lines: group.lines.iter().map(line).collect(),
    }
}
