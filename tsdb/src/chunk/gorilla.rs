//! The codec of the head: one bit for a sample that comes on time with the value of the one before.
//!
//! After T. Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", PVLDB 8(12): the change of the
//! distance between timestamps, and the exclusive or of neighbouring values, each in as few bits as it needs. Unlike
//! there, one prefix tells both at once, because both are usually "as before", and the stale marker has a prefix of its
//! own, so that it does not disturb the values around it:
//!
//! | prefix | timestamp | value |
//! |---|---|---|
//! | `0` | on time | as before |
//! | `10` | on time | changed: follows |
//! | `110` | follows | a bit, `0` as before or `1` changed: follows |
//! | `1110` | on time | stale marker |
//! | `1111` | follows | stale marker |
//!
//! A timestamp that is not on time: `0` and 7 bits, `10` and 14, `110` and 20, or `111` and 64, of the change of the
//! distance. A changed value: `0` and as many bits as the window of the change before it has, or `1`, 5 bits of leading
//! zeros, 6 bits of length less one, and so many bits. The first sample of a chunk is 64 bits of timestamp and 64 of
//! value.

use model::sample::STALE_BITS;

use super::bits::{BitReader, BitSink};

/// What is known of the samples so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Predictor {
    /// The newest timestamp, in milliseconds.
    pub(crate) last_ms: i64,
    /// The distance to the one before.
    delta_ms: i64,
    /// The bits of the newest value that was not the stale marker.
    value: u64,
    /// The window of the newest change: zeros above it, and bits in it (0: no window yet).
    leading: u8,
    n_significant: u8,
    /// Whether the newest value is the stale marker.
    is_stale: bool,
    /// Samples encoded; whoever decodes knows how many there are.
    n_encoded: u16,
}

/// Leading zeros have five bits.
const MAX_LEADING: u32 = 31;
/// A window is kept while it costs no more than a new one, whose description takes this many bits.
const WINDOW_COST: u32 = 11;

impl Predictor {
    /// Bytes of [`Predictor::image`].
    pub(crate) const IMAGE_LEN: usize = 29;

    /// What is known, as bytes: newest timestamp i64, distance i64, value u64, leading u8, significant u8, stale u8,
    /// encoded u16.
    pub(crate) fn image(&self) -> [u8; Predictor::IMAGE_LEN] {
        let mut image = [0; Predictor::IMAGE_LEN];
        image[0..8].copy_from_slice(&self.last_ms.to_le_bytes());
        image[8..16].copy_from_slice(&self.delta_ms.to_le_bytes());
        image[16..24].copy_from_slice(&self.value.to_le_bytes());
        image[24..27].copy_from_slice(&[self.leading, self.n_significant, u8::from(self.is_stale)]);
        image[27..29].copy_from_slice(&self.n_encoded.to_le_bytes());
        image
    }

