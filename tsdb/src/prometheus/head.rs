//! What Prometheus had in memory: the log, its checkpoint, the log of late samples, and the chunks that were full.
//!
//! It is put together as Prometheus does it at a start. Of a series in the log a sample counts if it is newer than all before
//! it; the others were late, and stand in the log of those. What is older than the newest block of ordinary samples stands in
//! blocks. So everything that Prometheus would answer is there, and nothing else.
//!
//! Heads are larger than memory may be here: samples are gathered for so many series at a time as have a bounded number of
//! them, and the log is read once for each such lot.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;
use model::Labels;
use model::storage::HistogramValue;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::bytes::{map, numbered};
use super::record::{self, Row};
use super::{ForeignError, Outcome, Watch, head_chunks, log, read_chunk};
use crate::block::{BlockError, Bytes};
use crate::import::{Importer, Interval, Origin, Samples, place_of_target};
use crate::starts::start_at;

const WINDOW_MS: i64 = 2 * 3_600_000;
/// So many samples are in memory at a time: half a GiB of floats.
const MAX_SAMPLES: u64 = 32 << 20;
/// A histogram takes as much memory as so many floats.
const HISTOGRAM_WEIGHT: u64 = 32;
/// Of each file so many bytes at either end tell it from others.
const TOLD_BY: usize = 4096;

/// Everything of a data directory that stands in no block.
#[derive(Debug)]
pub struct ForeignHead {
    /// The checkpoint, then the log.
    log: Vec<(PathBuf, Bytes)>,
    late_log: Vec<(PathBuf, Bytes)>,
    chunks: Vec<(PathBuf, Bytes)>,
    /// What is older stands in blocks.
    from_ms: i64,
    /// Tells one state of the files from others.
    hash: u64,
}

/// What a pass over the log finds out.
#[derive(Debug, Default)]
struct Survey {
    /// By the numbers of the log; one series may have several.
    series: FxHashMap<u64, u32>,
    numbers: FxHashMap<Labels, u32>,
    labels: Vec<Labels>,
    /// What was deleted of each.
    deleted: Vec<Vec<Interval>>,
    /// How many samples each may have, histograms weighed.
    weights: Vec<u64>,
}

/// The samples of one series.
#[derive(Debug, Default)]
struct Gathered {
    in_order: Samples,
    late: Samples,
    /// The newest that was in order.
    newest_ms: Option<i64>,
}

/// A sample of either kind.
enum Value {
    Float(u64),
    Histogram(HistogramValue),
}

