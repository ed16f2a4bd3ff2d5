//! Timestamp columns.

use super::CodecError;
use crate::wal::varint::{Input, push_signed};

/// Appends timestamps, in milliseconds.
pub fn encode_timestamps(timestamps_ms: &[i64], out: &mut Vec<u8>) {
    let (mut last, mut distance) = (0i64, 0i64);
    for &timestamp in timestamps_ms {
        let next = timestamp.wrapping_sub(last);
        push_signed(out, next.wrapping_sub(distance));
        (last, distance) = (timestamp, next);
    }
}

/// Decodes the `n` timestamps of a column to the end of `out`.
///
/// # Errors
/// Where the bytes cannot be those of `n` timestamps; `out` is then as long as it was.
pub fn decode_timestamps(encoded: &[u8], n: usize, out: &mut Vec<i64>) -> Result<(), CodecError> {
    let mut input = Input::new(encoded);
    let (mut last, mut distance) = (0i64, 0i64);
    let n_before = out.len();
    for _ in 0..n {
        match input.signed("a timestamp") {
            Ok(change) => distance = distance.wrapping_add(change),
            Err(error) => {
                out.truncate(n_before);
                return Err(error.into());
            }
        }
        last = last.wrapping_add(distance);
        out.push(last);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_come_back() {
        let timestamps = [i64::MIN, i64::MAX, 0, 15_000, 30_000];
        let mut encoded = Vec::new();
        encode_timestamps(&timestamps, &mut encoded);
        let mut decoded = Vec::new();
        decode_timestamps(&encoded, timestamps.len(), &mut decoded).unwrap();
        assert_eq!(decoded, timestamps);
    }
}
