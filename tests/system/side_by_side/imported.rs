//! A data directory that Prometheus wrote, imported: every sample of every series is what Prometheus answered.
//!
//! Blocks that promtool made, blocks of compactions, a log with a checkpoint, late samples in blocks and in their own log,
//! series that were deleted, two ends of the process, the second one a kill.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use model::Rng;
use model::rng::SeededRng;
use serde_json::Value;

use super::{Prometheus, can_run, installed, wait_until};
use crate::http;
use crate::narthex::{Narthex, free_address};
use crate::remote_write::{push_bytes, push_varint, send_message};

/// The end of a window of two hours.
const BASE_MS: i64 = 1_772_193_600_000 / 7_200_000 * 7_200_000;
const STEP_MS: i64 = 15_000;
const HOUR_MS: i64 = 3_600_000;
const N_HOURS: i64 = 11;
const N_TARGETS: usize = 4;
const FLAGS: [&str; 2] = ["--web.enable-admin-api", "--storage.tsdb.retention.time=20y"];
/// Samples of each series go in parts of so many, all series side by side.
const PART: i64 = 120;

#[test]
fn every_series_of_a_prometheus_is_imported() {
    check("plain", "", &[]);
}

#[test]
fn newer_encodings_are_imported() {
    let features = "--enable-feature=st-storage,histograms-st-encoding,xor2-encoding,memory-snapshot-on-shutdown";
    let zstd = "--storage.tsdb.wal-compression-type=zstd";
    check("newer", "    chunk_encoding:\n      floats: xor2\n", &[features, zstd]);
}

fn check(name: &str, tsdb: &str, flags: &[&str]) {
    let needed = [installed("peers/prometheus"), installed("peers/promtool")];
    if !can_run(&needed, "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let seed = crate::seed();
    println!("{name}: seed {seed}");
    let data = dir.path().join("prometheus");
    let configuration = dir.path().join("prometheus.yml");
    let storage = format!("storage:\n  tsdb:\n    out_of_order_time_window: 3h\n{tsdb}scrape_configs: []\n");
    std::fs::write(&configuration, storage).unwrap();
    make_blocks(dir.path(), &data);
    write_with_prometheus(dir.path(), &configuration, flags, seed);
    // What it would answer after the kill is what counts; what it changes by that must not be seen by the import.
    let killed = dir.path().join("killed");
    copy(&data, &killed);
    let prometheus = Prometheus::start_with(dir.path(), free_address(), &configuration, &[&FLAGS, flags].concat());
    let expected = everything(prometheus.address);
    prometheus.stop("KILL");
    let data = killed;
    let n_samples: usize = expected.values().map(n_samples_of).sum();
    println!("{} series, {n_samples} samples, {}", expected.len(), described(&data));
    assert!(n_samples > 100_000 && expected.len() > 50);

    let first = import(dir.path(), &data);
    println!("{first}");
    let again = import(dir.path(), &data);
    assert!(again.starts_with("nothing new was found"), "{again}");

    compare_dumps(dir.path(), &data);
    let narthex = Narthex::start(dir.path(), free_address(), &["--storage.tsdb.retention.time=20y"]);
    let got = everything(narthex.address);
    let differences = differences(&expected, &got);
    let shown: Vec<_> = differences.iter().take(10).cloned().collect();
    assert!(differences.is_empty(), "{} differ (Prometheus / narthex):\n{}", differences.len(), shown.join("\n"));
    let refused = import_command(dir.path(), &data).output().unwrap();
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && error.contains("stop narthex first"), "{error}");
}

#[test]
fn a_damaged_chunk_costs_its_samples_only() {
    if !can_run(&[installed("peers/promtool")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("prometheus");
    make_blocks(dir.path(), &data);
    let lines = |dir: &Path| -> BTreeSet<String> {
        let dump =
            Command::new(env!("CARGO_BIN_EXE_narthex")).current_dir(dir).args(["tsdb", "dump"]).output().unwrap();
        String::from_utf8(dump.stdout).unwrap().lines().map(str::to_owned).collect()
    };
    import(dir.path(), &data);
    let whole = lines(dir.path());
    let block = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).min().unwrap();
    let file = block.join("chunks/000001");
    let chunks = std::fs::read(&file).unwrap();
    for at in [9, chunks.len() / 3, chunks.len() - 1] {
        let mut damaged = chunks.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&file, &damaged).unwrap();
        let other = tempfile::tempdir().unwrap();
        let output = import_command(other.path(), &data).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("chunk of {__name__=\"old\"") && error.lines().count() == 1, "{error}");
        let left = lines(other.path());
        assert!(left.is_subset(&whole), "a wrong sample after damage at {at}");
        let n_missing = whole.len() - left.len();
        assert!((1..=240).contains(&n_missing), "{n_missing} samples are missing after damage at {at}");
    }
}

