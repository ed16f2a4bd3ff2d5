//! Chunks of native histograms: anything decodes to histograms or an error, and what was decoded comes back.
//!
//! The first two bytes say how many histograms are asked for; the rest is decoded. What comes out is encoded and decoded
//! again, and must be the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tsdb::codec::{CHUNK_SAMPLES, decode_histograms, encode_histograms};

fuzz_target!(|bytes: &[u8]| {
    let [low, high, rest @ ..] = bytes else { return };
    let n = usize::from(u16::from_le_bytes([*low, *high])) % CHUNK_SAMPLES + 1;
    let mut histograms = Vec::new();
    if decode_histograms(rest, n, &mut histograms).is_err() {
        assert!(histograms.is_empty());
        return;
    }
    assert_eq!(histograms.len(), n);
    let mut encoded = Vec::new();
    encode_histograms(&histograms, &mut encoded);
    let mut again = Vec::new();
    decode_histograms(&encoded, n, &mut again).expect("what was encoded can be decoded");
    // By bits, because a NaN is unlike itself; the bits of a float are what the encoder sees.
    let mut encoded_again = Vec::new();
    encode_histograms(&again, &mut encoded_again);
    assert!(encoded == encoded_again);
});
