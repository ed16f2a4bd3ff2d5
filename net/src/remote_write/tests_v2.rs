//! The decoder of version 2 against prost, and against bytes that mean harm (T11).

use proptest::prelude::*;
use prost::Message;

use super::*;

/// `io.prometheus.write.v2.Request` as prost reads it; strings are bytes, as the wire does not know the difference.
mod oracle {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Request {
        #[prost(bytes = "vec", repeated, tag = "4")]
        pub(super) symbols: Vec<Vec<u8>>,
        #[prost(message, repeated, tag = "5")]
        pub(super) timeseries: Vec<TimeSeries>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TimeSeries {
        #[prost(uint32, repeated, tag = "1")]
        pub(super) labels_refs: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<Sample>,
        #[prost(message, repeated, tag = "3")]
        pub(super) histograms: Vec<Histogram>,
        #[prost(message, repeated, tag = "4")]
        pub(super) exemplars: Vec<Exemplar>,
        #[prost(message, optional, tag = "5")]
        pub(super) metadata: Option<Metadata>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Sample {
        #[prost(double, tag = "1")]
        pub(super) value: f64,
        #[prost(int64, tag = "2")]
        pub(super) timestamp: i64,
        #[prost(int64, tag = "3")]
        pub(super) start_timestamp: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Exemplar {
        #[prost(uint32, repeated, tag = "1")]
        pub(super) labels_refs: Vec<u32>,
        #[prost(double, tag = "2")]
        pub(super) value: f64,
        #[prost(int64, tag = "3")]
        pub(super) timestamp: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Metadata {
        #[prost(uint64, tag = "1")]
        pub(super) kind: u64,
        #[prost(uint32, tag = "3")]
        pub(super) help_ref: u32,
        #[prost(uint32, tag = "4")]
        pub(super) unit_ref: u32,
    }

    /// The fields of version 1, whose values are compared there, and one more.
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Histogram {
        #[prost(uint64, tag = "1")]
        pub(super) count_int: u64,
        #[prost(double, tag = "2")]
        pub(super) count_float: f64,
        #[prost(double, tag = "3")]
        pub(super) sum: f64,
        #[prost(sint32, tag = "4")]
        pub(super) schema: i32,
        #[prost(double, tag = "5")]
        pub(super) zero_threshold: f64,
        #[prost(uint64, tag = "6")]
        pub(super) zero_count_int: u64,
        #[prost(double, tag = "7")]
        pub(super) zero_count_float: f64,
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
        #[prost(int64, tag = "17")]
        pub(super) start_timestamp: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Span {
        #[prost(sint32, tag = "1")]
        pub(super) offset: i32,
        #[prost(uint32, tag = "2")]
        pub(super) length: u32,
    }
}

/// A line for each series that is as it should be, with all that it holds, and one for its metadata.
#[derive(Default)]
struct Lines(Vec<String>);

impl RequestVisitor for Lines {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        let samples: Vec<_> = series.samples.iter().map(|s| (s.timestamp_ms, s.start_ms, s.value.to_bits())).collect();
        let histograms: Vec<_> = series.histograms.iter().map(|h| (h.timestamp_ms, h.start_ms)).collect();
        let exemplars: Vec<_> = series.exemplars.iter().map(exemplar_line).collect();
        let head = if series.fault.is_some() { "faulty".to_owned() } else { format!("{:?}", series.labels) };
        self.0.push(format!("{head} {samples:?} {histograms:?} {exemplars:?}"));
    }

    fn metadata(&mut self, metadata: Metadata<'_>) {
        self.0.push(format!("{metadata:?}"));
    }
}

fn exemplar_line(exemplar: &Exemplar<'_>) -> String {
    let labels = if exemplar.fault.is_some() { "faulty".to_owned() } else { format!("{:?}", exemplar.labels) };
    format!("{labels} {} {:x}", exemplar.timestamp_ms, exemplar.value.to_bits())
}

fn own_lines(message: &[u8]) -> Result<Vec<String>, DecodeError> {
    let mut lines = Lines::default();
    decode_v2(message, &DecodeLimits::default(), &mut lines)?;
    Ok(lines.0)
}

/// The pairs that places stand for, sorted; `None` where there are none.
fn pairs<'a>(refs: &[u32], symbols: &'a [Vec<u8>]) -> Option<Vec<(&'a str, &'a str)>> {
    let text = |at: u32| std::str::from_utf8(symbols.get(at as usize)?).ok();
    let pairs = refs.chunks(2).map(|pair| Some((text(pair[0])?, text(*pair.get(1)?)?)));
    pairs.collect::<Option<Vec<_>>>()
}

fn oracle_lines(request: &oracle::Request) -> Vec<String> {
    let mut lines = Vec::new();
    let symbols = &request.symbols;
    for series in &request.timeseries {
        let metadata = series.metadata.clone().unwrap_or_default();
        let has_metadata_texts = [metadata.help_ref, metadata.unit_ref].iter().all(|at| (*at as usize) < symbols.len());
        let labels = pairs(&series.labels_refs, symbols).filter(|_| has_metadata_texts).and_then(|mut pairs| {
            pairs.sort_unstable();
            let has_twice = pairs.windows(2).any(|two| two[0].0 == two[1].0);
            pairs.retain(|(_, value)| !value.is_empty());
            let has_name = pairs.iter().any(|(name, _)| *name == "__name__");
            let has_empty = series.labels_refs.iter().step_by(2).any(|at| symbols[*at as usize].is_empty());
            (has_name && !has_twice && !has_empty).then_some(pairs)
        });
        let samples: Vec<_> =
            series.samples.iter().map(|s| (s.timestamp, s.start_timestamp, s.value.to_bits())).collect();
        let histograms: Vec<_> = series.histograms.iter().map(|h| (h.timestamp, h.start_timestamp)).collect();
        let exemplars: Vec<_> = series
            .exemplars
            .iter()
            .map(|exemplar| {
                let inside = exemplar.labels_refs.iter().all(|at| (*at as usize) < symbols.len());
                let is_whole = inside && exemplar.labels_refs.len().is_multiple_of(2);
                let text = |at: u32| std::str::from_utf8(&symbols[at as usize]).ok();
                let labels: Vec<_> = if is_whole {
                    exemplar.labels_refs.chunks(2).filter_map(|pair| text(pair[0]).zip(text(pair[1]))).collect()
                } else {
                    Vec::new()
                };
                let labels = if is_whole { format!("{labels:?}") } else { "faulty".to_owned() };
                format!("{labels} {} {:x}", exemplar.timestamp, exemplar.value.to_bits())
            })
            .collect();
        let head = labels.as_ref().map_or("faulty".to_owned(), |labels| format!("{labels:?}"));
        lines.push(format!("{head} {samples:?} {histograms:?} {exemplars:?}"));
        if let (Some(labels), true) = (labels, series.metadata.is_some()) {
            let text = |at: u32| std::str::from_utf8(&symbols[at as usize]).unwrap_or_default();
            let kinds = ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];
            let metadata = Metadata {
                family: labels.iter().find(|(name, _)| *name == "__name__").unwrap().1,
                kind: kinds.get(metadata.kind as usize).unwrap_or(&"unknown"),
                help: text(metadata.help_ref),
                unit: text(metadata.unit_ref),
            };
            lines.push(format!("{metadata:?}"));
        }
    }
    lines
}

/// Both read the same, or both read nothing.
fn check_against_oracle(message: &[u8]) {
    match (own_lines(message), oracle::Request::decode(message)) {
        (Ok(own), Ok(request)) => assert_eq!(own, oracle_lines(&request), "{message:02x?}"),
        // Groups, which proto3 does not have, are an error here.
        (Err(_), Err(_)) | (Err(DecodeError::WireType(3)), Ok(_)) => {}
        (own, oracle) => panic!("{message:02x?}: own {own:?}, prost {oracle:?}"),
    }
}

/// A request of about 4 KiB that has everything in it.
fn sample_request() -> Vec<u8> {
    let mut symbols: Vec<Vec<u8>> =
        ["", "__name__", "instance", "127.0.0.1:9090", "job", "narthex ü", "trace_id", "Some help.", "s"]
            .map(|text| text.as_bytes().to_vec())
            .to_vec();
    let mut timeseries = Vec::new();
    for n in 0..24u32 {
        symbols.push(format!("metric_{n}_total").into_bytes());
        let labels_refs = vec![1, symbols.len() as u32 - 1, 2, 3, 4, 5];
        let samples = (0..3).map(|i| oracle::Sample {
            value: f64::from(n) * 0.1,
            timestamp: 1_700_000_000_000 + i * 15_000,
            start_timestamp: 1_600_000_000_000,
        });
        let exemplar = oracle::Exemplar { labels_refs: vec![6, 3], value: -0.0, timestamp: -5 };
        let histogram = oracle::Histogram {
            count_int: u64::MAX,
            sum: f64::NAN,
            schema: -53,
            positive_spans: vec![oracle::Span { offset: -3, length: 2 }],
            positive_deltas: vec![5, i64::MIN],
            custom_values: vec![1.0, 2.0],
            timestamp: i64::MIN,
            start_timestamp: 7,
            ..oracle::Histogram::default()
        };
        timeseries.push(oracle::TimeSeries {
            labels_refs,
            samples: samples.collect(),
            histograms: if n % 6 == 0 { vec![histogram] } else { Vec::new() },
            exemplars: vec![exemplar],
            metadata: (n % 2 == 0).then_some(oracle::Metadata { kind: u64::from(n), help_ref: 7, unit_ref: 8 }),
        });
    }
    oracle::Request { symbols, timeseries }.encode_to_vec()
}

#[test]
fn everything_is_read_as_prost_reads_it() {
    let message = sample_request();
    assert!((3000..6000).contains(&message.len()), "{}", message.len());
    let lines = own_lines(&message).unwrap();
    assert_eq!(lines.len(), 24 + 12);
    assert!(!lines.iter().any(|line| line.contains("faulty")), "{lines:#?}");
    check_against_oracle(&message);
}

#[test]
fn every_byte_flipped_and_every_length_cut() {
    let message = sample_request();
    let mut damaged = message.clone();
    for at in 0..message.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            let own = own_lines(&damaged);
            // Unoptimised, prost takes its time: one bit of each byte is enough for it.
            if bit == at % 8 {
                let agree = own.is_ok() == oracle::Request::decode(&damaged[..]).is_ok();
                assert!(agree || own == Err(DecodeError::WireType(3)), "byte {at}, bit {bit}: {own:?}");
            }
            damaged[at] ^= 1 << bit;
        }
        if at % 4 == 0 {
            damaged[at] ^= 0xff;
            check_against_oracle(&damaged);
            damaged[at] ^= 0xff;
        }
        assert_eq!(own_lines(&message[..at]).is_ok(), oracle::Request::decode(&message[..at]).is_ok(), "cut at {at}");
    }
}

