//! Prometheus's chunks, of every encoding, on anything. What is refused leaves the samples as they were; what is read comes to
//! no more than the chunk can hold.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tsdb::import::Samples;
use tsdb::prometheus::read_chunk;

/// A chunk counts its samples in sixteen bits.
const MAX_SAMPLES: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((&encoding, chunk)) = bytes.split_first() else { return };
    let mut samples = Samples::default();
    samples.push(7, 0, 8);
    let read = read_chunk(encoding % 8, chunk, &mut samples);
    assert!(samples.len() <= 1 + MAX_SAMPLES);
    if read.is_err() {
        assert_eq!(samples.len(), 1);
    }
    samples.put_in_order();
    assert!(samples.as_written().timestamps.is_sorted_by(|a, b| a < b));
});
