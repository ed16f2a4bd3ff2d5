//! The families of `/metrics`, room by room.

use std::sync::atomic::{AtomicU64, Ordering};

use net::server::ServerCounts;
use scrape::metrics::{Durations, ScrapeMetrics};
use scrape::scrape_loop::FailureKind;
use tsdb::{HeadStats, MaintenanceStats, WalStats};

use super::{Exposition, Format, Kind, alertmanagers, delivery, notifications, process, remote, reports, rules, slo};
use crate::limits;
use crate::remote_write::WriteCounts;
use crate::state::{Parts, Settings, Snapshot};
use crate::web::Shared;

/// Everything that narthex says of itself.
pub(crate) fn write(shared: &Shared, parts: Option<&Parts>, format: Format) -> String {
    let mut out = Exposition::new(format);
    build(&mut out, &shared.settings);
    config(&mut out, &shared.snapshot.load());
    let ready = "Whether everything is served.";
    out.single("narthex_ready", Kind::Gauge, ready, f64::from(u8::from(shared.is_ready())));
    shared.http.write(&mut out);
    if let Some(counts) = shared.host.server_counts() {
        server(&mut out, &counts);
    }
    remote_write(&mut out, &shared.write_counts);
    remote::write(&mut out, &shared.host.remote_queues());
    if let Some(parts) = parts {
        head(&mut out, &parts.storage.head());
        wal(&mut out, &parts.storage.wal(), parts.storage.n_corruptions());
        maintenance(&mut out, &parts.storage.maintenance());
        scrapes(&mut out, &parts.targets.metrics());
        alertmanagers::write(&mut out, &parts.alertmanagers);
        rules::write(&mut out, &parts.rules);
        slo::write(&mut out, &parts.budgets);
        delivery::write(&mut out, &parts.delivery);
        notifications::write(&mut out, &parts.notifications);
        reports::write(&mut out, &parts.reports);
    }
    queries(&mut out, shared);
    limits_in_use(&mut out, shared);
    process::write(&mut out, shared.settings.start_ms);
    out.finish()
}

fn build(out: &mut Exposition, settings: &Settings) {
    let build = &settings.build;
    out.family("narthex_build_info", Kind::Gauge, "The version of narthex; the value is always 1.");
    let labels = [("version", build.version.as_str()), ("revision", &build.revision), ("compiler", &build.compiler)];
    out.sample(&labels, 1.0);
}

fn config(out: &mut Exposition, snapshot: &Snapshot) {
    let successful = "Whether the last configuration reload was successful.";
    let is_fine = f64::from(u8::from(snapshot.error.is_none()));
    out.single("narthex_config_last_reload_successful", Kind::Gauge, successful, is_fine);
    let loaded = "When the configuration in force was loaded.";
    let seconds = snapshot.loaded_ms as f64 / 1000.0;
    out.single("narthex_config_last_reload_success_timestamp_seconds", Kind::Gauge, loaded, seconds);
}

fn server(out: &mut Exposition, counts: &ServerCounts) {
    let open = counts.connections_open.get();
    out.single("narthex_http_connections", Kind::Gauge, "Connections that are open.", open as f64);
    for (name, help, count) in [
        ("narthex_http_connections_accepted", "Connections that were accepted.", &counts.connections_accepted),
        ("narthex_http_connections_refused", "Connections for which there was no room.", &counts.connections_refused),
        ("narthex_http_connections_evicted", "Idle connections closed to make room.", &counts.connections_evicted),
        ("narthex_http_connections_timed_out", "Connections closed for slowness.", &counts.connections_timed_out),
        ("narthex_http_tls_handshakes_failed", "TLS handshakes that failed.", &counts.handshakes_failed),
        ("narthex_http_panics", "Requests that ended in a panic.", &counts.panics),
        ("narthex_http_logins_refused", "Requests with a wrong name or password.", &counts.logins_refused),
        (
            "narthex_http_logins_turned_away",
            "Requests whose password was not looked at, because too many others waited (limit login_queue).",
            &counts.logins_turned_away,
        ),
    ] {
        out.single(name, Kind::Counter, help, count.get() as f64);
    }
}

