//! What a record of the log says: one committed batch, as a row of sections.
//!
//! | tag | section |
//! |---|---|
//! | 1 | series: numbers and the labels they stand for; strings once a section |
//! | 2 | a scrape in full: source, count, time, the numbers of its series, values |
//! | 3 | a scrape against the one before: source, count, time, values |
//! | 4 | samples of any series at any time |
//! | 5 | native histograms |
//! | 6 | since when the rows of the section behind it count; see [`super::starts`] |
//!
//! The numbers of series and sources are those of one run of the process. A section 3 leans on the scrape before; the
//! count says which that must be, so that after a loss nothing is read wrongly: the source's scrapes are skipped up to
//! its next section 2. Section 3 comes last in its record, because its length is not known without the scrape before. `docs/format/wal.md` draws the bytes.

use model::Labels;
use model::histogram::{Histogram, ResetHint, Span};
use model::storage::{HistogramValue, SeriesRef};
use rustc_hash::FxHashMap;

use super::values;
use super::varint::{DecodeError, Input, push_signed, push_unsigned};

/// The journal's kind for a committed batch.
pub(crate) const BATCH: u8 = 1;
/// The journal's kind for a second copy of definitions.
pub(crate) const NAMES: u8 = 2;

/// The bit in a source's number that says that its samples are derived from others in the store.
pub(crate) const DERIVED: u32 = 1 << 31;

pub(crate) const SERIES: u8 = 1;
pub(crate) const SCRAPE_FULL: u8 = 2;
pub(crate) const SCRAPE_DELTA: u8 = 3;
pub(crate) const SAMPLES: u8 = 4;
pub(crate) const HISTOGRAMS: u8 = 5;

/// Appends a series section. `placement` says which series are to stay together.
pub(crate) fn push_series<'a>(
    out: &mut Vec<u8>,
    placement: u32,
    series: impl ExactSizeIterator<Item = (SeriesRef, &'a Labels)>,
) {
    out.push(SERIES);
    out.extend_from_slice(&placement.to_le_bytes());
    push_unsigned(out, series.len() as u64);
    let mut known: FxHashMap<&'a str, u64> = FxHashMap::default();
    let mut push_string = |out: &mut Vec<u8>, text: &'a str| {
        let next = known.len() as u64 + 1;
        let number = *known.entry(text).or_insert(next);
        if number == next {
            push_unsigned(out, 0);
            push_unsigned(out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        } else {
            push_unsigned(out, number);
        }
    };
    for (reference, labels) in series {
        push_unsigned(out, reference.0);
        push_unsigned(out, labels.len() as u64);
        for (name, value) in labels {
            push_string(out, name);
            push_string(out, value);
        }
    }
}

/// Takes a series section apart, behind its tag.
pub(crate) fn take_series(
    input: &mut Input<'_>,
    mut found: impl FnMut(u32, SeriesRef, &Labels),
) -> Result<(), DecodeError> {
    let placement = input.bytes(4, "a placement")?;
    let placement = u32::from_le_bytes(placement.try_into().map_err(|_| input.error("a placement"))?);
    let mut known = Vec::new();
    for _ in 0..input.count("a number of series")? {
        let reference = SeriesRef(input.unsigned("the number of a series")?);
        let n_labels = input.count("a number of labels")?;
        let mut pairs = Vec::with_capacity(n_labels);
        for _ in 0..n_labels {
            let name = take_string(input, &mut known)?;
            let value = take_string(input, &mut known)?;
            pairs.push((name, value));
        }
        found(placement, reference, &Labels::from_pairs(pairs));
    }
    Ok(())
}

/// Takes apart the second copy of definitions. `None` where it makes no sense; what stood before the fault was found.
pub(crate) fn take_names(payload: &[u8], mut found: impl FnMut(u32, SeriesRef, &Labels)) -> Option<()> {
    let mut input = Input::new(payload);
    input.unsigned("the number of a segment").ok()?;
    while !input.is_empty() {
        (input.byte("a section").ok()? == SERIES).then_some(())?;
        take_series(&mut input, &mut found).ok()?;
    }
    Some(())
}

fn take_string<'a>(input: &mut Input<'a>, known: &mut Vec<&'a str>) -> Result<&'a str, DecodeError> {
    let number = input.unsigned("a string")? as usize;
    if number > 0 {
        return known.get(number - 1).copied().ok_or_else(|| input.error("a string that came before"));
    }
    let n_bytes = input.count("the length of a string")?;
    let bytes = input.bytes(n_bytes, "a string")?;
    let text = std::str::from_utf8(bytes).map_err(|_| input.error("a string in UTF-8"))?;
    known.push(text);
    Ok(text)
}

