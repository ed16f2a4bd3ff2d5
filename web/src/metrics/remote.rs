//! The families of remote write out, one sample for each queue: Prometheus's `prometheus_remote_storage_*` under our name.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use net::remote_send::QueueCounts;

use super::{Exposition, Kind};

/// Writes the families; none where nothing is sent.
pub(super) fn write(out: &mut Exposition, queues: &[Arc<QueueCounts>]) {
    if queues.is_empty() {
        return;
    }
    let mut family = |name: &str, kind: Kind, help: &str, value: &dyn Fn(&QueueCounts) -> Option<f64>| {
        out.family(&format!("narthex_remote_storage_{name}"), kind, help);
        for queue in queues {
            if let Some(value) = value(queue) {
                out.sample(&[("remote_name", &queue.name), ("url", &queue.url)], value);
            }
        }
    };
    let mut counter = |name: &str, help: &str, of: fn(&QueueCounts) -> &AtomicU64| {
        family(name, Kind::Counter, help, &|queue| Some(read(of(queue))));
    };
    counter("samples", "Samples that the receiver has taken.", |queue| &queue.samples);
    counter("histograms", "Native histograms that the receiver has taken.", |queue| &queue.histograms);
    counter("samples_in", "Samples and histograms of the log that are to be sent.", |queue| &queue.taken_in);
    counter("samples_failed", "Samples that the receiver has refused for good.", |queue| &queue.failed);
    counter("samples_retried", "Samples in requests that are repeated.", |queue| &queue.retried);
    counter("samples_lost", "Damaged places and unknown series of the log, left out.", |queue| &queue.lost);
    counter("log_gone", "Times that the log no longer reached back far enough.", |queue| &queue.gone);
    counter("bytes", "Bytes of bodies that the receiver has taken, compressed.", |queue| &queue.bytes);
    counter("batches", "Requests that the receiver has taken.", |queue| &queue.requests);
    let help = "Time that these requests took.";
    family("batch_seconds", Kind::Counter, help, &|queue| Some(read(&queue.request_nanos) / 1e9));
    let help = "Samples that wait in shards or are being sent.";
    family("samples_pending", Kind::Gauge, help, &|queue| Some(read(&queue.pending)));
    family("shards", Kind::Gauge, "Shards that run.", &|queue| Some(read(&queue.shards)));
    family("shards_desired", Kind::Gauge, "Shards that would be right.", &|queue| Some(queue.shards_desired()));
    for (name, help, of) in SETTINGS {
        family(name, Kind::Gauge, help, &|queue| Some(of(queue) as f64));
    }
    let help = "The time of the newest sample read from the log.";
    family("queue_highest_timestamp_seconds", Kind::Gauge, help, &|queue| seconds(&queue.highest_read_ms));
    let help = "The time of the newest sample that was sent.";
    family("queue_highest_sent_timestamp_seconds", Kind::Gauge, help, &|queue| seconds(&queue.highest_sent_ms));
    dropped(out, queues);
}

/// A name, what it is, and where it stands.
type Setting = (&'static str, &'static str, fn(&QueueCounts) -> usize);

/// What is configured of a queue, for dashboards that draw it beside what is.
const SETTINGS: [Setting; 4] = [
    ("shards_min", "Shards that run at least.", |queue| queue.shards_allowed.min),
    ("shards_max", "Shards that run at most.", |queue| queue.shards_allowed.max),
    ("shard_capacity", "Samples that wait in each shard at most.", |queue| queue.shard_capacity),
    ("max_samples_per_send", "Samples of one request at most.", |queue| queue.max_samples_per_send),
];

fn dropped(out: &mut Exposition, queues: &[Arc<QueueCounts>]) {
    let help = "Samples that were not sent, by reason.";
    out.family("narthex_remote_storage_samples_dropped", Kind::Counter, help);
    for queue in queues {
        for (reason, counter) in [
            ("dropped_series", &queue.dropped_relabelled),
            ("too_old", &queue.dropped_old),
            ("sent_before", &queue.repeated),
            ("native_histograms_disabled", &queue.dropped_histograms),
        ] {
            let labels = [("remote_name", queue.name.as_str()), ("url", &queue.url), ("reason", reason)];
            out.sample(&labels, read(counter));
        }
    }
}

fn read(counter: &AtomicU64) -> f64 {
    counter.load(Ordering::Relaxed) as f64
}

/// A time; `None` before the first.
fn seconds(time_ms: &AtomicI64) -> Option<f64> {
    let time_ms = time_ms.load(Ordering::Relaxed);
    (time_ms != i64::MIN).then_some(time_ms as f64 / 1000.0)
}
