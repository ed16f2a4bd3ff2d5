//! Remote read: what narthex answers, beside a Prometheus with the same data; and a Prometheus that reads from narthex.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use model::histogram::{CUSTOM_BUCKETS_SCHEMA, ResetHint, Span};
use model::storage::HistogramValue;
use model::{Histogram, Labels};
use net::remote_write::{
    DecodeLimits, Outgoing, OutgoingValue, RequestVisitor, TimeSeries, Version, compress, decode, decompress, encode,
};

use super::{Prometheus, can_run, installed};
use crate::http;
use crate::narthex::{Narthex, free_address};
use crate::remote_write::{push_bytes, push_varint, send_message};

/// Of the samples: noon of a Friday.
const END_MS: i64 = 1_772_193_600_000;
const STEP_MS: i64 = 15_000;
/// They are old.
const KEEP: &str = "--storage.tsdb.retention.time=100y";
/// Samples of each long series, and of each short one.
const N_LONG: i64 = 700;
const N_SHORT: i64 = 100;

/// Equality and its opposite, and regular expressions, by their numbers in the message.
const EQ: u64 = 0;
const NEQ: u64 = 1;
const RE: u64 = 2;
const NRE: u64 = 3;

/// A query of a request: matchers, and from when until when.
struct Query {
    matchers: Vec<(u64, &'static str, &'static str)>,
    start_ms: i64,
    end_ms: i64,
    /// Whether only labels are wanted.
    is_listing: bool,
}

fn all_of(matchers: &[(u64, &'static str, &'static str)]) -> Query {
    Query { matchers: matchers.to_vec(), start_ms: 0, end_ms: END_MS, is_listing: false }
}

fn request(queries: &[Query], accepted: &[u64]) -> Vec<u8> {
    let number = |out: &mut Vec<u8>, field: u8, number: u64| {
        out.push(field << 3);
        push_varint(out, number);
    };
    let mut out = Vec::new();
    for query in queries {
        let mut one = Vec::new();
        number(&mut one, 1, query.start_ms as u64);
        number(&mut one, 2, query.end_ms as u64);
        for (op, name, value) in &query.matchers {
            let mut matcher = Vec::new();
            number(&mut matcher, 1, *op);
            push_bytes(&mut matcher, 2, name.as_bytes());
            push_bytes(&mut matcher, 3, value.as_bytes());
            push_bytes(&mut one, 3, &matcher);
        }
        if query.is_listing {
            let mut hints = Vec::new();
            push_bytes(&mut hints, 2, b"series");
            number(&mut hints, 3, query.start_ms as u64);
            number(&mut hints, 4, query.end_ms as u64);
            push_bytes(&mut one, 4, &hints);
        }
        push_bytes(&mut out, 1, &one);
    }
    accepted.iter().for_each(|&kind| number(&mut out, 2, kind));
    compress(&out).unwrap()
}

fn read(address: SocketAddr, body: &[u8]) -> http::Response {
    let headers = [("Content-Type", "application/x-protobuf"), ("Content-Encoding", "snappy")];
    http::request(address, "POST", "/api/v1/read", &headers, body).unwrap()
}

/// The series of a message that lists them in field 1, as a line for each sample: so do a request to write and a result.
#[derive(Default)]
struct Lines(Vec<String>);

impl RequestVisitor for Lines {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        assert_eq!(series.fault, None);
        let labels = Labels::from_pairs(series.labels.iter().copied());
        self.0.push(labels.to_string());
        for sample in &series.samples {
            // Prometheus leaves out the sign of a zero.
            let bits = if sample.value == 0.0 { 0 } else { sample.value.to_bits() };
            self.0.push(format!("{labels} {} {bits:x}", sample.timestamp_ms));
        }
        for sample in &series.histograms {
            self.0.push(format!("{labels} {} {}", sample.timestamp_ms, shown(&sample.value)));
        }
    }
}

