//! Timestamp columns come back, whatever is in them.

#![allow(clippy::unwrap_used, reason = "a test stops when something is not as it must be")]

use proptest::prelude::*;
use tsdb::codec::{decode_timestamps, encode_timestamps};

/// The number of bytes they took.
fn check(timestamps_ms: &[i64]) -> usize {
    let mut encoded = Vec::new();
    encode_timestamps(timestamps_ms, &mut encoded);
    let mut decoded = vec![-1];
    decode_timestamps(&encoded, timestamps_ms.len(), &mut decoded).unwrap();
    assert_eq!(decoded[1..], *timestamps_ms, "kind {}", encoded[0]);
    encoded.len()
}

const START_MS: i64 = 1_764_314_913_000;

#[test]
fn a_grid_takes_ten_bytes() {
    for n in [1, 2, 3, 240, 65_536] {
        assert!(check(&(0..n).map(|i| START_MS + i * 15_000).collect::<Vec<_>>()) <= 10);
    }
}

#[test]
fn a_missing_scrape_costs_little() {
    let with_gap = |n: i64| (0..n).filter(|i| *i != 100).map(|i| START_MS + i * 15_000).collect::<Vec<_>>();
    // Four bits and a half for ten.
    assert!(check(&with_gap(241)) <= 140);
    // An integer column.
    assert!(check(&with_gap(5761)) <= 90);
}

#[test]
fn jitter_goes_through_tsz_compress() {
    let jitter = |i: i64| i * 7919 % 5 - 2;
    for n in [3, 4, 10, 11, 12, 13, 240, 1000] {
        let timestamps: Vec<i64> = (0..n).map(|i| START_MS + i * 15_000 + jitter(i)).collect();
        assert!(check(&timestamps) <= 12 + timestamps.len());
    }
    let mut encoded = Vec::new();
    let jitter = |i: i64| i * i / 3 % 2;
    encode_timestamps(&(0..240).map(|i| START_MS + i * 15_000 + jitter(i)).collect::<Vec<_>>(), &mut encoded);
    assert_eq!((encoded[0], encoded.len()), (1, 123));
}

#[test]
fn extremes_come_back() {
    check(&[i64::MIN]);
    check(&[i64::MIN, i64::MAX, i64::MIN, 0, -1, 1]);
    check(&[0, 1 << 40, 5, (1 << 40) + 6, 7]);
    check(&[0, 1 << 40, -1, 3 << 40]);
    check(&[5, 5, 5, 4, 3]);
    check(&(0..1000).map(|i| if i % 2 == 0 { i64::MIN } else { i64::MAX }).collect::<Vec<_>>());
}

#[test]
fn what_is_cut_off_is_an_error() {
    let steps: [fn(i64) -> i64; 3] = [|i| i * 15_000, |i| i * 15_000 + i % 2, |i| i * i * i * 1_000_003 % 10_007];
    for step in steps {
        let mut encoded = Vec::new();
        encode_timestamps(&(0..100).map(|i| START_MS + step(i)).collect::<Vec<_>>(), &mut encoded);
        for n_bytes in 0..encoded.len() {
            let mut out = Vec::new();
            assert!(decode_timestamps(&encoded[..n_bytes], 100, &mut out).is_err(), "{n_bytes}");
            assert!(out.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn any_timestamps_come_back(timestamps in prop::collection::vec(any::<i64>(), 1..100)) {
        check(&timestamps);
    }

    #[test]
    fn any_steps_come_back(
        steps in prop::collection::vec(
            prop_oneof![20 => 14_997i64..15_004, 2 => Just(30_000), 1 => 0i64..1_000_000_000, 1 => -10i64..(1 << 41)],
            1..400,
        ),
    ) {
        let mut now_ms = START_MS;
        let timestamps: Vec<i64> = steps.iter().map(|step| { now_ms += step; now_ms }).collect();
        check(&timestamps);
    }

    #[test]
    fn any_bytes_decode_to_something_or_an_error(
        kind in 0u8..4, bytes in prop::collection::vec(any::<u8>(), 0..300), n in 1usize..1000,
    ) {
        let mut encoded = bytes;
        encoded.insert(0, kind);
        let mut out = Vec::new();
        match decode_timestamps(&encoded, n, &mut out) {
            Ok(()) => prop_assert_eq!(out.len(), n),
            Err(_) => prop_assert!(out.is_empty()),
        }
    }
}
