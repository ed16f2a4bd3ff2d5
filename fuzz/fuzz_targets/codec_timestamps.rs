//! Timestamp columns: anything decodes to timestamps or an error, and any timestamps come back.
//!
//! The first two bytes say how many timestamps are asked for. Then the rest is decoded as a column, and taken as timestamps,
//! and as distances between them, which are encoded, decoded, damaged, and decoded again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tsdb::codec::{decode_timestamps, encode_timestamps};

fuzz_target!(|bytes: &[u8]| {
    let [low, high, rest @ ..] = bytes else { return };
    let n = usize::from(u16::from_le_bytes([*low, *high])) + 1;
    decode(rest, n);
    come_back(&rest.as_chunks::<8>().0.iter().map(|eight| i64::from_le_bytes(*eight)).collect::<Vec<_>>(), n);
    let mut now_ms = 1_764_314_913_000;
    let step = |byte: &u8| {
        now_ms += 15_000 + i64::from(*byte as i8) * i64::from(*byte as i8);
        now_ms
    };
    come_back(&rest.iter().map(step).collect::<Vec<_>>(), n);
});

fn decode(encoded: &[u8], n: usize) {
    let mut timestamps = Vec::new();
    match decode_timestamps(encoded, n, &mut timestamps) {
        Ok(()) => assert_eq!(timestamps.len(), n),
        Err(_) => assert!(timestamps.is_empty()),
    }
}

fn come_back(timestamps_ms: &[i64], damage: usize) {
    if timestamps_ms.is_empty() {
        return;
    }
    let mut encoded = Vec::new();
    encode_timestamps(timestamps_ms, &mut encoded);
    let mut decoded = Vec::new();
    decode_timestamps(&encoded, timestamps_ms.len(), &mut decoded).expect("what was encoded can be decoded");
    assert_eq!(decoded, timestamps_ms);
    let place = damage % encoded.len();
    encoded[place] ^= (damage >> 8) as u8;
    decode(&encoded, timestamps_ms.len());
}
