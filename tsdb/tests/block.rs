//! What was written into a block is read back, bit for bit: any series, any times, any part of them; and matchers find in it
//! what looking at each series finds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;
use std::sync::Arc;

use journal::testkit::{Fault, MemoryDisk};
use journal::{Contents, Disk, OsDisk};
use model::histogram::{Histogram, IntegerHistogram, ResetHint, Span};
use model::rng::SeededRng;
use model::sample::stale_marker;
use model::storage::{HistogramValue, TILE_SAMPLES, Tile};
use model::{Labels, MatchOp, Matcher, Rng};
use proptest::prelude::*;
use tsdb::block::{
    Block, BlockError, BlockId, BlockMeta, BlockSpec, BlockWriter, SeriesSamples, file_name, is_unfinished,
};
use tsdb::codec::Effort;

const DIR: &str = "blocks";

/// All samples of a series.
#[derive(Clone, Debug, Default)]
struct Samples {
    floats: Vec<(i64, u64)>,
    histograms: Vec<(i64, HistogramValue)>,
}

type Naive = Vec<(Labels, Samples)>;

fn write(disk: &MemoryDisk, naive: &Naive, spec: BlockSpec) -> Result<BlockMeta, BlockError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let id = BlockId::new(1_700_000_000_000, &mut SeededRng::new(naive.len() as u64));
    let mut writer = BlockWriter::create(&disk, Path::new(DIR), id, spec)?;
    for (labels, samples) in naive {
        let (timestamps, bits): (Vec<i64>, Vec<u64>) = samples.floats.iter().copied().unzip();
        let histograms = &samples.histograms;
        writer.series(labels, &SeriesSamples { timestamps: &timestamps, bits: &bits, histograms, starts: &[] })?;
    }
    writer.finish()
}

fn open(disk: &MemoryDisk, id: BlockId) -> Block {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Block::open(&disk, &Path::new(DIR).join(file_name(id))).unwrap()
}

fn written(naive: &Naive) -> Block {
    let disk = MemoryDisk::new();
    let meta = write(&disk, naive, BlockSpec::default()).unwrap();
    let block = open(&disk, meta.id);
    assert_eq!(*block.meta(), meta);
    assert_eq!(meta.parts.iter().map(|(_, n_bytes)| n_bytes).sum::<u64>() + 16 + 200 + 28, meta.n_bytes);
    block
}

/// What the cursor finds; every tile is as it should be.
fn read(block: &Block, series: u32, start_ms: i64, end_ms: i64) -> Samples {
    let mut cursor = block.cursor(series, start_ms, end_ms);
    let (mut tile, mut found, mut last_ms) = (Tile::default(), Samples::default(), None);
    while cursor.next_tile(&mut tile) {
        let n_samples = tile.timestamps.len();
        assert!((1..=TILE_SAMPLES).contains(&n_samples) && tile.column > 0);
        assert!(tile.values.len() + tile.histograms.len() == n_samples);
        assert!(tile.values.is_empty() || tile.histograms.is_empty());
        for (i, &timestamp_ms) in tile.timestamps.iter().enumerate() {
            assert!(
                last_ms.is_none_or(|last_ms| last_ms < timestamp_ms) && (start_ms..=end_ms).contains(&timestamp_ms)
            );
            last_ms = Some(timestamp_ms);
            match tile.histograms.get(i) {
                Some(value) => found.histograms.push((timestamp_ms, value.clone())),
                None => found.floats.push((timestamp_ms, tile.values[i].to_bits())),
            }
        }
    }
    assert!(!cursor.next_tile(&mut tile), "the end stays the end");
    found
}

