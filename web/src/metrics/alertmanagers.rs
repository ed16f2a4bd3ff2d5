//! The families of alerts that are sent to Alertmanagers elsewhere, under Prometheus's names, for the dashboards and alerts that
//! people have.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alerting::sender::{SendCounts, Sender};

use super::{Exposition, Kind};

/// Writes the families; of single Alertmanagers none where none is known.
pub(super) fn write(out: &mut Exposition, sender: &Sender) {
    let counts = sender.counts();
    let known = "Alertmanagers that are known and sent to.";
    out.single("prometheus_notifications_alertmanagers_discovered", Kind::Gauge, known, counts.len() as f64);
    let capacity = "Alerts that may wait for each Alertmanager.";
    out.single(
        "prometheus_notifications_queue_capacity",
        Kind::Gauge,
        capacity,
        sender.options().queue_capacity as f64,
    );
    if counts.is_empty() {
        return;
    }
    let mut counter = |name: &str, help: &str, of: fn(&SendCounts) -> &AtomicU64| {
        out.family(&format!("prometheus_notifications_{name}"), Kind::Counter, help);
        for (url, _, counts) in &counts {
            out.sample(&[("alertmanager", url)], of(counts).load(Ordering::Relaxed) as f64);
        }
    };
    counter("sent", "Alerts that the Alertmanager has taken.", |counts| &counts.sent);
    counter("errors", "Alerts in requests that failed.", |counts| &counts.errors);
    counter("dropped", "Alerts that it was never sent, or did not take.", |counts| &counts.dropped);
    out.family("prometheus_notifications_queue_length", Kind::Gauge, "Alerts that wait.");
    for (url, n_waiting, _) in &counts {
        out.sample(&[("alertmanager", url)], *n_waiting as f64);
    }
    latencies(out, &counts);
}

fn latencies(out: &mut Exposition, counts: &[(String, usize, Arc<SendCounts>)]) {
    let help = "How long requests took that succeeded.";
    out.family("prometheus_notifications_latency_histogram_seconds", Kind::Histogram, help);
    for (url, _, counts) in counts {
        out.histogram(&[("alertmanager", url)], &counts.latencies.buckets(), counts.latencies.sum_seconds());
    }
}
