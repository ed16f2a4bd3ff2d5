//! Mesos, over captures of the real thing: every name becomes exactly one series, of the type that Mesos documents, and
//! where the only other exporter says the same, it says it with the same value.

use std::collections::BTreeMap;

use model::Labels;
use scrape::parse::{Event, Format, MetricType, Options, Parser};
use scrape::smack::mesos::{self, Snapshot};

use crate::data;

const SNAPSHOTS: [(&str, usize); 9] = [
    ("exporter_pair/agent_metrics_snapshot.json", 431),
    ("exporter_pair/master_metrics_snapshot.json", 431),
    ("metrics_snapshot_after_framework_disconnect.json", 419),
    ("metrics_snapshot_master_0agents.json", 224),
    ("metrics_snapshot_master_1agent.json", 431),
    ("metrics_snapshot_master_2agents.json", 428),
    ("versions/mesos-1.4.3-metrics_snapshot.json", 201),
    ("versions/mesos-1.7.3-metrics_snapshot.json", 270),
    ("versions/mesos-1.9.0-metrics_snapshot.json", 359),
];

/// The series of a capture with their types and values.
fn series_of(body: &[u8]) -> BTreeMap<Labels, (MetricType, f64)> {
    let snapshot = Snapshot::parse(body).unwrap();
    let n_metrics = snapshot.metrics.len();
    let all: BTreeMap<_, _> = snapshot
        .metrics
        .iter()
        .map(|(name, value)| (mesos::series(name), value))
        .map(|(series, value)| (series.labels, (series.metric_type, *value)))
        .collect();
    assert_eq!(all.len(), n_metrics, "two names became the same series");
    all
}

#[test]
fn every_name_becomes_one_series() {
    for (path, n_metrics) in SNAPSHOTS {
        let Some(body) = data::suite_file(&format!("smack/mesos/{path}")) else { return };
        let series = series_of(&body);
        assert_eq!(series.len(), n_metrics, "{path}");
        for labels in series.keys() {
            assert!(model::name::is_legacy_metric_name(labels.metric_name()), "{labels}");
            assert!(labels.iter().all(|(name, _)| model::name::is_legacy_label_name(name)), "{labels}");
        }
        println!("{path}: {n_metrics} names, as many series");
    }
}

#[test]
fn values_are_those_of_the_snapshot() {
    let Some(body) = data::suite_file("smack/mesos/metrics_snapshot_master_1agent.json") else { return };
    let text = std::str::from_utf8(&body).unwrap().trim();
    let pairs = text.trim_start_matches('{').trim_end_matches('}').split(',');
    let expected: Vec<(String, u64)> = pairs
        .map(|pair| pair.rsplit_once(':').unwrap())
        .map(|(name, value)| (name.trim_matches('"').to_owned(), value.parse::<f64>().unwrap().to_bits()))
        .collect();
    let metrics = Snapshot::parse(&body).unwrap().metrics;
    let ours: Vec<(String, u64)> = metrics.into_iter().map(|(name, value)| (name.into(), value.to_bits())).collect();
    assert_eq!(ours, expected);
}

#[test]
fn types_are_those_that_mesos_documents() {
    let Some(table) = data::suite_file("smack/mesos/mesos-documented-metrics.tsv") else { return };
    let table = String::from_utf8(table).unwrap();
    let mut n_checked = 0;
    for row in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let expected = match columns[3] {
            "Counter" => MetricType::Counter,
            "Gauge" => MetricType::Gauge,
            // Six rows are another table of that page.
            _ => continue,
        };
        let name = example(columns[2], expected);
        assert_eq!(mesos::series(&name).metric_type, expected, "{name}");
        n_checked += 1;
    }
    assert_eq!(n_checked, 260);
    println!("mesos-documented-metrics.tsv: {n_checked} types");
}

/// A documented name with something in place of its placeholders. Where a state is left open, it is one that fits the
/// type: operations end in some states and pass through others.
fn example(documented: &str, metric_type: MetricType) -> String {
    let state = if metric_type == MetricType::Counter { "finished" } else { "pending" };
    documented
        .replace("<i>", "")
        .replace("</i>", "")
        .replace("<ENCODED_FRAMEWORK_NAME>", "spark%20etl")
        .replace("<FRAMEWORK_ID>", "edca84d8-0000")
        .replace("<ROLE_NAME>", "a/b")
        .replace("<role>", "a/b")
        .replace("<resource>", "cpus")
        .replace("<type>", "org.apache.mesos.rp.local.storage")
        .replace("<name>", "disk1")
        .replace("<operation>", "create_disk")
        .replace("<OPERATION_TYPE>", "create")
        .replace("<CALL_TYPE>", "accept")
        .replace("<EVENT_TYPE>", "offers")
        .replace("<TASK_STATE>", "task_killed")
        .replace("<OPERATION_STATE>", state)
}