fn remote_write(out: &mut Exposition, counts: &WriteCounts) {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
    let stored = "Samples stored by remote write, by kind.";
    out.family("narthex_remote_write_samples", Kind::Counter, stored);
    out.sample(&[("kind", "float")], read(&counts.samples));
    out.sample(&[("kind", "histogram")], read(&counts.histograms));
    let dropped = "Samples and exemplars of remote writes that were not stored, by reason.";
    out.family("narthex_remote_write_dropped", Kind::Counter, dropped);
    out.sample(&[("reason", "invalid_labels")], read(&counts.invalid_labels));
    out.sample(&[("reason", "invalid_histogram")], read(&counts.invalid_histograms));
    out.sample(&[("reason", "refused")], read(&counts.refused));
    out.sample(&[("reason", "exemplar")], read(&counts.exemplars_dropped));
}

fn head(out: &mut Exposition, head: &HeadStats) {
    for (name, help, value) in [
        ("narthex_tsdb_head_series", "Series in memory.", head.n_series),
        ("narthex_tsdb_head_chunks", "Chunks in memory.", head.n_chunks),
        ("narthex_tsdb_head_bytes", "Bytes that series, chunks and index take in memory.", head.n_bytes),
        ("narthex_tsdb_head_label_pairs", "Distinct pairs of label name and value in memory.", head.n_label_pairs),
    ] {
        out.single(name, Kind::Gauge, help, value as f64);
    }
    let refused = "New series that were refused, by the limit that was reached.";
    out.family("narthex_tsdb_series_refused", Kind::Counter, refused);
    for (limit, n_refused) in head.n_refused_series {
        out.sample(&[("limit", limit)], n_refused as f64);
    }
    let appended = "Samples appended since the start, those of the log included.";
    out.single("narthex_tsdb_head_samples_appended", Kind::Counter, appended, head.n_samples as f64);
    for (name, help, time) in [
        ("narthex_tsdb_head_min_time_seconds", "The time of the oldest sample in memory.", head.min_time_ms),
        ("narthex_tsdb_head_max_time_seconds", "The time of the newest sample in memory.", head.max_time_ms),
    ] {
        if let Some(time_ms) = time {
            out.single(name, Kind::Gauge, help, time_ms as f64 / 1000.0);
        }
    }
}

fn maintenance(out: &mut Exposition, stats: &MaintenanceStats) {
    out.family("narthex_tsdb_maintenance", Kind::Counter, "Pieces of work on the store that were done, by kind.");
    stats.done.iter().for_each(|&(work, n_times, _)| out.sample(&[("work", work)], n_times as f64));
    out.family("narthex_tsdb_maintenance_seconds", Kind::Counter, "Time spent in them.");
    stats.done.iter().for_each(|&(work, _, duration)| out.sample(&[("work", work)], duration.as_secs_f64()));
    for (name, help, n) in [
        ("narthex_tsdb_maintenance_failures", "Pieces of work on the store that failed.", stats.n_failures),
        ("narthex_tsdb_series_ended", "Series that left the memory because they had ended.", stats.n_series_ended),
    ] {
        out.single(name, Kind::Counter, help, n as f64);
    }
    for (name, help, n) in [
        ("narthex_tsdb_blocks", "Blocks on the disk.", stats.n_blocks),
        ("narthex_tsdb_blocks_bytes", "Bytes of the blocks on the disk.", stats.n_block_bytes),
        (
            "narthex_tsdb_downsampled_bytes",
            "Bytes of what was downsampled of them, on the disk.",
            stats.n_downsampled_bytes,
        ),
    ] {
        out.single(name, Kind::Gauge, help, n as f64);
    }
}

