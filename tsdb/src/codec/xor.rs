//! Floats as the exclusive or with the one before: for values that are no decimals.
//!
//! After T. Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", PVLDB 8(12): `0` for the same
//! value; `10` and the bits of the window of the change before it; `11`, 5 bits of leading zeros, 6 bits of length less
//! one, and so many bits. The first value has 64 bits.

use std::ops::Range;

use super::CodecError;
use crate::chunk::bits::{BitReader, BitSink, PADDING};
use crate::chunk::gorilla::{push_long, take_long};

/// Leading zeros have five bits.
const MAX_LEADING: u32 = 31;
/// A window is kept while it costs no more than a new one, whose description takes this many bits.
const WINDOW_COST: u32 = 11;

/// Bits at the end of bytes.
struct Sink<'a> {
    out: &'a mut Vec<u8>,
    /// Bits that are no whole byte yet, the last one lowest.
    pending: u64,
    n_pending: u32,
}

impl BitSink for Sink<'_> {
    fn push(&mut self, bits: u64, n_bits: u32) {
        self.pending = self.pending << n_bits | bits;
        self.n_pending += n_bits;
        while self.n_pending >= 8 {
            self.n_pending -= 8;
            self.out.push((self.pending >> self.n_pending) as u8);
        }
    }
}

/// Appends values, given by their bits.
pub(super) fn push_xor(bits: &[u64], out: &mut Vec<u8>) {
    let mut sink = Sink { out, pending: 0, n_pending: 0 };
    let (mut last, mut window_leading, mut window_n) = (0, 0, 64);
    for (i, &value) in bits.iter().enumerate() {
        let xor = value ^ last;
        last = value;
        if i == 0 {
            sink.push_64(value);
            continue;
        }
        if xor == 0 {
            sink.push(0, 1);
            continue;
        }
        let leading = xor.leading_zeros().min(MAX_LEADING);
        let n = 64 - leading - xor.trailing_zeros();
        let window_trailing = 64 - window_leading - window_n;
        let fits = leading >= window_leading && xor.trailing_zeros() >= window_trailing;
        if fits && window_n <= n + WINDOW_COST {
            sink.push(0b10, 2);
            push_long(&mut sink, xor >> window_trailing, window_n);
        } else {
            sink.push(0b11 << 11 | u64::from(leading) << 6 | u64::from(n - 1), 13);
            push_long(&mut sink, xor >> xor.trailing_zeros(), n);
            (window_leading, window_n) = (leading, n);
        }
    }
    let n_missing = (8 - sink.n_pending % 8) % 8;
    sink.push(0, n_missing);
}

/// Takes values back: those of `range`, the ones before it being decoded and left out.
pub(super) fn take_xor(encoded: &[u8], range: Range<usize>, out: &mut Vec<f64>) -> Result<(), CodecError> {
    let mut padded = Vec::with_capacity(encoded.len() + PADDING);
    padded.extend_from_slice(encoded);
    padded.resize(encoded.len() + PADDING, 0);
    let mut reader = BitReader::new(&padded);
    let (mut last, mut window_leading, mut window_n) = (0, 0, 64);
    for i in 0..range.end {
        if i == 0 {
            last = reader.take_64();
        } else if reader.peek() >> 63 == 0 {
            reader.skip(1);
        } else {
            if reader.peek() >> 62 == 0b10 {
                reader.skip(2);
            } else {
                let head = reader.take(13);
                (window_leading, window_n) = ((head >> 6 & 0x1f) as u32, (head & 0x3f) as u32 + 1);
            }
            // In bytes that no encoder wrote the window can be too wide.
            let trailing = 64u32.saturating_sub(window_leading + window_n);
            last ^= take_long(&mut reader, window_n) << trailing;
        }
        if i >= range.start {
            out.push(f64::from_bits(last));
        }
    }
    if reader.position() > encoded.len() * 8 {
        return Err(CodecError { at: encoded.len(), expected: "more values" });
    }
    Ok(())
}
