//! Dispatch on a virtual clock, with receivers that do as a test says.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use journal::testkit::MemoryDisk;
use model::{Clock, Labels};
use parking_lot::Mutex;

use super::alerts::Reported;
use super::core::Core;
use super::limits::DispatchLimits;
use super::plan::Plan;
use crate::config::{AlertmanagerConfig, Loaded};
use crate::{Alert, Notification, Outcome};

/// A clock that stands where it is put.
#[derive(Debug, Default)]
pub(super) struct StillClock(pub(super) Mutex<i64>);

impl Clock for StillClock {
    fn now_ms(&self) -> i64 {
        *self.0.lock()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(*self.0.lock()).unwrap())
    }
}

/// The plan of a configuration.
pub(super) fn plan(yaml: &str) -> Arc<Plan> {
    let config = AlertmanagerConfig::read(yaml).unwrap();
    Arc::new(Plan::new(Arc::new(Loaded::new(config, Vec::new()).unwrap()), "http://localhost:9090"))
}

/// What a receiver does with an attempt at a time: nothing for success, and how long it takes.
pub(super) type Receives = fn(&Notification, i64) -> (bool, i64);

/// Takes everything, at once.
pub(super) fn takes_all(_: &Notification, _: i64) -> (bool, i64) {
    (true, 0)
}

/// Something that a receiver has been sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Received {
    pub(super) at_ms: i64,
    pub(super) notification: Arc<Notification>,
}

/// What is on its way in the world outside.
#[derive(Clone, Debug)]
struct Sending {
    due_ms: i64,
    backoff_ms: i64,
    /// Whether an attempt is under way that ends at `due_ms`, and how.
    ends_well: Option<bool>,
    notification: Arc<Notification>,
}

/// Dispatch and the world around it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now_ms: i64,
    pub(super) core: Core,
    pub(super) disk: MemoryDisk,
    pub(super) received: Vec<Received>,
    clock: Arc<StillClock>,
    plan: Arc<Plan>,
    sending: VecDeque<Sending>,
    receives: Receives,
    n_starts: u64,
}

const FIRST_BACKOFF_MS: i64 = 500;
const MAX_BACKOFF_MS: i64 = 60_000;

fn open(disk: &MemoryDisk, clock: &Arc<StillClock>, plan: &Arc<Plan>, n_starts: u64, delay_ms: i64) -> Core {
    let disk: Arc<dyn journal::Disk> = Arc::new(disk.clone());
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let dir = PathBuf::from("/data/alerting/notifications");
    Core::open(&disk, clock, &dir, [n_starts, 7, 8], Arc::clone(plan), DispatchLimits::default(), delay_ms).unwrap()
}

impl World {
    pub(super) fn new(yaml: &str, start_ms: i64, receives: Receives) -> World {
        World::with_delay(yaml, start_ms, receives, 0)
    }

    /// One that looks at no group for a while.
    pub(super) fn with_delay(yaml: &str, start_ms: i64, receives: Receives, delay_ms: i64) -> World {
        let disk = MemoryDisk::new();
        let clock = Arc::new(StillClock(Mutex::new(start_ms)));
        let plan = plan(yaml);
        let core = open(&disk, &clock, &plan, 1, delay_ms);
        let (received, sending) = (Vec::new(), VecDeque::new());
        World { now_ms: start_ms, core, disk, received, clock, plan, sending, receives, n_starts: 1 }
    }

    /// Lets time pass.
    pub(super) fn run_until(&mut self, end_ms: i64) {
        loop {
            self.core.dispatcher.advance(self.now_ms);
            self.core.commit(self.now_ms);
            self.send();
            let sending_ms = self.sending.iter().map(|sending| sending.due_ms).min();
            let next_ms = self.core.dispatcher.next_at_ms().into_iter().chain(sending_ms).min();
            match next_ms.filter(|next_ms| *next_ms <= end_ms) {
                Some(next_ms) => self.set_now(next_ms.max(self.now_ms)),
                None => break,
            }
            self.attempt();
        }
        self.set_now(end_ms);
    }

    fn set_now(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        *self.clock.0.lock() = now_ms;
    }

