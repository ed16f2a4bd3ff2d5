//! Following a store: every committed row is handed out once, in the order of commits, across segments, checkpoints,
//! restarts and damage.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use journal::testkit::MemoryDisk;
use model::Labels;
use model::histogram::{Histogram, ResetHint};
use model::storage::{
    Append, Batch, Feed, FeedCursor, FeedError, FeedNumber, FeedPosition, FeedRow, HistogramRow, HistogramValue,
    SourceRef, Timestamps,
};
use proptest::prelude::*;
use support::{commit, labels, open, options, resolve};
use tsdb::{Options, Store};

/// A row as text, so that batches can be compared.
fn row(labels: &Labels, timestamp_ms: i64, value: &dyn std::fmt::Debug) -> String {
    format!("{labels} {timestamp_ms} {value:?}")
}

/// The next batch, its rows sorted.
fn next(cursor: &mut dyn FeedCursor) -> Option<Vec<String>> {
    let mut rows = Vec::new();
    let is_there = cursor
        .next_batch(&mut |found| {
            rows.push(match found {
                FeedRow::Float { labels, timestamp_ms, value, .. } => row(labels, timestamp_ms, &value.to_bits()),
                FeedRow::Histogram { labels, timestamp_ms, value, .. } => row(labels, timestamp_ms, value),
            });
        })
        .unwrap();
    rows.sort();
    is_there.then_some(rows)
}

/// All batches that are there.
fn rest(cursor: &mut dyn FeedCursor) -> Vec<Vec<String>> {
    std::iter::from_fn(|| next(cursor)).collect()
}

fn some_histogram(count: u64) -> HistogramValue {
    HistogramValue::Integer(Arc::new(Histogram {
        reset_hint: ResetHint::Unknown,
        schema: 3,
        zero_threshold: 0.0,
        zero_count: count,
        count,
        sum: count as f64 / 3.0,
        positive_spans: Vec::new(),
        positive: Vec::new(),
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }))
}

/// Small segments, late samples.
fn small() -> Options {
    Options { min_segment_bytes: 600, late_window_ms: 1_000_000, ..options() }
}

#[derive(Clone, Debug)]
enum Step {
    /// A source writes so many of its series.
    Scrape {
        source: usize,
        n_series: usize,
    },
    /// Samples of any series at any of the last times.
    Late {
        series: Vec<(usize, i64)>,
    },
    /// A histogram.
    Histogram,
    /// The follower takes up to so many batches, and notes its position.
    Follow(usize),
    /// The follower begins anew at its position.
    FollowAnew,
    Checkpoint,
    /// The process is killed and starts again.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..2usize, 1..12usize).prop_map(|(source, n_series)| Step::Scrape { source, n_series }),
        3 => prop::collection::vec((0..10usize, 0..100i64), 1..5).prop_map(|series| Step::Late { series }),
        2 => Just(Step::Histogram),
        6 => (1..8usize).prop_map(Step::Follow),
        2 => Just(Step::FollowAnew),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..80)
}

/// A store that is written to and killed, and what was committed to it and not yet handed out.
struct World {
    disk: MemoryDisk,
    store: Store,
    sources: [SourceRef; 2],
    run: u64,
    now_ms: i64,
    due: VecDeque<Vec<String>>,
}

impl World {
    fn new() -> World {
        let disk = MemoryDisk::new();
        let (store, _) = open(&disk, 1, small());
        let sources = open_sources(&store);
        World { disk, store, sources, run: 1, now_ms: 0, due: VecDeque::new() }
    }

    fn restart(&mut self) {
        self.run += 1;
        self.disk = self.disk.copy();
        self.store = open(&self.disk, self.run, small()).0;
        self.sources = open_sources(&self.store);
    }

