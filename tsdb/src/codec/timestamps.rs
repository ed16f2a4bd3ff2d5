//! Timestamp columns: one serves all series of a target.
//!
//! A regular grid is its first timestamp and its step. Other columns go through the `tsz-compress` crate, or become an
//! integer column where that is much smaller (long ones) or where they are beyond what the crate can do.

use super::column::{Column, take_column};
use super::{CodecError, tsz};
use crate::wal::varint::{Input, push_signed};

/// First byte: a first timestamp and a step follow.
const GRID: u8 = 0;
/// First byte: a first timestamp, the first distance, and words of `tsz-compress` follow.
const TSZ: u8 = 1;
/// First byte: an integer column follows.
const COLUMN: u8 = 2;
/// An integer column is taken where it saves so many bytes. Below that the crate's words are kept, though they are often
/// twice as long: the column of a target is shared by hundreds of series.
const SAVED_BYTES: usize = 128;

/// Encodes one timestamp or more, in milliseconds, at the end of `out`.
pub fn encode_timestamps(timestamps_ms: &[i64], out: &mut Vec<u8>) {
    let distances: Vec<i64> = timestamps_ms.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let first = timestamps_ms.first().copied().unwrap_or_default();
    let step = distances.first().copied().unwrap_or_default();
    if distances.iter().all(|&distance| distance == step) {
        out.push(GRID);
        push_signed(out, first);
        push_signed(out, step);
        return;
    }
    let n_before = out.len();
    out.push(TSZ);
    push_signed(out, first);
    push_signed(out, step);
    let is_tsz = tsz::push_changes(&distances, out);
    let column = Column::plan(timestamps_ms);
    if !is_tsz || 1 + column.n_bytes() + SAVED_BYTES <= out.len() - n_before {
        out.truncate(n_before);
        out.push(COLUMN);
        column.push(out);
    }
}

/// Decodes the `n` timestamps of a column to the end of `out`.
///
/// # Errors
/// Where the bytes cannot be those of `n` timestamps; `out` is then as long as it was.
pub fn decode_timestamps(encoded: &[u8], n: usize, out: &mut Vec<i64>) -> Result<(), CodecError> {
    let n_before = out.len();
    let taken = take_timestamps(encoded, n, out);
    if taken.is_err() {
        out.truncate(n_before);
    }
    taken
}

fn take_timestamps(encoded: &[u8], n: usize, out: &mut Vec<i64>) -> Result<(), CodecError> {
    let mut input = Input::new(encoded);
    let kind = input.byte("a kind of column")?;
    if kind == COLUMN {
        return take_column(&mut input, n, 0..n, |timestamps| out.extend_from_slice(timestamps));
    }
    let mut timestamp = input.signed("a first timestamp")?;
    let step = input.signed("a distance")?;
    match kind {
        GRID => {
            out.extend((0..n as i64).map(|at| timestamp.wrapping_add(at.wrapping_mul(step))));
        }
        TSZ => {
            let n_distances = n.saturating_sub(1);
            let changes = tsz::take_changes(input.rest(), n_distances).ok_or(input.error("words of tsz-compress"))?;
            out.push(timestamp);
            for change in changes {
                timestamp = timestamp.wrapping_add(step).wrapping_add(change);
                out.push(timestamp);
            }
        }
        _ => return Err(CodecError { at: 0, expected: "a kind of column" }),
    }
    Ok(())
}
