//! An objective made on the command line of what a server has stored, and put in force.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::http;
use crate::narthex::{Narthex, PROGRAM, free_address};
use crate::remote_write::{Series, send};
use crate::waiting::wait_until;

const MINUTE_MS: i64 = 60_000;
/// Of the outage, counted from the beginning.
const OUTAGE: std::ops::Range<i64> = 400..430;
const N_MINUTES: i64 = 600;

fn narthex_slo(narthex: &Narthex, args: &[&str]) -> Output {
    let server = format!("http://{}", narthex.address);
    Command::new(PROGRAM).arg("slo").args(args).args(["--server", &server]).output().unwrap()
}

/// Standard output and standard error of a command that must succeed.
fn said(narthex: &Narthex, args: &[&str]) -> (String, String) {
    let output = narthex_slo(narthex, args);
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{args:?}: {err}");
    (out, err)
}

/// Ten hours of a hundred requests a minute, with an outage of half an hour in which half of them fail, up to now.
fn write_past(narthex: &Narthex) -> i64 {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let first_ms = now_ms / MINUTE_MS * MINUTE_MS - N_MINUTES * MINUTE_MS;
    let mut counts = [0.0, 0.0];
    for minute in 0..=N_MINUTES {
        let at_ms = first_ms + minute * MINUTE_MS;
        let labels = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let up: Series = (labels(&[("__name__", "up"), ("instance", "a"), ("job", "shop")]), vec![(at_ms, 1.0)]);
        let of = |code: &str, value: f64| -> Series {
            let labels = labels(&[("__name__", "requests_total"), ("code", code), ("instance", "a"), ("job", "shop")]);
            (labels, vec![(at_ms, value)])
        };
        // Nothing is there in the first minute, so that the first values count.
        let mut series = vec![up];
        if minute > 0 {
            let bad = if OUTAGE.contains(&minute) { 50.0 } else { 0.0 };
            counts = [counts[0] + 100.0 - bad, counts[1] + bad];
            series.extend([of("200", counts[0]), of("500", counts[1])]);
        }
        assert_eq!(send(narthex.address, &series).unwrap(), 204, "minute {minute}");
    }
    first_ms
}

fn configure(dir: &Path) {
    // Nobody is scraped: all that there is was written.
    let config = "global: {evaluation_interval: 30s, scrape_interval: 1m}\nnarthex: {slo_files: [slo/*.yml], self_alerts: false}\n";
    std::fs::write(dir.join("prometheus.yml"), config).unwrap();
    std::fs::create_dir(dir.join("slo")).unwrap();
}

#[test]
fn a_metric_becomes_an_objective_that_counts_what_was_promised() {
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path());
    let narthex = Narthex::start(dir.path(), free_address(), &["--web.enable-lifecycle"]);
    let first_ms = write_past(&narthex);

    let (listed, _) = said(&narthex, &["new", "requests_total", "--list"]);
    assert!(listed.starts_with("requests_total (counter, 2 series) makes:\n  1. requests-availability: "), "{listed}");

    // Of half an hour's outage in ten hours 95 % can be promised, with half of the budget to spare; 98 % would have been missed.
    let (yaml, told) = said(&narthex, &["new", "requests_total"]);
    assert!(told.contains("1500 bad of 60000 events"), "{told}");
    assert!(yaml.contains("targetPercent: 95\n"), "{told}\n{yaml}");
    let (json, _) = said(&narthex, &["new", "requests_total", "-o", "json", "--objective", "99.9", "--name", "orders"]);
    let made: Value = serde_json::from_str(&json).unwrap();
    let trial = &made["trial"];
    assert_eq!((&trial["id"], &trial["bad"], &trial["total"]), (&"orders".into(), &1500.into(), &60_000.into()));
    // 2 % of four weeks' budget within an hour are 81 of 6000 events: the second minute shows it.
    let page = trial["alerts"].as_array().unwrap().iter().find(|alert| alert["severity"] == "page").unwrap();
    let outage_ms = first_ms + OUTAGE.start * MINUTE_MS;
    let fired: jiff::Timestamp = page["fired_at"].as_str().unwrap().parse().unwrap();
    assert_eq!((fired.as_millisecond(), &page["detection_delay_seconds"]), (outage_ms + MINUTE_MS, &60.0.into()));

    // In force it has counted the same events back, and what is tried of it is what was tried before it was.
    std::fs::write(dir.path().join("slo/new.yml"), trial["yaml"].as_str().unwrap()).unwrap();
    assert_eq!(http::request(narthex.address, "POST", "/-/reload", &[], &[]).unwrap().status, 200);
    wait_until("it has counted back", || narthex.api("/api/v1/slos")[0]["total"] == 60_000);
    let slo = narthex.api("/api/v1/slos/orders");
    assert_eq!((&slo["bad"], &slo["objective"], &slo["service"]), (&1500.into(), &"99.9".into(), &"shop".into()));
    let (json, _) = said(&narthex, &["whatif", "orders", "-o", "json"]);
    let again: Value = serde_json::from_str(&json).unwrap();
    for same in ["bad", "total", "pages", "tickets", "alerts", "suggestions"] {
        assert_eq!(again[same], trial[same], "{same}");
    }
    let (words, _) = said(&narthex, &["whatif", "orders", "--objective", "95", "--window", "1d"]);
    assert!(words.lines().any(|line| line.starts_with("tried") && line.contains("95%")), "{words}");
    let (yaml, _) = said(&narthex, &["whatif", "orders", "--objective", "95", "-o", "yaml"]);
    std::fs::write(dir.path().join("other.yml"), yaml).unwrap();
    let other = dir.path().join("other.yml").display().to_string();
    let (words, _) = said(&narthex, &["whatif", "--spec", &other]);
    assert!(words.contains("in force"), "{words}");

    let refused = |args: &[&str], want: &str| {
        let output = narthex_slo(&narthex, args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{args:?}: {error}");
        assert!(error.contains(want), "{args:?}: {error}");
    };
    refused(&["new", "nobody"], "nobody: No series of this name were stored during the last day.");
    refused(&["new", "requests_total", "--draft", "7"], "there is no draft 7: there are requests-availability");
    refused(&["new", "requests_total", "--objective", "100"], "invalid parameter \"objective\"");
    refused(&["whatif", "nobody"], "no such SLO: \"nobody\"");
    refused(&["whatif", "--spec", "/nowhere"], "cannot read /nowhere");
}
