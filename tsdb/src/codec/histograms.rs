//! Chunks of native histograms: runs of equal layout, one column for each number in it.
//!
//! A *layout* is what rarely changes: whether counts are integers, schema, zero threshold, spans, and custom bounds. It
//! stands once at the head of a run; then come the reset hints, and a column each for the sums, the counts, the zero
//! counts, and every bucket. Integers are integer columns, floats are value chunks with their length before them.
//!
//! Nothing is judged here: a histogram whose buckets do not fit its spans comes back as it was.

use std::sync::Arc;

use model::histogram::{Histogram, ResetHint, Span};
use model::storage::HistogramValue;

use super::column::{Column, take_column};
use super::values::{decode_values, encode_values};
use super::{CHUNK_SAMPLES, CodecError, Effort};
use crate::wal::varint::{Input, push_signed, push_unsigned};

/// Of a run's first byte: counts are floats.
const FLOATS: u8 = 1;
/// Hints differ, and follow, two bits each; otherwise the hint of all is in the two bits above this one.
const HINTS_DIFFER: u8 = 1 << 1;
const HINT_SHIFT: u32 = 2;
const HINT: u8 = 0b11;
const HINTS_PER_BYTE: usize = 4;
/// Hints by their numbers.
const HINTS: [ResetHint; 4] = [ResetHint::Unknown, ResetHint::Reset, ResetHint::NotReset, ResetHint::Gauge];

/// What buckets are counted in.
trait Count: Copy + Default {
    /// The bit of a run's first byte.
    const KIND: u8;

    fn push(counts: &[Self], out: &mut Vec<u8>);
    fn take(input: &mut Input<'_>, n: usize) -> Result<Vec<Self>, CodecError>;
    fn value(histogram: Histogram<Self>) -> HistogramValue;
}

impl Count for u64 {
    const KIND: u8 = 0;

    fn push(counts: &[u64], out: &mut Vec<u8>) {
        let integers: Vec<i64> = counts.iter().map(|&count| count as i64).collect();
        Column::plan(&integers).push(out);
    }

    fn take(input: &mut Input<'_>, n: usize) -> Result<Vec<u64>, CodecError> {
        let mut counts = Vec::with_capacity(n);
        take_column(input, n, 0..n, |integers| counts.extend(integers.iter().map(|&integer| integer as u64)))?;
        Ok(counts)
    }

    fn value(histogram: Histogram<u64>) -> HistogramValue {
        HistogramValue::Integer(Arc::new(histogram))
    }
}

impl Count for f64 {
    const KIND: u8 = FLOATS;

    fn push(counts: &[f64], out: &mut Vec<u8>) {
        let bits: Vec<u64> = counts.iter().map(|count| count.to_bits()).collect();
        let mut encoded = Vec::new();
        encode_values(&bits, Effort::Fast, &mut encoded);
        push_unsigned(out, encoded.len() as u64);
        out.append(&mut encoded);
    }

    fn take(input: &mut Input<'_>, n: usize) -> Result<Vec<f64>, CodecError> {
        let n_bytes = input.count("a length")?;
        let mut counts = Vec::new();
        decode_values(input.bytes(n_bytes, "a value chunk")?, n, &mut counts)?;
        Ok(counts)
    }

