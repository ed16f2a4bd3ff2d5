//! Codecs of sealed chunks: pure functions between samples and bytes, without I/O.
//!
//! A *value chunk* holds 1 to [`CHUNK_SAMPLES`] values of one series, any bits at all, without timestamps; a *timestamp
//! column* serves many series; a *histogram chunk* holds native histograms. Each says by its first byte how it is
//! encoded, and comes back bit for bit. How many samples there are stands outside. `docs/format/codec.md` draws the bytes.
//!
//! Decoding trusts nothing: bytes that no encoder wrote give an error or other values, never a panic, and never more
//! than was asked for. Whether they are the bytes that were written is for a checksum around them to say.

mod column;
mod decimal;
mod histograms;
mod mini;
mod pack;
mod pcodec;
mod stats;
mod timestamps;
mod tsz;
mod values;
mod xor;

pub use histograms::{decode_histograms, encode_histograms};
pub use stats::{ChunkStats, stats};
pub use timestamps::{decode_timestamps, encode_timestamps};
pub use values::{Codec, decode_values, decode_values_range, encode_values, encode_values_as};

use crate::wal::varint::DecodeError;

/// The most values that a value chunk holds, and the most histograms of a histogram chunk.
pub const CHUNK_SAMPLES: usize = 1024;

/// How much work an encoder may do for fewer bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// For blocks that will be compacted soon.
    Fast,
    /// For blocks that stay.
    Small,
}

/// Bytes that no encoder wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at} of the chunk: expected {expected}")]
pub struct CodecError {
    /// The byte of the chunk.
    pub at: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl From<DecodeError> for CodecError {
    fn from(error: DecodeError) -> CodecError {
        CodecError { at: error.at, expected: error.expected }
    }
}
