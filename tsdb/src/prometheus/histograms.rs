//! Chunks of native histograms: one layout (schema, zero threshold, spans, custom bounds) for all, then the first one as it
//! is, and the others by how their numbers change: integers by changes of changes, floats by the bits that differ.
//!
//! What a chunk knows of counter resets is not kept, as Prometheus does not trust it either where it reads the first of a
//! chunk, and within a chunk there is none: whoever reads compares. Only that a histogram is a gauge is kept.

use std::sync::Arc;

use model::histogram::{CUSTOM_BUCKETS_SCHEMA, Histogram, IntegerHistogram, ResetHint, Span};
use model::sample;
use model::storage::HistogramValue;

use super::Malformed;
use super::bits::{BitReader, Window};
use super::floats::ChunkStarts;

/// The count of samples, and a byte of flags.
const HEADER_LEN: usize = 3;
/// Of a chunk with start times, whose third byte says where they are, the count has only so many bits.
const N_WITH_STARTS: u16 = 0x3fff;
const RESET_MASK: u8 = 0b1100_0000;
const GAUGE: u8 = 0b1100_0000;
/// Spans and bounds of all histograms of a chunk together: far more than fit into one that Prometheus writes.
const MAX_PARTS: usize = 1 << 22;

/// What is common to the histograms of a chunk.
#[derive(Clone, Debug)]
struct Layout {
    hint: ResetHint,
    schema: i32,
    zero_threshold: f64,
    positive_spans: Vec<Span>,
    negative_spans: Vec<Span>,
    custom_bounds: Vec<f64>,
    n_positive: usize,
    n_negative: usize,
}

/// What a chunk's header says.
struct Header {
    n_samples: u16,
    hint: ResetHint,
    /// The byte about start times; 0 for none.
    starts: u8,
}

impl Header {
    fn read(chunk: &[u8], has_starts: bool) -> Result<(Header, &[u8]), Malformed> {
        let (&[high, low, third], rest) = chunk.split_first_chunk::<HEADER_LEN>().ok_or(Malformed::Cut)?;
        let count = u16::from_be_bytes([high, low]);
        let (n_samples, flags, starts) =
            if has_starts { (count & N_WITH_STARTS, high, third) } else { (count, third, 0) };
        let hint = if flags & RESET_MASK == GAUGE { ResetHint::Gauge } else { ResetHint::Unknown };
        Ok((Header { n_samples, hint, starts }, rest))
    }
}

impl Layout {
    fn read(header: &Header, bits: &mut BitReader<'_>, bits_a_bucket: usize) -> Result<Layout, Malformed> {
        let zero_threshold = zero_threshold(bits)?;
        let schema = bits.varbit()?;
        if !(-4..=8).contains(&schema) && schema != i64::from(CUSTOM_BUCKETS_SCHEMA) {
            return Err(Malformed::Schema(schema));
        }
        let (positive_spans, negative_spans) = (spans(bits)?, spans(bits)?);
        let schema = schema as i32;
        let custom_bounds = if schema == CUSTOM_BUCKETS_SCHEMA { custom_bounds(bits)? } else { Vec::new() };
        let n_buckets = |spans: &[Span]| spans.iter().map(|span| span.length as usize).sum::<usize>();
        let (n_positive, n_negative) = (n_buckets(&positive_spans), n_buckets(&negative_spans));
        if (n_positive + n_negative).saturating_mul(bits_a_bucket) > bits.n_left() {
            return Err(Malformed::Cut);
        }
        let n_parts = positive_spans.len() + negative_spans.len() + custom_bounds.len();
        if n_parts * usize::from(header.n_samples) > MAX_PARTS {
            return Err(Malformed::Nonsense("too many spans"));
        }
        let hint = header.hint;
        Ok(Layout {
            hint,
            schema,
            zero_threshold,
            positive_spans,
            negative_spans,
            custom_bounds,
            n_positive,
            n_negative,
        })
    }