/// Compares a series between two times; of two samples of one time the float counts.
fn check(block: &Block, series: u32, want: &Samples, start_ms: i64, end_ms: i64) {
    let found = read(block, series, start_ms, end_ms);
    let is_within = |timestamp_ms: i64| (start_ms..=end_ms).contains(&timestamp_ms);
    let floats: Vec<_> = want.floats.iter().copied().filter(|(ms, _)| is_within(*ms)).collect();
    assert_eq!(found.floats, floats);
    let is_hidden = |ms: i64| want.floats.binary_search_by_key(&ms, |(ms, _)| *ms).is_ok();
    let histograms = want.histograms.iter().filter(|(ms, _)| is_within(*ms) && !is_hidden(*ms));
    let histograms: Vec<_> = histograms.cloned().collect();
    assert_eq!(found.histograms, histograms);
}

fn check_all(block: &Block, naive: &Naive) {
    let naive: Vec<_> = naive.iter().filter(|(_, s)| !s.floats.is_empty() || !s.histograms.is_empty()).collect();
    assert_eq!(block.meta().n_series as usize, naive.len());
    for (number, (labels, samples)) in naive.iter().enumerate() {
        let number = number as u32;
        assert_eq!(block.labels(number), *labels);
        assert_eq!(block.find(labels), Some(number));
        let times: Vec<i64> =
            samples.floats.iter().map(|s| s.0).chain(samples.histograms.iter().map(|s| s.0)).collect();
        let interval = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
        assert_eq!(block.interval(number), Some(interval));
        check(block, number, samples, i64::MIN, i64::MAX);
        let raw = block.raw(number);
        let floats: Vec<(i64, u64)> = raw
            .iter()
            .filter_map(|chunk| Some(chunk.timestamps.iter().copied().zip(chunk.bits()?)))
            .flatten()
            .collect();
        assert_eq!(floats, samples.floats);
        let histograms: Vec<(i64, HistogramValue)> = raw
            .iter()
            .filter_map(|chunk| Some(chunk.timestamps.iter().copied().zip(chunk.histograms()?)))
            .flatten()
            .collect();
        assert_eq!(histograms, samples.histograms, "with their integers");
    }
    block.verify();
    assert_eq!(block.quarantined(), Vec::<String>::new());
}

fn histogram(n: u64) -> HistogramValue {
    let integer = IntegerHistogram {
        reset_hint: if n.is_multiple_of(3) { ResetHint::Unknown } else { ResetHint::NotReset },
        schema: 3,
        zero_threshold: 1e-128,
        zero_count: n,
        count: 10 + 4 * n,
        sum: n as f64 * 1.5,
        positive_spans: vec![Span { offset: -2, length: 2 }, Span { offset: 3, length: 1 }],
        positive: vec![n, 3, 7 + n],
        negative_spans: vec![Span { offset: 0, length: 1 }],
        negative: vec![n],
        custom_bounds: Vec::new(),
    };
    match n % 5 {
        4 => HistogramValue::Float(Arc::new(Histogram::from(&integer))),
        _ => HistogramValue::Integer(Arc::new(integer)),
    }
}

/// Times: a grid, jittered, odd, or a few out of the grid.
fn times(rng: &mut SeededRng, n_samples: usize) -> Vec<i64> {
    let first_ms = 1_700_000_000_000 + rng.below(3) as i64;
    let kind = rng.below(4);
    let mut timestamp_ms = first_ms;
    (0..n_samples)
        .map(|_| {
            timestamp_ms += match kind {
                0 | 1 => 15_000,
                2 => 14_997 + rng.below(7) as i64,
                _ => 1 + rng.below(100_000) as i64,
            };
            timestamp_ms
        })
        .collect()
}

fn value(rng: &mut SeededRng, kind: u64, i: usize) -> u64 {
    match kind {
        0 => 1f64.to_bits(),
        1 => (i as f64 * 17.0).to_bits(),
        2 => (rng.below(1000) as f64 / 100.0).to_bits(),
        3 => rng.unit().to_bits(),
        4 if rng.below(9) == 0 => stale_marker().to_bits(),
        4 => (rng.below(1 << 40) as f64).to_bits(),
        _ => rng.next_u64(),
    }
}

