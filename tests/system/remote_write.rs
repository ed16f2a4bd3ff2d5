//! A sender of remote writes, version 1.0: a protobuf `WriteRequest`, compressed with snappy.

use std::io;
use std::net::SocketAddr;

use crate::http;

/// One series of a request: labels, sorted by name, and samples as (time in ms, value).
pub(crate) type Series = (Vec<(String, String)>, Vec<(i64, f64)>);

/// Sends a request; the status of the answer.
pub(crate) fn send(address: SocketAddr, series: &[Series]) -> io::Result<u16> {
    send_message(address, &request(series))
}

/// Sends a message that is encoded already; the status of the answer.
pub(crate) fn send_message(address: SocketAddr, message: &[u8]) -> io::Result<u16> {
    let body = snap::raw::Encoder::new().compress_vec(message).unwrap();
    let headers = [
        ("Content-Type", "application/x-protobuf"),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", "0.1.0"),
    ];
    http::request(address, "POST", "/api/v1/write", &headers, &body).map(|response| response.status)
}

fn request(series: &[Series]) -> Vec<u8> {
    let mut out = Vec::new();
    for (labels, samples) in series {
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

/// Appends a field of bytes.
pub(crate) fn push_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends an integer.
pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
