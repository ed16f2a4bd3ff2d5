//! The frame around a record: sixteen bytes that find it, prove it, and say where the next one is.
//!
//! | bytes | |
//! |---|---|
//! | 0..4 | salt: random for each run of the process, so that nothing inside a payload can pass for a frame |
//! | 4..8 | length of the payload |
//! | 8 | kind, the owner's |
//! | 9..12 | sequence number, low 24 bits |
//! | 12..16 | CRC-32C of bytes 0..12 and the payload |

/// Bytes before a payload.
pub(crate) const FRAME_LEN: usize = 16;
/// The longest payload. A longer one is the owner's mistake, and a longer length on disk is damage.
pub(crate) const MAX_PAYLOAD: usize = 1 << 28;
/// Sequence numbers are written modulo this.
const SEQUENCE_MODULUS: u64 = 1 << 24;

/// What a frame says of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) len: usize,
    pub(crate) kind: u8,
    /// Low 24 bits.
    sequence_low: u64,
    crc: u32,
}

/// Appends a framed record to `out`.
pub(crate) fn push_record(out: &mut Vec<u8>, salt: u32, sequence: u64, kind: u8, payload: &[u8]) {
    debug_assert!(payload.len() <= MAX_PAYLOAD, "the caller checks the length");
    let mut head = [0; FRAME_LEN - 4];
    head[0..4].copy_from_slice(&salt.to_le_bytes());
    head[4..8].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    head[8] = kind;
    head[9..12].copy_from_slice(&sequence.to_le_bytes()[..3]);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    out.extend_from_slice(&head);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(payload);
}

impl Frame {
    /// Reads a frame, if `bytes` begins with one that this run of the process may have written.
    pub(crate) fn read(bytes: &[u8], salt: u32) -> Option<Frame> {
        let bytes: &[u8; FRAME_LEN] = bytes.first_chunk()?;
        if bytes[0..4] != salt.to_le_bytes() {
            return None;
        }
        let len = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
        let sequence_low = u64::from(u32::from_le_bytes([bytes[9], bytes[10], bytes[11], 0]));
        let crc = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
        (len <= MAX_PAYLOAD).then_some(Frame { len, kind: bytes[8], sequence_low, crc })
    }

    /// Whether frame and payload are as they were written.
    pub(crate) fn proves(&self, frame: &[u8], payload: &[u8]) -> bool {
        crc32c::crc32c_append(crc32c::crc32c(&frame[..FRAME_LEN - 4]), payload) == self.crc
    }

    /// The whole sequence number: the one nearest to `expected` that ends in the bits that were written.
    pub(crate) fn sequence(&self, expected: u64) -> u64 {
        let ahead = self.sequence_low.wrapping_sub(expected) & (SEQUENCE_MODULUS - 1);
        if ahead < SEQUENCE_MODULUS / 2 {
            expected + ahead
        } else {
            (expected + ahead).saturating_sub(SEQUENCE_MODULUS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_proves_itself_and_no_flipped_bit_does() {
        let mut bytes = Vec::new();
        push_record(&mut bytes, 0xfeed_beef, 70_000, 3, b"payload");
        let proves = |bytes: &[u8]| {
            Frame::read(bytes, 0xfeed_beef).is_some_and(|frame| {
                bytes.get(FRAME_LEN..FRAME_LEN + frame.len).is_some_and(|p| frame.proves(bytes, p))
            })
        };
        assert!(proves(&bytes));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!proves(&bytes), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn sequence_numbers_wrap() {
        for (written, expected) in [(5, 5), (5, 3), (5, 9), ((1 << 24) + 2, 1 << 24), ((1 << 24) - 2, (1 << 24) + 1)] {
            let mut bytes = Vec::new();
            push_record(&mut bytes, 1, written, 0, b"");
            assert_eq!(Frame::read(&bytes, 1).map(|frame| frame.sequence(expected)), Some(written), "{written}");
        }
    }
}