/// A scrape as the log has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScrapeHead {
    pub(crate) source: u32,
    /// One more than that of the source's scrape before.
    pub(crate) count: u64,
    pub(crate) timestamp_ms: i64,
}

/// Appends a scrape in full. Each value is written against the one of the row before.
pub(crate) fn push_scrape_full(out: &mut Vec<u8>, head: ScrapeHead, series: &[SeriesRef], bits: &[u64]) {
    out.push(SCRAPE_FULL);
    push_unsigned(out, u64::from(head.source));
    push_unsigned(out, head.count);
    push_signed(out, head.timestamp_ms);
    push_unsigned(out, series.len() as u64);
    push_references(out, series.iter().copied());
    push_against_neighbour(out, bits.iter().copied());
}

/// Appends a scrape of the same series as the source's scrape before, whose time and values are `last_ms` and `before`.
pub(crate) fn push_scrape_delta(out: &mut Vec<u8>, head: ScrapeHead, last_ms: i64, bits: &[u64], before: &[u64]) {
    out.push(SCRAPE_DELTA);
    push_unsigned(out, u64::from(head.source));
    push_unsigned(out, head.count);
    push_signed(out, head.timestamp_ms.wrapping_sub(last_ms));
    let mut before = before.iter().copied();
    values::push(out, bits.iter().copied(), |_| before.next().unwrap_or_default());
}

/// One sample, its value as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) series: SeriesRef,
    pub(crate) timestamp_ms: i64,
    pub(crate) bits: u64,
}

/// Appends samples of any series.
pub(crate) fn push_samples(out: &mut Vec<u8>, rows: &[Row]) {
    out.push(SAMPLES);
    push_unsigned(out, rows.len() as u64);
    push_references(out, rows.iter().map(|row| row.series));
    let mut last_ms = 0;
    for row in rows {
        push_signed(out, row.timestamp_ms.wrapping_sub(last_ms));
        last_ms = row.timestamp_ms;
    }
    push_against_neighbour(out, rows.iter().map(|row| row.bits));
}

/// Takes a samples section apart, behind its tag.
pub(crate) fn take_samples(input: &mut Input<'_>, rows: &mut Vec<Row>) -> Result<(), DecodeError> {
    let n_rows = input.count("a number of samples")?;
    let from = rows.len();
    take_references(input, n_rows, |series| rows.push(Row { series, timestamp_ms: 0, bits: 0 }))?;
    let rows = &mut rows[from..];
    let mut last_ms = 0i64;
    for row in &mut *rows {
        last_ms = last_ms.wrapping_add(input.signed("a timestamp")?);
        row.timestamp_ms = last_ms;
    }
    take_against_neighbour(input, n_rows, |at, bits| rows[at].bits = bits)
}

/// Appends the numbers of series, each against the one before.
fn push_references(out: &mut Vec<u8>, references: impl Iterator<Item = SeriesRef>) {
    let mut last = 0;
    for reference in references {
        push_signed(out, reference.0.wrapping_sub(last) as i64);
        last = reference.0;
    }
}

pub(crate) fn take_references(
    input: &mut Input<'_>,
    n_references: usize,
    mut found: impl FnMut(SeriesRef),
) -> Result<(), DecodeError> {
    let mut last = 0u64;
    for _ in 0..n_references {
        last = last.wrapping_add(input.signed("the number of a series")? as u64);
        found(SeriesRef(last));
    }
    Ok(())
}

fn push_against_neighbour(out: &mut Vec<u8>, bits: impl Iterator<Item = u64>) {
    let mut last = 0;
    values::push(out, bits, |bits| std::mem::replace(&mut last, bits));
}

pub(crate) fn take_against_neighbour(
    input: &mut Input<'_>,
    n_values: usize,
    mut found: impl FnMut(usize, u64),
) -> Result<(), DecodeError> {
    let last = std::cell::Cell::new(0);
    values::take(
        input,
        n_values,
        |_| last.get(),
        |at, bits| {
            last.set(bits);
            found(at, bits);
        },
    )
}

