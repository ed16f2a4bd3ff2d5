//! The alerts that are known: of each what was reported last, merged with what was reported before.

use std::sync::Arc;

use crate::Alert;

/// What is reported of an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The alert.
    pub alert: Alert,
    /// For an alert without an end: how long it may go unreported after a restart before it is taken for over, in
    /// milliseconds.
    pub valid_for_ms: Option<i64>,
}

impl From<Alert> for Reported {
    fn from(alert: Alert) -> Reported {
        Reported { alert, valid_for_ms: None }
    }
}

/// An alert that is known.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) alert: Arc<Alert>,
    pub(super) valid_for_ms: Option<i64>,
    /// Whether it was reported since the start, or says itself when it ends.
    pub(super) is_confirmed: bool,
    /// The numbers of the groups that it is in.
    pub(super) groups: Vec<u64>,
}

/// Whether a report says nothing that was not known, but that it is still so.
pub(super) fn is_same(one: &Alert, other: &Alert) -> bool {
    one.starts_at_ms == other.starts_at_ms
        && one.ends_at_ms == other.ends_at_ms
        && one.annotations == other.annotations
        && one.generator_url == other.generator_url
        && one.is_timeout == other.is_timeout
}