/// Two days of a few series before everything else, as blocks that promtool makes.
fn make_blocks(dir: &Path, data: &Path) {
    let mut text = String::from("# TYPE old gauge\n");
    for i in 0..5 {
        for minute in 0..2 * 24 * 60 {
            let seconds = BASE_MS / 1000 - (4 * 24 * 3600) + minute * 60;
            text.push_str(&format!("old{{i=\"{i}\"}} {}.{} {seconds}\n", minute % 97, i));
        }
    }
    text.push_str("# EOF\n");
    let file = dir.join("old.om");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(installed("peers/promtool"));
    command.args(["tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=24h"]);
    let made = command.arg(&file).arg(data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Has Prometheus write everything. It is killed.
fn write_with_prometheus(dir: &Path, configuration: &Path, flags: &[&str], seed: u64) {
    let flags = [&FLAGS, flags].concat();
    let start = || Prometheus::start_with(dir, free_address(), configuration, &flags);
    let mut writer = Writer::new(seed);
    let prometheus = start();
    writer.write(prometheus.address, 5);
    writer.write_late(prometheus.address, 5);
    delete(prometheus.address, "counter{target=\"1\"}", BASE_MS + HOUR_MS, BASE_MS + 2 * HOUR_MS);
    prometheus.stop("TERM");

    let prometheus = start();
    writer.write(prometheus.address, N_HOURS);
    wait_until("Prometheus has compacted its head", || {
        let response = http::get(prometheus.address, "/api/v1/status/tsdb").unwrap().json();
        response["data"]["headStats"]["minTime"].as_i64().unwrap() >= BASE_MS + (N_HOURS - 3) * HOUR_MS
    });
    // Where nothing is late: of deleted late samples Prometheus brings some back after a start, not always the same.
    delete(prometheus.address, "decimal{target=\"2\"}", BASE_MS + 6 * HOUR_MS, BASE_MS + 7 * HOUR_MS);
    delete(prometheus.address, "requests{target=\"1\"}", BASE_MS + 10 * HOUR_MS, BASE_MS + 10 * HOUR_MS + 600_000);
    writer.write_late(prometheus.address, N_HOURS);
    prometheus.stop("KILL");
}

pub(super) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

fn delete(address: SocketAddr, selector: &str, from_ms: i64, to_ms: i64) {
    let (selector, from, to) = (http::encoded(selector), from_ms / 1000, to_ms / 1000);
    let path = format!("/api/v1/admin/tsdb/delete_series?match[]={selector}&start={from}&end={to}");
    let response = http::request(address, "POST", &path, &[], &[]).unwrap();
    assert_eq!(response.status, 204, "{}", response.text());
}

/// What lies in the directory, in words: to be seen that the test is about something.
fn described(data: &Path) -> String {
    let n_files = |dir: &Path| std::fs::read_dir(dir).map_or(0, Iterator::count);
    let names = || std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let blocks: Vec<_> = names().filter(|name| name.len() == 26).collect();
    assert!(blocks.len() > 2, "blocks: {blocks:?}");
    let segments = ["wal", "wbl", "chunks_head"].map(|name| n_files(&data.join(name)));
    assert!(segments.iter().all(|n| *n > 0), "segments of the logs and chunks: {segments:?}");
    format!("{} blocks; wal, wbl and chunks_head of {segments:?} files", blocks.len())
}

/// Every histogram, bucket by bucket, as the dumps of both have them; and that everything that was written is whole.
fn compare_dumps(dir: &Path, data: &Path) {
    let dumped = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut lines: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let selector = "--match={__name__=~\"requests.*|odd|sparse\"}";
    let narthex = |command: &str| {
        let mut narthex = Command::new(env!("CARGO_BIN_EXE_narthex"));
        narthex.current_dir(dir).args(["tsdb", command]);
        narthex
    };
    let expected = dumped(Command::new(installed("peers/promtool")).args(["tsdb", "dump", selector]).arg(data));
    let got = dumped(narthex("dump").arg(selector));
    // promtool leaves out the first sample of a series of float histograms, and the first two of one of integers.
    let n_left_out = N_TARGETS * (1 + 2 * 3);
    let by_sample = |lines: Vec<String>| -> BTreeMap<(String, String), String> {
        lines
            .into_iter()
            .map(|line| {
                let (labels, time) =
                    (line.split('}').next().unwrap().to_owned(), line.rsplit(' ').next().unwrap().to_owned());
                ((labels, time), line)
            })
            .collect()
    };
    let (expected, got) = (by_sample(expected), by_sample(got));
    assert!(expected.values().filter(|line| line.contains("count:")).count() > 10_000);
    assert_eq!(got.len(), expected.len() + n_left_out, "lines of the dumps");
    let differs = |(sample, line): &(&_, &String)| !got.get(*sample).is_some_and(|other| are_equal(line, other));
    let differing = expected.iter().find(differs);
    let other = differing.and_then(|(sample, _)| got.get(sample));
    assert!(differing.is_none(), "the dumps differ (promtool / narthex): {differing:#?} {other:?}");
    let verified = dumped(&mut narthex("verify"));
    assert!(verified.iter().any(|line| line == "everything is whole"), "{verified:?}");
    let listed = dumped(&mut narthex("list"));
    assert!(listed.iter().any(|line| line.contains("blocks")), "{listed:?}");
    let analyzed = dumped(narthex("analyze").arg("--all"));
    assert!(analyzed.iter().any(|line| line.split_whitespace().eq(["44", "counter"])), "{analyzed:?}");
}

/// Whether two lines say the same: the bounds of buckets may differ in the last digit.
fn are_equal(one: &str, other: &str) -> bool {
    let parts =
        |line: &str| line.split([' ', ',', ':', '(', ')', '[', ']', '{', '}']).map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (parts(one), parts(other));
    let equal = |one: &str, other: &str| match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(a), Ok(b)) => one == other || (a - b).abs() <= 1e-12 * a.abs(),
        _ => one == other,
    };
    one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| equal(one, other))
}

