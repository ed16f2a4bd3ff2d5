//! Several notifications in one message.
//!
//! Robots in chats take 20 messages a minute. A storm of 60 groups would take three minutes and be muted on the way; so
//! where the rate leaves room for one message and several groups wait, they go in one: all alerts, under the labels that
//! the groups have in common. Each of them counts as delivered when the message is. Nothing else is ever merged.

use std::sync::Arc;

use model::Labels;

use crate::Notification;

/// How many alerts a merged message holds, unless a single group has more. (Limit `notification_merged_alerts`.)
pub(super) const MAX_ALERTS: usize = 100;

/// One notification that says what several do. Its id is that of the first.
pub(super) fn merged(notifications: &[Arc<Notification>]) -> Option<Arc<Notification>> {
    let (first, others) = notifications.split_first()?;
    if others.is_empty() {
        return Some(first.clone());
    }
    let mut merged = Notification::clone(first);
    for other in others {
        merged.group_labels = common(&merged.group_labels, &other.group_labels);
        merged.route_labels = common(&merged.route_labels, &other.route_labels);
        merged.alerts.extend(other.alerts.iter().cloned());
    }
    Some(Arc::new(merged))
}

fn common(one: &Labels, other: &Labels) -> Labels {
    Labels::from_pairs(one.iter().filter(|(name, value)| other.get(name) == Some(*value)))
}
