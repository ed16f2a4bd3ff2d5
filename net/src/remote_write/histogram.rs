//! Native histograms, which stand in both versions of the message under the same numbers.

use std::sync::Arc;

use model::histogram::{Histogram, ResetHint, Span};
use model::storage::HistogramValue;

use super::visit::HistogramSample;
use super::wire::{DecodeError, Fields, Value, unfold};

/// One of the two kinds of a count.
#[derive(Clone, Copy, Debug)]
enum Count {
    Integer(u64),
    Float(f64),
}

impl Count {
    fn as_integer(self) -> u64 {
        if let Count::Integer(count) = self { count } else { 0 }
    }

    fn as_float(self) -> f64 {
        if let Count::Float(count) = self { count } else { 0.0 }
    }
}

/// A histogram as it stands in the message.
#[derive(Debug)]
struct HistogramFields {
    count: Count,
    zero_count: Count,
    sum: f64,
    schema: i32,
    zero_threshold: f64,
    negative: Buckets,
    positive: Buckets,
    reset_hint: ResetHint,
    timestamp_ms: i64,
    custom_bounds: Vec<f64>,
}

/// One side of a histogram: either deltas or counts.
#[derive(Debug, Default)]
struct Buckets {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl Buckets {
    fn add_span(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        let mut fields = Fields::new(message);
        let mut span = Span { offset: 0, length: 0 };
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => span.offset = unfold(value.varint("Offset")?) as i32,
                2 => span.length = value.varint("Length")? as u32,
                _ => {}
            }
        }
        self.spans.push(span);
        Ok(())
    }

    fn add_deltas(&mut self, value: Value<'_>, field: &'static str) -> Result<(), DecodeError> {
        value.varints(field, |number| self.deltas.push(unfold(number)))
    }

    /// Counts from the differences between them. What goes below zero wraps; a check of the histogram finds it.
    fn integers(&self) -> Vec<u64> {
        let mut count = 0i64;
        self.deltas
            .iter()
            .map(|delta| {
                count = count.wrapping_add(*delta);
                count as u64
            })
            .collect()
    }
}

impl HistogramSample {
    pub(super) fn read(message: &[u8]) -> Result<HistogramSample, DecodeError> {
        let fields = HistogramFields::read(message, |_, _| Ok(()))?;
        Ok(HistogramSample { timestamp_ms: fields.timestamp_ms, start_ms: 0, value: fields.into_value() })
    }

    /// A histogram of version 2, which may say since when it counts.
    pub(super) fn read_with_start(message: &[u8]) -> Result<HistogramSample, DecodeError> {
        let mut start_ms = 0;
        let fields = HistogramFields::read(message, |number, value| {
            if number == 17 {
                start_ms = value.varint("StartTimestamp")? as i64;
            }
            Ok(())
        })?;
        Ok(HistogramSample { timestamp_ms: fields.timestamp_ms, start_ms, value: fields.into_value() })
    }
}

impl HistogramFields {
    fn read(
        message: &[u8],
        mut other: impl FnMut(u32, Value<'_>) -> Result<(), DecodeError>,
    ) -> Result<HistogramFields, DecodeError> {
        let mut histogram = HistogramFields {
            count: Count::Integer(0),
            zero_count: Count::Integer(0),
            sum: 0.0,
            schema: 0,
            zero_threshold: 0.0,
            negative: Buckets::default(),
            positive: Buckets::default(),
            reset_hint: ResetHint::Unknown,
            timestamp_ms: 0,
            custom_bounds: Vec::new(),
        };
        let mut fields = Fields::new(message);
        while let Some((number, value)) = fields.next()? {
            histogram.set(number, value)?;
            other(number, value)?;
        }
        Ok(histogram)
    }

    fn set(&mut self, number: u32, value: Value<'_>) -> Result<(), DecodeError> {
        match number {
            1 => self.count = Count::Integer(value.varint("CountInt")?),
            2 => self.count = Count::Float(value.double("CountFloat")?),
            3 => self.sum = value.double("Sum")?,
            4 => self.schema = unfold(value.varint("Schema")?) as i32,
            5 => self.zero_threshold = value.double("ZeroThreshold")?,
            6 => self.zero_count = Count::Integer(value.varint("ZeroCountInt")?),
            7 => self.zero_count = Count::Float(value.double("ZeroCountFloat")?),
            8 => self.negative.add_span(value.bytes("NegativeSpans")?)?,
            9 => self.negative.add_deltas(value, "NegativeDeltas")?,
            10 => value.doubles("NegativeCounts", &mut self.negative.counts)?,
            11 => self.positive.add_span(value.bytes("PositiveSpans")?)?,
            12 => self.positive.add_deltas(value, "PositiveDeltas")?,
            13 => value.doubles("PositiveCounts", &mut self.positive.counts)?,
            14 => {
                self.reset_hint = match value.varint("ResetHint")? {
                    1 => ResetHint::Reset,
                    2 => ResetHint::NotReset,
                    3 => ResetHint::Gauge,
                    _ => ResetHint::Unknown,
                }
            }
            15 => self.timestamp_ms = value.varint("Timestamp")? as i64,
            16 => value.doubles("CustomValues", &mut self.custom_bounds)?,
            _ => {}
        }
        Ok(())
    }

    fn into_value(self) -> HistogramValue {
        match self.count {
            Count::Integer(count) => {
                let (positive, negative) = (self.positive.integers(), self.negative.integers());
                let zero_count = self.zero_count.as_integer();
                HistogramValue::Integer(Arc::new(self.with_counts(count, zero_count, positive, negative)))
            }
            Count::Float(count) => {
                let (positive, negative) = (self.positive.counts.clone(), self.negative.counts.clone());
                let zero_count = self.zero_count.as_float();
                HistogramValue::Float(Arc::new(self.with_counts(count, zero_count, positive, negative)))
            }
        }
    }

    fn with_counts<T>(self, count: T, zero_count: T, positive: Vec<T>, negative: Vec<T>) -> Histogram<T> {
        Histogram {
            reset_hint: self.reset_hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count,
            count,
            sum: self.sum,
            positive_spans: self.positive.spans,
            positive,
            negative_spans: self.negative.spans,
            negative,
            custom_bounds: self.custom_bounds,
        }
    }
}
