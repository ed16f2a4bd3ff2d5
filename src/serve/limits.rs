//! The limits of storage, queries and scrapes, with what is used of them.

use alerting::dispatch::DispatchLimits;
use model::size::ByteSize;
use query::{Engine, Limits};
use tsdb::{Options, Store};
use web::LimitStatus;

use super::memory;
use super::storage::{default_metric_series, default_target_series};
use crate::config::GlobalConfig;

/// All of them. What a scrape configuration sets for itself is not among them.
pub(super) fn all(
    store: &Store,
    engine: &Engine,
    dispatch: &DispatchLimits,
    global: &GlobalConfig,
) -> Vec<LimitStatus> {
    let mut limits = of_storage(store);
    limits.extend(of_queries(engine));
    limits.extend(of_scrapes(global));
    limits.extend(of_notifications(dispatch));
    limits.extend(of_alerting());
    limits.extend(of_objectives());
    limits.push(of_logins());
    limits
}

fn of_storage(store: &Store) -> Vec<LimitStatus> {
    let (options, default) = (store.options(), Options::default());
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let (of_metric, of_target) = store.largest_offenders();
    let series = |name, value: u64, default: u64, used: u64, setting| LimitStatus {
        name,
        value: (value < u64::MAX).then_some(value as f64),
        default: (default < u64::MAX).then_some(default as f64),
        used: Some(used as f64),
        unit: "",
        setting,
    };
    let max_series = options.max_series;
    let n_series = store.head_stats().n_series;
    vec![
        series("head_series", max_series, memory::default_head_series(), n_series, "narthex.limits.head_series"),
        // Of these, the largest metric and the largest target are what is used.
        series(
            "metric_series",
            options.max_metric_series,
            default_metric_series(max_series),
            of_metric,
            "narthex.limits.metric_series",
        ),
        series(
            "target_series",
            options.max_target_series,
            default_target_series(max_series),
            of_target,
            "narthex.limits.target_series",
        ),
        LimitStatus {
            name: "sample_ahead",
            value: Some(seconds(options.max_ahead_ms)),
            default: Some(seconds(default.max_ahead_ms)),
            used: None,
            unit: "seconds",
            setting: "narthex.limits.sample_ahead",
        },
    ]
}

fn of_queries(engine: &Engine) -> Vec<LimitStatus> {
    let (limits, default) = (&engine.options().limits, Limits::default());
    let limit = |name, value: f64, default: f64, used, unit, setting| LimitStatus {
        name,
        value: Some(value),
        default: Some(default),
        used,
        unit,
        setting,
    };
    let (time, default_time) = (limits.timeout.as_secs_f64(), default.timeout.as_secs_f64());
    let (samples, default_samples) = (limits.max_samples as f64, default.max_samples as f64);
    let (one, default_one) = (limits.max_query_bytes as f64, default.max_query_bytes as f64);
    let (total, default_total) = (limits.max_queries_bytes as f64, default.max_queries_bytes as f64);
    let (value, default_value) = (limits.max_label_value_bytes as f64, default.max_label_value_bytes as f64);
    let used = Some(engine.used_bytes() as f64);
    vec![
        limit("query_time", time, default_time, None, "seconds", "--query.timeout"),
        limit("query_samples", samples, default_samples, None, "", "--query.max-samples"),
        limit("query_memory", one, default_one, None, "bytes", "narthex.limits.query_memory"),
        limit("query_memory_total", total, default_total, used, "bytes", "narthex.limits.query_memory_total"),
        limit("query_label_value", value, default_value, None, "bytes", "narthex.limits.query_label_value"),
    ]
}

/// Who waits to be let in.
fn of_logins() -> LimitStatus {
    fixed(("login_queue", net::server::MAX_WAITING_LOGINS as f64, ""))
}

/// Spec files, gates, deployments and freeze periods.
fn of_objectives() -> impl Iterator<Item = LimitStatus> {
    let of_freezes = ("freeze_answer_bytes", super::freezes::MAX_ANSWER_BYTES as f64, "bytes");
    slo::limits::all().into_iter().chain([of_freezes]).map(fixed)
}

/// Labels and annotations of alerts, and rules over history.
fn of_alerting() -> [LimitStatus; 6] {
    let limits = alerting::template::Limits::ANNOTATION;
    [
        ("template_output_bytes", limits.output_bytes as f64, "bytes"),
        ("template_steps", limits.steps as f64, ""),
        ("template_depth", limits.depth as f64, ""),
        ("template_queries", limits.queries as f64, ""),
        ("backtest_steps", alerting::backtest::MAX_STEPS as f64, ""),
        ("backtest_intervals", alerting::backtest::MAX_INTERVALS as f64, ""),
    ]
    .map(fixed)
}

/// A limit that no setting changes.
fn fixed((name, value, unit): (&'static str, f64, &'static str)) -> LimitStatus {
    LimitStatus { name, value: Some(value), default: Some(value), used: None, unit, setting: "fixed" }
}

/// What is known of alerts, silences, and the delivery log.
fn of_notifications(limits: &DispatchLimits) -> Vec<LimitStatus> {
    let default = DispatchLimits::default();
    let (silences, default_silences) = (limits.silences, default.silences);
    let count = |n: usize| (n < usize::MAX).then_some(n as f64);
    let limit = |name, value, default, unit, setting| LimitStatus { name, value, default, used: None, unit, setting };
    vec![
        fixed(("alerting_alerts", default.alerts as f64, "")),
        fixed(("alerting_groups", default.groups as f64, "")),
        fixed(("alerting_deliveries", default.deliveries as f64, "")),
        fixed(("alerting_delivery_bytes", default.delivery_bytes as f64, "bytes")),
        fixed(("alerting_delivery_age", default.delivery_age_ms as f64 / 1000.0, "seconds")),
        limit("silences", count(silences.silences), count(default_silences.silences), "", "narthex.limits.silences"),
        limit(
            "silence_size",
            count(silences.silence_size),
            count(default_silences.silence_size),
            "bytes",
            "narthex.limits.silence_size",
        ),
    ]
}

fn of_scrapes(global: &GlobalConfig) -> Vec<LimitStatus> {
    let (inherited, default) = (global.inherited(), scrape::config::Inherited::default());
    let bytes = |size: Option<ByteSize>| size.map(|ByteSize(bytes)| bytes);
    let rows = [
        (
            "scrape_body",
            bytes(inherited.body_size_limit),
            bytes(default.body_size_limit),
            "bytes",
            "global.body_size_limit",
        ),
        ("scrape_samples", inherited.sample_limit, default.sample_limit, "", "global.sample_limit"),
        ("scrape_targets", inherited.target_limit, default.target_limit, "", "global.target_limit"),
        ("scrape_labels", inherited.label_limit, default.label_limit, "", "global.label_limit"),
        (
            "scrape_label_name",
            inherited.label_name_length_limit,
            default.label_name_length_limit,
            "bytes",
            "global.label_name_length_limit",
        ),
        (
            "scrape_label_value",
            inherited.label_value_length_limit,
            default.label_value_length_limit,
            "bytes",
            "global.label_value_length_limit",
        ),
    ];
    // Zero is how a configuration says that there is no limit.
    let number = |limit: Option<u64>| limit.filter(|limit| *limit > 0).map(|limit| limit as f64);
    rows.map(|(name, value, default, unit, setting)| LimitStatus {
        name,
        value: number(value),
        default: number(default),
        used: None,
        unit,
        setting,
    })
    .into()
}
