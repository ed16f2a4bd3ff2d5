//! Beside a real Prometheus: it is given the same samples and the same targets and asked the same questions, and its
//! answers are those that stand in the files of cases.
//!
//! Needs the peers (`tests/peers/build prometheus`) in the directory that `NARTHEX_PEERS` names, as CI does; where it
//! names none the tests say that they were left out.

use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use model::Labels;
use tempfile::TempDir;

use crate::answers::SHARED;
use crate::client::{ask, encoded, get};
use crate::exposition::{ACCEPTS, EXTERNAL, busy_server, federated};
use crate::fixture::{self, write};
use crate::server::Setup;
use crate::transport::METHODS;
use crate::{cases, targets, writes, writes_v2};

/// A program of the peers; `None` where none were asked for.
fn program(name: &str) -> Option<PathBuf> {
    let Some(directory) = std::env::var_os("NARTHEX_PEERS") else {
        println!("left out: NARTHEX_PEERS does not say where {name} is");
        return None;
    };
    let path = PathBuf::from(directory).join(name);
    assert!(path.exists(), "{} is missing: tests/peers/build prometheus", path.display());
    Some(path)
}

/// How often it is started before the test gives up, and how long a start may take on a busy machine.
const N_STARTS: usize = 5;
const LONGEST_START: Duration = Duration::from_secs(240);

/// A running Prometheus. Killed when dropped.
struct Prometheus {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts it with a configuration, and waits until it is ready; `None` where there is none.
    fn start(configuration: &str) -> Option<Prometheus> {
        let program = program("prometheus")?;
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("prometheus.yml");
        std::fs::write(&file, configuration).unwrap();
        for _ in 0..N_STARTS {
            let (address, mut child) = Prometheus::spawn(&program, directory.path());
            if is_ready(address, &mut child) {
                return Some(Prometheus { child, address, _directory: directory });
            }
            // A connection may have been given its port before it could listen.
            println!("Prometheus ended: {}", std::fs::read_to_string(directory.path().join("log")).unwrap());
        }
        panic!("Prometheus ended at each of {N_STARTS} starts");
    }

