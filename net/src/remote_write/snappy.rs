//! Snappy in its block form, within a limit.
//!
//! The length that a block declares is checked before memory is taken for it: against the limit, and against what the
//! compressed bytes could possibly unpack to.

/// A request may decompress to so many bytes, as in Prometheus.
pub const MAX_DECODED_BYTES: usize = 32 << 20;

/// The best that the format can do: a copy of 64 bytes said in 3, and a little for the start.
const MAX_RATIO: usize = 22;

/// Why a block could not be decompressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnappyError {
    /// It would be larger than is allowed.
    #[error("decoded size exceeds the {limit} bytes limit")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// It is not snappy, or damaged.
    #[error("snappy: corrupt input")]
    Corrupt,
}

/// Decompresses a block to at most `limit` bytes.
///
/// # Errors
/// When it is larger, or no block.
pub fn decompress(block: &[u8], limit: usize) -> Result<Vec<u8>, SnappyError> {
    let declared = snap::raw::decompress_len(block).map_err(|error| match error {
        snap::Error::TooBig { .. } => SnappyError::TooLarge { limit },
        _ => SnappyError::Corrupt,
    })?;
    if declared > limit {
        return Err(SnappyError::TooLarge { limit });
    }
    if declared > block.len().saturating_mul(MAX_RATIO) {
        return Err(SnappyError::Corrupt);
    }
    let mut out = vec![0; declared];
    let n_bytes = snap::raw::Decoder::new().decompress(block, &mut out).map_err(|_| SnappyError::Corrupt)?;
    out.truncate(n_bytes);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(bytes).unwrap()
    }

    #[test]
    fn limits_and_lies() {
        let check = |block: &[u8], limit, want: Result<usize, SnappyError>| {
            assert_eq!(decompress(block, limit).map(|bytes| bytes.len()), want, "{block:02x?}");
        };
        check(&compressed(&[7; 100_000]), 100_000, Ok(100_000));
        check(&compressed(&[7; 100_000]), 99_999, Err(SnappyError::TooLarge { limit: 99_999 }));
        check(&compressed(b""), 10, Ok(0));
        check(b"", 10, Err(SnappyError::Corrupt));
        // 32 MiB + 1, 4 GiB - 1, more than 32 bits, a length without an end.
        check(&[0x81, 0x80, 0x80, 0x10], MAX_DECODED_BYTES, Err(SnappyError::TooLarge { limit: MAX_DECODED_BYTES }));
        let limit = MAX_DECODED_BYTES;
        check(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], limit, Err(SnappyError::TooLarge { limit }));
        check(&[0xff; 12], limit, Err(SnappyError::Corrupt));
        check(&[0x80], limit, Err(SnappyError::Corrupt));
        // 32 MiB, in five bytes.
        check(&[0x80, 0x80, 0x80, 0x10, 0], limit, Err(SnappyError::Corrupt));
        check(&[5, 0x10, b'a'], limit, Err(SnappyError::Corrupt));
    }

    #[test]
    fn the_ratio_is_never_exceeded() {
        for n_bytes in [1, 10, 100, 10_000, 1 << 20, MAX_DECODED_BYTES] {
            let block = compressed(&vec![0; n_bytes]);
            assert_eq!(decompress(&block, n_bytes).map(|bytes| bytes.len()), Ok(n_bytes));
        }
    }
}
