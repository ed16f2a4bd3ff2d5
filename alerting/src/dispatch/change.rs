//! What changes: the records of which everything here can be made again.
//!
//! Each says how a thing is now, not how it came to be so: of two records of one thing the later one stands, and reading
//! the same ones twice does no harm.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Labels;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dedup::{Now, Told};
use super::quiet::Quiet;
use crate::matcher::{self, Matcher, Matchers};
use crate::silence::Silence;
use crate::{Alert, Fingerprint, Integration, Notification, Reason};

/// A record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Change {
    /// What makes the ids of this installation's notifications its own.
    Salt { salt: String },
    /// What is known of an alert.
    Alert { alert: Alert, valid_for_ms: Option<i64> },
    /// An alert is forgotten.
    AlertGone { fingerprint: Fingerprint },
    /// A group, but for its members and what is on its way.
    Group(GroupRecord),
    /// A group is over.
    GroupGone { number: u64 },
    /// Members that came, changed or left.
    Members { group: u64, here: Vec<MemberRecord>, gone: Vec<Fingerprint> },
    /// A notification is about to be sent.
    Intent(Intent),
    /// An attempt at sending one has ended.
    Attempt(AttemptRecord),
    /// Nothing more is attempted.
    End(EndRecord),
    /// Something kept an alert quiet.
    Quiet(QuietRecord),
    /// A silence.
    Silence(SilenceRecord),
    /// A silence is forgotten.
    SilenceGone { id: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GroupRecord {
    pub(super) number: u64,
    pub(super) route_id: String,
    pub(super) receiver: String,
    pub(super) key: String,
    pub(super) labels: Labels,
    pub(super) created_ms: i64,
    pub(super) flush_at_ms: i64,
    pub(super) n_notifications: u64,
    pub(super) awaits_confirmation: bool,
    pub(super) lines: Vec<LineRecord>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LineRecord {
    pub(super) kind: String,
    pub(super) index: usize,
    pub(super) told: Option<Told>,
    pub(super) owed: BTreeSet<Fingerprint>,
    pub(super) is_due: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MemberRecord {
    pub(super) fingerprint: Fingerprint,
    pub(super) settled: BTreeSet<usize>,
    pub(super) quiet: Option<Quiet>,
}

/// A notification that is about to be sent, and what its receiver knows once it has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) group: u64,
    #[serde(serialize_with = "write_notification", deserialize_with = "read_notification")]
    pub(super) notification: Arc<Notification>,
    pub(super) content: Now,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AttemptRecord {
    pub(super) id: String,
    pub(super) at_ms: i64,
    pub(super) took_ms: u64,
    pub(super) body: String,
    pub(super) error: Option<String>,
    pub(super) next_at_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EndRecord {
    pub(super) id: String,
    pub(super) at_ms: i64,
    /// Why it failed; nothing where it was delivered.
    pub(super) failure: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct QuietRecord {
    pub(super) at_ms: i64,
    pub(super) fingerprint: Fingerprint,
    pub(super) group_key: String,
    pub(super) receiver: String,
    /// The integration that was not told, where it was not all of them.
    pub(super) integration: Option<String>,
    #[serde(flatten)]
    pub(super) quiet: Quiet,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SilenceRecord {
    id: String,
    /// Of each set, each matcher's name, operator and value.
    matcher_sets: Vec<Vec<(String, String, String)>>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    updated_at_ms: i64,
    created_by: String,
    comment: String,
    annotations: BTreeMap<String, String>,
}

impl From<&Silence> for SilenceRecord {
    fn from(silence: &Silence) -> SilenceRecord {
        let matcher = |of: &Matcher| (of.name().to_owned(), of.op().as_str().to_owned(), of.value().to_owned());
        SilenceRecord {
            id: silence.id.clone(),
            matcher_sets: silence.matcher_sets.iter().map(|set| set.0.iter().map(matcher).collect()).collect(),
            starts_at_ms: silence.starts_at_ms,
            ends_at_ms: silence.ends_at_ms,
            updated_at_ms: silence.updated_at_ms,
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
            annotations: silence.annotations.clone(),
        }
    }
}

impl SilenceRecord {
    /// The silence; `None` where this program does not know what it matches.
    pub(super) fn silence(self) -> Option<Silence> {
        let matcher = |(name, op, value): &(String, String, String)| Matcher::new(name, matcher::op(op)?, value).ok();
        let set = |set: &Vec<_>| set.iter().map(matcher).collect::<Option<Vec<Matcher>>>().map(Matchers);
        Some(Silence {
            matcher_sets: self.matcher_sets.iter().map(set).collect::<Option<_>>()?,
            id: self.id,
            starts_at_ms: self.starts_at_ms,
            ends_at_ms: self.ends_at_ms,
            updated_at_ms: self.updated_at_ms,
            created_by: self.created_by,
            comment: self.comment,
            annotations: self.annotations,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct NotificationRecord {
    id: String,
    receiver: String,
    kind: String,
    index: usize,
    group_key: String,
    group_labels: Labels,
    route_labels: Labels,
    alerts: Vec<Alert>,
    reason: String,
    at_ms: i64,
    deadline_ms: i64,
}

fn write_notification<S: Serializer>(notification: &Notification, serializer: S) -> Result<S::Ok, S::Error> {
    let Notification { id, integration, group_key, group_labels, route_labels, alerts, reason, at_ms, deadline_ms } =
        notification.clone();
    let Integration { receiver, kind, index } = integration;
    let (receiver, kind, reason) = (receiver.to_string(), kind.to_owned(), reason.as_str().to_owned());
    NotificationRecord {
        id,
        receiver,
        kind,
        index,
        group_key,
        group_labels,
        route_labels,
        alerts,
        reason,
        at_ms,
        deadline_ms,
    }
    .serialize(serializer)
}

fn read_notification<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Notification>, D::Error> {
    let record = NotificationRecord::deserialize(deserializer)?;
    Ok(Arc::new(Notification {
        id: record.id,
        integration: Integration { receiver: record.receiver.into(), kind: kind(&record.kind), index: record.index },
        group_key: record.group_key,
        group_labels: record.group_labels,
        route_labels: record.route_labels,
        alerts: record.alerts,
        reason: reason(&record.reason),
        at_ms: record.at_ms,
        deadline_ms: record.deadline_ms,
    }))
}

/// The kinds of integrations that there have been.
const KINDS: [&str; 21] = [
    "dingtalk",
    "discord",
    "email",
    "feishu",
    "incidentio",
    "jira",
    "mattermost",
    "msteams",
    "msteamsv2",
    "opsgenie",
    "pagerduty",
    "pushover",
    "rocketchat",
    "slack",
    "telegram",
    "victorops",
    "webex",
    "webhook",
    "wechat",
    "wecom_robot",
    "test",
];

/// A kind that this program does not know is no integration that is configured, whatever it is called.
fn kind(name: &str) -> &'static str {
    KINDS.into_iter().find(|kind| *kind == name).unwrap_or("unknown")
}

fn reason(text: &str) -> Reason {
    let reasons =
        [Reason::First, Reason::NewAlerts, Reason::AllResolved, Reason::SomeResolved, Reason::Repeat, Reason::Test];
    reasons.into_iter().find(|reason| reason.as_str() == text).unwrap_or(Reason::First)
}
