//! Bits in and out, most significant first.

/// Bytes that must follow the last bit of what a [`BitReader`] reads, so that it can load eight at any place.
pub(crate) const PADDING: usize = 8;

/// Takes bits.
pub(crate) trait BitSink {
    /// Appends the lowest `n_bits` of `bits`; the others must be zero. At most 57 at once.
    fn push(&mut self, bits: u64, n_bits: u32);

    /// Appends 64 bits.
    fn push_64(&mut self, bits: u64) {
        self.push(bits >> 32, 32);
        self.push(bits & 0xffff_ffff, 32);
    }
}

/// Gives bits back; past the end, zeros.
#[derive(Clone, Debug)]
pub(crate) struct BitReader<'a> {
    /// The bits, and [`PADDING`] bytes.
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl<'a> BitReader<'a> {
    /// Reads from the first bit of `padded`, whose last [`PADDING`] bytes are not data.
    pub(crate) fn new(padded: &'a [u8]) -> BitReader<'a> {
        BitReader { bytes: padded, at: 0 }
    }

    /// Reads on from a [`BitReader::position`].
    pub(crate) fn at(padded: &'a [u8], position: usize) -> BitReader<'a> {
        BitReader { bytes: padded, at: position }
    }

    /// How many bits have been taken.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The next 57 bits or more, at the top of the word, without going on.
    pub(crate) fn peek(&self) -> u64 {
        let byte = self.at / 8;
        let word = self.bytes.get(byte..).and_then(<[u8]>::first_chunk).map_or(0, |eight| u64::from_be_bytes(*eight));
        word << (self.at % 8)
    }

    /// Goes on by `n_bits`.
    pub(crate) fn skip(&mut self, n_bits: u32) {
        self.at += n_bits as usize;
    }

    /// The next `n_bits`, 1 to 57.
    pub(crate) fn take(&mut self, n_bits: u32) -> u64 {
        let bits = self.peek() >> (64 - n_bits);
        self.skip(n_bits);
        bits
    }

    /// The next 64 bits.
    pub(crate) fn take_64(&mut self) -> u64 {
        (self.take(32) << 32) | self.take(32)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The simplest sink there is.
    #[derive(Debug, Default)]
    pub(crate) struct Bits(pub(crate) Vec<bool>);

    impl BitSink for Bits {
        fn push(&mut self, bits: u64, n_bits: u32) {
            assert!(n_bits <= 57 && bits >> n_bits == 0, "{n_bits} bits of {bits:#x}");
            self.0.extend((0..n_bits).rev().map(|bit| bits >> bit & 1 == 1));
        }
    }

    impl Bits {
        pub(crate) fn padded(&self) -> Vec<u8> {
            let mut bytes: Vec<u8> = self
                .0
                .chunks(8)
                .map(|chunk| chunk.iter().enumerate().fold(0, |byte, (i, &bit)| byte | u8::from(bit) << (7 - i)))
                .collect();
            bytes.extend([0; PADDING]);
            bytes
        }
    }

    #[test]
    fn bits_come_back() {
        let mut bits = Bits::default();
        for n_bits in 1..=57 {
            bits.push((1 << n_bits) - 1, n_bits);
            bits.push(0, 1);
        }
        bits.push_64(0x0123_4567_89ab_cdef);
        let padded = bits.padded();
        let mut reader = BitReader::new(&padded);
        for n_bits in 1..=57 {
            assert_eq!((reader.take(n_bits), reader.take(1)), ((1 << n_bits) - 1, 0), "{n_bits}");
        }
        assert_eq!(reader.take_64(), 0x0123_4567_89ab_cdef);
        reader.skip(1 << 20);
        assert_eq!(reader.take(57), 0);
    }
}
