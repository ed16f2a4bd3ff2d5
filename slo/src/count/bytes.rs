//! Numbers and texts as bytes: what history files are made of. Integers are LEB128, signed ones zigzag.

use model::Labels;

/// Bytes that are being written.
#[derive(Debug, Default)]
pub(super) struct Out(pub(super) Vec<u8>);

impl Out {
    pub(super) fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.u64(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn labels(&mut self, labels: &Labels) {
        self.u64(labels.len() as u64);
        for (name, value) in labels {
            self.text(name);
            self.text(value);
        }
    }
}

/// Bytes that are being read. Everything is `None` where they end too early or are not what was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct In<'a>(pub(super) &'a [u8]);

impl<'a> In<'a> {
    #[inline]
    pub(super) fn u64(&mut self) -> Option<u64> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        // Most numbers are small.
        if byte < 0x80 { Some(u64::from(byte)) } else { self.longer(u64::from(byte & 0x7f)) }
    }

    /// The rest of a number, of which the first byte was read.
    fn longer(&mut self, mut value: u64) -> Option<u64> {
        let mut shift = 7;
        while shift < 64 {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
            shift += 7;
        }
        None
    }

    #[inline]
    pub(super) fn i64(&mut self) -> Option<i64> {
        let value = self.u64()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    #[inline]
    pub(super) fn f64(&mut self) -> Option<f64> {
        let (bytes, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(f64::from_bits(u64::from_le_bytes(*bytes)))
    }

    /// A number of things that each take a byte at least.
    #[inline]
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.u64()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    #[inline]
    pub(super) fn take(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let n_bytes = self.count()?;
        self.take(n_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn labels(&mut self) -> Option<Labels> {
        let n_labels = self.count()?;
        let pairs: Option<Vec<(&str, &str)>> = (0..n_labels).map(|_| Some((self.text()?, self.text()?))).collect();
        Some(Labels::from_pairs(pairs?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut out = Out::default();
        let numbers = [0, 1, -1, 63, 64, -64, -65, i64::MAX, i64::MIN];
        numbers.iter().for_each(|&number| out.i64(number));
        out.u64(u64::MAX);
        out.f64(-0.0);
        out.text("é");
        out.labels(&Labels::from_pairs([("a", "b")]));
        let mut input = In(&out.0);
        assert_eq!(numbers.map(|_| input.i64().unwrap()), numbers);
        assert_eq!(input.u64(), Some(u64::MAX));
        assert_eq!(input.f64().map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!(input.text(), Some("é"));
        assert_eq!(input.labels(), Some(Labels::from_pairs([("a", "b")])));
        assert_eq!(input.u64(), None);
    }

    #[test]
    fn what_ends_too_early_is_nothing() {
        assert_eq!(In(&[0x80]).u64(), None);
        assert_eq!(In(&[0xff; 11]).u64(), None);
        assert_eq!(In(&[200, 1, 0]).bytes(), None);
        assert_eq!(In(&[1, 2]).f64(), None);
        assert_eq!(In(&[1, 0xff]).text(), None);
    }
}
