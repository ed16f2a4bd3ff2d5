//! From samples to the protobuf of a request: the other direction of `decode` and `decode_v2`.

use std::collections::HashMap;

use model::Labels;
use model::histogram::{Histogram, ResetHint, Span};
use model::storage::HistogramValue;

use super::content::Version;
use super::push::{
    fold, push_bytes, push_double, push_folded, push_message, push_number, push_packed, push_packed_doubles,
    push_varint,
};

/// A sample to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Its series.
    pub labels: &'a Labels,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The time since which it counts, which only version 2 says; 0 where that is not known.
    pub start_ms: i64,
    /// The value.
    pub value: OutgoingValue<'a>,
}

/// The value of a sample to be sent.
#[derive(Clone, Copy, Debug)]
pub enum OutgoingValue<'a> {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(&'a HistogramValue),
}

/// The message of a request of either version: a time series for each run of samples of one series.
pub fn encode<'a>(version: Version, samples: impl Iterator<Item = Outgoing<'a>>) -> Vec<u8> {
    let mut request = Request::new(version);
    let mut samples = samples.peekable();
    while let Some(first) = samples.next() {
        request.begin_series(first.labels);
        request.sample(&first);
        while let Some(next) = samples.next_if(|next| next.labels == first.labels) {
            request.sample(&next);
        }
        request.end_series();
    }
    request.finish()
}

/// Compresses a message with snappy, as a block.
///
/// # Errors
/// When it is longer than snappy can say, 4 GiB.
pub fn compress(message: &[u8]) -> Result<Vec<u8>, snap::Error> {
    snap::raw::Encoder::new().compress_vec(message)
}

/// A request in the making.
#[derive(Debug)]
struct Request<'a> {
    version: Version,
    /// The series so far.
    out: Vec<u8>,
    series: Vec<u8>,
    scratch: Vec<u8>,
    /// Version 2.0: names and values, by their numbers.
    symbols: HashMap<&'a str, u64>,
    texts: Vec<&'a str>,
}

impl<'a> Request<'a> {
    fn new(version: Version) -> Request<'a> {
        Request {
            version,
            out: Vec::new(),
            series: Vec::new(),
            scratch: Vec::new(),
            symbols: HashMap::new(),
            texts: Vec::new(),
        }
    }

    fn begin_series(&mut self, labels: &'a Labels) {
        self.series.clear();
        match self.version {
            Version::V1 => {
                for (name, value) in labels {
                    push_message(&mut self.series, 1, &mut self.scratch, |out| {
                        push_bytes(out, 1, name.as_bytes());
                        push_bytes(out, 2, value.as_bytes());
                    });
                }
            }
            Version::V2 => {
                let references: Vec<u64> =
                    labels.iter().flat_map(|(name, value)| [name, value]).map(|text| self.symbol(text)).collect();
                push_packed(&mut self.series, 1, references.into_iter());
            }
        }
    }

    /// The number of a text; 0 is the empty one.
    fn symbol(&mut self, text: &'a str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        let next = self.texts.len() as u64 + 1;
        let number = *self.symbols.entry(text).or_insert(next);
        if number == next {
            self.texts.push(text);
        }
        number
    }

    fn sample(&mut self, sample: &Outgoing<'_>) {
        let histogram_field = match self.version {
            Version::V1 => 4,
            Version::V2 => 3,
        };
        // Zero is not written.
        let start_ms = if self.version == Version::V2 { sample.start_ms } else { 0 };
        match sample.value {
            OutgoingValue::Float(value) => push_message(&mut self.series, 2, &mut self.scratch, |out| {
                push_double(out, 1, value);
                push_number(out, 2, sample.timestamp_ms as u64);
                push_number(out, 3, start_ms as u64);
            }),
            OutgoingValue::Histogram(value) => {
                push_message(&mut self.series, histogram_field, &mut self.scratch, |out| {
                    push_histogram(out, sample.timestamp_ms, value);
                    push_number(out, 17, start_ms as u64);
                });
            }
        }
    }

    fn end_series(&mut self) {
        let field = match self.version {
            Version::V1 => 1,
            Version::V2 => 5,
        };
        push_bytes(&mut self.out, field, &self.series);
    }

    fn finish(self) -> Vec<u8> {
        if self.version == Version::V1 {
            return self.out;
        }
        let mut out = Vec::with_capacity(self.out.len() + 16 * self.texts.len());
        push_bytes(&mut out, 4, b"");
        self.texts.iter().for_each(|text| push_bytes(&mut out, 4, text.as_bytes()));
        out.extend_from_slice(&self.out);
        out
    }
}

/// Appends the fields of a `prometheus.Histogram`, which are the same in both versions and in remote reads.
pub(crate) fn push_histogram(out: &mut Vec<u8>, timestamp_ms: i64, value: &HistogramValue) {
    match value {
        HistogramValue::Integer(histogram) => {
            // One of several kinds is written also where it is zero: that tells the kind.
            push_one_of(out, 1, histogram.count);
            push_middle(out, histogram);
            push_one_of(out, 6, histogram.zero_count);
            push_spans(out, 8, &histogram.negative_spans);
            push_packed(out, 9, deltas(&histogram.negative));
            push_spans(out, 11, &histogram.positive_spans);
            push_packed(out, 12, deltas(&histogram.positive));
            push_end(out, timestamp_ms, histogram);
        }
        HistogramValue::Float(histogram) => {
            push_one_of_doubles(out, 2, histogram.count);
            push_middle(out, histogram);
            push_one_of_doubles(out, 7, histogram.zero_count);
            push_spans(out, 8, &histogram.negative_spans);
            push_packed_doubles(out, 10, &histogram.negative);
            push_spans(out, 11, &histogram.positive_spans);
            push_packed_doubles(out, 13, &histogram.positive);
            push_end(out, timestamp_ms, histogram);
        }
    }
}

