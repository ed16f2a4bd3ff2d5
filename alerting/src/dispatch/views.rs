//! What others see of alerts, groups and notifications.

use std::sync::Arc;

use model::Labels;

use super::batch::{Batch, Batched, before, order};
use super::change::AttemptRecord;
use super::deliveries::Delivery;
use super::dispatcher::Dispatcher;
use super::group::Group;
use super::quiet::Quiet;
use crate::{Alert, Fingerprint, Notification};

/// Whether an alert is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// Nothing keeps it quiet.
    Active,
    /// A silence, another alert or an interval keeps it quiet.
    Suppressed,
}

impl AlertState {
    /// As Alertmanager calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertState::Active => "active",
            AlertState::Suppressed => "suppressed",
        }
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    /// The alert.
    pub alert: Arc<Alert>,
    /// Its name.
    pub fingerprint: Fingerprint,
    /// The receivers of its groups, sorted.
    pub receivers: Vec<String>,
    /// Whether it is told.
    pub state: AlertState,
    /// The silences that keep it quiet, by id.
    pub silenced_by: Vec<String>,
    /// The alerts that keep it quiet.
    pub inhibited_by: Vec<Fingerprint>,
    /// The intervals that keep its group quiet; for an alert in several groups, those of all where all are quiet.
    pub muted_by: Vec<String>,
}

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    /// As Alertmanager writes it.
    pub key: String,
    /// The route that it is of.
    pub route_id: String,
    /// Who is told.
    pub receiver: Arc<str>,
    /// The labels that its alerts share.
    pub labels: Labels,
    /// The labels of its route.
    pub route_labels: Labels,
    /// The intervals that keep it quiet.
    pub muted_by: Vec<String>,
    /// When its first alert came, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// When it is looked at next, in milliseconds since the Unix epoch.
    pub flush_at_ms: i64,
    /// Its alerts, in the order in which they are told.
    pub alerts: Vec<AlertView>,
}

/// How a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// The receiver has it.
    Delivered,
    /// It is on its way.
    Waiting,
    /// It was given up.
    Failed,
    /// Something kept an alert quiet, and there was no notification.
    Suppressed,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [DeliveryState; 4] =
        [DeliveryState::Delivered, DeliveryState::Waiting, DeliveryState::Failed, DeliveryState::Suppressed];

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Delivered => "delivered",
            DeliveryState::Waiting => "waiting",
            DeliveryState::Failed => "failed",
            DeliveryState::Suppressed => "suppressed",
        }
    }
}

/// An attempt at sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptView {
    /// When it began, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What was sent; only the newest attempt's is kept.
    pub body: String,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// When the next one begins or began, where there was to be one.
    pub next_at_ms: Option<i64>,
}

/// A notification in the delivery log, or an alert that there was none of.
#[derive(Clone, Debug, PartialEq)]
pub enum DeliveryView {
    /// A notification.
    Told {
        /// What, to whom and why.
        notification: Arc<Notification>,
        /// How it stands.
        state: DeliveryState,
        /// Why it failed, where it did.
        failure: Option<String>,
        /// When that was known, in milliseconds since the Unix epoch.
        ended_at_ms: Option<i64>,
        /// The attempts, oldest first.
        attempts: Vec<AttemptView>,
    },
    /// Something kept an alert quiet.
    Quiet(QuietView),
}

/// What kept an alert quiet, since when.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietView {
    /// When it began, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Which alert.
    pub fingerprint: Fingerprint,
    /// Its labels, where it is still known.
    pub labels: Option<Labels>,
    /// Since when it fires, where it is still known, in milliseconds since the Unix epoch.
    pub starts_at_ms: Option<i64>,
    /// In which group.
    pub group_key: String,
    /// Who would have been told.
    pub receiver: String,
    /// The integration that was not told, where it was not all of them.
    pub integration: Option<String>,
    /// What kept it quiet.
    pub quiet: Quiet,
}

impl Delivery {
    pub(super) fn state(&self) -> DeliveryState {
        match &self.end {
            None => DeliveryState::Waiting,
            Some(end) if end.failure.is_none() => DeliveryState::Delivered,
            Some(_) => DeliveryState::Failed,
        }
    }

    pub(super) fn view(&self) -> DeliveryView {
        DeliveryView::Told {
            notification: Arc::clone(&self.intent.notification),
            state: self.state(),
            failure: self.end.as_ref().and_then(|end| end.failure.clone()),
            ended_at_ms: self.end.as_ref().map(|end| end.at_ms),
            attempts: self.attempts.iter().map(attempt_view).collect(),
        }
    }
}