/// A histogram without what it is stored like: Prometheus adds empty buckets. What is said of resets comes last.
fn shown(value: &HistogramValue) -> String {
    let histogram = value.to_float();
    let kind = if matches!(value, HistogramValue::Integer(_)) { "integers" } else { "floats" };
    let buckets = |spans: &[Span], counts: &[f64]| {
        let (mut index, mut counts, mut buckets) = (0, counts.iter(), Vec::new());
        for span in spans {
            index += span.offset;
            for _ in 0..span.length {
                buckets.extend(counts.next().filter(|count| **count != 0.0).map(|count| (index, *count)));
                index += 1;
            }
        }
        buckets
    };
    let Histogram { schema, zero_threshold, zero_count, count, sum, custom_bounds, reset_hint, .. } = &*histogram;
    let positive = buckets(&histogram.positive_spans, &histogram.positive);
    let negative = buckets(&histogram.negative_spans, &histogram.negative);
    format!(
        "{kind} {schema} {zero_threshold} {zero_count} {count} {sum} {custom_bounds:?} {positive:?} {negative:?} \
         {reset_hint:?}"
    )
}

/// Compares the samples of an answer. Prometheus knows nothing of resets at the first sample of each of its chunks, which have at
/// least ten but at the end of one: narthex may know there that there was none.
fn same(ours: &[String], theirs: &[String], what: &dyn std::fmt::Debug) {
    let mut n_known = 0;
    for (ours, theirs) in ours.iter().zip(theirs) {
        if let (Some(ours), Some(theirs)) = (ours.strip_suffix(" NotReset"), theirs.strip_suffix(" Unknown")) {
            assert_eq!(ours, theirs, "{what:?}");
            n_known += 1;
        } else {
            assert_eq!(ours, theirs, "{what:?}");
        }
    }
    assert_eq!(ours.len(), theirs.len(), "{what:?}");
    assert!(n_known * 10 <= ours.len(), "{what:?}: {n_known} of {} are known to count on", ours.len());
}

/// The answers to the queries of a request for samples, each sorted.
fn samples(response: &http::Response) -> Vec<Vec<String>> {
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(response.header("content-encoding"), Some("snappy"));
    let message = decompress(&response.body, 1 << 28).unwrap();
    let mut rest = message.as_slice();
    let mut results = Vec::new();
    while let Some((&tag, after)) = rest.split_first() {
        assert_eq!(tag, 1 << 3 | 2);
        rest = after;
        let length = take_varint(&mut rest) as usize;
        let mut lines = Lines::default();
        decode(&rest[..length], &DecodeLimits::default(), &mut lines).unwrap();
        rest = &rest[length..];
        lines.0.sort();
        results.push(lines.0);
    }
    results
}

fn take_varint(rest: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = rest[0];
        *rest = &rest[1..];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

/// The frames of a stream, each with a right checksum.
fn frames(response: &http::Response) -> Vec<Vec<u8>> {
    assert_eq!(response.status, 200, "{}", response.text());
    let content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
    assert_eq!(response.header("content-type"), Some(content_type));
    assert_eq!(response.header("content-encoding"), None);
    let mut rest = response.body.as_slice();
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let length = take_varint(&mut rest) as usize;
        let (sum, after) = rest.split_first_chunk::<4>().unwrap();
        assert_eq!(u32::from_be_bytes(*sum), crc32c::crc32c(&after[..length]));
        frames.push(after[..length].to_vec());
        rest = &after[length..];
    }
    frames
}

fn histogram(i: i64, schema: i32) -> Histogram {
    let n = (i % 60) as f64;
    let is_custom = schema == CUSTOM_BUCKETS_SCHEMA;
    let negative = if is_custom { Vec::new() } else { vec![n * 2.0] };
    Histogram {
        reset_hint: ResetHint::Unknown,
        schema,
        zero_threshold: if is_custom { 0.0 } else { 1e-128f64.max(2f64.powi(-128)) },
        zero_count: if is_custom { 0.0 } else { n },
        count: n * 4.5 + if is_custom { 0.0 } else { n * 3.0 },
        sum: n * 17.25 - 3.0,
        positive_spans: vec![Span { offset: 0, length: 2 }, Span { offset: 1, length: 1 }],
        positive: vec![n, n * 0.5, n * 3.0],
        negative_spans: if is_custom { Vec::new() } else { vec![Span { offset: -2, length: 1 }] },
        negative,
        custom_bounds: if is_custom { vec![0.25, 1.0, 33_555.5, 1e9 / 3.0] } else { Vec::new() },
    }
}

