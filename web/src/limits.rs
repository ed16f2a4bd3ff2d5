//! All limits with their names, values and use: what `/api/v1/status/limits` lists.

use net::server::ServerLimits;
use slo::{count, draft, trial};

use crate::api;
use crate::state::{LimitStatus, WebLimits};
use crate::web::Shared;

/// The limits of the web server, and those of the other rooms, sorted by name.
pub(crate) fn all(shared: &Shared) -> Vec<LimitStatus> {
    let mut limits = shared.host.limits();
    limits.extend(own(shared));
    let used = shared.parts().map(|parts| slo::limits::used(&parts.gates, &parts.budgets));
    for (name, used) in used.into_iter().flatten() {
        limits.iter_mut().filter(|limit| limit.name == name).for_each(|limit| limit.used = Some(used));
    }
    limits.sort_unstable_by_key(|limit| limit.name);
    limits
}

/// A name, how a value is found in [`WebLimits`], the unit, and what raises it.
type Row = (&'static str, fn(&WebLimits) -> f64, &'static str, &'static str);

const ROWS: [Row; 19] = [
    ("alertmanager_body", |limits| limits.alertmanager_body as f64, "bytes", "narthex.limits.alertmanager_body"),
    ("draft_series", |_| draft::MAX_SERIES as f64, "", "fixed"),
    ("draft_values", |_| draft::MAX_VALUES as f64, "", "fixed"),
    ("query_concurrency", |limits| limits.query_concurrency as f64, "", "--query.max-concurrency"),
    ("query_points", |limits| limits.query_points as f64, "", "fixed"),
    ("query_queue_time", |limits| limits.query_queue_time.as_secs_f64(), "seconds", "narthex.limits.query_queue_time"),
    (
        "remote_read_concurrency",
        |limits| limits.remote_read_concurrency as f64,
        "",
        "--storage.remote.read-concurrent-limit",
    ),
    (
        "remote_read_frame_bytes",
        |limits| limits.remote_read_frame_bytes as f64,
        "bytes",
        "--storage.remote.read-max-bytes-in-frame",
    ),
    (
        "remote_read_samples",
        |limits| if limits.remote_read_samples == 0 { f64::INFINITY } else { limits.remote_read_samples as f64 },
        "",
        "--storage.remote.read-sample-limit",
    ),
    ("remote_write_body", |limits| limits.remote_write_body as f64, "bytes", "narthex.limits.remote_write_body"),
    (
        "remote_write_concurrency",
        |limits| limits.remote_write_concurrency as f64,
        "",
        "narthex.limits.remote_write_concurrency",
    ),
    (
        "remote_write_max_samples_per_request",
        |limits| limits.remote_write.max_samples as f64,
        "",
        "narthex.limits.remote_write_max_samples_per_request",
    ),
    ("remote_write_max_series_per_request", |limits| limits.remote_write.max_series as f64, "", "fixed"),
    ("remote_write_max_symbols_per_request", |limits| limits.remote_write.max_symbols as f64, "", "fixed"),
    ("trial_alerts", |_| trial::MAX_ALERTS as f64, "", "fixed"),
    ("trial_components", |_| count::MAX_COMPONENTS as f64, "", "fixed"),
    ("trial_series", |_| count::MAX_SERIES as f64, "", "fixed"),
    ("trial_spec_bytes", |_| trial::MAX_SPEC_BYTES as f64, "bytes", "fixed"),
    ("trial_ticks", |_| trial::MAX_TICKS as f64, "", "fixed"),
];

fn own(shared: &Shared) -> Vec<LimitStatus> {
    let (limits, defaults) = (&shared.settings.limits, WebLimits::default());
    let used = |name| match name {
        "query_concurrency" => Some(shared.queries.n_working() as f64),
        "remote_read_concurrency" => Some(shared.reads.n_working() as f64),
        "remote_write_concurrency" => Some(shared.writes.n_working() as f64),
        _ => None,
    };
    let row = |(name, value, unit, setting): Row| LimitStatus {
        name,
        value: bounded(value(limits)),
        default: bounded(value(&defaults)),
        used: used(name),
        unit,
        setting,
    };
    ROWS.into_iter().map(row).chain(of_server(shared)).chain(of_bodies()).collect()
}

fn of_server(shared: &Shared) -> [LimitStatus; 2] {
    let (limits, defaults) = (&shared.settings.server_limits, ServerLimits::default());
    let connections = LimitStatus {
        name: "web_connections",
        value: bounded(limits.max_connections as f64),
        default: bounded(defaults.max_connections as f64),
        used: shared.host.server_counts().map(|counts| counts.connections_open.get() as f64),
        unit: "",
        setting: "--web.max-connections",
    };
    let read_time = LimitStatus {
        name: "web_read_time",
        value: bounded(limits.read_timeout.as_secs_f64()),
        default: bounded(defaults.read_timeout.as_secs_f64()),
        used: None,
        unit: "seconds",
        setting: "--web.read-timeout",
    };
    [connections, read_time]
}

/// What pipelines send and ask for.
fn of_bodies() -> [LimitStatus; 5] {
    [
        ("deployment_body", api::deployments::MAX_BODY as f64, "bytes"),
        ("gate_body", api::gates::MAX_BODY as f64, "bytes"),
        ("gate_wait", api::gates::MAX_WAIT.as_secs_f64(), "seconds"),
        ("hook_body", api::hooks::MAX_BODY as f64, "bytes"),
        ("ledger_span", api::ledger::MAX_SPAN_MS as f64 / 1000.0, "seconds"),
    ]
    .map(|(name, value, unit)| LimitStatus {
        name,
        value: Some(value),
        default: Some(value),
        used: None,
        unit,
        setting: "fixed",
    })
}

/// The greatest numbers of a machine, and of durations, stand for no limit.
fn bounded(value: f64) -> Option<f64> {
    (value < u64::MAX as f64).then_some(value)
}
