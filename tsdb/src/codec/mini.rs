//! Mini-blocks: up to 128 integers as a reference and what is above it, in one width, the few too wide ones patched.

use super::CodecError;
use super::column::signed_len;
use super::pack::{pack, packed_len, unpack, width_for};
use crate::wal::varint::{Input, push_signed, push_unsigned};

pub(super) use super::pack::MINI;

/// Of the first byte: the width, where [`WIDTH_64`] stands for 64.
const WIDTH: u8 = 0x3f;
const WIDTH_64: u8 = 58;
/// The first byte where only the values that are not zero follow, as a mini-block of their own behind a bit for each value.
const SPARSE: u8 = 59;
/// Patches follow.
const PATCHED: u8 = 1 << 6;
/// The reference is that of the mini-block before (0 in the first), and is left out.
const SAME_REFERENCE: u8 = 1 << 7;

/// Of the byte behind the packed values: the places of patches are a bitmap; the other bits have the width of the high
/// bits, packed likewise. Without it they are a number of patches, each with a place and a number of seven bits a byte.
const BITMAP: u8 = 1 << 7;
/// The most patches of a list.
const MAX_LISTED: usize = 127;

/// How many outliers below the reference are looked for.
const N_LOWEST: usize = 4;

/// How a mini-block is to be packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Only the values that are not zero are packed.
    is_sparse: bool,
    reference: i64,
    width: u32,
    patches: Patches,
    /// How many bytes it will take, all in.
    pub(super) n_bytes: usize,
}

/// How the high bits of values that are too wide are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patches {
    /// There are none.
    None,
    /// One after the other: so many.
    Listed(usize),
    /// By a bit for each value: so many, of this width.
    Mapped(usize, u32),
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
    let dense = plan_dense(values, before);
    let n_zeros = values.iter().filter(|&&value| value == 0).count();
    // At the bits that a value takes on average, leaving out the zeros must save two for each bit that tells where they are.
    if n_zeros == values.len() || 4 * n_zeros * dense.n_bytes <= values.len() * values.len() {
        return dense;
    }
    let mut others = [0; MINI];
    let others = pack_others(values, &mut others);
    let packed = plan_dense(others, before);
    let n_bytes = 1 + values.len().div_ceil(8) + packed.n_bytes;
    if n_bytes < dense.n_bytes { Plan { is_sparse: true, n_bytes, ..packed } } else { dense }
}

/// Those of the values that are not zero.
fn pack_others<'a>(values: &[i64], others: &'a mut [i64; MINI]) -> &'a [i64] {
    let mut n_others = 0;
    for &value in values.iter().filter(|&&value| value != 0) {
        others[n_others] = value;
        n_others += 1;
    }
    &others[..n_others]
}

/// The best plan that packs every value.
fn plan_dense(values: &[i64], before: i64) -> Plan {
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
    let widths = Widths::of(values.iter().map(|value| n_bits(value.wrapping_sub(reference))));
    let overhead = 1 + if reference == before { 0 } else { signed_len(reference.wrapping_sub(before)) };
    let mut best = Plan { is_sparse: false, reference, width: 64, patches: Patches::None, n_bytes: usize::MAX };
    let mut n_wider = 0;
    for bits in widths.descending() {
        let width = width_for(bits);
        if width < 64 || n_wider == 0 {
            let (n_patch_bytes, patches) = widths.cheapest_patches(values.len(), n_wider, bits);
            let n_bytes = overhead + packed_len(values.len(), width) + n_patch_bytes;
            if n_bytes < best.n_bytes {
                best = Plan { is_sparse: false, reference, width, patches, n_bytes };
            }
        }
        n_wider += widths.n_of_bits[bits as usize];
    }
    best
}

/// How many values there are of each number of bits.
struct Widths {
    n_of_bits: [usize; 65],
    /// A bit for each number of bits that occurs.
    present: u128,
}

impl Widths {
    fn of(bits: impl Iterator<Item = u32>) -> Widths {
        let mut widths = Widths { n_of_bits: [0; 65], present: 0 };
        for bits in bits {
            widths.n_of_bits[bits as usize] += 1;
            widths.present |= 1 << bits;
        }
        widths
    }

    /// The numbers of bits that occur, the greatest first.
    fn descending(&self) -> impl Iterator<Item = u32> + use<> {
        let mut present = self.present;
        std::iter::from_fn(move || {
            let bits = 127u32.checked_sub(present.leading_zeros())?;
            present &= !(1 << bits);
            Some(bits)
        })
    }

