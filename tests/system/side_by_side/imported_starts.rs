//! A Prometheus that stores since when series count, killed and imported: narthex knows of each sample what Prometheus knows,
//! out of its log and out of blocks.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use super::imported::{copy, import};
use super::{Prometheus, can_run, installed, wait_until};
use crate::exporter::Exporter;
use crate::http;
use crate::narthex::{Narthex, free_address};

/// More than fit into one chunk.
const N_SCRAPES: u64 = 150;
const STORING: &str = "--enable-feature=st-storage,histograms-st-encoding,xor2-encoding,use-start-timestamps";
const USING: &str = "--enable-feature=use-start-timestamps,promql-experimental-functions";
const QUESTIONS: [&str; 7] = [
    "start_timestamp(restarting_total)",
    "start_timestamp(steady_count)",
    "start_timestamp(sometimes_total)",
    "start_timestamp(never)",
    "increase(restarting_total[5s])",
    "rate(sometimes_total[3s])",
    "resets(steady_sum[5s])",
];

/// A counter that restarts, a summary that does not, a counter whose start is not always told, and a gauge.
fn exposed(scrape: u64) -> String {
    let start = 1_700_000_000 + scrape / 40;
    let told = if (scrape / 25).is_multiple_of(2) {
        format!("sometimes_created 1699999999.{}\n", scrape / 50)
    } else {
        String::new()
    };
    format!(
        "# TYPE restarting counter\nrestarting_total{{i=\"1\"}} {}\nrestarting_created{{i=\"1\"}} {start}.25\n\
         # TYPE steady summary\nsteady_count {scrape}\nsteady_sum {scrape}.5\nsteady_created 1699999000.5\n\
         # TYPE sometimes counter\nsometimes_total {scrape}\n{told}\
         # TYPE never gauge\nnever {scrape}\n# EOF\n",
        scrape * scrape,
    )
}

/// What is answered to each question over the time of the scrapes.
fn answers(address: SocketAddr, start: f64, end: f64) -> Vec<Value> {
    let answer = |question: &&str| {
        let question = http::encoded(question);
        let path = format!("/api/v1/query_range?query={question}&start={start}&end={end}&step=0.02");
        let mut document = http::get(address, &path).unwrap().json();
        assert_eq!(document["status"], "success", "{document}");
        let result = document["data"]["result"].take();
        assert!(result.as_array().is_some_and(|series| series.len() == 1), "{question}: {result}");
        result
    };
    QUESTIONS.iter().map(answer).collect()
}

/// The times of the first and the last sample.
fn interval(address: SocketAddr) -> (f64, f64) {
    let document = http::get(address, "/api/v1/query?query=never%5B1h%5D").unwrap().json();
    let samples = document["data"]["result"][0]["values"].as_array().unwrap();
    let time = |sample: Option<&Value>| sample.unwrap()[0].as_f64().unwrap();
    (time(samples.first()), time(samples.last()))
}

fn check(dir: &Path, data: &Path, expected: &[Value], (start, end): (f64, f64)) {
    std::fs::create_dir(dir).unwrap();
    println!("{}", import(dir, data));
    let narthex = Narthex::start(dir, free_address(), &[USING]);
    for (question, (got, want)) in QUESTIONS.iter().zip(answers(narthex.address, start, end).iter().zip(expected)) {
        assert_eq!(got, want, "{question}");
    }
}

#[test]
fn starts_are_imported() {
    if !can_run(&[installed("peers/prometheus")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let exporter = Exporter::serving(exposed);
    let configuration = dir.path().join("prometheus.yml");
    let scraped = format!(
        "scrape_configs: [{{job_name: j, scrape_interval: 50ms, scrape_timeout: 50ms, static_configs: [{{targets: ['{}']}}]}}]\n",
        exporter.address
    );
    std::fs::write(&configuration, scraped).unwrap();
    let flags = [STORING, "--web.enable-admin-api"];
    let prometheus = Prometheus::start_with(dir.path(), free_address(), &configuration, &flags);
    wait_until("everything has been scraped", || exporter.n_scrapes() >= N_SCRAPES);
    prometheus.stop("KILL");

    // What it knows after the kill is what counts, of nothing new.
    std::fs::write(&configuration, "scrape_configs: []\n").unwrap();
    let (data, killed) = (dir.path().join("prometheus"), dir.path().join("killed"));
    copy(&data, &killed);
    let prometheus = Prometheus::start_with(dir.path(), free_address(), &configuration, &flags);
    let (start, end) = interval(prometheus.address);
    let expected = answers(prometheus.address, start, end);
    let starts: std::collections::BTreeSet<&str> =
        expected[0][0]["values"].as_array().unwrap().iter().map(|sample| sample[1].as_str().unwrap()).collect();
    assert!(starts.len() >= 4, "{starts:?}");
    let response = http::request(prometheus.address, "POST", "/api/v1/admin/tsdb/snapshot", &[], &[]).unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    let snapshot = data.join("snapshots").join(response.json()["data"]["name"].as_str().unwrap());
    check(&dir.path().join("of_blocks"), &snapshot, &expected, (start, end));
    check(&dir.path().join("of_the_log"), &killed, &expected, (start, end));
}
