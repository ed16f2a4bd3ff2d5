//! Chunks of native histograms.

use model::storage::{HistogramValue, SeriesRef};

use super::CodecError;
use crate::wal::record::{push_histograms, take_histograms};
use crate::wal::varint::Input;

/// Appends 1 to [`CHUNK_SAMPLES`](super::CHUNK_SAMPLES) native histograms.
pub fn encode_histograms(values: &[HistogramValue], out: &mut Vec<u8>) {
    push_histograms(out, values.iter().map(|value| (SeriesRef(0), 0, value)));
}

/// Decodes the `n` histograms of a chunk to the end of `out`.
///
/// # Errors
/// Where the bytes cannot be those of `n` histograms; `out` is then as long as it was.
pub fn decode_histograms(encoded: &[u8], n: usize, out: &mut Vec<HistogramValue>) -> Result<(), CodecError> {
    let mut input = Input::new(encoded);
    input.byte("an encoding")?;
    let mut found = Vec::new();
    take_histograms(&mut input, |_, _, value| found.push(value))?;
    if found.len() != n {
        return Err(CodecError { at: 0, expected: "another number of histograms" });
    }
    out.append(&mut found);
    Ok(())
}