    /// How to tell the bits above `bits` of `n_patches` of `n` values, and in how many bytes.
    fn cheapest_patches(&self, n: usize, n_patches: usize, bits: u32) -> (usize, Patches) {
        if n_patches == 0 {
            return (0, Patches::None);
        }
        let wider = || self.descending().take_while(|&wider| wider > bits);
        let width = width_for(wider().next().unwrap_or(bits) - bits);
        let mapped = 1 + n.div_ceil(8) + packed_len(n_patches, width);
        let n_bytes = |wider: u32| self.n_of_bits[wider as usize] * (1 + (wider - bits).div_ceil(7) as usize);
        if n_patches <= MAX_LISTED && 2 * n_patches < mapped {
            let listed = 1 + wider().map(n_bytes).sum::<usize>();
            if listed <= mapped {
                return (listed, Patches::Listed(n_patches));
            }
        }
        (mapped, Patches::Mapped(n_patches, width))
    }
}

/// Appends mini-blocks as planned.
pub(super) fn push_minis(values: &[i64], plans: &[Plan], out: &mut Vec<u8>) {
    let mut before = 0;
    let (mut offsets, mut others) = ([0; MINI], [0; MINI]);
    for (values, plan) in values.chunks(MINI).zip(plans) {
        let values = match plan.is_sparse {
            true => {
                let map = values.iter().enumerate().fold(0u128, |map, (at, &value)| map | u128::from(value != 0) << at);
                out.push(SPARSE);
                out.extend_from_slice(&map.to_le_bytes()[..values.len().div_ceil(8)]);
                pack_others(values, &mut others)
            }
            false => values,
        };
        let offsets = &mut offsets[..values.len()];
        for (offset, value) in offsets.iter_mut().zip(values) {
            *offset = value.wrapping_sub(plan.reference) as u64;
        }
        let width = if plan.width == 64 { WIDTH_64 } else { plan.width as u8 };
        let patched = if plan.patches == Patches::None { 0 } else { PATCHED };
        let same = if plan.reference == before { SAME_REFERENCE } else { 0 };
        out.push(width | patched | same);
        if plan.reference != before {
            push_signed(out, plan.reference.wrapping_sub(before));
        }
        before = plan.reference;
        pack(offsets, plan.width, out);
        push_patches(offsets, plan, out);
    }
}