fn import_command(dir: &Path, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_narthex"));
    command.current_dir(dir).args(["import", "prometheus"]).arg(data);
    command
}

/// Imports, and answers the summary.
pub(super) fn import(dir: &Path, data: &Path) -> String {
    let output = import_command(dir, data).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// All samples of all series, by labels.
fn everything(address: SocketAddr) -> BTreeMap<String, Value> {
    let end = (BASE_MS + (N_HOURS + 1) * HOUR_MS) / 1000;
    let query = http::encoded("{__name__=~\".+\"}[30d]");
    let mut document = http::get(address, &format!("/api/v1/query?query={query}&time={end}")).unwrap().json();
    assert_eq!(document["status"], "success", "{document}");
    let Value::Array(series) = document["data"]["result"].take() else { panic!("no series") };
    series.into_iter().map(|one| (one["metric"].to_string(), one)).collect()
}

fn n_samples_of(series: &Value) -> usize {
    ["values", "histograms"].iter().map(|kind| series[kind].as_array().map_or(0, Vec::len)).sum()
}

/// What is not equal, text by text: floats are printed so that equal texts are equal bits.
fn differences(expected: &BTreeMap<String, Value>, got: &BTreeMap<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for (labels, series) in expected {
        let Some(other) = got.get(labels) else {
            found.push(format!("{labels}: missing"));
            continue;
        };
        for kind in ["values", "histograms"] {
            let of = |series: &Value| {
                let mut samples = series[kind].as_array().cloned().unwrap_or_default();
                // Buckets are compared as they stand in dumps.
                let histograms = samples.iter_mut().filter_map(|sample| sample[1].as_object_mut());
                histograms.for_each(|histogram| drop(histogram.remove("buckets")));
                samples
            };
            let (one, other) = (of(series), of(other));
            if one != other {
                let at =
                    one.iter().zip(&other).position(|(one, other)| one != other).unwrap_or(one.len().min(other.len()));
                let (n, n_other) = (one.len(), other.len());
                found.push(format!(
                    "{labels}: {n} / {n_other} {kind}: {:?} / {:?} at {at}",
                    one.get(at),
                    other.get(at)
                ));
            }
        }
    }
    found.extend(
        got.keys().filter(|labels| !expected.contains_key(*labels)).map(|labels| format!("{labels}: too much")),
    );
    found
}

/// Writes series of all kinds, hour by hour.
struct Writer {
    rng: SeededRng,
    series: Vec<Written>,
    /// What has been written.
    n_written: i64,
}

/// A series that is written.
struct Written {
    kind: Kind,
    target: usize,
    /// Counters and their likes.
    total: f64,
    buckets: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Counter,
    Decimal,
    Double,
    Constant,
    Sparse,
    Odd,
    Integers,
    Floats,
    Custom,
    Gauge,
}

const KINDS: [(Kind, &str); 10] = [
    (Kind::Counter, "counter"),
    (Kind::Decimal, "decimal"),
    (Kind::Double, "double"),
    (Kind::Constant, "constant"),
    (Kind::Sparse, "sparse"),
    (Kind::Odd, "odd"),
    (Kind::Integers, "requests"),
    (Kind::Floats, "requests_rate"),
    (Kind::Custom, "requests_custom"),
    (Kind::Gauge, "requests_gauge"),
];

impl Writer {
    fn new(seed: u64) -> Writer {
        let targets = (0..N_TARGETS).flat_map(|target| KINDS.map(|(kind, _)| (kind, target)));
        let series = targets.map(|(kind, target)| Written { kind, target, total: 0.0, buckets: vec![3, 1, 0, 2] });
        Writer { rng: SeededRng::new(seed), series: series.chain(wide()).collect(), n_written: 0 }
    }

    /// Writes everything up to an hour.
    fn write(&mut self, address: SocketAddr, hours: i64) {
        while self.n_written < hours * HOUR_MS / STEP_MS {
            let steps = self.n_written..self.n_written + PART;
            let mut message = Vec::new();
            for series in &mut self.series {
                let steps = steps.clone().filter(|step| series.has(*step));
                let times: Vec<i64> = steps.map(|step| BASE_MS + step * STEP_MS + series.target as i64 * 37).collect();
                push_bytes(&mut message, 1, &series.encoded(&times, &mut self.rng));
            }
            assert_eq!(send_message(address, &message).unwrap(), 204);
            self.n_written += PART;
        }
    }

    /// Writes samples between those of the last two hours before an hour.
    fn write_late(&mut self, address: SocketAddr, hours: i64) {
        let mut message = Vec::new();
        for series in self.series.iter_mut().filter(|series| series.target % 2 == 0) {
            let from_ms = BASE_MS + hours * HOUR_MS - 2 * HOUR_MS;
            let times: Vec<i64> = (0..200).map(|i| from_ms + (i * 7919 % 400) * 15_000 + 5_003).collect();
            push_bytes(&mut message, 1, &series.encoded(&times, &mut self.rng));
        }
        assert_eq!(send_message(address, &message).unwrap(), 204);
    }
}

/// More series of one target, so that there are some hundred.
fn wide() -> impl Iterator<Item = Written> {
    (N_TARGETS..N_TARGETS + 40).map(|target| Written { kind: Kind::Counter, target, total: 0.0, buckets: Vec::new() })
}

impl Written {
    fn has(&self, step: i64) -> bool {
        self.kind != Kind::Sparse || step % 240 < 60
    }

    /// As a `TimeSeries`.
    fn encoded(&mut self, times: &[i64], rng: &mut SeededRng) -> Vec<u8> {
        let mut out = Vec::new();
        let name = KINDS.iter().find(|(kind, _)| *kind == self.kind).unwrap().1;
        let target = self.target.to_string();
        for (name, value) in
            [("__name__", name), ("instance", &*format!("host-{target}")), ("job", "j"), ("target", &*target)]
        {
            let mut label = Vec::new();
            push_bytes(&mut label, 1, name.as_bytes());
            push_bytes(&mut label, 2, value.as_bytes());
            push_bytes(&mut out, 1, &label);
        }
        for (i, &time_ms) in times.iter().enumerate() {
            let is_last = i + 1 == times.len();
            if matches!(self.kind, Kind::Integers | Kind::Floats | Kind::Custom | Kind::Gauge) {
                push_bytes(&mut out, 4, &self.histogram(time_ms, is_last && rng.below(4) == 0, rng));
            } else {
                let value = self.float(time_ms, is_last, rng);
                let mut sample = vec![1 << 3 | 1];
                sample.extend_from_slice(&value.to_le_bytes());
                sample.push(2 << 3);
                push_varint(&mut sample, time_ms as u64);
                push_bytes(&mut out, 2, &sample);
            }
        }
        out
    }

    fn float(&mut self, time_ms: i64, is_last: bool, rng: &mut SeededRng) -> f64 {
        match self.kind {
            Kind::Counter => {
                self.total = if rng.below(500) == 0 { 0.0 } else { self.total + rng.below(30) as f64 };
                self.total
            }
            Kind::Decimal => (rng.below(10_000) as f64) / 100.0,
            Kind::Double => {
                self.total += rng.unit() - 0.5;
                self.total.sin()
            }
            Kind::Sparse if is_last => model::sample::stale_marker(),
            Kind::Odd => {
                let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e308, 9_007_199_254_740_993.0];
                if time_ms % 45_000 < 15_000 { odd[rng.below(6) as usize] } else { 1.0 }
            }
            _ => 42.5,
        }
    }

    /// As a `Histogram`.
    fn histogram(&mut self, time_ms: i64, is_stale: bool, rng: &mut SeededRng) -> Vec<u8> {
        if rng.below(700) == 0 {
            self.buckets = vec![0; 4];
        } else if rng.below(300) == 0 && self.buckets.len() < 12 {
            self.buckets.push(1);
        }
        for bucket in &mut self.buckets {
            *bucket = if self.kind == Kind::Gauge { rng.below(9) } else { *bucket + rng.below(3) };
        }
        let (zero, total) = (2, 2 + self.buckets.iter().sum::<u64>());
        let sum = if is_stale { model::sample::stale_marker() } else { total as f64 * 0.75 };
        let mut out = Vec::new();
        let is_float = self.kind == Kind::Floats;
        let is_custom = self.kind == Kind::Custom;
        if is_float {
            push_double(&mut out, 2, total as f64 + 0.5);
        } else {
            push_integer(&mut out, 1, if is_custom { total - zero } else { total });
        }
        push_double(&mut out, 3, sum);
        push_integer(&mut out, 4, zigzag(if is_custom { -53 } else { 3 }));
        if !is_custom {
            push_double(&mut out, 5, if self.target == 0 { 0.001 } else { 2f64.powi(-128) });
        }
        match (is_float, is_custom) {
            (true, _) => push_double(&mut out, 7, zero as f64 + 0.5),
            (false, false) => push_integer(&mut out, 6, zero),
            (false, true) => {}
        }
        // Buckets with a gap after the second.
        let mut spans = Vec::new();
        let n_after = self.buckets.len() as u64 - 2;
        for (offset, length) in [(if is_custom { 0 } else { -2 }, 2), (1, n_after)] {
            let mut span = Vec::new();
            push_integer(&mut span, 1, zigzag(offset));
            push_integer(&mut span, 2, length);
            push_bytes(&mut spans, 11, &span);
        }
        out.extend_from_slice(&spans);
        let mut packed = Vec::new();
        let mut last = 0i64;
        for &bucket in &self.buckets {
            if is_float {
                packed.extend_from_slice(&(bucket as f64).to_le_bytes());
            } else {
                push_varint(&mut packed, zigzag(bucket as i64 - last));
                last = bucket as i64;
            }
        }
        push_bytes(&mut out, if is_float { 13 } else { 12 }, &packed);
        if self.kind == Kind::Gauge {
            push_integer(&mut out, 14, 3);
        }
        push_integer(&mut out, 15, time_ms as u64);
        if is_custom {
            let bounds: Vec<u8> = (0..16).map(|i| f64::from(i) * 0.25 + 1.0 / 3.0).flat_map(f64::to_le_bytes).collect();
            push_field(&mut out, 16, 2);
            push_varint(&mut out, bounds.len() as u64);
            out.extend_from_slice(&bounds);
        }
        out
    }
}

fn push_field(out: &mut Vec<u8>, field: u64, wire: u64) {
    push_varint(out, field << 3 | wire);
}

fn push_integer(out: &mut Vec<u8>, field: u64, value: u64) {
    push_field(out, field, 0);
    push_varint(out, value);
}

fn push_double(out: &mut Vec<u8>, field: u64, value: f64) {
    push_field(out, field, 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}
