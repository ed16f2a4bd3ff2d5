//! Pcodec (the `pco` crate) for what bit-packing does badly: full floats, and integers of uneven distribution.
//!
//! M. Loncaric et al., "Pcodec: Better Compression for Numerical Sequences", arXiv:2502.06112. Its *wrapped* form is used,
//! without the file around it: a byte for the version of its format, the chunk's metadata, and one page.

use std::ops::Range;

use pco::ChunkConfig;
use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};

use super::{CodecError, Effort};

/// Levels of work; above 8 hardly anything is gained.
fn config(effort: Effort) -> ChunkConfig {
    let level = match effort {
        Effort::Fast => 4,
        Effort::Small => 8,
    };
    ChunkConfig::default().with_compression_level(level)
}

/// Appends numbers; nothing where the crate refuses them.
pub(super) fn push_pco<T: Number>(numbers: &[T], effort: Effort, out: &mut Vec<u8>) -> bool {
    let n_before = out.len();
    let pushed = try_push(numbers, effort, out).is_ok();
    if !pushed {
        out.truncate(n_before);
    }
    pushed
}

fn try_push<T: Number>(numbers: &[T], effort: Effort, out: &mut Vec<u8>) -> pco::errors::PcoResult<()> {
    let file = FileCompressor::default();
    let mut version = Vec::with_capacity(2);
    file.write_header(&mut version)?;
    out.push(version.iter().fold(0, |packed, number| packed << 4 | number));
    let mut chunk = file.chunk_compressor(numbers, &config(effort))?;
    chunk.write_meta(&mut *out)?;
    chunk.write_page(0, &mut *out)?;
    Ok(())
}

/// Takes the numbers of `range` back, of `n`. All are decoded.
pub(super) fn take_pco<T: Number + Default>(
    encoded: &[u8],
    n: usize,
    range: Range<usize>,
    out: &mut Vec<T>,
) -> Result<(), CodecError> {
    let n_before = out.len();
    out.resize(n_before + n, T::default());
    let done = try_take(encoded, &mut out[n_before..]);
    if done == Some(n) {
        out.truncate(n_before + range.end);
        out.drain(n_before..n_before + range.start);
        Ok(())
    } else {
        out.truncate(n_before);
        Err(CodecError { at: 1, expected: "numbers of pcodec" })
    }
}

fn try_take<T: Number>(encoded: &[u8], numbers: &mut [T]) -> Option<usize> {
    let (&version, encoded) = encoded.split_first()?;
    let (file, _) = FileDecompressor::new(&[version >> 4, version & 0xf][..]).ok()?;
    let (mut chunk, encoded) = file.chunk_decompressor::<T, _>(encoded).ok()?;
    let mut page = chunk.page_decompressor(encoded, numbers.len()).ok()?;
    Some(page.read(numbers).ok()?.n_processed)
}
