//! Unsigned integers of a fixed width, side by side, the lowest bit first.
//!
//! Unpacking goes by eights: eight values of `w` bits are `w` whole bytes, so that every shift and offset is a constant of
//! a function made for that width.

/// How many integers a mini-block has.
pub(super) const MINI: usize = 128;
/// The widest a value may be without taking all 64 bits: a load of eight bytes must hold it at any bit offset.
pub(super) const MAX_NARROW: u32 = 57;
/// What may be loaded beyond the packed bytes.
const PADDING: usize = 8;

/// The width that values of `n_bits` are packed with.
pub(super) fn width_for(n_bits: u32) -> u32 {
    if n_bits > MAX_NARROW { 64 } else { n_bits }
}

/// How many bytes `n` values take.
pub(super) fn packed_len(n: usize, width: u32) -> usize {
    (n * width as usize).div_ceil(8)
}

/// Appends values; bits beyond `width` are left out.
pub(super) fn pack(values: &[u64], width: u32, out: &mut Vec<u8>) {
    if width == 64 {
        out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        return;
    }
    let mask = (1 << width) - 1;
    let (mut pending, mut n_pending) = (0u128, 0);
    for &value in values {
        pending |= u128::from(value & mask) << n_pending;
        n_pending += width;
        if n_pending >= 64 {
            out.extend((pending as u64).to_le_bytes());
            pending >>= 64;
            n_pending -= 64;
        }
    }
    out.extend_from_slice(&(pending as u64).to_le_bytes()[..n_pending.div_ceil(8) as usize]);
}

/// Unpacks the first `n` values of `bytes`, which must be long enough and may be longer; what stands in `out` behind
/// them is undefined. Widths are those of [`width_for`].
pub(super) fn unpack(bytes: &[u8], n: usize, width: u32, out: &mut [u64; MINI]) {
    if width == 64 {
        for (value, bytes) in out[..n].iter_mut().zip(bytes.as_chunks::<8>().0) {
            *value = u64::from_le_bytes(*bytes);
        }
        return;
    }
    let n_needed = n.div_ceil(8) * width as usize + PADDING;
    if let Some(bytes) = bytes.get(..n_needed) {
        unpack_narrow(bytes, n, width, out);
    } else {
        let mut padded = [0; MINI * MAX_NARROW as usize / 8 + PADDING];
        let n_there = bytes.len().min(n_needed);
        padded[..n_there].copy_from_slice(&bytes[..n_there]);
        unpack_narrow(&padded[..n_needed], n, width, out);
    }
}

fn unpack_narrow(padded: &[u8], n: usize, width: u32, out: &mut [u64; MINI]) {
    macro_rules! by_width {
        ($($width:literal)*) => {
            match width {
                $($width => unpack_width::<$width>(padded, n, out),)*
                _ => out[..n].fill(0),
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37
        38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57);
}

fn unpack_width<const WIDTH: usize>(padded: &[u8], n: usize, out: &mut [u64; MINI]) {
    let mask = (1 << WIDTH) - 1;
    for (group, values) in out.as_chunks_mut::<8>().0.iter_mut().take(n.div_ceil(8)).enumerate() {
        let bytes = &padded[group * WIDTH..][..WIDTH + PADDING];
        for (i, value) in values.iter_mut().enumerate() {
            let at = i * WIDTH;
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at / 8..][..8]);
            *value = u64::from_le_bytes(word) >> (at % 8) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_and_length_comes_back() {
        for width in (0..=MAX_NARROW).chain([64]) {
            let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
            let values: Vec<u64> =
                (0..MINI as u64).map(|i| (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask).collect();
            for n in [1, 7, 8, 9, 64, 127, MINI] {
                let mut bytes = Vec::new();
                pack(&values[..n], width, &mut bytes);
                assert_eq!(bytes.len(), packed_len(n, width), "{n} of {width}");
                for n_behind in [0, 1, 100] {
                    bytes.resize(packed_len(n, width) + n_behind, 0xaa);
                    let mut out = [u64::MAX; MINI];
                    unpack(&bytes, n, width, &mut out);
                    assert_eq!(out[..n], values[..n], "{n} of {width}");
                }
            }
        }
    }
}