    fn commit(&mut self, source: Option<SourceRef>, sets: &[Labels], timestamps: &[i64], values: &[f64]) {
        let series = resolve(&self.store, source, sets);
        let timestamps = if source.is_some() { Timestamps::All(timestamps[0]) } else { Timestamps::Each(timestamps) };
        let batch = Batch { source, series: &series, timestamps, values, starts: &[], histograms: &[] };
        let refused = self.store.commit(&batch).unwrap();
        let taken = (0..sets.len()).filter(|at| refused.iter().all(|refused| refused.row != *at));
        let mut rows: Vec<String> = taken.map(|at| row(&sets[at], timestamps.at(at), &values[at].to_bits())).collect();
        rows.sort();
        if !rows.is_empty() {
            self.due.push_back(rows);
        }
    }

    fn step(&mut self, step: &Step) {
        self.now_ms += 1000;
        let now_ms = self.now_ms;
        match step {
            Step::Scrape { source, n_series } => {
                let sets: Vec<Labels> =
                    (0..*n_series).map(|i| labels("m", &[("i", &i.to_string()), ("s", &source.to_string())])).collect();
                let values: Vec<f64> = (0..*n_series).map(|i| now_ms as f64 + i as f64 / 7.0).collect();
                self.commit(Some(self.sources[*source]), &sets, &vec![now_ms; *n_series], &values);
            }
            Step::Late { series } => {
                let sets: Vec<Labels> = series.iter().map(|(i, _)| labels("late", &[("i", &i.to_string())])).collect();
                // Values differ from step to step: what is there already and equal would be taken and not be logged.
                let values: Vec<f64> = (0..sets.len()).map(|at| now_ms as f64 * 16.0 + at as f64).collect();
                let timestamps: Vec<i64> = series.iter().map(|(_, back)| now_ms - back * 100).collect();
                self.commit(None, &sets, &timestamps, &values);
            }
            Step::Histogram => {
                let set = labels("h", &[]);
                let series = resolve(&self.store, None, std::slice::from_ref(&set))[0];
                let value = some_histogram(now_ms as u64);
                let histograms = [HistogramRow { series, timestamp_ms: now_ms, start_ms: 0, value: value.clone() }];
                let timestamps = Timestamps::All(0);
                let batch =
                    Batch { source: None, series: &[], timestamps, values: &[], starts: &[], histograms: &histograms };
                assert_eq!(self.store.commit(&batch).unwrap(), []);
                self.due.push_back(vec![row(&set, now_ms, &value)]);
            }
            Step::Checkpoint => drop(self.store.checkpoint().unwrap()),
            Step::Restart | Step::Follow(_) | Step::FollowAnew => unreachable!("the follower's part"),
        }
    }
}

fn open_sources(store: &Store) -> [SourceRef; 2] {
    ["a", "b"].map(|name| store.open_source(&labels(name, &[])))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_row_is_handed_out_once_in_order(steps in steps()) {
        let mut world = World::new();
        let mut position = FeedPosition::default();
        let mut hold = world.store.hold(position);
        let mut cursor = world.store.follow(position).unwrap();
        for step in steps.iter().chain([&Step::Follow(usize::MAX)]) {
            match step {
                Step::Follow(n_batches) => {
                    for _ in 0..*n_batches {
                        let got = next(&mut *cursor);
                        prop_assert_eq!(&got, &world.due.pop_front());
                        if got.is_none() {
                            break;
                        }
                    }
                    position = cursor.position();
                    hold.move_to(position);
                }
                Step::FollowAnew => cursor = world.store.follow(position).unwrap(),
                Step::Restart => {
                    world.restart();
                    hold = world.store.hold(position);
                    cursor = world.store.follow(position).unwrap();
                }
                step => world.step(step),
            }
        }
        prop_assert!(world.due.is_empty());
        prop_assert_eq!(cursor.n_lost(), 0);
    }
}