#[test]
fn lies_and_masses() {
    let check = |message: &[u8], want: Result<usize, DecodeError>| {
        let shown = &message[..message.len().min(20)];
        assert_eq!(own_lines(message).map(|lines| lines.len()), want, "{shown:02x?}");
    };
    check(&[], Ok(0));
    check(&[5 << 3 | 2, 0], Ok(1));
    check(&[5 << 3 | 2, 5, 10], Err(DecodeError::Truncated));
    check(&[4 << 3 | 2, 5, 10], Err(DecodeError::Truncated));
    check(&[4 << 3, 5], Err(DecodeError::WrongType { field: "Symbols", found: 0 }));
    check(&[5 << 3, 1], Err(DecodeError::WrongType { field: "Timeseries", found: 0 }));
    // A place that needs more than 32 bits is cut to them, as protobuf does.
    let limits = DecodeLimits::default();
    let symbols = [4 << 3 | 2, 0].repeat(limits.max_symbols + 1);
    check(&symbols, Err(DecodeError::TooManySymbols { limit: limits.max_symbols }));
    check(&symbols[2..], Ok(0));
    let series = [5 << 3 | 2, 0].repeat(limits.max_series + 1);
    check(&series, Err(DecodeError::TooManySeries { limit: limits.max_series }));
}

