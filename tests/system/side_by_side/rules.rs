//! The same rule files over the same target, in Prometheus and in narthex: both endpoints, and the series that rules write.

use std::net::SocketAddr;

use serde_json::Value;

use super::{Prometheus, can_run, installed, wait_until};
use crate::http;
use crate::narthex::{Narthex, free_address};

const RULES: &str = r#"
groups:
- name: all
  interval: 1s
  labels: {team: core}
  rules:
  - {record: 'job:up:sum', expr: 'sum  by(job) (up)', labels: {kind: sum}}
  - {record: twice, expr: 'job:up:sum*2'}
  - alert: Up
    expr: up == 1
    labels: {severity: 'page {{ $labels.job }}', team: other}
    annotations: {summary: '{{ $labels.job }} is up: {{ $value }} <&>', plain: text}
  - {alert: Slow, expr: up == 1, for: 1h}
  - {alert: Never, expr: up == 2, for: 90s, keep_firing_for: 5m}
- name: limited
  interval: 1s
  limit: 1
  rules:
  - {record: many, expr: '{job="prometheus", __name__=~"prometheus_build_info|up"}'}
  - {alert: Many, expr: 'count_values("v", {job="prometheus", __name__=~"up|scrape_samples_scraped"})'}
- name: failing
  interval: 1s
  rules:
  - {record: same, expr: '{job="prometheus", __name__=~"up|scrape_samples_scraped"}'}
  - {alert: Broken, expr: up, annotations: {text: '{{ query "up(" }}'}}
"#;

const PATHS: [&str; 11] = [
    "/api/v1/rules",
    "/api/v1/rules?type=alert",
    "/api/v1/rules?type=record",
    "/api/v1/rules?type=alert&exclude_alerts=true",
    "/api/v1/rules?rule_name[]=Up&rule_name[]=twice",
    "/api/v1/rules?rule_group[]=limited",
    "/api/v1/rules?match[]=%7Bteam=%22core%22%7D",
    "/api/v1/rules?group_limit=1",
    "/api/v1/rules?group_limit=0",
    "/api/v1/rules?group_limit=1&group_next_token=x",
    "/api/v1/alerts",
];

const QUERIES: [&str; 6] = ["ALERTS", "count(ALERTS_FOR_STATE)", "job:up:sum", "twice", "count(many)", "count(same)"];

#[test]
fn the_same_rules_give_the_same_answers() {
    if !can_run(&[installed("peers/prometheus")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (prometheus_address, narthex_address) = (free_address(), free_address());
    std::fs::write(dir.path().join("rules.yml"), RULES).unwrap();
    // Both look at Prometheus, by the same name.
    let configuration = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nrule_files: [rules.yml]\nscrape_configs:\n- job_name: prometheus\n  \
         static_configs: [{{targets: ['{prometheus_address}']}}]\n"
    );
    let path = dir.path().join("prometheus.yml");
    std::fs::write(&path, configuration).unwrap();
    let prometheus = Prometheus::start(dir.path(), prometheus_address, &path);
    let narthex = Narthex::start(dir.path(), narthex_address, &[&format!("--config.file={}", path.display())]);
    wait_until("both have evaluated all rules and are as they stay", || {
        [prometheus.address, narthex.address].iter().all(|address| is_settled(*address))
    });
    let mut different = Vec::new();
    for path in PATHS {
        let (want, got) = (answer(prometheus.address, path), answer(narthex.address, path));
        if want != got {
            different.push(format!("{path}\n  Prometheus {want}\n  narthex    {got}"));
        }
    }
    for query in QUERIES {
        let path = format!("/api/v1/query?query={}", http::encoded(query));
        let (want, got) = (answer(prometheus.address, &path), answer(narthex.address, &path));
        if want != got {
            different.push(format!("{query}\n  Prometheus {want}\n  narthex    {got}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    println!("{} answers of the API and {} queries over what rules write: equal", PATHS.len(), QUERIES.len());
}

/// Whether each rule has been evaluated and has the alerts that it will have.
fn is_settled(address: SocketAddr) -> bool {
    let groups = answer(address, "/api/v1/rules");
    let rules = groups["data"]["groups"].as_array().into_iter().flatten();
    let rules: Vec<&Value> = rules.flat_map(|group| group["rules"].as_array().into_iter().flatten()).collect();
    let state = |name: &str| rules.iter().find(|rule| rule["name"] == name).map(|rule| rule["state"].clone());
    let n_alerts = |query: &str| {
        let path = format!("/api/v1/query?query={}", http::encoded(query));
        answer(address, &path)["data"]["result"].as_array().map_or(0, Vec::len)
    };
    rules.len() == 9
        && rules.iter().all(|rule| rule["health"] != "unknown")
        && state("Up") == Some("firing".into())
        && state("Slow") == Some("pending".into())
        && rules.iter().any(|rule| rule["name"] == "Many" && rule["health"] == "err")
        && n_alerts("ALERTS") == 3
}

/// An answer without what must differ: times and durations.
fn answer(address: SocketAddr, path: &str) -> Value {
    let response = http::get(address, path).unwrap();
    let mut document = response.json();
    blur(&mut document);
    document
}

fn blur(value: &mut Value) {
    const TIMES: [&str; 3] = ["evaluationTime", "lastEvaluation", "activeAt"];
    match value {
        Value::Object(entries) => {
            for (key, value) in entries.iter_mut() {
                if TIMES.contains(&key.as_str()) {
                    *value = Value::from("some");
                } else if key == "value" && value.is_array() {
                    value[0] = Value::from("now");
                } else {
                    blur(value);
                }
            }
        }
        Value::Array(items) => {
            items.iter_mut().for_each(blur);
            // Instances and series come in any order.
            items.sort_by_key(|item| {
                if item.get("labels").is_some() || item.get("metric").is_some() {
                    item.to_string()
                } else {
                    String::new()
                }
            });
        }
        _ => {}
    }
}