impl ForeignHead {
    /// Opens what lies in a data directory: `checkpoint` is the newest `wal/checkpoint.N`, with its number.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn open(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        checkpoint: Option<(u64, PathBuf)>,
        from_ms: Option<i64>,
    ) -> Result<ForeignHead, ForeignError> {
        let mapped = |files: Vec<(u64, PathBuf)>| {
            files.into_iter().map(|(_, path)| Ok((path.clone(), map(disk, &path)?))).collect::<Result<Vec<_>, _>>()
        };
        let mut segments = numbered(disk, &dir.join("wal"))?;
        let mut log = Vec::new();
        if let Some((number, dir)) = checkpoint {
            // The checkpoint holds what is needed of the segments up to its number.
            segments.retain(|&(segment, _)| segment > number);
            log = mapped(numbered(disk, &dir)?)?;
        }
        log.append(&mut mapped(segments)?);
        let late_log = mapped(numbered(disk, &dir.join("wbl"))?)?;
        let chunks = mapped(numbered(disk, &dir.join("chunks_head"))?)?;
        let mut head = ForeignHead { log, late_log, chunks, from_ms: from_ms.unwrap_or(i64::MIN), hash: 0 };
        head.hash = head.fingerprint();
        Ok(head)
    }

    /// The bytes that are read.
    pub fn n_bytes(&self) -> u64 {
        let n_bytes = |files: &[(PathBuf, Bytes)]| files.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
        n_bytes(&self.log) + n_bytes(&self.late_log) + n_bytes(&self.chunks)
    }

    fn fingerprint(&self) -> u64 {
        let mut told = self.from_ms.to_le_bytes().to_vec();
        for (path, bytes) in self.log.iter().chain(&self.late_log).chain(&self.chunks) {
            told.extend_from_slice(path.file_name().unwrap_or_default().as_encoded_bytes());
            told.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            let ends = [&bytes[..bytes.len().min(TOLD_BY)], &bytes[bytes.len().saturating_sub(TOLD_BY)..]];
            ends.iter().for_each(|end| told.extend_from_slice(&xxh3_64(end).to_le_bytes()));
        }
        xxh3_64(&told)
    }

    /// Writes all of it to blocks of ours, as far as they are not there yet.
    ///
    /// # Errors
    /// When a block cannot be written.
    pub fn import(&self, importer: &Importer, outcome: &mut Outcome, watch: Watch<'_>) -> Result<(), BlockError> {
        let survey = self.survey(outcome);
        let origin = Origin::new(self.from_ms, &[b"head", &self.hash.to_le_bytes()]);
        let mut windows = importer.begin(origin, WINDOW_MS);
        let lots = survey.lots();
        for lot in &lots {
            let gathered = self.gather(&survey, lot, outcome);
            for (&number, gathered) in lot.iter().zip(gathered) {
                let samples = gathered.joined(&survey.deleted[number as usize], outcome);
                if !samples.is_empty() {
                    outcome.note_series(&survey.labels[number as usize]);
                }
                windows.series(&survey.labels[number as usize], &samples)?;
                watch(0, samples.len() as u64);
            }
            watch(self.n_bytes() / lots.len() as u64, 0);
        }
        outcome.take(windows.finish()?);
        Ok(())
    }

    /// Reads the log for its series and for what was deleted of them.
    fn survey(&self, outcome: &mut Outcome) -> Survey {
        let mut survey = Survey::default();
        let mut take = |row: Row, outcome: &mut Outcome| match row {
            Row::Series(series, labels) => survey.define(series, labels),
            Row::Float { series, .. } => survey.weigh(series, 1, outcome),
            Row::Histogram { series, .. } => survey.weigh(series, HISTOGRAM_WEIGHT, outcome),
            Row::Deleted { series, from_ms, to_ms } => survey.delete(series, (from_ms, to_ms)),
            Row::UnknownHistogram => outcome.n_schemas += 1,
            Row::Exemplars => outcome.n_exemplars += 1,
            Row::Metadata => outcome.n_metadata += 1,
        };
        for_each_row(&self.log, &mut |row| match row {
            Ok(row) => take(row, outcome),
            Err(damage) => outcome.damage(damage),
        });
        for_each_row(&self.late_log, &mut |row| match row {
            Ok(row) => take(row, outcome),
            Err(damage) => outcome.damage(damage),
        });
        for (path, bytes) in &self.chunks {
            head_chunks::for_each_chunk(bytes, &mut |chunk| match chunk {
                Ok(chunk) => survey.weigh_chunk(chunk.series, chunk.bytes.len() as u64),
                Err((at, error)) => outcome.damage(format!("{}: chunk at byte {at}: {error}", path.display())),
            });
        }
        survey
    }

    /// Gathers the samples of some series.
    fn gather(&self, survey: &Survey, lot: &[u32], outcome: &mut Outcome) -> Vec<Gathered> {
        let mut all: Vec<Gathered> = lot.iter().map(|_| Gathered::default()).collect();
        let places: FxHashMap<u32, usize> = lot.iter().copied().zip(0..).collect();
        let place = |series: u64| survey.series.get(&series).and_then(|number| places.get(number)).copied();
        for (path, bytes) in &self.chunks {
            head_chunks::for_each_chunk(bytes, &mut |chunk| {
                // What is damaged has been named by the survey.
                let Ok(chunk) = chunk else { return };
                let Some(place) = place(chunk.series) else { return };
                if let Err(error) = all[place].take_chunk(&chunk, self.from_ms) {
                    outcome.damage(format!("{}: chunk of series {}: {error}", path.display(), chunk.series));
                }
            });
        }
        let mut take = |row: Row, is_late: bool| {
            let (series, times, value) = match row {
                Row::Float { series, timestamp_ms, start_ms, bits } => {
                    (series, (timestamp_ms, start_ms), Value::Float(bits))
                }
                Row::Histogram { series, timestamp_ms, start_ms, value } => {
                    (series, (timestamp_ms, start_ms), Value::Histogram(value))
                }
                _ => return,
            };
            if let Some(place) = place(series)
                && (is_late || times.0 >= self.from_ms)
            {
                all[place].take(times, value, is_late);
            }
        };
        for_each_row(&self.log, &mut |row| row.into_iter().for_each(|row| take(row, false)));
        for_each_row(&self.late_log, &mut |row| row.into_iter().for_each(|row| take(row, true)));
        all
    }
}