#[test]
fn symbols_may_come_last() {
    let symbols: Vec<Vec<u8>> = ["", "__name__", "up"].map(|text| text.as_bytes().to_vec()).to_vec();
    let series = oracle::TimeSeries { labels_refs: vec![1, 2], ..oracle::TimeSeries::default() };
    let mut message = oracle::Request { symbols: Vec::new(), timeseries: vec![series] }.encode_to_vec();
    message.extend(oracle::Request { symbols, timeseries: Vec::new() }.encode_to_vec());
    assert_eq!(own_lines(&message).unwrap(), [r#"[("__name__", "up")] [] [] []"#]);
    check_against_oracle(&message);
}

proptest! {
    #[test]
    fn garbage_is_read_as_prost_reads_it(message in prop::collection::vec(any::<u8>(), 0..60)) {
        check_against_oracle(&message);
    }

    #[test]
    fn spliced_requests_are_read_as_prost_reads_them(
        from in 0usize..2600, to in 0usize..2600, n_bytes in 0usize..400,
    ) {
        let mut message = sample_request();
        let piece = message[from..from + n_bytes].to_vec();
        message.splice(to..to, piece);
        check_against_oracle(&message);
    }
}

/// A visitor that knows every series it has seen.
struct Remembering {
    keys: LabelsKeys,
    seen: std::collections::HashSet<LabelsKey>,
    key: LabelsKey,
    lines: Vec<String>,
}

impl RequestVisitor for Remembering {
    fn keys(&self) -> Option<&LabelsKeys> {
        Some(&self.keys)
    }

    fn knows(&mut self, key: LabelsKey) -> bool {
        self.key = key;
        self.seen.contains(&key)
    }

    fn time_series(&mut self, series: &TimeSeries<'_>) {
        if series.fault.is_none() {
            self.seen.insert(self.key);
        }
        self.lines.push(format!("{:?} {:?}", series.labels, series.samples));
    }
}

#[test]
fn the_same_labels_have_the_same_key_and_are_read_once() {
    let symbols = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let request = |texts: &[&str], refs: &[&[u32]]| {
        let timeseries = refs.iter().map(|refs| oracle::TimeSeries {
            labels_refs: refs.to_vec(),
            samples: vec![oracle::Sample { value: 1.0, timestamp: 2, start_timestamp: 0 }],
            ..oracle::TimeSeries::default()
        });
        oracle::Request { symbols: symbols(texts), timeseries: timeseries.collect() }.encode_to_vec()
    };
    let keys = LabelsKeys::new(&mut model::rng::SeededRng::new(1));
    let mut visitor = Remembering { keys, seen: std::collections::HashSet::new(), key: 0, lines: Vec::new() };
    let mut check = |message: &[u8], want: &[&str]| {
        visitor.lines.clear();
        decode_v2(message, &DecodeLimits::default(), &mut visitor).unwrap();
        let want: Vec<String> = want
            .iter()
            .map(|labels| format!("{labels} [Sample {{ timestamp_ms: 2, start_ms: 0, value: 1.0 }}]"))
            .collect();
        assert_eq!(visitor.lines, want);
    };
    let up = r#"[("__name__", "up")]"#;
    check(&request(&["", "__name__", "up"], &[&[1, 2], &[1, 2]]), &[up, "[]"]);
    // Another table, other places.
    check(&request(&["", "up", "down", "__name__"], &[&[3, 1], &[3, 2]]), &["[]", r#"[("__name__", "down")]"#]);
    // What is wrong is never known.
    check(&request(&["", "a"], &[&[1, 1], &[1, 1]]), &[r#"[("a", "a")]"#, r#"[("a", "a")]"#]);
}
