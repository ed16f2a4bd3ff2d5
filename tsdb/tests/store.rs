//! The store as others see it: what was committed is read, after a restart too, and nothing else is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use journal::testkit::{Fault, MemoryDisk};
use journal::{Disk, OsDisk};
use model::histogram::{Histogram, IntegerHistogram, ResetHint, Span};
use model::rng::SeededRng;
use model::sample::stale_marker;
use model::storage::{
    Append, AppendError, Batch, HistogramRow, HistogramValue, LabelRequest, Refusal, Refused, Select, SelectHints,
    SeriesRef, Tile, Timestamps,
};
use model::{Clock, Labels, MatchOp, Matcher, Rng, SystemClock};
use proptest::prelude::*;
use support::{Contents, commit, contents, labels, open, options, resolve, select};
use tsdb::{OpenError, Options, Progress, Store};

fn some_series(n_series: usize) -> Vec<Labels> {
    (0..n_series).map(|i| labels("m", &[("i", &i.to_string()), ("job", "test")])).collect()
}

#[test]
fn what_is_committed_is_read_and_survives_a_restart() {
    let disk = MemoryDisk::new();
    let sets = some_series(3);
    let mut want = Contents::new();
    {
        let (store, _) = open(&disk, 1, options());
        let source = store.open_source(&labels("", &[("instance", "a")]));
        let series = resolve(&store, Some(source), &sets);
        for i in 0..500i64 {
            let values = [i as f64, 7.0, if i % 50 == 0 { stale_marker() } else { 0.1 * i as f64 }];
            assert_eq!(commit(&store, Some(source), &series, i * 15_000, &values), []);
            for (set, value) in sets.iter().zip(values) {
                want.entry(set.clone()).or_default().insert(i * 15_000, value.to_bits());
            }
        }
        assert!(contents(&store) == want);
    }
    let (store, replayed) = open(&disk, 2, options());
    assert!(contents(&store) == want);
    assert_eq!((replayed.n_samples, replayed.n_series, replayed.damage.len()), (1500, 3, 0));
    // An interval in the middle, and one matcher.
    let some = select(&store, &[Matcher::equal("i", "1")], 1_000_000, 2_000_000);
    assert_eq!(some.keys().collect::<Vec<_>>(), [&sets[1]]);
    assert!(some[&sets[1]].iter().eq(want[&sets[1]].range(1_000_000..=2_000_000)));
}

#[test]
fn a_steady_scrape_costs_little_of_the_log() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    let source = store.open_source(&labels("", &[("instance", "a")]));
    let series = resolve(&store, Some(source), &some_series(500));
    let mut values = vec![1.0; 500];
    for i in 0..160i64 {
        for (at, value) in values.iter_mut().enumerate().take(100) {
            *value += at as f64;
        }
        commit(&store, Some(source), &series, i * 15_000, &values);
    }
    drop(store);
    let n_bytes: usize = disk.paths().iter().map(|path| disk.get(path).unwrap().len()).sum();
    // 80,000 samples, of which a fifth change, defined twice.
    assert!(n_bytes < 140_000, "{n_bytes}");
}

#[test]
fn late_double_and_unknown_samples_are_refused_and_the_rest_is_taken() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    let series = resolve(&store, None, &some_series(3));
    commit(&store, None, &series, 1000, &[1.0, 2.0, f64::NAN]);
    let refusals = |refused: Vec<Refused>| refused.into_iter().map(|r| (r.row, r.refusal)).collect::<Vec<_>>();
    assert_eq!(refusals(commit(&store, None, &series, 999, &[1.0, 2.0, 3.0])).len(), 3);
    // The same once more is taken; another value at that time is not.
    assert_eq!(commit(&store, None, &series, 1000, &[1.0, 2.0, f64::NAN]), []);
    assert_eq!(refusals(commit(&store, None, &series, 1000, &[1.0, 2.5, f64::NAN])), [(1, Refusal::Duplicate)]);
    let strange = [series[0], SeriesRef(77), SeriesRef(u64::MAX), series[1]];
    assert_eq!(
        refusals(commit(&store, None, &strange, 2000, &[1.0; 4])),
        [(1, Refusal::UnknownSeries), (2, Refusal::UnknownSeries)]
    );
    // A series that stands twice in a batch: in order, double, late.
    let batch = Batch {
        source: None,
        series: &[series[2], series[2], series[0], series[2], series[2]],
        timestamps: Timestamps::Each(&[3000, 4000, 3000, 4000, 3500]),
        values: &[1.0, 2.0, 3.0, 4.0, 5.0],
        starts: &[],
        histograms: &[],
    };
    assert_eq!(refusals(store.commit(&batch).unwrap()), [(3, Refusal::Duplicate), (4, Refusal::OutOfOrder)]);
    let want = contents(&store);
    drop(store);
    assert!(contents(&open(&disk, 2, options()).0) == want);
}

