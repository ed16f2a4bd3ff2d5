//! What the bytes of a value chunk say of it as a whole.

use model::sample::STALE_BITS;

use super::column::rising_ends;
use super::decimal::float;
use super::values::{Codec, EXCEPTIONAL, exponent_of, take_constant};
use crate::wal::varint::Input;

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

/// What the bytes of a chunk of `n` values say of it as a whole, without a float being made of each; nothing where that
/// would be needed. They say it of constants, lines, and integer columns that never fall.
pub fn stats(encoded: &[u8], n: usize) -> Option<ChunkStats> {
    if n == 0 {
        return None;
    }
    match Codec::of(encoded)? {
        Codec::Constant => {
            let value = take_constant(encoded).ok()?;
            let has_stale = value.to_bits() == STALE_BITS;
            Some(ChunkStats { min: value, max: value, first: value, last: value, increase: 0.0, has_stale })
        }
        Codec::Linear => {
            let mut input = Input::new(encoded.get(1..)?);
            let (first, step) = (input.signed("").ok()?, input.signed("").ok()?);
            let last = step.checked_mul(n as i64 - 1).and_then(|growth| first.checked_add(growth))?;
            (step >= 0).then(|| rising(first, last, exponent_of(encoded)))
        }
        Codec::Integers if encoded[0] & EXCEPTIONAL == 0 => {
            let (first, last) = rising_ends(&encoded[1..], n)?;
            Some(rising(first, last, exponent_of(encoded)))
        }
        _ => None,
    }
}

fn rising(first: i64, last: i64, exponent: u8) -> ChunkStats {
    let (first, last) = (float(first, exponent), float(last, exponent));
    ChunkStats { min: first, max: last, first, last, increase: last - first, has_stale: false }
}
