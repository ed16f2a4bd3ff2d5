//! Another configuration: all alerts are grouped anew.
//!
//! As in Alertmanager, timers begin anew, and what integrations have been told stays known by the keys of the groups. What
//! is on its way stays on its way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::dispatcher::Dispatcher;
use super::group::{Group, Line};
use super::plan::Plan;
use super::quiet::Quiet;
use crate::inhibit::Sources;
use crate::{Fingerprint, Integration};

/// What groups that are made anew take over from those before them.
#[derive(Debug, Default)]
pub(super) struct Carried {
    lines: HashMap<(String, Integration), Line>,
    quiet: HashMap<(String, Fingerprint), Quiet>,
    n_notifications: HashMap<String, u64>,
}

impl Carried {
    pub(super) fn add(&mut self, group: Group) {
        for line in group.lines {
            self.lines.entry((group.key.clone(), line.integration.clone())).or_insert(line);
        }
        for (fingerprint, member) in group.members {
            let quiet = member.quiet.map(|quiet| ((group.key.clone(), fingerprint), quiet));
            self.quiet.extend(quiet);
        }
        let n_notifications = self.n_notifications.entry(group.key).or_default();
        *n_notifications = group.n_notifications.max(*n_notifications);
    }
}

impl Dispatcher {
    /// Takes another configuration.
    pub(super) fn apply(&mut self, plan: Arc<Plan>, at_ms: i64) {
        self.sources = Sources::new(plan.inhibit_rules());
        self.plan = plan;
        self.by_labels.clear();
        self.timers.clear();
        self.waiting.clear();
        let groups = std::mem::take(&mut self.groups);
        self.dirty.groups.extend(groups.keys());
        let first_number = self.next_number;
        let mut carried = Carried::default();
        groups.into_values().for_each(|group| carried.add(group));
        for fingerprint in self.alerts.keys().copied().collect::<Vec<_>>() {
            let Some(known) = self.alerts.get_mut(&fingerprint) else { continue };
            let was_grouped = !std::mem::take(&mut known.groups).is_empty();
            let alert = Arc::clone(&known.alert);
            self.sources.set(&alert);
            // What is over and settled stays so.
            if was_grouped || !alert.is_resolved_at(at_ms) {
                for route in Arc::clone(&self.plan).routes_of(&alert.labels) {
                    self.join(at_ms, route, fingerprint, true);
                }
            }
        }
        self.carry(carried, first_number);
    }

    /// Hands what earlier groups knew to those numbered `first_number` or higher, by their keys.
    pub(super) fn carry(&mut self, mut carried: Carried, first_number: u64) {
        let mut waiting = BTreeMap::new();
        for group in self.groups.range_mut(first_number..).map(|(_, group)| group) {
            group.n_notifications = carried.n_notifications.get(&group.key).copied().unwrap_or(0);
            for line in &mut group.lines {
                let Some(known) = carried.lines.remove(&(group.key.clone(), line.integration.clone())) else {
                    continue;
                };
                (line.told, line.owed, line.waiting) = (known.told, known.owed, known.waiting);
                let id = line.waiting.as_ref().map(|waiting| waiting.notification.id.clone());
                waiting.extend(id.map(|id| (id, group.number)));
            }
            for (fingerprint, member) in &mut group.members {
                member.quiet = carried.quiet.remove(&(group.key.clone(), *fingerprint));
            }
        }
        self.waiting.extend(waiting);
    }
}
