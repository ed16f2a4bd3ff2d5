//! What is scraped: targets, pools, metadata, and what relabelling does to them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{encoded, get};
use crate::server::{Setup, TestServer};

/// What the exporter says.
const EXPOSITION: &str = "\
# HELP app_requests_total All <requests> & more.
# TYPE app_requests_total counter
app_requests_total{code=\"200\"} 5
# TYPE app_heat gauge
app_heat 21.5
# HELP app_seconds How \"long\".
# TYPE app_seconds histogram
app_seconds_bucket{le=\"1\"} 1
app_seconds_bucket{le=\"+Inf\"} 2
app_seconds_sum 3
app_seconds_count 2
";

/// A target. Ends with the test.
pub(crate) fn start_exporter() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let length = EXPOSITION.len();
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain; version=0.0.4\r\n";
            // Whoever asked may have gone.
            let _ = write!(stream, "{head}Content-Length: {length}\r\n\r\n{EXPOSITION}");
        }
    });
    address
}

/// `scrape_configs` with a target that answers, one that does not, and one that is dropped.
pub(crate) fn scrape_configs(exporter: SocketAddr) -> String {
    format!(
        "
- job_name: app
  scrape_interval: 5s
  static_configs:
  - targets: ['{exporter}', 'dropped.example:80']
    labels: {{env: '<test>', __meta_a: b}}
  relabel_configs:
  - source_labels: [__address__]
    regex: (dropped|<a&b>).*
    action: drop
  - source_labels: [env]
    target_label: copy
- job_name: dead
  scrape_interval: 5s
  scrape_timeout: 4s
  metrics_path: /x
  params: {{a: [b]}}
  static_configs:
  - targets: ['127.0.0.1:1']
"
    )
}

/// Waits until both targets have been scraped once.
pub(crate) fn wait_for_scrapes(address: SocketAddr) {
    let started = Instant::now();
    let is_unknown = |target: &Value| target["health"] == "unknown";
    loop {
        let targets = get(address, "/api/v1/targets").json();
        let targets = targets["data"]["activeTargets"].as_array().unwrap();
        if targets.len() == 2 && !targets.iter().any(is_unknown) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(180), "not scraped within three minutes: {targets:?}");
        std::thread::yield_now();
    }
}

/// A server that has scraped.
pub(crate) fn start(exporter: SocketAddr) -> TestServer {
    let mut setup = Setup::new();
    setup.scrape_configs = scrape_configs(exporter);
    let server = setup.start();
    wait_for_scrapes(server.address);
    server
}

/// Data of an answer; what differs from scrape to scrape and from server to server left out, lists without order
/// sorted.
pub(crate) fn data(address: SocketAddr, target: &str) -> Value {
    let answer = get(address, target);
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    let mut data = answer.json()["data"].take();
    if let Some(active) = data.get_mut("activeTargets").and_then(Value::as_array_mut) {
        for target in active {
            let target = target.as_object_mut().unwrap();
            for key in ["lastScrape", "lastScrapeDuration", "lastWarning", "lastSamples", "recentScrapes"] {
                target.remove(key);
            }
        }
    }
    if let Some(list) = data.as_array_mut() {
        list.sort_by_key(Value::to_string);
    }
    data
}

fn check(server: &TestServer, target: &str, want: &Value) {
    assert_eq!(&data(server.address, target), want, "{target}");
}

/// The labels of the target that answers.
fn labels_of(exporter: SocketAddr) -> Value {
    json!({"copy": "<test>", "env": "<test>", "instance": exporter.to_string(), "job": "app"})
}

