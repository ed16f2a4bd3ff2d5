//! All sets of Alertmanagers, and what happens to an alert before it enters their queues.

use std::sync::Arc;
use std::time::Duration;

use model::relabel::{Relabelled, Rules};
use model::{Clock, Labels};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Outgoing;
use super::address::{Address, AddressError, Addresses, Group};
use super::counts::SendCounts;
use super::lane::Lane;
use super::settings::{SenderOptions, SenderSettings, SetSettings};
use crate::rules::{AlertSink, RuleAlert};

/// Sends alerts to Alertmanagers elsewhere.
#[derive(Debug)]
pub struct Sender {
    runtime: Handle,
    clock: Arc<dyn Clock>,
    options: SenderOptions,
    state: RwLock<State>,
    /// Lanes of Alertmanagers that are gone, which still send what waits.
    leaving: Mutex<Vec<Lane>>,
}

#[derive(Debug, Default)]
struct State {
    external_labels: Labels,
    alert_relabel: Rules,
    sets: Vec<Set>,
    n_sets_made: u64,
    is_closed: bool,
}

/// Names a set for as long as it is configured the same, and never another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SetId(u64);

#[derive(Debug)]
struct Set {
    id: SetId,
    settings: Arc<SetSettings>,
    lanes: Vec<Lane>,
    dropped: Vec<String>,
}

/// The Alertmanagers that are known, as URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those that alerts are sent to.
    pub active: Vec<String>,
    /// Those that relabelling drops.
    pub dropped: Vec<String>,
}

impl Sender {
    /// A sender that knows no Alertmanager. Its tasks run on `runtime`.
    pub fn new(runtime: Handle, clock: Arc<dyn Clock>, options: SenderOptions) -> Sender {
        Sender { runtime, clock, options, state: RwLock::default(), leaving: Mutex::default() }
    }

    /// What it was made with.
    pub fn options(&self) -> SenderOptions {
        self.options
    }

    /// Sends as a configuration says. A set that continues one keeps its name, its Alertmanagers and what waits for them; the
    /// Alertmanagers of the others are still sent what waits, and no more. Answers the names of the sets, in order.
    pub fn apply(&self, settings: SenderSettings) -> Vec<SetId> {
        let mut state = self.state.write();
        let mut before = std::mem::take(&mut state.sets);
        state.external_labels = settings.external_labels;
        state.alert_relabel = settings.alert_relabel;
        for settings in settings.sets {
            let set = match before.iter().position(|set| Some(set.id) == settings.continues) {
                Some(at) => before.swap_remove(at),
                None => {
                    state.n_sets_made += 1;
                    let id = SetId(state.n_sets_made);
                    Set { id, settings: Arc::new(settings), lanes: Vec::new(), dropped: Vec::new() }
                }
            };
            state.sets.push(set);
        }
        let ids = state.sets.iter().map(|set| set.id).collect();
        drop(state);
        before.into_iter().for_each(|set| self.let_go(set.lanes));
        ids
    }

    /// Makes the Alertmanagers of a set those that discovery has found: `groups` are all it knows. A set that is no longer
    /// configured has none. Answers what is wrong with groups that cannot be used.
    pub fn set_targets(&self, id: SetId, groups: &[Group]) -> Vec<AddressError> {
        let mut errors = Vec::new();
        let mut state = self.state.write();
        let is_closed = state.is_closed;
        let Some(set) = state.sets.iter_mut().find(|set| set.id == id && !is_closed) else { return errors };
        let (mut active, mut dropped) = (Vec::<Address>::new(), Vec::new());
        for group in groups {
            let SetSettings { scheme, path_prefix, relabel, .. } = &*set.settings;
            match Addresses::of(group, scheme, path_prefix, relabel) {
                Ok(found) => {
                    active.extend(found.active);
                    dropped.extend(found.dropped);
                }
                Err(error) => errors.push(error),
            }
        }
        let mut before = std::mem::take(&mut set.lanes);
        for address in active {
            if set.lanes.iter().any(|lane| lane.url == address.text) {
                continue;
            }
            let lane = match before.iter().position(|lane| lane.url == address.text) {
                Some(at) => before.swap_remove(at),
                None => Lane::start(&self.runtime, address, &set.settings, self.options, Arc::clone(&self.clock)),
            };
            set.lanes.push(lane);
        }
        set.dropped = dropped;
        drop(state);
        self.let_go(before);
        errors
    }

