//! Every byte of a block is damaged in turn, every length cut, pages zeroed, doubled and swapped: nothing panics, nothing
//! wrong is read, and no more is lost than what `docs/format/block.md` allows.
//!
//! Where damage lies is looked up from the outside: the test notes how long the file is before and after each series is
//! written, as the block writes chunks as they come. A damaged chunk may cost its series; a damaged timestamp column,
//! which stands in front of the first chunk on it, the series of its target; what stands behind the chunks, the index,
//! the whole block, which is then refused by name.
//!
//! And one who can compute checksums forges blocks: they are refused, or read without a panic and in the order of time.
//!
//! `NARTHEX_FORGERIES` sets how many blocks are forged; 600 by default.
//!
//! One byte in 251 is damaged by default; `NARTHEX_DAMAGE_STEP` sets the distance from one place to the next; 1 takes all.

#![allow(clippy::print_stdout, reason = "says how much it did")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;
use journal::testkit::MemoryDisk;
use model::histogram::{Histogram, ResetHint, Span};
use model::rng::SeededRng;
use model::storage::{HistogramValue, Tile};
use model::{Labels, MatchOp, Matcher, Rng};
use tsdb::block::{Block, BlockId, BlockSpec, BlockWriter, SeriesSamples, file_name};

/// Samples of a series in the order of time: the bits, or the sum of a histogram with a mark.
type Samples = Vec<(i64, bool, u64)>;

struct Written {
    path: PathBuf,
    file: Vec<u8>,
    /// Where the chunks of each series are, with the column in front of them where there is one, and its target.
    places: Vec<(Range<usize>, usize)>,
    labels: Vec<Labels>,
    samples: Vec<Samples>,
}

/// A block of a few targets: counters, decimals, doubles, constants, stale series of half the time, histograms.
fn written() -> Written {
    let mut rng = SeededRng::new(4);
    let disk = MemoryDisk::new();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let id = BlockId::new(1_700_000_000_000, &mut rng);
    let mut writer = BlockWriter::create(&shared, Path::new("blocks"), id, BlockSpec::default()).unwrap();
    let (mut places, mut all_labels, mut all_samples) = (Vec::new(), Vec::new(), Vec::new());
    for target in 0..4usize {
        let n_samples = [120, 240, 1030, 3][target];
        // No two targets share a time, so that none has a part of another's column.
        let first_ms = 1000 * target as i64;
        let times: Vec<i64> = (0..n_samples).map(|i| first_ms + i * 15_000 + rng.below(5) as i64).collect();
        for i in 0..12usize {
            let (target_text, i_text) = (target.to_string(), i.to_string());
            let labels = Labels::from_pairs([("instance", &*target_text), ("job", "j"), ("i", &*i_text)]);
            let times = if i % 7 == 6 { &times[..times.len().div_ceil(2)] } else { &times[..] };
            let bits: Vec<u64> = (0..times.len())
                .map(|at| match i % 6 {
                    0 => (at as f64 * 100.0 + rng.below(50) as f64).to_bits(),
                    1 => (rng.below(10_000) as f64 / 100.0).to_bits(),
                    2 => rng.unit().to_bits(),
                    3 => 42f64.to_bits(),
                    4 => (rng.below(9) as f64).to_bits(),
                    _ => (at as f64).to_bits(),
                })
                .collect();
            let histograms: Vec<(i64, HistogramValue)> = if i % 11 == 10 {
                times.iter().step_by(9).map(|&ms| (ms + 7000, histogram(ms as u64 / 15_000))).collect()
            } else {
                Vec::new()
            };
            let mut samples: Samples = times.iter().zip(&bits).map(|(&ms, &bits)| (ms, false, bits)).collect();
            samples.extend(histograms.iter().map(|(ms, value)| (*ms, true, value.to_float().sum.to_bits())));
            samples.sort_unstable();
            let start = writer.n_bytes() as usize;
            writer
                .series(
                    &labels,
                    &SeriesSamples { timestamps: times, bits: &bits, histograms: &histograms, starts: &[] },
                )
                .unwrap();
            places.push((start..writer.n_bytes() as usize, target));
            all_labels.push(labels);
            all_samples.push(samples);
        }
    }
    writer.finish().unwrap();
    let path = Path::new("blocks").join(file_name(id));
    let file = disk.get(&path).unwrap();
    Written { path, file, places, labels: all_labels, samples: all_samples }
}

