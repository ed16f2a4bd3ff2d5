//! Requests against prost, and answers against prost and the reader of Prometheus's chunks.

use std::sync::Arc;

use model::histogram::{CUSTOM_BUCKETS_SCHEMA, ResetHint, Span};
use model::storage::HistogramValue;
use model::{Histogram, Labels};
use proptest::prelude::*;
use prost::Message;
use tsdb::import::Samples;
use tsdb::prometheus::read_chunk;

use super::*;
use crate::remote_write::compress;

/// The messages as prost has them.
mod oracle {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ReadRequest {
        #[prost(message, repeated, tag = "1")]
        pub(super) queries: Vec<Query>,
        #[prost(int32, repeated, tag = "2")]
        pub(super) accepted: Vec<i32>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Query {
        #[prost(int64, tag = "1")]
        pub(super) start_ms: i64,
        #[prost(int64, tag = "2")]
        pub(super) end_ms: i64,
        #[prost(message, repeated, tag = "3")]
        pub(super) matchers: Vec<Matcher>,
        #[prost(message, optional, tag = "4")]
        pub(super) hints: Option<Hints>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Matcher {
        #[prost(int32, tag = "1")]
        pub(super) op: i32,
        #[prost(string, tag = "2")]
        pub(super) name: String,
        #[prost(string, tag = "3")]
        pub(super) value: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Hints {
        #[prost(int64, tag = "1")]
        pub(super) step_ms: i64,
        #[prost(string, tag = "2")]
        pub(super) function: String,
        #[prost(int64, tag = "3")]
        pub(super) start_ms: i64,
        #[prost(int64, tag = "4")]
        pub(super) end_ms: i64,
        #[prost(string, repeated, tag = "5")]
        pub(super) grouping: Vec<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ChunkedReadResponse {
        #[prost(message, repeated, tag = "1")]
        pub(super) series: Vec<ChunkedSeries>,
        #[prost(int64, tag = "2")]
        pub(super) query: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ChunkedSeries {
        #[prost(message, repeated, tag = "1")]
        pub(super) labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub(super) chunks: Vec<Chunk>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Label {
        #[prost(string, tag = "1")]
        pub(super) name: String,
        #[prost(string, tag = "2")]
        pub(super) value: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Chunk {
        #[prost(int64, tag = "1")]
        pub(super) min_ms: i64,
        #[prost(int64, tag = "2")]
        pub(super) max_ms: i64,
        #[prost(int32, tag = "3")]
        pub(super) kind: i32,
        #[prost(bytes = "vec", tag = "4")]
        pub(super) data: Vec<u8>,
    }
}

fn body(request: &oracle::ReadRequest) -> Vec<u8> {
    compress(&request.encode_to_vec()).unwrap()
}

fn query(n_matchers: usize) -> oracle::Query {
    let matcher = |i| oracle::Matcher { op: i as i32 % 4, name: format!("n{i}"), value: "v".to_owned() };
    oracle::Query { matchers: (0..n_matchers).map(matcher).collect(), ..oracle::Query::default() }
}

#[test]
fn requests_are_read_as_prost_writes_them() {
    let hints = oracle::Hints {
        step_ms: 15_000,
        function: "rate".to_owned(),
        start_ms: -7,
        end_ms: i64::MAX,
        grouping: vec!["job".to_owned()],
    };
    let first = oracle::Query { start_ms: i64::MIN, end_ms: 9, hints: Some(hints), ..query(4) };
    let request = oracle::ReadRequest { queries: vec![first, query(0)], accepted: vec![1, 0] };
    let read = decode_request(&body(&request)).unwrap();
    let [first, second] = read.queries.as_slice() else { panic!("{read:?}") };
    assert_eq!((first.start_ms, first.end_ms), (i64::MIN, 9));
    let matchers: Vec<String> =
        first.matchers.iter().map(|matcher| matcher.to_matcher().unwrap().to_string()).collect();
    assert_eq!(matchers, ["n0=\"v\"", "n1!=\"v\"", "n2=~\"v\"", "n3!~\"v\""]);
    assert_eq!(first.hints, Some(ReadHints { start_ms: -7, end_ms: i64::MAX, function: "rate".to_owned() }));
    assert_eq!(*second, ReadQuery::default());
}

#[test]
fn the_first_known_form_is_taken() {
    let check = |accepted: &[i32], want: Result<AnswerKind, &str>| {
        let request = oracle::ReadRequest { queries: Vec::new(), accepted: accepted.to_vec() };
        let kind = decode_request(&body(&request)).unwrap().answer_kind();
        assert_eq!(kind.map_err(|error| error.to_string()), want.map_err(str::to_owned), "{accepted:?}");
    };
    check(&[], Ok(AnswerKind::Samples));
    check(&[0], Ok(AnswerKind::Samples));
    check(&[1, 0], Ok(AnswerKind::Chunks));
    check(&[7, 0, 1], Ok(AnswerKind::Samples));
    let none = "server does not support any of the requested response types: [2 7]; supported: \
                map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]";
    check(&[2, 7], Err(none));
}

#[test]
fn what_is_no_request_or_too_much_is_refused() {
    let check = |body: &[u8], want: &str| {
        assert_eq!(decode_request(body).map_err(|error| error.to_string()), Err(want.to_owned()));
    };
    check(b"?", "snappy: corrupt input");
    check(&compress(&[0x0a, 0x7f]).unwrap(), "unexpected EOF");
    check(&[0x81, 0x80, 0x80, 0x10], "snappy: decoded length 33554433 exceeds limit 33554432");
    let many = |queries: Vec<oracle::Query>| body(&oracle::ReadRequest { queries, accepted: Vec::new() });
    check(&many(vec![query(0); 1001]), "too many queries in one request: limit is 1000");
    assert_eq!(decode_request(&many(vec![query(0); 1000])).unwrap().queries.len(), 1000);
    check(&many(vec![query(60_000), query(40_001)]), "too many matchers in one request: limit is 100000");
    let no_op = oracle::Matcher { op: 4, ..oracle::Matcher::default() };
    let request = many(vec![oracle::Query { matchers: vec![no_op], ..oracle::Query::default() }]);
    let matcher = decode_request(&request).unwrap().queries[0].matchers[0].to_matcher();
    assert_eq!(matcher.unwrap_err(), InvalidMatcher::Op);
}

/// The messages of a stream, each with a right checksum.
fn messages(mut stream: &[u8]) -> Vec<oracle::ChunkedReadResponse> {
    let mut messages = Vec::new();
    while !stream.is_empty() {
        let length = prost::encoding::decode_varint(&mut stream).unwrap() as usize;
        let (sum, rest) = stream.split_first_chunk::<4>().unwrap();
        let (message, rest) = rest.split_at(length);
        assert_eq!(u32::from_be_bytes(*sum), crc32c::crc32c(message));
        messages.push(oracle::ChunkedReadResponse::decode(message).unwrap());
        stream = rest;
    }
    messages
}

/// What stands in chunks, as Prometheus reads it; none has more samples than may be.
fn read<'a>(chunks: impl Iterator<Item = &'a oracle::Chunk>) -> Samples {
    let mut samples = Samples::default();
    for chunk in chunks {
        let n_before = samples.len();
        assert_eq!(read_chunk(chunk.kind as u8, &chunk.data, &mut samples), Ok(()));
        assert!((1..=120).contains(&(samples.len() - n_before)));
        let written = samples.as_written();
        let times = written.timestamps.iter().chain(written.histograms.iter().map(|(time_ms, _)| time_ms));
        assert!(times.clone().any(|&time_ms| time_ms == chunk.min_ms) && times.max() >= Some(&chunk.max_ms));
    }
    samples
}

fn series(name: &str) -> Labels {
    Labels::from_pairs([("__name__", name), ("job", "j")])
}

proptest! {
    #[test]
    fn floats_come_back_bit_for_bit(
        first_ms: i64,
        steps in prop::collection::vec(prop_oneof![
            Just(15_000i64), 14_990i64..15_010, 1i64..100_000, 1i64..=1 << 40
        ], 0..400),
        bits in prop::collection::vec(prop_oneof![Just(0u64), any::<u64>(), (0u32..50).prop_map(|n| f64::from(n).to_bits())], 1..400),
    ) {
        let mut timestamps = vec![first_ms.min(i64::MAX >> 1)];
        for step in steps.iter().take(bits.len() - 1) {
            timestamps.push(timestamps.last().unwrap() + step);
        }
        let bits = &bits[..timestamps.len()];
        let values: Vec<f64> = bits.iter().map(|bits| f64::from_bits(*bits)).collect();
        let mut answer = ChunksAnswer::new(Vec::new(), 1 << 20);
        answer.begin_series(0, &series("a"));
        // As tiles come.
        for (timestamps, values) in timestamps.chunks(50).zip(values.chunks(50)) {
            answer.floats(timestamps, values).unwrap();
        }
        answer.end_series().unwrap();
        let messages = messages(&answer.into_inner());
        prop_assert_eq!(messages.len(), 1);
        let samples = read(messages[0].series[0].chunks.iter());
        prop_assert_eq!(samples.as_written().timestamps, timestamps);
        prop_assert_eq!(samples.as_written().bits, bits);
    }

    #[test]
    fn histograms_come_back(
        kinds in prop::collection::vec((0usize..6, 0u32..40, 0u8..12, prop::bool::weighted(0.3)), 1..300),
        start_ms in -1_000_000i64..1 << 45,
    ) {
        let timestamps: Vec<i64> = (0..kinds.len() as i64).map(|i| start_ms + i * 15_000 + i % 3).collect();
        // Mostly of one kind for a while.
        let mut is_whole = false;
        let all: Vec<HistogramValue> = kinds
            .iter()
            .map(|(kind, n, hint, changes)| {
                is_whole ^= changes;
                let float = histogram(*kind, f64::from(2 * n), *hint);
                if is_whole { HistogramValue::Integer(Arc::new(whole(&float))) } else { HistogramValue::Float(Arc::new(float)) }
            })
            .collect();
        let mut answer = ChunksAnswer::new(Vec::new(), 2000);
        answer.begin_series(3, &series("h"));
        for (timestamps, all) in timestamps.chunks(70).zip(all.chunks(70)) {
            answer.histograms(timestamps, all).unwrap();
        }
        answer.end_series().unwrap();
        let messages = messages(&answer.into_inner());
        let chunks = messages.iter().flat_map(|message| {
            assert_eq!(message.query, 3);
            &message.series[0].chunks
        });
        let mut n_read = 0;
        for chunk in chunks {
            let samples = read(std::iter::once(chunk));
            let got = samples.as_written().histograms;
            let (before, rest) = all.split_at(n_read);
            n_read += got.len();
            check_chunk(chunk, before.last(), &rest[..got.len()]);
            for ((time_ms, got), (want, want_ms)) in got.iter().zip(rest.iter().zip(&timestamps[n_read - got.len()..])) {
                prop_assert_eq!(time_ms, want_ms);
                same(got, want);
            }
        }
        prop_assert_eq!(n_read, all.len());
    }
}

/// A histogram that was read is what was written, but for what is said of resets. Of a stale marker there is no more.
fn same(got: &HistogramValue, want: &HistogramValue) {
    assert_eq!(got.is_stale(), want.is_stale());
    if want.is_stale() {
        assert_eq!(std::mem::discriminant(got), std::mem::discriminant(want));
        return;
    }
    let is_gauge = |value: &HistogramValue| value.reset_hint() == ResetHint::Gauge;
    assert_eq!(is_gauge(got), is_gauge(want));
    let mut got = got.clone();
    got.set_reset_hint(want.reset_hint());
    assert_eq!(&got, want);
}

/// A reader takes it that there is no reset within a chunk of counters, and that its header is right on the first.
fn check_chunk(chunk: &oracle::Chunk, before: Option<&HistogramValue>, all: &[HistogramValue]) {
    let is_gauge = |value: &HistogramValue| value.reset_hint() == ResetHint::Gauge;
    let counts_on = |before: &HistogramValue, next: &HistogramValue| {
        before.is_stale() && next.is_stale() || is_gauge(before) && is_gauge(next) || next.counts_on_from(before)
    };
    assert!(all.is_sorted_by(counts_on));
    let is_whole = matches!(all[0], HistogramValue::Integer(_));
    assert_eq!(chunk.kind, if is_whole { 2 } else { 3 });
    match chunk.data[2] {
        0 => assert!(!is_gauge(&all[0])),
        0x40 => assert!(
            all[0].reset_hint() == ResetHint::NotReset || before.is_some_and(|before| counts_on(before, &all[0]))
        ),
        0x80 => assert!(before.is_none_or(|before| !counts_on(before, &all[0]))),
        0xc0 => assert!(is_gauge(&all[0])),
        other => panic!("{other:x}"),
    }
}

/// The same with whole counts.
fn whole(float: &Histogram) -> Histogram<u64> {
    let counts = |counts: &[f64]| counts.iter().map(|&count| count as u64).collect();
    Histogram {
        reset_hint: float.reset_hint,
        schema: float.schema,
        zero_threshold: float.zero_threshold,
        zero_count: float.zero_count as u64,
        count: float.count as u64,
        sum: float.sum,
        positive_spans: float.positive_spans.clone(),
        positive: counts(&float.positive),
        negative_spans: float.negative_spans.clone(),
        negative: counts(&float.negative),
        custom_bounds: float.custom_bounds.clone(),
    }
}

/// Histograms of several layouts; `n` is in all counts.
fn histogram(kind: usize, n: f64, hint: u8) -> Histogram {
    let reset_hint = match hint {
        0 => ResetHint::Reset,
        1 => ResetHint::Gauge,
        2 => ResetHint::NotReset,
        _ => ResetHint::Unknown,
    };
    let plain = Histogram {
        reset_hint,
        schema: 2,
        zero_threshold: 2f64.powi(-128),
        zero_count: n,
        count: 3.0 * n,
        sum: n / 3.0,
        positive_spans: vec![Span { offset: -4000, length: 1 }, Span { offset: 9, length: 2 }],
        positive: vec![n, n * 0.5, n],
        negative_spans: vec![Span { offset: 0, length: 1 }],
        negative: vec![n],
        custom_bounds: Vec::new(),
    };
    let custom = |custom_bounds: Vec<f64>| Histogram {
        schema: CUSTOM_BUCKETS_SCHEMA,
        zero_threshold: 0.0,
        zero_count: 0.0,
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds,
        ..plain.clone()
    };
    match kind {
        0 => Histogram { sum: f64::from_bits(model::sample::STALE_BITS), ..plain },
        1 => Histogram { zero_threshold: 0.001, schema: -4, ..plain },
        2 => custom(vec![-1.0, 0.0, 0.001, 2.5, 33_554.43, 33_554.431, f64::MAX]),
        3 => custom(vec![1.0 / 3.0]),
        _ => plain,
    }
}

#[test]
fn thresholds_and_frames() {
    for threshold in
        [0.0, 2f64.powi(-243), 2f64.powi(-244), 2f64.powi(10), 2f64.powi(11), 0.75, f64::MIN_POSITIVE / 4.0]
    {
        let one = HistogramValue::Float(Arc::new(Histogram { zero_threshold: threshold, ..histogram(4, 1.0, 9) }));
        let mut answer = ChunksAnswer::new(Vec::new(), 1);
        answer.begin_series(0, &series("h"));
        answer.histograms(&[1], std::slice::from_ref(&one)).unwrap();
        answer.end_series().unwrap();
        let messages = messages(&answer.into_inner());
        let samples = read(messages[0].series[0].chunks.iter());
        assert_eq!(samples.as_written().histograms, [(1, one)], "{threshold}");
    }

    // Counts that no float can tell apart, and that take all of 64 bits.
    let large = |n: u64| {
        let plain = whole(&histogram(4, 2.0, 9));
        HistogramValue::Integer(Arc::new(Histogram { count: u64::MAX - 5 + n, zero_count: (1 << 53) + n, ..plain }))
    };
    let all = [large(0), large(1), large(3), large(5)];
    let mut answer = ChunksAnswer::new(Vec::new(), 1);
    answer.begin_series(0, &series("h"));
    answer.histograms(&[i64::MIN / 4, -1, 0, i64::MAX / 4], &all).unwrap();
    answer.end_series().unwrap();
    let messages_of_large = messages(&answer.into_inner());
    let samples = read(messages_of_large[0].series[0].chunks.iter());
    samples.as_written().histograms.iter().zip(&all).for_each(|((_, got), want)| same(got, want));
    assert_eq!(samples.len(), all.len());

    // A frame has one series, and ends behind the chunk with which it is large enough.
    let timestamps: Vec<i64> = (0..600).collect();
    let values: Vec<f64> = timestamps.iter().map(|&i| (i as f64).sin()).collect();
    let n_chunks = |max_frame_bytes| -> Vec<usize> {
        let mut answer = ChunksAnswer::new(Vec::new(), max_frame_bytes);
        for name in ["a", "b"] {
            answer.begin_series(1, &series(name));
            answer.floats(&timestamps, &values).unwrap();
            answer.end_series().unwrap();
        }
        // Of a series without samples there is nothing.
        answer.begin_series(1, &series("c"));
        answer.end_series().unwrap();
        answer.begin_series(2, &series("d"));
        answer.no_samples(5, 7).unwrap();
        answer.end_series().unwrap();
        let messages = messages(&answer.into_inner());
        let last = messages.last().unwrap();
        let chunk = oracle::Chunk { min_ms: 5, max_ms: 7, kind: 1, data: vec![0, 0] };
        assert_eq!((last.query, &last.series[0].chunks), (2, &vec![chunk]));
        messages.iter().map(|message| message.series[0].chunks.len()).collect()
    };
    assert_eq!(n_chunks(1 << 20), [5, 5, 1]);
    assert_eq!(n_chunks(2500), [3, 2, 3, 2, 1]);
    assert_eq!(n_chunks(1), [1; 11]);
}
