//! What is stored: the series of Prometheus's own tests of its API, a sample a minute from the epoch on; and the remote
//! writes that bring them there, made by hand.

use std::net::SocketAddr;

use crate::client::{Answer, ask};

/// Milliseconds between samples.
const STEP_MS: i64 = 60_000;
/// Samples of a series.
const N_SAMPLES: i64 = 101;

/// A series of a remote write: labels sorted by name, and samples as (time in ms, value).
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(&'static str, &'static str)>,
    pub(crate) samples: Vec<(i64, f64)>,
}

impl Series {
    pub(crate) fn new(labels: &[(&'static str, &'static str)], samples: &[(i64, f64)]) -> Series {
        Series { labels: labels.to_vec(), samples: samples.to_vec() }
    }
}

/// `load 1m` of nine series, in the order of their labels, so that both servers find them in the same order.
pub(crate) fn series() -> Vec<Series> {
    let series = |labels: &[(&'static str, &'static str)], first: f64, step: f64| {
        let samples: Vec<_> = (0..N_SAMPLES).map(|n| (n * STEP_MS, first + step * n as f64)).collect();
        Series::new(labels, &samples)
    };
    let constant = |labels: &[(&'static str, &'static str)]| series(labels, 1.0, 0.0);
    vec![
        series(&[("__name__", "test_metric1"), ("foo", "bar")], 0.0, 100.0),
        constant(&[("__name__", "test_metric1"), ("foo", "boo")]),
        constant(&[("__name__", "test_metric2"), ("foo", "boo")]),
        constant(&[("__name__", "test_metric3"), ("dup", "1"), ("foo", "bar")]),
        constant(&[("__name__", "test_metric3"), ("dup", "1"), ("foo", "boo")]),
        constant(&[("__name__", "test_metric4"), ("dup", "1"), ("foo", "bar")]),
        constant(&[("__name__", "test_metric4"), ("dup", "1"), ("foo", "boo")]),
        constant(&[("__name__", "test_metric4"), ("foo", "boo")]),
        constant(&[("__name__", "test_metric5"), ("host.name", "localhost")]),
        constant(&[("__name__", "test_metric5"), ("junk\n{},=:  chars", "bar")]),
    ]
}

/// Stores the fixture.
pub(crate) fn load(address: SocketAddr) {
    let answer = write(address, &series());
    assert_eq!((answer.status, answer.text().as_str()), (204, ""));
}

/// The headers of a remote write.
pub(crate) const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/x-protobuf"),
    ("Content-Encoding", "snappy"),
    ("X-Prometheus-Remote-Write-Version", "0.1.0"),
];

/// Sends a remote write.
pub(crate) fn write(address: SocketAddr, series: &[Series]) -> Answer {
    ask(address, "POST", "/api/v1/write", &HEADERS, &compressed(&message(series)))
}

/// A block of snappy.
pub(crate) fn compressed(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

/// A protobuf `WriteRequest`.
pub(crate) fn message(series: &[Series]) -> Vec<u8> {
    let mut out = Vec::new();
    for Series { labels, samples } in series {
        let mut one = Vec::new();
        for (name, value) in labels {
            let mut label = Vec::new();
            push_bytes(&mut label, 1, name.as_bytes());
            push_bytes(&mut label, 2, value.as_bytes());
            push_bytes(&mut one, 1, &label);
        }
        for (time_ms, value) in samples {
            let mut sample = vec![1 << 3 | 1];
            sample.extend_from_slice(&value.to_le_bytes());
            sample.push(2 << 3);
            push_varint(&mut sample, *time_ms as u64);
            push_bytes(&mut one, 2, &sample);
        }
        push_bytes(&mut out, 1, &one);
    }
    out
}

pub(crate) fn push_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
