//! Where the labels of a series hash to, so that `limit_ratio` chooses the series that Prometheus chooses.

use model::Labels;
use xxhash_rust::xxh64::xxh64;

/// A place in `0..=1`: XXH64 of the labels as Prometheus keeps them in memory, each name and value behind its length.
pub(super) fn place_of(labels: &Labels) -> f64 {
    let mut bytes = Vec::with_capacity(labels.n_bytes() + 8);
    for (name, value) in labels {
        push(&mut bytes, name);
        push(&mut bytes, value);
    }
    xxh64(&bytes, 0) as f64 / u64::MAX as f64
}

/// A length is one byte, or 255 and three more.
fn push(bytes: &mut Vec<u8>, field: &str) {
    let [low, middle, high, ..] = field.len().to_le_bytes();
    if field.len() < 255 {
        bytes.push(low);
    } else {
        bytes.extend([255, low, middle, high]);
    }
    bytes.extend_from_slice(field.as_bytes());
}
