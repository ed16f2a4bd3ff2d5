//! The same real targets, scraped by Prometheus and by narthex with the same file; and all that Prometheus scrapes, sent
//! by it to a second narthex.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::answers::{Answer, ask};
use super::targets::{Target, Targets, needed};
use super::{LONGEST_WAIT, Prometheus, can_run, installed, wait_until};
use crate::narthex::{Narthex, free_address};

/// Questions over what the targets say, asked of Prometheus and of the narthex that has the same samples.
const QUESTIONS: [&str; 40] = [
    "up",
    "sum by (job) (up)",
    "count by (job) ({__name__=~\".+\"})",
    "scrape_samples_scraped",
    "rate(node_cpu_seconds_total[20s])",
    "sum by (mode) (rate(node_cpu_seconds_total[30s]))",
    "1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[30s]))",
    "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    "topk(3, node_filesystem_size_bytes)",
    "max by (device) (node_filesystem_avail_bytes) / 1024 / 1024",
    "irate(node_network_receive_bytes_total[20s])",
    "delta(node_memory_MemFree_bytes[30s])",
    "deriv(node_memory_MemFree_bytes[30s])",
    "predict_linear(node_memory_MemFree_bytes[30s], 3600)",
    "node_load1 > 0.01",
    "node_load1 > bool 100",
    "histogram_quantile(0.9, sum by (le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[30s])))",
    "histogram_quantile(0.5, rate(etcd_disk_backend_commit_duration_seconds_bucket[30s]))",
    "etcd_server_has_leader == 1",
    "sum(etcd_mvcc_db_total_size_in_bytes) by (instance)",
    "changes(etcd_server_proposals_committed_total[30s])",
    "resets(process_cpu_seconds_total[30s])",
    "metrics_master_aliveWorkers_Value",
    "{__name__=~\"metrics_master_.+\"}",
    "sum without (executor_id) (metrics_executor_completedTasks_total)",
    "increase(metrics_executor_completedTasks_total[20s])",
    "quantile_over_time(0.9, process_resident_memory_bytes[30s])",
    "stddev_over_time(node_load1[30s])",
    "avg_over_time(scrape_duration_seconds[30s])",
    "max_over_time(rate(process_cpu_seconds_total[10s])[20s:2s])",
    "count_values(\"version\", prometheus_build_info)",
    "label_replace(up, \"host\", \"$1\", \"instance\", \"(.*):.*\")",
    "absent(no_such_metric{job=\"x\"})",
    "up unless on (job) etcd_server_has_leader",
    "process_open_fds / on (instance, job) process_max_fds",
    "up * on (job) group_left (version) label_replace(prometheus_build_info, \"x\", \"y\", \"\", \"\")",
    "prometheus_http_requests_total offset 10s",
    "sum(rate(prometheus_http_requests_total[30s] @ end()))",
    "avg by (quantile) (go_gc_duration_seconds)",
    "sort_desc(sum by (job) (scrape_samples_post_metric_relabeling))",
];

#[test]
fn the_same_targets_give_the_same_series_and_the_same_samples_the_same_answers() {
    let mut installed_things = needed();
    installed_things.push(installed("peers/prometheus"));
    if !can_run(&installed_things, "run tests/peers/build prometheus and tests/targets/install") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let targets = Targets::start(dir.path());
    let (prometheus_address, receiver_address) = (free_address(), free_address());
    // Both scrape the same; only Prometheus sends what it has scraped on.
    let scraped = scrape_configs(&targets.targets, prometheus_address);
    std::fs::write(dir.path().join("prometheus.yml"), &scraped).unwrap();
    let configuration = dir.path().join("sending.yml");
    let sending = format!("{scraped}remote_write: [{{url: 'http://{receiver_address}/api/v1/write'}}]\n");
    std::fs::write(&configuration, sending).unwrap();

    // The receiver has a directory, and a configuration, of its own.
    let receiver_dir = dir.path().join("receiver");
    std::fs::create_dir(&receiver_dir).unwrap();
    std::fs::write(receiver_dir.join("prometheus.yml"), "scrape_configs: []\n").unwrap();
    let receiver = Narthex::start(&receiver_dir, receiver_address, &[]);
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    let prometheus = Prometheus::start(dir.path(), prometheus_address, &configuration);

    for target in targets.targets.iter().filter(|target| target.is_for_both) {
        compare_series(target.job, &prometheus, &narthex);
    }
    compare_series("prometheus", &prometheus, &narthex);
    for target in targets.targets.iter().filter(|target| !target.is_for_both) {
        check_mesos(target, &narthex);
    }

    // Half a minute of samples, then all that Prometheus has scraped up to then is in the receiver too.
    let end = now_seconds() + 30;
    wait_until("the receiver has all samples", || {
        let newest = ask(receiver.address, "/api/v1/query", &[("query", "min(timestamp(up))")]);
        matches!(newest, Answer::Samples { series, .. } if series.values().flatten().any(|(_, value)| value.parse::<f64>().unwrap() > end as f64 + 4.0))
    });
    // Prometheus sends from several queues, of which one may be behind that of `up`.
    let query = "sum by (job) (count_over_time({__name__=~\".+\"}[40s]))";
    let counts = |address| ask(address, "/api/v1/query", &[("query", query), ("time", &end.to_string())]);
    wait_until("the receiver has as many", || {
        counts(prometheus.address).difference(&counts(receiver.address)).is_none()
    });
    compare_answers(&prometheus, &receiver, end);
}

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn scrape_configs(targets: &[Target], prometheus: std::net::SocketAddr) -> String {
    let mut text = format!(
        "global: {{scrape_interval: 2s, scrape_timeout: 2s}}\n\
         scrape_configs:\n- job_name: prometheus\n  static_configs: [{{targets: ['{prometheus}']}}]\n"
    );
    for Target { job, address, path, .. } in targets {
        text.push_str(&format!(
            "- job_name: {job}\n  metrics_path: {path}\n  fallback_scrape_protocol: PrometheusText0.0.4\n  \
             static_configs: [{{targets: ['{address}']}}]\n"
        ));
    }
    text
}