#[test]
fn what_the_exporter_says_too_has_the_same_value() {
    // What mesos_exporter calls it, and what it is called here. The snapshots were taken a second apart, so only
    // what stands still is compared.
    check_against_exporter(
        "master",
        &[
            (
                "mesos_master_allocator_offer_filters_active{role=\"kafka\"}",
                "mesos_allocator_mesos_offer_filters_roles_active{role=\"kafka\"}",
            ),
            (
                "mesos_master_allocator_offer_filters_active{role=\"analytics/etl\"}",
                "mesos_allocator_mesos_offer_filters_roles_active{role=\"analytics/etl\"}",
            ),
            (
                "mesos_master_allocator_role_shares_dominant{role=\"analytics/etl\"}",
                "mesos_allocator_mesos_roles_shares_dominant{role=\"analytics/etl\"}",
            ),
            (
                "mesos_master_allocator_role_shares_dominant{role=\"kafka\"}",
                "mesos_allocator_mesos_roles_shares_dominant{role=\"kafka\"}",
            ),
            (
                "mesos_master_allocator_resources_mem{type=\"offered_or_allocated\"}",
                "mesos_allocator_mesos_resources_mem_offered_or_allocated",
            ),
            ("mesos_master_allocator_resources_disk{type=\"total\"}", "mesos_allocator_mesos_resources_disk_total"),
            ("mesos_master_cpus{type=\"percent\"}", "mesos_master_cpus_percent"),
            ("mesos_master_cpus{type=\"total\"}", "mesos_master_cpus_total"),
            ("mesos_master_cpus{type=\"used\"}", "mesos_master_cpus_used"),
            ("mesos_master_mem{type=\"percent\"}", "mesos_master_mem_percent"),
            ("mesos_master_mem{type=\"used\"}", "mesos_master_mem_used"),
            ("mesos_master_elected", "mesos_master_elected"),
            ("mesos_master_messages{type=\"launch_tasks\"}", "mesos_master_messages_launch_tasks"),
            ("mesos_master_messages{type=\"status_update\"}", "mesos_master_messages_status_update"),
            ("mesos_master_messages{type=\"decline_offers\"}", "mesos_master_messages_decline_offers"),
            (
                "mesos_master_slave_removal_events_reasons{reason=\"registered\"}",
                "mesos_master_slave_removals_reason_registered",
            ),
        ],
    );
    check_against_exporter(
        "agent",
        &[
            ("mesos_slave_cpus{type=\"used\"}", "mesos_slave_cpus_used"),
            ("mesos_slave_disk{type=\"total\"}", "mesos_slave_disk_total"),
            ("mesos_slave_container_launch_errors", "mesos_slave_container_launch_errors"),
            (
                "mesos_slave_containerizer_fetcher_cache_size{type=\"total\"}",
                "mesos_containerizer_fetcher_cache_size_total_bytes",
            ),
            (
                "mesos_slave_containerizer_fetcher_task_fetches{outcome=\"success\"}",
                "mesos_containerizer_fetcher_task_fetches_succeeded",
            ),
            (
                "mesos_slave_executor_directory_max_allowed_age_secs",
                "mesos_slave_executor_directory_max_allowed_age_secs",
            ),
            ("mesos_slave_executor_state{state=\"running\"}", "mesos_slave_executors_running"),
            ("mesos_slave_frameworks_active", "mesos_slave_frameworks_active"),
            ("mesos_slave_gc_path_removals_pending", "mesos_gc_path_removals_pending"),
        ],
    );
}

fn check_against_exporter(part: &str, pairs: &[(&str, &str)]) {
    let read = |name: String| data::suite_file(&format!("smack/mesos/exporter_pair/{name}"));
    let Some(snapshot) = read(format!("{part}_metrics_snapshot.json")) else { return };
    let Some(exported) = read(format!("mesos_exporter-1.1.2-{part}.prom")) else { return };
    let exported = samples(&exported);
    let ours: BTreeMap<String, f64> =
        series_of(&snapshot).iter().map(|(labels, (_, value))| (written(labels), *value)).collect();
    for (theirs, name) in pairs {
        assert_eq!(exported.get(*theirs), ours.get(*name), "{name}");
        assert!(ours.contains_key(*name), "{name}");
    }
}

fn samples(body: &[u8]) -> BTreeMap<String, f64> {
    let mut parser = Parser::new(Format::PrometheusText, body, Options::default());
    let mut samples = BTreeMap::new();
    while let Some(event) = parser.next().unwrap() {
        if let Event::Series { sample, .. } = event {
            samples.insert(written(&parser.labels().unwrap()), sample.value);
        }
    }
    samples
}

fn written(labels: &Labels) -> String {
    let rest = labels.without_metric_name();
    let rest = if rest.is_empty() { String::new() } else { rest.to_string() };
    format!("{}{rest}", labels.metric_name())
}

#[test]
fn memory_is_in_megabytes_as_mesos_gives_it() {
    // The exporter multiplies by 1024 once and calls the result bytes: 8388608 for 8192 MB.
    let Some(body) = data::suite_file("smack/mesos/exporter_pair/agent_metrics_snapshot.json") else { return };
    let mem_total = Labels::from_pairs([("__name__", "mesos_slave_mem_total")]);
    assert_eq!(series_of(&body)[&mem_total].1, 8192.0);
}
