//! What a request holds, as it is handed out: the same for both versions of the message.

use model::storage::HistogramValue;

use super::keys::{LabelsKey, LabelsKeys};
use super::labels::LabelsFault;
use super::wire::{DecodeError, Fields, Value, take_varint};

/// The fields of a sample.
const VALUE_TAG: u8 = 1 << 3 | 1;
const TIMESTAMP_TAG: u8 = 2 << 3;
const START_TAG: u8 = 3 << 3;

/// How much of one request is taken. What a byte of a request can become in memory depends on these.
#[derive(Clone, Copy, Debug)]
pub struct DecodeLimits {
    /// Samples, histograms and exemplars together (`remote_write_max_samples_per_request`).
    pub max_samples: usize,
    /// Time series (`remote_write_max_series_per_request`).
    pub max_series: usize,
    /// Texts in the table of a request of version 2 (`remote_write_max_symbols_per_request`).
    pub max_symbols: usize,
    /// Labels of a series.
    pub max_labels: usize,
    /// Bytes of a label's name or value.
    pub max_label_bytes: usize,
}

impl Default for DecodeLimits {
    fn default() -> DecodeLimits {
        DecodeLimits {
            max_samples: 500_000,
            max_series: 500_000,
            max_symbols: 1_000_000,
            max_labels: 64,
            max_label_bytes: 4096,
        }
    }
}

/// A float sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The time since which it counts, in version 2; 0 where that is not known.
    pub start_ms: i64,
    /// The value.
    pub value: f64,
}

/// A native histogram sample.
#[derive(Clone, Debug)]
pub struct HistogramSample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The time since which it counts, in version 2; 0 where that is not known.
    pub start_ms: i64,
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
    /// What is wrong with its labels, where they are places in a table.
    pub fault: Option<LabelsFault>,
}

/// A time series of a request.
#[derive(Debug, Default)]
pub struct TimeSeries<'a> {
    /// Sorted by name, without empty values; not to be used where there is a fault, and empty where the visitor knows
    /// the series.
    pub labels: Vec<(&'a str, &'a str)>,
    /// What is wrong with the labels, or with the metadata.
    pub fault: Option<LabelsFault>,
    /// The places of names and values in the table of symbols, in version 2.
    pub labels_refs: Vec<u32>,
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

impl Default for Metadata<'_> {
    fn default() -> Self {
        Metadata { family: "", kind: Metadata::kind(0), help: "", unit: "" }
    }
}

/// Takes what a request holds.
pub trait RequestVisitor {
    /// What makes keys of labels, for a visitor that remembers them.
    fn keys(&self) -> Option<&LabelsKeys> {
        None
    }

    /// Whether the visitor remembers the series that comes next by this key: its labels are not read then. It only does
    /// if it was handed the same labels without a fault before.
    fn knows(&mut self, key: LabelsKey) -> bool {
        let _ = key;
        false
    }

    /// Takes a time series.
    fn time_series(&mut self, series: &TimeSeries<'_>);

    /// Takes metadata.
    fn metadata(&mut self, metadata: Metadata<'_>) {
        let _ = metadata;
    }
}

impl DecodeLimits {
    pub(super) fn count_series(&self, n_series: &mut usize) -> Result<(), DecodeError> {
        *n_series += 1;
        if *n_series > self.max_series {
            return Err(DecodeError::TooManySeries { limit: self.max_series });
        }
        Ok(())
    }

    /// Counts what came if it is a sample.
    #[inline]
    pub(super) fn count_sample(&self, is_sample: bool, n_samples: &mut usize) -> Result<(), DecodeError> {
        *n_samples += usize::from(is_sample);
        if *n_samples > self.max_samples {
            return Err(DecodeError::TooManySamples { limit: self.max_samples });
        }
        Ok(())
    }
}

impl TimeSeries<'_> {
    pub(super) fn clear(&mut self) {
        self.labels.clear();
        self.labels_refs.clear();
        self.fault = None;
        self.samples.clear();
        self.histograms.clear();
        self.exemplars.clear();
    }
}

impl Sample {
    #[inline]
    pub(super) fn read(message: &[u8]) -> Result<Sample, DecodeError> {
        Sample::read_usual(message).map_or_else(|| Sample::read_any(message), Ok)
    }

    /// As nearly all are written: value and timestamp, in this order.
    #[inline]
    fn read_usual(message: &[u8]) -> Option<Sample> {
        Sample::read_first(message).and_then(|(sample, behind)| behind.is_empty().then_some(sample))
    }

    /// The same, and then perhaps the start, as version 2 has it.
    #[inline]
    fn read_usual_with_start(message: &[u8]) -> Option<Sample> {
        let (sample, mut behind) = Sample::read_first(message)?;
        if behind.is_empty() {
            return Some(sample);
        }
        behind = behind.strip_prefix(&[START_TAG])?;
        let start_ms = take_varint(&mut behind).ok()? as i64;
        behind.is_empty().then_some(Sample { start_ms, ..sample })
    }

    /// Value and timestamp, and what stands behind them.
    #[inline]
    fn read_first(message: &[u8]) -> Option<(Sample, &[u8])> {
        let (&VALUE_TAG, behind) = message.split_first()? else { return None };
        let (bits, behind) = behind.split_first_chunk()?;
        let (&TIMESTAMP_TAG, mut behind) = behind.split_first()? else { return None };
        let timestamp_ms = take_varint(&mut behind).ok()? as i64;
        Some((Sample { timestamp_ms, start_ms: 0, value: f64::from_le_bytes(*bits) }, behind))
    }

    fn read_any(message: &[u8]) -> Result<Sample, DecodeError> {
        Sample::read_fields(message, |_, _, _| Ok(()))
    }

    /// A sample of version 2, which may say since when it counts.
    #[inline]
    pub(super) fn read_with_start(message: &[u8]) -> Result<Sample, DecodeError> {
        Sample::read_usual_with_start(message).map_or_else(|| Sample::read_fields(message, read_start), Ok)
    }

    fn read_fields(
        message: &[u8],
        other: impl Fn(&mut Sample, u32, Value<'_>) -> Result<(), DecodeError>,
    ) -> Result<Sample, DecodeError> {
        let mut fields = Fields::new(message);
        let mut sample = Sample::default();
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => sample.value = value.double("Value")?,
                2 => sample.timestamp_ms = value.varint("Timestamp")? as i64,
                _ => other(&mut sample, number, value)?,
            }
        }
        Ok(sample)
    }
}

fn read_start(sample: &mut Sample, number: u32, value: Value<'_>) -> Result<(), DecodeError> {
    if number == 3 {
        sample.start_ms = value.varint("StartTimestamp")? as i64;
    }
    Ok(())
}

impl Metadata<'_> {
    /// The type that a number stands for.
    pub(super) fn kind(number: u64) -> &'static str {
        const KINDS: [&str; 8] =
            ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];
        usize::try_from(number).ok().and_then(|number| KINDS.get(number)).unwrap_or(&KINDS[0])
    }
}