/// Appends native histograms.
pub(crate) fn push_histograms<'a>(
    out: &mut Vec<u8>,
    rows: impl ExactSizeIterator<Item = (SeriesRef, i64, &'a HistogramValue)>,
) {
    out.push(HISTOGRAMS);
    push_unsigned(out, rows.len() as u64);
    for (series, timestamp_ms, value) in rows {
        push_unsigned(out, series.0);
        push_signed(out, timestamp_ms);
        match value {
            HistogramValue::Integer(histogram) => push_histogram(out, 0, histogram, |out, n| push_unsigned(out, *n)),
            HistogramValue::Float(histogram) => {
                push_histogram(out, 1, histogram, |out, n| out.extend_from_slice(&n.to_le_bytes()));
            }
        }
    }
}

fn push_histogram<Count>(
    out: &mut Vec<u8>,
    kind: u8,
    histogram: &Histogram<Count>,
    push_count: impl Fn(&mut Vec<u8>, &Count),
) {
    let hint = match histogram.reset_hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    };
    out.push(kind | hint << 1);
    push_signed(out, i64::from(histogram.schema));
    out.extend_from_slice(&histogram.zero_threshold.to_le_bytes());
    out.extend_from_slice(&histogram.sum.to_le_bytes());
    push_count(out, &histogram.zero_count);
    push_count(out, &histogram.count);
    for (spans, counts) in
        [(&histogram.positive_spans, &histogram.positive), (&histogram.negative_spans, &histogram.negative)]
    {
        push_unsigned(out, spans.len() as u64);
        for span in spans {
            push_signed(out, i64::from(span.offset));
            push_unsigned(out, u64::from(span.length));
        }
        push_unsigned(out, counts.len() as u64);
        counts.iter().for_each(|count| push_count(out, count));
    }
    push_unsigned(out, histogram.custom_bounds.len() as u64);
    histogram.custom_bounds.iter().for_each(|bound| out.extend_from_slice(&bound.to_le_bytes()));
}

/// Takes a histograms section apart, behind its tag.
pub(crate) fn take_histograms(
    input: &mut Input<'_>,
    mut found: impl FnMut(SeriesRef, i64, HistogramValue),
) -> Result<(), DecodeError> {
    for _ in 0..input.count("a number of histograms")? {
        let series = SeriesRef(input.unsigned("the number of a series")?);
        let timestamp_ms = input.signed("a timestamp")?;
        let kind = input.byte("the kind of a histogram")?;
        let value = match kind & 1 {
            0 => HistogramValue::Integer(take_histogram(input, kind, |input| input.unsigned("a count"))?.into()),
            _ => HistogramValue::Float(take_histogram(input, kind, |input| input.float("a count"))?.into()),
        };
        found(series, timestamp_ms, value);
    }
    Ok(())
}

fn take_histogram<Count>(
    input: &mut Input<'_>,
    kind: u8,
    take_count: impl Fn(&mut Input<'_>) -> Result<Count, DecodeError>,
) -> Result<Histogram<Count>, DecodeError> {
    let reset_hint = match kind >> 1 {
        0 => ResetHint::Unknown,
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => return Err(input.error("a reset hint")),
    };
    let schema = i32::try_from(input.signed("a schema")?).map_err(|_| input.error("a schema"))?;
    let zero_threshold = input.float("a zero threshold")?;
    let sum = input.float("a sum")?;
    let zero_count = take_count(input)?;
    let count = take_count(input)?;
    let mut side = || -> Result<(Vec<Span>, Vec<Count>), DecodeError> {
        let spans = (0..input.count("a number of spans")?).map(|_| take_span(input)).collect::<Result<_, _>>()?;
        let counts = (0..input.count("a number of buckets")?).map(|_| take_count(input)).collect::<Result<_, _>>()?;
        Ok((spans, counts))
    };
    let (positive_spans, positive) = side()?;
    let (negative_spans, negative) = side()?;
    let custom_bounds =
        (0..input.count("a number of bounds")?).map(|_| input.float("a bound")).collect::<Result<_, _>>()?;
    Ok(Histogram {
        reset_hint,
        schema,
        zero_threshold,
        zero_count,
        count,
        sum,
        positive_spans,
        positive,
        negative_spans,
        negative,
        custom_bounds,
    })
}

fn take_span(input: &mut Input<'_>) -> Result<Span, DecodeError> {
    let offset = i32::try_from(input.signed("a span")?).map_err(|_| input.error("a span"))?;
    let length = u32::try_from(input.unsigned("a span")?).map_err(|_| input.error("a span"))?;
    Ok(Span { offset, length })
}