#[test]
fn late_samples_are_taken_within_their_window() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, Options { late_window_ms: 1000, ..options() });
    let sets = some_series(2);
    let series = resolve(&store, None, &sets);
    // Enough for several chunks.
    for i in 0..300 {
        commit(&store, None, &series, 10_000 + i * 10, &[i as f64, 0.5]);
    }
    let one = |timestamp_ms: i64, value: f64| {
        commit(&store, None, &series[..1], timestamp_ms, &[value]).into_iter().next().map(|refused| refused.refusal)
    };
    let newest_ms = 10_000 + 299 * 10;
    assert_eq!(one(newest_ms - 1000, 290.0), Some(Refusal::Duplicate), "a chunk has another value");
    assert_eq!(one(newest_ms - 1000, 199.0), None, "a chunk has this value");
    assert_eq!(one(newest_ms - 1001, 1.0), Some(Refusal::TooOld));
    assert_eq!(one(newest_ms - 5, 7.0), None);
    assert_eq!(one(newest_ms - 15, 8.0), None);
    assert_eq!(one(newest_ms - 5, 7.0), None, "once more");
    assert_eq!(one(newest_ms - 5, 9.0), Some(Refusal::Duplicate));
    // Too late only for a row of the same batch: it must not be there after a restart either.
    let batch = Batch {
        source: None,
        series: &[series[1], series[1], series[1]],
        timestamps: Timestamps::Each(&[20_000, 19_500, 18_999]),
        values: &[1.0, 2.0, 3.0],
        starts: &[],
        histograms: &[],
    };
    assert_eq!(store.commit(&batch).unwrap(), [Refused { row: 2, refusal: Refusal::TooOld }]);
    let late: Vec<_> = select(&store, &[Matcher::equal("i", "0")], newest_ms - 20, newest_ms)[&sets[0]]
        .iter()
        .map(|(&timestamp_ms, &bits)| (timestamp_ms - newest_ms, f64::from_bits(bits)))
        .collect();
    assert_eq!(late, [(-20, 297.0), (-15, 8.0), (-10, 298.0), (-5, 7.0), (0, 299.0)]);
    let want = contents(&store);
    assert_eq!(
        want[&sets[1]].range(15_000..).map(|(&timestamp_ms, _)| timestamp_ms).collect::<Vec<_>>(),
        [19_500, 20_000]
    );
    // With no window at all, what was taken before is still there, and nothing more is taken.
    store.set_late_window_ms(0);
    assert_eq!(one(newest_ms - 25, 1.0), Some(Refusal::OutOfOrder));
    drop(store);
    assert!(contents(&open(&disk, 2, options()).0) == want);
}

#[test]
fn what_is_too_far_ahead_is_refused() {
    let (store, _) = open(&MemoryDisk::new(), 1, Options { max_ahead_ms: 600_000, ..options() });
    let series = resolve(&store, None, &some_series(1));
    let now_ms = SystemClock::new().now_ms();
    assert_eq!(commit(&store, None, &series, now_ms + 590_000, &[1.0]), []);
    let refused = commit(&store, None, &series, now_ms + 660_000, &[1.0]);
    assert_eq!(refused[0].refusal, Refusal::TooFarAhead { limit_ms: 600_000 });
}

#[test]
fn the_limit_on_series_refuses_new_ones_only() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, Options { max_series: 3, ..options() });
    let sets = some_series(4);
    let resolved = store.resolve(None, &sets).unwrap();
    assert!(resolved[..3].iter().all(Result::is_ok));
    let refused = resolved[3].as_ref().unwrap_err();
    assert!(matches!(refused, Refusal::SeriesLimit { name: "head_series", limit: 3, .. }), "{refused}");
    let setting = "(raised by narthex.limits.head_series)";
    assert!(
        refused.to_string().starts_with("too many series: limit 3 of head_series is reached by metric "),
        "{refused}"
    );
    assert!(refused.to_string().ends_with(setting), "{refused}");
    let series: Vec<_> = resolved.into_iter().flatten().collect();
    assert_eq!(commit(&store, None, &series, 5, &[1.0, 2.0, 3.0]), []);
    drop(store);
    // A limit that was lowered leaves out what is above twice its number, and starts.
    let (store, _) = open(&disk, 2, Options { max_series: 1, ..options() });
    assert_eq!(contents(&store).len(), 2);
}

