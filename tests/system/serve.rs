//! Started without anything, it scrapes and shows itself; stopped, it stops.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::exporter::Exporter;
use crate::http;
use crate::narthex::{Narthex, Starting, free_address};
use crate::remote_write;

/// Asks until the answer pleases, for some minutes at most: it takes seconds, on a busy machine many.
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(180), "{what}: not within three minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn instant(narthex: &Narthex, expression: &str) -> Vec<serde_json::Value> {
    let data = narthex.api(&format!("/api/v1/query?query={}", http::encoded(expression)));
    data["result"].as_array().unwrap().clone()
}

#[test]
fn without_a_configuration_it_scrapes_itself() {
    let dir = tempfile::tempdir().unwrap();
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    let up = wait_for("up", || instant(&narthex, "up").pop());
    assert_eq!((&up["metric"]["job"], &up["value"][1]), (&"narthex".into(), &"1".into()));
    wait_for("its own series", || (instant(&narthex, "{__name__=~\"narthex_.+\"}").len() > 20).then_some(()));
    let page = http::get(narthex.address, "/").unwrap();
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
}

/// How often it may take longer, because the machine does other things, before that is its own fault.
const N_ENDS: usize = 4;

#[test]
fn sigterm_ends_it_in_five_seconds_and_what_it_had_is_there_again() {
    let took: Vec<Duration> =
        (0..N_ENDS).map_while(|_| Some(end_by_sigterm()).filter(|took| took.as_secs() >= 5)).collect();
    assert!(took.len() < N_ENDS, "it took {took:?}");
}

/// How long it takes from the signal to the end.
fn end_by_sigterm() -> Duration {
    let dir = tempfile::tempdir().unwrap();
    let exporter = Exporter::start(100);
    let configuration = format!(
        "global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}\n\
         scrape_configs:\n- job_name: exporter\n  static_configs: [{{targets: ['{}']}}]\n",
        exporter.address
    );
    std::fs::write(dir.path().join("prometheus.yml"), configuration).unwrap();
    let address = free_address();
    let narthex = Narthex::start(dir.path(), address, &[]);
    wait_for("three scrapes", || (exporter.n_scrapes() >= 3).then_some(()));
    let before = narthex.samples("scraped");
    let started = Instant::now();
    narthex.signal("TERM");
    let status = narthex.wait();
    let took = started.elapsed();
    println!("ended {took:.0?} after SIGTERM: {status}");
    assert!(status.success(), "{status}");

    // Its targets are not shown as up for five minutes more: their series end with a stale marker.
    std::fs::write(dir.path().join("prometheus.yml"), "scrape_configs: []\n").unwrap();
    let narthex = Narthex::start(dir.path(), address, &[]);
    assert_eq!(instant(&narthex, "scraped").len(), 0);
    let after = narthex.samples("scraped");
    assert_eq!(before.len(), after.len());
    for (labels, before) in &before {
        let (_, after) = after.iter().find(|(known, _)| known == labels).unwrap();
        assert_eq!(after[..before.len()], before[..], "{labels}");
    }
    took
}

#[test]
fn a_second_instance_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Narthex::start(dir.path(), free_address(), &[]);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_narthex"))
        .current_dir(dir.path())
        .arg(format!("--web.listen-address={}", free_address()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("data directory") && text.contains("in use"), "{text}");
}

#[test]
fn a_bad_configuration_is_shown_with_its_line_and_a_bad_reload_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("prometheus.yml");
    let good = "global: {scrape_interval: 10s}\nscrape_configs: []\n";
    std::fs::write(&file, "global: {scrape_intervall: 10s}\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_narthex"))
        .current_dir(dir.path())
        .arg(format!("--web.listen-address={}", free_address()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("prometheus.yml:1:") && text.contains("scrape_interval"), "{text}");

    std::fs::write(&file, good).unwrap();
    let narthex = Narthex::start(dir.path(), free_address(), &["--web.enable-lifecycle"]);
    let yaml = || narthex.api("/api/v1/status/config")["yaml"].as_str().unwrap().to_owned();
    assert!(yaml().contains("scrape_interval: 10s"), "{}", yaml());
    std::fs::write(&file, "global: {scrape_interval: soon}\n").unwrap();
    let reload = || http::request(narthex.address, "POST", "/-/reload", &[], &[]).unwrap();
    let refused = reload();
    assert_eq!(refused.status, 500, "{}", refused.text());
    assert!(refused.text().contains("soon"), "{}", refused.text());
    assert!(yaml().contains("scrape_interval: 10s"), "the old one stands");
    std::fs::write(&file, good.replace("10s", "20s")).unwrap();
    assert_eq!(reload().status, 200);
    assert!(yaml().contains("scrape_interval: 20s"), "{}", yaml());
    // SIGHUP does the same.
    std::fs::write(&file, good.replace("10s", "30s")).unwrap();
    narthex.signal("HUP");
    wait_for("the reload", || yaml().contains("scrape_interval: 30s").then_some(()));
}

