//! Floats that were decimals before they were floats: as integers and one power of ten.
//!
//! A value `v` is the integer `m` with the exponent `e` if `m / 10^e` is `v` bit for bit. Division of two numbers that
//! are floats exactly is rounded correctly, so that every literal of up to 15 digits comes back; multiplication by `10^-e`
//! would not give that (A. Afroozeh et al., "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2024, which
//! multiplies, has more exceptions). What is no such integer is an *exception*, listed beside the column.

use model::sample::{NORMAL_NAN_BITS, STALE_BITS};

use super::CodecError;
use crate::wal::varint::{Input, push_unsigned};

/// The greatest exponent, for which there are four bits.
const MAX_EXPONENT: u8 = 15;
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/// Integers below this are floats exactly.
const MAX_SCALED: f64 = 9e15;
/// From here on floats have no fraction, and adding a half would round.
const NO_FRACTION: f64 = (1u64 << 52) as f64;

/// Exceptions that are no decimals: one value in so many, and one more.
const VALUES_PER_EXCEPTION: usize = 16;
/// How an exception is told: three bits.
const KIND_BITS: u32 = 3;
/// The kind whose bits follow; the others stand at their place in [`SPECIAL`], counted from one.
const KIND_RAW: u64 = 0;
/// Values that are exceptions often.
pub(super) const SPECIAL: [u64; 5] =
    [STALE_BITS, NORMAL_NAN_BITS, f64::INFINITY.to_bits(), f64::NEG_INFINITY.to_bits(), (-0.0f64).to_bits()];

/// Values as integers.
#[derive(Debug)]
pub(super) struct Decimals {
    /// The power of ten to divide by.
    pub(super) exponent: u8,
    /// The integers, something smooth at the places of exceptions.
    pub(super) integers: Vec<i64>,
    /// Places and bits of exceptions, in order.
    pub(super) exceptions: Vec<(usize, u64)>,
}

impl Decimals {
    /// The values as integers, if most of them are decimals.
    pub(super) fn new(bits: &[u64]) -> Option<Decimals> {
        let n_allowed = bits.len() / VALUES_PER_EXCEPTION + 1;
        let exponent = common_exponent(bits, n_allowed)?;
        let mut integers = Vec::with_capacity(bits.len());
        let mut exceptions = Vec::new();
        let mut n_raw = 0;
        for (place, &value) in bits.iter().enumerate() {
            if let Some(integer) = integer(value, exponent) {
                integers.push(integer);
            } else {
                integers.push(0);
                exceptions.push((place, value));
                n_raw += usize::from(!SPECIAL.contains(&value));
            }
        }
        if n_raw > n_allowed || exceptions.len() == bits.len() {
            return None;
        }
        smooth(&mut integers, &exceptions);
        Some(Decimals { exponent, integers, exceptions })
    }
}

/// The smallest exponent with which all values are integers, but for special ones and the few that never are.
fn common_exponent(bits: &[u64], n_allowed: usize) -> Option<u8> {
    let mut exponent = 0;
    let mut n_raw = 0;
    for &value in bits {
        if integer(value, exponent).is_some() || SPECIAL.contains(&value) {
            continue;
        }
        if let Some(greater) = (exponent + 1..=MAX_EXPONENT).find(|&greater| integer(value, greater).is_some()) {
            exponent = greater;
        } else {
            n_raw += 1;
            if n_raw > n_allowed {
                return None;
            }
        }
    }
    Some(exponent)
}

/// The integer that gives back these bits when it is divided by `10^exponent`.
#[inline]
fn integer(bits: u64, exponent: u8) -> Option<i64> {
    let value = f64::from_bits(bits);
    let integer = if exponent == 0 {
        value as i64
    } else {
        let scaled = value * POWERS[usize::from(exponent)];
        if scaled.abs() < NO_FRACTION {
            (scaled + 0.5f64.copysign(scaled)) as i64
        } else if scaled.abs() < MAX_SCALED {
            scaled as i64
        } else {
            return None;
        }
    };
    (float(integer, exponent).to_bits() == bits).then_some(integer)
}

/// The smallest exponent, and the integer, of a value that is a decimal.
pub(super) fn integer_of(bits: u64) -> Option<(u8, i64)> {
    (0..=MAX_EXPONENT).find_map(|exponent| integer(bits, exponent).map(|integer| (exponent, integer)))
}

/// The value of an integer.
#[inline]
pub(super) fn float(integer: i64, exponent: u8) -> f64 {
    if exponent == 0 { integer as f64 } else { integer as f64 / POWERS[usize::from(exponent)] }
}

/// Appends the values of integers.
#[inline]
pub(super) fn push_floats(integers: &[i64], exponent: u8, out: &mut Vec<f64>) {
    if exponent == 0 {
        out.extend(integers.iter().map(|&integer| integer as f64));
    } else {
        let power = POWERS[usize::from(exponent)];
        out.extend(integers.iter().map(|&integer| integer as f64 / power));
    }
}

/// Puts at the places of exceptions what costs little there: a line between the neighbours, or the only neighbour.
fn smooth(integers: &mut [i64], exceptions: &[(usize, u64)]) {
    let mut rest = exceptions;
    while let Some(&(start, _)) = rest.first() {
        let n = rest.iter().zip(start..).take_while(|((place, _), expected)| place == expected).count();
        rest = &rest[n..];
        let end = start + n;
        match (start.checked_sub(1).map(|before| integers[before]), integers.get(end).copied()) {
            (Some(before), Some(after)) => {
                let distance = i128::from(after) - i128::from(before);
                for i in 0..n {
                    integers[start + i] = before.wrapping_add((distance * (i as i128 + 1) / (n as i128 + 1)) as i64);
                }
            }
            (Some(neighbour), None) | (None, Some(neighbour)) => integers[start..end].fill(neighbour),
            (None, None) => {}
        }
    }
}

/// Appends exceptions: a number of seven bits a byte for each, its distance from the one before and its kind.
pub(super) fn push_exceptions(exceptions: &[(usize, u64)], out: &mut Vec<u8>) {
    push_unsigned(out, exceptions.len() as u64);
    let mut next = 0;
    for &(place, bits) in exceptions {
        let kind = SPECIAL.iter().position(|&special| special == bits).map_or(KIND_RAW, |at| at as u64 + 1);
        push_unsigned(out, ((place - next) as u64) << KIND_BITS | kind);
        if kind == KIND_RAW {
            out.extend(bits.to_le_bytes());
        }
        next = place + 1;
    }
}

/// Takes exceptions back and hands on their places and values.
pub(super) fn take_exceptions(input: &mut Input<'_>, mut found: impl FnMut(usize, f64)) -> Result<(), CodecError> {
    let mut next = 0usize;
    for _ in 0..input.count("a number of exceptions")? {
        let head = input.unsigned("an exception")?;
        let place = next.saturating_add((head >> KIND_BITS) as usize);
        let kind = head & ((1 << KIND_BITS) - 1);
        let value = if kind == KIND_RAW {
            input.float("an exception")?
        } else {
            f64::from_bits(*SPECIAL.get(kind as usize - 1).ok_or(input.error("a kind of exception"))?)
        };
        found(place, value);
        next = place.saturating_add(1);
    }
    Ok(())
}
