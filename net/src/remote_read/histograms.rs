//! Chunks of native histograms as Prometheus encodes them: `HISTOGRAM` with integer counts, `FLOAT_HISTOGRAM` with floats.
//!
//! All histograms of a chunk have one layout (schema, zero threshold, spans, custom bounds), which stands before the first; and
//! one thing is said of them about counter resets: of counters, that there is none within. So a chunk ends where the
//! layout changes or a count falls. Prometheus itself rather adds empty buckets to what it has; both are read alike.

use model::Histogram;
use model::histogram::{CUSTOM_BUCKETS_SCHEMA, ResetHint, Span};
use model::storage::HistogramValue;

use super::bits::{Bits, Xor};

/// The numbers of the encodings.
const HISTOGRAM: u64 = 2;
const FLOAT_HISTOGRAM: u64 = 3;

/// Whether a histogram can stand in one chunk with the one before it, and what is said of it where it begins a chunk.
pub(super) fn follows(before: &HistogramValue, next: &HistogramValue) -> Result<(), ResetHint> {
    match (before, next) {
        (HistogramValue::Integer(before), HistogramValue::Integer(next)) => joins(before, next),
        (HistogramValue::Float(before), HistogramValue::Float(next)) => joins(before, next),
        _ if next.reset_hint() == ResetHint::Gauge => Err(ResetHint::Gauge),
        _ => Err(ResetHint::Unknown),
    }
}

fn joins<Count: Copy + Default + PartialOrd>(
    before: &Histogram<Count>,
    next: &Histogram<Count>,
) -> Result<(), ResetHint> {
    let is_gauge = next.reset_hint == ResetHint::Gauge;
    match (before.is_stale(), next.is_stale()) {
        (true, true) => return Ok(()),
        (false, false) => {}
        _ => return Err(if is_gauge { ResetHint::Gauge } else { ResetHint::Unknown }),
    }
    let was_gauge = before.reset_hint == ResetHint::Gauge;
    let is_alike = has_layout_of(before, next);
    match (was_gauge, is_gauge) {
        (true, true) if is_alike => Ok(()),
        (_, true) => Err(ResetHint::Gauge),
        (true, false) => Err(next.reset_hint),
        (false, false) if is_alike && next.counts_on_from(before) => Ok(()),
        (false, false) if is_alike || next.count < before.count => Err(ResetHint::Reset),
        (false, false) => Err(next.reset_hint),
    }
}

fn has_layout_of<Count>(one: &Histogram<Count>, other: &Histogram<Count>) -> bool {
    one.schema == other.schema
        && one.zero_threshold.to_bits() == other.zero_threshold.to_bits()
        && one.positive_spans == other.positive_spans
        && one.negative_spans == other.negative_spans
        && one.custom_bounds == other.custom_bounds
}

/// Encodes histograms each of which [`follows`] the one before, at most 65535; answers the number of the encoding, too. `hint`
/// is said of the first.
pub(super) fn encode(hint: ResetHint, timestamps: &[i64], histograms: &[HistogramValue]) -> (u64, Vec<u8>) {
    let (mut integers, mut floats) = (Vec::new(), Vec::new());
    for value in histograms {
        match value {
            HistogramValue::Integer(histogram) => integers.push(&**histogram),
            HistogramValue::Float(histogram) => floats.push(&**histogram),
        }
    }
    if integers.is_empty() {
        (FLOAT_HISTOGRAM, encode_floats(hint, timestamps, &floats))
    } else {
        (HISTOGRAM, encode_integers(hint, timestamps, &integers))
    }
}

fn header(hint: ResetHint, n_histograms: usize) -> Bits {
    let mut header = (n_histograms as u16).to_be_bytes().to_vec();
    header.push(match hint {
        ResetHint::Unknown => 0,
        ResetHint::NotReset => 0x40,
        ResetHint::Reset => 0x80,
        ResetHint::Gauge => 0xc0,
    });
    Bits::after(header)
}

fn encode_floats(hint: ResetHint, timestamps: &[i64], histograms: &[&Histogram]) -> Vec<u8> {
    let mut out = header(hint, histograms.len());
    let Some((&first_ms, first)) = timestamps.first().zip(histograms.first()) else { return out.finish() };
    push_layout(&mut out, first);
    out.push_signed(first_ms);
    let mut time_ms = Changing::new(first_ms);
    let mut values: Vec<Xor> = numbers(first)
        .map(|value| {
            out.push_f64(value);
            Xor::new(value)
        })
        .collect();
    for (&next_ms, next) in timestamps.iter().zip(histograms).skip(1) {
        time_ms.push(&mut out, next_ms);
        values.iter_mut().zip(numbers(next)).for_each(|(before, value)| before.push(&mut out, value));
    }
    out.finish()
}

/// All that changes, in the order in which it is written. Of a stale marker only the sum is.
fn numbers(histogram: &Histogram) -> impl Iterator<Item = f64> + '_ {
    let [count, zero_count] = totals(histogram);
    let (positive, negative) = buckets(histogram);
    [count, zero_count, histogram.sum].into_iter().chain(positive.iter().chain(negative).copied())
}