fn attempt_view(attempt: &AttemptRecord) -> AttemptView {
    let AttemptRecord { at_ms, took_ms, body, error, next_at_ms, .. } = attempt.clone();
    AttemptView { at_ms, took_ms, body, error, next_at_ms }
}

impl Dispatcher {
    /// All alerts that are not over, in the order of their fingerprints.
    pub(super) fn alert_views(&self, at_ms: i64) -> Vec<AlertView> {
        let known = self.alerts.iter().filter(|(_, known)| !known.alert.is_resolved_at(at_ms));
        let view = |(fingerprint, known): (&Fingerprint, &super::alerts::Known)| {
            let groups = || known.groups.iter().filter_map(|number| self.groups.get(number));
            let muted: Vec<Vec<String>> = groups().map(|group| self.muted_by(group, at_ms)).collect();
            let muted_by = if muted.iter().any(Vec::is_empty) { Vec::new() } else { muted.concat() };
            let mut view = self.alert_view(*fingerprint, &known.alert, muted_by, at_ms);
            view.receivers = groups().map(|group| group.receiver.to_string()).collect();
            view.receivers.sort_unstable();
            view
        };
        known.map(view).collect()
    }

    /// All groups with alerts that are not over, by their labels and receivers.
    pub(super) fn group_views(&self, at_ms: i64) -> Vec<GroupView> {
        let mut views: Vec<GroupView> = self.groups.values().map(|group| self.group_view(group, at_ms)).collect();
        views.retain(|view| !view.alerts.is_empty());
        views.sort_by(|one, other| before(&one.labels, &other.labels).then_with(|| one.receiver.cmp(&other.receiver)));
        views
    }

    fn group_view(&self, group: &Group, at_ms: i64) -> GroupView {
        let muted_by = self.muted_by(group, at_ms);
        let known = group.members.keys().filter_map(|of| self.alerts.get(of).map(|known| (*of, known)));
        let firing = known.filter(|(_, known)| !known.alert.is_resolved_at(at_ms));
        let view = |(of, known): (Fingerprint, &super::alerts::Known)| {
            let mut view = self.alert_view(of, &known.alert, muted_by.clone(), at_ms);
            view.receivers = vec![group.receiver.to_string()];
            view
        };
        let mut alerts: Vec<AlertView> = firing.map(view).collect();
        alerts.sort_by(|one, other| order(&one.alert.labels, &other.alert.labels));
        let batched = |view: &AlertView| Batched::new(view.fingerprint, &view.alert, true, at_ms).alert;
        let told: Vec<Alert> = alerts.iter().map(batched).collect();
        let batch = Batch { receiver: &group.receiver, group_labels: &group.labels, alerts: &told, at_ms };
        GroupView {
            key: group.key.clone(),
            route_id: group.route_id.clone(),
            receiver: Arc::clone(&group.receiver),
            labels: group.labels.clone(),
            route_labels: self.plan.route_labels(group.route, &batch),
            muted_by,
            created_ms: group.created_ms,
            flush_at_ms: group.flush_at_ms,
            alerts,
        }
    }

    /// The intervals that keep a group quiet.
    fn muted_by(&self, group: &Group, at_ms: i64) -> Vec<String> {
        self.plan.quiet(group.route, at_ms).map_or_else(Vec::new, |quiet| quiet.by())
    }

    fn alert_view(&self, fingerprint: Fingerprint, alert: &Arc<Alert>, muted_by: Vec<String>, at_ms: i64) -> AlertView {
        let inhibition = self.sources.inhibiting(&alert.labels, at_ms);
        let inhibited_by: Vec<Fingerprint> = inhibition.into_iter().map(|inhibition| inhibition.source).collect();
        let silences = self.silences.muting(&alert.labels, at_ms);
        let silenced_by: Vec<String> = silences.map(|silence| silence.id.clone()).collect();
        let is_quiet = !inhibited_by.is_empty() || !silenced_by.is_empty() || !muted_by.is_empty();
        AlertView {
            alert: Arc::clone(alert),
            fingerprint,
            receivers: Vec::new(),
            state: if is_quiet { AlertState::Suppressed } else { AlertState::Active },
            silenced_by,
            inhibited_by,
            muted_by,
        }
    }
}