    fn histogram<Count>(
        &self,
        count: Count,
        zero_count: Count,
        sum: f64,
        positive: Vec<Count>,
        negative: Vec<Count>,
    ) -> Histogram<Count> {
        Histogram {
            reset_hint: self.hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count,
            count,
            sum,
            positive_spans: self.positive_spans.clone(),
            positive,
            negative_spans: self.negative_spans.clone(),
            negative,
            custom_bounds: self.custom_bounds.clone(),
        }
    }
}

/// A histogram of nothing whose sum is the stale marker.
pub(super) fn stale<Count: Default>(sum: f64) -> Histogram<Count> {
    Histogram {
        reset_hint: ResetHint::Unknown,
        schema: 0,
        zero_threshold: 0.0,
        zero_count: Count::default(),
        count: Count::default(),
        sum,
        positive_spans: Vec::new(),
        positive: Vec::new(),
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }
}

fn zero_threshold(bits: &mut BitReader<'_>) -> Result<f64, Malformed> {
    match bits.bits(8)? {
        0 => Ok(0.0),
        255 => bits.bits(64).map(f64::from_bits),
        // A power of two: 2^(exponent - 244).
        exponent => Ok(f64::from_bits((exponent + 1023 - 244) << 52)),
    }
}

fn spans(bits: &mut BitReader<'_>) -> Result<Vec<Span>, Malformed> {
    let n_spans = count(bits)?;
    let mut spans = Vec::with_capacity(n_spans);
    for _ in 0..n_spans {
        let length = u32::try_from(bits.varbit_unsigned()?).map_err(|_| Malformed::Nonsense("a span's length"))?;
        let offset = i32::try_from(bits.varbit()?).map_err(|_| Malformed::Nonsense("a span's offset"))?;
        spans.push(Span { offset, length });
    }
    Ok(spans)
}

/// Thousandths where they are exact and not large, otherwise the float.
fn custom_bounds(bits: &mut BitReader<'_>) -> Result<Vec<f64>, Malformed> {
    let n_bounds = count(bits)?;
    let mut bounds = Vec::with_capacity(n_bounds);
    for _ in 0..n_bounds {
        bounds.push(match bits.varbit_unsigned()? {
            0 => f64::from_bits(bits.bits(64)?),
            thousandths => (thousandths - 1) as f64 / 1000.0,
        });
    }
    Ok(bounds)
}

/// A count of things that take at least a bit each.
fn count(bits: &mut BitReader<'_>) -> Result<usize, Malformed> {
    let n = bits.varbit_unsigned()?;
    if n > bits.n_left() as u64 { Err(Malformed::Cut) } else { Ok(n as usize) }
}

/// An integer that is told by changes of its changes.
#[derive(Clone, Copy, Debug, Default)]
struct Changing {
    value: i64,
    delta: i64,
}

impl Changing {
    fn next(&mut self, bits: &mut BitReader<'_>) -> Result<i64, Malformed> {
        self.delta = self.delta.wrapping_add(bits.varbit()?);
        self.value = self.value.wrapping_add(self.delta);
        Ok(self.value)
    }
}

/// Hands out the histograms of a chunk with integer counts, each with its time and the time since which it counts, 0 where that is not
/// known.
pub(super) fn read_integers(
    chunk: &[u8],
    has_starts: bool,
    take: &mut dyn FnMut(i64, i64, HistogramValue),
) -> Result<(), Malformed> {
    let (header, rest) = Header::read(chunk, has_starts)?;
    if header.n_samples == 0 {
        return Ok(());
    }
    let mut bits = BitReader::new(rest);
    let layout = Layout::read(&header, &mut bits, 1)?;
    let mut time_ms = Changing { value: bits.varbit()?, delta: 0 };
    let mut total = Changing { value: bits.varbit_unsigned()? as i64, delta: 0 };
    let mut zero = Changing { value: bits.varbit_unsigned()? as i64, delta: 0 };
    let mut sum = bits.bits(64)?;
    let mut window = Window::default();
    // Each bucket by how it differs from the one before it.
    let mut buckets = vec![Changing::default(); layout.n_positive + layout.n_negative];
    for bucket in &mut buckets {
        bucket.value = bits.varbit()?;
    }
    let mut starts = ChunkStarts::new(header.starts);
    for i in 0..header.n_samples {
        let before_ms = time_ms.value;
        if i > 0 {
            time_ms.next(&mut bits)?;
            total.next(&mut bits)?;
            zero.next(&mut bits)?;
            sum = window.next(sum, &mut bits)?;
        }
        let is_stale = sample::is_stale(f64::from_bits(sum));
        if i > 0 && !is_stale {
            for bucket in &mut buckets {
                bucket.next(&mut bits)?;
            }
        }
        let start_ms = starts.next(i, time_ms.value, before_ms, &mut bits)?;
        let histogram: IntegerHistogram = if is_stale {
            stale(f64::from_bits(sum))
        } else {
            let (positive, negative) = buckets.split_at(layout.n_positive);
            let counts = |buckets: &[Changing]| counts(buckets.iter().map(|bucket| bucket.value));
            let (positive, negative) = (counts(positive)?, counts(negative)?);
            layout.histogram(total.value as u64, zero.value as u64, f64::from_bits(sum), positive, negative)
        };
        take(time_ms.value, start_ms, HistogramValue::Integer(Arc::new(histogram)));
    }
    Ok(())
}

