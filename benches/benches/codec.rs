//! What sealed values cost: bytes a sample, and nanoseconds to encode and to decode it.
//!
//! On what `record_node` recorded of a real node_exporter (`NARTHEX_NODE_RECORDING`, or `target/tmp/node.rec`), at its
//! pace of a second and thinned out to 15 s, and on a made-up mix like that of a SMACK cluster (20 % counters, 28 %
//! histogram buckets, 18 % constants, 8 % integer gauges, 5 % gauges of whole pages, 4 % decimals, 6 % quantiles, 11 %
//! full floats). Every codec stands in for all chunks that it can hold; the others fall back to exclusive ors. Best of
//! five passes each, by the thread's own clock, so that other work disturbs little.
//!
//! `cargo bench -p benches --bench codec -- 240` shows the tables of 240 values a chunk only.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and stops when it cannot go on")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use model::rng::{Rng, SeededRng};
use rustix::time::{ClockId, clock_gettime};
use tsdb::codec::{
    Codec, Effort, decode_timestamps, decode_values, encode_timestamps, encode_values, encode_values_as,
};

const N_PASSES: usize = 5;

/// Series of equal length, with the times of all.
struct Recording {
    name: String,
    timestamps: Vec<i64>,
    series: Vec<Vec<u64>>,
}

fn main() {
    let mut recordings = vec![made_up(990, 2000)];
    let path = std::env::var("NARTHEX_NODE_RECORDING")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tmp/node.rec").to_owned());
    match std::fs::read(&path) {
        Ok(bytes) => {
            let every_second = recorded(&bytes);
            recordings.insert(0, thinned(&every_second, 15));
            recordings.insert(0, every_second);
        }
        Err(error) => println!("node_exporter is left out ({path}: {error}): see record_node"),
    }
    let wanted: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    for recording in &recordings {
        for n in [120, 240, 1000] {
            if recording.timestamps.len() >= n && (wanted.is_empty() || wanted.contains(&n)) {
                print_table(recording, n);
            }
        }
        print_timestamps(recording);
    }
}

/// The series that are in all answers of a recording.
fn recorded(mut bytes: &[u8]) -> Recording {
    let mut series: HashMap<String, Vec<u64>> = HashMap::new();
    let mut timestamps = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<12>() {
        let n_bytes = u32::from_le_bytes(head[8..].try_into().unwrap()) as usize;
        let Some((text, rest)) = rest.split_at_checked(n_bytes) else { break };
        timestamps.push(i64::from_le_bytes(head[..8].try_into().unwrap()));
        for line in std::str::from_utf8(text).unwrap().lines() {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let value: f64 = value.parse().unwrap();
            match series.get_mut(name) {
                Some(values) => values.push(value.to_bits()),
                None => drop(series.insert(name.to_owned(), vec![value.to_bits()])),
            }
        }
        bytes = rest;
    }
    let mut named: Vec<_> = series.into_iter().filter(|(_, values)| values.len() == timestamps.len()).collect();
    named.sort();
    let name = format!("node_exporter, 1 s ({} series, {} scrapes)", named.len(), timestamps.len());
    Recording { name, timestamps, series: named.into_iter().map(|(_, values)| values).collect() }
}

/// Every `step`-th scrape.
fn thinned(recording: &Recording, step: usize) -> Recording {
    let timestamps: Vec<i64> = recording.timestamps.iter().copied().step_by(step).collect();
    Recording {
        name: format!("node_exporter, {step} s ({} series, {} scrapes)", recording.series.len(), timestamps.len()),
        timestamps,
        series: recording.series.iter().map(|values| values.iter().copied().step_by(step).collect()).collect(),
    }
}

fn made_up(n_series: usize, n_samples: usize) -> Recording {
    let mut rng = SeededRng::new(20);
    let mut uniform = || rng.next_u64() as f64 / u64::MAX as f64;
    let series = (0..n_series)
        .map(|series| {
            let kind = series % 100;
            let rate = 10f64.powf(uniform() * 5.0);
            let mut total = (uniform() * 1e6).floor();
            let values = (0..n_samples).map(|_| match kind {
                0..20 => {
                    total += (rate * (0.5 + uniform())).floor();
                    total
                }
                20..48 => {
                    total += if uniform() < 0.3 { (rate.sqrt() * uniform()).floor() } else { 0.0 };
                    total
                }
                48..66 => total,
                66..74 => {
                    total = (total + (uniform() * 9.0).floor() - 4.0).max(0.0);
                    total
                }
                74..79 => {
                    total = (total + (uniform() * 65.0).floor() - 32.0).max(0.0);
                    total * 4096.0
                }
                79..83 => (uniform() * 1000.0).floor() / 1000.0,
                83..89 => (uniform() * 1e5).floor() / 1e9,
                _ => {
                    total = total * 0.9 + uniform() * rate * 0.1;
                    total
                }
            });
            values.map(f64::to_bits).collect()
        })
        .collect();
    let timestamps = (0..n_samples as i64).map(|i| 1_764_314_913_000 + i * 15_000).collect();
    Recording { name: format!("made up ({n_series} series)"), timestamps, series }
}