/// The same with whole counts.
fn whole(i: i64) -> Histogram<u64> {
    let n = i as u64;
    // From the middle on, one bucket more.
    let extra = (i >= N_LONG / 2).then_some(n);
    Histogram {
        reset_hint: ResetHint::Unknown,
        schema: 3,
        zero_threshold: 0.001,
        zero_count: 2 * n,
        count: 6 * n + extra.unwrap_or(0),
        sum: n as f64 * 0.1,
        positive_spans: vec![Span { offset: -5, length: 2 + u32::from(extra.is_some()) }],
        positive: [n, 3 * n].into_iter().chain(extra).collect(),
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }
}

/// Values of a long series of floats: a counter with resets, a gauge, and such as are easily lost.
fn float(series: i64, i: i64) -> f64 {
    match series {
        0 => (i % 250 * 7) as f64,
        1 => (i as f64 / 10.0).sin() * 1e6,
        _ => match i % 7 {
            0 => -0.0,
            1 => f64::INFINITY,
            2 => f64::NAN,
            3 => 9_007_199_254_740_993.0,
            4 => f64::MIN_POSITIVE / 8.0,
            5 if i % 2 == 0 => f64::from_bits(model::sample::STALE_BITS),
            _ => 1.0 / 3.0,
        },
    }
}

/// Series, in order, with their samples.
fn data() -> Vec<(Labels, Vec<(i64, Value)>)> {
    let mut all = Vec::new();
    let mut add = |pairs: &[(&str, &str)], n: i64, value: &dyn Fn(i64) -> Value| {
        // Not all scrapes are on time, and some are late by much.
        let time_ms = |i: i64| END_MS - (n - 1 - i) * STEP_MS + [0, 0, 3, -1, 0, 700, 0, 5000][(i % 8) as usize];
        let samples = (0..n - 1).map(|i| (time_ms(i), value(i))).collect();
        all.push((Labels::from_pairs(pairs.iter().copied()), samples));
    };
    for (series, name) in ["counter", "gauge", "odd"].iter().enumerate() {
        let series = series as i64;
        add(&[("__name__", name), ("length", "long")], N_LONG, &|i| Value::Float(float(series, i)));
        add(&[("__name__", name), ("length", "short")], N_SHORT, &|i| Value::Float(float(series, i)));
    }
    add(&[("__name__", "counter"), ("length", "short"), ("site", "other")], N_SHORT, &|i| Value::Float(i as f64));
    let of = |histogram: Histogram| Value::Histogram(HistogramValue::Float(Arc::new(histogram)));
    for schema in [0, 4, CUSTOM_BUCKETS_SCHEMA] {
        let text = schema.to_string();
        add(&[("__name__", "shape"), ("length", "long"), ("schema", &text)], N_LONG, &|i| of(histogram(i, schema)));
        // Within a chunk of Prometheus's, without a reset.
        add(&[("__name__", "shape"), ("length", "short"), ("schema", &text)], 50, &|i| of(histogram(i, schema)));
    }
    let of_whole = |histogram: Histogram<u64>| Value::Histogram(HistogramValue::Integer(Arc::new(histogram)));
    add(&[("__name__", "whole"), ("length", "long")], N_LONG, &|i| of_whole(whole(i)));
    add(&[("__name__", "whole"), ("length", "short")], 50, &|i| of_whole(whole(i)));
    // Of some it is said that there was a reset, or that there was none, which counts do not show.
    let said = |i| [ResetHint::Unknown, ResetHint::NotReset, ResetHint::Reset][(i % 20 / 8) as usize];
    add(&[("__name__", "told"), ("length", "middle"), ("of", "integers")], 100, &|i| {
        of_whole(Histogram { reset_hint: said(i), ..whole(i % 30) })
    });
    add(&[("__name__", "told"), ("length", "middle"), ("of", "floats")], 100, &|i| {
        of(Histogram { reset_hint: said(i), ..histogram(i, 2) })
    });
    let gauge = |i| Histogram { reset_hint: ResetHint::Gauge, ..histogram(97 * i, 1) };
    add(&[("__name__", "tide"), ("length", "short")], 50, &|i| of(gauge(i)));
    all
}