#[test]
fn active_and_dropped() {
    let exporter = start_exporter();
    let server = start(exporter);
    let discovered = |address: &str| {
        json!({"__address__": address, "__always_scrape_classic_histograms__": "false",
            "__convert_classic_histograms_to_nhcb__": "false", "__scrape_native_histograms__": "false", "__meta_a": "b",
            "__metrics_path__": "/metrics", "__scheme__": "http",
            "__scrape_interval__": "5s", "__scrape_timeout__": "5s", "env": "<test>", "job": "app"})
    };
    let alive = json!({
        "discoveredLabels": discovered(&exporter.to_string()), "labels": labels_of(exporter), "scrapePool": "app",
        "scrapeUrl": format!("http://{exporter}/metrics"),
        "globalUrl": format!("http://narthex.example:{}/metrics", exporter.port()),
        "lastError": "", "health": "up", "scrapeInterval": "5s", "scrapeTimeout": "5s",
    });
    let dropped = json!([{"discoveredLabels": discovered("dropped.example:80"), "scrapePool": "app"}]);
    let counts = json!({"app": 1, "dead": 0});
    check(
        &server,
        "/api/v1/targets?scrapePool=app",
        &json!({"activeTargets": [alive], "droppedTargets": dropped, "droppedTargetCounts": counts}),
    );
    check(
        &server,
        "/api/v1/targets?state=DROPPED",
        &json!({"activeTargets": [], "droppedTargets": dropped, "droppedTargetCounts": counts}),
    );
    let all = data(server.address, "/api/v1/targets?state=active");
    assert_eq!((all["activeTargets"].as_array().unwrap().len(), &all["droppedTargetCounts"]), (2, &Value::Null));
    let dead = &all["activeTargets"][1];
    assert_eq!((&dead["health"], &dead["scrapeUrl"]), (&"down".into(), &"http://127.0.0.1:1/x?a=b".into()));
    assert!(dead["lastError"].as_str().unwrap().contains("connection refused"), "{dead}");

    check(&server, "/api/v1/scrape_pools", &json!({"scrapePools": ["app", "dead"]}));
}

#[test]
fn metadata() {
    let exporter = start_exporter();
    let server = start(exporter);
    let of = |kind: &str, help: &str| json!({"type": kind, "unit": "", "help": help});
    check(
        &server,
        "/api/v1/metadata",
        &json!({"app_heat": [of("gauge", "")], "app_requests_total": [of("counter", "All <requests> & more.")],
            "app_seconds": [of("histogram", "How \"long\".")]}),
    );
    check(&server, "/api/v1/metadata?metric=app_heat", &json!({"app_heat": [of("gauge", "")]}));
    check(&server, "/api/v1/metadata?limit=1", &json!({"app_heat": [of("gauge", "")]}));
    check(&server, "/api/v1/metadata?limit=0", &json!({}));
    check(&server, "/api/v1/metadata?metric=app_heat&limit_per_metric=1", &json!({"app_heat": [of("gauge", "")]}));
    let heat = json!({"target": labels_of(exporter), "type": "gauge", "help": "", "unit": ""});
    check(&server, "/api/v1/targets/metadata?metric=app_heat", &json!([heat]));
    check(&server, "/api/v1/targets/metadata?metric=app_heat&match_target=%7Bjob%3D%22app%22%7D", &json!([heat]));
    check(&server, "/api/v1/targets/metadata?metric=app_heat&match_target=%7Bjob%3D%22dead%22%7D", &json!([]));
    assert_eq!(data(server.address, "/api/v1/targets/metadata").as_array().unwrap().len(), 3);
}

#[test]
fn relabelling_step_by_step() {
    let server = start(start_exporter());
    let check = |labels: &str, outputs: Value| {
        let target = format!("/api/v1/targets/relabel_steps?scrapePool=app&labels={}", encoded(labels));
        let data = data(server.address, &target);
        let steps = data["steps"].as_array().unwrap();
        assert_eq!(steps[0]["rule"]["regex"], "(dropped|<a&b>).*");
        let got: Vec<_> = steps.iter().map(|step| json!([step["output"], step["keep"]])).collect();
        assert_eq!(Value::from(got), outputs, "{labels}");
    };
    let kept = json!({"__address__": "a", "env": "e"});
    let with_copy = json!({"__address__": "a", "env": "e", "copy": "e"});
    check(r#"{"__address__":"a","env":"e"}"#, json!([[kept, true], [with_copy, true]]));
    check(r#"{"__address__":"dropped:1"}"#, json!([[{}, false], [{}, false]]));
    let config = data(server.address, "/api/v1/scrape_pools/config?scrapePool=app");
    assert!(config["yaml"].as_str().unwrap().starts_with("job_name: app\n"), "{config}");
}
