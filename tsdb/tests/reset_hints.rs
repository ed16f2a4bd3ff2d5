//! What native histograms say of counter resets when they are read, wherever they stand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::ops::Range;
use std::sync::Arc;

use journal::testkit::MemoryDisk;
use model::Histogram;
use model::histogram::{ResetHint, Span};
use model::sample::stale_marker;
use model::storage::{Append, Batch, HistogramRow, HistogramValue, Select, SelectHints, Tile, Timestamps};
use proptest::prelude::*;
use support::{commit, labels, open, options, resolve};
use tsdb::Store;

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// One sample of the series, one a minute.
#[derive(Clone, Copy, Debug)]
enum Sample {
    Float,
    Histogram(Shape),
}

/// A histogram in which all is counted `n` times, with one bucket more where it `is_wide`.
#[derive(Clone, Copy, Debug)]
struct Shape {
    n: u64,
    is_wide: bool,
    is_integer: bool,
    is_stale: bool,
    said: ResetHint,
}

const PLAIN: Shape = Shape { n: 5, is_wide: false, is_integer: true, is_stale: false, said: ResetHint::Unknown };

impl Shape {
    fn value(self) -> HistogramValue {
        let n_buckets = 2 + usize::from(self.is_wide);
        let integer = Histogram {
            reset_hint: self.said,
            schema: 3,
            zero_threshold: 0.001,
            zero_count: self.n,
            count: self.n * (1 + n_buckets as u64),
            sum: if self.is_stale { stale_marker() } else { self.n as f64 },
            positive_spans: vec![Span { offset: -1, length: n_buckets as u32 }],
            positive: vec![self.n; n_buckets],
            negative_spans: Vec::new(),
            negative: Vec::new(),
            custom_bounds: Vec::new(),
        };
        if self.is_integer {
            HistogramValue::Integer(Arc::new(integer))
        } else {
            HistogramValue::Float(Arc::new(Histogram::from(&integer)))
        }
    }

    /// What is to be said of it behind another sample.
    fn hint(self, before: Option<Sample>) -> ResetHint {
        if self.is_stale || self.said == ResetHint::Gauge {
            return if self.is_stale { ResetHint::Unknown } else { ResetHint::Gauge };
        }
        match before {
            Some(Sample::Histogram(before))
                if before.is_integer == self.is_integer
                    && before.n <= self.n
                    && (self.is_wide || !before.is_wide || before.n == 0)
                    && !before.is_stale
                    && before.said != ResetHint::Gauge
                    && self.said != ResetHint::Reset =>
            {
                ResetHint::NotReset
            }
            _ => ResetHint::Unknown,
        }
    }
}

/// Writes a sample for each of some minutes.
fn write(store: &Store, samples: &[Sample], minutes: Range<usize>) {
    let series = resolve(store, None, &[labels("h", &[])]);
    for minute in minutes {
        let timestamp_ms = minute as i64 * MINUTE_MS;
        match samples[minute] {
            Sample::Float => assert_eq!(commit(store, None, &series, timestamp_ms, &[0.5]), []),
            Sample::Histogram(shape) => {
                let row = HistogramRow { series: series[0], timestamp_ms, start_ms: 0, value: shape.value() };
                let timestamps = Timestamps::All(0);
                let batch =
                    Batch { source: None, series: &[], timestamps, values: &[], starts: &[], histograms: &[row] };
                assert_eq!(store.commit(&batch).unwrap(), []);
            }
        }
    }
}

/// The histograms between two minutes, both included: the minute of each.
fn read(store: &Store, from: usize, to: usize) -> Vec<(usize, HistogramValue)> {
    let (start_ms, end_ms) = (from as i64 * MINUTE_MS, to as i64 * MINUTE_MS);
    let set = store.select(&[], &SelectHints { start_ms, end_ms, ..SelectHints::default() }).unwrap();
    let (mut reader, mut tile, mut found) = (set.reader(), Tile::default(), Vec::new());
    for series in 0..set.len() {
        reader.seek(series, start_ms);
        while reader.next_tile(&mut tile).unwrap() {
            let minutes = tile.timestamps.iter().map(|&timestamp_ms| (timestamp_ms / MINUTE_MS) as usize);
            found.extend(minutes.zip(tile.histograms.iter().cloned()));
        }
    }
    found
}

