//! Captures of many systems, scraped: what Prometheus 2.42 made of them is known, and where 3.x is stricter that is said
//! here.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::data;
use crate::world::{Answer, World};

/// Prometheus 3 scrapes nothing without a type, unless a fallback is configured; with one it makes the same of it.
const WITHOUT_TYPE: &str =
    "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target";

/// Captures that were made after the table; the counts are those of Prometheus 3.14's parser.
const NOT_IN_THE_TABLE: [(&str, &str); 2] = [
    ("/kafka/kafka-4.3.1-jmx-upstream-kraft-rules.prom.gz", "6388"),
    ("/spark/spark-4.3.0-local-default-namespace-driver-prometheus.txt", "483"),
];

#[tokio::test(start_paused = true)]
async fn captures_are_scraped_as_prometheus_does() {
    let Some(table) = data::suite_file("smack/prometheus-2.42-scrape-results.tsv") else { return };
    let table = String::from_utf8(table).unwrap();
    let mut n_checked = 0;
    for row in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        // Three rows are about a page, JSON and a redirect that the table's author served.
        if ["/html", "/json", "/redir"].contains(&columns[0]) {
            continue;
        }
        check(columns[0], columns[1], columns[2], columns.get(3).copied().unwrap_or_default()).await;
        n_checked += 1;
    }
    for (path, n_samples) in NOT_IN_THE_TABLE {
        check(path, "1", n_samples, "").await;
        n_checked += 1;
    }
    assert_eq!(n_checked, 51);
    println!("{n_checked} captures scraped");
}

async fn check(path: &str, up: &str, n_samples: &str, error: &str) {
    let body = capture(path);
    let content_type = match path {
        path if path.starts_with("/pekko/") => "",
        path if path.ends_with("openmetrics.txt") => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        _ => "text/plain;charset=utf-8",
    };
    let world = World::new();
    world.answers(&[Answer::Typed(content_type, body)]);
    let mut config = world.config(&["a:1"]);
    if content_type.is_empty() {
        world.apply(config.clone());
        world.run(1).await;
        assert_eq!(world.last_error(), WITHOUT_TYPE, "{path}");
        "PrometheusText0.0.4".clone_into(&mut config.fallback_scrape_protocol);
    }
    world.apply(config);
    world.run(1).await;
    assert_eq!(last(&world.stored("up")), up, "{path}: {}", world.last_error());
    if up == "1" {
        assert_eq!(last(&world.stored("scrape_samples_scraped")), n_samples, "{path}");
        assert!(!world.last_warning().contains("dropped"), "{path}: {}", world.last_warning());
    } else {
        // 3.x adds the line.
        assert!(world.last_error().starts_with(error), "{path}: {}", world.last_error());
    }
}

fn capture(path: &str) -> String {
    let bytes = data::suite_file(&format!("smack{path}")).unwrap();
    if !path.ends_with(".gz") {
        return String::from_utf8(bytes).unwrap();
    }
    let mut text = String::new();
    MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    text
}

/// The last value that was stored.
fn last(stored: &str) -> &str {
    stored.rsplit_once(':').map_or("", |(_, value)| value)
}