#[derive(Clone)]
enum Value {
    Float(f64),
    Histogram(HistogramValue),
}

/// Sends all of it in order of time, ten minutes in each request.
fn send_all(addresses: [SocketAddr; 2]) {
    let data = data();
    let start_ms = END_MS - N_LONG * STEP_MS;
    for from_ms in (start_ms..=END_MS).step_by(600_000) {
        let samples = data.iter().flat_map(|(labels, samples)| {
            let within = samples.iter().filter(|(time_ms, _)| (from_ms..from_ms + 600_000).contains(time_ms));
            within.map(|(timestamp_ms, value)| Outgoing {
                labels,
                timestamp_ms: *timestamp_ms,
                start_ms: 0,
                value: match value {
                    Value::Float(value) => OutgoingValue::Float(*value),
                    Value::Histogram(value) => OutgoingValue::Histogram(value),
                },
            })
        });
        let message = encode(Version::V1, samples);
        for address in addresses {
            assert_eq!(send_message(address, &message).unwrap(), 204, "{address}");
        }
    }
}

fn configuration(dir: &Path, name: &str, rest: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, format!("global: {{external_labels: {{site: here, zone: a}}}}\n{rest}\n")).unwrap();
    path
}

#[test]
fn what_is_read_is_what_a_prometheus_answers() {
    if !can_run(&[installed("peers/prometheus")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    configuration(dir.path(), "prometheus.yml", "");
    let narthex = Narthex::start(dir.path(), free_address(), &[KEEP, "--storage.remote.read-sample-limit=4000"]);
    let peer = configuration(dir.path(), "peer.yml", "");
    let prometheus = Prometheus::start(dir.path(), free_address(), &peer);
    send_all([narthex.address, prometheus.address]);
    let both = |body: &[u8]| (read(narthex.address, body), read(prometheus.address, body));

    // Byte for byte, where Prometheus has one chunk for each series.
    let short = (EQ, "length", "short");
    let queries = [
        all_of(&[(RE, "__name__", "counter|gauge|odd"), short]),
        all_of(&[(EQ, "__name__", "shape"), short]),
        all_of(&[(EQ, "__name__", "tide")]),
        all_of(&[(EQ, "__name__", "whole"), short]),
        all_of(&[(EQ, "__name__", "nothing")]),
        Query { start_ms: END_MS - 300_000, end_ms: END_MS - 60_000, ..all_of(&[(EQ, "__name__", "gauge"), short]) },
    ];
    let (ours, theirs) = both(&request(&queries, &[1]));
    let (ours, theirs) = (frames(&ours), frames(&theirs));
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "\n{}\n{}", String::from_utf8_lossy(ours), String::from_utf8_lossy(theirs));
    }
    assert_eq!(ours.len(), 10);

    // All of it as samples; with external labels in matchers, with ranges, and only the labels.
    for query in [
        all_of(&[(RE, "__name__", ".+"), (NRE, "__name__", "whole|shape|tide"), short]),
        all_of(&[(RE, "__name__", "whole|tide|told"), (NEQ, "length", "none")]),
        all_of(&[(EQ, "__name__", "shape")]),
        all_of(&[(EQ, "__name__", "counter"), (EQ, "site", "here")]),
        all_of(&[(EQ, "__name__", "counter"), (EQ, "site", "other")]),
        all_of(&[(EQ, "__name__", "counter"), (NEQ, "site", "here")]),
        all_of(&[(EQ, "__name__", "counter"), (RE, "zone", "a")]),
        all_of(&[(EQ, "__name__", "counter"), (EQ, "zone", "b")]),
        Query { start_ms: END_MS - 1_000_000, end_ms: END_MS - 500_000, ..all_of(&[(EQ, "length", "long")]) },
        Query { start_ms: END_MS, end_ms: 0, ..all_of(&[(EQ, "length", "long")]) },
        Query { is_listing: true, ..all_of(&[(EQ, "length", "long")]) },
    ] {
        for accepted in [&[][..], &[0], &[7, 0, 1]] {
            let (ours, theirs) = both(&request(std::slice::from_ref(&query), accepted));
            let (ours, theirs) = (samples(&ours), samples(&theirs));
            let n = |of: &[Vec<String>]| of.iter().map(Vec::len).collect::<Vec<_>>();
            assert_eq!(n(&ours), n(&theirs), "{:?}", query.matchers);
            for (ours, theirs) in ours.iter().zip(&theirs) {
                same(ours, theirs, &query.matchers);
            }
        }
    }

    // What cannot be answered.
    let broken = compress(&[0x0a, 0x7f]).unwrap();
    for (what, body) in [
        ("no snappy", b"?".to_vec()),
        ("no message", broken),
        ("no form", request(&[], &[5, 7])),
        ("no operator", request(&[all_of(&[(9, "a", "b")])], &[])),
        ("no regular expression", request(&[all_of(&[(RE, "a", "(")])], &[])),
        ("no regular expression in frames", request(&[all_of(&[(NRE, "a", "*")])], &[1])),
        ("too long", vec![0x81, 0x80, 0x80, 0x10]),
    ] {
        let (ours, theirs) = both(&body);
        assert_eq!((ours.status, ours.text()), (theirs.status, theirs.text()), "{what}");
    }
    let many = read(narthex.address, &request(&[all_of(&[(EQ, "length", "long")])], &[]));
    assert_eq!((many.status, many.text()), (400, "exceeded sample limit (4000)\n".to_owned()));
    let many = read(narthex.address, &request(&[all_of(&[(EQ, "length", "long")])], &[1]));
    assert_eq!(many.status, 200, "frames are not limited");
}

