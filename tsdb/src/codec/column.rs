//! Integer columns: what is left of integers when the best of three predictions is taken away, bit-packed.
//!
//! A column begins with its first value; what follows is counted in a common factor of all differences, where there is
//! one (pages of 4,096 bytes). Predictions are tried, and the smallest result is kept: that values stay where they are,
//! that they grow by the same step as last time, that the step itself does, and that they keep to a straight line. What a
//! prediction leaves stands in mini-blocks of
//! 128, each with a reference (about the smallest), a width, and *patches*: the few that are too wide have only their low
//! bits among the others, and a place and the high bits behind them. After D. Lemire and L. Boytsov, "Decoding billions of
//! integers per second through vectorization", Software: Practice and Experience 45(1), for frames of reference and
//! patches.
//!
//! All arithmetic wraps, so any integers come back.

use std::ops::Range;

use super::CodecError;
use super::mini::{MINI, MiniReader, Plan, plan_minis, push_minis};
use crate::wal::varint::{Input, push_signed, push_unsigned};

/// Two bits: how many times differences are taken, or [`LINE`].
const ORDER: u8 = 0b11;
/// No differences, but distances from a straight line.
const LINE: u8 = 3;
/// The slope of a line has so many fractional bits.
const SLOPE_BITS: u32 = 16;
/// Slopes from here on are not tried; what they are worth is small beside the values.
const MAX_SLOPE: f64 = (1u64 << 40) as f64;
/// Fewer values never make up for the slope.
const MIN_LINE_VALUES: usize = 16;

/// A factor follows the first value.
const FACTOR: u8 = 1 << 2;
/// No value is smaller than the one before.
const MONOTONE: u8 = 1 << 3;

/// A column that has been measured, and not yet written.
#[derive(Debug)]
pub(super) struct Column {
    first: i64,
    factor: i64,
    is_monotone: bool,
    prediction: Prediction,
}

/// What one of the predictions leaves.
#[derive(Debug)]
struct Prediction {
    order: u8,
    /// The first step, where differences are taken twice; the slope of a line.
    step: i64,
    errors: Vec<i64>,
    plans: Vec<Plan>,
    n_bytes: usize,
}

impl Column {
    /// Chooses how to encode values, of which there must be one at least.
    pub(super) fn plan(values: &[i64]) -> Column {
        let first = values.first().copied().unwrap_or_default();
        let factor = common_factor(values, first);
        let level: Vec<i64> = match factor {
            1 => values.iter().map(|value| value.wrapping_sub(first)).collect(),
            _ => values.iter().map(|value| value.wrapping_sub(first) / factor).collect(),
        };
        let mut prediction = Prediction::new(0, 0, level.clone());
        let mut errors = level.clone();
        for order in 1..=values.len().min(2) as u8 {
            let step = if order == 2 { errors[0] } else { 0 };
            errors = differences(&errors);
            let next = Prediction::new(order, step, errors.clone());
            // Differences of noise are noisier: where the first do not pay, the second do not either.
            if next.n_bytes >= prediction.n_bytes {
                break;
            }
            prediction = next;
        }
        if prediction.order > 0 && values.len() >= MIN_LINE_VALUES {
            let line = slope(&level).map(|slope| Prediction::new(LINE, slope, from_line(&level, slope)));
            if let Some(line) = line.filter(|line| line.n_bytes < prediction.n_bytes) {
                prediction = line;
            }
        }
        Column { first, factor, is_monotone: values.is_sorted(), prediction }
    }

    /// How many bytes it takes.
    pub(super) fn n_bytes(&self) -> usize {
        let factor = if self.factor == 1 { 0 } else { unsigned_len(self.factor as u64) };
        1 + signed_len(self.first) + factor + self.prediction.n_bytes
    }

    /// Appends the column.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let Prediction { order, step, errors, plans, .. } = &self.prediction;
        let factor = if self.factor == 1 { 0 } else { FACTOR };
        let monotone = if self.is_monotone { MONOTONE } else { 0 };
        out.push(order | factor | monotone);
        push_signed(out, self.first);
        if self.factor != 1 {
            push_unsigned(out, self.factor as u64);
        }
        if *order >= 2 {
            push_signed(out, *step);
        }
        push_minis(errors, plans, out);
    }
}

impl Prediction {
    fn new(order: u8, step: i64, errors: Vec<i64>) -> Prediction {
        let plans = plan_minis(&errors);
        let n_bytes =
            plans.iter().map(|plan| plan.n_bytes).sum::<usize>() + if order >= 2 { signed_len(step) } else { 0 };
        Prediction { order, step, errors, plans, n_bytes }
    }
}