    fn let_go(&self, lanes: Vec<Lane>) {
        let mut leaving = self.leaving.lock();
        leaving.retain(|lane| !lane.has_ended());
        for lane in lanes {
            lane.end(self.options.drains);
            leaving.push(lane);
        }
    }

    /// Puts alerts into the queues of all Alertmanagers.
    pub fn post(&self, alerts: impl IntoIterator<Item = Outgoing>) {
        let state = self.state.read();
        if state.is_closed || state.sets.iter().all(|set| set.lanes.is_empty()) {
            return;
        }
        let prepared = alerts.into_iter().filter_map(|alert| state.prepared(alert));
        let alerts: Vec<Arc<Outgoing>> = prepared.map(Arc::new).collect();
        if !alerts.is_empty() {
            state.sets.iter().for_each(|set| set.add(&alerts));
        }
    }

    /// The Alertmanagers that are known.
    pub fn found(&self) -> Found {
        let state = self.state.read();
        let lanes = state.sets.iter().flat_map(|set| &set.lanes);
        Found {
            active: lanes.map(|lane| lane.url.clone()).collect(),
            dropped: state.sets.iter().flat_map(|set| set.dropped.iter().cloned()).collect(),
        }
    }

    /// The URL of each Alertmanager, how many alerts wait for it, and what has been sent to it.
    pub fn counts(&self) -> Vec<(String, usize, Arc<SendCounts>)> {
        let state = self.state.read();
        let lanes = state.sets.iter().flat_map(|set| &set.lanes);
        lanes.map(|lane| (lane.url.clone(), lane.queue.len(), Arc::clone(&lane.counts))).collect()
    }

    /// Takes no more alerts, and sends what waits unless its options say otherwise, but not longer than `within`; the rest is
    /// dropped. `false` says that there was a rest.
    pub async fn close(&self, within: Duration) -> bool {
        let sets = {
            let mut state = self.state.write();
            state.is_closed = true;
            std::mem::take(&mut state.sets)
        };
        sets.into_iter().for_each(|set| self.let_go(set.lanes));
        let mut lanes = std::mem::take(&mut *self.leaving.lock());
        let ending = async {
            for lane in &mut lanes {
                lane.ended().await;
            }
        };
        timeout(within, ending).await.is_ok()
    }
}

impl AlertSink for Sender {
    fn take(&self, _now_ms: i64, alerts: &[RuleAlert]) {
        self.post(alerts.iter().map(|RuleAlert { alert, valid_until_ms }| Outgoing {
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            starts_at_ms: alert.starts_at_ms,
            ends_at_ms: alert.ends_at_ms.unwrap_or(*valid_until_ms),
            generator_url: alert.generator_url.clone(),
        }));
    }
}

impl State {
    /// An alert with the external labels that it lacks, relabelled; `None` where it is dropped.
    fn prepared(&self, alert: Outgoing) -> Option<Outgoing> {
        let mut labels = alert.labels.to_builder();
        for (name, value) in &self.external_labels {
            if alert.labels.get(name).unwrap_or_default().is_empty() {
                labels.set(name, value);
            }
        }
        let keeps = self.alert_relabel.apply_to_builder(&mut labels);
        keeps.then(|| Outgoing { labels: labels.build(), ..alert })
    }
}

impl Set {
    fn add(&self, alerts: &[Arc<Outgoing>]) {
        if self.lanes.is_empty() {
            return;
        }
        let relabelled: Vec<Arc<Outgoing>>;
        let alerts = if self.settings.alert_relabel.is_empty() {
            alerts
        } else {
            relabelled = alerts.iter().filter_map(|alert| self.relabelled(alert)).collect();
            &relabelled
        };
        if !alerts.is_empty() {
            self.lanes.iter().for_each(|lane| lane.add(alerts));
        }
    }

    fn relabelled(&self, alert: &Arc<Outgoing>) -> Option<Arc<Outgoing>> {
        match self.settings.alert_relabel.apply(&alert.labels) {
            Relabelled::Unchanged => Some(Arc::clone(alert)),
            Relabelled::Changed(labels) => Some(Arc::new(Outgoing { labels, ..Outgoing::clone(alert) })),
            Relabelled::Dropped => None,
        }
    }
}
