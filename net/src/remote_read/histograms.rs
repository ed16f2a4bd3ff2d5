//! A chunk of native histograms as Prometheus encodes it: `FLOAT_HISTOGRAM`.
//!
//! All histograms of a chunk have one layout (schema, zero threshold, spans, custom bounds), which stands before the first; and
//! one thing is said of them about counter resets: of counters, that there is none within. So a chunk ends where the
//! layout changes or a count falls. Prometheus itself rather adds empty buckets to what it has; both are read alike.

use std::sync::Arc;

use model::Histogram;
use model::histogram::{CUSTOM_BUCKETS_SCHEMA, ResetHint, Span};
use model::sample;

use super::bits::{Bits, Xor};

/// The number of this encoding.
pub(super) const FLOAT_HISTOGRAM: u64 = 3;

/// Whether a histogram can stand in one chunk with the one before it, and what is said of it where it begins a chunk.
pub(super) fn follows(before: &Histogram, next: &Histogram) -> Result<(), ResetHint> {
    let is_gauge = next.reset_hint == ResetHint::Gauge;
    match (before.is_stale(), next.is_stale()) {
        (true, true) => return Ok(()),
        (false, false) => {}
        _ => return Err(if is_gauge { ResetHint::Gauge } else { ResetHint::Unknown }),
    }
    if is_gauge {
        let joins = before.reset_hint == ResetHint::Gauge && has_layout_of(before, next);
        return if joins { Ok(()) } else { Err(ResetHint::Gauge) };
    }
    if next.reset_hint == ResetHint::Reset || next.count < before.count {
        return Err(ResetHint::Reset);
    }
    if before.reset_hint == ResetHint::Gauge || !has_layout_of(before, next) {
        return Err(next.reset_hint);
    }
    let falls = |before: &[f64], next: &[f64]| before.iter().zip(next).any(|(before, next)| next < before);
    let has_reset = next.zero_count < before.zero_count
        || falls(&before.positive, &next.positive)
        || falls(&before.negative, &next.negative);
    if has_reset { Err(ResetHint::Reset) } else { Ok(()) }
}

fn has_layout_of(one: &Histogram, other: &Histogram) -> bool {
    one.schema == other.schema
        && one.zero_threshold.to_bits() == other.zero_threshold.to_bits()
        && one.positive_spans == other.positive_spans
        && one.negative_spans == other.negative_spans
        && one.custom_bounds == other.custom_bounds
}

/// Encodes histograms each of which [`follows`] the one before, at most 65535. `hint` is said of the first.
pub(super) fn encode(hint: ResetHint, timestamps: &[i64], histograms: &[Arc<Histogram>]) -> Vec<u8> {
    let mut header = (histograms.len() as u16).to_be_bytes().to_vec();
    header.push(match hint {
        ResetHint::Unknown => 0,
        ResetHint::NotReset => 0x40,
        ResetHint::Reset => 0x80,
        ResetHint::Gauge => 0xc0,
    });
    let mut out = Bits::after(header);
    let Some((&first_ms, first)) = timestamps.first().zip(histograms.first()) else { return out.finish() };
    push_layout(&mut out, first);
    out.push_signed(first_ms);
    let mut values: Vec<Xor> = values_of(first)
        .map(|value| {
            out.push_f64(value);
            Xor::new(value)
        })
        .collect();
    let mut last_delta = 0i64;
    for (times, next) in timestamps.windows(2).zip(&histograms[1..]) {
        let delta = times[1].wrapping_sub(times[0]);
        out.push_signed(delta.wrapping_sub(std::mem::replace(&mut last_delta, delta)));
        values.iter_mut().zip(values_of(next)).for_each(|(before, value)| before.push(&mut out, value));
    }
    out.finish()
}

/// All that changes, in the order in which it is written. Of a stale marker only the sum is.
fn values_of(histogram: &Histogram) -> impl Iterator<Item = f64> + '_ {
    let is_stale = histogram.is_stale();
    let shown = |buckets: &'_ [f64]| if is_stale { 0 } else { buckets.len() };
    let (n_positive, n_negative) = (shown(&histogram.positive), shown(&histogram.negative));
    let counts = if is_stale { [0.0, 0.0] } else { [histogram.count, histogram.zero_count] };
    let buckets = histogram.positive[..n_positive].iter().chain(&histogram.negative[..n_negative]);
    counts.into_iter().chain([histogram.sum]).chain(buckets.copied())
}

fn push_layout(out: &mut Bits, histogram: &Histogram) {
    if sample::is_stale(histogram.sum) {
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