#[test]
fn a_follower_keeps_up_with_writers_on_other_threads() {
    const N_WRITERS: usize = 3;
    const N_SCRAPES: i64 = 300;
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, Options { min_segment_bytes: 4000, ..small() });
    let is_done = AtomicBool::new(false);
    let mut seen: Vec<Vec<i64>> = vec![Vec::new(); N_WRITERS];
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..N_WRITERS)
            .map(|writer| {
                let store = &store;
                scope.spawn(move || {
                    let source = store.open_source(&labels("source", &[("w", &writer.to_string())]));
                    let sets = [labels("m", &[("w", &writer.to_string())])];
                    let series = resolve(store, Some(source), &sets);
                    for i in 0..N_SCRAPES {
                        assert_eq!(commit(store, Some(source), &series, i, &[i as f64]), []);
                    }
                })
            })
            .collect();
        let (store, is_done, seen) = (&store, &is_done, &mut seen);
        let follower = scope.spawn(move || {
            let mut cursor = store.follow(FeedPosition::default()).unwrap();
            loop {
                let was_done = is_done.load(Ordering::Acquire);
                let mut take = |row: FeedRow<'_>| {
                    let FeedRow::Float { labels, timestamp_ms, .. } = row else { panic!("only floats were written") };
                    seen[labels.get("w").unwrap().parse::<usize>().unwrap()].push(timestamp_ms);
                };
                let mut n_batches = 0;
                while cursor.next_batch(&mut take).unwrap() {
                    n_batches += 1;
                }
                if was_done && n_batches == 0 {
                    return cursor.n_lost();
                }
                std::thread::yield_now();
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_done.store(true, Ordering::Release);
        assert_eq!(follower.join().unwrap(), 0);
    });
    for of_writer in seen {
        assert_eq!(of_writer, (0..N_SCRAPES).collect::<Vec<_>>());
    }
}

/// Commits scrapes of one source, each in a segment of its own or nearly so.
fn scrapes(store: &Store, from: i64, n_scrapes: i64) {
    let source = store.open_source(&labels("source", &[]));
    let sets: Vec<Labels> = (0..50).map(|i| labels("m", &[("i", &i.to_string())])).collect();
    let series = resolve(store, Some(source), &sets);
    for i in from..from + n_scrapes {
        let values: Vec<f64> = (0..50).map(|at| f64::from(at) * 1.7 + i as f64).collect();
        assert_eq!(commit(store, Some(source), &series, i, &values), []);
    }
}

#[test]
fn what_was_removed_is_gone_and_what_is_held_is_not() {
    let disk = MemoryDisk::new();
    let options = Options { min_segment_bytes: 500, ..options() };
    let (store, _) = open(&disk, 1, options.clone());
    scrapes(&store, 0, 10);
    let mut cursor = store.follow(FeedPosition::default()).unwrap();
    assert!(next(&mut *cursor).is_some());
    let position = cursor.position();
    let hold = store.hold(position);
    for round in 1..4 {
        scrapes(&store, round * 10, 10);
        store.checkpoint().unwrap();
    }
    assert_eq!(rest(&mut *store.follow(position).unwrap()).len(), 39, "all is held");
    assert_eq!(rest(&mut *cursor).len(), 39);

    drop(hold);
    scrapes(&store, 40, 10);
    store.checkpoint().unwrap();
    let gone = store.follow(position).unwrap_err();
    assert!(matches!(gone, FeedError::Gone(of) if of == position), "{gone}");
    assert!(!rest(&mut *store.follow(FeedPosition::default()).unwrap()).is_empty(), "what is left can be read");
}

#[test]
fn a_cursor_that_is_overtaken_by_removal_says_so() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, Options { min_segment_bytes: 500, max_held_bytes: 1000, ..options() });
    scrapes(&store, 0, 10);
    let mut cursor = store.follow(FeedPosition::default()).unwrap();
    let _hold = store.hold(cursor.position());
    assert!(next(&mut *cursor).is_some());
    for round in 1..4 {
        scrapes(&store, round * 10, 10);
        store.checkpoint().unwrap();
    }
    let outcome = loop {
        match cursor.next_batch(&mut |_| {}) {
            Ok(true) => {}
            other => break other,
        }
    };
    assert!(matches!(outcome, Err(FeedError::Gone(_))), "{outcome:?}");
}