/// A way to encode.
enum Way {
    Best(Effort),
    By(Codec),
}

fn encode(bits: &[u64], way: &Way, out: &mut Vec<u8>) {
    match way {
        Way::Best(effort) => encode_values(bits, *effort, out),
        Way::By(codec) => {
            let _ = encode_values_as(bits, Codec::Constant, out)
                || encode_values_as(bits, *codec, out)
                || encode_values_as(bits, Codec::Xor, out);
        }
    }
}

fn print_table(recording: &Recording, n: usize) {
    println!("\n{}, {n} values a chunk", recording.name);
    println!("{:<34}{:>10}{:>10}{:>10}", "", "B/value", "enc ns", "dec ns");
    let chunks: Vec<&[u64]> = recording.series.iter().flat_map(|values| values.chunks_exact(n)).collect();
    let ways = [
        ("stored in 2 h blocks", Way::Best(Effort::Fast)),
        ("stored in compacted blocks", Way::Best(Effort::Small)),
        ("integer columns", Way::By(Codec::Integers)),
        ("pcodec of integers, level 8", Way::By(Codec::PcoIntegers)),
        ("pcodec of floats, level 8", Way::By(Codec::PcoFloats)),
        ("tsz-compress of integers", Way::By(Codec::Tsz)),
        ("exclusive or (Gorilla)", Way::By(Codec::Xor)),
    ];
    for (name, way) in ways {
        let encoded = encoded(&chunks, &way);
        let n_bytes: usize = encoded.iter().map(Vec::len).sum();
        let n_values = chunks.len() * n;
        let encoding = best_of(|| {
            black_box(encoded_again(&chunks, &way));
        });
        let decoding = best_of(|| decoded(&encoded, n));
        println!(
            "{name:<34}{:>10.3}{:>10.1}{:>10.2}",
            n_bytes as f64 / n_values as f64,
            encoding.as_nanos() as f64 / n_values as f64,
            decoding.as_nanos() as f64 / n_values as f64,
        );
        if let Way::Best(_) = way {
            print_shares(&encoded, n);
        }
    }
}

/// Which codecs were chosen.
fn print_shares(encoded: &[Vec<u8>], n: usize) {
    for codec in Codec::ALL {
        let of_codec: Vec<Vec<u8>> = encoded.iter().filter(|chunk| Codec::of(chunk) == Some(codec)).cloned().collect();
        if !of_codec.is_empty() {
            let n_bytes: usize = of_codec.iter().map(Vec::len).sum();
            let n_values = of_codec.len() * n;
            let decoding = best_of(|| decoded(&of_codec, n));
            println!(
                "  {:<22}{:>8.1} %{:>11.3}{:>10}{:>10.2}",
                format!("{codec:?}"),
                of_codec.len() as f64 * 100.0 / encoded.len() as f64,
                n_bytes as f64 / n_values as f64,
                "",
                decoding.as_nanos() as f64 / n_values as f64,
            );
        }
    }
}

fn encoded(chunks: &[&[u64]], way: &Way) -> Vec<Vec<u8>> {
    let each = |bits: &&[u64]| {
        let mut out = Vec::new();
        encode(bits, way, &mut out);
        out
    };
    chunks.iter().map(each).collect()
}

fn encoded_again(chunks: &[&[u64]], way: &Way) -> usize {
    let mut out = Vec::new();
    let mut n_bytes = 0;
    for bits in chunks {
        out.clear();
        encode(bits, way, &mut out);
        n_bytes += black_box(&out).len();
    }
    n_bytes
}

fn decoded(encoded: &[Vec<u8>], n: usize) {
    let mut tile = Vec::with_capacity(n);
    for chunk in encoded {
        tile.clear();
        decode_values(chunk, n, &mut tile).unwrap();
        black_box(&tile);
    }
}

fn best_of(mut pass: impl FnMut()) -> Duration {
    let time = |pass: &mut dyn FnMut()| {
        let start = on_processor();
        pass();
        on_processor() - start
    };
    (0..N_PASSES).map(|_| time(&mut pass)).min().unwrap()
}

/// What this thread has had of a processor: others' load is not in it.
fn on_processor() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

fn print_timestamps(recording: &Recording) {
    for n in [120, 240, 1000] {
        let columns: Vec<&[i64]> = recording.timestamps.chunks_exact(n).collect();
        let mut n_bytes = 0;
        let mut decoding = Duration::ZERO;
        for column in &columns {
            let mut encoded = Vec::new();
            encode_timestamps(column, &mut encoded);
            n_bytes += encoded.len();
            let mut decoded = Vec::with_capacity(n);
            decoding += best_of(|| {
                decoded.clear();
                decode_timestamps(black_box(&encoded), n, &mut decoded).unwrap();
            });
        }
        if !columns.is_empty() {
            let n_timestamps = (columns.len() * n) as f64;
            let (bytes, ns) = (n_bytes as f64 / n_timestamps, decoding.as_nanos() as f64 / n_timestamps);
            println!("timestamps, {n} a column: {bytes:.3} B, decoded in {ns:.2} ns");
        }
    }
}
