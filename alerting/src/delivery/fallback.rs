//! Whom to tell what could not be told.
//!
//! `narthex.fallback_receiver` is told when a notification has been given up. The one that failed ends only when the
//! fallback has ended, so that a crash in between loses neither. While a receiver stays dead, its groups fail again at each
//! `group_interval`; the fallback hears of a group anew only when other alerts are in it, or others are over.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::id;
use crate::{Attempt, Fingerprint, Integration, Notification, Outcome, Report};

/// Groups of which is known what the fallback was told last. (Limit `notification_fallback_groups`.)
const MAX_GROUPS: usize = 10_000;

/// The alerts of a notification and which of them are over.
type Content = Vec<(Fingerprint, bool)>;

/// What the fallback was told, by integration that failed and group.
#[derive(Debug, Default)]
pub(super) struct Told {
    contents: HashMap<(Integration, String), Content>,
}

impl Told {
    /// Whether the fallback does not know this yet; from then on it does.
    pub(super) fn is_news(&mut self, notification: &Notification) -> bool {
        let key = (notification.integration.clone(), notification.group_key.clone());
        if self.contents.len() >= MAX_GROUPS && !self.contents.contains_key(&key) {
            self.contents.clear();
        }
        let content = content(notification);
        self.contents.insert(key, content.clone()) != Some(content)
    }

    /// The receiver itself was told: the next failure is news.
    pub(super) fn forget(&mut self, notification: &Notification) {
        if !self.contents.is_empty() {
            self.contents.remove(&(notification.integration.clone(), notification.group_key.clone()));
        }
    }
}

fn content(notification: &Notification) -> Content {
    let alerts = notification.alerts.iter();
    alerts.map(|alert| (alert.fingerprint(), alert.is_resolved_at(notification.at_ms))).collect()
}

/// The same for another integration. Sent again after a crash it has the same id again. Templates see in `.RouteLabels`
/// whom it stands in for.
pub(super) fn redirected(failed: &Notification, to: &Integration, deadline_ms: i64) -> Notification {
    let route_labels = failed.route_labels.iter().filter(|(name, _)| *name != FALLBACK_FOR);
    let instead_of = failed.integration.to_string();
    let route_labels: Vec<_> = route_labels.chain([(FALLBACK_FOR, instead_of.as_str())]).collect();
    Notification {
        id: id::derived(&failed.id, &to.to_string()),
        integration: to.clone(),
        route_labels: model::Labels::from_pairs(route_labels),
        deadline_ms,
        ..failed.clone()
    }
}

/// The route label that says whom a fallback stands in for.
const FALLBACK_FOR: &str = "fallback_for";

/// Waits for all integrations of the fallback, and then ends what they stand in for.
#[derive(Debug)]
pub(super) struct Standing {
    failed: Arc<Notification>,
    report: Arc<dyn Report>,
    reason: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    n_left: usize,
    is_delivered: bool,
    last_reason: String,
}

impl Standing {
    pub(super) fn new(failed: Arc<Notification>, report: Arc<dyn Report>, reason: String, n_left: usize) -> Standing {
        let state = Mutex::new(State { n_left, is_delivered: false, last_reason: String::new() });
        Standing { failed, report, reason, state }
    }
}

impl Report for Standing {
    fn attempt(&self, notification: &Notification, attempt: &Attempt) {
        let error = attempt.error.as_ref().map(|error| format!("fallback {}: {error}", notification.integration));
        self.report.attempt(&self.failed, &Attempt { error, ..attempt.clone() });
    }

    fn end(&self, notification: &Notification, outcome: &Outcome) {
        let told = {
            let mut state = self.state.lock();
            state.n_left = state.n_left.saturating_sub(1);
            match outcome {
                Outcome::Delivered => state.is_delivered = true,
                Outcome::Failed { reason } => state.last_reason.clone_from(reason),
            }
            if state.n_left > 0 {
                return;
            }
            if state.is_delivered { Ok(()) } else { Err(state.last_reason.clone()) }
        };
        let receiver = &notification.integration.receiver;
        let reason = match told {
            Ok(()) => format!("{}; the fallback receiver {receiver} was told instead", self.reason),
            Err(why) => format!("{}; the fallback receiver {receiver} could not be told either: {why}", self.reason),
        };
        self.report.end(&self.failed, &Outcome::Failed { reason });
    }
}
