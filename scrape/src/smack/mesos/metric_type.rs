//! Which of Mesos's metrics count, and which are gauges.
//!
//! Mesos's own documentation says it of some 260 names; that is all the evidence there is, since a snapshot has no
//! types. Names that are not documented follow those that they look like. A wrong guess must do little harm: what
//! looks like nothing is a gauge.

use crate::parse::MetricType;

/// Metrics that count, without the segments that have become labels. Sorted.
const COUNTERS: [&str; 39] = [
    "allocator/mesos/allocation_runs",
    "containerizer/fetcher/task_fetches_failed",
    "containerizer/fetcher/task_fetches_succeeded",
    "gc/path_removals_failed",
    "gc/path_removals_succeeded",
    "master/dropped_messages",
    "master/frameworks/calls",
    "master/frameworks/events",
    "master/frameworks/offers/accepted",
    "master/frameworks/offers/declined",
    "master/frameworks/offers/rescinded",
    "master/frameworks/offers/sent",
    "master/frameworks/operations",
    "master/http_cache_hits",
    "master/recovery_slave_removals",
    "master/slave_registrations",
    "master/slave_removals",
    "master/slave_reregistrations",
    "master/slave_shutdowns_canceled",
    "master/slave_shutdowns_completed",
    "master/slave_shutdowns_scheduled",
    "master/slave_unreachable_canceled",
    "master/slave_unreachable_completed",
    "master/slave_unreachable_scheduled",
    "master/tasks_dropped",
    "master/tasks_error",
    "master/tasks_failed",
    "master/tasks_finished",
    "master/tasks_gone",
    "master/tasks_gone_by_operator",
    "master/tasks_killed",
    "master/tasks_lost",
    "slave/executors_preempted",
    "slave/executors_terminated",
    "slave/tasks_failed",
    "slave/tasks_finished",
    "slave/tasks_gone",
    "slave/tasks_killed",
    "slave/tasks_lost",
];

/// Whatever begins with one of these counts.
const COUNTER_PREFIXES: [&str; 12] = [
    "master/frameworks/calls/",
    "master/frameworks/events/",
    "master/frameworks/operations/",
    "master/frameworks/tasks/terminal/",
    "master/invalid_",
    "master/messages_",
    "master/slave_removals/",
    "master/task_",
    "master/valid_",
    "resource_provider_manager/events/",
    "slave/invalid_",
    "slave/valid_",
];

/// Operations end in one of these states, and are counted there; in all other states they come and go.
const FINAL_STATES: [&str; 5] = ["dropped", "error", "failed", "finished", "gone_by_operator"];

/// What a storage plugin counts.
const PLUGIN_COUNTERS: [&str; 7] =
    ["cancelled", "container_terminations", "errors", "rpcs_cancelled", "rpcs_failed", "rpcs_finished", "successes"];

/// Ends like a count of errors, and is documented as a gauge: it is set once, after an agent's recovery.
const RECOVERY_ERRORS: &str = "slave/recovery_errors";

/// The type of a metric, given by its name without the segments that have become labels.
pub(super) fn of(pattern: &str) -> MetricType {
    if is_counter(pattern) { MetricType::Counter } else { MetricType::Gauge }
}

fn is_counter(pattern: &str) -> bool {
    let last = pattern.rsplit_once('/').map_or(pattern, |(_, last)| last);
    let begins_with = |prefix: &str| pattern.starts_with(prefix);
    if begins_with("master/operations/") || begins_with("resource_providers/operations/") {
        return FINAL_STATES.contains(&last);
    }
    if begins_with("resource_providers/csi_plugin/") {
        return PLUGIN_COUNTERS.contains(&last);
    }
    COUNTERS.binary_search(&pattern).is_ok()
        || COUNTER_PREFIXES.into_iter().any(begins_with)
        || (last.ends_with("_errors") && pattern != RECOVERY_ERRORS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_sorted() {
        assert!(COUNTERS.is_sorted());
    }

    #[test]
    fn names_that_nobody_documented_follow_those_they_look_like() {
        let check = |pattern: &str, metric_type: MetricType| assert_eq!(of(pattern), metric_type, "{pattern}");
        check("master/messages_of_a_later_version", MetricType::Counter);
        check("master/task_failed/source_executor/reason_command_executor_failed", MetricType::Counter);
        check("containerizer/mesos/provisioner/bind/remove_rootfs_errors", MetricType::Counter);
        check("resource_provider_manager/events/subscribe", MetricType::Counter);
        check("resource_provider_manager/subscribed", MetricType::Gauge);
        check("master/operations/unreachable", MetricType::Gauge);
        check("master/tasks_killing", MetricType::Gauge);
        check("slave/recovery_errors", MetricType::Gauge);
        check("registrar/registry_size_bytes", MetricType::Gauge);
        check("registrar/state_store_ms/count", MetricType::Gauge);
        check("a_module/of_someone_else", MetricType::Gauge);
    }
}