    fn value(histogram: Histogram) -> HistogramValue {
        HistogramValue::Float(Arc::new(histogram))
    }
}

/// Encodes 1 to [`CHUNK_SAMPLES`] native histograms at the end of `out`.
pub fn encode_histograms(values: &[HistogramValue], out: &mut Vec<u8>) {
    let are_alike = |one: &HistogramValue, next: &HistogramValue| match (one, next) {
        (HistogramValue::Integer(one), HistogramValue::Integer(next)) => have_one_layout(one, next),
        (HistogramValue::Float(one), HistogramValue::Float(next)) => have_one_layout(one, next),
        _ => false,
    };
    for run in values.chunk_by(are_alike) {
        let (mut integers, mut floats) = (Vec::new(), Vec::new());
        for value in run {
            match value {
                HistogramValue::Integer(histogram) => integers.push(&**histogram),
                HistogramValue::Float(histogram) => floats.push(&**histogram),
            }
        }
        if integers.is_empty() { push_run(&floats, out) } else { push_run(&integers, out) }
    }
}

fn have_one_layout<C>(one: &Histogram<C>, next: &Histogram<C>) -> bool {
    let bits = |floats: &[f64]| floats.iter().map(|float| float.to_bits()).collect::<Vec<_>>();
    one.schema == next.schema
        && one.zero_threshold.to_bits() == next.zero_threshold.to_bits()
        && one.positive_spans == next.positive_spans
        && one.negative_spans == next.negative_spans
        && one.positive.len() == next.positive.len()
        && one.negative.len() == next.negative.len()
        && bits(&one.custom_bounds) == bits(&next.custom_bounds)
}

fn push_run<C: Count>(run: &[&Histogram<C>], out: &mut Vec<u8>) {
    let Some(first) = run.first() else { return };
    push_unsigned(out, run.len() as u64);
    push_hints(run, out);
    push_signed(out, i64::from(first.schema));
    out.extend(first.zero_threshold.to_le_bytes());
    for (spans, counts) in [(&first.positive_spans, &first.positive), (&first.negative_spans, &first.negative)] {
        push_unsigned(out, spans.len() as u64);
        for span in spans {
            push_signed(out, i64::from(span.offset));
            push_unsigned(out, u64::from(span.length));
        }
        push_unsigned(out, counts.len() as u64);
    }
    push_unsigned(out, first.custom_bounds.len() as u64);
    out.extend(first.custom_bounds.iter().flat_map(|bound| bound.to_le_bytes()));
    f64::push(&column(run, |histogram| histogram.sum), out);
    C::push(&column(run, |histogram| histogram.count), out);
    C::push(&column(run, |histogram| histogram.zero_count), out);
    for bucket in 0..first.positive.len() {
        C::push(&column(run, |histogram| histogram.positive[bucket]), out);
    }
    for bucket in 0..first.negative.len() {
        C::push(&column(run, |histogram| histogram.negative[bucket]), out);
    }
}

fn column<C, T>(run: &[&Histogram<C>], number: impl Fn(&Histogram<C>) -> T) -> Vec<T> {
    run.iter().map(|histogram| number(histogram)).collect()
}

fn push_hints<C: Count>(run: &[&Histogram<C>], out: &mut Vec<u8>) {
    let hints = column(run, |histogram| histogram.reset_hint as u8);
    if hints.iter().all(|hint| *hint == hints[0]) {
        out.push(C::KIND | hints[0] << HINT_SHIFT);
    } else {
        out.push(C::KIND | HINTS_DIFFER);
        let packed = |hints: &[u8]| hints.iter().rev().fold(0, |byte, hint| byte << 2 | hint);
        out.extend(hints.chunks(HINTS_PER_BYTE).map(packed));
    }
}

/// Decodes the `n` histograms of a chunk to the end of `out`.
///
/// # Errors
/// Where the bytes cannot be those of `n` histograms; `out` is then as long as it was.
pub fn decode_histograms(encoded: &[u8], n: usize, out: &mut Vec<HistogramValue>) -> Result<(), CodecError> {
    let mut input = Input::new(encoded);
    if n > CHUNK_SAMPLES {
        return Err(input.error("fewer histograms").into());
    }
    let mut taken = Vec::with_capacity(n);
    while taken.len() < n {
        let n_run = input.unsigned("a length of a run")?;
        if n_run == 0 || n_run > (n - taken.len()) as u64 {
            return Err(input.error("a length of a run").into());
        }
        let head = input.byte("the head of a run")?;
        let hints = take_hints(&mut input, head, n_run as usize)?;
        if head & FLOATS == 0 {
            take_run::<u64>(&mut input, &hints, &mut taken)?;
        } else {
            take_run::<f64>(&mut input, &hints, &mut taken)?;
        }
    }
    out.append(&mut taken);
    Ok(())
}

fn take_hints(input: &mut Input<'_>, head: u8, n: usize) -> Result<Vec<ResetHint>, CodecError> {
    if head & HINTS_DIFFER == 0 {
        return Ok(vec![HINTS[usize::from(head >> HINT_SHIFT & HINT)]; n]);
    }
    let packed = input.bytes(n.div_ceil(HINTS_PER_BYTE), "reset hints")?;
    let hint = |at: usize| packed[at / HINTS_PER_BYTE] >> (at % HINTS_PER_BYTE * 2) & HINT;
    Ok((0..n).map(|at| HINTS[usize::from(hint(at))]).collect())
}

fn take_run<C: Count>(
    input: &mut Input<'_>,
    hints: &[ResetHint],
    out: &mut Vec<HistogramValue>,
) -> Result<(), CodecError> {
    let n = hints.len();
    let schema = i32::try_from(input.signed("a schema")?).map_err(|_| input.error("a schema"))?;
    let zero_threshold = input.float("a zero threshold")?;
    let (positive_spans, n_positive) = take_side(input)?;
    let (negative_spans, n_negative) = take_side(input)?;
    let custom_bounds: Vec<f64> =
        (0..input.count("a number of bounds")?).map(|_| input.float("a bound")).collect::<Result<_, _>>()?;
    let sums = f64::take(input, n)?;
    let counts = C::take(input, n)?;
    let zero_counts = C::take(input, n)?;
    let mut buckets = |n_buckets: usize| (0..n_buckets).map(|_| C::take(input, n)).collect::<Result<Vec<_>, _>>();
    let (positive, negative) = (buckets(n_positive)?, buckets(n_negative)?);
    for (at, &reset_hint) in hints.iter().enumerate() {
        let row = |columns: &[Vec<C>]| columns.iter().map(|column| column[at]).collect();
        out.push(C::value(Histogram {
            reset_hint,
            schema,
            zero_threshold,
            zero_count: zero_counts[at],
            count: counts[at],
            sum: sums[at],
            positive_spans: positive_spans.clone(),
            positive: row(&positive),
            negative_spans: negative_spans.clone(),
            negative: row(&negative),
            custom_bounds: custom_bounds.clone(),
        }));
    }
    Ok(())
}

/// The spans of one side, and how many buckets it has.
fn take_side(input: &mut Input<'_>) -> Result<(Vec<Span>, usize), CodecError> {
    let mut spans = Vec::new();
    for _ in 0..input.count("a number of spans")? {
        let offset = i32::try_from(input.signed("a span")?).map_err(|_| input.error("a span"))?;
        let length = u32::try_from(input.unsigned("a span")?).map_err(|_| input.error("a span"))?;
        spans.push(Span { offset, length });
    }
    Ok((spans, input.count("a number of buckets")?))
}