    /// What an image says; `None` where no encoder can have got there.
    pub(crate) fn from_image(image: &[u8; Predictor::IMAGE_LEN]) -> Option<Predictor> {
        let word = |from: usize| image[from..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        let [leading, n_significant, is_stale, low, high] = *image.last_chunk()?;
        let n_window = u32::from(leading) + u32::from(n_significant);
        let has_window = u32::from(leading) <= MAX_LEADING && n_window <= 64 && is_stale <= 1;
        has_window.then_some(Predictor {
            last_ms: word(0)? as i64,
            delta_ms: word(8)? as i64,
            value: word(16)?,
            leading,
            n_significant,
            is_stale: is_stale == 1,
            n_encoded: u16::from_le_bytes([low, high]),
        })
    }

    /// Encodes the first sample of a chunk.
    pub(crate) fn encode_first(sink: &mut impl BitSink, timestamp_ms: i64, value: u64) -> Predictor {
        sink.push_64(timestamp_ms as u64);
        sink.push_64(value);
        Predictor { last_ms: timestamp_ms, value, n_encoded: 1, ..Predictor::default() }
    }

    /// Forgets how many samples have been encoded, but not the newest of them: the next one is the first of a chunk.
    pub(crate) fn begin_chunk(&mut self) {
        self.n_encoded = 0;
    }

    /// How many samples have been encoded.
    pub(crate) fn n_encoded(&self) -> u16 {
        self.n_encoded
    }

    /// The bits of the newest value.
    pub(crate) fn last_bits(&self) -> u64 {
        if self.is_stale { STALE_BITS } else { self.value }
    }

    /// Encodes a sample that is not the first.
    pub(crate) fn encode(&mut self, sink: &mut impl BitSink, timestamp_ms: i64, value: u64) {
        let delta_ms = timestamp_ms.wrapping_sub(self.last_ms);
        let change = delta_ms.wrapping_sub(self.delta_ms);
        self.last_ms = timestamp_ms;
        self.delta_ms = delta_ms;
        self.n_encoded += 1;
        self.is_stale = value == STALE_BITS && self.value != STALE_BITS;
        match (change == 0, self.is_stale) {
            (true, true) => return sink.push(0b1110, 4),
            (false, true) => {
                sink.push(0b1111, 4);
                return push_change(sink, change);
            }
            (true, false) if value == self.value => return sink.push(0, 1),
            (true, false) => sink.push(0b10, 2),
            (false, false) => {
                sink.push(0b110, 3);
                push_change(sink, change);
                sink.push(u64::from(value != self.value), 1);
                if value == self.value {
                    return;
                }
            }
        }
        self.encode_xor(sink, value);
    }

    fn encode_xor(&mut self, sink: &mut impl BitSink, value: u64) {
        let xor = value ^ self.value;
        self.value = value;
        let leading = xor.leading_zeros().min(MAX_LEADING);
        let trailing = xor.trailing_zeros();
        let n_significant = 64 - leading - trailing;
        let (window_leading, window_n) = (u32::from(self.leading), u32::from(self.n_significant));
        let window_trailing = 64 - window_leading - window_n;
        let fits = window_n > 0 && leading >= window_leading && trailing >= window_trailing;
        if fits && window_n <= n_significant + WINDOW_COST {
            sink.push(0, 1);
            push_long(sink, xor >> window_trailing, window_n);
        } else {
            sink.push(1 << 11 | u64::from(leading) << 6 | u64::from(n_significant - 1), 12);
            push_long(sink, xor >> trailing, n_significant);
            self.leading = leading as u8;
            self.n_significant = n_significant as u8;
        }
    }

    /// Decodes the first sample of a chunk.
    pub(crate) fn decode_first(reader: &mut BitReader<'_>) -> (Predictor, u64) {
        let last_ms = reader.take_64() as i64;
        let value = reader.take_64();
        (Predictor { last_ms, value, ..Predictor::default() }, value)
    }

    /// Decodes a sample that is not the first: the new timestamp is in [`Predictor::last_ms`], the value is returned.
    #[inline]
    pub(crate) fn decode(&mut self, reader: &mut BitReader<'_>) -> u64 {
        let next = reader.peek();
        match next.leading_ones() {
            0 => {
                reader.skip(1);
                self.on_time();
                self.value
            }
            1 => {
                reader.skip(2);
                self.on_time();
                self.decode_xor(reader)
            }
            2 => {
                reader.skip(3);
                self.late_or_early(take_change(reader));
                if reader.take(1) == 0 { self.value } else { self.decode_xor(reader) }
            }
            3 => {
                reader.skip(4);
                self.on_time();
                STALE_BITS
            }
            _ => {
                reader.skip(4);
                self.late_or_early(take_change(reader));
                STALE_BITS
            }
        }
    }

    fn on_time(&mut self) {
        self.last_ms = self.last_ms.wrapping_add(self.delta_ms);
    }

    fn late_or_early(&mut self, change: i64) {
        self.delta_ms = self.delta_ms.wrapping_add(change);
        self.on_time();
    }

    fn decode_xor(&mut self, reader: &mut BitReader<'_>) -> u64 {
        let next = reader.peek();
        if next >> 63 == 0 {
            reader.skip(1);
        } else {
            reader.skip(12);
            self.leading = (next >> 58 & 0x1f) as u8;
            self.n_significant = (next >> 52 & 0x3f) as u8 + 1;
        }
        let n_significant = u32::from(self.n_significant);
        let significant = take_long(reader, n_significant);
        // In bytes that were never written by the encoder the window can be too wide, or missing.
        let trailing = 64u32.saturating_sub(u32::from(self.leading) + n_significant);
        self.value ^= significant.checked_shl(trailing).unwrap_or(0);
        self.value
    }
}

/// Appends the change of the distance between timestamps, which is not zero.
fn push_change(sink: &mut impl BitSink, change: i64) {
    let fits = |n_bits: u32| (-(1i64 << (n_bits - 1))..1i64 << (n_bits - 1)).contains(&change);
    let low = |n_bits: u32| change as u64 & ((1 << n_bits) - 1);
    if fits(7) {
        sink.push(low(7), 8);
    } else if fits(14) {
        sink.push(0b10 << 14 | low(14), 16);
    } else if fits(20) {
        sink.push(0b110 << 20 | low(20), 23);
    } else {
        sink.push(0b111, 3);
        sink.push_64(change as u64);
    }
}

fn take_change(reader: &mut BitReader<'_>) -> i64 {
    let (n_prefix, n_bits) = match reader.peek().leading_ones() {
        0 => (1, 7),
        1 => (2, 14),
        2 => (3, 20),
        _ => {
            reader.skip(3);
            return reader.take_64() as i64;
        }
    };
    reader.skip(n_prefix);
    let unused = 64 - n_bits;
    ((reader.take(n_bits) << unused) as i64) >> unused
}

/// Appends the lowest `n_bits` of `bits`, up to 64.
pub(crate) fn push_long(sink: &mut impl BitSink, bits: u64, n_bits: u32) {
    if n_bits > 32 {
        sink.push(bits >> 32, n_bits - 32);
        sink.push(bits & 0xffff_ffff, 32);
    } else {
        sink.push(bits, n_bits);
    }
}

/// The next `n_bits`, up to 64.
pub(crate) fn take_long(reader: &mut BitReader<'_>, n_bits: u32) -> u64 {
    if n_bits > 32 {
        (reader.take(n_bits - 32) << 32) | reader.take(32)
    } else if n_bits > 0 {
        reader.take(n_bits)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::tests::Bits;
    use super::*;

    fn encoded(samples: &[(i64, u64)]) -> Bits {
        let mut bits = Bits::default();
        let (first, rest) = samples.split_first().unwrap();
        let mut predictor = Predictor::encode_first(&mut bits, first.0, first.1);
        for &(timestamp_ms, value) in rest {
            predictor.encode(&mut bits, timestamp_ms, value);
        }
        bits
    }

    fn decoded(padded: &[u8], n_samples: usize) -> Vec<(i64, u64)> {
        let mut reader = BitReader::new(padded);
        let (mut predictor, value) = Predictor::decode_first(&mut reader);
        let mut samples = vec![(predictor.last_ms, value)];
        while samples.len() < n_samples {
            let value = predictor.decode(&mut reader);
            samples.push((predictor.last_ms, value));
        }
        samples
    }

    fn check(samples: &[(i64, u64)]) -> usize {
        let bits = encoded(samples);
        assert_eq!(decoded(&bits.padded(), samples.len()), samples);
        bits.0.len()
    }

    #[test]
    fn a_constant_on_time_costs_a_bit_a_sample() {
        let samples: Vec<_> = (0..120).map(|i| (1_700_000_000_000 + i * 15_000, 1.0f64.to_bits())).collect();
        // 128 for the first, 3 + 23 + 1 for the first distance, then one each.
        assert_eq!(check(&samples), 128 + 27 + 118);
    }

    #[test]
    fn a_stale_marker_costs_four_bits_and_disturbs_nothing() {
        let plain: Vec<_> = (0..10).map(|i| (i * 1000, 2.5f64.to_bits())).collect();
        let mut stale = plain.clone();
        stale[7].1 = STALE_BITS;
        assert_eq!(check(&stale), check(&plain) + 3);
    }

    #[test]
    fn every_special_value_keeps_its_bits() {
        let values = [
            STALE_BITS,
            STALE_BITS,
            0,
            (-0.0f64).to_bits(),
            f64::NAN.to_bits(),
            0x7ff8_0000_0000_0001,
            0xffff_ffff_ffff_ffff,
            f64::INFINITY.to_bits(),
            f64::NEG_INFINITY.to_bits(),
            5e-324f64.to_bits(),
            f64::MAX.to_bits(),
            9_007_199_254_740_993f64.to_bits(),
            STALE_BITS,
            1,
            1 << 63,
        ];
        check(&values.iter().enumerate().map(|(i, &value)| (i as i64, value)).collect::<Vec<_>>());
    }

    fn timestamps() -> impl Strategy<Value = i64> {
        prop_oneof![Just(15_000), Just(15_001), -3i64..3, -10_000i64..10_000, any::<i64>()]
    }

    fn values() -> impl Strategy<Value = u64> {
        let counter = (0u32..1000).prop_map(|n| f64::from(n).to_bits());
        let decimal = (0u32..1000).prop_map(|n| (f64::from(n) / 10.0).to_bits());
        prop_oneof![counter, decimal, Just(STALE_BITS), any::<u64>()]
    }

    proptest! {
        #[test]
        fn any_samples_come_back(steps in prop::collection::vec((timestamps(), values()), 1..200)) {
            let mut now_ms = 0i64;
            let samples: Vec<_> = steps
                .into_iter()
                .map(|(step_ms, value)| {
                    now_ms = now_ms.wrapping_add(step_ms);
                    (now_ms, value)
                })
                .collect();
            check(&samples);
        }

        #[test]
        fn any_bytes_decode_to_something(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            bytes.extend([0; super::super::bits::PADDING]);
            decoded(&bytes, 500);
        }
    }
}
