//! The delivery log: who was told what and when, and what was told to nobody, and why.
//!
//! It is made of the same records as all the rest, and is bounded by age, number and bytes.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::change::{AttemptRecord, Change, EndRecord, Intent, QuietRecord};
use super::limits::DispatchLimits;
use crate::Fingerprint;

/// Attempts that are kept of one notification: the first, and the newest.
const KEPT_ATTEMPTS: usize = 20;
/// What an entry costs beside its texts, about.
const ENTRY_BYTES: usize = 512;

/// A notification, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) intent: Intent,
    /// Oldest first; only the newest has a body.
    pub(super) attempts: Vec<AttemptRecord>,
    pub(super) end: Option<EndRecord>,
}

/// The log.
#[derive(Debug)]
pub(super) struct Deliveries {
    /// In the order in which they were decided.
    by_number: BTreeMap<u64, Delivery>,
    by_id: HashMap<String, u64>,
    quiet: VecDeque<QuietRecord>,
    next_number: u64,
    n_bytes: usize,
    limits: DispatchLimits,
}

impl Deliveries {
    /// An empty log.
    pub(super) fn new(limits: DispatchLimits) -> Deliveries {
        Deliveries {
            by_number: BTreeMap::new(),
            by_id: HashMap::new(),
            quiet: VecDeque::new(),
            next_number: 0,
            n_bytes: 0,
            limits,
        }
    }

    /// Takes a record.
    pub(super) fn take(&mut self, change: &Change) {
        match change {
            Change::Intent(intent) => self.begin(intent),
            Change::Attempt(attempt) => self.attempt(attempt),
            Change::End(end) => self.end(end),
            Change::Quiet(quiet) => self.quiet(quiet),
            _ => {}
        }
    }

    fn begin(&mut self, intent: &Intent) {
        // A snapshot has it once more.
        if self.by_id.contains_key(&intent.notification.id) {
            return;
        }
        let number = self.next_number;
        self.next_number += 1;
        let delivery = Delivery { intent: intent.clone(), attempts: Vec::new(), end: None };
        self.n_bytes += delivery.n_bytes();
        self.by_id.insert(intent.notification.id.clone(), number);
        self.by_number.insert(number, delivery);
    }

    fn attempt(&mut self, attempt: &AttemptRecord) {
        let Some(delivery) = self.by_id.get(&attempt.id).and_then(|number| self.by_number.get_mut(number)) else {
            return;
        };
        if delivery.attempts.iter().any(|known| known.at_ms == attempt.at_ms) {
            return;
        }
        self.n_bytes -= delivery.n_bytes();
        if let Some(last) = delivery.attempts.last_mut() {
            last.body = String::new();
        }
        if delivery.attempts.len() >= KEPT_ATTEMPTS {
            delivery.attempts.remove(1);
        }
        delivery.attempts.push(attempt.clone());
        self.n_bytes += delivery.n_bytes();
    }

    fn end(&mut self, end: &EndRecord) {
        if let Some(delivery) = self.by_id.get(&end.id).and_then(|number| self.by_number.get_mut(number)) {
            delivery.end.get_or_insert_with(|| end.clone());
        }
    }

    fn quiet(&mut self, quiet: &QuietRecord) {
        // Records come in order, but those that a snapshot has once more.
        let is_late = self.quiet.back().is_some_and(|last| quiet.at_ms <= last.at_ms);
        if !is_late || !self.quiet.contains(quiet) {
            self.n_bytes += quiet_bytes(quiet);
            self.quiet.push_back(quiet.clone());
        }
    }

    /// Forgets what is too old or too much; what is on its way stays.
    pub(super) fn trim(&mut self, at_ms: i64) {
        let oldest_ms = at_ms.saturating_sub(self.limits.delivery_age_ms);
        while let Some(oldest) = self.quiet.front() {
            let is_too_much = self.n_bytes > self.limits.delivery_bytes || self.quiet.len() > self.limits.deliveries;
            if !is_too_much && oldest.at_ms >= oldest_ms {
                break;
            }
            self.n_bytes -= quiet_bytes(oldest);
            self.quiet.pop_front();
        }
        let mut n_kept = self.by_number.len();
        let mut n_bytes = self.n_bytes;
        let mut forgotten = Vec::new();
        for (number, delivery) in &self.by_number {
            let is_too_much = n_bytes > self.limits.delivery_bytes || n_kept > self.limits.deliveries;
            if !is_too_much && delivery.intent.notification.at_ms >= oldest_ms {
                break;
            }
            if delivery.end.is_some() {
                n_kept -= 1;
                n_bytes -= delivery.n_bytes();
                forgotten.push(*number);
            }
        }
        for number in forgotten {
            if let Some(delivery) = self.by_number.remove(&number) {
                self.by_id.remove(&delivery.intent.notification.id);
            }
        }
        self.n_bytes = n_bytes;
    }

    /// All notifications, newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Delivery> {
        self.by_number.values().rev()
    }

    /// What kept an alert quiet, oldest first.
    pub(super) fn quiet_of(&self, fingerprint: Fingerprint) -> impl Iterator<Item = &QuietRecord> {
        self.quiet.iter().filter(move |quiet| quiet.fingerprint == fingerprint)
    }

    /// What kept alerts quiet, newest first.
    pub(super) fn quiet_newest_first(&self) -> impl Iterator<Item = &QuietRecord> {
        self.quiet.iter().rev()
    }

    /// Bytes that it costs, about, and notifications in it.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.n_bytes, self.by_number.len())
    }

    /// All of it as records.
    pub(super) fn snapshot(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for delivery in self.by_number.values() {
            changes.push(Change::Intent(delivery.intent.clone()));
            changes.extend(delivery.attempts.iter().cloned().map(Change::Attempt));
            changes.extend(delivery.end.clone().map(Change::End));
        }
        changes.extend(self.quiet.iter().cloned().map(Change::Quiet));
        changes
    }
}

impl Delivery {
    fn n_bytes(&self) -> usize {
        let alerts = &self.intent.notification.alerts;
        let of_alert = |alert: &crate::Alert| alert.labels.n_bytes() + alert.annotations.n_bytes() + ENTRY_BYTES / 2;
        let of_attempt = |attempt: &AttemptRecord| attempt.body.len() + attempt.error.as_ref().map_or(0, String::len);
        let alerts: usize = alerts.iter().map(of_alert).sum();
        alerts + self.attempts.iter().map(of_attempt).sum::<usize>() + ENTRY_BYTES
    }
}

fn quiet_bytes(quiet: &QuietRecord) -> usize {
    ENTRY_BYTES / 2 + quiet.group_key.len() + quiet.quiet.by().iter().map(String::len).sum::<usize>()
}