/// Reads all, and some ranges; `is_there` says which minutes are not deleted. Of the first of a range the one before it may not be
/// known, unless `knows_first`.
fn check(store: &Store, samples: &[Sample], knows_first: bool, is_there: impl Fn(usize) -> bool) {
    let minutes: Vec<usize> = (0..samples.len()).filter(|&minute| is_there(minute)).collect();
    for (from, to) in [(0, 1000), (1, 1000), (7, 7), (50, 150), (119, 121), (120, 239), (121, 1000), (200, 201)] {
        let found = read(store, from, to);
        let mut found = found.iter();
        for (at, &minute) in minutes.iter().enumerate().filter(|(_, minute)| (from..=to).contains(minute)) {
            let Sample::Histogram(shape) = samples[minute] else { continue };
            let (found_minute, value) = found.next().unwrap();
            let before = at.checked_sub(1).map(|at| minutes[at]);
            let hint = shape.hint(before.map(|before| samples[before]));
            let is_first = before.is_none_or(|before| before < from);
            let is_unknown = is_first && !knows_first && value.reset_hint() == ResetHint::Unknown;
            let mut want = shape.value();
            want.set_reset_hint(if is_unknown { ResetHint::Unknown } else { hint });
            // As text, in which a NaN equals itself.
            assert_eq!(format!("{found_minute} {value:?}"), format!("{minute} {want:?}"), "{from} to {to}");
        }
        assert_eq!(found.next(), None);
    }
}

/// A counter that is reset each `period` minutes.
fn counter(n_samples: usize, period: u64, is_integer: bool) -> Vec<Sample> {
    let shape = |minute| Shape { n: minute % period, is_integer, ..PLAIN };
    (0..n_samples as u64).map(|minute| Sample::Histogram(shape(minute))).collect()
}

#[test]
fn what_came_before_is_known_in_the_head_and_within_a_block() {
    for is_integer in [true, false] {
        let disk = MemoryDisk::new();
        let samples = counter(300, 7, is_integer);
        {
            let (store, _) = open(&disk, 1, options());
            write(&store, &samples, 0..300);
            check(&store, &samples, true, |_| true);
        }
        let (store, _) = open(&disk, 2, options());
        check(&store, &samples, true, |_| true);
        store.seal(6 * HOUR_MS).unwrap();
        // The first of a block stands behind nothing, where the block before it is not read.
        check(&store, &samples, false, |_| true);
        let hint = |from, to| read(&store, from, to)[0].1.reset_hint();
        assert_eq!([hint(50, 60), hint(118, 121), hint(200, 200)], [ResetHint::NotReset; 3]);
        assert_eq!([hint(0, 10), hint(119, 121)], [ResetHint::Unknown; 2]);
        assert_eq!(read(&store, 119, 121)[1].1.reset_hint(), ResetHint::NotReset, "from block to block");
    }
}

#[test]
fn what_is_deleted_came_before_nothing() {
    let disk = MemoryDisk::new();
    // It falls once, and that is deleted.
    let shape = |minute: u64| Shape { n: if minute == 60 { 0 } else { minute }, ..PLAIN };
    let samples: Vec<Sample> = (0..200).map(|minute| Sample::Histogram(shape(minute))).collect();
    let (store, _) = open(&disk, 1, options());
    write(&store, &samples, 0..200);
    let interval = |from: i64, to: i64| (from * MINUTE_MS, to * MINUTE_MS);
    for (from, to) in [(60, 60), (118, 119), (190, 191)] {
        let (start_ms, end_ms) = interval(from, to);
        store.delete_series(&[Vec::new()], start_ms, end_ms).unwrap();
    }
    let is_there = |minute| ![60, 118, 119, 190, 191].contains(&minute);
    check(&store, &samples, false, is_there);
    assert_eq!(read(&store, 60, 70)[0].1.reset_hint(), ResetHint::Unknown);
    assert_eq!(read(&store, 59, 70)[1].1.reset_hint(), ResetHint::NotReset);
    drop(store);
    check(&open(&disk, 2, options()).0, &samples, false, is_there);
}

fn some_sample() -> impl Strategy<Value = Sample> {
    let said = prop_oneof![
        20 => Just(ResetHint::Unknown),
        1 => Just(ResetHint::Reset),
        2 => Just(ResetHint::NotReset),
        3 => Just(ResetHint::Gauge),
    ];
    let shape = (0u64..4, prop::bool::weighted(0.3), prop::bool::weighted(0.8), prop::bool::weighted(0.05), said)
        .prop_map(|(n, is_wide, is_integer, is_stale, said)| {
            Sample::Histogram(Shape { n, is_wide, is_integer, is_stale, said })
        });
    prop_oneof![1 => Just(Sample::Float), 15 => shape]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_is_compared_with_the_one_before_it(
        samples in prop::collection::vec(some_sample(), 1..300),
        sealed_hours in 0i64..6,
        is_restarted: bool,
    ) {
        let disk = MemoryDisk::new();
        let (mut store, _) = open(&disk, 1, options());
        let n_sealed = samples.len().min(sealed_hours as usize * 60);
        write(&store, &samples, 0..n_sealed);
        check(&store, &samples[..n_sealed], false, |_| true);
        if n_sealed > 0 {
            store.seal(sealed_hours * HOUR_MS).unwrap();
        }
        write(&store, &samples, n_sealed..samples.len());
        if is_restarted {
            drop(store);
            store = open(&disk, 2, options()).0;
        }
        check(&store, &samples, false, |_| true);
    }
}
