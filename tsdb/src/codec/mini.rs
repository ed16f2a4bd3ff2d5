//! Mini-blocks: up to 128 integers as a reference and what is above it, in one width, the few too wide ones patched.

use super::CodecError;
use super::column::signed_len;
use super::pack::{pack, packed_len, unpack, width_for};
use crate::wal::varint::{Input, push_signed, push_unsigned};

pub(super) use super::pack::MINI;

/// Of the first byte: the width, where [`WIDTH_64`] stands for 64.
const WIDTH: u8 = 0x3f;
const WIDTH_64: u8 = 58;
/// Patches follow.
const PATCHED: u8 = 1 << 6;
/// The reference is that of the mini-block before (0 in the first), and is left out.
const SAME_REFERENCE: u8 = 1 << 7;

/// One value in so many may have a patch; where it were more, the width is too small.
const VALUES_PER_PATCH: usize = 8;
/// How many outliers below the reference are looked for.
const N_LOWEST: usize = 4;

/// How a mini-block is to be packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    reference: i64,
    width: u32,
    n_patches: usize,
    /// How many bytes it will take, all in.
    pub(super) n_bytes: usize,
}

/// Plans the mini-blocks of `values`.
pub(super) fn plan_minis(values: &[i64]) -> Vec<Plan> {
    let mut before = 0;
    let plan = |values: &[i64]| {
        let plan = plan_mini(values, before);
        before = plan.reference;
        plan
    };
    values.chunks(MINI).map(plan).collect()
}

/// The best plan for values that follow a mini-block with the reference `before`.
fn plan_mini(values: &[i64], before: i64) -> Plan {
    let (lowest, max) = lowest_and_max(values);
    let mut best = priced(values, lowest[0], before);
    // Outliers below would make all others wide; as patches they cost their own bits only.
    for pair in lowest.windows(2) {
        if n_bits(max.wrapping_sub(pair[1])) < n_bits(max.wrapping_sub(pair[0])) {
            best = cheaper(best, priced(values, pair[1], before));
        }
    }
    if before < best.reference && n_bits(max.wrapping_sub(before)) <= best.width {
        best = cheaper(best, priced(values, before, before));
    }
    best
}

fn cheaper(one: Plan, other: Plan) -> Plan {
    if other.n_bytes < one.n_bytes { other } else { one }
}

/// The smallest values, sorted (the smallest again and again where there are fewer), and the greatest.
fn lowest_and_max(values: &[i64]) -> ([i64; N_LOWEST], i64) {
    let mut lowest = [i64::MAX; N_LOWEST];
    let mut max = i64::MIN;
    for &value in values {
        max = max.max(value);
        if value < lowest[N_LOWEST - 1] {
            let at = lowest.partition_point(|&low| low <= value);
            lowest[at..].rotate_right(1);
            lowest[at] = value;
        }
    }
    lowest.iter_mut().for_each(|low| *low = (*low).min(max));
    (lowest, max)
}

fn n_bits(value: i64) -> u32 {
    64 - value.leading_zeros()
}

/// The plan with the best width for a reference.
fn priced(values: &[i64], reference: i64, before: i64) -> Plan {
    let mut n_of_bits = [0usize; 65];
    for &value in values {
        n_of_bits[n_bits(value.wrapping_sub(reference)) as usize] += 1;
    }
    let overhead = 1 + if reference == before { 0 } else { signed_len(reference.wrapping_sub(before)) };
    let mut best = Plan { reference, width: 64, n_patches: 0, n_bytes: usize::MAX };
    let mut n_patches = 0;
    for bits in (0..=64).rev() {
        if n_of_bits[bits] == 0 {
            continue;
        }
        let width = width_for(bits as u32);
        let patches = (bits + 1..65).map(|wider| n_of_bits[wider] * (1 + (wider - bits).div_ceil(7))).sum::<usize>();
        let patched = if n_patches > 0 { 1 + patches } else { 0 };
        let n_bytes = overhead + packed_len(values.len(), width) + patched;
        if n_bytes < best.n_bytes && (width < 64 || n_patches == 0) {
            best = Plan { reference, width, n_patches, n_bytes };
        }
        n_patches += n_of_bits[bits];
        if n_patches * VALUES_PER_PATCH > values.len() {
            break;
        }
    }
    best
}

/// Appends mini-blocks as planned.
pub(super) fn push_minis(values: &[i64], plans: &[Plan], out: &mut Vec<u8>) {
    let mut before = 0;
    let mut offsets = [0; MINI];
    for (values, plan) in values.chunks(MINI).zip(plans) {
        let offsets = &mut offsets[..values.len()];
        for (offset, value) in offsets.iter_mut().zip(values) {
            *offset = value.wrapping_sub(plan.reference) as u64;
        }
        let width = if plan.width == 64 { WIDTH_64 } else { plan.width as u8 };
        let patched = if plan.n_patches > 0 { PATCHED } else { 0 };
        let same = if plan.reference == before { SAME_REFERENCE } else { 0 };
        out.push(width | patched | same);
        if plan.reference != before {
            push_signed(out, plan.reference.wrapping_sub(before));
        }
        before = plan.reference;
        pack(offsets, plan.width, out);
        if plan.n_patches > 0 {
            push_patches(offsets, plan, out);
        }
    }
}

