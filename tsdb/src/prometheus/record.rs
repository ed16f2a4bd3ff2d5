//! The records of the log.

use std::sync::Arc;

use model::Labels;
use model::histogram::{CUSTOM_BUCKETS_SCHEMA, Histogram, ResetHint, Span};
use model::sample;
use model::storage::HistogramValue;

use super::Malformed;
use super::bytes::BigEndian;
use super::histograms::{counts, stale};
use crate::wal::varint::Input;

const SERIES: u8 = 1;
const SAMPLES: u8 = 2;
const TOMBSTONES: u8 = 3;
const EXEMPLARS: u8 = 4;
const MAPPED_CHUNKS: u8 = 5;
const METADATA: u8 = 6;
const HISTOGRAMS: u8 = 7;
const FLOAT_HISTOGRAMS: u8 = 8;
const CUSTOM_HISTOGRAMS: u8 = 9;
const CUSTOM_FLOAT_HISTOGRAMS: u8 = 10;
const SAMPLES_2: u8 = 11;
const HISTOGRAMS_2: u8 = 12;
const FLOAT_HISTOGRAMS_2: u8 = 13;

/// No start time; that of the sample before; otherwise one follows.
const NO_START: u8 = 0;
const SAME_START: u8 = 1;
const GAUGE: u8 = 3;

/// What stands in a record, row by row. Series go by the numbers of the log.
#[derive(Debug)]
pub(super) enum Row {
    Series(u64, Labels),
    Float {
        series: u64,
        timestamp_ms: i64,
        /// The time since which it counts; 0 where that is not known.
        start_ms: i64,
        bits: u64,
    },
    Histogram {
        series: u64,
        timestamp_ms: i64,
        start_ms: i64,
        value: HistogramValue,
    },
    /// A histogram of a schema that is not known.
    UnknownHistogram,
    Deleted {
        series: u64,
        from_ms: i64,
        to_ms: i64,
    },
    /// A record of things that are not kept.
    Exemplars,
    Metadata,
}

/// Hands out the rows of a record. Those before an error have been handed out.
pub(super) fn read(record: &[u8], take: &mut dyn FnMut(Row)) -> Result<(), Malformed> {
    let mut input = Input::new(record);
    let Ok(kind) = input.byte("") else { return Ok(()) };
    match kind {
        SERIES => series(&mut input, take),
        SAMPLES => rows(&mut input, take, float),
        SAMPLES_2 => rows_with_starts(&mut input, take, float),
        TOMBSTONES => tombstones(&mut input, take),
        HISTOGRAMS | CUSTOM_HISTOGRAMS => rows(&mut input, take, integer_histogram),
        FLOAT_HISTOGRAMS | CUSTOM_FLOAT_HISTOGRAMS => rows(&mut input, take, float_histogram),
        HISTOGRAMS_2 => rows_with_starts(&mut input, take, integer_histogram),
        FLOAT_HISTOGRAMS_2 => rows_with_starts(&mut input, take, float_histogram),
        EXEMPLARS | METADATA => {
            take(if kind == EXEMPLARS { Row::Exemplars } else { Row::Metadata });
            Ok(())
        }
        // Which chunks were made of late samples: these are read where they are.
        MAPPED_CHUNKS => Ok(()),
        _ => Err(Malformed::Nonsense("a record of an unknown kind")),
    }
}

fn series(input: &mut Input<'_>, take: &mut dyn FnMut(Row)) -> Result<(), Malformed> {
    while !input.is_empty() {
        let series = input.be64("a series")?;
        let n_labels = input.count("a count of labels")?;
        let mut pairs = Vec::with_capacity(n_labels.min(64));
        for _ in 0..n_labels {
            pairs.push((input.text("a name")?.to_owned(), input.text("a value")?.to_owned()));
        }
        take(Row::Series(series, Labels::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value)))));
    }
    Ok(())
}

fn tombstones(input: &mut Input<'_>, take: &mut dyn FnMut(Row)) -> Result<(), Malformed> {
    while !input.is_empty() {
        let series = input.be64("a series")?;
        let (from_ms, to_ms) = (input.signed("a time")?, input.signed("a time")?);
        take(Row::Deleted { series, from_ms, to_ms });
    }
    Ok(())
}

/// Whose a value is: the series, its time, and the time since which it counts.
#[derive(Clone, Copy, Debug)]
struct At {
    series: u64,
    timestamp_ms: i64,
    start_ms: i64,
}

