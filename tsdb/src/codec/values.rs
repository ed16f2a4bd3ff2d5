//! Value chunks: the best of several codecs.

use std::ops::Range;

use super::column::{Column, signed_len, take_column};
use super::decimal::{Decimals, SPECIAL, float, integer_of, push_exceptions, push_floats, take_exceptions};
use super::pcodec::{push_pco, take_pco};
use super::xor::{push_xor, take_xor};
use super::{CHUNK_SAMPLES, CodecError, Effort, tsz};
use crate::wal::varint::{Input, push_signed};

/// How a value chunk is encoded: the lowest three bits of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// One value for all.
    Constant = 0,
    /// Decimals that grow by the same step.
    Linear = 1,
    /// Decimals as an integer column.
    Integers = 2,
    /// Floats as the exclusive or with the one before.
    Xor = 3,
    /// Floats by Pcodec.
    PcoFloats = 4,
    /// Decimals by Pcodec.
    PcoIntegers = 5,
    /// 8 bytes each.
    Raw = 6,
    /// Decimals through `tsz-compress`: never chosen, being the smallest hardly ever; here to be measured.
    Tsz = 7,
}

impl Codec {
    /// All of them, by their numbers.
    pub const ALL: [Codec; 8] = [
        Codec::Constant,
        Codec::Linear,
        Codec::Integers,
        Codec::Xor,
        Codec::PcoFloats,
        Codec::PcoIntegers,
        Codec::Raw,
        Codec::Tsz,
    ];

    /// The codec of a chunk; nothing if it is none of these.
    pub fn of(encoded: &[u8]) -> Option<Codec> {
        Codec::ALL.get(usize::from(encoded.first()? & KIND)).copied()
    }
}

/// Of the first byte: the codec.
const KIND: u8 = 0b111;
/// There are exceptions; of a constant: it is no decimal.
pub(super) const EXCEPTIONAL: u8 = 1 << 3;
/// The four bits above have the exponent; of an exceptional constant its place in [`SPECIAL`], counted from one, or 0
/// where all its bits follow.
const EXPONENT_SHIFT: u32 = 4;

/// Pcodec is taken for decimals where it gives at most so many of a hundred bytes of the integer column.
const PCO_PERCENT: usize = 90;
/// Fewer values never make up for its head.
const MIN_PCO_VALUES: usize = 32;
/// With more bytes a value, floats are tried too.
const SHORT_BYTES: usize = 4;
/// With more exceptions than one in so many values, too.
const VALUES_PER_EXCEPTION: usize = 32;

/// Encodes 1 to [`CHUNK_SAMPLES`] values, given by their bits, at the end of `out`.
pub fn encode_values(bits: &[u64], effort: Effort, out: &mut Vec<u8>) {
    if push_constant(bits, out) {
        return;
    }
    let n_before = out.len();
    let decimals = Decimals::new(bits);
    if let Some(decimals) = &decimals {
        if !push_linear(decimals, out) {
            push_decimals(decimals, effort, out);
        }
        let are_short = out.len() - n_before <= bits.len() * SHORT_BYTES;
        if are_short && decimals.exceptions.len() * VALUES_PER_EXCEPTION <= bits.len() {
            return;
        }
    }
    let mut floats = Vec::new();
    push_doubles(bits, effort, &mut floats);
    if decimals.is_none() || floats.len() < out.len() - n_before {
        out.truncate(n_before);
        out.append(&mut floats);
    }
}

/// Encodes values by one codec, at the end of `out`; false, and nothing, where it cannot hold them.
pub fn encode_values_as(bits: &[u64], codec: Codec, out: &mut Vec<u8>) -> bool {
    let push_as = |push: &dyn Fn(&Decimals, &mut Vec<u8>) -> bool, out: &mut Vec<u8>| {
        Decimals::new(bits).is_some_and(|decimals| push(&decimals, out))
    };
    match codec {
        Codec::Constant => push_constant(bits, out),
        Codec::Linear => push_as(&push_linear, out),
        Codec::Integers => push_as(&push_integers, out),
        Codec::PcoIntegers => push_as(&|decimals, out| push_pco_integers(decimals, Effort::Small, out), out),
        Codec::Xor => push_floats_xor(bits, out),
        Codec::PcoFloats => push_pco_floats(bits, Effort::Small, out),
        Codec::Raw => push_raw(bits, out),
        Codec::Tsz => push_as(&push_tsz, out),
    }
}