fn push_patches(offsets: &[u64], plan: &Plan, out: &mut Vec<u8>) {
    out.push(plan.n_patches as u8);
    let too_wide = || offsets.iter().enumerate().filter(|(_, offset)| *offset >> plan.width != 0);
    out.extend(too_wide().map(|(at, _)| at as u8));
    for (_, offset) in too_wide() {
        push_unsigned(out, offset >> plan.width);
    }
}

/// Reads one mini-block after the other.
#[derive(Debug)]
pub(super) struct MiniReader {
    reference: i64,
    offsets: [u64; MINI],
}

impl Default for MiniReader {
    fn default() -> MiniReader {
        MiniReader { reference: 0, offsets: [0; MINI] }
    }
}

impl MiniReader {
    /// The reference and the offsets of the next mini-block, which has `n` values.
    pub(super) fn take(&mut self, input: &mut Input<'_>, n: usize) -> Result<(i64, &[u64]), CodecError> {
        let (width, is_patched) = self.take_head(input)?;
        let bytes = input.rest();
        input.bytes(packed_len(n, width), "a mini-block")?;
        unpack(bytes, n, width, &mut self.offsets);
        if is_patched {
            self.take_patches(input, n, width)?;
        }
        Ok((self.reference, &self.offsets[..n]))
    }

    /// Goes past the next mini-block, which has `n` values.
    pub(super) fn skip(&mut self, input: &mut Input<'_>, n: usize) -> Result<(), CodecError> {
        let (width, is_patched) = self.take_head(input)?;
        input.bytes(packed_len(n, width), "a mini-block")?;
        if is_patched {
            let n_patches = usize::from(input.byte("a number of patches")?);
            input.bytes(n_patches, "the places of patches")?;
            for _ in 0..n_patches {
                input.unsigned("a patch")?;
            }
        }
        Ok(())
    }

    fn take_head(&mut self, input: &mut Input<'_>) -> Result<(u32, bool), CodecError> {
        let head = input.byte("a mini-block")?;
        let width = match head & WIDTH {
            WIDTH_64 => 64,
            width @ 0..WIDTH_64 => u32::from(width),
            _ => return Err(input.error("a width").into()),
        };
        if head & SAME_REFERENCE == 0 {
            self.reference = self.reference.wrapping_add(input.signed("a reference")?);
        }
        Ok((width, head & PATCHED != 0))
    }

    fn take_patches(&mut self, input: &mut Input<'_>, n: usize, width: u32) -> Result<(), CodecError> {
        let n_patches = usize::from(input.byte("a number of patches")?);
        for &place in input.bytes(n_patches, "the places of patches")? {
            let high = input.unsigned("a patch")?;
            let offset = self.offsets[..n].get_mut(usize::from(place)).ok_or(input.error("the place of a patch"))?;
            *offset |= high.checked_shl(width).unwrap_or_default();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[i64]) -> usize {
        let plans = plan_minis(values);
        let mut bytes = Vec::new();
        push_minis(values, &plans, &mut bytes);
        assert_eq!(bytes.len(), plans.iter().map(|plan| plan.n_bytes).sum::<usize>(), "{plans:?}");
        let (mut reader, mut skipper) = (MiniReader::default(), MiniReader::default());
        let (mut input, mut skipped) = (Input::new(&bytes), Input::new(&bytes));
        for values in values.chunks(MINI) {
            let (reference, offsets) = reader.take(&mut input, values.len()).unwrap();
            let taken: Vec<i64> = offsets.iter().map(|&offset| reference.wrapping_add(offset as i64)).collect();
            assert_eq!(taken, values);
            skipper.skip(&mut skipped, values.len()).unwrap();
            assert_eq!((skipper.reference, skipped.rest()), (reader.reference, input.rest()));
        }
        assert!(input.is_empty());
        bytes.len()
    }

    #[test]
    fn equal_values_take_a_reference_and_zeros_take_nothing() {
        assert_eq!(check(&[0; 300]), 3);
        assert_eq!(check(&[5; 300]), 4);
    }

    #[test]
    fn outliers_cost_their_own_bits_only() {
        let mut values = [3i64; 128];
        for (at, value) in values.iter_mut().enumerate() {
            *value += at as i64 % 8;
        }
        let plain = check(&values);
        assert_eq!(plain, 2 + 128 * 3 / 8);
        values[17] = -1_000_000;
        values[90] = 1_000_000;
        // A count, two places, and 61 and 17 high bits.
        assert_eq!(check(&values), plain + 1 + 2 + 9 + 3);
    }

    #[test]
    fn extremes_come_back() {
        check(&[i64::MIN, i64::MAX, 0, -1, 1]);
        check(&[i64::MAX]);
        check(&[i64::MIN; 129]);
        let mut values = vec![0; 128];
        values[3] = i64::MIN;
        values[4] = i64::MAX;
        check(&values);
    }
}