/// The slope of the line that lies closest to values of which the first is zero; nothing where it is too steep.
fn slope(values: &[i64]) -> Option<i64> {
    let middle = (values.len() - 1) as f64 / 2.0;
    let mean = values.iter().map(|&value| value as f64).sum::<f64>() / values.len() as f64;
    let (mut above, mut below) = (0.0, 0.0);
    for (at, &value) in values.iter().enumerate() {
        let from_middle = at as f64 - middle;
        above += from_middle * (value as f64 - mean);
        below += from_middle * from_middle;
    }
    let slope = above / below;
    (slope.abs() < MAX_SLOPE).then_some((slope * f64::from(1 << SLOPE_BITS)) as i64)
}

/// By how much values are above a line.
fn from_line(values: &[i64], slope: i64) -> Vec<i64> {
    values.iter().enumerate().map(|(at, value)| value.wrapping_sub(on_line(at, slope))).collect()
}

/// Where a line through zero is at a place.
fn on_line(at: usize, slope: i64) -> i64 {
    slope.wrapping_mul(at as i64) >> SLOPE_BITS
}

fn differences(values: &[i64]) -> Vec<i64> {
    values.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect()
}

/// The greatest common divisor of all differences to the first value; 1 where it is too great for a signed number.
///
/// Not of the differences between neighbours: where a sum of them wraps, they do not divide it.
fn common_factor(values: &[i64], first: i64) -> i64 {
    let mut factor = 0;
    for value in values {
        let (mut a, mut b) = (factor, value.wrapping_sub(first).unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        factor = a;
        if factor == 1 {
            break;
        }
    }
    i64::try_from(factor).unwrap_or(1).max(1)
}

/// The bytes of a number of seven bits a byte.
pub(super) fn unsigned_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// The same of a signed number.
pub(super) fn signed_len(value: i64) -> usize {
    unsigned_len((value << 1 ^ value >> 63) as u64)
}

/// Takes the values of `range` out of a column of `n` and hands them on in order, at most [`MINI`] at once. Mini-blocks
/// before the range are skipped, or only summed where later ones build on them; those behind it are not looked at.
pub(super) fn take_column(
    input: &mut Input<'_>,
    n: usize,
    range: Range<usize>,
    mut found: impl FnMut(&[i64]),
) -> Result<(), CodecError> {
    let mut rebuilt = Rebuilt::take(input)?;
    let wanted = |from: usize, to: usize| {
        let start = range.start.clamp(from, to);
        start - from..range.end.clamp(start, to) - from
    };
    let mut at = rebuilt.n_known().min(n);
    found(&[rebuilt.first, rebuilt.value][wanted(0, at)]);
    let mut minis = MiniReader::default();
    let mut tile = [0; MINI];
    while at < n.min(range.end) {
        let end = n.min(at + MINI);
        if end <= range.start && !rebuilt.builds_on_the_one_before() {
            minis.skip(input, end - at)?;
        } else {
            let (reference, offsets) = minis.take(input, end - at)?;
            let tile = &mut tile[..end - at];
            rebuilt.next(at, reference, offsets, tile);
            found(&tile[wanted(at, end)]);
        }
        at = end;
    }
    Ok(())
}

/// Values as they are rebuilt from errors.
struct Rebuilt {
    order: u8,
    factor: i64,
    first: i64,
    /// The newest value.
    value: i64,
    /// By how much it grew, or the slope of a line.
    step: i64,
}

impl Rebuilt {
    fn take(input: &mut Input<'_>) -> Result<Rebuilt, CodecError> {
        let flags = input.byte("a column")?;
        if flags & !(ORDER | FACTOR | MONOTONE) != 0 {
            return Err(input.error("a column").into());
        }
        let order = flags & ORDER;
        let first = input.signed("a first value")?;
        let factor = if flags & FACTOR == 0 { 1 } else { input.unsigned("a factor")? as i64 };
        let step = if order >= 2 { input.signed("a step")? } else { 0 };
        let step = if order == 2 { step.wrapping_mul(factor) } else { step };
        let value = if order == 2 { first.wrapping_add(step) } else { first };
        Ok(Rebuilt { order, factor, first, value, step })
    }

    /// How many values are known before any error: the first, and the newest.
    fn n_known(&self) -> usize {
        if self.order == LINE { 0 } else { usize::from(self.order) }
    }

    fn builds_on_the_one_before(&self) -> bool {
        matches!(self.order, 1 | 2)
    }

    /// The values whose errors are the reference plus `offsets`, the first of them being the `at`th.
    #[inline]
    fn next(&mut self, at: usize, reference: i64, offsets: &[u64], values: &mut [i64]) {
        let Rebuilt { factor, first, mut value, mut step, .. } = *self;
        let error = |offset: u64| reference.wrapping_add(offset as i64).wrapping_mul(factor);
        let places = values.iter_mut().zip(offsets);
        match self.order {
            0 => places.for_each(|(place, &offset)| *place = first.wrapping_add(error(offset))),
            1 => places.for_each(|(place, &offset)| {
                value = value.wrapping_add(error(offset));
                *place = value;
            }),
            2 => places.for_each(|(place, &offset)| {
                step = step.wrapping_add(error(offset));
                value = value.wrapping_add(step);
                *place = value;
            }),
            _ => places.enumerate().for_each(|(i, (place, &offset))| {
                *place = first.wrapping_add(error(offset)).wrapping_add(on_line(at + i, step).wrapping_mul(factor));
            }),
        }
        (self.value, self.step) = (value, step);
    }
}

/// The first and the last of `n` values that never fall; nothing where it is not known that they don't.
pub(super) fn rising_ends(encoded: &[u8], n: usize) -> Option<(i64, i64)> {
    let &flags = encoded.first()?;
    let mut ends = None;
    if flags & MONOTONE != 0 {
        let mut input = Input::new(encoded);
        take_column(&mut input, n, 0..n, |values| {
            if let [first, .., last] | [first @ last] = values {
                ends = Some((ends.map_or(*first, |(first, _)| first), *last));
            }
        })
        .ok()?;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[i64]) -> usize {
        let column = Column::plan(values);
        let mut bytes = Vec::new();
        column.push(&mut bytes);
        assert_eq!(bytes.len(), column.n_bytes(), "{column:?}");
        let n = values.len();
        for range in [0..n, 0..n.min(1), n / 2..n, n - 1..n, n / 3..n / 2, n.min(130)..n.min(140)] {
            let mut taken = Vec::new();
            take_column(&mut Input::new(&bytes), n, range.clone(), |values| taken.extend_from_slice(values)).unwrap();
            assert_eq!(taken, values[range]);
        }
        let ends = values.is_sorted().then(|| (values[0], values[n - 1]));
        assert_eq!(rising_ends(&bytes, n), ends);
        bytes.len()
    }

    #[test]
    fn what_is_regular_takes_few_bytes() {
        assert_eq!(check(&[7; 240]), 4);
        // Flags, first value, factor, and mini-blocks with and without a reference.
        assert_eq!(check(&(0..240).map(|i| 1_000 + 15 * i).collect::<Vec<_>>()), 1 + 2 + 1 + 2 + 1);
        assert_eq!(check(&(0..240).map(|i| i * i).collect::<Vec<_>>()), 1 + 1 + 1 + 2 + 1);
    }

    #[test]
    fn noise_around_a_line_takes_its_own_bits() {
        let noisy: Vec<i64> = (0..128).map(|i| 1_000_000 + i * 12_345 + i * 7919 % 1000).collect();
        // A slope of four bytes, a reference of two, and ten bits each; differences would have eleven.
        assert!(check(&noisy) <= 1 + 3 + 5 + 1 + 2 + 160);
        let falling: Vec<i64> = noisy.iter().map(|value| -value).collect();
        assert!(check(&falling) <= 1 + 3 + 5 + 1 + 2 + 160);
    }

    #[test]
    fn a_common_factor_is_taken_out() {
        let pages: Vec<i64> = (0..128).map(|i| 1_000_000 + (i * 37 % 16) * 4096).collect();
        // Four bits each, as if they were single pages.
        assert!(check(&pages) <= 1 + 3 + 2 + 2 + 64);
    }

    #[test]
    fn extremes_come_back() {
        check(&[0]);
        check(&[i64::MIN]);
        check(&[i64::MIN, i64::MAX]);
        check(&[i64::MAX, i64::MIN, i64::MAX]);
        check(&[0, i64::MIN]);
        check(&[i64::MIN, 0, i64::MAX, -1, 1, i64::MIN]);
        // Neighbours differ by multiples of three, the last from the first by one that wraps.
        check(&[-6_000_000_000_000_000_000, 0, 6_000_000_000_000_000_000]);
        let alternating: Vec<i64> = (0..500).map(|i| if i % 2 == 0 { i64::MIN } else { i64::MAX - i }).collect();
        check(&alternating);
    }
}
