//! What is told to one integration of one receiver, and what becomes of it: the seam between `dispatch` and `delivery`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model::Labels;

use crate::Alert;

/// Names an integration: the receiver, the kind (`email`, `webhook`, …), and which of the receiver's integrations of that kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Integration {
    /// The receiver's name.
    pub receiver: Arc<str>,
    /// The kind, as Alertmanager names it in its metrics.
    pub kind: &'static str,
    /// Counts the receiver's integrations of this kind from 0.
    pub index: usize,
}

impl fmt::Display for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}[{}]", self.receiver, self.kind, self.index)
    }
}

/// Why something is told; the text is Alertmanager's `notification_reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The group has told nothing yet, or nothing that fires.
    First,
    /// Alerts fire that had not been told.
    NewAlerts,
    /// All that had been told is over.
    AllResolved,
    /// Some of what had been told is over.
    SomeResolved,
    /// Nothing has changed for long.
    Repeat,
    /// Somebody wants to see whether it arrives.
    Test,
}

impl Reason {
    /// The text.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::First => "first notification",
            Reason::NewAlerts => "new alerts added",
            Reason::AllResolved => "all alerts resolved",
            Reason::SomeResolved => "some alerts resolved",
            Reason::Repeat => "repeat interval elapsed",
            Reason::Test => "test",
        }
    }
}

/// What one integration is to tell. Sent again after a crash it has the same `id` and the same content.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Never the same for two notifications: 32 hexadecimal digits. What receivers tell repetitions by.
    pub id: String,
    /// To whom.
    pub integration: Integration,
    /// The group, as Alertmanager writes it: `{}/{team="a"}:{alertname="x"}`.
    pub group_key: String,
    /// The labels that all alerts of the group share and it is grouped by.
    pub group_labels: Labels,
    /// Labels of the route, filled in: their templates were executed when it was decided.
    pub route_labels: Labels,
    /// The alerts, in the order in which they are told. Which of them are over follows from `at_ms`.
    pub alerts: Vec<Alert>,
    /// Why.
    pub reason: Reason,
    /// When it was decided, in milliseconds since the Unix epoch: the time by which its alerts fire or are resolved.
    pub at_ms: i64,
    /// After this nothing is begun any more to send it, and it has failed; milliseconds since the Unix epoch.
    pub deadline_ms: i64,
}

/// One attempt at sending, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How long it took.
    pub took: Duration,
    /// What was sent, without secrets, cut at 64 KiB.
    pub body: String,
    /// Why it failed, without secrets; `None` where it succeeded.
    pub error: Option<String>,
    /// When the next one begins, where there is to be one.
    pub next_at_ms: Option<i64>,
}

/// How a notification ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// It was given up; why.
    Failed {
        /// In words, without secrets.
        reason: String,
    },
}

/// Hears what becomes of a notification.
pub trait Report: fmt::Debug + Send + Sync {
    /// An attempt has ended.
    fn attempt(&self, notification: &Notification, attempt: &Attempt);

    /// Nothing more will be attempted.
    fn end(&self, notification: &Notification, outcome: &Outcome);
}

/// Sends notifications.
pub trait Deliver: fmt::Debug + Send + Sync {
    /// Takes a notification over: returns at once, and reports later, from another thread. Notifications of one group to one
    /// integration are sent in the order in which they were taken over; other groups may overtake one that is tried again,
    /// and those to other integrations do not wait at all.
    fn take(&self, notification: Arc<Notification>, report: Arc<dyn Report>);
}
