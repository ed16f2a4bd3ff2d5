//! Alerts, groups, silences and the delivery log. What Alertmanager counts too has its name.

use alerting::dispatch::Notifications;

use super::{Exposition, Kind};

pub(super) fn write(out: &mut Exposition, notifications: &Notifications) {
    let counts = notifications.counts();
    out.family("alertmanager_alerts", Kind::Gauge, "How many alerts by state.");
    out.sample(&[("state", "active")], counts.active_alerts as f64);
    out.sample(&[("state", "suppressed")], counts.suppressed_alerts as f64);
    out.family("alertmanager_alerts_received", Kind::Counter, "The total number of received alerts.");
    for (status, count) in [("firing", counts.received_firing), ("resolved", counts.received_resolved)] {
        out.sample(&[("status", status), ("version", "v2")], count as f64);
    }
    out.family("alertmanager_silences", Kind::Gauge, "How many silences by state.");
    for (state, count) in ["active", "pending", "expired"].into_iter().zip(counts.silences) {
        out.sample(&[("state", state)], count as f64);
    }
    let suppressed = "The total number of alerts suppressed at a look at their group, by what did it.";
    out.family("alertmanager_notifications_suppressed", Kind::Counter, suppressed);
    for (reason, count) in counts.suppressed {
        out.sample(&[("reason", reason)], count as f64);
    }
    let is_fine = usize::from(counts.is_journal_fine);
    for (name, help, value) in [
        ("alertmanager_dispatcher_aggregation_groups", "Groups of alerts.", counts.groups),
        ("narthex_notifications_waiting", "Notifications that are on their way.", counts.waiting),
        ("narthex_deliveries", "Notifications in the delivery log.", counts.deliveries),
        ("narthex_delivery_bytes", "Bytes of the delivery log in memory, about.", counts.delivery_bytes),
        ("narthex_notification_journal_fine", "Whether the journal of notifications takes what is written.", is_fine),
        ("narthex_notification_journal_damage", "Places of it that were damaged at the start.", counts.n_damaged),
    ] {
        out.single(name, Kind::Gauge, help, value as f64);
    }
}
