//! A chunk of floats as Prometheus encodes it: `XOR`, after Facebook's Gorilla.
//!
//! The number of samples in two bytes, the highest first; the first sample whole; the second time as its difference; then
//! differences of differences in one of five widths, and of each value the bits that have changed.

use super::bits::{Bits, Xor, fits};
use crate::remote_write::push::fold;

/// The number of this encoding.
pub(super) const XOR: u64 = 1;

/// Encodes samples, at most 65535.
pub(super) fn encode(timestamps: &[i64], values: &[f64]) -> Vec<u8> {
    let mut out = Bits::after((values.len() as u16).to_be_bytes().to_vec());
    let Some((&first_ms, &first)) = timestamps.first().zip(values.first()) else { return out.finish() };
    out.push_varint(fold(first_ms));
    out.push_f64(first);
    let mut value = Xor::new(first);
    let mut last_delta = None;
    for (times, &next) in timestamps.windows(2).zip(&values[1..]) {
        let delta = times[1].wrapping_sub(times[0]);
        match last_delta.replace(delta) {
            None => out.push_varint(delta as u64),
            Some(last) => push_difference(&mut out, delta.wrapping_sub(last)),
        }
        value.push(&mut out, next);
    }
    out.finish()
}

fn push_difference(out: &mut Bits, difference: i64) {
    match difference {
        0 => out.push(0, 1),
        _ if fits(difference, 14) => {
            out.push(0b10, 2);
            out.push(difference as u64, 14);
        }
        _ if fits(difference, 17) => {
            out.push(0b110, 3);
            out.push(difference as u64, 17);
        }
        _ if fits(difference, 20) => {
            out.push(0b1110, 4);
            out.push(difference as u64, 20);
        }
        _ => {
            out.push(0b1111, 4);
            out.push(difference as u64, 64);
        }
    }
}
