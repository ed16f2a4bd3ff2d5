//! Alerts of our own rules come in without an end: rules say when they are over.

use super::alerts::Reported;
use super::notifications::Notifications;
use crate::rules::{AlertSink, RuleAlert};

impl AlertSink for Notifications {
    fn take(&self, now_ms: i64, alerts: &[RuleAlert]) {
        let reported = |alert: &RuleAlert| Reported {
            alert: alert.alert.clone(),
            valid_for_ms: alert.alert.ends_at_ms.is_none().then(|| alert.valid_until_ms.saturating_sub(now_ms)),
        };
        if let Err(error) = self.report(&alerts.iter().map(reported).collect::<Vec<_>>()) {
            tracing::error!(%error, "alerts of rules are not told");
        }
    }
}