fn push_patches(offsets: &[u64], plan: &Plan, out: &mut Vec<u8>) {
    let highs = || offsets.iter().map(|offset| offset.checked_shr(plan.width).unwrap_or_default());
    match plan.patches {
        Patches::None => {}
        Patches::Listed(n_patches) => {
            out.push(n_patches as u8);
            let patches = || highs().enumerate().filter(|(_, high)| *high != 0);
            out.extend(patches().map(|(place, _)| place as u8));
            for (_, high) in patches() {
                push_unsigned(out, high);
            }
        }
        Patches::Mapped(_, width) => {
            out.push(BITMAP | width as u8);
            let map = highs().enumerate().fold(0u128, |map, (place, high)| map | u128::from(high != 0) << place);
            out.extend_from_slice(&map.to_le_bytes()[..offsets.len().div_ceil(8)]);
            let patches: Vec<u64> = highs().filter(|high| *high != 0).collect();
            pack(&patches, width, out);
        }
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
        let head = input.byte("a mini-block")?;
        if head == SPARSE {
            return self.take_sparse(input, n);
        }
        self.take_dense(head, input, n)
    }

    fn take_dense(&mut self, head: u8, input: &mut Input<'_>, n: usize) -> Result<(i64, &[u64]), CodecError> {
        let (width, is_patched) = self.take_head(head, input)?;
        let bytes = input.rest();
        input.bytes(packed_len(n, width), "a mini-block")?;
        unpack(bytes, n, width, &mut self.offsets);
        if is_patched {
            self.take_patches(input, n, width)?;
        }
        Ok((self.reference, &self.offsets[..n]))
    }

    /// The same where only those that are not zero follow: whole values in the place of offsets.
    fn take_sparse(&mut self, input: &mut Input<'_>, n: usize) -> Result<(i64, &[u64]), CodecError> {
        let mut map = take_map(input, n, "which values are not zero")?;
        let n_others = map.count_ones() as usize;
        let head = input.byte("a mini-block")?;
        self.take_dense(head, input, n_others)?;
        let (reference, others) = (self.reference as u64, self.offsets);
        self.offsets[..n].fill(0);
        for other in &others[..n_others] {
            self.offsets[map.trailing_zeros() as usize] = reference.wrapping_add(*other);
            map &= map - 1;
        }
        Ok((0, &self.offsets[..n]))
    }

    /// Goes past the next mini-block, which has `n` values.
    pub(super) fn skip(&mut self, input: &mut Input<'_>, n: usize) -> Result<(), CodecError> {
        let head = input.byte("a mini-block")?;
        if head == SPARSE {
            let n_others = take_map(input, n, "which values are not zero")?.count_ones() as usize;
            let head = input.byte("a mini-block")?;
            return self.skip_dense(head, input, n_others);
        }
        self.skip_dense(head, input, n)
    }

    fn skip_dense(&mut self, head: u8, input: &mut Input<'_>, n: usize) -> Result<(), CodecError> {
        let (width, is_patched) = self.take_head(head, input)?;
        input.bytes(packed_len(n, width), "a mini-block")?;
        if is_patched {
            self.take_patches(input, n, width)?;
        }
        Ok(())
    }

    fn take_head(&mut self, head: u8, input: &mut Input<'_>) -> Result<(u32, bool), CodecError> {
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
        let head = input.byte("patches")?;
        if head & BITMAP != 0 {
            return self.take_mapped(input, n, width, u32::from(head & !BITMAP));
        }
        for &place in input.bytes(usize::from(head), "the places of patches")? {
            let high = input.unsigned("a patch")?;
            let offset = self.offsets[..n].get_mut(usize::from(place)).ok_or(input.error("the place of a patch"))?;
            *offset |= high.checked_shl(width).unwrap_or_default();
        }
        Ok(())
    }

    fn take_mapped(&mut self, input: &mut Input<'_>, n: usize, width: u32, patch_width: u32) -> Result<(), CodecError> {
        if width_for(patch_width) != patch_width {
            return Err(input.error("a width of patches").into());
        }
        let mut map = take_map(input, n, "the places of patches")?;
        let n_patches = map.count_ones() as usize;
        let packed = input.rest();
        input.bytes(packed_len(n_patches, patch_width), "patches")?;
        let mut highs = [0; MINI];
        unpack(packed, n_patches, patch_width, &mut highs);
        for high in &highs[..n_patches] {
            self.offsets[map.trailing_zeros() as usize] |= high.checked_shl(width).unwrap_or_default();
            map &= map - 1;
        }
        Ok(())
    }
}

/// Takes a bit for each of `n` values, of which there is none or up to 128.
fn take_map(input: &mut Input<'_>, n: usize, expected: &'static str) -> Result<u128, CodecError> {
    let bytes = input.bytes(n.div_ceil(8), expected)?;
    let mut map = [0; 16];
    map[..bytes.len()].copy_from_slice(bytes);
    Ok(u128::from_le_bytes(map) & u128::MAX.checked_shr((MINI - n) as u32).unwrap_or_default())
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
    fn where_many_are_wide_their_places_are_bits() {
        let mut values = [1i64; 128];
        for at in (0..128).step_by(3) {
            values[at] = 201;
        }
        // A width, a reference, the width of patches, a bit for each value, and 43 bytes.
        assert_eq!(check(&values), 2 + 1 + 16 + 43);
        assert_eq!(check(&values[..60]), 2 + 1 + 8 + 20);
    }

    #[test]
    fn zeros_cost_a_bit_where_the_others_are_wide() {
        let mut values = [0i64; 128];
        for (at, value) in values.iter_mut().enumerate().filter(|(at, _)| at % 5 < 3) {
            *value = 10_000 + (at as i64 * 7919) % 5000;
        }
        // What it is, a bit for each value; a width, a reference, and 78 values of 13 bits.
        assert_eq!(check(&values), 1 + 16 + 1 + 3 + (78 * 13usize).div_ceil(8));
        assert_eq!(check(&values[..70]), 1 + 9 + 1 + 3 + (42 * 13usize).div_ceil(8));
        values.iter_mut().filter(|value| **value == 0).for_each(|value| *value = 9_000);
        check(&values);
        check(&[0, i64::MIN, 0, 0, i64::MAX, 0, 0, 0, 0, 0]);
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
