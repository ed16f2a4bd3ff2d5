//! Bits, read from the front, the highest of a byte first: how all of Prometheus's chunks are written.

use super::Malformed;

/// Bits that are read one after the other.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

/// Bits of a number behind its prefix of so many ones, in the code of variable length.
const VARBIT_WIDTHS: [u32; 9] = [0, 3, 6, 9, 12, 18, 25, 56, 64];
/// The longest integer in groups of seven bits.
const MAX_VARINT_SHIFT: u32 = 64;

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader { bytes, at: 0 }
    }

    /// How many bits are left.
    pub(super) fn n_left(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    pub(super) fn bit(&mut self) -> Result<bool, Malformed> {
        let byte = self.bytes.get(self.at / 8).ok_or(Malformed::Cut)?;
        let bit = byte << (self.at % 8) & 0x80 != 0;
        self.at += 1;
        Ok(bit)
    }

    /// The next `n` bits, 64 at most.
    pub(super) fn bits(&mut self, n: u32) -> Result<u64, Malformed> {
        let end = self.at + n as usize;
        if n == 0 || end > self.bytes.len() * 8 {
            return if n == 0 { Ok(0) } else { Err(Malformed::Cut) };
        }
        let rest = &self.bytes[self.at / 8..];
        let word = if let Some(word) = rest.first_chunk::<16>() {
            u128::from_be_bytes(*word)
        } else {
            let mut word = [0; 16];
            word[..rest.len()].copy_from_slice(rest);
            u128::from_be_bytes(word)
        };
        let bits = word << (self.at % 8) >> (u128::BITS - n);
        self.at = end;
        Ok(bits as u64)
    }

    /// How many ones come before the next zero, which is taken too; at most `max`, behind which there is no zero.
    pub(super) fn ones(&mut self, max: u32) -> Result<u32, Malformed> {
        for n in 0..max {
            if !self.bit()? {
                return Ok(n);
            }
        }
        Ok(max)
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn unsigned(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..MAX_VARINT_SHIFT).step_by(7) {
            let byte = self.bits(8)?;
            value |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed::Nonsense("an integer of too many bytes"))
    }

    /// The same for either sign: the sign is the lowest bit.
    pub(super) fn signed(&mut self) -> Result<i64, Malformed> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A count in the code of variable length.
    pub(super) fn varbit_unsigned(&mut self) -> Result<u64, Malformed> {
        let n_ones = self.ones(8)?;
        self.bits(VARBIT_WIDTHS[n_ones as usize])
    }

    /// An integer of either sign in the code of variable length.
    pub(super) fn varbit(&mut self) -> Result<i64, Malformed> {
        let width = VARBIT_WIDTHS[self.ones(8)? as usize];
        Ok(lopsided(self.bits(width)?, width))
    }
}

/// A number of `width` bits whose range is `-(2^(width-1) - 1)..=2^(width-1)`: one more above zero than two's complement.
pub(super) fn lopsided(bits: u64, width: u32) -> i64 {
    if (1..64).contains(&width) && bits > 1 << (width - 1) { bits as i64 - (1 << width) } else { bits as i64 }
}

/// A number of `width` bits in two's complement.
pub(super) fn twos_complement(bits: u64, width: u32) -> i64 {
    let unused = 64 - width;
    (bits << unused) as i64 >> unused
}

/// Floats of which each is the one before, changed in a window of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    leading: u32,
    trailing: u32,
}

impl Window {
    /// Reads the bits that change, through the window as it is.
    pub(super) fn change(&self, bits: &mut BitReader<'_>) -> Result<u64, Malformed> {
        Ok(bits.bits(64 - self.leading - self.trailing)? << self.trailing)
    }

    /// Reads a new window.
    pub(super) fn read(bits: &mut BitReader<'_>) -> Result<Window, Malformed> {
        let leading = bits.bits(5)? as u32;
        // Six bits have no room for 64.
        let n_bits = match bits.bits(6)? as u32 {
            0 => 64,
            n_bits => n_bits,
        };
        let trailing = (64 - leading).checked_sub(n_bits).ok_or(Malformed::Nonsense("a window of too many bits"))?;
        Ok(Window { leading, trailing })
    }

    /// The next float after one with the bits `last`.
    pub(super) fn next(&mut self, last: u64, bits: &mut BitReader<'_>) -> Result<u64, Malformed> {
        if !bits.bit()? {
            return Ok(last);
        }
        if bits.bit()? {
            *self = Window::read(bits)?;
        }
        Ok(last ^ self.change(bits)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_any_bit() {
        let bytes: Vec<u8> = (0..40u8).map(|i| i.wrapping_mul(73) ^ 0x5a).collect();
        let naive = |at: usize, n: usize| {
            (at..at + n).fold(0u64, |value, at| value << 1 | u64::from(bytes[at / 8] >> (7 - at % 8) & 1))
        };
        for at in 0..64 {
            for n in 1..=64 {
                let mut reader = BitReader::new(&bytes);
                reader.bits(at).unwrap();
                assert_eq!(reader.bits(n), Ok(naive(at as usize, n as usize)), "{n} bits at {at}");
            }
        }
        let mut reader = BitReader::new(&bytes[..3]);
        assert_eq!((reader.bits(25), reader.n_left()), (Err(Malformed::Cut), 24));
    }

    #[test]
    fn signs_are_understood() {
        assert_eq!([0b100, 0b101, 0b111, 0b011].map(|bits| lopsided(bits, 3)), [4, -3, -1, 3]);
        assert_eq!([0b100, 0b101, 0b111, 0b011].map(|bits| twos_complement(bits, 3)), [-4, -3, -1, 3]);
        assert_eq!(lopsided(u64::MAX, 64), -1);
        assert_eq!(lopsided(0, 0), 0);
    }
}
