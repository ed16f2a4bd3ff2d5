//! All limits with their names, values and use: what `/api/v1/status/limits` lists.

use crate::state::LimitStatus;
use crate::web::Shared;

/// The limits of the web server, and those of the other rooms, sorted by name.
pub(crate) fn all(shared: &Shared) -> Vec<LimitStatus> {
    let mut limits = shared.host.limits();
    limits.extend(own(shared));
    limits.sort_unstable_by_key(|limit| limit.name);
    limits
}

fn own(shared: &Shared) -> [LimitStatus; 8] {
    let (limits, server) = (&shared.settings.limits, &shared.settings.server_limits);
    let defaults = crate::WebLimits::default();
    let server_defaults = net::server::ServerLimits::default();
    let n_open = shared.host.server_counts().map(|counts| counts.connections_open.get() as f64);
    let limit = |name, value: f64, default: f64, used, unit, setting| LimitStatus {
        name,
        value: Some(value),
        default: Some(default),
        used,
        unit,
        setting,
    };
    [
        limit(
            "web_connections",
            server.max_connections as f64,
            server_defaults.max_connections as f64,
            n_open,
            "",
            "--web.max-connections",
        ),
        limit(
            "web_read_time",
            server.read_timeout.as_secs_f64(),
            server_defaults.read_timeout.as_secs_f64(),
            None,
            "seconds",
            "--web.read-timeout",
        ),
        limit(
            "query_concurrency",
            limits.query_concurrency as f64,
            defaults.query_concurrency as f64,
            Some(shared.queries.n_working() as f64),
            "",
            "--query.max-concurrency",
        ),
        limit(
            "query_queue_time",
            limits.query_queue_time.as_secs_f64(),
            defaults.query_queue_time.as_secs_f64(),
            None,
            "seconds",
            "narthex.limits.query_queue_time",
        ),
        limit("query_points", limits.query_points as f64, defaults.query_points as f64, None, "", "fixed"),
        limit(
            "remote_write_body",
            limits.remote_write_body as f64,
            defaults.remote_write_body as f64,
            None,
            "bytes",
            "narthex.limits.remote_write_body",
        ),
        limit(
            "remote_write_max_samples_per_request",
            limits.remote_write.max_samples as f64,
            defaults.remote_write.max_samples as f64,
            None,
            "",
            "narthex.limits.remote_write_max_samples_per_request",
        ),
        limit(
            "remote_write_concurrency",
            limits.remote_write_concurrency as f64,
            defaults.remote_write_concurrency as f64,
            Some(shared.writes.n_working() as f64),
            "",
            "narthex.limits.remote_write_concurrency",
        ),
    ]
}
