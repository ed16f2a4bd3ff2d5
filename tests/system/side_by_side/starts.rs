//! Start timestamps beside a Prometheus that stores them: taken by remote write 2.0, sent on by it, and imported.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use model::Labels;
use net::remote_write::{Outgoing, OutgoingValue, Version, compress, encode};

use super::{Prometheus, can_run, installed, wait_until};
use crate::http;
use crate::narthex::{Narthex, free_address};

const STEP_MS: i64 = 15_000;
const N_STEPS: i64 = 240;
const FEATURES: &str = "--enable-feature=use-start-timestamps,promql-experimental-functions";
const QUESTIONS: [&str; 5] = [
    "start_timestamp({__name__=~\"restarting|delta|later|never\"})",
    "increase(restarting[5m])",
    "rate(delta[4m])",
    "resets(later[10m])",
    "count_over_time(never[10m])",
];

/// Time, start and value of a step of each series.
fn data(base_ms: i64) -> Vec<(Labels, Vec<(i64, i64, f64)>)> {
    let series = |name: &str, sample: &dyn Fn(i64) -> (i64, f64)| {
        let samples = (0..N_STEPS).map(|step| {
            let (start_ms, value) = sample(step);
            (base_ms + step * STEP_MS, start_ms, value)
        });
        ([("__name__", name), ("job", "j")].into_iter().collect(), samples.collect())
    };
    let time_ms = |step: i64| base_ms + step * STEP_MS;
    vec![
        // Each time it begins with more than it had before: only its start tells.
        series("restarting", &|step| (time_ms(step / 30 * 30) - 4_000, (step * step) as f64)),
        series("delta", &|step| (time_ms(step - 1), (step % 7) as f64)),
        series("later", &|step| (if step < 100 { 0 } else { time_ms(90) }, step as f64)),
        series("never", &|step| (0, step as f64)),
    ]
}

fn send(address: SocketAddr, base_ms: i64) {
    for (labels, samples) in data(base_ms) {
        let outgoing = samples.iter().map(|&(timestamp_ms, start_ms, value)| Outgoing {
            labels: &labels,
            timestamp_ms,
            start_ms,
            value: OutgoingValue::Float(value),
        });
        let body = compress(&encode(Version::V2, outgoing)).unwrap();
        let headers = [
            ("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
            ("Content-Encoding", "snappy"),
            ("X-Prometheus-Remote-Write-Version", "2.0.0"),
        ];
        let response = http::request(address, "POST", "/api/v1/write", &headers, &body).unwrap();
        assert_eq!(response.status, 204, "{}", response.text());
    }
}

/// What is answered to a question over all the time, label by label and value by value.
fn answer(address: SocketAddr, question: &str, base_ms: i64) -> Vec<String> {
    let (start, end) = (base_ms / 1000 + 600, (base_ms + N_STEPS * STEP_MS) / 1000);
    let question = http::encoded(question);
    let path = format!("/api/v1/query_range?query={question}&start={start}&end={end}&step=45");
    let document = http::get(address, &path).unwrap().json();
    assert_eq!(document["status"], "success", "{document}");
    let mut lines = Vec::new();
    for series in document["data"]["result"].as_array().unwrap() {
        for pair in series["values"].as_array().unwrap() {
            // What is computed may differ in the last digit.
            let value: f64 = pair[1].as_str().unwrap().parse().unwrap();
            lines.push(format!("{} {} {value:.9e}", series["metric"], pair[0]));
        }
    }
    lines.sort();
    lines
}

fn compare(one: SocketAddr, other: SocketAddr, base_ms: i64, what: &str) {
    for question in QUESTIONS {
        let (expected, got) = (answer(one, question, base_ms), answer(other, question, base_ms));
        assert!(!expected.is_empty(), "{what}: {question}");
        let differing = expected.iter().zip(&got).find(|(one, other)| one != other);
        assert!(expected.len() == got.len() && differing.is_none(), "{what}: {question}: {differing:?}");
    }
}

#[test]
fn starts_are_taken_sent_on_and_imported_as_a_prometheus_has_them() {
    if !can_run(&[installed("peers/prometheus")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let base_ms = now_ms / 60_000 * 60_000 - (N_STEPS + 20) * STEP_MS;
    let peer = dir.path().join("peer.yml");
    std::fs::write(&peer, "storage: {tsdb: {chunk_encoding: {floats: xor2}}}\nscrape_configs: []\n").unwrap();
    let flags = [FEATURES, "--enable-feature=st-storage,xor2-encoding,histograms-st-encoding"];
    let prometheus = Prometheus::start_with(dir.path(), free_address(), &peer, &flags);
    let configuration = format!(
        "remote_write: [{{url: 'http://{}/api/v1/write', protobuf_message: io.prometheus.write.v2.Request, \
         queue_config: {{batch_send_deadline: 200ms}}}}]\n",
        prometheus.address
    );
    std::fs::write(dir.path().join("prometheus.yml"), configuration).unwrap();
    let narthex = Narthex::start(dir.path(), free_address(), &[FEATURES]);
    send(narthex.address, base_ms);
    wait_until("everything has been sent on", || {
        let n_samples = |address| answer(address, "sum(count_over_time({job=\"j\"}[2h]))", base_ms).pop();
        n_samples(narthex.address).is_some_and(|n| Some(n) == n_samples(prometheus.address))
    });
    compare(prometheus.address, narthex.address, base_ms, "sent on");

    // Without the feature starts change no answer.
    let direct = tempfile::tempdir().unwrap();
    let plain = Narthex::start(direct.path(), free_address(), &["--enable-feature=promql-experimental-functions"]);
    send(plain.address, base_ms);
    let increases =
        [narthex.address, plain.address].map(|address| answer(address, "increase(restarting[5m])", base_ms));
    assert_ne!(increases[0], increases[1]);

    let imported = tempfile::tempdir().unwrap();
    let expected: Vec<_> = QUESTIONS.map(|question| answer(prometheus.address, question, base_ms)).to_vec();
    prometheus.stop("TERM");
    let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_narthex"));
    import.current_dir(imported.path()).args(["import", "prometheus"]).arg(dir.path().join("prometheus"));
    assert!(import.output().unwrap().status.success());
    let narthex = Narthex::start(imported.path(), free_address(), &[FEATURES]);
    for (question, expected) in QUESTIONS.iter().zip(expected) {
        assert_eq!(answer(narthex.address, question, base_ms), expected, "imported: {question}");
    }
}