/// Hands out the rows of some segments, and what is damaged, named. What a killed process leaves at the end of the last one
/// is no damage.
fn for_each_row(segments: &[(PathBuf, Bytes)], take: &mut dyn FnMut(Result<Row, String>)) {
    for (i, (path, bytes)) in segments.iter().enumerate() {
        let is_last = i + 1 == segments.len();
        log::for_each_record(bytes, &mut |read| match read {
            Ok(record) => {
                if let Err(error) = record::read(record, &mut |row| take(Ok(row))) {
                    take(Err(format!("{}: a record: {error}", path.display())));
                }
            }
            Err(hole) if hole.is_tail && is_last => {}
            Err(hole) => take(Err(format!("{}: record at byte {}: {}", path.display(), hole.at, hole.error))),
        });
    }
}

impl Survey {
    fn define(&mut self, series: u64, labels: Labels) {
        let next = self.labels.len() as u32;
        let number = *self.numbers.entry(labels).or_insert_with_key(|labels| {
            self.labels.push(labels.clone());
            next
        });
        if number == next {
            self.deleted.push(Vec::new());
            self.weights.push(0);
        }
        self.series.insert(series, number);
    }

    fn weigh(&mut self, series: u64, weight: u64, outcome: &mut Outcome) {
        match self.series.get(&series) {
            Some(&number) => self.weights[number as usize] += weight,
            None => outcome.n_unknown += 1,
        }
    }

    /// A chunk may hold samples that the log does not; a byte holds few.
    fn weigh_chunk(&mut self, series: u64, n_bytes: u64) {
        if let Some(&number) = self.series.get(&series) {
            self.weights[number as usize] += n_bytes;
        }
    }

    fn delete(&mut self, series: u64, interval: Interval) {
        if let Some(&number) = self.series.get(&series) {
            self.deleted[number as usize].push(interval);
        }
    }

    /// The series in lots, those of a target side by side.
    fn lots(&self) -> Vec<Vec<u32>> {
        let mut order: Vec<u32> = (0..self.labels.len() as u32).collect();
        order.sort_by_cached_key(|&number| {
            let labels = &self.labels[number as usize];
            (place_of_target(labels), labels.clone())
        });
        let mut lots = vec![Vec::new()];
        let mut weight = 0;
        for number in order {
            weight += self.weights[number as usize];
            if let Some(lot) = lots.last_mut() {
                lot.push(number);
            }
            if weight >= MAX_SAMPLES {
                lots.push(Vec::new());
                weight = 0;
            }
        }
        lots
    }
}

impl Gathered {
    /// Takes a sample with its time and the time since which it counts.
    fn take(&mut self, (timestamp_ms, start_ms): (i64, i64), value: Value, is_late: bool) {
        if !is_late && self.newest_ms.is_some_and(|newest_ms| newest_ms >= timestamp_ms) {
            return;
        }
        let side = if is_late { &mut self.late } else { &mut self.in_order };
        match value {
            Value::Float(bits) => side.push(timestamp_ms, start_ms, bits),
            Value::Histogram(value) => side.push_histogram(timestamp_ms, start_ms, value),
        }
        if !is_late {
            self.newest_ms = Some(timestamp_ms);
        }
    }

    fn take_chunk(&mut self, chunk: &head_chunks::HeadChunk<'_>, from_ms: i64) -> Result<(), super::Malformed> {
        let mut samples = Samples::default();
        // The samples of a chunk are in order.
        read_chunk(chunk.encoding, chunk.bytes, &mut samples)?;
        let written = samples.as_written();
        let times = |timestamp_ms: i64| (timestamp_ms, start_at(written.starts, timestamp_ms));
        for (&timestamp_ms, &bits) in written.timestamps.iter().zip(written.bits) {
            if chunk.is_late || timestamp_ms >= from_ms {
                self.take(times(timestamp_ms), Value::Float(bits), chunk.is_late);
            }
        }
        for (timestamp_ms, value) in written.histograms {
            if chunk.is_late || *timestamp_ms >= from_ms {
                self.take(times(*timestamp_ms), Value::Histogram(value.clone()), chunk.is_late);
            }
        }
        Ok(())
    }

    /// Everything in order, without what was deleted.
    fn joined(mut self, deleted: &[Interval], outcome: &mut Outcome) -> Samples {
        // A late sample stands in the log and in a chunk; that is no repetition to be told of.
        self.late.put_in_order();
        if self.late.is_empty() {
            outcome.n_deleted += self.in_order.delete(deleted) as u64;
            return self.in_order;
        }
        self.in_order.append(self.late);
        outcome.n_repeated += self.in_order.put_in_order() as u64;
        outcome.n_deleted += self.in_order.delete(deleted) as u64;
        self.in_order
    }
}