/// Decimals that are no line: as an integer column, or by Pcodec where that pays.
fn push_decimals(decimals: &Decimals, effort: Effort, out: &mut Vec<u8>) {
    let n_before = out.len();
    push_integers(decimals, out);
    if effort == Effort::Small && decimals.integers.len() >= MIN_PCO_VALUES {
        let n_column = out.len() - n_before;
        let mut pco = Vec::new();
        if push_pco_integers(decimals, effort, &mut pco) && pco.len() * 100 <= n_column * PCO_PERCENT {
            out.truncate(n_before);
            out.append(&mut pco);
        }
    }
}

/// Values that are no decimals, in the fewest bytes.
fn push_doubles(bits: &[u64], effort: Effort, out: &mut Vec<u8>) {
    let n_before = out.len();
    push_floats_xor(bits, out);
    let mut others = Vec::new();
    if bits.len() >= MIN_PCO_VALUES {
        push_pco_floats(bits, effort, &mut others);
    }
    if others.is_empty() || others.len() > bits.len() * 8 {
        others.clear();
        push_raw(bits, &mut others);
    }
    if others.len() < out.len() - n_before {
        out.truncate(n_before);
        out.append(&mut others);
    }
}

fn head(codec: Codec, exponent: u8, is_exceptional: bool) -> u8 {
    codec as u8 | exponent << EXPONENT_SHIFT | if is_exceptional { EXCEPTIONAL } else { 0 }
}

fn push_constant(bits: &[u64], out: &mut Vec<u8>) -> bool {
    let Some((&first, rest)) = bits.split_first() else { return false };
    if rest.iter().any(|&value| value != first) {
        return false;
    }
    if let Some((exponent, integer)) = integer_of(first).filter(|(_, integer)| signed_len(*integer) < 8) {
        out.push(head(Codec::Constant, exponent, false));
        push_signed(out, integer);
    } else {
        let special = SPECIAL.iter().position(|&special| special == first);
        out.push(head(Codec::Constant, special.map_or(0, |at| at as u8 + 1), true));
        if special.is_none() {
            out.extend(first.to_le_bytes());
        }
    }
    true
}

fn push_linear(decimals: &Decimals, out: &mut Vec<u8>) -> bool {
    let [first, second, ..] = decimals.integers[..] else { return false };
    let step = second.wrapping_sub(first);
    let is_line = decimals.integers.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    if !is_line || !decimals.exceptions.is_empty() {
        return false;
    }
    out.push(head(Codec::Linear, decimals.exponent, false));
    push_signed(out, first);
    push_signed(out, step);
    true
}

fn push_integers(decimals: &Decimals, out: &mut Vec<u8>) -> bool {
    push_decimal_head(Codec::Integers, decimals, out);
    Column::plan(&decimals.integers).push(out);
    true
}

fn push_pco_integers(decimals: &Decimals, effort: Effort, out: &mut Vec<u8>) -> bool {
    let n_before = out.len();
    push_decimal_head(Codec::PcoIntegers, decimals, out);
    let pushed = push_pco(&decimals.integers, effort, out);
    if !pushed {
        out.truncate(n_before);
    }
    pushed
}

fn push_tsz(decimals: &Decimals, out: &mut Vec<u8>) -> bool {
    let n_before = out.len();
    let integers = &decimals.integers;
    push_decimal_head(Codec::Tsz, decimals, out);
    push_signed(out, integers[0]);
    let pushed = tsz::push_changes(integers, out);
    if !pushed {
        out.truncate(n_before);
    }
    pushed
}

fn push_decimal_head(codec: Codec, decimals: &Decimals, out: &mut Vec<u8>) {
    let is_exceptional = !decimals.exceptions.is_empty();
    out.push(head(codec, decimals.exponent, is_exceptional));
    if is_exceptional {
        push_exceptions(&decimals.exceptions, out);
    }
}

fn push_floats_xor(bits: &[u64], out: &mut Vec<u8>) -> bool {
    out.push(head(Codec::Xor, 0, false));
    push_xor(bits, out);
    true
}

fn push_pco_floats(bits: &[u64], effort: Effort, out: &mut Vec<u8>) -> bool {
    let floats: Vec<f64> = bits.iter().map(|&value| f64::from_bits(value)).collect();
    out.push(head(Codec::PcoFloats, 0, false));
    let pushed = push_pco(&floats, effort, out);
    if !pushed {
        out.pop();
    }
    pushed
}

fn push_raw(bits: &[u64], out: &mut Vec<u8>) -> bool {
    out.push(head(Codec::Raw, 0, false));
    out.extend(bits.iter().flat_map(|value| value.to_le_bytes()));
    true
}