#[test]
fn a_selection_stays_as_it_was() {
    let (store, _) = open(&MemoryDisk::new(), 1, options());
    let series = resolve(&store, None, &some_series(2));
    for i in 0..200 {
        commit(&store, None, &series, i, &[i as f64, -i as f64]);
    }
    let before = contents(&store);
    let hints = SelectHints { start_ms: i64::MIN, end_ms: i64::MAX, ..SelectHints::default() };
    let set = store.select(&[], &hints).unwrap();
    let mut reader = set.reader();
    let mut tile = Tile::default();
    // One series is half read, the other not begun, while many chunks are filled, and late samples come.
    reader.seek(0, i64::MIN);
    for i in 200..1000 {
        commit(&store, None, &series, i, &[i as f64, -i as f64]);
    }
    store.set_late_window_ms(10_000);
    assert_eq!(commit(&store, None, &series, -5, &[1.0, 1.0]), []);
    for at in 0..2 {
        if at > 0 {
            reader.seek(at, i64::MIN);
        }
        let mut n_samples = 0;
        while reader.next_tile(&mut tile).unwrap() {
            n_samples += tile.timestamps.len();
        }
        assert_eq!(n_samples, before[&set.labels(at)].len());
    }
}

#[test]
fn no_batch_is_seen_by_half() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    let source = store.open_source(&labels("", &[("instance", "a")]));
    let series = resolve(&store, Some(source), &some_series(50));
    commit(&store, Some(source), &series, 0, &[0.0; 50]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in 1..3000i64 {
                commit(&store, Some(source), &series, i, &[i as f64; 50]);
            }
            done.store(true, Ordering::Release);
        });
        let mut n_looks = 0;
        while !done.load(Ordering::Acquire) || n_looks == 0 {
            let newest: BTreeSet<_> =
                contents(&store).into_values().map(|samples| samples.into_iter().next_back()).collect();
            assert_eq!(newest.len(), 1, "after {n_looks} looks: {newest:?}");
            n_looks += 1;
        }
    });
}

#[test]
fn native_histograms_are_kept_among_floats() {
    let disk = MemoryDisk::new();
    let integer = IntegerHistogram {
        reset_hint: ResetHint::Unknown,
        schema: 3,
        zero_threshold: 0.001,
        zero_count: 1,
        count: (1 << 53) + 1,
        sum: 12.5,
        positive_spans: vec![Span { offset: 1, length: 2 }],
        positive: vec![2, 3],
        negative_spans: vec![],
        negative: vec![],
        custom_bounds: vec![],
    };
    let float = Histogram::from(&integer);
    let rows = |series, from_ms: i64| {
        [HistogramValue::Integer(Arc::new(integer.clone())), HistogramValue::Float(Arc::new(float.clone()))]
            .into_iter()
            .enumerate()
            .map(move |(i, value)| HistogramRow { series, timestamp_ms: from_ms + i as i64, start_ms: 0, value })
            .collect::<Vec<_>>()
    };
    let kinds = |store: &Store| {
        let set = store.select(&[], &SelectHints { end_ms: 100, ..SelectHints::default() }).unwrap();
        let mut reader = set.reader();
        reader.seek(0, 0);
        let mut tile = Tile::default();
        let mut kinds = Vec::new();
        while reader.next_tile(&mut tile).unwrap() {
            for (timestamp_ms, value) in tile.timestamps.iter().zip(&tile.histograms) {
                let is_integer = timestamp_ms % 2 == 0;
                assert_eq!(*value, rows(SeriesRef(0), 0)[usize::from(!is_integer)].value, "as it came");
            }
            kinds.push((tile.timestamps.clone(), tile.values.clone()));
        }
        kinds
    };
    let want = [(vec![1], vec![0.5]), (vec![2, 3], vec![]), (vec![4, 5], vec![1.0, 1.0]), (vec![6, 7], vec![])];
    {
        let (store, _) = open(&disk, 1, options());
        let series = resolve(&store, None, &some_series(1))[0];
        let commit_rows = |rows: &[HistogramRow]| {
            let timestamps = Timestamps::All(0);
            store
                .commit(&Batch { source: None, series: &[], timestamps, values: &[], starts: &[], histograms: rows })
                .unwrap()
        };
        commit(&store, None, &[series], 1, &[0.5]);
        assert_eq!(commit_rows(&rows(series, 2)), []);
        assert_eq!(commit_rows(&rows(series, 2)[1..]), [], "the newest once more");
        assert_eq!(commit_rows(&rows(series, 1))[0].refusal, Refusal::OutOfOrder);
        assert_eq!(commit(&store, None, &[series], 3, &[1.0])[0].refusal, Refusal::Duplicate);
        commit(&store, None, &[series], 4, &[1.0]);
        commit(&store, None, &[series], 5, &[1.0]);
        commit_rows(&rows(series, 6));
        assert_eq!(kinds(&store), want);
    }
    assert_eq!(kinds(&open(&disk, 2, options()).0), want);
}

