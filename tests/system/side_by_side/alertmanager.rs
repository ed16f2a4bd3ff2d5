//! Beside a real Alertmanager 0.34: the same commands of amtool, the same requests, and the same answers; and a Prometheus
//! that sends its alerts to narthex.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use model::regex::GoRegex;

use super::{Process, Prometheus, can_run, installed, wait_until};
use crate::http;
use crate::narthex::{Narthex, free_address};

/// What both route by.
const CONFIGURATION: &str = r#"
route:
  receiver: web
  group_by: [alertname]
  routes:
  - {matchers: ['team="x"'], receiver: x, labels: {owner: '{{ .GroupLabels.alertname }}'}, continue: true}
  - {match_re: {team: x|y}, receiver: y, group_by: [...]}
receivers:
- name: web
- {name: x, labels: {kind: k}}
- {name: y, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [alertname]}
time_intervals: [{name: always, time_intervals: [{}]}]
"#;

/// What is narthex's own, and in nobody's way.
const OWN: &str = "narthex: {fallback_receiver: web}\n";

/// A narthex that says nothing of itself: the disk of whoever runs the tests may be nearly full.
const ALONE: &str = "narthex: {self_alerts: false}\n";

/// Both, by their addresses.
struct Pair {
    alertmanager: SocketAddr,
    narthex: SocketAddr,
    dir: PathBuf,
}