#[test]
fn series_defined_in_removed_segments_have_their_labels_after_a_restart() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    scrapes(&store, 0, 10);
    store.checkpoint().unwrap();
    scrapes(&store, 10, 10);
    store.checkpoint().unwrap();
    store.checkpoint().unwrap();
    let position = store.newest();
    scrapes(&store, 20, 10);
    let (restarted, _) = open(&disk.copy(), 2, options());
    scrapes(&restarted, 30, 5);
    for store in [&store, &restarted] {
        let mut cursor = store.follow(position).unwrap();
        let batches = rest(&mut *cursor);
        assert_eq!((batches[0].len(), cursor.n_lost()), (50, 0));
        assert!(batches[0][0].starts_with(r#"{__name__="m", i="0"} 20 "#), "{}", batches[0][0]);
    }
    assert_eq!(rest(&mut *restarted.follow(position).unwrap()).len(), 15);
}

#[test]
fn a_damaged_record_is_left_out_and_counted() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    let sets = [labels("m", &[])];
    let series = resolve(&store, None, &sets);
    for i in 0..5 {
        assert_eq!(commit(&store, None, &series, i, &[i as f64]), []);
    }
    let copy = disk.copy();
    let path = disk.paths().into_iter().find(|path| path.starts_with(Path::new("data/wal"))).unwrap();
    let mut bytes = disk.get(&path).unwrap();
    // The third of the records that hold samples only; all of them are equally long.
    let record_len = 16 + 1 + 1 + 1 + 1 + 10;
    let at = bytes.len() - 3 * record_len + 20;
    bytes[at] ^= 0x10;
    copy.put(&path, bytes);
    let (damaged, _) = open(&copy, 2, options());
    let mut cursor = damaged.follow(FeedPosition::default()).unwrap();
    let n_rows: usize = rest(&mut *cursor).iter().map(Vec::len).sum();
    assert_eq!((n_rows, cursor.n_lost()), (4, 1));
}

#[test]
fn after_a_power_cut_a_new_segment_with_an_old_number_is_read_from_its_beginning() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    scrapes(&store, 0, 10);
    let position = store.newest();
    let (store, _) = open(&disk.after_power_cut(|| false), 2, options());
    scrapes(&store, 10, 3);
    assert_eq!(store.newest().segment, position.segment);
    assert_eq!(rest(&mut *store.follow(position).unwrap()).len(), 3);
}

/// Over restarts, in which numbers begin anew, and whatever the order of rows is.
#[test]
fn a_number_is_of_one_series_in_each_numbering() {
    const N_SERIES: usize = 40;
    let disk = MemoryDisk::new();
    let all: Vec<Labels> = (0..N_SERIES).map(|number| labels("a", &[("n", &number.to_string())])).collect();
    for run in 0..3 {
        let (store, _) = open(&disk, run, options());
        let series = resolve(&store, None, &all);
        for step in 1..20 {
            let mut some: Vec<_> = series.iter().copied().skip(step % 7).step_by(1 + step % 3).collect();
            if step % 2 == 0 {
                some.reverse();
            }
            let values = vec![step as f64; some.len()];
            assert_eq!(commit(&store, None, &some, run as i64 * 1000 + step as i64, &values), []);
        }
        let mut cursor = store.follow(FeedPosition::default()).unwrap();
        let (mut by_number, mut by_series) = (HashMap::new(), HashMap::new());
        let mut take = |row: FeedRow<'_>| {
            let FeedRow::Float { number, labels, .. } = row else { panic!("only floats were written") };
            let FeedNumber { numbering, number } = number;
            assert_eq!(by_number.entry((numbering, number)).or_insert_with(|| labels.clone()), labels);
            assert_eq!(*by_series.entry((numbering, labels.clone())).or_insert(number), number);
            assert!((number as usize) < N_SERIES, "{number}");
        };
        while cursor.next_batch(&mut take).unwrap() {}
        assert!(by_number.len() >= N_SERIES);
    }
}

