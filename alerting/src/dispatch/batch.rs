//! The alerts of a group that are looked at together.

use std::cmp::Ordering;

use model::Labels;

use super::dedup::Now;
use crate::{Alert, Fingerprint};

/// What a route's labels may be made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'b> {
    /// Who is told.
    pub(super) receiver: &'b str,
    /// The labels of the group.
    pub(super) group_labels: &'b Labels,
    /// The alerts, in the order in which they are told.
    pub(super) alerts: &'b [Alert],
    /// The time by which they fire or are over, in milliseconds since the Unix epoch.
    pub(super) at_ms: i64,
}

/// An alert of a batch.
#[derive(Clone, Debug)]
pub(super) struct Batched {
    pub(super) fingerprint: Fingerprint,
    /// With an end only where it is over, so that nothing ends on its way to the receiver.
    pub(super) alert: Alert,
    /// Whether it was reported since the start; what an earlier run left is told only to those that know it.
    pub(super) is_confirmed: bool,
}

impl Batched {
    pub(super) fn new(fingerprint: Fingerprint, alert: &Alert, is_confirmed: bool, at_ms: i64) -> Batched {
        let mut alert = alert.clone();
        alert.ends_at_ms = alert.ends_at_ms.filter(|_| alert.is_resolved_at(at_ms));
        Batched { fingerprint, alert, is_confirmed }
    }

    pub(super) fn is_resolved(&self) -> bool {
        self.alert.ends_at_ms.is_some()
    }
}

/// What fires and what is over in a batch.
pub(super) fn now<'b>(batch: impl IntoIterator<Item = &'b Batched>) -> Now {
    let mut now = Now::default();
    for batched in batch {
        let set = if batched.is_resolved() { &mut now.resolved } else { &mut now.firing };
        set.insert(batched.fingerprint);
    }
    now
}

/// Alertmanager's order of the alerts in a notification: by job, by instance, each with those behind that have none, then
/// by all labels.
pub(super) fn order(one: &Labels, other: &Labels) -> Ordering {
    let by = |name: &str| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) => one.cmp(other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    by("job").then_with(|| by("instance")).then_with(|| before(one, other))
}

/// Alertmanager's order of label sets: fewer labels first; then by the first label that is not the same, whoever lacks it
/// first.
pub(super) fn before(one: &Labels, other: &Labels) -> Ordering {
    let by_name = |mine: &str, others: &str| others.cmp(mine);
    let pairs = one.iter().zip(other.iter());
    let mut orders = pairs.map(|(mine, others)| by_name(mine.0, others.0).then_with(|| mine.1.cmp(others.1)));
    let first = orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
    one.len().cmp(&other.len()).then(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_told_in_the_order_of_alertmanager() {
        let check = |one: &[(&str, &str)], other: &[(&str, &str)]| {
            let [one, other] = [one, other].map(|pairs| Labels::from_pairs(pairs.iter().copied()));
            assert_eq!(order(&one, &other), Ordering::Less, "{one} {other}");
            assert_eq!(order(&other, &one), Ordering::Greater, "{other} {one}");
            assert_eq!(order(&one, &one), Ordering::Equal, "{one}");
        };
        check(&[("job", "a"), ("x", "z")], &[("job", "b")]);
        check(&[("job", "z"), ("x", "z")], &[("a", "a")]);
        check(&[("job", "a"), ("instance", "1"), ("x", "z")], &[("job", "a"), ("instance", "2")]);
        check(&[("job", "a"), ("instance", "9"), ("x", "z")], &[("job", "a")]);
        check(&[("z", "z")], &[("a", "a"), ("b", "b")]);
        check(&[("alertname", "a")], &[("alertname", "b")]);
        check(&[("b", "1")], &[("a", "2")]);
    }
}
