//! A snapshot, made while a sender writes, and started as a store of its own: it holds everything that was acknowledged before it
//! was asked for, and answers as the store does that it was made of. What was deleted is deleted there, and comes back there.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::http;
use crate::narthex::{Narthex, free_address};
use crate::remote_write;

const N_SERIES: usize = 40;
/// Batches of history, one a minute; then one after the other.
const N_HISTORY: i64 = 240;

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn batch(time_ms: i64) -> Vec<remote_write::Series> {
    let one = |series: usize| {
        let labels = [("__name__", "written_total"), ("i", &*series.to_string())];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        (labels, vec![(time_ms, (time_ms % 1_000_003) as f64 + series as f64 / 1000.0)])
    };
    (0..N_SERIES).map(one).collect()
}

/// Sends batches until it is told to stop; notes the time of the last that was acknowledged.
fn write_until(narthex: &Narthex, acknowledged: &Mutex<i64>, stop: &AtomicBool) {
    let mut last_ms = now_ms();
    while !stop.load(Ordering::SeqCst) {
        while now_ms() <= last_ms {
            std::thread::yield_now();
        }
        last_ms = now_ms();
        assert_eq!(remote_write::send(narthex.address, &batch(last_ms)).unwrap(), 204);
        *acknowledged.lock().unwrap() = last_ms;
    }
}

fn admin(narthex: &Narthex, target: &str) -> http::Response {
    http::request(narthex.address, "POST", &format!("/api/v1/admin/tsdb/{target}"), &[], b"").unwrap()
}

/// Waits until so many batches more have been acknowledged.
fn wait_for(acknowledged: &Mutex<i64>, n_more: usize) {
    for _ in 0..n_more {
        let before = *acknowledged.lock().unwrap();
        while *acknowledged.lock().unwrap() == before {
            std::thread::yield_now();
        }
    }
}

/// Waits until what is older than three hours, of the four, is sealed, which is looked after once a second.
fn wait_for_blocks(dir: &Path) {
    let started = Instant::now();
    let blocks = || std::fs::read_dir(dir.join("data/blocks")).into_iter().flatten();
    while !blocks().any(|entry| entry.unwrap().path().extension().is_some_and(|extension| extension == "nblk")) {
        assert!(started.elapsed() < Duration::from_secs(180), "nothing is sealed within three minutes");
        std::thread::yield_now();
    }
}

#[test]
fn a_snapshot_answers_as_the_store_does() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("prometheus.yml"), "").unwrap();
    let flags = ["--web.enable-admin-api"];
    let narthex = Narthex::start(dir.path(), free_address(), &flags);
    let first_ms = now_ms() - N_HISTORY * 60_000;
    for minute in 0..N_HISTORY {
        assert_eq!(remote_write::send(narthex.address, &batch(first_ms + minute * 60_000)).unwrap(), 204);
    }
    wait_for_blocks(dir.path());
    let deleted = format!("match[]={}", http::encoded("written_total{i=\"7\"}"));
    assert_eq!(admin(&narthex, &format!("delete_series?{deleted}")).status, 204);
    let (acknowledged, stop) = (Mutex::new(0), AtomicBool::new(false));
    let (name, certain_ms) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_until(&narthex, &acknowledged, &stop));
        wait_for(&acknowledged, 5);
        let certain_ms = *acknowledged.lock().unwrap();
        let made = admin(&narthex, "snapshot");
        assert_eq!(made.status, 200, "{}", made.text());
        wait_for(&acknowledged, 5);
        stop.store(true, Ordering::SeqCst);
        writer.join().unwrap();
        (made.json()["data"]["name"].as_str().unwrap().to_owned(), certain_ms)
    });

    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("prometheus.yml"), "").unwrap();
    let path = dir.path().join("data/snapshots").join(&name);
    // There is a log only where something was written between its checkpoint and itself.
    assert!(path.join("blocks").is_dir() && path.join("checkpoint").is_dir());
    let storage = format!("--storage.tsdb.path={}", path.display());
    let copy = Narthex::start(elsewhere.path(), free_address(), &[flags[0], &storage]);
    check_samples(&narthex, &copy, certain_ms);
    check_queries(&narthex, &copy, certain_ms);
    // What was deleted comes back in the copy, and there only.
    assert_eq!(admin(&copy, &format!("undelete?{deleted}")).status, 200);
    let n_of = |narthex: &Narthex| {
        let before_ms = certain_ms - 1000;
        let samples = narthex.samples("written_total{i=\"7\"}");
        samples.iter().flat_map(|(_, samples)| samples).filter(|(time_ms, _)| *time_ms < before_ms).count() as i64
    };
    assert!(n_of(&copy) >= N_HISTORY - 1 && n_of(&narthex) < N_HISTORY / 2, "{} {}", n_of(&copy), n_of(&narthex));
    // Without the head there are the blocks, with all from before the deletion.
    let made = admin(&narthex, "snapshot?skip_head=true").json();
    let path = dir.path().join("data/snapshots").join(made["data"]["name"].as_str().unwrap());
    assert!(path.join("blocks").is_dir() && !path.join("checkpoint").exists());
}

/// The copy has every sample up to the certain time, and none that the store does not have.
fn check_samples(narthex: &Narthex, copy: &Narthex, certain_ms: i64) {
    let (all, copied) = (narthex.samples("written_total"), copy.samples("written_total"));
    assert_eq!(all.len(), N_SERIES);
    let newest_ms = copied[0].1.last().unwrap().0;
    assert!(newest_ms >= certain_ms, "{newest_ms} is before {certain_ms}");
    let until = |(labels, samples): &(serde_json::Value, Vec<(i64, String)>)| {
        let samples: Vec<_> = samples.iter().filter(|(time_ms, _)| *time_ms <= newest_ms).cloned().collect();
        (labels.to_string(), samples)
    };
    let sorted = |series: &[_]| {
        let mut series: Vec<_> = series.iter().map(until).collect();
        series.sort();
        series
    };
    assert!(sorted(&all) == sorted(&copied), "the copy has other samples");
}

/// Both answer alike what is asked of times that both have.
fn check_queries(narthex: &Narthex, copy: &Narthex, certain_ms: i64) {
    let at = certain_ms as f64 / 1000.0;
    let queries = [
        "written_total",
        "sum(rate(written_total[1h]))",
        "topk(3, written_total)",
        "quantile_over_time(0.9, written_total{i=~\"1.*\"}[2h])",
        "count by (i) (count_over_time({__name__=~\".+\"}[1d]))",
    ];
    let mut paths: Vec<String> = Vec::new();
    for query in queries {
        let query = http::encoded(query);
        paths.push(format!("/api/v1/query?query={query}&time={at}"));
        paths.push(format!("/api/v1/query_range?query={query}&start={}&end={at}&step=300", at - 4.0 * 3600.0));
    }
    let until = format!("end={at}");
    paths.push(format!("/api/v1/labels?{until}"));
    paths.push(format!("/api/v1/label/i/values?{until}"));
    paths.push(format!("/api/v1/series?match[]=written_total&{until}"));
    for path in paths {
        let (one, other) = (narthex.api(&path), copy.api(&path));
        assert!(one == other && !one.as_array().is_some_and(Vec::is_empty), "{path}: {one} and {other}");
    }
}
