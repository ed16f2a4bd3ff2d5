//! What narthex takes and scrapes, sent on to a Prometheus, while either is killed.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Prometheus, can_run, installed, wait_until, wait_until_all_are};
use crate::http;
use crate::narthex::{Narthex, free_address};
use crate::remote_write::{self, Series};

/// Samples of a selector: labels without `via`, time in milliseconds, value.
fn samples(address: SocketAddr, selector: &str) -> BTreeSet<(String, i64, String)> {
    let path = format!("/api/v1/query?query={}", http::encoded(&format!("{selector}[1d]")));
    let document = http::get(address, &path).unwrap().json();
    let mut samples = BTreeSet::new();
    for one in document["data"]["result"].as_array().unwrap() {
        let mut labels = one["metric"].as_object().unwrap().clone();
        labels.remove("via");
        let labels = serde_json::to_string(&labels).unwrap();
        for pair in one["values"].as_array().unwrap() {
            let time_ms = (pair[0].as_f64().unwrap() * 1000.0).round() as i64;
            samples.insert((labels.clone(), time_ms, pair[1].as_str().unwrap().to_owned()));
        }
    }
    samples
}

/// Writes times `from..to` of ten series.
fn write(address: SocketAddr, start_ms: i64, from: i64, to: i64) {
    for step in from..to {
        let series: Vec<Series> = (0..10i64)
            .map(|i| {
                let labels = [("__name__", "ledger".to_owned()), ("i", i.to_string())];
                let labels = labels.map(|(name, value)| (name.to_owned(), value)).to_vec();
                (labels, vec![(start_ms + step * 100, (step * 10 + i) as f64 / 7.0)])
            })
            .collect();
        assert_eq!(remote_write::send(address, &series).unwrap(), 204);
    }
}

fn configuration(narthex: SocketAddr, prometheus: SocketAddr) -> String {
    let mut text = format!(
        "global: {{scrape_interval: 1s, external_labels: {{site: here}}}}\n\
         scrape_configs: [{{job_name: self, static_configs: [{{targets: ['{narthex}']}}]}}]\nremote_write:\n"
    );
    for (via, message) in [("v1", "prometheus.WriteRequest"), ("v2", "io.prometheus.write.v2.Request")] {
        text += &format!(
            "- {{name: {via}, url: 'http://{prometheus}/api/v1/write', protobuf_message: {message}, \
             queue_config: {{batch_send_deadline: 200ms, max_samples_per_send: 300}}, \
             write_relabel_configs: [{{target_label: via, replacement: {via}}}]}}\n"
        );
    }
    text
}

#[test]
fn a_prometheus_gets_every_sample_though_both_are_killed() {
    if !can_run(&[installed("peers/prometheus")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (narthex_address, prometheus_address) = (free_address(), free_address());
    let for_prometheus = dir.path().join("peer.yml");
    std::fs::write(&for_prometheus, "scrape_configs: []\n").unwrap();
    std::fs::write(dir.path().join("prometheus.yml"), configuration(narthex_address, prometheus_address)).unwrap();
    let start_prometheus = || Prometheus::start(dir.path(), prometheus_address, &for_prometheus);
    let start_narthex = || Narthex::start(dir.path(), narthex_address, &[]);
    let start_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64 - 120_000;

    let prometheus = start_prometheus();
    let narthex = start_narthex();
    write(narthex.address, start_ms, 0, 40);
    let first = samples(narthex.address, "ledger");
    assert_eq!(first.len(), 400);
    wait_until("the first samples are there", || {
        samples(prometheus_address, "ledger{site=\"here\",via=\"v1\"}").len() == 400
    });
    let (mut prometheus, mut narthex) = (prometheus, narthex);
    for round in 1..=3 {
        let from = round * 120 - 80;
        drop(prometheus);
        write(narthex.address, start_ms, from, from + 40);
        narthex.kill();
        narthex = start_narthex();
        write(narthex.address, start_ms, from + 40, from + 80);
        prometheus = start_prometheus();
        write(narthex.address, start_ms, from + 80, from + 120);
        // While what was written is under way.
        narthex.kill();
        narthex = start_narthex();
    }
    assert_eq!(samples(narthex.address, "ledger").len(), 4000);
    wait_until("narthex has scraped itself", || samples(narthex.address, "up").len() > 1);

    for via in ["v1", "v2"] {
        for metric in ["ledger", "up", "narthex_tsdb_head_series"] {
            // As narthex has them, with the external label that was given to them on the way.
            let sent: BTreeSet<_> = samples(narthex.address, metric)
                .into_iter()
                .map(|(labels, time_ms, value)| {
                    let mut labels: serde_json::Value = serde_json::from_str(&labels).unwrap();
                    labels["site"] = "here".into();
                    (labels.to_string(), time_ms, value)
                })
                .collect();
            assert!(!sent.is_empty());
            let selector = format!("{metric}{{via=\"{via}\"}}");
            let what = format!("every sample of {metric} is there by {via}");
            wait_until_all_are(&what, || {
                let there = samples(prometheus_address, &selector);
                sent.difference(&there).cloned().collect()
            });
        }
    }
    let metrics = http::get(narthex.address, "/metrics").unwrap();
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    for family in [
        "samples_total",
        "samples_in_total",
        "samples_failed_total",
        "shards_max",
        "shard_capacity",
        "samples_pending",
        "shards",
        "samples_dropped_total",
    ] {
        assert!(metrics.contains(&format!("narthex_remote_storage_{family}{{remote_name=\"v1\"")), "{family}");
    }
}