fn histogram(n: u64) -> HistogramValue {
    HistogramValue::Float(Arc::new(Histogram {
        reset_hint: ResetHint::Unknown,
        schema: 2,
        zero_threshold: 0.001,
        zero_count: n as f64,
        count: (3 * n) as f64,
        sum: n as f64 / 3.0,
        positive_spans: vec![Span { offset: 0, length: 2 }],
        positive: vec![n as f64, n as f64],
        negative_spans: Vec::new(),
        negative: Vec::new(),
        custom_bounds: Vec::new(),
    }))
}

impl Written {
    fn index_at(&self) -> usize {
        self.places.last().unwrap().0.end
    }

    /// The series that may lose samples where these bytes are damaged; `None` where the block may be refused.
    fn allowed(&self, damaged: &Range<usize>) -> Option<Vec<usize>> {
        if damaged.end > self.index_at() {
            return None;
        }
        let touches = |place: &Range<usize>| place.start < damaged.end && damaged.start < place.end;
        let targets: Vec<usize> = self.places.iter().filter(|(place, _)| touches(place)).map(|(_, t)| *t).collect();
        let is_first = |at: usize| at == 0 || self.places[at - 1].1 != self.places[at].1;
        // The column of a target stands with its first series; only who is touched there drags others along.
        let dragged = |at: usize| {
            let first =
                (0..self.places.len()).find(|&first| is_first(first) && self.places[first].1 == self.places[at].1);
            targets.contains(&self.places[at].1) && first.is_some_and(|first| touches(&self.places[first].0))
        };
        Some((0..self.places.len()).filter(|&at| touches(&self.places[at].0) || dragged(at)).collect())
    }

    /// Reads a changed file and compares; answers whether anything was lost.
    fn check(&self, changed: Vec<u8>, damaged: &Range<usize>) -> bool {
        let disk = MemoryDisk::new();
        disk.put(&self.path, changed);
        let disk: Arc<dyn Disk> = Arc::new(disk);
        let allowed = self.allowed(damaged);
        let block = match Block::open(&disk, &self.path) {
            Ok(block) => block,
            Err(error) => {
                assert!(allowed.is_none(), "{damaged:?}: {error}");
                assert!(error.to_string().contains("blocks/"), "{error} names the file");
                return true;
            }
        };
        let mut n_lost = 0;
        for (series, want) in self.samples.iter().enumerate() {
            assert_eq!(block.labels(series as u32), self.labels[series], "{damaged:?}");
            let found = samples(&block, series as u32);
            assert!(is_part(&found, want), "{damaged:?}: series {series} has samples that were never written");
            if found.len() < want.len() {
                n_lost += want.len() - found.len();
                let is_allowed = allowed.as_ref().is_some_and(|allowed| allowed.contains(&series));
                assert!(is_allowed, "{damaged:?}: series {series} at {:?} has lost samples", self.places[series]);
            }
        }
        let quarantined = block.quarantined();
        assert_eq!(n_lost == 0, quarantined.is_empty(), "{damaged:?}: {n_lost} lost, {quarantined:?}");
        n_lost > 0
    }
}

fn samples(block: &Block, series: u32) -> Samples {
    let mut cursor = block.cursor(series, i64::MIN, i64::MAX);
    let (mut tile, mut found) = (Tile::default(), Samples::new());
    while cursor.next_tile(&mut tile) {
        let floats = tile.values.iter().map(|value| (false, value.to_bits()));
        let histograms = tile.histograms.iter().map(|histogram| (true, histogram.to_float().sum.to_bits()));
        found.extend(tile.timestamps.iter().zip(floats.chain(histograms)).map(|(&ms, (mark, bits))| (ms, mark, bits)));
    }
    found
}

