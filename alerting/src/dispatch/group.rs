//! A group: the alerts that a route tells together, its timer, and what each integration knows of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Labels;

use super::dedup::{Now, Told};
use super::plan::IntegrationPlan;
use super::quiet::Quiet;
use crate::route::Route;
use crate::{Fingerprint, Integration, Notification};

/// A group of alerts.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Names it as long as it lives, over restarts too.
    pub(super) number: u64,
    /// The place of its route.
    pub(super) route: usize,
    pub(super) route_id: String,
    pub(super) receiver: Arc<str>,
    /// As Alertmanager writes it: `{}/{team="a"}:{alertname="x"}`.
    pub(super) key: String,
    pub(super) labels: Labels,
    pub(super) created_ms: i64,
    /// When its alerts are looked at next.
    pub(super) flush_at_ms: i64,
    /// Counts its notifications.
    pub(super) n_notifications: u64,
    /// Whether it is to be looked at again as soon as all its alerts have been reported since the start.
    pub(super) awaits_confirmation: bool,
    pub(super) members: BTreeMap<Fingerprint, Member>,
    /// What each integration of the receiver knows.
    pub(super) lines: Vec<Line>,
}

/// An alert in a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Member {
    /// The integrations that have been told that it is over, or need not be.
    pub(super) settled: BTreeSet<usize>,
    /// What keeps it quiet, as it was recorded last.
    pub(super) quiet: Option<Quiet>,
}

/// What one integration knows of a group.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) integration: Integration,
    pub(super) sends_resolved: bool,
    pub(super) told: Option<Told>,
    /// Alerts of which it should have heard that they fire, and that no notification brought.
    pub(super) owed: BTreeSet<Fingerprint>,
    /// What is on its way.
    pub(super) waiting: Option<Waiting>,
    /// Whether the group's timer has rung while something was on its way.
    pub(super) is_due: bool,
}

/// A notification whose outcome is not known.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) notification: Arc<Notification>,
    /// What the integration knows once it has it.
    pub(super) content: Now,
}

impl Group {
    pub(super) fn new(number: u64, route: &Route, labels: Labels, created_ms: i64) -> Group {
        Group {
            number,
            route: route.index,
            route_id: route.id.clone(),
            receiver: Arc::clone(&route.options.receiver),
            key: route.group_key(&labels),
            labels,
            created_ms,
            flush_at_ms: created_ms.saturating_add(route.options.group_wait_ms),
            n_notifications: 0,
            awaits_confirmation: false,
            members: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty() && self.lines.iter().all(|line| line.waiting.is_none())
    }

    /// Notes that an integration need not hear any more that an alert is over, and says whether that is true of all.
    pub(super) fn settle(&mut self, fingerprint: Fingerprint, line: usize) -> bool {
        let n_lines = self.lines.len();
        self.members.get_mut(&fingerprint).is_some_and(|member| {
            member.settled.insert(line);
            member.settled.len() >= n_lines
        })
    }

    /// The line on which a notification is waiting.
    pub(super) fn line_of(&self, id: &str) -> Option<usize> {
        let is_waiting = |line: &Line| line.waiting.as_ref().is_some_and(|waiting| waiting.notification.id == id);
        self.lines.iter().position(is_waiting)
    }
}

impl Line {
    pub(super) fn new(plan: &IntegrationPlan) -> Line {
        Line {
            integration: plan.integration.clone(),
            sends_resolved: plan.sends_resolved,
            told: None,
            owed: BTreeSet::new(),
            waiting: None,
            is_due: false,
        }
    }

    /// Whether the receiver has heard, or is about to hear, that an alert fires.
    pub(super) fn knows(&self, fingerprint: Fingerprint) -> bool {
        let is_told = self.told.as_ref().is_some_and(|told| told.firing.contains(&fingerprint));
        is_told || self.waiting.as_ref().is_some_and(|waiting| waiting.content.firing.contains(&fingerprint))
    }

    /// Forgets that an alert fires, so that it is news when it fires again.
    pub(super) fn forget(&mut self, fingerprint: Fingerprint) -> bool {
        let told = self.told.as_mut().is_some_and(|told| told.firing.remove(&fingerprint));
        let owed = self.owed.remove(&fingerprint);
        let content = self.waiting.as_mut().map(|waiting| &mut waiting.content);
        let waiting = content.is_some_and(|content| content.firing.remove(&fingerprint));
        told || owed || waiting
    }
}