/// Any block: some targets, each with some series that share its times, or have a part of them, or their own.
fn naive(seed: u64) -> Naive {
    let mut rng = SeededRng::new(seed);
    let mut naive = Naive::new();
    for target in 0..1 + rng.below(4) {
        let n_samples = [1, 2, 128, 240, 1024, 1025, 1 + rng.below(3000) as usize][rng.below(7) as usize];
        let column = times(&mut rng, n_samples);
        for i in 0..1 + rng.below(9) {
            let times = match rng.below(6) {
                0 => {
                    let n_samples = 1 + rng.below(300) as usize;
                    times(&mut rng, n_samples)
                }
                1 => {
                    let from = rng.below(n_samples as u64) as usize;
                    column[from..from + 1 + rng.below((n_samples - from) as u64) as usize].to_vec()
                }
                _ => column.clone(),
            };
            let (target, i) = (target.to_string(), i.to_string());
            let labels = Labels::from_pairs([("instance", &*target), ("__name__", "metric"), ("i", &*i)]);
            let kind = rng.below(6);
            let mut samples = Samples::default();
            let histograms_from = if rng.below(5) == 0 { rng.below(4) } else { 4 };
            for (at, timestamp_ms) in times.into_iter().enumerate() {
                if rng.below(4) >= histograms_from {
                    samples.histograms.push((timestamp_ms, histogram(at as u64)));
                } else {
                    samples.floats.push((timestamp_ms, value(&mut rng, kind, at)));
                }
            }
            naive.push((labels, samples));
        }
    }
    naive
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_was_written_is_read(seed: u64) {
        let naive = naive(seed);
        check_all(&written(&naive), &naive);
    }

    #[test]
    fn any_part_of_a_series_is_read(seed: u64) {
        let naive = naive(seed);
        let block = written(&naive);
        let mut rng = SeededRng::new(seed);
        for (number, (_, samples)) in naive.iter().enumerate() {
            let times: Vec<i64> = samples.floats.iter().map(|s| s.0).chain(samples.histograms.iter().map(|s| s.0)).collect();
            for _ in 0..4 {
                let mut bounds = [0, 0].map(|_| times[rng.below(times.len() as u64) as usize] + rng.below(3) as i64 - 1);
                bounds.sort_unstable();
                check(&block, number as u32, samples, bounds[0], bounds[1]);
                let is_within = times.iter().any(|ms| (bounds[0]..=bounds[1]).contains(ms));
                let only = std::iter::once(number as u32).collect();
                prop_assert_eq!(!block.within(&only, bounds[0], bounds[1]).is_empty(), is_within);
            }
        }
    }
}

#[test]
fn the_ends_of_time_come_back() {
    let samples = |floats: &[(i64, u64)]| Samples { floats: floats.to_vec(), histograms: Vec::new() };
    let naive = vec![
        (Labels::empty(), samples(&[(i64::MIN, 1), (-1, 2), (0, 3), (i64::MAX, 4)])),
        (Labels::from_pairs([("a", "b")]), samples(&[(i64::MAX, u64::MAX)])),
        (Labels::from_pairs([("a", "c")]), samples(&[(i64::MIN, 0)])),
    ];
    check_all(&written(&naive), &naive);
}

#[test]
fn a_long_series_has_several_columns() {
    let floats: Vec<_> = (0..140_000).map(|i| (i * 1000, (i as f64).to_bits())).collect();
    let naive = vec![(Labels::from_pairs([("a", "b")]), Samples { floats, histograms: Vec::new() })];
    let block = written(&naive);
    check_all(&block, &naive);
    check(&block, 0, &naive[0].1, 65_000_000, 66_000_000);
    assert_eq!(block.meta().n_chunks, 137);
}