/// What must have the same values on both, beside the names and labels of all series.
const COUNTS: [&str; 3] = ["up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling"];

/// Asks both until, at some moment, both have the same series of a job and the same counts, all of it up. Series come and
/// go (an application's jobs, Prometheus's own counters), so one look may fall between two scrapes.
fn compare_series(job: &str, prometheus: &Prometheus, narthex: &Narthex) {
    let query = format!("{{job=\"{job}\"}}");
    let look = |address| ask(address, "/api/v1/query", &[("query", &query)]);
    let mut last = (look(prometheus.address), look(narthex.address));
    let started = std::time::Instant::now();
    let mut is_equal = false;
    while !is_equal && started.elapsed() < LONGEST_WAIT {
        std::thread::sleep(Duration::from_millis(500));
        last = (look(prometheus.address), look(narthex.address));
        let (one, other) = (counts(&last.0), counts(&last.1));
        is_equal = one == other
            && one.iter().all(|(name, value)| name != "up" || value == "1")
            && one.len() == COUNTS.len()
            && last.0.label_sets() == last.1.label_sets();
    }
    let sets = |answer: &Answer| answer.label_sets().into_iter().cloned().collect::<BTreeSet<_>>();
    let (one, other) = (sets(&last.0), sets(&last.1));
    let only_one: Vec<_> = one.difference(&other).take(5).collect();
    let only_other: Vec<_> = other.difference(&one).take(5).collect();
    assert!(
        is_equal,
        "{job}: {} / {} series; only Prometheus {only_one:?}, only narthex {only_other:?}; {:?} / {:?}; {}",
        one.len(),
        other.len(),
        counts(&last.0),
        counts(&last.1),
        last_error(narthex, job)
    );
    println!("{job}: {} series on both; on both {:?}", one.len(), counts(&last.0));
}

/// Why the last scrape of a job failed.
fn last_error(narthex: &Narthex, job: &str) -> String {
    narthex.api(&format!("/api/v1/targets?scrapePool={job}"))["activeTargets"][0]["lastError"].to_string()
}

/// The values of [`COUNTS`].
fn counts(answer: &Answer) -> Vec<(String, String)> {
    let Answer::Samples { series, .. } = answer else { return Vec::new() };
    let name = |labels: &str| serde_json::from_str::<serde_json::Value>(labels).unwrap()["__name__"].clone();
    let named = series.iter().map(|(labels, points)| (name(labels).as_str().unwrap().to_owned(), points[0].1.clone()));
    named.filter(|(name, _)| COUNTS.contains(&name.as_str())).collect()
}

/// What only narthex can read.
fn check_mesos(target: &Target, narthex: &Narthex) {
    wait_until(&format!("{} is up", target.job), || {
        ask(narthex.address, "/api/v1/query", &[("query", &format!("up{{job=\"{}\"}} == 1", target.job))]).n_samples()
            == 1
    });
    let query = format!("{{job=\"{}\", __name__=~\"mesos_.+\"}}", target.job);
    let answer = ask(narthex.address, "/api/v1/query", &[("query", &query)]);
    let n_keys = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(
        &crate::http::get(target.address, target.path).unwrap().body,
    )
    .unwrap()
    .len();
    assert_eq!(answer.n_samples(), n_keys, "{}: every key of the snapshot is a series", target.job);
    println!("{}: {n_keys} series, narthex alone", target.job);
}

fn compare_answers(prometheus: &Prometheus, receiver: &Narthex, end: u64) {
    let (start, end) = ((end - 28).to_string(), end.to_string());
    let mut n_samples = 0;
    for query in QUESTIONS {
        for (path, parameters) in [
            ("/api/v1/query", vec![("query", query), ("time", end.as_str())]),
            ("/api/v1/query_range", vec![("query", query), ("start", &start), ("end", &end), ("step", "2")]),
        ] {
            let (one, other) = (ask(prometheus.address, path, &parameters), ask(receiver.address, path, &parameters));
            assert_eq!(one.difference(&other), None, "{path} {query}: Prometheus / narthex");
            assert!(one.n_samples() > 0, "{path} {query} finds something");
            n_samples += one.n_samples();
        }
    }
    println!("{} questions, instant and range: {n_samples} samples, equal answers", QUESTIONS.len());
}
