//! Value chunks: the best of several encodings, and what can be said without decoding.

use std::ops::Range;

use model::sample::STALE_BITS;

use super::{CodecError, Effort};

/// One value for all samples: 8 bytes.
const CONSTANT: u8 = 0;
/// Each value in full: 8 bytes.
const RAW: u8 = 7;

/// What is known of a chunk as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChunkStats {
    /// The smallest value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
    /// The first value.
    pub first: f64,
    /// The last value.
    pub last: f64,
    /// By how much a counter has grown within the chunk: a value below the one before is a reset, after which it counts
    /// from zero.
    pub increase: f64,
    /// Whether there are stale markers.
    pub has_stale: bool,
}

/// Encodes 1 to [`CHUNK_SAMPLES`](super::CHUNK_SAMPLES) values, given by their bits, at the end of `out`.
pub fn encode_values(bits: &[u64], _effort: Effort, out: &mut Vec<u8>) {
    let first = bits.first().copied().unwrap_or_default();
    if bits.iter().all(|&value| value == first) {
        out.push(CONSTANT);
        out.extend(first.to_le_bytes());
    } else {
        out.push(RAW);
        out.extend(bits.iter().flat_map(|value| value.to_le_bytes()));
    }
}

/// Decodes the `n` values of a chunk to the end of `out`.
///
/// # Errors
/// Where the bytes cannot be those of `n` values; `out` is then as long as it was.
pub fn decode_values(encoded: &[u8], n: usize, out: &mut Vec<f64>) -> Result<(), CodecError> {
    decode_values_range(encoded, n, 0..n, out)
}

/// Decodes some of the `n` values of a chunk to the end of `out`, and skips what it can of the others.
///
/// # Errors
/// Where the bytes cannot be those of `n` values, or where the range goes beyond them; `out` is then as long as it was.
pub fn decode_values_range(
    encoded: &[u8],
    n: usize,
    range: Range<usize>,
    out: &mut Vec<f64>,
) -> Result<(), CodecError> {
    let error = |expected| CodecError { at: 0, expected };
    if range.end > n {
        return Err(error("more values"));
    }
    let (&kind, rest) = encoded.split_first().ok_or(error("an encoding"))?;
    let (values, _) = rest.as_chunks::<8>();
    match kind {
        CONSTANT => {
            let value = values.first().ok_or(error("a value"))?;
            out.resize(out.len() + range.len(), f64::from_le_bytes(*value));
        }
        RAW => {
            let values = values.get(range).ok_or(error("more values"))?;
            out.extend(values.iter().map(|value| f64::from_le_bytes(*value)));
        }
        _ => return Err(error("an encoding")),
    }
    Ok(())
}

/// What the bytes of a chunk of `n` values say of it as a whole; nothing where it would have to be decoded.
pub fn stats(encoded: &[u8], n: usize) -> Option<ChunkStats> {
    let (&kind, rest) = encoded.split_first()?;
    if kind != CONSTANT || n == 0 {
        return None;
    }
    let value = f64::from_le_bytes(*rest.first_chunk()?);
    Some(ChunkStats {
        min: value,
        max: value,
        first: value,
        last: value,
        increase: 0.0,
        has_stale: value.to_bits() == STALE_BITS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        for bits in [vec![1, 2, u64::MAX], vec![STALE_BITS; 1024]] {
            let mut encoded = Vec::new();
            encode_values(&bits, Effort::Fast, &mut encoded);
            let mut decoded = Vec::new();
            decode_values(&encoded, bits.len(), &mut decoded).unwrap();
            assert_eq!(decoded.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), bits);
        }
    }
}
