//! Value chunks: anything decodes to values or an error, and any values come back through every codec.
//!
//! The first two bytes say how many values are asked for, the third which codec is (the input mostly has none that is
//! right). Then the rest is decoded as a chunk, and taken as values that are encoded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tsdb::codec::{
    CHUNK_SAMPLES, Codec, Effort, decode_values, decode_values_range, encode_values, encode_values_as, stats,
};

fuzz_target!(|bytes: &[u8]| {
    let [low, high, kind, rest @ ..] = bytes else { return };
    let n = usize::from(u16::from_le_bytes([*low, *high])) % CHUNK_SAMPLES + 1;
    decode(&[&[*kind], rest].concat(), n);
    come_back(&rest.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight)).collect::<Vec<_>>());
    // Small numbers, and decimals.
    come_back(&rest.iter().map(|byte| f64::from(*byte).to_bits()).collect::<Vec<_>>());
    come_back(&rest.as_chunks::<2>().0.iter().map(|two| decimal(*two)).collect::<Vec<_>>());
});

fn decimal(two: [u8; 2]) -> u64 {
    (f64::from(two[0]) / 10f64.powi(i32::from(two[1] % 16))).to_bits()
}

fn decode(encoded: &[u8], n: usize) {
    let mut values = Vec::new();
    if decode_values(encoded, n, &mut values).is_ok() {
        assert_eq!(values.len(), n);
        let range = n / 3..n - n / 4;
        let mut part = Vec::new();
        decode_values_range(encoded, n, range.clone(), &mut part).expect("a part of what can be decoded");
        assert_eq!(bits(&part), bits(&values[range]));
    } else {
        assert!(values.is_empty());
    }
    stats(encoded, n);
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn come_back(values: &[u64]) {
    for values in values.chunks(CHUNK_SAMPLES) {
        let mut chunks = [Effort::Fast, Effort::Small].map(|effort| {
            let mut encoded = Vec::new();
            encode_values(values, effort, &mut encoded);
            encoded
        });
        check(values, &chunks);
        for codec in Codec::ALL {
            chunks[0].clear();
            if encode_values_as(values, codec, &mut chunks[0]) {
                check(values, &chunks[..1]);
            }
        }
    }
}

fn check(values: &[u64], chunks: &[Vec<u8>]) {
    for encoded in chunks {
        let mut decoded = Vec::new();
        decode_values(encoded, values.len(), &mut decoded).expect("what was encoded can be decoded");
        assert_eq!(bits(&decoded), values);
    }
}