fn wal(out: &mut Exposition, wal: &WalStats, n_corruptions: u64) {
    for (name, help, value) in [
        ("narthex_tsdb_wal_records", "Records written to the log.", wal.n_records as f64),
        ("narthex_tsdb_wal_written_bytes", "Bytes written to the log.", wal.n_bytes as f64),
        ("narthex_tsdb_wal_syncs", "Syncs of the log.", wal.n_syncs as f64),
        ("narthex_tsdb_wal_sync_seconds", "Time spent in syncs of the log.", wal.sync_nanos as f64 / 1e9),
        ("narthex_tsdb_wal_write_failures", "Writes to the log that failed.", wal.n_write_failures as f64),
        ("narthex_tsdb_wal_sync_failures", "Syncs of the log that failed.", wal.n_sync_failures as f64),
        ("narthex_tsdb_wal_corruptions", "Places where the log was found damaged at the start.", n_corruptions as f64),
    ] {
        out.single(name, Kind::Counter, help, value);
    }
}

fn scrapes(out: &mut Exposition, metrics: &ScrapeMetrics) {
    out.family("narthex_scrapes", Kind::Counter, "Scrapes by outcome.");
    out.sample(&[("outcome", "ok")], metrics.n_ok() as f64);
    for kind in FailureKind::ALL {
        out.sample(&[("outcome", kind.as_str())], metrics.n_failed(kind) as f64);
    }
    for (name, help, counter) in [
        ("narthex_scrape_body_bytes", "Bytes of bodies of scrapes, decompressed.", &metrics.body_bytes),
        ("narthex_scrape_samples", "Samples in bodies that could be read.", &metrics.samples),
        ("narthex_scrape_series_added", "Series that were new to their target.", &metrics.series_added),
        ("narthex_scrape_append_failures", "Scrapes that storage did not take.", &metrics.append_failures),
        ("narthex_target_failures", "Targets that could not be made of what was found.", &metrics.target_failures),
        ("narthex_discovery_failures", "Files of targets that could not be read.", &metrics.discovery_failures),
    ] {
        out.single(name, Kind::Counter, help, counter.get() as f64);
    }
    let dropped = "Samples of scrapes that were not stored, by reason.";
    out.family("narthex_scrape_samples_dropped", Kind::Counter, dropped);
    for (reason, counter) in [
        ("out_of_order", &metrics.samples_out_of_order),
        ("duplicate", &metrics.samples_duplicate),
        ("out_of_bounds", &metrics.samples_out_of_bounds),
        ("refused", &metrics.samples_refused),
    ] {
        out.sample(&[("reason", reason)], counter.get() as f64);
    }
    durations(out, "narthex_scrape_duration_seconds", "How long scrapes took.", &metrics.durations);
    durations(out, "narthex_scrape_lateness_seconds", "How much too late scrapes began.", &metrics.lateness);
}

fn durations(out: &mut Exposition, name: &str, help: &str, durations: &Durations) {
    out.family(name, Kind::Histogram, help);
    out.histogram(&[], &durations.buckets(), durations.sum_seconds());
}

fn queries(out: &mut Exposition, shared: &Shared) {
    let running = shared.queries.n_working();
    out.single("narthex_queries_running", Kind::Gauge, "Queries that run at this moment.", running as f64);
    let reading = shared.reads.n_working();
    let help = "Remote reads that are answered at this moment.";
    out.single("narthex_remote_read_handler_queries", Kind::Gauge, help, reading as f64);
}

fn limits_in_use(out: &mut Exposition, shared: &Shared) {
    let limits = limits::all(shared);
    out.family("narthex_limit", Kind::Gauge, "The value of each limit.");
    for limit in &limits {
        if let Some(value) = limit.value {
            out.sample(&[("name", limit.name)], value);
        }
    }
    out.family("narthex_limit_used", Kind::Gauge, "How much of each limit is used.");
    for limit in &limits {
        if let Some(used) = limit.used {
            out.sample(&[("name", limit.name)], used);
        }
    }
}