fn push_one_of(out: &mut Vec<u8>, field: u8, number: u64) {
    push_varint(out, u64::from(field) << 3);
    push_varint(out, number);
}

fn push_one_of_doubles(out: &mut Vec<u8>, field: u8, value: f64) {
    out.push(field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn push_middle<Count>(out: &mut Vec<u8>, histogram: &Histogram<Count>) {
    push_double(out, 3, histogram.sum);
    push_folded(out, 4, i64::from(histogram.schema));
    push_double(out, 5, histogram.zero_threshold);
}

fn push_end<Count>(out: &mut Vec<u8>, timestamp_ms: i64, histogram: &Histogram<Count>) {
    let hint = match histogram.reset_hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    };
    push_number(out, 14, hint);
    push_number(out, 15, timestamp_ms as u64);
    push_packed_doubles(out, 16, &histogram.custom_bounds);
}

fn push_spans(out: &mut Vec<u8>, field: u8, spans: &[Span]) {
    let mut scratch = Vec::new();
    for span in spans {
        push_message(out, field, &mut scratch, |out| {
            push_folded(out, 1, i64::from(span.offset));
            push_number(out, 2, u64::from(span.length));
        });
    }
}

/// The differences between counts, folded.
fn deltas(counts: &[u64]) -> impl Iterator<Item = u64> + '_ {
    let mut last = 0u64;
    counts.iter().map(move |&count| fold(count.wrapping_sub(std::mem::replace(&mut last, count)) as i64))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{
        DecodeLimits, HistogramSample, RequestVisitor, Sample, TimeSeries, decode, decode_v2, decompress,
    };
    use super::*;

    #[derive(Default)]
    struct Lines(Vec<String>);

    impl RequestVisitor for Lines {
        fn time_series(&mut self, series: &TimeSeries<'_>) {
            assert_eq!(series.fault, None);
            let labels = Labels::from_pairs(series.labels.iter().copied());
            for sample in &series.samples {
                let Sample { timestamp_ms, start_ms, value } = *sample;
                self.0.push(format!("{labels} {timestamp_ms} since {start_ms} {:x}", value.to_bits()));
            }
            for sample in &series.histograms {
                let HistogramSample { timestamp_ms, start_ms, value } = sample;
                self.0.push(format!("{labels} {timestamp_ms} since {start_ms} {value:?}"));
            }
        }
    }

    fn histogram() -> Histogram<u64> {
        Histogram {
            reset_hint: ResetHint::NotReset,
            schema: -2,
            zero_threshold: 1e-9,
            zero_count: 0,
            count: 12,
            sum: -3.25,
            positive_spans: vec![Span { offset: -3, length: 2 }, Span { offset: 5, length: 1 }],
            positive: vec![7, 2, 3],
            negative_spans: Vec::new(),
            negative: Vec::new(),
            custom_bounds: vec![0.5, 1.5],
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_in_both_versions() {
        let sets: Vec<Labels> = ["a", "b", "a b"]
            .iter()
            .map(|job| [("__name__", "up"), ("job", *job), ("b", "a")].into_iter().collect())
            .collect();
        let integer = HistogramValue::Integer(Arc::new(histogram()));
        let float = HistogramValue::Float(Arc::new(Histogram::from(&histogram())));
        let values = [0.0, -0.0, 1.5, f64::from_bits(model::sample::STALE_BITS)];
        let mut samples = Vec::new();
        for (at, labels) in sets.iter().enumerate() {
            samples.extend(values.iter().enumerate().map(|(i, value)| Outgoing {
                labels,
                timestamp_ms: i as i64 * 15_000 - 20_000 + at as i64,
                start_ms: i as i64 * 7 - 7,
                value: OutgoingValue::Float(*value),
            }));
        }
        for value in [&integer, &float] {
            samples.push(Outgoing {
                labels: &sets[0],
                timestamp_ms: 7,
                start_ms: -3,
                value: OutgoingValue::Histogram(value),
            });
        }
        let line = |version, Outgoing { labels, timestamp_ms, start_ms, value }: &Outgoing<'_>| {
            let start_ms = if version == Version::V2 { *start_ms } else { 0 };
            match value {
                OutgoingValue::Float(value) => {
                    format!("{labels} {timestamp_ms} since {start_ms} {:x}", value.to_bits())
                }
                OutgoingValue::Histogram(value) => format!("{labels} {timestamp_ms} since {start_ms} {value:?}"),
            }
        };
        for version in [Version::V1, Version::V2] {
            let message = encode(version, samples.iter().copied());
            let message = decompress(&compress(&message).unwrap(), 1 << 20).unwrap();
            let mut lines = Lines::default();
            match version {
                Version::V1 => decode(&message, &DecodeLimits::default(), &mut lines).unwrap(),
                Version::V2 => decode_v2(&message, &DecodeLimits::default(), &mut lines).unwrap(),
            }
            let want: Vec<String> = samples.iter().map(|sample| line(version, sample)).collect();
            assert_eq!(lines.0, want, "{version:?}");
        }
    }
}