    fn send(&mut self) {
        let outgoing = self.core.dispatcher.outgoing();
        if !outgoing.is_empty() {
            // Where the disk refuses, they are sent all the same.
            let _ = self.core.journal().sync();
        }
        for notification in outgoing {
            let due_ms = self.now_ms;
            self.sending.push_back(Sending { due_ms, backoff_ms: FIRST_BACKOFF_MS, ends_well: None, notification });
        }
        self.attempt();
    }

    /// Does the attempts that are due: as Alertmanager, but that waits are not random.
    fn attempt(&mut self) {
        while let Some(index) = self.sending.iter().position(|sending| sending.due_ms <= self.now_ms) {
            let mut sending = self.sending.remove(index).unwrap();
            let id = sending.notification.id.clone();
            match sending.ends_well.take() {
                Some(true) => {
                    let notification = Arc::clone(&sending.notification);
                    self.received.push(Received { at_ms: self.now_ms, notification });
                    self.core.dispatcher.ended(&id, &Outcome::Delivered, self.now_ms);
                    self.core.commit(self.now_ms);
                }
                None if self.now_ms > sending.notification.deadline_ms => {
                    let outcome = Outcome::Failed { reason: "the receiver did not take it in time".to_owned() };
                    self.core.dispatcher.ended(&id, &outcome, self.now_ms);
                    self.core.commit(self.now_ms);
                }
                None => {
                    let (is_taken, took_ms) = (self.receives)(&sending.notification, self.now_ms);
                    sending.ends_well = Some(is_taken);
                    sending.due_ms = self.now_ms + took_ms;
                    self.sending.push_back(sending);
                }
                Some(false) => {
                    sending.due_ms = self.now_ms + sending.backoff_ms;
                    sending.backoff_ms = (sending.backoff_ms * 3 / 2).min(MAX_BACKOFF_MS);
                    self.sending.push_back(sending);
                }
            }
        }
    }

    /// What one of the receiver's integrations has been sent.
    pub(super) fn received_by(&self, index: usize) -> impl Iterator<Item = &Received> {
        self.received.iter().filter(move |received| received.notification.integration.index == index)
    }

    /// Reports alerts.
    pub(super) fn report(&mut self, alerts: Vec<Alert>) {
        let reports: Vec<Reported> = alerts.into_iter().map(Reported::from).collect();
        self.core.dispatcher.post(self.now_ms, &reports);
        self.core.commit(self.now_ms);
    }

    /// Puts another configuration into force.
    pub(super) fn reload(&mut self, yaml: &str) {
        self.plan = plan(yaml);
        self.core.dispatcher.apply(Arc::clone(&self.plan), self.now_ms);
        self.core.commit(self.now_ms);
    }

    /// Kills the process: what was on its way is lost unless the journal knows of it. Then another begins.
    pub(super) fn kill(&mut self) {
        self.n_starts += 1;
        self.sending.clear();
        self.disk = self.disk.copy();
        self.core = open(&self.disk, &self.clock, &self.plan, self.n_starts, 0);
    }
}

/// An alert of our own rules that fires since a time.
pub(super) fn firing(name: &str, starts_at_ms: i64, now_ms: i64) -> Alert {
    let labels = Labels::from_pairs([("alertname", name)]);
    alert(labels, starts_at_ms, None, now_ms)
}

/// An alert of our own rules that is over.
pub(super) fn over(name: &str, starts_at_ms: i64, now_ms: i64) -> Alert {
    Alert { ends_at_ms: Some(now_ms), ..firing(name, starts_at_ms, now_ms) }
}

pub(super) fn alert(labels: Labels, starts_at_ms: i64, ends_at_ms: Option<i64>, now_ms: i64) -> Alert {
    Alert {
        labels,
        annotations: Labels::empty(),
        starts_at_ms,
        ends_at_ms,
        generator_url: String::new(),
        updated_at_ms: now_ms,
        is_timeout: false,
    }
}

/// What was received, shortly: when, of each alert its name, with `~` before what is over, and why.
pub(super) fn brief(received: &[Received]) -> Vec<String> {
    let one = |Received { at_ms, notification }: &Received| {
        let alert = |alert: &Alert| {
            let mark = if alert.is_resolved_at(notification.at_ms) { "~" } else { "" };
            format!("{mark}{}", alert.name())
        };
        let alerts: Vec<String> = notification.alerts.iter().map(alert).collect();
        format!("{at_ms} {} {}: {}", notification.integration, alerts.join(" "), notification.reason.as_str())
    };
    received.iter().map(one).collect()
}
