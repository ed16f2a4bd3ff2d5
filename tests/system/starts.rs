//! Start timestamps through two of us: taken by remote write 2.0, sent on by it, and still there after a kill. (Prometheus 3.14
//! takes and forgets them when they come by remote write.)

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Labels;
use net::remote_write::{Outgoing, OutgoingValue, Version, compress, encode};

use crate::http;
use crate::narthex::{Narthex, free_address};

const STEP_MS: i64 = 15_000;
const N_STEPS: i64 = 240;
const WITH_STARTS: &str = "--enable-feature=use-start-timestamps,promql-experimental-functions";
const QUESTIONS: [&str; 8] = [
    "start_timestamp(restarting)",
    "start_timestamp(delta)",
    "start_timestamp(later)",
    "start_timestamp(never)",
    "increase(restarting[5m])",
    "rate(delta[4m])",
    "resets(later[10m])",
    "count_over_time(never[10m])",
];

/// A time, a start and a value.
type Sample = (i64, i64, f64);

fn data(base_ms: i64) -> Vec<(Labels, Vec<Sample>)> {
    let time_ms = |step: i64| base_ms + step * STEP_MS;
    let series = |name: &str, sample: &dyn Fn(i64) -> (i64, f64)| {
        let samples = (0..N_STEPS).map(|step| {
            let (start_ms, value) = sample(step);
            (time_ms(step), start_ms, value)
        });
        ([("__name__", name), ("job", "j")].into_iter().collect(), samples.collect())
    };
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

/// What is answered to a question over all the time.
fn answer(address: SocketAddr, question: &str, base_ms: i64) -> serde_json::Value {
    let (start, end) = (base_ms / 1000 + 600, (base_ms + N_STEPS * STEP_MS) / 1000);
    let question = http::encoded(question);
    let path = format!("/api/v1/query_range?query={question}&start={start}&end={end}&step=45");
    let document = http::get(address, &path).unwrap().json();
    assert_eq!(document["status"], "success", "{document}");
    document["data"]["result"].clone()
}

fn answers(address: SocketAddr, base_ms: i64) -> Vec<serde_json::Value> {
    QUESTIONS.iter().map(|question| answer(address, question, base_ms)).collect()
}

#[test]
fn starts_are_taken_and_sent_on_and_survive_a_kill() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let base_ms = now_ms / 60_000 * 60_000 - (N_STEPS + 20) * STEP_MS;
    std::fs::write(dirs[1].path().join("prometheus.yml"), "scrape_configs: []\n").unwrap();
    let receiver = Narthex::start(dirs[1].path(), free_address(), &[WITH_STARTS]);
    let configuration = format!(
        "remote_write: [{{url: 'http://{}/api/v1/write', protobuf_message: io.prometheus.write.v2.Request, \
         queue_config: {{batch_send_deadline: 200ms}}}}]\n",
        receiver.address
    );
    std::fs::write(dirs[0].path().join("prometheus.yml"), configuration).unwrap();
    let sender = Narthex::start(dirs[0].path(), free_address(), &[WITH_STARTS]);
    send(sender.address, base_ms);

    let expected = answers(sender.address, base_ms);
    for (question, answer) in QUESTIONS.iter().zip(&expected) {
        assert_ne!(answer.as_array().unwrap().len(), 0, "{question}");
    }
    let starts = expected[0][0]["values"].as_array().unwrap();
    let first = starts[0][1].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!(first, ((base_ms + 30 * STEP_MS - 4_000) as f64) / 1000.0, "of the restart half of ten minutes in");

    let started = Instant::now();
    while answers(receiver.address, base_ms) != expected {
        assert!(started.elapsed() < Duration::from_secs(180), "not all has been sent on");
        std::thread::sleep(Duration::from_millis(100));
    }
    let address = receiver.address;
    receiver.kill();
    let receiver = Narthex::start(dirs[1].path(), address, &[WITH_STARTS]);
    assert_eq!(answers(receiver.address, base_ms), expected);

    // Without the feature, starts change no answer.
    std::fs::write(dirs[2].path().join("prometheus.yml"), "scrape_configs: []\n").unwrap();
    let plain = Narthex::start(dirs[2].path(), free_address(), &["--enable-feature=promql-experimental-functions"]);
    send(plain.address, base_ms);
    assert_ne!(answer(plain.address, QUESTIONS[4], base_ms), expected[4]);
}
