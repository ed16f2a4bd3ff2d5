//! A query of an error budget that fails: whoever looks is told, the log once, until it works again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::exporter::Exporter;
use crate::narthex::{Narthex, free_address};
use crate::waiting::wait_until;

/// Of a gauge that no selector names.
const SPEC: &str = r#"
apiVersion: openslo/v1
kind: Service
metadata: {name: queue}
spec: {description: a queue}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: fresh, displayName: The queue is short}
spec:
  service: queue
  indicator:
    metadata: {name: lag}
    spec:
      thresholdMetric:
        metricSource: {type: Prometheus, spec: {query: 'lag / on (job) max by (job) (lag)'}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: short, op: lt, value: 5, targetPercent: 99}]
"#;

#[test]
fn a_query_that_fails_is_told_of_until_it_works_again() {
    let dir = tempfile::tempdir().unwrap();
    let is_double = Arc::new(AtomicBool::new(false));
    let shown = Arc::clone(&is_double);
    let exporter = Exporter::serving(move |_| {
        let second = if shown.load(Ordering::SeqCst) { "lag{part=\"2\"} 1\n" } else { "" };
        format!("lag{{part=\"1\"}} 1\n{second}")
    });
    let prometheus = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
         narthex: {{slo_files: [slo.yml], self_alerts: false}}\n\
         scrape_configs:\n- job_name: queue\n  static_configs: [{{targets: ['{}']}}]\n",
        exporter.address
    );
    std::fs::write(dir.path().join("prometheus.yml"), prometheus).unwrap();
    std::fs::write(dir.path().join("slo.yml"), SPEC).unwrap();
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    let slo = || narthex.api("/api/v1/slos/fresh");
    let n_counted = |slo: &Value| slo["total"].as_u64().unwrap();
    wait_until("it is counted", || n_counted(&slo()) >= 3);
    assert_eq!(slo()["sampling_error"], Value::Null);
    is_double.store(true, Ordering::SeqCst);
    wait_until("it fails", || slo()["sampling_error"].is_object());
    let told = slo()["sampling_error"].take();
    assert_eq!(told["query"], "lag / on (job) max by (job) (lag)");
    assert!(told["error"].as_str().unwrap().contains("many-to-one matching must be explicit"), "{told}");
    let n_before = n_counted(&slo());
    wait_until("it is asked again and again", || {
        let metrics = crate::http::get(narthex.address, "/metrics").unwrap().text();
        let failures = metrics.lines().find_map(|line| line.strip_prefix("narthex_slo_failures_total "));
        failures.is_some_and(|n| n.parse::<f64>().unwrap() >= 4.0)
    });
    assert_eq!((slo()["sampling_error"]["since"].clone(), n_counted(&slo())), (told["since"].clone(), n_before));
    is_double.store(false, Ordering::SeqCst);
    wait_until("it works again", || slo()["sampling_error"].is_null() && n_counted(&slo()) > n_before);
    let log = std::fs::read_to_string(dir.path().join("log")).unwrap();
    let n_said = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    let said = ["a query of an error budget fails", "is evaluated again"].map(n_said);
    assert_eq!(said, [1, 1], "{log}");
}
