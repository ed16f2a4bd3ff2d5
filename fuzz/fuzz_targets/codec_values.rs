//! Value chunks: anything decodes to values or an error, and any values come back through every codec.
//!
//! The first two bytes say how many values are asked for, the third which codec is (the input mostly has none that is
//! right). Then the rest is decoded as a chunk, and taken as values that are encoded, decoded, damaged, and decoded again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tsdb::codec::{
    CHUNK_SAMPLES, Codec, Effort, decode_values, decode_values_range, encode_values, encode_values_as, stats,
};

fuzz_target!(|bytes: &[u8]| {
    let [low, high, kind, rest @ ..] = bytes else { return };
    let n = usize::from(u16::from_le_bytes([*low, *high])) % CHUNK_SAMPLES + 1;
    decode(&[&[*kind], rest].concat(), n);
    let damage = (n, *kind);
    come_back(&rest.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight)).collect::<Vec<_>>(), damage);
    // Small numbers, and decimals.
    come_back(&rest.iter().map(|byte| f64::from(*byte).to_bits()).collect::<Vec<_>>(), damage);
    come_back(&rest.as_chunks::<2>().0.iter().map(|two| decimal(*two)).collect::<Vec<_>>(), damage);
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

fn come_back(values: &[u64], damage: (usize, u8)) {
    for values in values.chunks(CHUNK_SAMPLES) {
        for effort in [Effort::Fast, Effort::Small] {
            let mut encoded = Vec::new();
            encode_values(values, effort, &mut encoded);
            check(values, encoded, damage);
        }
        for codec in Codec::ALL {
            let mut encoded = Vec::new();
            if encode_values_as(values, codec, &mut encoded) {
                check(values, encoded, damage);
            }
        }
    }
}

fn check(values: &[u64], mut encoded: Vec<u8>, (place, flipped): (usize, u8)) {
    let mut decoded = Vec::new();
    decode_values(&encoded, values.len(), &mut decoded).expect("what was encoded can be decoded");
    assert_eq!(bits(&decoded), values);
    let place = place % encoded.len();
    encoded[place] ^= flipped;
    decode(&encoded, values.len());
}