fn encode_integers(hint: ResetHint, timestamps: &[i64], histograms: &[&Histogram<u64>]) -> Vec<u8> {
    let mut out = header(hint, histograms.len());
    let Some((&first_ms, first)) = timestamps.first().zip(histograms.first()) else { return out.finish() };
    push_layout(&mut out, first);
    out.push_signed(first_ms);
    let mut time_ms = Changing::new(first_ms);
    let mut totals_before = totals(first).map(|total| {
        out.push_unsigned(total);
        Changing::new(total as i64)
    });
    out.push_f64(first.sum);
    let mut sum = Xor::new(first.sum);
    let mut buckets_before: Vec<Changing> = differences(first)
        .map(|difference| {
            out.push_signed(difference);
            Changing::new(difference)
        })
        .collect();
    for (&next_ms, next) in timestamps.iter().zip(histograms).skip(1) {
        time_ms.push(&mut out, next_ms);
        totals_before.iter_mut().zip(totals(next)).for_each(|(before, total)| before.push(&mut out, total as i64));
        sum.push(&mut out, next.sum);
        buckets_before.iter_mut().zip(differences(next)).for_each(|(before, next)| before.push(&mut out, next));
    }
    out.finish()
}

/// How each bucket differs from the one before it on its side.
fn differences(histogram: &Histogram<u64>) -> impl Iterator<Item = i64> + '_ {
    let of_side = |counts| {
        let before = std::iter::once(0).chain(<[u64]>::iter(counts).copied());
        counts.iter().zip(before).map(|(&count, before)| count.wrapping_sub(before) as i64)
    };
    let (positive, negative) = buckets(histogram);
    of_side(positive).chain(of_side(negative))
}

/// An integer that is told by changes of its changes.
struct Changing {
    value: i64,
    delta: i64,
}

impl Changing {
    /// Which has been written whole.
    fn new(value: i64) -> Changing {
        Changing { value, delta: 0 }
    }

    fn push(&mut self, out: &mut Bits, value: i64) {
        let delta = value.wrapping_sub(std::mem::replace(&mut self.value, value));
        out.push_signed(delta.wrapping_sub(std::mem::replace(&mut self.delta, delta)));
    }
}

/// The count and the zero count; of a stale marker nothing.
fn totals<Count: Copy + Default>(histogram: &Histogram<Count>) -> [Count; 2] {
    if histogram.is_stale() { [Count::default(); 2] } else { [histogram.count, histogram.zero_count] }
}

/// The positive and the negative buckets; of a stale marker none.
fn buckets<Count>(histogram: &Histogram<Count>) -> (&[Count], &[Count]) {
    if histogram.is_stale() { (&[], &[]) } else { (&histogram.positive, &histogram.negative) }
}

fn push_layout<Count>(out: &mut Bits, histogram: &Histogram<Count>) {
    if histogram.is_stale() {
        // A threshold of zero, schema zero, no spans.
        out.push(0, 8 + 1 + 1 + 1);
        return;
    }
    push_threshold(out, histogram.zero_threshold);
    out.push_signed(i64::from(histogram.schema));
    push_spans(out, &histogram.positive_spans);
    push_spans(out, &histogram.negative_spans);
    if histogram.schema == CUSTOM_BUCKETS_SCHEMA {
        out.push_unsigned(histogram.custom_bounds.len() as u64);
        histogram.custom_bounds.iter().for_each(|&bound| push_bound(out, bound));
    }
}

fn push_spans(out: &mut Bits, spans: &[Span]) {
    out.push_unsigned(spans.len() as u64);
    for span in spans {
        out.push_unsigned(u64::from(span.length));
        out.push_signed(i64::from(span.offset));
    }
}

/// Zero and powers of two from 2^-243 to 2^10 are one byte; others 255 and the float.
fn push_threshold(out: &mut Bits, threshold: f64) {
    const MANTISSA_BITS: u32 = 52;
    let bits = threshold.to_bits();
    let is_power = bits << (64 - MANTISSA_BITS) == 0;
    // With the bias of a float, in which 2^0 is 1023; a sign makes it larger than any that is wanted.
    let exponent = bits >> MANTISSA_BITS;
    match exponent {
        _ if bits == 0 => out.push(0, 8),
        // 2^-243 is 1, 2^10 is 254.
        780..=1033 if is_power => out.push(exponent - 779, 8),
        _ => {
            out.push(255, 8);
            out.push(bits, 64);
        }
    }
}

/// A bound in thousandths where it is a whole number of them and not large; otherwise a zero bit and the float.
fn push_bound(out: &mut Bits, bound: f64) {
    let thousandths = (bound * 1000.0).round();
    let is_whole = (0.0..=33_554_430.0).contains(&(bound * 1000.0)) && thousandths / 1000.0 == bound;
    if is_whole {
        out.push_unsigned(thousandths as u64 + 1);
    } else {
        out.push(0, 1);
        out.push_f64(bound);
    }
}
