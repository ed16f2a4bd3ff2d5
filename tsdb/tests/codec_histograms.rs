//! Chunks of native histograms come back with every bit and every hint.

#![allow(clippy::unwrap_used, reason = "a test stops when something is not as it must be")]

use std::sync::Arc;

use model::histogram::{CUSTOM_BUCKETS_SCHEMA, Histogram, IntegerHistogram, ResetHint, Span};
use model::sample::{NORMAL_NAN_BITS, STALE_BITS};
use model::storage::HistogramValue;
use proptest::prelude::*;
use tsdb::codec::{CHUNK_SAMPLES, decode_histograms, encode_histograms};

/// All of a histogram, floats by their bits, so that NaNs can be compared.
fn shown(value: &HistogramValue) -> String {
    fn all<C: std::fmt::Debug>(kind: &str, histogram: &Histogram<C>, count: impl Fn(&C) -> u64) -> String {
        let counts = |counts: &[C]| counts.iter().map(&count).collect::<Vec<_>>();
        let bounds: Vec<u64> = histogram.custom_bounds.iter().map(|bound| bound.to_bits()).collect();
        format!(
            "{kind} {:?} {} {:x} {} {} {:x} {:?} {:?} {:?} {:?} {bounds:?}",
            histogram.reset_hint,
            histogram.schema,
            histogram.zero_threshold.to_bits(),
            count(&histogram.zero_count),
            count(&histogram.count),
            histogram.sum.to_bits(),
            histogram.positive_spans,
            counts(&histogram.positive),
            histogram.negative_spans,
            counts(&histogram.negative),
        )
    }
    match value {
        HistogramValue::Integer(histogram) => all("integer", histogram, |count| *count),
        HistogramValue::Float(histogram) => all("float", histogram, |count| count.to_bits()),
    }
}

/// The number of bytes they took.
fn check(values: &[HistogramValue]) -> usize {
    let mut encoded = Vec::new();
    encode_histograms(values, &mut encoded);
    let mut decoded = vec![values[0].clone()];
    decode_histograms(&encoded, values.len(), &mut decoded).unwrap();
    assert_eq!(decoded.len(), values.len() + 1);
    for (decoded, value) in decoded[1..].iter().zip(values) {
        assert_eq!(shown(decoded), shown(value));
    }
    encoded.len()
}

/// A histogram of request durations that has counted `n` times.
fn durations(n: u64) -> IntegerHistogram {
    IntegerHistogram {
        reset_hint: ResetHint::Unknown,
        schema: 3,
        zero_threshold: 2.938735877055719e-39,
        zero_count: n / 10,
        count: n * 6 + n / 10,
        sum: n as f64 * 0.125,
        positive_spans: vec![Span { offset: -3, length: 4 }, Span { offset: 2, length: 2 }],
        positive: vec![n, n, 2 * n, n, 0, n],
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }
}

fn integer(histogram: IntegerHistogram) -> HistogramValue {
    HistogramValue::Integer(Arc::new(histogram))
}

fn float(histogram: Histogram) -> HistogramValue {
    HistogramValue::Float(Arc::new(histogram))
}

#[test]
fn a_steady_layout_stands_there_once() {
    let values: Vec<_> = (0..240).map(|i| integer(durations(i * 7 + i * i % 5))).collect();
    assert!(check(&values[..1]) < 80);
    // Ten columns, of which seven grow by 7 ± 4.
    assert!(check(&values) < 240 * 5);
    let floats: Vec<_> = (0..240).map(|i| float(Histogram::from(&durations(i * 7 + i * i % 5)))).collect();
    assert!(check(&floats) < 240 * 5);
}

#[test]
fn every_hint_comes_back() {
    const HINTS: [ResetHint; 4] = [ResetHint::Unknown, ResetHint::Reset, ResetHint::NotReset, ResetHint::Gauge];
    for hint in HINTS {
        check(&vec![integer(IntegerHistogram { reset_hint: hint, ..durations(5) }); 3]);
        check(&vec![float(Histogram { reset_hint: hint, ..Histogram::from(&durations(5)) }); 3]);
    }
    let mixed = |i: usize| HINTS[i * i / 3 % 4];
    for n in [2, 3, 4, 5, 100] {
        check(&(0..n).map(|i| integer(IntegerHistogram { reset_hint: mixed(i), ..durations(9) })).collect::<Vec<_>>());
    }
}

