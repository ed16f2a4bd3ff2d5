//! Integers in as few bytes as they need: seven bits a byte, the lowest first, the top bit set on all but the last.

/// Appends an unsigned integer.
pub(crate) fn push_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed integer; small ones of either sign are short.
pub(crate) fn push_signed(out: &mut Vec<u8>, value: i64) {
    push_unsigned(out, (value << 1 ^ value >> 63) as u64);
}

/// What is not as it must be in bytes that a checksum has proven: a fault of this program, or of a forger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: expected {expected}")]
pub(crate) struct DecodeError {
    /// The byte of the record.
    pub(crate) at: usize,
    /// What should have stood there.
    pub(crate) expected: &'static str,
}

/// Bytes that are being taken apart from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { rest: bytes, len: bytes.len() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been taken yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes are left.
    pub(crate) fn n_left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn error(&self, expected: &'static str) -> DecodeError {
        DecodeError { at: self.len - self.rest.len(), expected }
    }

    pub(crate) fn byte(&mut self, expected: &'static str) -> Result<u8, DecodeError> {
        let (&first, rest) = self.rest.split_first().ok_or_else(|| self.error(expected))?;
        self.rest = rest;
        Ok(first)
    }

    pub(crate) fn bytes(&mut self, n_bytes: usize, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(n_bytes).ok_or_else(|| self.error(expected))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn float(&mut self, expected: &'static str) -> Result<f64, DecodeError> {
        let bytes = self.bytes(8, expected)?;
        Ok(f64::from_le_bytes(bytes.try_into().map_err(|_| self.error(expected))?))
    }

    pub(crate) fn unsigned(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(expected)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.error(expected))
    }

    /// An unsigned integer that counts things one by one, so that it is far from the greatest.
    pub(crate) fn ordinal(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        let value = self.unsigned(expected)?;
        if value < 1 << 56 { Ok(value) } else { Err(self.error(expected)) }
    }

    pub(crate) fn signed(&mut self, expected: &'static str) -> Result<i64, DecodeError> {
        let value = self.unsigned(expected)?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A count of things that take at least one byte each, so that no more are promised than can follow.
    pub(crate) fn count(&mut self, expected: &'static str) -> Result<usize, DecodeError> {
        let count = self.unsigned(expected)?;
        if count > self.rest.len() as u64 { Err(self.error(expected)) } else { Ok(count as usize) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn integers_come_back(unsigned: u64, signed: i64) {
            let mut bytes = Vec::new();
            push_unsigned(&mut bytes, unsigned);
            push_signed(&mut bytes, signed);
            let mut input = Input::new(&bytes);
            prop_assert_eq!(input.unsigned("").unwrap(), unsigned);
            prop_assert_eq!(input.signed("").unwrap(), signed);
            prop_assert!(input.is_empty());
        }
    }

    #[test]
    fn sizes_and_ends() {
        for (value, n_bytes) in [(0, 1), (127, 1), (128, 2), (u64::MAX, 10)] {
            let mut bytes = Vec::new();
            push_unsigned(&mut bytes, value);
            assert_eq!(bytes.len(), n_bytes, "{value}");
            assert!(Input::new(&bytes[..n_bytes - 1]).unsigned("a number").is_err());
        }
        assert_eq!(Input::new(&[0x80; 11]).unsigned("a number").unwrap_err().to_string(), "byte 10: expected a number");
        assert_eq!(Input::new(&[5, 0]).count("a count").unwrap_err().at, 1);
    }
}