/// Whoever notes what each number is hears of the same rows as who is told each time, also where it asks to be told anew.
#[test]
fn who_is_told_labels_once_hears_the_same() {
    let disk = MemoryDisk::new();
    let all: Vec<Labels> = (0..40).map(|number| labels("a", &[("n", &number.to_string())])).collect();
    for run in 0..3 {
        let (store, _) = open(&disk, run, options());
        let series = resolve(&store, None, &all);
        for step in 1..20 {
            let some: Vec<_> = series.iter().copied().skip(step % 7).step_by(1 + step % 3).collect();
            let values = vec![step as f64; some.len()];
            assert_eq!(commit(&store, None, &some, run as i64 * 1000 + step as i64, &values), []);
        }
        let mut cursor = store.follow(FeedPosition::default()).unwrap();
        cursor.name_once();
        let mut known: HashMap<FeedNumber, Labels> = HashMap::new();
        let (mut once, mut n_named) = (Vec::new(), 0);
        for batch in 0.. {
            let mut take = |row: FeedRow<'_>| {
                let FeedRow::Float { number, labels, timestamp_ms, .. } = row else {
                    panic!("only floats were written")
                };
                match known.get(&number) {
                    Some(_) => assert!(labels.is_empty(), "{labels} were told before"),
                    None => {
                        n_named += 1;
                        known.insert(number, labels.clone());
                    }
                }
                once.push((known[&number].clone(), timestamp_ms));
            };
            if !cursor.next_batch(&mut take).unwrap() {
                break;
            }
            if batch % 11 == 10 {
                cursor.name_once();
            }
        }
        let mut always = Vec::new();
        let mut cursor = store.follow(FeedPosition::default()).unwrap();
        let mut take = |row: FeedRow<'_>| {
            let FeedRow::Float { labels, timestamp_ms, .. } = row else { panic!("only floats were written") };
            always.push((labels.clone(), timestamp_ms));
        };
        while cursor.next_batch(&mut take).unwrap() {}
        assert_eq!(once, always);
        assert!(once.iter().all(|(labels, _)| !labels.is_empty()) && n_named < once.len());
    }
}

/// Over segments and restarts, with new series now and then.
#[test]
fn derived_samples_are_left_out_for_whoever_has_no_use_for_them() {
    let disk = MemoryDisk::new();
    for run in 0..3 {
        let (store, _) = open(&disk, run, small());
        let sources = [store.open_source(&labels("source", &[])), store.open_derived_source(&labels("derived", &[]))];
        for step in 1..60 {
            for (source, name) in sources.into_iter().zip(["a", "b"]) {
                let n_series = 5 + step / 8;
                let sets: Vec<Labels> = (0..n_series).map(|i| labels(name, &[("i", &i.to_string())])).collect();
                let series = resolve(&store, Some(source), &sets);
                let values = vec![step as f64; n_series];
                assert_eq!(commit(&store, Some(source), &series, run as i64 * 1000 + step as i64, &values), []);
            }
        }
        let mut all = store.follow(FeedPosition::default()).unwrap();
        let (derived, others): (Vec<String>, Vec<String>) = rest(&mut *all)
            .concat()
            .into_iter()
            .partition(|row| row.starts_with("{__name__=\"b\"") || row.starts_with("b{"));
        let mut without = store.follow(FeedPosition::default()).unwrap();
        without.leave_out_derived();
        assert_eq!(rest(&mut *without).concat(), others);
        assert_eq!((derived.len(), without.n_lost(), without.position()), (others.len(), 0, all.position()));
    }
}