/// Counts of buckets of which each is told by how it differs from the one before it.
pub(super) fn counts(differences: impl Iterator<Item = i64>) -> Result<Vec<u64>, Malformed> {
    let mut last = 0i64;
    let next = |difference: i64| {
        last = last.wrapping_add(difference);
        u64::try_from(last).map_err(|_| Malformed::Nonsense("a bucket with less than nothing"))
    };
    differences.map(next).collect()
}

/// A float that is told by the bits that change.
#[derive(Clone, Copy, Debug, Default)]
struct Xored {
    bits: u64,
    window: Window,
}

impl Xored {
    fn first(bits: &mut BitReader<'_>) -> Result<Xored, Malformed> {
        Ok(Xored { bits: bits.bits(64)?, window: Window::default() })
    }

    fn next(&mut self, bits: &mut BitReader<'_>) -> Result<(), Malformed> {
        self.bits = self.window.next(self.bits, bits)?;
        Ok(())
    }

    fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }
}

/// Hands out the histograms of a chunk with float counts, each with its time and the time since which it counts, 0 where that is not
/// known.
pub(super) fn read_floats(
    chunk: &[u8],
    has_starts: bool,
    take: &mut dyn FnMut(i64, i64, HistogramValue),
) -> Result<(), Malformed> {
    let (header, rest) = Header::read(chunk, has_starts)?;
    if header.n_samples == 0 {
        return Ok(());
    }
    let mut bits = BitReader::new(rest);
    let layout = Layout::read(&header, &mut bits, 64)?;
    let mut time_ms = Changing { value: bits.varbit()?, delta: 0 };
    let mut numbers = [Xored::first(&mut bits)?, Xored::first(&mut bits)?, Xored::first(&mut bits)?];
    let n_buckets = layout.n_positive + layout.n_negative;
    let mut buckets = (0..n_buckets).map(|_| Xored::first(&mut bits)).collect::<Result<Vec<_>, _>>()?;
    let mut starts = ChunkStarts::new(header.starts);
    for i in 0..header.n_samples {
        let before_ms = time_ms.value;
        if i > 0 {
            time_ms.next(&mut bits)?;
            numbers.iter_mut().try_for_each(|number| number.next(&mut bits))?;
        }
        let [total, zero, sum] = numbers.map(|number| number.value());
        let is_stale = sample::is_stale(sum);
        if i > 0 && !is_stale {
            buckets.iter_mut().try_for_each(|bucket| bucket.next(&mut bits))?;
        }
        let start_ms = starts.next(i, time_ms.value, before_ms, &mut bits)?;
        let histogram: Histogram = if is_stale {
            stale(sum)
        } else {
            let (positive, negative) = buckets.split_at(layout.n_positive);
            let values = |buckets: &[Xored]| buckets.iter().map(Xored::value).collect();
            layout.histogram(total, zero, sum, values(positive), values(negative))
        };
        take(time_ms.value, start_ms, HistogramValue::Float(Arc::new(histogram)));
    }
    Ok(())
}