#[test]
fn layouts_may_change_at_any_histogram() {
    let stale = IntegerHistogram { sum: f64::from_bits(STALE_BITS), ..IntegerHistogram::clone(&empty()) };
    let custom = IntegerHistogram {
        schema: CUSTOM_BUCKETS_SCHEMA,
        custom_bounds: vec![0.1, 1.0, f64::NAN],
        positive_spans: vec![Span { offset: 0, length: 3 }],
        positive: vec![1, 2, u64::MAX],
        ..empty()
    };
    let both_sides = IntegerHistogram {
        negative_spans: vec![Span { offset: i32::MIN, length: 1 }, Span { offset: i32::MAX, length: u32::MAX }],
        negative: vec![1 << 63, u64::MAX, 0],
        ..durations(1)
    };
    let nan =
        Histogram { sum: f64::from_bits(NORMAL_NAN_BITS), count: 0.5, zero_count: -0.0, ..Histogram::from(&empty()) };
    let mut values = vec![integer(durations(1)), integer(durations(2)), integer(stale.clone()), integer(durations(0))];
    values.extend([integer(custom.clone()), float(Histogram::from(&custom)), float(nan), integer(both_sides)]);
    values.extend([integer(stale.clone()), float(Histogram::from(&stale))]);
    check(&values);
    check(&vec![integer(stale); CHUNK_SAMPLES]);
}

fn empty() -> IntegerHistogram {
    IntegerHistogram {
        reset_hint: ResetHint::Unknown,
        schema: 0,
        zero_threshold: 0.0,
        zero_count: 0,
        count: 0,
        sum: 0.0,
        positive_spans: Vec::new(),
        positive: Vec::new(),
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }
}

#[test]
fn what_is_cut_off_is_an_error() {
    let values: Vec<_> = (0..50).map(|i| integer(durations(i * i))).collect();
    let mut encoded = Vec::new();
    encode_histograms(&values, &mut encoded);
    for n_bytes in 0..encoded.len() {
        let mut out = Vec::new();
        assert!(decode_histograms(&encoded[..n_bytes], 50, &mut out).is_err(), "{n_bytes}");
        assert!(out.is_empty());
    }
    assert!(decode_histograms(&encoded, 51, &mut Vec::new()).is_err());
    assert!(decode_histograms(&encoded, CHUNK_SAMPLES + 1, &mut Vec::new()).is_err());
}

/// Any histogram of a few layouts, fitting or not.
fn any_histogram() -> impl Strategy<Value = HistogramValue> {
    let hint = prop::sample::select(vec![ResetHint::Unknown, ResetHint::Reset, ResetHint::NotReset, ResetHint::Gauge]);
    let layout = prop::sample::select(vec![(0, 1e-5, 0), (3, 0.0, 2), (CUSTOM_BUCKETS_SCHEMA, 0.0, 3)]);
    let count = prop_oneof![3 => 0u64..1000, 1 => any::<u64>()];
    let counts = prop::collection::vec(count, 8);
    let sum = prop_oneof![any::<f64>(), Just(f64::from_bits(STALE_BITS)), (0u32..100).prop_map(f64::from)];
    (hint, layout, counts, sum, any::<bool>()).prop_map(
        |(reset_hint, (schema, zero_threshold, n), counts, sum, is_float)| {
            let histogram = IntegerHistogram {
                reset_hint,
                schema,
                zero_threshold,
                zero_count: counts[0],
                count: counts[1],
                sum,
                positive_spans: vec![Span { offset: 1, length: n }],
                positive: counts[2..2 + n as usize].to_vec(),
                negative_spans: vec![Span { offset: -1, length: n }; n as usize],
                negative: counts[5..5 + n as usize].to_vec(),
                custom_bounds: (0..n).map(|i| f64::from(i) / 3.0).collect(),
            };
            if is_float { float(Histogram::from(&histogram)) } else { integer(histogram) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_histograms_come_back(values in prop::collection::vec(any_histogram(), 1..60)) {
        check(&values);
    }

    #[test]
    fn any_bytes_decode_to_something_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), n in 1usize..300) {
        let mut out = Vec::new();
        match decode_histograms(&bytes, n, &mut out) {
            Ok(()) => prop_assert_eq!(out.len(), n),
            Err(_) => prop_assert!(out.is_empty()),
        }
    }
}