#[test]
fn label_names_and_values_are_listed() {
    let (store, _) = open(&MemoryDisk::new(), 1, options());
    let sets = [labels("a", &[("x", "1")]), labels("b", &[("x", "2"), ("y", "3")]), labels("unused", &[("z", "9")])];
    let series = resolve(&store, None, &sets);
    commit(&store, None, &series[..2], 1000, &[1.0, 1.0]);
    let check = |selectors: &[&str], start_ms: i64, names: &[&str], x: &[&str]| {
        let selectors = selectors.iter().map(|name| vec![Matcher::equal("__name__", *name)]).collect();
        let request = LabelRequest { selectors, start_ms, end_ms: 5000, limit: 0 };
        assert_eq!(store.label_names(&request).unwrap().entries, names, "{request:?}");
        assert_eq!(store.label_values("x", &request).unwrap().entries, x, "{request:?}");
    };
    check(&["a"], 0, &["__name__", "x"], &["1"]);
    check(&["a", "b"], 0, &["__name__", "x", "y"], &["1", "2"]);
    check(&["unused"], 0, &[], &[]);
    check(&["a"], 2000, &[], &[]);
    check(&[], 2000, &[], &[]);
    let limited = store.label_values("x", &LabelRequest { end_ms: 5000, limit: 1, ..LabelRequest::default() }).unwrap();
    assert_eq!((limited.entries, limited.truncated), (vec!["1".to_owned()], true));
    let regex = [Matcher::new("x", MatchOp::Regex, "[12]").unwrap(), Matcher::equal("y", "")];
    assert_eq!(select(&store, &regex, 0, 5000).keys().collect::<Vec<_>>(), [&sets[0]]);
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, options());
    let source = store.open_source(&labels("", &[("instance", "a")]));
    let series = resolve(&store, Some(source), &some_series(20));
    let mut n_refused = 0;
    for i in 0..100i64 {
        if i % 10 == 3 {
            disk.fail(0, 5, if i % 20 == 3 { Fault::Error } else { Fault::Short });
        }
        let timestamps = Timestamps::All(i);
        let values = [i as f64; 20];
        let batch =
            Batch { source: Some(source), series: &series, timestamps, values: &values, starts: &[], histograms: &[] };
        match store.commit(&batch) {
            Ok(refused) => assert_eq!(refused, []),
            Err(AppendError::NotWritable(error)) => {
                assert!(error.contains("no space left on device"), "{error}");
                n_refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!((1..70).contains(&n_refused), "{n_refused}");
    let want = contents(&store);
    assert_eq!(want.values().map(BTreeMap::len).sum::<usize>(), 20 * (100 - n_refused));
    drop(store);
    let (store, replayed) = open(&disk, 2, options());
    assert!(contents(&store) == want, "{:?}", replayed.damage);
}

#[test]
fn a_directory_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let open =
        |dir: &Path| Store::open(&disk, &clock, &mut SeededRng::new(1), dir, Options::default(), &Progress::default());
    let (store, _) = open(dir.path()).unwrap();
    let error = open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(store);
    open(dir.path()).unwrap();
}

#[test]
fn a_closed_store_takes_nothing() {
    let (store, _) = open(&MemoryDisk::new(), 1, options());
    let series = resolve(&store, None, &some_series(1));
    store.close().unwrap();
    let timestamps = Timestamps::All(1);
    let batch = Batch { source: None, series: &series, timestamps, values: &[1.0], starts: &[], histograms: &[] };
    assert!(matches!(store.commit(&batch), Err(AppendError::Closing)));
}

/// One step of a random history.
#[derive(Clone, Debug)]
enum Step {
    /// A scrape of some of the series, by a source.
    Scrape {
        source: usize,
        from: usize,
        n_series: usize,
        seed: u64,
    },
    /// Samples of any series at any times.
    Write(Vec<(usize, i64, u64)>),
    Checkpoint,
    /// The newest checkpoint may have been damaged meanwhile.
    Restart {
        damages: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let scrape = (0usize..3, 0usize..3, 1usize..8, any::<u64>())
        .prop_map(|(source, from, n_series, seed)| Step::Scrape { source, from, n_series, seed });
    let sample = (0usize..40, -3i64..50, prop_oneof![Just(0u64), Just(model::sample::STALE_BITS), any::<u64>()]);
    let write = prop::collection::vec(sample, 0..12).prop_map(Step::Write);
    let step = prop_oneof![
        40 => scrape,
        20 => write,
        3 => Just(Step::Checkpoint),
        2 => any::<bool>().prop_map(|damages| Step::Restart { damages }),
    ];
    prop::collection::vec(step, 1..120)
}

/// Flips a byte of the newest checkpoint, if there is one; the one before and the log since must be enough.
fn damage_newest_checkpoint(disk: &MemoryDisk) {
    let newest = disk.paths().into_iter().rfind(|path| path.starts_with("data/checkpoint"));
    if let Some(path) = newest {
        let mut bytes = disk.get(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        disk.put(&path, bytes);
    }
}

/// What a store without compression, index or log would hold, with its window for late samples.
struct Naive(Contents, i64);

impl Naive {
    fn commit(&mut self, set: &Labels, timestamp_ms: i64, bits: u64) {
        let samples = self.0.entry(set.clone()).or_default();
        if samples.last_key_value().is_none_or(|(&newest_ms, _)| timestamp_ms >= newest_ms - self.1) {
            samples.entry(timestamp_ms).or_insert(bits);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_history_is_kept(steps in steps(), late_window_ms in prop_oneof![Just(0i64), 1i64..60, Just(i64::MAX / 2)]) {
        let disk = MemoryDisk::new();
        let options = Options { min_segment_bytes: 2000, late_window_ms, ..options() };
        let mut naive = Naive(Contents::new(), late_window_ms);
        let mut run = 1;
        let (mut store, _) = open(&disk, run, options.clone());
        let mut now_ms = 0;
        let name = |source: usize| labels("", &[("instance", &source.to_string())]);
        let mut sources: Vec<_> = (0..3).map(|source| store.open_source(&name(source))).collect();
        let sets = some_series(40);
        for step in steps {
            now_ms += 10;
            match step {
                Step::Scrape { source, from, n_series, seed } => {
                    let sets = &sets[source * 10 + from..][..n_series];
                    let mut rng = SeededRng::new(seed);
                    // Mostly small numbers, now and then a stale marker or anything.
                    let values: Vec<f64> = sets
                        .iter()
                        .map(|_| match rng.below(20) {
                            0 => stale_marker(),
                            1 => f64::from_bits(rng.next_u64()),
                            _ => rng.below(4) as f64,
                        })
                        .collect();
                    let series = resolve(&store, Some(sources[source]), sets);
                    commit(&store, Some(sources[source]), &series, now_ms, &values);
                    sets.iter().zip(&values).for_each(|(set, value)| naive.commit(set, now_ms, value.to_bits()));
                }
                Step::Write(rows) => {
                    let sets: Vec<_> = rows.iter().map(|&(at, ..)| sets[at].clone()).collect();
                    let series = resolve(&store, None, &sets);
                    let times: Vec<_> = rows.iter().map(|&(_, after_ms, _)| now_ms + after_ms).collect();
                    let values: Vec<_> = rows.iter().map(|&(.., bits)| f64::from_bits(bits)).collect();
                    let timestamps = Timestamps::Each(&times);
                    store.commit(&Batch { source: None, series: &series, timestamps, values: &values, starts: &[], histograms: &[] }).unwrap();
                    for ((set, &timestamp_ms), value) in sets.iter().zip(&times).zip(&values) {
                        naive.commit(set, timestamp_ms, value.to_bits());
                    }
                }
                Step::Checkpoint => drop(store.checkpoint().unwrap()),
                Step::Restart { damages } => {
                    drop(store);
                    if damages {
                        damage_newest_checkpoint(&disk);
                    }
                    run += 1;
                    store = open(&disk, run, options.clone()).0;
                    sources = (0..3).map(|source| store.open_source(&name(source))).collect();
                }
            }
        }
        prop_assert!(contents(&store) == naive.0);
        drop(store);
        let (store, replayed) = open(&disk, run + 1, Options { n_shards: 1, ..options });
        prop_assert!(contents(&store) == naive.0, "after a restart with other shards");
        prop_assert_eq!(replayed.damage.len() + replayed.unreadable.len() + replayed.damaged_chunks.len(), 0);
    }
}
