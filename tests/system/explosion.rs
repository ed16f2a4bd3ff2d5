//! Ever new series by remote write (T8): those that were there go on, the new ones are refused with a name, memory does not
//! grow, and a start after `kill -9` finds what was there.
//!
//! `NARTHEX_EXPLOSION=10000000` sends so many, and lets a target invent as many, to a process in a control group of a gibibyte,
//! whose limit follows from that. It takes root and some minutes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::exporter::Exporter;
use crate::http;
use crate::memory_group::MemoryGroup;
use crate::narthex::{Narthex, free_address};
use crate::remote_write::{Series, send};

const LIMIT: usize = 5_000;
/// New series in one request.
const N_NEW: usize = 2_500;
const N_REQUESTS: usize = 60;
/// Series that are there before.
const N_KEPT: usize = 100;
/// What the refusing may add to memory, in bytes; what is sent in that time is several times as much.
const MAX_GROWTH: f64 = (32 << 20) as f64;

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn series(metric: &str, ids: std::ops::Range<usize>, time_ms: i64) -> Vec<Series> {
    let labels = |id: usize| {
        let pairs = [("__name__", metric.to_owned()), ("id", format!("{metric} of the session number {id}"))];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    };
    ids.map(|id| (labels(id), vec![(time_ms, id as f64)])).collect()
}

/// A sample of narthex's own metrics.
fn own(narthex: &Narthex, sample: &str) -> f64 {
    let text = http::get(narthex.address, "/metrics").unwrap().text();
    let line = text.lines().find_map(|line| line.strip_prefix(sample)).unwrap_or_else(|| panic!("{sample}: {text}"));
    line.trim().parse().unwrap()
}

#[test]
fn ever_new_series() {
    let dir = tempfile::tempdir().unwrap();
    let file = format!("narthex:\n  limits:\n    head_series: {LIMIT}\n    metric_series: 0\n");
    std::fs::write(dir.path().join("prometheus.yml"), file).unwrap();
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    let start_ms = now_ms();
    let keep = |narthex: &Narthex, n: usize| {
        let answer = send(narthex.address, &series("kept", 0..N_KEPT, start_ms + n as i64));
        assert_eq!(answer.unwrap(), 204, "existing series go on, request {n}");
    };
    keep(&narthex, 0);
    let mut n_refused = 0;
    let mut bytes_before = 0.0;
    for n in 1..=N_REQUESTS {
        let status = send(narthex.address, &series("session", n * N_NEW..(n + 1) * N_NEW, start_ms)).unwrap();
        assert!(matches!(status, 204 | 429), "{status}");
        n_refused += usize::from(status == 429);
        keep(&narthex, n);
        if n == N_REQUESTS / 4 {
            bytes_before = own(&narthex, "process_resident_memory_bytes ");
        }
    }
    assert_eq!(n_refused, N_REQUESTS - 1);
    let grown = own(&narthex, "process_resident_memory_bytes ") - bytes_before;
    assert!(grown < MAX_GROWTH, "memory grew by {grown} bytes");
    assert_eq!(own(&narthex, "narthex_tsdb_head_series "), LIMIT as f64);
    let n_new = (N_REQUESTS * N_NEW - (LIMIT - N_KEPT)) as f64;
    assert_eq!(own(&narthex, "narthex_tsdb_series_refused_total{limit=\"head_series\"} "), n_new);

    let address = narthex.address;
    narthex.kill();
    let narthex = Narthex::start(dir.path(), address, &[]);
    assert_eq!(own(&narthex, "narthex_tsdb_head_series "), LIMIT as f64);
    keep(&narthex, N_REQUESTS + 1);
    let n_samples: usize = narthex.samples("kept").iter().map(|(_, samples)| samples.len()).sum();
    assert_eq!(n_samples, N_KEPT * (N_REQUESTS + 2));
    println!("{n_refused} of {N_REQUESTS} requests refused, memory grew by {grown} bytes");
}

/// What the process in the group may take, all in all.
const GROUP_BYTES: u64 = 1 << 30;
/// Series that the target invents at each scrape.
const N_INVENTED: u64 = 100_000;

#[test]
fn ever_new_series_in_little_memory() {
    let Ok(n_series) = std::env::var("NARTHEX_EXPLOSION") else {
        println!("left out: NARTHEX_EXPLOSION does not say how many series");
        return;
    };
    let n_series: usize = n_series.parse().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let target = Exporter::start_inventing(N_INVENTED);
    let file = format!(
        "scrape_configs:\n- job_name: inventor\n  scrape_interval: 1s\n  static_configs: [{{targets: ['{}']}}]\n",
        target.address
    );
    std::fs::write(dir.path().join("prometheus.yml"), file).unwrap();
    let group = MemoryGroup::new(GROUP_BYTES).expect("making a control group takes root");
    let narthex = Narthex::start_in(&group, dir.path(), free_address());
    let limits = narthex.api("/api/v1/status/limits");
    let is_it = |row: &&serde_json::Value| row["setting"] == "narthex.limits.head_series";
    let limit = limits.as_array().unwrap().iter().find(is_it).unwrap()["value"].as_f64().unwrap();
    assert_eq!(limit, (GROUP_BYTES / 4096) as f64, "it follows from the memory of the group");

    let start_ms = now_ms();
    let keep = |narthex: &Narthex, n: usize| {
        let answer = send(narthex.address, &series("kept", 0..N_KEPT, start_ms + n as i64));
        assert_eq!(answer.unwrap(), 204, "existing series go on, request {n}");
    };
    keep(&narthex, 0);
    let mut peak = 0;
    for n in 1..=n_series / N_NEW {
        let status = send(narthex.address, &series("session", n * N_NEW..(n + 1) * N_NEW, start_ms)).unwrap();
        assert!(matches!(status, 204 | 429), "{status}");
        keep(&narthex, n);
        peak = peak.max(narthex.resident_bytes());
    }
    // As many of the target's, which has gone on meanwhile.
    while target.n_scrapes() * N_INVENTED < n_series as u64 {
        std::thread::sleep(Duration::from_millis(200));
        peak = peak.max(narthex.resident_bytes());
    }
    let held = own(&narthex, "narthex_tsdb_head_series ");
    assert!(held <= limit, "{held} series");
    let stays = narthex.samples("stays").iter().map(|(_, samples)| samples.len()).sum::<usize>();
    let top = narthex.api("/api/v1/status/tsdb")["seriesCountByLabelValuePair"][0]["name"].clone();
    let n_scrapes = target.n_scrapes();

    let address = narthex.address;
    narthex.kill();
    let narthex = Narthex::start_in(&group, dir.path(), address);
    keep(&narthex, n_series / N_NEW + 1);
    let n_samples: usize = narthex.samples("kept").iter().map(|(_, samples)| samples.len()).sum();
    assert_eq!(n_samples, N_KEPT * (n_series / N_NEW + 2));
    println!(
        "{n_series} new series sent, {} invented in {n_scrapes} scrapes, of which {stays} are whole for what stays; {held} \
         series of at most {limit}, most with {top}; {} MiB at the peak, ready {:?} after it was killed, {} MiB then",
        n_scrapes * N_INVENTED,
        peak >> 20,
        narthex.time_to_ready,
        narthex.resident_bytes() >> 20,
    );
}
