//! What a block costs: bytes of each part for each series, time to write, to open, and to read.
//!
//! The load is that of `benches::payload`: 64,500 series of 215 hosts, 240 samples each, fifteen seconds apart and with
//! a jitter of some milliseconds for each host, as scrapes have it. The sizes and the time of writing are printed once;
//! criterion measures the rest.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::payload::{Grid, Payload, SERIES_PER_HOST, STEP_MS};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::storage::Tile;
use model::{Labels, Matcher};
use tsdb::block::{Block, BlockId, BlockMeta, BlockSpec, BlockWriter, SeriesSamples, file_name};
use tsdb::codec::Effort;

const N_HOSTS: usize = 215;
const N_SAMPLES: usize = 240;
const FIRST_MS: i64 = 1_700_000_000_000 / STEP_MS * STEP_MS;

/// Labels and values of every series, and the times of every host.
struct Load {
    labels: Vec<Labels>,
    bits: Vec<Vec<u64>>,
    times: Vec<Vec<i64>>,
}

fn load() -> Load {
    let payload = Payload::new(1, N_HOSTS, Grid { first_ms: FIRST_MS, step_ms: STEP_MS, n_steps: N_SAMPLES });
    let each = || (0..N_HOSTS).flat_map(|host| (0..SERIES_PER_HOST).map(move |series| (host, series)));
    let bits = |(host, series)| payload.values(host, series).iter().map(|value| value.to_bits()).collect();
    Load {
        labels: each().map(|(host, series)| payload.labels(host, series)).collect(),
        bits: each().map(bits).collect(),
        times: (0..N_HOSTS).map(|host| payload.times(host).to_vec()).collect(),
    }
}

impl Load {
    fn write(&self, disk: &Arc<dyn Disk>, dir: &Path, id: BlockId, effort: Effort) -> BlockMeta {
        let mut writer = BlockWriter::create(disk, dir, id, BlockSpec { effort, ..BlockSpec::default() }).unwrap();
        for (series, (labels, bits)) in self.labels.iter().zip(&self.bits).enumerate() {
            let timestamps = &self.times[series / SERIES_PER_HOST];
            writer.series(labels, &SeriesSamples { timestamps, bits, histograms: &[], starts: &[] }).unwrap();
        }
        writer.finish().unwrap()
    }
}

/// Writes the block with both efforts, and says how large it is and how long that took.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn write(disk: &Arc<dyn Disk>, dir: &Path) -> PathBuf {
    let load = load();
    let mut path = PathBuf::new();
    for (number, effort) in [Effort::Small, Effort::Fast].into_iter().enumerate() {
        let id = BlockId::new(number as i64, &mut SeededRng::new(1));
        let started = Instant::now();
        let meta = load.write(disk, dir, id, effort);
        let elapsed = started.elapsed();
        println!(
            "{effort:?}: {} series, {} samples, {} bytes: {:.3} a sample; {:.1} ns a sample to write",
            meta.n_series,
            meta.n_samples,
            meta.n_bytes,
            meta.n_bytes as f64 / meta.n_samples as f64,
            elapsed.as_nanos() as f64 / meta.n_samples as f64,
        );
        for (part, n_bytes) in &meta.parts {
            println!("    {part:24} {n_bytes:>10} bytes, {:>8.3} a series", *n_bytes as f64 / meta.n_series as f64);
        }
        path = dir.join(file_name(id));
    }
    path
}

/// Reads the samples of all series between two times; answers how many.
fn read(block: &Block, start_ms: i64, end_ms: i64) -> u64 {
    let mut tile = Tile::default();
    let mut cursor = block.cursor(0, start_ms, end_ms);
    let mut n_samples = 0;
    for series in 0..block.meta().n_series as u32 {
        cursor.seek(series, start_ms, end_ms);
        while cursor.next_tile(&mut tile) {
            n_samples += tile.values.len() as u64;
        }
    }
    n_samples
}

fn blocks(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let path = write(&disk, dir.path());
    let block = Block::open(&disk, &path).unwrap();
    let meta = block.meta().clone();
    let mut group = criterion.benchmark_group("block");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.bench_function("open", |bencher| bencher.iter(|| Block::open(&disk, &path).unwrap()));
    let one = [Matcher::equal("__name__", "node_load_8"), Matcher::equal("instance", "host-00007.example.org:9100")];
    group.bench_function("match one series", |bencher| bencher.iter(|| block.matching(&one).len()));
    let wide = [Matcher::new("__name__", model::MatchOp::Regex, "node_cpu.*").unwrap()];
    group.bench_function("match a regex of 3,440 series", |bencher| bencher.iter(|| block.matching(&wide).len()));
    group.throughput(Throughput::Elements(meta.n_samples));
    group.bench_function("read every sample", |bencher| bencher.iter(|| read(&block, i64::MIN, i64::MAX)));
    group.throughput(Throughput::Elements(meta.n_series));
    let end_ms = meta.max_ms - 60_000;
    group.bench_function("read 5 minutes of each series", |bencher| {
        bencher.iter(|| read(&block, end_ms - 300_000, end_ms));
    });
    let all = || (0..meta.n_series as u32).collect();
    group.bench_function("who is within", |bencher| bencher.iter(|| block.within(&all(), end_ms, end_ms).len()));
    group.bench_function("labels", |bencher| bencher.iter(|| block.labels_of(0..meta.n_series as u32).count()));
    group.finish();
    assert!(block.quarantined().is_empty());
}

criterion_group!(benches, blocks);
criterion_main!(benches);
