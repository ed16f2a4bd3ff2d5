//! Version 1, `prometheus.WriteRequest`: to time series, one at a time, into vectors that are used again for the next.
//!
//! The labels of a series nearly always stand at its front and are what they were in the request before. A visitor that
//! has keys is asked for them by a hash of their bytes; where it knows them, they are not read at all.

use super::labels::{self, LabelsFault};
use super::visit::{DecodeLimits, Exemplar, HistogramSample, Metadata, RequestVisitor, Sample, TimeSeries};
use super::wire::{DecodeError, Fields, take_varint};

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
                limits.count_series(&mut n_series)?;
                series.read(value.bytes("Timeseries")?, limits, &mut n_samples, visitor)?;
                visitor.time_series(&series);
            }
            3 => visitor.metadata(Metadata::read(value.bytes("Metadata")?)?),
            _ => {}
        }
    }
    Ok(())
}

/// The field of a label.
const LABEL_TAG: u8 = 1 << 3 | 2;

/// Cuts a series in two: the labels at its front, and the rest.
fn split_labels(message: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = message;
    while let Some((&LABEL_TAG, mut behind)) = rest.split_first() {
        let length = take_varint(&mut behind).ok().and_then(|length| usize::try_from(length).ok());
        let Some(behind) = length.and_then(|length| behind.get(length..)) else { break };
        rest = behind;
    }
    (&message[..message.len() - rest.len()], rest)
}

impl<'a> TimeSeries<'a> {
    fn read(
        &mut self,
        message: &'a [u8],
        limits: &DecodeLimits,
        n_samples: &mut usize,
        visitor: &mut impl RequestVisitor,
    ) -> Result<(), DecodeError> {
        self.clear();
        let (labels, rest) = split_labels(message);
        match self.read_rest(rest, limits, n_samples) {
            Ok(false) => {
                let key = visitor.keys().map(|keys| keys.of(labels));
                if key.is_some_and(|key| visitor.knows(key)) { Ok(()) } else { self.read_labels(labels, limits) }
            }
            Ok(true) => self.read_labels(message, limits),
            // A fault in the labels comes before it.
            Err(error) => self.read_labels(labels, limits).and(Err(error)),
        }
    }

    /// Reads all but labels, and answers whether there are labels among it.
    fn read_rest(&mut self, rest: &'a [u8], limits: &DecodeLimits, n_samples: &mut usize) -> Result<bool, DecodeError> {
        let mut fields = Fields::new(rest);
        let mut has_labels = false;
        while let Some((number, value)) = fields.next()? {
            limits.count_sample((2..=4).contains(&number), n_samples)?;
            match number {
                1 => {
                    read_label(value.bytes("Labels")?)?;
                    has_labels = true;
                }
                2 => self.samples.push(Sample::read(value.bytes("Samples")?)?),
                3 => self.exemplars.push(Exemplar::read(value.bytes("Exemplars")?)?),
                4 => self.histograms.push(HistogramSample::read(value.bytes("Histograms")?)?),
                _ => {}
            }
        }
        Ok(has_labels)
    }

    fn read_labels(&mut self, message: &'a [u8], limits: &DecodeLimits) -> Result<(), DecodeError> {
        let mut fields = Fields::new(message);
        let mut n_labels = 0;
        while let Some((number, value)) = fields.next()? {
            if number == 1 {
                n_labels += 1;
                let (name, value) = read_label(value.bytes("Labels")?)?;
                self.add_label(name, value, n_labels, limits);
            }
        }
        if self.fault.is_none() {
            self.fault = labels::normalise(&mut self.labels).err();
        }
        Ok(())
    }

    pub(super) fn add_label(&mut self, name: &'a [u8], value: &'a [u8], n_labels: usize, limits: &DecodeLimits) {
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

impl<'a> Exemplar<'a> {
    fn read(message: &'a [u8]) -> Result<Exemplar<'a>, DecodeError> {
        let mut fields = Fields::new(message);
        let mut exemplar = Exemplar { labels: Vec::new(), timestamp_ms: 0, value: 0.0, fault: None };
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
        let mut fields = Fields::new(message);
        let mut metadata = Metadata::default();
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => metadata.kind = Metadata::kind(value.varint("Type")?),
                2 => metadata.family = text(value.bytes("MetricFamilyName")?).unwrap_or_default(),
                4 => metadata.help = text(value.bytes("Help")?).unwrap_or_default(),
                5 => metadata.unit = text(value.bytes("Unit")?).unwrap_or_default(),
                _ => {}
            }
        }
        Ok(metadata)
    }
}
