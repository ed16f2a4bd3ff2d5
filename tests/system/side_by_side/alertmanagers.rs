//! Alerts of narthex's rules, sent to a real Alertmanager; and the same rules over the history that narthex has of them.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Process, can_run, installed, wait_until};
use crate::http;
use crate::narthex::{Narthex, PROGRAM, free_address};

const FOR_ALERTMANAGER: &str = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

fn write_rules(dir: &Path, expr: &str) {
    let rule = json!({
        "alert": "Answers",
        "expr": expr,
        "labels": {"severity": "{{ if eq $value 1.0 }}info{{ end }}"},
        "annotations": {"summary": "{{ $labels.instance }} <answers>"},
    });
    std::fs::write(dir.join("rules.yml"), json!({"groups": [{"name": "g", "rules": [rule]}]}).to_string()).unwrap();
}

#[test]
fn an_alertmanager_hears_what_fires_and_what_has_ended() {
    let program = installed("peers/alertmanager");
    if !can_run(std::slice::from_ref(&program), "tests/peers/build alertmanager") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (free_address(), free_address());
    std::fs::write(dir.path().join("alertmanager.yml"), FOR_ALERTMANAGER).unwrap();
    let mut command = Command::new(program);
    command
        .arg(format!("--config.file={}", dir.path().join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", dir.path().join("alertmanager").display()))
        .arg(format!("--web.listen-address={theirs}"))
        .arg("--web.route-prefix=/am")
        .arg("--cluster.listen-address=");
    let _alertmanager = Process::start(&mut command, &dir.path().join("alertmanager.log"));
    let get = |path: &str| http::get(theirs, &format!("/am{path}"));
    wait_until("Alertmanager is ready", || get("/-/ready").is_ok_and(|response| response.status == 200));

    let configuration = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{site: here, severity: never}}}}\n\
         rule_files: [rules.yml]\n\
         scrape_configs: [{{job_name: self, static_configs: [{{targets: ['{ours}']}}]}}]\n\
         narthex: {{self_alerts: false}}\n\
         alerting:\n\
         \x20 alert_relabel_configs: [{{regex: job, action: labeldrop}}]\n\
         \x20 alertmanagers:\n\
         \x20 - path_prefix: /am\n\
         \x20   file_sd_configs: [{{files: [found.json]}}]\n"
    );
    std::fs::write(dir.path().join("prometheus.yml"), configuration).unwrap();
    std::fs::write(dir.path().join("found.json"), json!([{"targets": [theirs.to_string()]}]).to_string()).unwrap();
    write_rules(dir.path(), "up == 1");
    let narthex = Narthex::start(dir.path(), ours, &[]);
    // Of a disk that is nearly full narthex tells too.
    let heard = || get("/api/v2/alerts?filter=alertname=Answers").unwrap().json().as_array().unwrap().clone();
    wait_until("the alert is there", || heard().len() == 1);
    let alert = heard().remove(0);
    let labels = json!({"alertname": "Answers", "instance": ours.to_string(), "severity": "info", "site": "here"});
    assert_eq!(alert["labels"], labels);
    assert_eq!(alert["annotations"], json!({"summary": format!("{ours} <answers>")}));
    assert!(alert["generatorURL"].as_str().unwrap().contains("/graph?g0.expr=up+%3D%3D+1"), "{alert}");
    let found = narthex.api("/api/v1/alertmanagers");
    let url = format!("http://{theirs}/am/api/v2/alerts");
    assert_eq!(found, json!({"activeAlertmanagers": [{"url": url}], "droppedAlertmanagers": []}));

    // A back-test looks at whole seconds.
    wait_until("some seconds are stored", || narthex.samples("up").iter().any(|(_, samples)| samples.len() > 3));
    let history = Command::new(PROGRAM)
        .current_dir(dir.path())
        .args(["test", "rules", "rules.yml", "--history=1h", "--step=1s", "--server", &format!("http://{ours}")])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&history.stdout);
    assert!(history.status.success(), "{text}{}", String::from_utf8_lossy(&history.stderr));
    assert!(text.contains("  Answers: fired 1 times, ") && text.contains("instance=\""), "{text}");

    write_rules(dir.path(), "up == 2");
    narthex.signal("HUP");
    wait_until("the alert is over", || heard().is_empty());
    let metrics = http::get(ours, "/metrics").unwrap().text();
    for family in ["sent_total", "errors_total", "dropped_total", "queue_length", "latency_histogram_seconds_count"] {
        let line = format!("prometheus_notifications_{family}{{alertmanager=\"{url}\"}} ");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}
