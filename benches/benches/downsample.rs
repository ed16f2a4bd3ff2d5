//! What downsampling costs and saves: bytes beside those of the blocks, and the time of a question about thirty days.
//!
//! 1,000 series of `benches::payload`, fifteen seconds apart, in a block for each day. The sizes, and the time of summing up,
//! are printed once; criterion measures a question from the samples, from spans of five minutes, and from spans of an hour,
//! all in one run. `rate` beside it, for which the samples are always read, says how steady the machine was.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use benches::payload::{Grid, Payload, STEP_MS};
use criterion::{Criterion, criterion_group, criterion_main};
use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::{Clock, Labels, SystemClock};
use query::{Engine, EngineOptions, QueryOptions};
use tsdb::block::{BlockId, BlockSpec, BlockWriter, SeriesSamples};
use tsdb::codec::Effort;
use tsdb::{Downsampling, Options, Progress, Store};

const N_HOSTS: usize = 4;
const SERIES_OF_HOST: usize = 250;
const N_DAYS: usize = 30;
const DAY_STEPS: usize = 86_400_000 / STEP_MS as usize;
const HOUR_MS: i64 = 3_600_000;
const FIRST_MS: i64 = 1_700_000_000_000 / HOUR_MS * HOUR_MS;
const LAST_MS: i64 = FIRST_MS + N_DAYS as i64 * 24 * HOUR_MS;

/// A block for each day. One host after the other, since the values of a host are half a gigabyte.
fn write(disk: &Arc<dyn Disk>, dir: &Path) {
    let blocks = dir.join("blocks");
    disk.create_dir_all(&blocks).unwrap();
    let spec = BlockSpec { level: 1, effort: Effort::Small, ..BlockSpec::default() };
    let create = |day| {
        let id = BlockId::new(day as i64, &mut SeededRng::new(1));
        BlockWriter::create(disk, &blocks, id, spec.clone()).unwrap()
    };
    let mut writers: Vec<BlockWriter> = (0..N_DAYS).map(create).collect();
    let grid = Grid { first_ms: FIRST_MS, step_ms: STEP_MS, n_steps: N_DAYS * DAY_STEPS };
    for host in 0..N_HOSTS {
        let payload = Payload::new(host as u64, 1, grid);
        for series in 0..SERIES_OF_HOST {
            let (host, number) = (host.to_string(), series.to_string());
            let labels = Labels::from_pairs([("__name__", "x"), ("instance", &*host), ("i", &*number)]);
            let bits: Vec<u64> = payload.values(0, series).iter().map(|value| value.to_bits()).collect();
            let days = payload.times(0).chunks(DAY_STEPS).zip(bits.chunks(DAY_STEPS));
            for (writer, (timestamps, bits)) in writers.iter_mut().zip(days) {
                writer.series(&labels, &SeriesSamples { timestamps, bits, histograms: &[], starts: &[] }).unwrap();
            }
        }
    }
    writers.into_iter().for_each(|writer| drop(writer.finish().unwrap()));
}

/// Sums everything up that is to be, and says what that took.
fn downsample(store: &Store, downsampling: Downsampling) {
    store.set_downsampling(downsampling);
    let (mut n_bytes, mut n_block_bytes, mut n_samples, mut took, mut name) = (0, 0, 0, Duration::ZERO, "");
    while let Some(stats) = store.downsample_if_due().unwrap() {
        n_bytes += stats.n_bytes;
        n_block_bytes += stats.n_block_bytes;
        n_samples += stats.n_samples;
        took += stats.duration;
        name = stats.resolution.name();
    }
    if n_samples == 0 {
        return;
    }
    println!(
        "{name}: {n_bytes} bytes beside {n_block_bytes} of blocks: {:.2} %; {:.1} ns a sample to sum up",
        100.0 * n_bytes as f64 / n_block_bytes as f64,
        took.as_nanos() as f64 / n_samples as f64
    );
}

fn questions(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    write(&disk, dir.path());
    let (options, progress) = (Options::default(), Progress::default());
    let (store, _) = Store::open(&disk, &clock, &mut SeededRng::new(1), dir.path(), options, &progress).unwrap();
    let engine = Engine::new(EngineOptions::default());
    let ask = |text: &str| {
        let options = QueryOptions::default();
        engine.range(&store, text, (FIRST_MS + HOUR_MS, LAST_MS), HOUR_MS, &options).unwrap()
    };
    let mut group = criterion.benchmark_group("downsample");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    let texts = [
        ("max", "max_over_time(x[1h])"),
        ("min", "min_over_time(x[1h])"),
        ("last", "last_over_time(x[1h])"),
        ("count", "count_over_time(x[1h])"),
        ("rate", "rate(x[1h])"),
    ];
    let answers = texts.map(|(_, text)| ask(text).value);
    let (five_minutes_after_ms, one_hour_after_ms) = (Some(0), Some(0));
    for (from, downsampling) in [
        ("samples", Downsampling::default()),
        ("five minutes", Downsampling { five_minutes_after_ms, ..Downsampling::default() }),
        ("an hour", Downsampling { five_minutes_after_ms, one_hour_after_ms }),
    ] {
        downsample(&store, downsampling);
        for ((name, text), answer) in texts.iter().zip(&answers) {
            assert!(&ask(text).value == answer, "{text} from {from}");
            group.bench_function(format!("{name} from {from}"), |bencher| bencher.iter(|| black_box(ask(text))));
        }
    }
    group.finish();
}

criterion_group!(benches, questions);
criterion_main!(benches);
