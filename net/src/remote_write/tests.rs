//! The decoder against prost, and against bytes that mean harm (T11).

use model::storage::HistogramValue;
use proptest::prelude::*;
use prost::Message;

use super::*;

/// `prometheus.WriteRequest` as prost reads it. Strings are bytes here, as the wire does not know the difference and
/// Prometheus's own decoder does not check it.
mod oracle {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct WriteRequest {
        #[prost(message, repeated, tag = "1")]
        pub(super) timeseries: Vec<TimeSeries>,
        #[prost(message, repeated, tag = "3")]
        pub(super) metadata: Vec<Metadata>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TimeSeries {
        #[prost(message, repeated, tag = "1")]
        pub(super) labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<Sample>,
        #[prost(message, repeated, tag = "3")]
        pub(super) exemplars: Vec<Exemplar>,
        #[prost(message, repeated, tag = "4")]
        pub(super) histograms: Vec<Histogram>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Label {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) name: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) value: Vec<u8>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Sample {
        #[prost(double, tag = "1")]
        pub(super) value: f64,
        #[prost(int64, tag = "2")]
        pub(super) timestamp: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Exemplar {
        #[prost(message, repeated, tag = "1")]
        pub(super) labels: Vec<Label>,
        #[prost(double, tag = "2")]
        pub(super) value: f64,
        #[prost(int64, tag = "3")]
        pub(super) timestamp: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Span {
        #[prost(sint32, tag = "1")]
        pub(super) offset: i32,
        #[prost(uint32, tag = "2")]
        pub(super) length: u32,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(super) enum Count {
        #[prost(uint64, tag = "1")]
        Int(u64),
        #[prost(double, tag = "2")]
        Float(f64),
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(super) enum ZeroCount {
        #[prost(uint64, tag = "6")]
        Int(u64),
        #[prost(double, tag = "7")]
        Float(f64),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Histogram {
        #[prost(oneof = "Count", tags = "1, 2")]
        pub(super) count: Option<Count>,
        #[prost(double, tag = "3")]
        pub(super) sum: f64,
        #[prost(sint32, tag = "4")]
        pub(super) schema: i32,
        #[prost(double, tag = "5")]
        pub(super) zero_threshold: f64,
        #[prost(oneof = "ZeroCount", tags = "6, 7")]
        pub(super) zero_count: Option<ZeroCount>,
        #[prost(message, repeated, tag = "8")]
        pub(super) negative_spans: Vec<Span>,
        #[prost(sint64, repeated, tag = "9")]
        pub(super) negative_deltas: Vec<i64>,
        #[prost(double, repeated, tag = "10")]
        pub(super) negative_counts: Vec<f64>,
        #[prost(message, repeated, tag = "11")]
        pub(super) positive_spans: Vec<Span>,
        #[prost(sint64, repeated, tag = "12")]
        pub(super) positive_deltas: Vec<i64>,
        #[prost(double, repeated, tag = "13")]
        pub(super) positive_counts: Vec<f64>,
        #[prost(uint64, tag = "14")]
        pub(super) reset_hint: u64,
        #[prost(int64, tag = "15")]
        pub(super) timestamp: i64,
        #[prost(double, repeated, tag = "16")]
        pub(super) custom_values: Vec<f64>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Metadata {
        #[prost(uint64, tag = "1")]
        pub(super) kind: u64,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) family: Vec<u8>,
        #[prost(bytes = "vec", tag = "4")]
        pub(super) help: Vec<u8>,
        #[prost(bytes = "vec", tag = "5")]
        pub(super) unit: Vec<u8>,
    }
}

/// One line of text for each thing in a request, so that two readings can be compared.
#[derive(Default)]
struct Lines(Vec<String>);

impl RequestVisitor for Lines {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        if series.fault.is_some() {
            self.0.push("faulty".to_owned());
            return;
        }
        self.0.push(format!("series {:?}", series.labels));
        for sample in &series.samples {
            self.0.push(format!("sample {} {:x}", sample.timestamp_ms, sample.value.to_bits()));
        }
        for exemplar in &series.exemplars {
            let Exemplar { labels, timestamp_ms, value, .. } = exemplar;
            self.0.push(format!("exemplar {labels:?} {timestamp_ms} {:x}", value.to_bits()));
        }
        for histogram in &series.histograms {
            self.0.push(histogram_line(histogram.timestamp_ms, &histogram.value));
        }
    }

    fn metadata(&mut self, metadata: Metadata<'_>) {
        let Metadata { family, kind, help, unit } = metadata;
        self.0.push(format!("metadata {family:?} {kind} {help:?} {unit:?}"));
    }
}

/// Sees nothing.
struct Nobody;

impl RequestVisitor for Nobody {
    fn time_series(&mut self, _: &TimeSeries<'_>) {}
}

fn histogram_line(timestamp_ms: i64, value: &HistogramValue) -> String {
    match value {
        HistogramValue::Integer(histogram) => format!("histogram {timestamp_ms} {histogram:?}"),
        HistogramValue::Float(histogram) => format!("histogram {timestamp_ms} {histogram:?}"),
    }
}

/// The same lines by way of prost. Metadata comes last there, so lines are compared sorted.
fn oracle_lines(request: &oracle::WriteRequest) -> Vec<String> {
    let mut lines = Lines::default();
    for series in &request.timeseries {
        lines.time_series(&by_hand(series));
    }
    let kinds = ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];
    for metadata in &request.metadata {
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        lines.metadata(Metadata {
            family: text(&metadata.family),
            kind: kinds.get(metadata.kind as usize).unwrap_or(&"unknown"),
            help: text(&metadata.help),
            unit: text(&metadata.unit),
        });
    }
    lines.0.sort();
    lines.0
}

fn by_hand(series: &oracle::TimeSeries) -> TimeSeries<'_> {
    let text = |label: &'_ oracle::Label| -> Option<(String, String)> {
        Some((String::from_utf8(label.name.clone()).ok()?, String::from_utf8(label.value.clone()).ok()?))
    };
    let leak = |(name, value): (String, String)| -> (&'static str, &'static str) { (name.leak(), value.leak()) };
    let mut labels: Vec<_> = series.labels.iter().filter_map(text).map(leak).collect();
    let mut fault = (labels.len() < series.labels.len()).then_some(LabelsFault::NotUtf8);
    labels.sort();
    let mut names: Vec<_> = labels.iter().map(|(name, _)| *name).collect();
    names.dedup();
    labels.retain(|(_, value)| !value.is_empty());
    if names.len() < series.labels.len() || names.contains(&"") || !labels.iter().any(|(name, _)| *name == "__name__") {
        fault = Some(LabelsFault::NoMetricName);
    }
    TimeSeries {
        labels,
        fault,
        samples: series
            .samples
            .iter()
            .map(|s| Sample { timestamp_ms: s.timestamp, start_ms: 0, value: s.value })
            .collect(),
        exemplars: series
            .exemplars
            .iter()
            .map(|exemplar| Exemplar {
                labels: exemplar.labels.iter().filter_map(text).map(leak).collect(),
                timestamp_ms: exemplar.timestamp,
                value: exemplar.value,
                fault: None,
            })
            .collect(),
        histograms: series.histograms.iter().map(histogram_by_hand).collect(),
        labels_refs: Vec::new(),
    }
}

fn histogram_by_hand(histogram: &oracle::Histogram) -> HistogramSample {
    use model::histogram::{Histogram, ResetHint, Span};
    let spans = |spans: &[oracle::Span]| -> Vec<Span> {
        spans.iter().map(|span| Span { offset: span.offset, length: span.length }).collect()
    };
    let sums = |deltas: &[i64]| -> Vec<u64> {
        let mut sum = 0i64;
        deltas.iter().map(|delta| (sum.wrapping_add(*delta), sum = sum.wrapping_add(*delta)).0 as u64).collect()
    };
    let reset_hint = match histogram.reset_hint {
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    };
    let empty = Histogram {
        reset_hint,
        schema: histogram.schema,
        zero_threshold: histogram.zero_threshold,
        zero_count: 0.0,
        count: 0.0,
        sum: histogram.sum,
        positive_spans: spans(&histogram.positive_spans),
        positive: histogram.positive_counts.clone(),
        negative_spans: spans(&histogram.negative_spans),
        negative: histogram.negative_counts.clone(),
        custom_bounds: histogram.custom_values.clone(),
    };
    let value = match histogram.count {
        Some(oracle::Count::Float(count)) => {
            let zero_count = match histogram.zero_count {
                Some(oracle::ZeroCount::Float(count)) => count,
                _ => 0.0,
            };
            HistogramValue::Float(std::sync::Arc::new(Histogram { count, zero_count, ..empty }))
        }
        ref count => HistogramValue::Integer(std::sync::Arc::new(Histogram {
            reset_hint,
            schema: empty.schema,
            zero_threshold: empty.zero_threshold,
            zero_count: match histogram.zero_count {
                Some(oracle::ZeroCount::Int(count)) => count,
                _ => 0,
            },
            count: match count {
                Some(oracle::Count::Int(count)) => *count,
                _ => 0,
            },
            sum: empty.sum,
            positive_spans: empty.positive_spans,
            positive: sums(&histogram.positive_deltas),
            negative_spans: empty.negative_spans,
            negative: sums(&histogram.negative_deltas),
            custom_bounds: empty.custom_bounds,
        })),
    };
    HistogramSample { timestamp_ms: histogram.timestamp, start_ms: 0, value }
}

fn own_lines(message: &[u8]) -> Result<Vec<String>, DecodeError> {
    let mut lines = Lines::default();
    decode(message, &DecodeLimits::default(), &mut lines)?;
    lines.0.sort();
    Ok(lines.0)
}

/// Both read the same, or both refuse; but groups, which we refuse and prost passes over.
fn check_against_oracle(message: &[u8]) {
    let own = own_lines(message);
    match (&own, oracle::WriteRequest::decode(message)) {
        (Ok(own), Ok(request)) => assert_eq!(own, &oracle_lines(&request), "{message:02x?}"),
        (Err(DecodeError::WireType(3)), _) | (Err(_), Err(_)) => {}
        (own, oracle) => panic!("{message:02x?}: own {own:?}, prost {oracle:?}"),
    }
}

fn label(name: &str, value: &str) -> oracle::Label {
    oracle::Label { name: name.into(), value: value.into() }
}

/// A request of about 4 KiB that has everything in it.
fn sample_request() -> Vec<u8> {
    let mut request = oracle::WriteRequest::default();
    for n in 0..24 {
        let name = format!("metric_{n}_total");
        let mut series = oracle::TimeSeries {
            labels: vec![label("__name__", &name), label("instance", "127.0.0.1:9090"), label("job", "narthex ü")],
            ..oracle::TimeSeries::default()
        };
        for i in 0..3 {
            series
                .samples
                .push(oracle::Sample { value: f64::from(n) * 0.1, timestamp: 1_700_000_000_000 + i * 15_000 });
        }
        series.exemplars.push(oracle::Exemplar { labels: vec![label("trace", "x")], value: -0.0, timestamp: -5 });
        if n % 6 == 0 {
            series.histograms.push(oracle::Histogram {
                count: Some(oracle::Count::Int(u64::MAX)),
                zero_count: Some(oracle::ZeroCount::Int(1)),
                sum: f64::NAN,
                schema: -4,
                zero_threshold: 1e-128,
                positive_spans: vec![oracle::Span { offset: -3, length: 2 }, oracle::Span { offset: 1, length: 1 }],
                positive_deltas: vec![5, -2, i64::MIN],
                reset_hint: 2,
                timestamp: i64::MIN,
                ..oracle::Histogram::default()
            });
            series.histograms.push(oracle::Histogram {
                count: Some(oracle::Count::Float(0.5)),
                negative_counts: vec![0.25, f64::INFINITY],
                negative_spans: vec![oracle::Span { offset: 1, length: 2 }],
                custom_values: vec![1.0, 2.0],
                schema: -53,
                ..oracle::Histogram::default()
            });
        }
        request.timeseries.push(series);
        let help = "Some help.".into();
        request.metadata.push(oracle::Metadata { kind: n as u64, family: name.into(), help, unit: "s".into() });
    }
    request.encode_to_vec()
}

#[test]
fn everything_is_read_as_prost_reads_it() {
    let message = sample_request();
    assert!((3500..6000).contains(&message.len()), "{}", message.len());
    let lines = own_lines(&message).unwrap();
    assert_eq!(lines.len(), 24 * (1 + 3 + 1 + 1) + 4 * 2);
    check_against_oracle(&message);
}

#[test]
fn every_byte_flipped_and_every_length_cut() {
    let message = sample_request();
    let mut damaged = message.clone();
    for at in 0..message.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            let own = decode(&damaged, &DecodeLimits::default(), &mut Nobody);
            // Unoptimised, prost takes its time: one bit of each byte is enough for it.
            if bit == at % 8 {
                let agree = own.is_ok() == oracle::WriteRequest::decode(&damaged[..]).is_ok();
                assert!(agree || own == Err(DecodeError::WireType(3)), "byte {at}, bit {bit}: {own:?}");
            }
            damaged[at] ^= 1 << bit;
        }
        if at % 4 == 0 {
            damaged[at] ^= 0xff;
            check_against_oracle(&damaged);
            damaged[at] ^= 0xff;
        }
        assert_eq!(
            own_lines(&message[..at]).is_ok(),
            oracle::WriteRequest::decode(&message[..at]).is_ok(),
            "cut at {at}"
        );
    }
}

#[test]
fn every_byte_of_the_compressed_request_flipped_and_every_length_cut() {
    let message = sample_request();
    let block = snap::raw::Encoder::new().compress_vec(&message).unwrap();
    let mut damaged = block.clone();
    for at in 0..block.len() {
        for flip in [0x01, 0x08, 0x40, 0x80, 0xff] {
            damaged[at] ^= flip;
            if let Ok(message) = decompress(&damaged, MAX_DECODED_BYTES) {
                let _ = own_lines(&message);
            }
            damaged[at] ^= flip;
        }
        assert!(decompress(&block[..at], MAX_DECODED_BYTES).is_err(), "cut at {at}");
    }
}

#[test]
fn lies_and_masses() {
    let check = |message: &[u8], want: Result<usize, DecodeError>| {
        let shown = &message[..message.len().min(20)];
        assert_eq!(own_lines(message).map(|lines| lines.len()), want, "{shown:02x?}");
    };
    check(&[], Ok(0));
    check(&[0x0a, 0x00], Ok(1));
    check(&[0x0a, 0x05, 0x0a], Err(DecodeError::Truncated));
    check(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Err(DecodeError::Truncated));
    check(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], Err(DecodeError::Varint));
    check(&[0x80; 11], Err(DecodeError::Varint));
    check(&[0x00, 0x00], Err(DecodeError::Tag(0, 0)));
    check(&[0x0b, 0x0b, 0x0b], Err(DecodeError::WireType(3)));
    check(&[0x0f], Err(DecodeError::WireType(7)));
    check(&[0x08, 0x01], Err(DecodeError::WrongType { field: "Timeseries", found: 0 }));
    check(&[0x25, 1, 2, 3, 4, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x32, 1, 0], Ok(0));
    let limits = DecodeLimits::default();
    let empty_series = [0x0a, 0x00].repeat(10_000_000);
    check(&empty_series, Err(DecodeError::TooManySeries { limit: limits.max_series }));
    let mut samples = vec![0x0a, 0x80, 0xda, 0xc4, 0x09];
    samples.extend([0x12, 0x00].repeat(10_000_000));
    check(&samples, Err(DecodeError::TooManySamples { limit: limits.max_samples }));
}

