//! From the protobuf to time series, one at a time, into vectors that are used again for the next.

use std::sync::Arc;

use model::histogram::{Histogram, ResetHint, Span};
use model::storage::HistogramValue;

use super::labels::{self, LabelsFault};
use super::wire::{DecodeError, Fields, Value, unfold};

/// How much of one request is taken. What a byte of a request can become in memory depends on these.
#[derive(Clone, Copy, Debug)]
pub struct DecodeLimits {
    /// Samples, histograms and exemplars together (`remote_write_max_samples_per_request`).
    pub max_samples: usize,
    /// Time series (`remote_write_max_series_per_request`).
    pub max_series: usize,
    /// Labels of a series.
    pub max_labels: usize,
    /// Bytes of a label's name or value.
    pub max_label_bytes: usize,
}

impl Default for DecodeLimits {
    fn default() -> DecodeLimits {
        DecodeLimits { max_samples: 500_000, max_series: 500_000, max_labels: 64, max_label_bytes: 4096 }
    }
}

/// A float sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value.
    pub value: f64,
}

/// A native histogram sample.
#[derive(Clone, Debug)]
pub struct HistogramSample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value; not yet checked for consistency.
    pub value: HistogramValue,
}

/// An exemplar.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Its labels, as they came; those that are not UTF-8 left out.
    pub labels: Vec<(&'a str, &'a str)>,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value.
    pub value: f64,
}

/// A time series of a request.
#[derive(Debug, Default)]
pub struct TimeSeries<'a> {
    /// Sorted by name, without empty values; not to be used where there is a fault.
    pub labels: Vec<(&'a str, &'a str)>,
    /// What is wrong with the labels.
    pub fault: Option<LabelsFault>,
    /// Float samples, as they came.
    pub samples: Vec<Sample>,
    /// Native histograms, as they came.
    pub histograms: Vec<HistogramSample>,
    /// Exemplars, as they came.
    pub exemplars: Vec<Exemplar<'a>>,
}

/// What is known of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// The family.
    pub family: &'a str,
    /// The type by its name in expositions; `unknown` for a number that is none.
    pub kind: &'static str,
    /// The help.
    pub help: &'a str,
    /// The unit.
    pub unit: &'a str,
}

/// Takes what a request holds.
pub trait RequestVisitor {
    /// Takes a time series.
    fn time_series(&mut self, series: &TimeSeries<'_>);

    /// Takes metadata.
    fn metadata(&mut self, metadata: Metadata<'_>) {
        let _ = metadata;
    }
}

/// Walks through a `prometheus.WriteRequest`.
///
/// # Errors
/// When the bytes are no such message or a limit is exceeded. The visitor has seen a part of the request then, of which
/// nothing may be kept.
pub fn decode(message: &[u8], limits: &DecodeLimits, visitor: &mut impl RequestVisitor) -> Result<(), DecodeError> {
    let mut fields = Fields::new(message);
    let mut series = TimeSeries::default();
    let (mut n_samples, mut n_series) = (0, 0);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => {
                n_series += 1;
                if n_series > limits.max_series {
                    return Err(DecodeError::TooManySeries { limit: limits.max_series });
                }
                series.read(value.bytes("Timeseries")?, limits, &mut n_samples)?;
                visitor.time_series(&series);
            }
            3 => visitor.metadata(Metadata::read(value.bytes("Metadata")?)?),
            _ => {}
        }
    }
    Ok(())
}

impl<'a> TimeSeries<'a> {
    fn clear(&mut self) {
        self.labels.clear();
        self.fault = None;
        self.samples.clear();
        self.histograms.clear();
        self.exemplars.clear();
    }

