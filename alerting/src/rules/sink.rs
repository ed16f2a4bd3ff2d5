//! Who hears of alerts.

use std::fmt;

use crate::Alert;

/// An alert of a rule, for whoever listens.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleAlert {
    /// The alert; `ends_at_ms` is `None` while it fires.
    pub alert: Alert,
    /// Until when it fires for those who hear no more of it: Prometheus's `endsAt` for Alertmanagers elsewhere, four times
    /// the group's interval or the resend delay, whichever is longer, after the evaluation. In milliseconds since the Unix
    /// epoch.
    pub valid_until_ms: i64,
}

/// Hears of alerts that fire and of those that have ended, again and again while they fire and for 15 minutes after.
pub trait AlertSink: fmt::Debug + Send + Sync {
    /// Takes what is to be told after the evaluation of a group. What is taken may have been taken before.
    fn take(&self, now_ms: i64, alerts: &[RuleAlert]);
}