/// Reads a value.
type ReadValue = fn(&mut Input<'_>, At) -> Result<Row, Malformed>;

/// Rows by how series and time differ from those at the beginning.
fn rows(input: &mut Input<'_>, take: &mut dyn FnMut(Row), value: ReadValue) -> Result<(), Malformed> {
    if input.is_empty() {
        return Ok(());
    }
    let (first, first_ms) = (input.be64("a series")?, input.be64("a time")? as i64);
    while !input.is_empty() {
        let series = first.wrapping_add(input.signed("a series")? as u64);
        let timestamp_ms = first_ms.wrapping_add(input.signed("a time")?);
        take(value(input, At { series, timestamp_ms, start_ms: 0 })?);
    }
    Ok(())
}

/// Rows by how the series differs from the one before and the time from that of the first.
fn rows_with_starts(input: &mut Input<'_>, take: &mut dyn FnMut(Row), value: ReadValue) -> Result<(), Malformed> {
    let mut first: Option<(i64, i64)> = None;
    let (mut series, mut start_ms) = (0u64, 0i64);
    while !input.is_empty() {
        series = series.wrapping_add(input.signed("a series")? as u64);
        let time_ms = input.signed("a time")?;
        let timestamp_ms = first.map_or(time_ms, |(first_ms, _)| first_ms.wrapping_add(time_ms));
        start_ms = match first {
            None => input.signed("a start time")?,
            Some((_, first_start_ms)) => match input.byte("how it starts")? {
                NO_START => 0,
                SAME_START => start_ms,
                _ => first_start_ms.wrapping_add(input.signed("a start time")?),
            },
        };
        first = first.or(Some((timestamp_ms, start_ms)));
        take(value(input, At { series, timestamp_ms, start_ms })?);
    }
    Ok(())
}

fn float(input: &mut Input<'_>, At { series, timestamp_ms, start_ms }: At) -> Result<Row, Malformed> {
    Ok(Row::Float { series, timestamp_ms, start_ms, bits: input.be64("a value")? })
}

fn integer_histogram(input: &mut Input<'_>, at: At) -> Result<Row, Malformed> {
    let count = |input: &mut Input<'_>| input.unsigned("a count").map_err(Malformed::from);
    let buckets = |input: &mut Input<'_>| {
        let n_buckets = input.count("a count of buckets")?;
        let differences = (0..n_buckets).map(|_| input.signed("a bucket"));
        counts(differences.collect::<Result<Vec<_>, _>>()?.into_iter())
    };
    let read = histogram(input, count, buckets)?;
    Ok(row(at, read.schema, || HistogramValue::Integer(Arc::new(read))))
}

fn float_histogram(input: &mut Input<'_>, at: At) -> Result<Row, Malformed> {
    let buckets = |input: &mut Input<'_>| {
        let n_buckets = input.count("a count of buckets")?;
        (0..n_buckets).map(|_| be_float(input)).collect::<Result<Vec<_>, _>>()
    };
    let read = histogram(input, be_float, buckets)?;
    Ok(row(at, read.schema, || HistogramValue::Float(Arc::new(read))))
}

fn row(At { series, timestamp_ms, start_ms }: At, schema: i32, value: impl FnOnce() -> HistogramValue) -> Row {
    if (-4..=8).contains(&schema) || schema == CUSTOM_BUCKETS_SCHEMA {
        Row::Histogram { series, timestamp_ms, start_ms, value: value() }
    } else {
        Row::UnknownHistogram
    }
}

fn histogram<Count: Default>(
    input: &mut Input<'_>,
    count: impl Fn(&mut Input<'_>) -> Result<Count, Malformed>,
    buckets: impl Fn(&mut Input<'_>) -> Result<Vec<Count>, Malformed>,
) -> Result<Histogram<Count>, Malformed> {
    // Of counter resets nothing is kept, as with chunks.
    let reset_hint = if input.byte("a hint")? == GAUGE { ResetHint::Gauge } else { ResetHint::Unknown };
    let schema = i32::try_from(input.signed("a schema")?).map_err(|_| Malformed::Nonsense("a schema"))?;
    let zero_threshold = be_float(input)?;
    let (zero_count, total, sum) = (count(input)?, count(input)?, be_float(input)?);
    let (positive_spans, negative_spans) = (spans(input)?, spans(input)?);
    let (positive, negative) = (buckets(input)?, buckets(input)?);
    let custom_bounds = if schema == CUSTOM_BUCKETS_SCHEMA { bounds(input)? } else { Vec::new() };
    // Of a stale marker chunks keep nothing else.
    if sample::is_stale(sum) {
        return Ok(stale(sum));
    }
    Ok(Histogram {
        reset_hint,
        schema,
        zero_threshold,
        zero_count,
        count: total,
        sum,
        positive_spans,
        positive,
        negative_spans,
        negative,
        custom_bounds,
    })
}

fn be_float(input: &mut Input<'_>) -> Result<f64, Malformed> {
    Ok(f64::from_bits(input.be64("a float")?))
}

fn spans(input: &mut Input<'_>) -> Result<Vec<Span>, Malformed> {
    let n_spans = input.count("a count of spans")?;
    let mut spans = Vec::new();
    for _ in 0..n_spans {
        let offset = i32::try_from(input.signed("a span")?).map_err(|_| Malformed::Nonsense("a span's offset"))?;
        let length = u32::try_from(input.unsigned("a span")?).map_err(|_| Malformed::Nonsense("a span's length"))?;
        spans.push(Span { offset, length });
    }
    Ok(spans)
}

fn bounds(input: &mut Input<'_>) -> Result<Vec<f64>, Malformed> {
    let n_bounds = input.count("a count of bounds")?;
    (0..n_bounds).map(|_| be_float(input)).collect()
}