    fn read(&mut self, message: &'a [u8], limits: &DecodeLimits, n_samples: &mut usize) -> Result<(), DecodeError> {
        self.clear();
        let mut fields = Fields::new(message);
        let mut n_labels = 0;
        while let Some((number, value)) = fields.next()? {
            if (2..=4).contains(&number) {
                *n_samples += 1;
                if *n_samples > limits.max_samples {
                    return Err(DecodeError::TooManySamples { limit: limits.max_samples });
                }
            }
            match number {
                1 => {
                    n_labels += 1;
                    self.add_label(value.bytes("Labels")?, n_labels, limits)?;
                }
                2 => self.samples.push(Sample::read(value.bytes("Samples")?)?),
                3 => self.exemplars.push(Exemplar::read(value.bytes("Exemplars")?)?),
                4 => self.histograms.push(HistogramSample::read(value.bytes("Histograms")?)?),
                _ => {}
            }
        }
        if self.fault.is_none() {
            self.fault = labels::normalise(&mut self.labels).err();
        }
        Ok(())
    }

    fn add_label(&mut self, message: &'a [u8], n_labels: usize, limits: &DecodeLimits) -> Result<(), DecodeError> {
        let (name, value) = read_label(message)?;
        let n_bytes = name.len().max(value.len());
        if n_labels > limits.max_labels {
            self.fault = Some(LabelsFault::TooMany { n_labels, limit: limits.max_labels });
        } else if n_bytes > limits.max_label_bytes {
            self.fault = Some(LabelsFault::TooLong { n_bytes, limit: limits.max_label_bytes });
        } else if let (Some(name), Some(value)) = (text(name), text(value)) {
            self.labels.push((name, value));
        } else {
            self.fault = Some(LabelsFault::NotUtf8);
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn read_label(message: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let mut fields = Fields::new(message);
    let (mut name, mut value) = (&[][..], &[][..]);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => name = field.bytes("Name")?,
            2 => value = field.bytes("Value")?,
            _ => {}
        }
    }
    Ok((name, value))
}

impl Sample {
    fn read(message: &[u8]) -> Result<Sample, DecodeError> {
        let mut fields = Fields::new(message);
        let mut sample = Sample::default();
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => sample.value = value.double("Value")?,
                2 => sample.timestamp_ms = value.varint("Timestamp")? as i64,
                _ => {}
            }
        }
        Ok(sample)
    }
}

impl<'a> Exemplar<'a> {
    fn read(message: &'a [u8]) -> Result<Exemplar<'a>, DecodeError> {
        let mut fields = Fields::new(message);
        let mut exemplar = Exemplar { labels: Vec::new(), timestamp_ms: 0, value: 0.0 };
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => {
                    let (name, value) = read_label(value.bytes("Labels")?)?;
                    exemplar.labels.extend(text(name).zip(text(value)));
                }
                2 => exemplar.value = value.double("Value")?,
                3 => exemplar.timestamp_ms = value.varint("Timestamp")? as i64,
                _ => {}
            }
        }
        Ok(exemplar)
    }
}

impl<'a> Metadata<'a> {
    fn read(message: &'a [u8]) -> Result<Metadata<'a>, DecodeError> {
        const KINDS: [&str; 8] =
            ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];
        let mut fields = Fields::new(message);
        let mut metadata = Metadata { family: "", kind: KINDS[0], help: "", unit: "" };
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => {
                    let kind = usize::try_from(value.varint("Type")?).unwrap_or(0);
                    metadata.kind = KINDS.get(kind).unwrap_or(&KINDS[0]);
                }
                2 => metadata.family = text(value.bytes("MetricFamilyName")?).unwrap_or_default(),
                4 => metadata.help = text(value.bytes("Help")?).unwrap_or_default(),
                5 => metadata.unit = text(value.bytes("Unit")?).unwrap_or_default(),
                _ => {}
            }
        }
        Ok(metadata)
    }
}

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
    fn read(message: &[u8]) -> Result<HistogramSample, DecodeError> {
        let fields = HistogramFields::read(message)?;
        Ok(HistogramSample { timestamp_ms: fields.timestamp_ms, value: fields.into_value() })
    }
}

impl HistogramFields {
    fn read(message: &[u8]) -> Result<HistogramFields, DecodeError> {
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