/// Decodes the `n` values of a chunk to the end of `out`.
///
/// # Errors
/// Where the bytes cannot be those of `n` values; `out` is then as long as it was.
pub fn decode_values(encoded: &[u8], n: usize, out: &mut Vec<f64>) -> Result<(), CodecError> {
    decode_values_range(encoded, n, 0..n, out)
}

/// Decodes some of the `n` values of a chunk to the end of `out`, and skips what it can of the others.
///
/// # Errors
/// Where the bytes cannot be those of `n` values, or where the range goes beyond them; `out` is then as long as it was.
pub fn decode_values_range(
    encoded: &[u8],
    n: usize,
    range: Range<usize>,
    out: &mut Vec<f64>,
) -> Result<(), CodecError> {
    if n > CHUNK_SAMPLES || range.start > range.end || range.end > n {
        return Err(CodecError { at: 0, expected: "another number of values" });
    }
    let n_before = out.len();
    out.reserve(range.len());
    let taken = take_values(encoded, n, range, out);
    if taken.is_err() {
        out.truncate(n_before);
    }
    taken
}

fn take_values(encoded: &[u8], n: usize, range: Range<usize>, out: &mut Vec<f64>) -> Result<(), CodecError> {
    let mut input = Input::new(encoded);
    let codec = Codec::of(encoded).ok_or(input.error("a codec"))?;
    let exponent = input.byte("a codec")? >> EXPONENT_SHIFT;
    match codec {
        Codec::Constant => {
            let value = take_constant(encoded)?;
            out.resize(out.len() + range.len(), value);
        }
        Codec::Linear => {
            let (first, step) = (input.signed("a first value")?, input.signed("a step")?);
            let integers = range.map(|at| first.wrapping_add(step.wrapping_mul(at as i64)));
            out.extend(integers.map(|integer| float(integer, exponent)));
        }
        Codec::Integers | Codec::PcoIntegers | Codec::Tsz => take_decimals(encoded, n, range, out)?,
        Codec::Xor => take_xor(input.rest(), range, out)?,
        Codec::PcoFloats => take_pco(input.rest(), n, range, out)?,
        Codec::Raw => {
            let values = input.rest().as_chunks::<8>().0.get(range).ok_or(input.error("more values"))?;
            out.extend(values.iter().map(|value| f64::from_le_bytes(*value)));
        }
    }
    Ok(())
}

fn take_decimals(encoded: &[u8], n: usize, range: Range<usize>, out: &mut Vec<f64>) -> Result<(), CodecError> {
    let mut input = Input::new(encoded);
    let first = input.byte("a codec")?;
    let exponent = first >> EXPONENT_SHIFT;
    let mut exceptions = Vec::new();
    if first & EXCEPTIONAL != 0 {
        take_exceptions(&mut input, |place, value| exceptions.push((place, value)))?;
    }
    let n_before = out.len();
    match Codec::of(encoded) {
        Some(Codec::Integers) => {
            take_column(&mut input, n, range.clone(), |integers| push_floats(integers, exponent, out))?;
        }
        Some(Codec::Tsz) => {
            let first = input.signed("a first value")?;
            let changes = tsz::take_changes(input.rest(), n).ok_or(input.error("words of tsz-compress"))?;
            let integers: Vec<i64> = changes[range.clone()].iter().map(|change| first.wrapping_add(*change)).collect();
            push_floats(&integers, exponent, out);
        }
        _ => {
            let mut integers = Vec::new();
            take_pco(input.rest(), n, range.clone(), &mut integers)?;
            push_floats(&integers, exponent, out);
        }
    }
    let found = &mut out[n_before..];
    for (place, value) in exceptions {
        if let Some(at) = place.checked_sub(range.start)
            && let Some(slot) = found.get_mut(at)
        {
            *slot = value;
        }
    }
    Ok(())
}

/// The exponent of a chunk that is not empty.
pub(super) fn exponent_of(encoded: &[u8]) -> u8 {
    encoded[0] >> EXPONENT_SHIFT
}

/// The value of a constant chunk.
pub(super) fn take_constant(encoded: &[u8]) -> Result<f64, CodecError> {
    let mut input = Input::new(encoded);
    let first = input.byte("a codec")?;
    let exponent = first >> EXPONENT_SHIFT;
    if first & EXCEPTIONAL == 0 {
        return Ok(float(input.signed("a value")?, exponent));
    }
    match usize::from(exponent).checked_sub(1) {
        None => Ok(input.float("a value")?),
        Some(at) => SPECIAL.get(at).map(|&bits| f64::from_bits(bits)).ok_or(input.error("a value").into()),
    }
}