#[test]
fn equal_columns_are_told_within_a_cursor_and_never_between_blocks() {
    let naive: Naive = (0..20)
        .map(|i| {
            let instance = (i / 10).to_string();
            let labels = Labels::from_pairs([("instance", &*instance), ("i", &*i.to_string())]);
            let floats =
                (0..240).map(|at| (at * 15_000 + i64::from(i / 10), value(&mut SeededRng::new(1), 3, 0))).collect();
            (labels, Samples { floats, histograms: Vec::new() })
        })
        .collect();
    let columns = |block: &Block| {
        let mut cursor = block.cursor(0, 0, i64::MAX);
        let mut tile = Tile::default();
        let mut columns = Vec::new();
        for series in 0..20 {
            cursor.seek(series, 0, i64::MAX);
            assert!(cursor.next_tile(&mut tile));
            columns.push(tile.column);
        }
        cursor.seek(0, 1, i64::MAX);
        assert!(cursor.next_tile(&mut tile) && tile.column != columns[0], "a part of a column is another");
        columns
    };
    let first = columns(&written(&naive));
    assert!(
        first[..10].iter().all(|&column| column == first[0]) && first[10..].iter().all(|&column| column == first[10])
    );
    assert_ne!(first[0], first[10]);
    assert!(columns(&written(&naive)).iter().all(|column| !first.contains(column)));
}

#[test]
fn matchers_find_what_looking_at_each_series_finds() {
    use MatchOp::{Equal, NotEqual, NotRegex, Regex};
    let sets: Vec<Labels> = (0..3000u32)
        .map(|n| {
            let (number, target) = (n.to_string(), format!("host-{}", n / 100));
            let parity = if n % 2 == 0 { "even" } else { "odd" };
            let round = if n % 10 == 0 { "yes" } else { "" };
            Labels::from_pairs([("n", &*number), ("target", &*target), ("parity", parity), ("round", round)])
        })
        .collect();
    let one = Samples { floats: vec![(0, 0)], histograms: Vec::new() };
    let block = written(&sets.iter().map(|labels| (labels.clone(), one.clone())).collect());
    let check = |matchers: &[(&str, MatchOp, &str)]| {
        let matchers: Vec<_> = matchers.iter().map(|&(n, op, v)| Matcher::new(n, op, v).unwrap()).collect();
        let is_match = |id: &u32| matchers.iter().all(|matcher| matcher.matches_labels(&sets[*id as usize]));
        let want: Vec<u32> = (0..3000).filter(is_match).collect();
        assert_eq!(block.matching(&matchers).iter().collect::<Vec<_>>(), want, "{matchers:?}");
    };
    check(&[]);
    check(&[("parity", Equal, "odd")]);
    check(&[("parity", Equal, "odd"), ("round", Equal, "yes")]);
    check(&[("parity", Equal, "even"), ("round", Equal, "")]);
    check(&[("parity", Equal, "none")]);
    check(&[("parity", Equal, "none"), ("n", Regex, ".*1.*")]);
    check(&[("absent", Equal, "")]);
    check(&[("absent", NotEqual, "")]);
    check(&[("absent", Regex, ".+")]);
    check(&[("n", Regex, "1|22|333|none")]);
    check(&[("n", Regex, "1.*")]);
    check(&[("n", Regex, "299.+")]);
    check(&[("n", Regex, "zzz.*")]);
    check(&[("n", Regex, ".+"), ("parity", NotEqual, "odd")]);
    check(&[("n", Regex, ".*1.*"), ("round", Equal, "yes")]);
    check(&[("n", NotRegex, "1.*"), ("round", Equal, "yes")]);
    check(&[("n", NotRegex, "1.*")]);
    check(&[("n", Equal, "77"), ("parity", Regex, "o.*"), ("round", NotRegex, "y.*")]);
    check(&[("target", Regex, "host-1.*"), ("n", Regex, "1[0-4].*")]);
    check(&[("target", Regex, "host-1.*"), ("parity", Regex, "e.*")]);
    check(&[("round", Regex, "yes|")]);
    check(&[("round", Regex, "yes|"), ("n", NotEqual, "10")]);

    assert_eq!(block.label_names(), ["n", "parity", "round", "target"]);
    assert_eq!(block.label_values("parity"), ["even", "odd"]);
    assert_eq!(block.label_values("absent"), Vec::<String>::new());
    let mut numbers: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
    numbers.sort_unstable();
    assert_eq!(block.label_values("n"), numbers);
    assert_eq!(block.names_of(&[1, 2].into()), ["n", "parity", "target"]);
    assert_eq!(block.find(&Labels::from_pairs([("parity", "odd")])), None);
    assert_eq!(block.labels_of([7, 2999]).collect::<Vec<_>>(), [sets[7].clone(), sets[2999].clone()]);
}

