//! The state of alerts over kills of the real process.

use serde_json::Value;

use crate::narthex::{Narthex, free_address};

const RULES: &str = "groups:\n- name: g\n  interval: 1s\n  rules:\n  - {record: twice, expr: up * 2}\n  \
                     - {alert: Fires, expr: up == 1}\n  - {alert: Pending, expr: up == 1, for: 1h}\n";

/// Alerts as `NAME STATE activeAt`, sorted.
fn alerts(narthex: &Narthex) -> Vec<String> {
    let data = narthex.api("/api/v1/alerts");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let shown = |alert: &Value| {
        format!("{} {} {}", text(&alert["labels"]["alertname"]), text(&alert["state"]), text(&alert["activeAt"]))
    };
    let mut shown: Vec<String> = data["alerts"].as_array().unwrap().iter().map(shown).collect();
    shown.sort();
    shown
}

/// Waits until something of a running narthex is so.
fn wait_until<T: std::fmt::Debug>(narthex: &Narthex, look: impl Fn(&Narthex) -> T, is_so: impl Fn(&T) -> bool) -> T {
    let started = std::time::Instant::now();
    loop {
        let seen = look(narthex);
        if is_so(&seen) {
            return seen;
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(180), "{seen:?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// When the group was last evaluated; empty where it has not been.
fn last_evaluation(narthex: &Narthex) -> String {
    let group = &narthex.api("/api/v1/rules")["groups"][0];
    let at = group["lastEvaluation"].as_str().unwrap_or_default().to_owned();
    if at.starts_with("0001") { String::new() } else { at }
}

#[test]
fn alerts_are_what_they_were_after_kills() {
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    std::fs::write(dir.path().join("rules.yml"), RULES).unwrap();
    let configuration = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nrule_files: ['*les.yml']\nscrape_configs:\n- job_name: narthex\n  \
         static_configs: [{{targets: ['{address}']}}]\n"
    );
    std::fs::write(dir.path().join("prometheus.yml"), configuration).unwrap();
    let mut narthex = Narthex::start(dir.path(), address, &[]);
    let is_firing = |alerts: &Vec<String>| alerts.len() == 2 && alerts[0].starts_with("Fires firing");
    let before = wait_until(&narthex, alerts, is_firing);
    for _ in 0..3 {
        narthex.kill();
        narthex = Narthex::start(dir.path(), address, &[]);
        assert_eq!(alerts(&narthex), before, "at once");
        wait_until(&narthex, last_evaluation, |at| !at.is_empty());
        assert_eq!(alerts(&narthex), before, "after an evaluation");
    }
    // A file that is wrong changes nothing, and is named with its line.
    std::fs::write(dir.path().join("rules.yml"), RULES.replace("up * 2", "up * ")).unwrap();
    narthex.signal("HUP");
    wait_until(
        &narthex,
        |_| std::fs::read_to_string(dir.path().join("log")).unwrap_or_default(),
        |log| log.contains("rules.yml:5:") && log.contains("could not parse expression"),
    );
    assert_eq!(alerts(&narthex), before);
    // A rule that goes takes its alerts with it; the others stay.
    std::fs::write(dir.path().join("rules.yml"), RULES.replace("  - {alert: Fires, expr: up == 1}\n", "")).unwrap();
    narthex.signal("HUP");
    let left = wait_until(&narthex, alerts, |alerts| alerts.len() == 1);
    assert_eq!(left, before[1..]);
}
