//! The families of notifications, under Alertmanager's names.

use alerting::delivery::{Delivery, KindCounts, LATENCY_BOUNDS};
use alerting::receivers::FailureKind;

use super::{Exposition, Kind};

/// Writes the families; none before the first notification.
pub(super) fn write(out: &mut Exposition, delivery: &Delivery) {
    let counts = delivery.counts();
    if counts.is_empty() {
        return;
    }
    let mut counter = |name: &str, help: &str, of: fn(&KindCounts) -> u64| {
        out.family(&format!("alertmanager_{name}"), Kind::Counter, help);
        for (kind, counts) in &counts {
            out.sample(&[("integration", kind)], of(counts) as f64);
        }
    };
    counter("notifications", "Notifications that were to be sent.", |counts| counts.n_notifications);
    counter("notification_requests", "Attempts at sending notifications.", |counts| counts.n_requests);
    counter("notification_requests_failed", "Attempts that failed.", |counts| counts.n_requests_failed);
    out.family("alertmanager_notifications_failed", Kind::Counter, "Notifications that were given up.");
    for (kind, counts) in &counts {
        for reason in FailureKind::ALL {
            let n_failed = counts.n_failed.get(&reason).copied().unwrap_or_default();
            out.sample(&[("integration", kind), ("reason", reason.as_str())], n_failed as f64);
        }
    }
    let latency = "How long attempts at sending notifications took.";
    out.family("alertmanager_notification_latency_seconds", Kind::Histogram, latency);
    for (kind, counts) in &counts {
        let buckets = LATENCY_BOUNDS.into_iter().zip(counts.latency).chain([(f64::INFINITY, counts.n_requests)]);
        out.histogram(&[("integration", kind)], &Vec::from_iter(buckets), counts.latency_sum);
    }
    let waiting = delivery.waiting();
    out.family("narthex_notifications_waiting", Kind::Gauge, "Notifications that wait to be sent.");
    for (integration, n_waiting, _) in &waiting {
        out.sample(&[("integration", &integration.to_string())], *n_waiting as f64);
    }
    let dead = "Whether a receiver has failed so often that it is asked seldom.";
    out.family("narthex_notification_receiver_dead", Kind::Gauge, dead);
    for (integration, _, is_broken) in &waiting {
        out.sample(&[("integration", &integration.to_string())], f64::from(u8::from(*is_broken)));
    }
}
