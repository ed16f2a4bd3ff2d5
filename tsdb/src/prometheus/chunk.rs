//! A chunk of whatever encoding.

use super::{Malformed, floats, histograms};
use crate::import::Samples;

const XOR: u8 = 1;
const HISTOGRAMS: u8 = 2;
const FLOAT_HISTOGRAMS: u8 = 3;
const XOR2: u8 = 4;
const HISTOGRAMS_WITH_STARTS: u8 = 5;
const FLOAT_HISTOGRAMS_WITH_STARTS: u8 = 6;

/// Appends the samples of a chunk, with the times since which they count, where it knows them. After an error the samples are as they were.
///
/// # Errors
/// When the encoding is not known, or the bytes are not those of such a chunk.
pub fn read_chunk(encoding: u8, chunk: &[u8], samples: &mut Samples) -> Result<(), Malformed> {
    let mark = samples.mark();
    let read = match encoding {
        XOR => floats::read_xor(chunk, &mut |time_ms, bits| samples.push(time_ms, 0, bits)),
        XOR2 => floats::read_xor2(chunk, &mut |time_ms, start_ms, bits| samples.push(time_ms, start_ms, bits)),
        HISTOGRAMS | HISTOGRAMS_WITH_STARTS => {
            let has_starts = encoding == HISTOGRAMS_WITH_STARTS;
            let take = &mut |time_ms, start_ms, value| samples.push_histogram(time_ms, start_ms, value);
            histograms::read_integers(chunk, has_starts, take)
        }
        FLOAT_HISTOGRAMS | FLOAT_HISTOGRAMS_WITH_STARTS => {
            let has_starts = encoding == FLOAT_HISTOGRAMS_WITH_STARTS;
            let take = &mut |time_ms, start_ms, value| samples.push_histogram(time_ms, start_ms, value);
            histograms::read_floats(chunk, has_starts, take)
        }
        unknown => Err(Malformed::Encoding(unknown)),
    };
    if read.is_err() {
        samples.cut(mark);
    }
    read
}