/// Whether all that was found is there, in the same order.
fn is_part(found: &Samples, want: &Samples) -> bool {
    let mut want = want.iter();
    found.iter().all(|sample| want.any(|wanted| wanted == sample))
}

fn step() -> usize {
    match std::env::var("NARTHEX_DAMAGE_STEP") {
        Ok(step) => step.parse().expect("NARTHEX_DAMAGE_STEP is a distance in bytes"),
        Err(_) => 251,
    }
}

/// Runs `check` for every `step`th place of the file, on all cores; it answers whether something was lost.
fn for_each_place(written: &Written, step: usize, check: impl Fn(usize) -> bool + Sync) -> usize {
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let places = |thread: usize| (thread * step..written.file.len()).step_by(n_threads * step);
    let n_losses: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads)
            .map(|thread| {
                let check = &check;
                scope.spawn(move || places(thread).filter(|&at| check(at)).count())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{} places of {} bytes, {n_losses} losses", written.file.len().div_ceil(step), written.file.len());
    n_losses
}

#[test]
fn a_damaged_byte_costs_a_chunk_or_the_block_is_refused_by_name() {
    let written = written();
    assert!((16_384..=262_144).contains(&written.file.len()), "{} bytes", written.file.len());
    assert!(!written.check(written.file.clone(), &(0..0)), "a whole block is whole");
    let n_losses = for_each_place(&written, step(), |at| {
        [1 << (at % 8), 0xff].into_iter().fold(false, |lost, flipped| {
            let mut damaged = written.file.clone();
            damaged[at] ^= flipped;
            let is_lost = written.check(damaged, &(at..at + 1));
            // The header is for people.
            assert_eq!(is_lost, at >= 16, "byte {at}: damage is noticed");
            lost | is_lost
        })
    });
    assert!(n_losses > 0);
}

#[test]
fn a_cut_file_is_no_block() {
    let written = written();
    for_each_place(&written, step(), |at| {
        assert!(written.check(written.file[..at].to_vec(), &(at..written.file.len())));
        let mut zeroed = written.file.clone();
        zeroed[at..].fill(0);
        assert!(written.check(zeroed, &(at..written.file.len())));
        let mut longer = written.file.clone();
        longer.extend_from_slice(&written.file[at..]);
        // The last bytes are a footer again, of a table that stands where it stood.
        written.check(longer, &(written.file.len()..usize::MAX));
        true
    });
}

#[test]
fn zeroed_doubled_and_swapped_pages_cost_what_they_touch() {
    let written = written();
    for page_len in [512, 4096] {
        let n_pages = written.file.len().div_ceil(page_len);
        let page = |number: usize| number * page_len..((number + 1) * page_len).min(written.file.len());
        for number in 0..n_pages - 1 {
            let (one, other) = (page(number), page((number * 7 + 3) % (n_pages - 1)));
            let mut zeroed = written.file.clone();
            zeroed[one.clone()].fill(0);
            written.check(zeroed, &one);
            let mut doubled = written.file.clone();
            doubled.copy_within(other.clone(), one.start);
            written.check(doubled, &one);
            if one.end <= other.start {
                let mut swapped = written.file.clone();
                let (head, tail) = swapped.split_at_mut(other.start);
                head[one.clone()].swap_with_slice(&mut tail[..other.len()]);
                // What lies between is not touched, but the test's ranges are not that fine.
                let found = written.check_swapped(swapped, &one, &other);
                assert!(found, "{one:?} and {other:?}");
            }
        }
    }
}

impl Written {
    /// As [`Written::check`], for two damaged places.
    fn check_swapped(&self, changed: Vec<u8>, one: &Range<usize>, other: &Range<usize>) -> bool {
        let disk = MemoryDisk::new();
        disk.put(&self.path, changed);
        let disk: Arc<dyn Disk> = Arc::new(disk);
        let allowed = self.allowed(one).zip(self.allowed(other));
        let Ok(block) = Block::open(&disk, &self.path) else { return allowed.is_none() };
        self.samples.iter().enumerate().all(|(series, want)| {
            let found = samples(&block, series as u32);
            let is_touched = allowed.as_ref().is_none_or(|(a, b)| a.contains(&series) || b.contains(&series));
            is_part(&found, want) && (found.len() == want.len() || is_touched)
        })
    }
}

/// Gives sections, table and footer the checksums that they should have.
fn make_right(file: &mut [u8]) {
    let (footer_at, table_at) = (file.len() - 28, file.len() - 28 - 200);
    for entry in (0..10).map(|section| table_at + 20 * section) {
        let number = |at: usize, file: &[u8]| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
        let (place, len) = (number(entry, file), number(entry + 8, file));
        if let Some(section) = place.checked_add(len).and_then(|end| file.get(place..end)) {
            let crc = crc32c::crc32c(section);
            file[entry + 16..entry + 20].copy_from_slice(&crc.to_le_bytes());
        }
    }
    let table_crc = crc32c::crc32c(&file[table_at..footer_at]);
    file[footer_at + 8..footer_at + 12].copy_from_slice(&table_crc.to_le_bytes());
    let crc = crc32c::crc32c(&file[footer_at..footer_at + 16]);
    file[footer_at + 16..footer_at + 20].copy_from_slice(&crc.to_le_bytes());
}

#[test]
fn a_forged_index_is_refused_or_read_in_order() {
    let written = written();
    let mut rng = SeededRng::new(7);
    let (mut n_refused, mut n_read) = (0, 0);
    let n_rounds = match std::env::var("NARTHEX_FORGERIES") {
        Ok(rounds) => rounds.parse().expect("NARTHEX_FORGERIES is a number"),
        Err(_) => 600,
    };
    for round in 0..n_rounds {
        let mut forged = written.file.clone();
        for _ in 0..1 + rng.below(3) {
            let at = written.index_at() + rng.below((forged.len() - written.index_at() - 8) as u64) as usize;
            match rng.below(3) {
                0 => forged[at] = rng.next_u64() as u8,
                1 => forged[at..at + 8].fill(0xff),
                _ => forged[at] = forged[at].wrapping_add(1),
            }
        }
        make_right(&mut forged);
        let disk = MemoryDisk::new();
        disk.put(&written.path, forged);
        let disk: Arc<dyn Disk> = Arc::new(disk);
        let Ok(block) = Block::open(&disk, &written.path) else {
            n_refused += 1;
            continue;
        };
        n_read += 1;
        ask_everything(&block, round);
    }
    println!("{n_refused} forged blocks were refused, {n_read} read");
    assert!(n_refused > 50 && n_read > 50, "{n_refused} refused, {n_read} read");
}

/// Asks all there is to ask; samples come in the order of time.
fn ask_everything(block: &Block, round: u64) {
    let all: Vec<u32> = (0..block.meta().n_series.min(80) as u32).collect();
    for matchers in [
        vec![Matcher::equal("instance", "1"), Matcher::equal("i", "7")],
        vec![Matcher::new("i", MatchOp::Regex, "1.*").unwrap()],
        vec![Matcher::new("i", MatchOp::NotRegex, ".*2.*").unwrap(), Matcher::equal("job", "j")],
    ] {
        let found = block.matching(&matchers);
        assert!(found.max().is_none_or(|max| u64::from(max) < block.meta().n_series));
        block.names_of(&found);
        block.within(&found, 0, 100_000);
    }
    block.label_names().iter().for_each(|name| drop(block.label_values(name)));
    for &series in &all {
        let labels = block.labels(series);
        if round.is_multiple_of(8) {
            block.find(&labels);
        }
        block.interval(series);
        let found = samples(block, series);
        assert!(found.is_sorted_by(|a, b| a.0 < b.0), "series {series} of round {round}");
        block.raw(series).iter().for_each(|chunk| drop((chunk.bits(), chunk.histograms())));
    }
    assert!(block.quarantined().len() <= 101);
}