#[test]
fn readiness_is_told_while_the_log_is_read() {
    // A log may have been read before anybody could ask; then one twice as long is tried.
    let n_told = [40, 80, 160, 320].into_iter().map(told_while_the_log_is_read).find(|n_told| *n_told > 0);
    assert!(n_told.is_some(), "it was never told");
}

/// How often it was told that narthex, started on the log of so many requests, is not ready.
fn told_while_the_log_is_read(n_requests: i64) -> usize {
    let dir = tempfile::tempdir().unwrap();
    // Without a checkpoint, which would have to be read instead.
    std::fs::write(dir.path().join("prometheus.yml"), "narthex: {checkpoint_interval: 1d}\nscrape_configs: []\n")
        .unwrap();
    let address = free_address();
    let narthex = Narthex::start(dir.path(), address, &[]);
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let series = |request: i64| -> Vec<remote_write::Series> {
        let labels = |i: usize| [("__name__", "m"), ("i", &i.to_string())].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let samples = |i: usize| (0..100).map(|j| (now_ms - (n_requests - request) * 100 + j, i as f64)).collect();
        (0..500).map(|i| (labels(i).to_vec(), samples(i))).collect()
    };
    for request in 0..n_requests {
        assert_eq!(remote_write::send(address, &series(request)).unwrap(), 204);
    }
    narthex.kill();

    let starting = Starting::new(dir.path(), address, &[]);
    let mut progress = Vec::new();
    let mut n_refused = 0;
    wait_for("readiness", || {
        let response = http::get(address, "/-/ready").ok()?;
        if response.status == 200 {
            return Some(());
        }
        // Alive, and not ready.
        assert_eq!(response.status, 503);
        assert_eq!(http::get(address, "/-/healthy").unwrap().status, 200);
        n_refused += 1;
        progress.extend(response.header("x-narthex-replay").map(str::to_owned));
        None
    });
    println!("{n_refused} times not ready; progress {:?} to {:?}", progress.first(), progress.last());
    let done = |text: &String| text.split('/').next().unwrap().parse::<u64>().unwrap();
    assert!(progress.iter().map(done).is_sorted(), "{progress:?}");
    starting.kill();
    n_refused
}

/// The limits that stand under `narthex.limits`: name, value and default.
fn own_limits(narthex: &Narthex) -> Vec<(String, f64, f64)> {
    let limits = narthex.api("/api/v1/status/limits");
    let rows = limits.as_array().unwrap().iter();
    let own = rows.filter_map(|row| Some((row["setting"].as_str()?.strip_prefix("narthex.limits.")?, row)));
    let number = |row: &serde_json::Value, field: &str| row[field].as_f64().unwrap();
    own.map(|(name, row)| (name.to_owned(), number(row, "value"), number(row, "default"))).collect()
}

#[test]
fn every_limit_is_set_where_the_list_of_limits_says() {
    let dir = tempfile::tempdir().unwrap();
    let before = own_limits(&Narthex::start(dir.path(), free_address(), &[]));
    let mut file = "narthex:\n  limits:\n".to_owned();
    for (name, value, _) in &before {
        let unit = match name.as_str() {
            "sample_ahead" | "query_queue_time" => "s",
            "head_series"
            | "metric_series"
            | "target_series"
            | "remote_write_max_samples_per_request"
            | "remote_write_concurrency"
            | "silences" => "",
            _ => "B",
        };
        file.push_str(&format!("    {name}: {}{unit}\n", value + 1.0));
    }
    std::fs::write(dir.path().join("prometheus.yml"), &file).unwrap();
    let after = own_limits(&Narthex::start(dir.path(), free_address(), &[]));
    let want = before.iter().map(|(name, value, default)| (name.clone(), value + 1.0, *default));
    assert_eq!(after, want.collect::<Vec<_>>(), "{file}");
    println!("{} limits", before.len());
}

#[test]
fn the_manual_shows_every_limit_with_its_default() {
    let manual = include_str!("../../docs/configuration.md");
    let (_, block) = manual.split_once("```yaml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("prometheus.yml"), block).unwrap();
    for (name, value, default) in own_limits(&Narthex::start(dir.path(), free_address(), &[])) {
        // Limits on series follow from memory; the manual shows those of a machine with 8 GiB or more.
        let is_small_machine = name.ends_with("_series") && default < value;
        assert!(value == default || is_small_machine, "{name}: {value} in the manual, the default is {default}");
        assert!(block.contains(&format!(" {name}: ")), "{name} is not in the manual");
    }
}