/// Names and times differ; everything else must not.
fn without_what_differs(text: &str, address: SocketAddr) -> String {
    static PATTERNS: LazyLock<[(GoRegex, &str); 4]> = LazyLock::new(|| {
        let pattern = |pattern| GoRegex::searching(pattern).unwrap();
        [
            (pattern("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
            (pattern(r"time=[-0-9T:.]+Z?(?:[+-][0-9:]+)? "), ""),
            (pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "<time>"),
            (pattern(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "<time>"),
        ]
    });
    let mut text = text.replace(&address.to_string(), "<address>");
    for (pattern, name) in &*PATTERNS {
        let mut replaced = String::new();
        let mut from = 0;
        while let Some((start, end)) = pattern.captures_from(&text, from).and_then(|captures| captures.span(0)) {
            replaced.push_str(&text[from..start]);
            replaced.push_str(name);
            from = end;
        }
        replaced.push_str(&text[from..]);
        text = replaced;
    }
    text
}

fn difference<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Option<String> {
    (ours != theirs).then(|| format!("{what}\n  narthex:      {ours:?}\n  Alertmanager: {theirs:?}\n"))
}

impl Pair {
    /// What amtool says of one of them, and its exit.
    fn amtool(&self, address: SocketAddr, arguments: &[&str]) -> (String, Option<i32>) {
        let mut command = Command::new(installed("peers/amtool"));
        command.arg(format!("--alertmanager.url=http://{address}")).args(arguments).current_dir(&self.dir);
        let output = command.env("HOME", &self.dir).output().unwrap();
        let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
        (without_what_differs(&text, address), output.status.code())
    }

    /// The id of the silence that somebody made.
    fn silence_of(&self, address: SocketAddr, author: &str) -> String {
        let document = http::get(address, "/api/v2/silences").unwrap().json();
        let silences = document.as_array().unwrap();
        let of_author = silences.iter().find(|silence| silence["createdBy"] == author);
        of_author.unwrap_or_else(|| panic!("{author} has no silence: {document}"))["id"].as_str().unwrap().to_owned()
    }

    /// Runs a command against both, and says how they differ; `@AUTHOR` is the id of somebody's silence.
    fn difference_of_command(&self, command: &str) -> Option<String> {
        let run = |address| {
            let arguments: Vec<String> = command
                .split(' ')
                .map(|word| match word.strip_prefix('@') {
                    Some(author) => self.silence_of(address, author),
                    None => word.to_owned(),
                })
                .collect();
            self.amtool(address, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
        };
        difference(&format!("amtool {command}"), &run(self.narthex), &run(self.alertmanager))
    }

    /// Asks both, and says how they differ.
    fn difference_of_request(&self, (method, path, body): (&str, &str, &str)) -> Option<String> {
        let ask = |address| {
            let headers: &[_] = if body.is_empty() { &[] } else { &[("Content-Type", "application/json")] };
            let response = http::request(address, method, path, headers, body.as_bytes()).unwrap();
            let header = |name| response.header(name).unwrap_or_default().to_owned();
            let headers = ["Content-Type", "Cache-Control", "Allow"].map(header);
            (response.status, headers, without_what_differs(&response.text(), address))
        };
        difference(&format!("{method} {path} {body}"), &ask(self.narthex), &ask(self.alertmanager))
    }
}

/// Commands in the order in which they are run.
const COMMANDS: &[&str] = &[
    "alert add alertname=a team=x severity=critical --annotation=summary=<b> --generator-url=http://g/",
    "alert add b job=c --start=2026-01-01T00:00:00Z --end=2099-01-01T00:00:00Z",
    "alert add alertname=a severity=warning",
    "alert add over --end=2026-01-01T00:00:00Z",
    "alert add alertname=中 team=y",
    "alert query",
    "alert",
    "-o extended alert query",
    "-o json alert query",
    "alert query a",
    "alert query team=~x|y",
    "alert query --inhibited",
    "alert query --silenced",
    "alert query --receiver=x",
    "alert query job!=c",
    "alert query nope=",
    "alert query {",
    "silence add alertname=a -c why -a me -d 2h",
    "silence add b job=~c.* -c why -a you --annotation=k=v -d 1h",
    "silence add x=y -c later -a later --start=2090-01-01T00:00:00Z --end=2091-01-01T00:00:00Z",
    "silence add -c nothing -a nobody",
    "silence add x= -c empty -a nobody",
    "silence query",
    "-o extended silence query",
    "-o json silence query",
    "silence query alertname=a -q",
    "silence query --created-by=you",
    "silence query --within=90m",
    "silence query --expired",
    "alert query",
    "alert query --silenced",
    "-o json alert query --silenced --inhibited",
    "silence update --duration=3h -c longer @me",
    "silence query",
    "silence expire @you",
    "silence expire nope",
    "silence expire 11111111-1111-4111-8111-111111111111",
    "silence query",
    "silence query --expired",
    "silence import good.json",
    "silence import bad.json",
    "silence import none.json",
    "silence query",
    "alert query",
    "config routes show",
    "config routes test team=x alertname=q",
    "config routes test team=y",
    "config routes test a=b --verify.receivers=web",
    "config routes test a=b --verify.receivers=x",
    "cluster show",
];

/// Requests that amtool never sends, in the order in which they are sent.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET", "/api/v2/receivers", ""),
    ("GET", "/api/v2/receivers?receiver_matchers=kind=k", ""),
    ("GET", "/api/v2/receivers?receiver_matchers=%7B", ""),
    ("GET", "/api/v2/alerts", ""),
    ("GET", "/api/v2/alerts/groups", ""),
    ("GET", "/api/v2/alerts/groups?silenced=false", ""),
    ("GET", "/api/v2/alerts/groups?muted=false&receiver=x|y", ""),
    ("GET", "/api/v2/alerts?receiver_matchers=kind=k", ""),
    ("GET", "/api/v2/alerts?receiver=%5B", ""),
    ("GET", "/api/v2/alerts?filter=%7Bx", ""),
    ("GET", "/api/v2/alerts?filter=team=x&filter=severity=critical", ""),
    ("GET", "/api/v2/alerts?active=false", ""),
    ("GET", "/api/v2/alerts?active=maybe", ""),
    ("GET", "/api/v2/alerts?inhibited=false&silenced=0", ""),
    ("GET", "/api/v2/silences?active=false", ""),
    ("GET", "/api/v2/silences?filter=x", ""),
    ("GET", "/api/v2/silences?filter=alertname=a", ""),
    ("GET", "/api/v2/silence/nope", ""),
    ("DELETE", "/api/v2/silence/nope", ""),
    ("GET", "/api/v2/silence/11111111-1111-4111-8111-111111111111", ""),
    ("DELETE", "/api/v2/silence/11111111-1111-4111-8111-111111111111", ""),
    ("GET", "/api/v2/nope", ""),
    ("PUT", "/api/v2/status", ""),
    ("POST", "/api/v2/alerts", "[]"),
    ("POST", "/api/v2/alerts", r#"[{"annotations":{"a":"b"}}]"#),
    ("POST", "/api/v2/alerts", r#"[{"labels":{"a":"b"},"generatorURL":"not a url"}]"#),
    ("POST", "/api/v2/alerts", r#"[{"labels":{"":"b"}}]"#),
    (
        "POST",
        "/api/v2/alerts",
        r#"[{"labels":{"alertname":"good","empty":""}},{"labels":{}},{"labels":{"a":"b"},"startsAt":"2030-01-01T00:00:00Z","endsAt":"2020-01-01T00:00:00Z"}]"#,
    ),
    ("GET", "/api/v2/alerts?filter=alertname=good", ""),
    ("POST", "/api/v2/silences", "{}"),
    ("POST", "/api/v2/silences", r#"{"comment":"c","createdBy":"m","endsAt":"2099-01-01T00:00:00Z","matchers":[]}"#),
    (
        "POST",
        "/api/v2/silences",
        r#"{"comment":"","createdBy":"","endsAt":"2099-01-01T00:00:00Z","startsAt":"2026-01-01T00:00:00Z","matchers":[{"name":"a","value":"(","isRegex":true}]}"#,
    ),
    (
        "POST",
        "/api/v2/silences",
        r#"{"comment":"","createdBy":"","endsAt":"2020-01-01T00:00:00Z","startsAt":"2019-01-01T00:00:00Z","matchers":[{"name":"a","value":"b","isRegex":false}]}"#,
    ),
    (
        "POST",
        "/api/v2/silences",
        r#"{"id":"nope","comment":"","createdBy":"","endsAt":"2099-01-01T00:00:00Z","startsAt":"2019-01-01T00:00:00Z","matchers":[{"name":"a","value":"b","isRegex":false}]}"#,
    ),
];

const GOOD_SILENCES: &str = r#"[{"matchers":[{"name":"i","value":"j","isRegex":false,"isEqual":false},{"name":"k","value":"l","isRegex":false}],"startsAt":"2026-01-01T00:00:00Z","endsAt":"2098-01-01T00:00:00Z","createdBy":"import","comment":"c"}]"#;

#[test]
fn amtool_cannot_tell_narthex_from_an_alertmanager() {
    if !can_run(&[installed("peers/alertmanager"), installed("peers/amtool")], "run tests/peers/build alertmanager") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("alertmanager.yml", CONFIGURATION);
    write("ours.yml", &format!("{CONFIGURATION}{OWN}"));
    write("good.json", GOOD_SILENCES);
    write("bad.json", r#"[{"matchers":[]}]"#);
    write("none.json", "x");
    let (alertmanager, narthex) = (free_address(), free_address());
    let _peer = start_alertmanager(dir.path(), alertmanager);
    write("prometheus.yml", ALONE);
    let _narthex = Narthex::start(dir.path(), narthex, &["--alertmanager.config.file=ours.yml"]);
    let pair = Pair { alertmanager, narthex, dir: dir.path().to_owned() };
    let commands = COMMANDS.iter().filter_map(|command| pair.difference_of_command(command));
    let requests = REQUESTS.iter().filter_map(|request| pair.difference_of_request(*request));
    let differences: Vec<String> = commands.chain(requests).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // Its configuration can be read by what belongs to the original.
    let (shown, exit) = pair.amtool(narthex, &["config", "show"]);
    assert_eq!(exit, Some(0), "{shown}");
    write("shown.yml", &shown);
    assert_eq!(pair.amtool(narthex, &["check-config", "shown.yml"]).1, Some(0), "{shown}");
}

/// An Alertmanager with the configuration of a directory, and its data there.
pub(super) fn start_alertmanager(dir: &Path, address: SocketAddr) -> Process {
    let mut command = Command::new(installed("peers/alertmanager"));
    command
        .arg(format!("--config.file={}", dir.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", dir.join("alertmanager").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=");
    let process = Process::start(&mut command, &dir.join("alertmanager.log"));
    wait_until("Alertmanager is ready", || http::get(address, "/-/ready").is_ok_and(|response| response.status == 200));
    process
}

#[test]
fn a_prometheus_sends_its_alerts_to_narthex() {
    if !can_run(&[installed("peers/prometheus")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (prometheus, narthex) = (free_address(), free_address());
    std::fs::write(dir.path().join("prometheus.yml"), ALONE).unwrap();
    let narthex = Narthex::start(dir.path(), narthex, &[]);
    let rules = "groups: [{name: g, rules: [{alert: Always, expr: vector(1), labels: {severity: page}, annotations: \
                 {summary: 'value {{ $value }}'}}]}]\n";
    std::fs::write(dir.path().join("rules.yml"), rules).unwrap();
    let configuration = dir.path().join("prometheus-peer.yml");
    let text = format!(
        "global: {{evaluation_interval: 1s, external_labels: {{site: there}}}}\nrule_files: [rules.yml]\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n",
        narthex.address
    );
    std::fs::write(&configuration, text).unwrap();
    let _prometheus = Prometheus::start(dir.path(), prometheus, &configuration);
    let alerts = || http::get(narthex.address, "/api/v2/alerts?filter=alertname=Always").unwrap().json();
    wait_until("an alert of Prometheus's has come", || !alerts().as_array().unwrap().is_empty());
    let alert = &alerts()[0];
    let labels = serde_json::json!({ "alertname": "Always", "severity": "page", "site": "there" });
    assert_eq!((&alert["labels"], &alert["annotations"]["summary"]), (&labels, &"value 1".into()), "{alert}");
}
