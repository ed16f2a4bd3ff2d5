//! From flags and configuration to the settings of the rooms.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alerting::dispatch::DispatchLimits;
use alerting::silence;
use anyhow::Context;
use model::size::ByteSize;
use model::{Clock, LabelsBuilder};
use net::remote_write::DecodeLimits;
use net::server::{Access, Cors, ServerLimits};
use query::syntax::Options as ParseOptions;
use query::{EngineOptions, Limits};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use web::{BuildInfo, Settings, WebLimits};

use super::address::Addresses;
use super::ending::QUIET;
use crate::cli::flags::Flags;
use crate::config::{Config, NarthexConfig, limit_or};

/// The version of Prometheus whose API this is: what clients go by.
const PROMETHEUS_VERSION: &str = "3.14.0";

/// What the web server is given.
pub(super) fn settings(
    flags: &Flags,
    addresses: &Addresses,
    access: Arc<Access>,
    config: &Config,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Settings> {
    let cors = Cors::new(flags.text("web.cors.origin")).context("--web.cors.origin is no regular expression")?;
    let working_directory = std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default();
    Ok(Settings {
        start_ms: clock.now_ms(),
        clock,
        external_url: addresses.external_url.clone(),
        route_prefix: addresses.route_prefix.clone(),
        listen_address: addresses.listen[0].clone(),
        page_title: flags.text("web.page-title").to_owned(),
        cors,
        flags: flags.all().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        features: features(flags),
        build: build_info(),
        working_directory,
        hostname: hostname(),
        enable_lifecycle: flags.is_on("web.enable-lifecycle"),
        enable_admin: flags.is_on("web.enable-admin-api"),
        enable_remote_write: flags.is_on("web.enable-remote-write-receiver"),
        access,
        limits: web_limits(flags, config),
        server_limits: ServerLimits {
            max_connections: usize::try_from(flags.number("web.max-connections")).unwrap_or(usize::MAX),
            read_timeout: flags.duration("web.read-timeout"),
            shutdown_timeout: QUIET,
            ..ServerLimits::default()
        },
    })
}

fn web_limits(flags: &Flags, config: &Config) -> WebLimits {
    let default = WebLimits::default();
    let limits = &config.narthex.limits;
    let bytes = |limit: Option<ByteSize>, default| number(limit.map(|ByteSize(bytes)| bytes), default);
    let of_flag = |name| usize::try_from(flags.number(name)).unwrap_or(usize::MAX);
    // More than anyone could serve, and few enough to be counted.
    let concurrency = number(limits.remote_write_concurrency, default.remote_write_concurrency).min(1 << 20);
    WebLimits {
        query_concurrency: of_flag("query.max-concurrency"),
        query_queue_time: limits.query_queue_time.map_or(default.query_queue_time, |longest| {
            if longest.is_zero() { Duration::MAX } else { Duration::from_millis(longest.as_millis().unsigned_abs()) }
        }),
        alertmanager_body: bytes(limits.alertmanager_body, default.alertmanager_body),
        remote_write_body: bytes(limits.remote_write_body, default.remote_write_body),
        remote_write_concurrency: concurrency,
        remote_write: DecodeLimits {
            max_samples: number(limits.remote_write_max_samples_per_request, default.remote_write.max_samples),
            ..default.remote_write
        },
        remote_read_concurrency: of_flag("storage.remote.read-concurrent-limit"),
        remote_read_samples: of_flag("storage.remote.read-sample-limit"),
        remote_read_frame_bytes: of_flag("storage.remote.read-max-bytes-in-frame"),
        ..default
    }
}

/// What alerts, silences and the delivery log may cost.
pub(super) fn dispatch_limits(config: &NarthexConfig) -> DispatchLimits {
    let (limits, default) = (&config.limits, DispatchLimits::default());
    let silence_size = limits.silence_size.map(|ByteSize(bytes)| bytes);
    let silences = silence::Limits {
        silences: number(limits.silences, default.silences.silences),
        silence_size: number(silence_size, default.silences.silence_size),
    };
    DispatchLimits { silences, ..default }
}

/// A limit as a number of this machine.
fn number(limit: Option<u64>, default: usize) -> usize {
    usize::try_from(limit_or(limit, default as u64)).unwrap_or(usize::MAX)
}

/// What PromQL has beyond its stable core.
pub(super) fn parse_options(flags: &Flags) -> ParseOptions {
    ParseOptions {
        experimental_functions: flags.has_feature("promql-experimental-functions"),
        extended_range_selectors: flags.has_feature("promql-extended-range-selectors"),
        fill_modifiers: flags.has_feature("promql-binop-fill-modifiers"),
        ..ParseOptions::default()
    }
}

/// How queries are evaluated.
pub(super) fn engine_options(flags: &Flags, config: &Config, clock: Arc<dyn Clock>) -> EngineOptions {
    let default = Limits::default();
    let limits = &config.narthex.limits;
    let bytes = |limit: Option<ByteSize>, default| limit_or(limit.map(|ByteSize(bytes)| bytes), default);
    let label_value = limits.query_label_value.map(|ByteSize(bytes)| bytes);
    EngineOptions {
        parse: parse_options(flags),
        lookback_ms: i64::try_from(flags.duration("query.lookback-delta").as_millis()).unwrap_or(i64::MAX),
        default_subquery_step_ms: config.global.evaluation_interval.as_millis(),
        delayed_name_removal: flags.has_feature("promql-delayed-name-removal"),
        use_start_timestamps: flags.has_feature("use-start-timestamps"),
        limits: Limits {
            timeout: flags.duration("query.timeout"),
            max_samples: flags.number("query.max-samples"),
            max_query_bytes: bytes(limits.query_memory, default.max_query_bytes),
            max_queries_bytes: bytes(limits.query_memory_total, default.max_queries_bytes),
            max_label_value_bytes: number(label_value, default.max_label_value_bytes),
        },
        clock,
        ..EngineOptions::default()
    }
}

/// What is switched on, by category and name, as `/api/v1/features` lists it.
fn features(flags: &Flags) -> BTreeMap<String, BTreeMap<String, bool>> {
    let category =
        |entries: &[(&str, bool)]| entries.iter().map(|(name, is_on)| ((*name).to_owned(), *is_on)).collect();
    let promql = [
        ("anchored", flags.has_feature("promql-extended-range-selectors")),
        ("at_modifier", true),
        ("bool", true),
        ("by", true),
        ("delayed_name_removal", flags.has_feature("promql-delayed-name-removal")),
        ("duration_expr", true),
        ("experimental_functions", flags.has_feature("promql-experimental-functions")),
        ("fill", flags.has_feature("promql-binop-fill-modifiers")),
        ("group_left", true),
        ("group_right", true),
        ("ignoring", true),
        ("negative_offset", true),
        ("offset", true),
        ("on", true),
        ("per_step_stats", flags.has_feature("promql-per-step-stats")),
        ("smoothed", flags.has_feature("promql-extended-range-selectors")),
        ("subqueries", true),
        ("without", true),
    ];
    let scrape = [("extra_scrape_metrics", true), ("native_histograms", false), ("type_and_unit_labels", false)];
    let prometheus = [
        ("agent_mode", false),
        ("auto_reload_config", flags.is_on("config.auto-reload") || flags.has_feature("auto-reload-config")),
    ];
    BTreeMap::from([
        ("promql".to_owned(), category(&promql)),
        ("prometheus".to_owned(), category(&prometheus)),
        ("scrape".to_owned(), category(&scrape)),
        ("service_discovery_providers".to_owned(), category(&[("file", true), ("static", true)])),
    ])
}

fn build_info() -> BuildInfo {
    BuildInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        prometheus_version: PROMETHEUS_VERSION.to_owned(),
        revision: option_env!("NARTHEX_REVISION").unwrap_or_default().to_owned(),
        compiler: "rustc".to_owned(),
        ..BuildInfo::default()
    }
}

/// The name of this machine.
pub(super) fn hostname() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// By how much the moments of this server's scrapes are shifted: the same after each start, another one for another
/// machine or for other external labels.
pub(super) fn offset_seed(config: &Config) -> u64 {
    let mut labels = LabelsBuilder::new();
    for (name, value) in &config.global.external_labels {
        labels.set(name, value);
    }
    labels.set("__hostname__", &hostname());
    labels.build().fingerprint(0)
}

/// Allows as many open files as the system lets us have: each target and each client is one.
pub(super) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}