    /// The process, and the port that it was told to listen at.
    fn spawn(program: &Path, directory: &Path) -> (SocketAddr, Child) {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(program)
            .arg(format!("--config.file={}", directory.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--web.external-url=http://narthex.example:9090/")
            .arg("--web.enable-remote-write-receiver")
            .stdout(Stdio::null())
            .stderr(File::create(directory.join("log")).unwrap())
            .spawn()
            .unwrap();
        (address, child)
    }
}

/// Whether it takes questions now; `false` where it has ended.
fn is_ready(address: SocketAddr, child: &mut Child) -> bool {
    let started = Instant::now();
    let is_listening = || std::net::TcpStream::connect(address).is_ok();
    while !(is_listening() && get(address, "/-/ready").status == 200) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(started.elapsed() < LONGEST_START, "Prometheus is not ready within {LONGEST_START:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn peer_answers_every_case_as_it_is_written_down() {
    let Some(prometheus) = Prometheus::start("global: {}\n") else { return };
    fixture::load(prometheus.address);
    let n_cases = cases::check(prometheus.address, &SHARED);
    println!("Prometheus gives the same {n_cases} answers, byte for byte");
}

#[test]
fn peer_takes_and_refuses_the_same_writes() {
    let Some(prometheus) = Prometheus::start("global: {}\n") else { return };
    let writes = writes::writes();
    let faults: Vec<String> = writes.iter().filter_map(|write| write.fault_by_peer(prometheus.address)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("Prometheus answers {} remote writes with the same statuses", writes.len());
}

#[test]
fn peer_answers_writes_of_version_2_in_the_same_words() {
    let Some(prometheus) = Prometheus::start("global: {}\n") else { return };
    let writes = writes_v2::writes();
    let faults: Vec<String> = writes.iter().filter_map(|write| write.fault_by_peer(prometheus.address)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("Prometheus answers {} remote writes of version 2 in the same words but for two", writes.len());
}

#[test]
fn peer_tells_the_same_of_targets() {
    let exporter = targets::start_exporter();
    let Some(prometheus) = Prometheus::start(&format!("scrape_configs:{}", targets::scrape_configs(exporter))) else {
        return;
    };
    targets::wait_for_scrapes(prometheus.address);
    let server = targets::start(exporter);
    let steps = encoded(r#"{"__address__":"dropped","env":"e"}"#);
    for target in [
        "/api/v1/targets",
        "/api/v1/targets?state=active",
        "/api/v1/targets?state=dropped&scrapePool=app",
        "/api/v1/scrape_pools",
        "/api/v1/metadata",
        "/api/v1/metadata?metric=app_heat",
        "/api/v1/targets/metadata",
        "/api/v1/targets/metadata?metric=app_seconds",
        "/api/v1/targets/metadata?match_target=%7Bjob%3D%22dead%22%7D",
        &format!("/api/v1/targets/relabel_steps?scrapePool=app&labels={steps}"),
    ] {
        assert_eq!(targets::data(server.address, target), targets::data(prometheus.address, target), "{target}");
    }
    let steps = format!("/api/v1/targets/relabel_steps?scrapePool=app&labels={steps}");
    for target in ["/api/v1/metadata", "/api/v1/scrape_pools", &steps] {
        assert_eq!(get(server.address, target).text(), get(prometheus.address, target).text(), "{target}");
    }
}

#[test]
fn peer_federates_the_same() {
    let labels = EXTERNAL.map(|(name, value)| format!("{name}: {value}")).join(", ");
    let configuration = format!("global: {{external_labels: {{{labels}}}}}\n");
    let Some(prometheus) = Prometheus::start(&configuration) else { return };
    let mut setup = Setup::new();
    let now_ms = setup.clock().set_to_true_time();
    setup.external_labels = Labels::from_pairs(EXTERNAL);
    let server = setup.start();
    let target = format!("/federate?match[]={}", encoded(r#"{__name__=~".+"}"#));
    for address in [server.address, prometheus.address] {
        assert_eq!(write(address, &federated(now_ms)).status, 204);
    }
    for accept in ACCEPTS {
        let [ours, theirs] = [server.address, prometheus.address].map(|address| {
            let answer = ask(address, "GET", &target, &[("Accept", accept)], b"");
            (answer.header("content-type"), answer.text())
        });
        assert_eq!(ours, theirs, "{accept}");
    }
}

/// Expressions that Prometheus 3.14.0 reads otherwise than the suites, which are a little newer, and narthex with them: it
/// computes durations in parentheses while it parses, and takes some modifiers before a range.
const NEWER: [&str; 9] = [
    "foo offset +(5)",
    "foo offset -(5)",
    "foo offset (5)",
    "foo offset (5m)",
    "foo[(5s)]",
    "foo[(5m):(1m)]",
    "some_metric @ start() [5m]",
    "some_metric @ end()[5m]",
    "some_metric offset step()[5m]",
];
/// In an expression: a byte that is no UTF-8, which a string of narthex cannot hold.
const NOT_UTF8: &str = "\\xFF";

/// Expressions of Prometheus's own tests of its parser and its printer, good and bad; none where the suites are missing.
fn suite_expressions() -> Vec<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites");
    let suites = std::env::var_os("NARTHEX_SUITES").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let mut expressions = Vec::new();
    for (file, lists) in
        [("cases.json", &["expressions"][..]), ("printer.json", &["string_round_trips", "prettify"][..])]
    {
        let path = suites.join("promql-parse").join(file);
        let Ok(text) = std::fs::read(&path) else {
            assert!(std::env::var_os("NARTHEX_CI").is_none(), "{} is missing", path.display());
            println!("left out: {} is missing", path.display());
            continue;
        };
        let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let cases = lists.iter().flat_map(|list| document[list].as_array().unwrap());
        expressions.extend(cases.filter_map(|case| case["input"].as_str()).map(str::to_owned));
    }
    expressions
}

#[test]
fn peer_takes_expressions_apart_in_the_same_way() {
    let Some(prometheus) = Prometheus::start("global: {}\n") else { return };
    let server = Setup::new().start();
    let expressions = suite_expressions();
    let mut faults = Vec::new();
    for (expression, path) in expressions.iter().flat_map(|text| [(text, "parse_query"), (text, "format_query")]) {
        let [ours, theirs] = [server.address, prometheus.address].map(|address| {
            let body = format!("query={}", encoded(expression));
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            let answer = ask(address, "POST", &format!("/api/v1/{path}"), &headers, body.as_bytes());
            (answer.status, answer.text())
        });
        let differs_for_a_reason =
            NEWER.contains(&expression.as_str()) || (expression.contains(NOT_UTF8) && !expression.starts_with('`'));
        if (ours != theirs) != differs_for_a_reason {
            faults.push(format!(
                "{path} {expression:?}\n  Prometheus {} {}\n  narthex    {} {}",
                theirs.0, theirs.1, ours.0, ours.1
            ));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), 2 * expressions.len(), faults.join("\n"));
    println!("Prometheus parses and formats {} expressions in the same way", expressions.len());
}

#[test]
fn peer_takes_and_refuses_the_same_methods() {
    let Some(prometheus) = Prometheus::start("global: {}\n") else { return };
    // What is narthex's own it does not know.
    let known = METHODS.iter().filter(|(_, target, ..)| !target.starts_with("/api/v1/receivers/"));
    for (method, target, status, allow, body) in known {
        let answer = ask(prometheus.address, method, target, &[], b"");
        let body = body.replace("narthex is", "Prometheus Server is");
        let got = (answer.status, answer.header("allow"), answer.text());
        assert_eq!(got, (*status, (*allow).to_owned(), body), "{method} {target}");
    }
}

#[test]
fn peer_finds_no_fault_with_our_own_metrics() {
    let Some(promtool) = program("promtool") else { return };
    let body = get(busy_server().address, "/metrics").body;
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&body).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{}: {said}", output.status);
}