#[test]
fn labels_beyond_their_limits_spoil_their_series_only() {
    let limits = DecodeLimits { max_labels: 3, max_label_bytes: 8, ..DecodeLimits::default() };
    let check = |labels: Vec<oracle::Label>, want: Option<&str>| {
        let series = oracle::TimeSeries { labels, ..oracle::TimeSeries::default() };
        let request = oracle::WriteRequest { timeseries: vec![series], metadata: Vec::new() };
        struct Fault(Option<String>);
        impl RequestVisitor for Fault {
            fn time_series(&mut self, series: &TimeSeries<'_>) {
                self.0 = series.fault.as_ref().map(ToString::to_string);
            }
        }
        let mut fault = Fault(None);
        decode(&request.encode_to_vec(), &limits, &mut fault).unwrap();
        assert_eq!(fault.0.as_deref(), want);
    };
    let name = label("__name__", "up");
    check(vec![name.clone(), label("a", "b"), label("c", "d")], None);
    let four = vec![name.clone(), label("a", "b"), label("c", "d"), label("e", "f")];
    check(four, Some("too many labels: 4, limit is 3"));
    check(vec![name.clone(), label("a", "123456789")], Some("label is too long: 9 bytes, limit is 8"));
    check(vec![name.clone(), label("a", "b"), label("a", "b")], Some("duplicate label with name: a"));
    check(vec![label("a", "b")], Some("no metric name"));
    let not_text = oracle::Label { name: vec![0xff], value: vec![] };
    check(vec![name, not_text], Some("label is not UTF-8"));
}

proptest! {
    #[test]
    fn garbage_is_read_as_prost_reads_it(message in prop::collection::vec(any::<u8>(), 0..60)) {
        check_against_oracle(&message);
    }

    #[test]
    fn spliced_requests_are_read_as_prost_reads_them(
        from in 0usize..3000, to in 0usize..3000, n_bytes in 0usize..400,
    ) {
        let mut message = sample_request();
        let piece = message[from..from + n_bytes].to_vec();
        message.splice(to..to, piece);
        check_against_oracle(&message);
    }
}
