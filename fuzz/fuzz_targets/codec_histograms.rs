//! Chunks of native histograms: anything decodes to histograms or an error, and what was decoded comes back.
//!
//! The first two bytes say how many histograms are asked for; the rest is decoded, and taken as the buckets of histograms.
//! What comes out is encoded and decoded again, and must be the same; then it is damaged, and decoded once more.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use model::histogram::{IntegerHistogram, ResetHint, Span};
use model::storage::HistogramValue;
use tsdb::codec::{CHUNK_SAMPLES, decode_histograms, encode_histograms};

fuzz_target!(|bytes: &[u8]| {
    let [low, high, flipped, rest @ ..] = bytes else { return };
    let n = usize::from(u16::from_le_bytes([*low, *high])) % CHUNK_SAMPLES + 1;
    come_back(&decode(rest, n), (n, *flipped));
    come_back(&rest.as_chunks::<4>().0.iter().take(CHUNK_SAMPLES).map(histogram).collect::<Vec<_>>(), (n, *flipped));
});

fn histogram(four: &[u8; 4]) -> HistogramValue {
    let [hint, first, second, third] = *four;
    let histogram = IntegerHistogram {
        reset_hint: [ResetHint::Unknown, ResetHint::Reset, ResetHint::NotReset, ResetHint::Gauge]
            [usize::from(hint % 4)],
        schema: 3,
        zero_threshold: 1e-128,
        zero_count: 0,
        count: u64::from(first) + u64::from(second) + u64::from(third),
        sum: f64::from(third) / 3.0,
        positive_spans: vec![Span { offset: 0, length: 2 + u32::from(hint > 250) }],
        positive: vec![u64::from(first), u64::from(second) << 57],
        negative_spans: vec![Span { offset: -1, length: 1 }],
        negative: vec![u64::from(third)],
        custom_bounds: Vec::new(),
    };
    if hint & 4 == 0 {
        HistogramValue::Integer(Arc::new(histogram))
    } else {
        HistogramValue::Float(Arc::new((&histogram).into()))
    }
}

fn decode(encoded: &[u8], n: usize) -> Vec<HistogramValue> {
    let mut histograms = Vec::new();
    let decoded = decode_histograms(encoded, n, &mut histograms);
    assert_eq!(histograms.len(), if decoded.is_ok() { n } else { 0 });
    histograms
}

fn come_back(histograms: &[HistogramValue], (place, flipped): (usize, u8)) {
    if histograms.is_empty() {
        return;
    }
    let encode = |histograms: &[HistogramValue]| {
        let mut encoded = Vec::new();
        encode_histograms(histograms, &mut encoded);
        encoded
    };
    let mut encoded = encode(histograms);
    let again = decode(&encoded, histograms.len());
    // By bits, because a NaN is unlike itself; the bits of a float are what the encoder sees.
    assert!(encode(&again) == encoded);
    let place = place % encoded.len();
    encoded[place] ^= flipped;
    decode(&encoded, histograms.len());
}