#[test]
fn series_of_the_same_targets_take_a_few_bytes_each() {
    let (n_hosts, n_metrics) = (50, 300);
    let mut naive = Naive::new();
    for host in 0..n_hosts {
        for metric in 0..n_metrics {
            let (instance, name) = (format!("10.0.0.{host}:9100"), format!("node_metric_{}_total", metric / 4));
            let (device, job) = (format!("sd{}", metric % 4), "node");
            let own = [("instance", &*instance), ("__name__", &*name), ("device", &*device), ("job", job)];
            let floats = (0..240).map(|i| (i * 15_000 + host, (metric as f64).to_bits())).collect();
            naive.push((Labels::from_pairs(own), Samples { floats, histograms: Vec::new() }));
        }
    }
    let meta = written(&naive).meta().clone();
    let n_index_bytes: u64 = meta.parts[2..].iter().map(|(_, n_bytes)| n_bytes).sum();
    assert!(n_index_bytes < 3 * meta.n_series, "{:?}", meta.parts);
}

#[test]
fn a_mapped_file_and_bytes_in_memory_are_read_alike() {
    let naive = naive(11);
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let id = BlockId::new(0, &mut SeededRng::new(1));
    let mut writer = BlockWriter::create(&disk, dir.path(), id, BlockSpec::default()).unwrap();
    for (labels, samples) in &naive {
        let (timestamps, bits): (Vec<i64>, Vec<u64>) = samples.floats.iter().copied().unzip();
        let histograms = &samples.histograms;
        writer
            .series(labels, &SeriesSamples { timestamps: &timestamps, bits: &bits, histograms, starts: &[] })
            .unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(disk.list(dir.path()).unwrap(), [file_name(id)]);
    let path = dir.path().join(file_name(id));
    let Contents::File(mut file) = disk.contents(&path).unwrap() else { panic!("a file is a file") };
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    let memory = MemoryDisk::new();
    memory.put(&Path::new(DIR).join(file_name(id)), bytes);
    let (mapped, in_memory) = (Block::open(&disk, &path).unwrap(), open(&memory, id));
    assert_eq!(mapped.meta(), in_memory.meta());
    for block in [&mapped, &in_memory] {
        check_all(block, &naive);
    }
}

#[test]
fn a_chunk_says_what_it_holds_without_being_decoded() {
    let floats = |of: fn(i64) -> f64| (0..240).map(|i| (i * 15_000, of(i).to_bits())).collect();
    let samples = |of| Samples { floats: floats(of), histograms: Vec::new() };
    let naive = vec![
        (Labels::from_pairs([("a", "constant")]), samples(|_| 7.0)),
        (Labels::from_pairs([("a", "counter")]), samples(|i| (i * 3 % 720) as f64)),
        (
            Labels::from_pairs([("a", "histograms")]),
            Samples { floats: Vec::new(), histograms: vec![(0, histogram(1))] },
        ),
    ];
    let block = written(&naive);
    let stats = |series| block.raw(series)[0].stats();
    let constant = stats(0).unwrap();
    assert_eq!((constant.min, constant.max, constant.increase, constant.has_stale), (7.0, 7.0, 0.0, false));
    let counter = stats(1).unwrap();
    assert_eq!((counter.first, counter.last, counter.increase), (0.0, 717.0, 717.0));
    assert_eq!(stats(2), None);
}

#[test]
fn what_cannot_be_a_block_is_refused_and_leaves_no_file() {
    let disk = MemoryDisk::new();
    assert!(matches!(write(&disk, &Vec::new(), BlockSpec::default()), Err(BlockError::Empty)));
    let empty = vec![(Labels::from_pairs([("a", "b")]), Samples::default())];
    assert!(matches!(write(&disk, &empty, BlockSpec::default()), Err(BlockError::Empty)));
    let floats = vec![(2, 0), (1, 0)];
    let unsorted = vec![(Labels::from_pairs([("a", "b")]), Samples { floats, histograms: Vec::new() })];
    let refused = write(&disk, &unsorted, BlockSpec::default()).unwrap_err();
    assert_eq!(refused.to_string(), "samples of {a=\"b\"} are not in the order of time");
    assert_eq!(disk.paths(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_block_is_whole_or_not_there_whatever_fails_and_whenever_the_power_is_cut() {
    let naive = naive(3);
    let spec = || BlockSpec { effort: Effort::Small, ..BlockSpec::default() };
    let whole = MemoryDisk::new();
    let id = write(&whole, &naive, spec()).unwrap().id;
    let n_operations = whole.n_operations();
    assert!(n_operations >= 5, "made, written, synced, renamed, synced");
    let mut rng = SeededRng::new(1);
    let (mut n_whole, mut n_absent) = (0, 0);
    for operation in 0..=n_operations {
        for fault in [Fault::Error, Fault::Short] {
            // The operation fails, or, where all after it fail too, the process might as well be dead.
            for n_failing in [1, 1000] {
                let disk = MemoryDisk::new();
                disk.fail(operation, n_failing, fault);
                let result = write(&disk, &naive, spec());
                assert_eq!(result.is_ok(), operation >= n_operations, "{operation}: {result:?}");
                for number in 0..8 {
                    let left = disk.after_power_cut(|| number > 0 && rng.below(4) > 0);
                    let paths = left.paths();
                    for path in &paths {
                        let name = path.file_name().unwrap().to_str().unwrap();
                        if name == file_name(id) {
                            check_all(&open(&left, id), &naive);
                            n_whole += 1;
                        } else {
                            assert!(is_unfinished(name), "{name}");
                        }
                    }
                    n_absent += usize::from(!paths.iter().any(|path| path.ends_with(file_name(id))));
                }
                if operation < n_operations && n_failing == 1 {
                    let expected = if result.is_ok() { 1 } else { 0 };
                    assert_eq!(disk.paths().len(), expected, "operation {operation}: what was given up is removed");
                }
            }
        }
    }
    assert!(n_whole > 0 && n_absent > 0);
}

#[test]
fn meta_says_what_was_asked_for() {
    let naive = naive(5);
    let mut rng = SeededRng::new(9);
    let sources: Vec<BlockId> = (0..3).map(|ms| BlockId::new(ms, &mut rng)).collect();
    let spec = BlockSpec {
        level: 2,
        effort: Effort::Small,
        sealed_to_ms: Some(7_200_000),
        sealed_log: None,
        sources: sources.clone(),
        resolution_ms: 300_000,
    };
    let disk = MemoryDisk::new();
    let id = write(&disk, &naive, spec).unwrap().id;
    let block = open(&disk, id);
    let meta = block.meta();
    assert_eq!(
        (meta.level, meta.sealed_to_ms, meta.resolution_ms, &meta.sources),
        (2, Some(7_200_000), 300_000, &sources)
    );
    let mut times: Vec<i64> = Vec::new();
    for (_, samples) in &naive {
        times.extend(samples.floats.iter().map(|s| s.0).chain(samples.histograms.iter().map(|s| s.0)));
    }
    assert_eq!((meta.min_ms, meta.max_ms), (*times.iter().min().unwrap(), *times.iter().max().unwrap()));
    assert_eq!(meta.n_samples, times.len() as u64);
    check_all(&block, &naive);
}