/// What a query answers, its series sorted.
fn answers(address: SocketAddr, query: &str, time_ms: i64) -> Vec<String> {
    let path = format!("/api/v1/query?time={}&query={}", time_ms as f64 / 1000.0, http::encoded(query));
    let document = http::get(address, &path).unwrap().json();
    assert_eq!(document["status"], "success", "{query}: {document}");
    let mut series: Vec<String> =
        document["data"]["result"].as_array().unwrap().iter().map(ToString::to_string).collect();
    series.sort();
    series
}

#[test]
fn a_prometheus_reads_from_narthex_what_it_would_have_itself() {
    if !can_run(&[installed("peers/prometheus")], "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    configuration(dir.path(), "prometheus.yml", "");
    let narthex = Narthex::start(dir.path(), free_address(), &[KEEP]);
    let with_data = Prometheus::start(dir.path(), free_address(), &configuration(dir.path(), "peer.yml", ""));
    send_all([narthex.address, with_data.address]);

    let reads = dir.path().join("reads");
    std::fs::create_dir(&reads).unwrap();
    let rest = format!("remote_read: [{{url: 'http://{}/api/v1/read', read_recent: true}}]", narthex.address);
    let without_data = Prometheus::start(&reads, free_address(), &configuration(&reads, "reads.yml", &rest));

    let mut n_series = 0;
    for query in [
        "{__name__=~'.+',__name__!='counter'}[4h]",
        "{length='long'}[10m] offset 20m",
        "rate(counter{length='long'}[5m])",
        "sum by (site) (increase(counter{length='long'}[30m]))",
        "max_over_time(gauge[1h])",
        "histogram_quantile(0.9, rate(shape[10m]))",
        "histogram_quantile(0.5, shape)",
        "histogram_count(increase(whole[1h]))",
        "whole",
        "tide",
        "counter{site='other'}",
    ] {
        for back_ms in [15_000, 3_600_000] {
            let time_ms = END_MS - back_ms;
            let want = answers(with_data.address, query, time_ms);
            let got = answers(without_data.address, query, time_ms);
            assert_eq!(got.len(), want.len(), "{query}");
            for (got, want) in got.iter().zip(&want) {
                assert_eq!(got, want, "{query}");
            }
            n_series += want.len();
        }
    }
    assert!(n_series > 50, "{n_series}");
}
