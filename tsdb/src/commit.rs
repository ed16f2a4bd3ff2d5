//! Committing a batch: judge its rows, write one record, apply it.
//!
//! All shards that the batch touches are held from the first step to the last, so that the log and the memory agree on
//! the order of samples, and no reader sees half of a batch that lies in one shard.

use model::Labels;
use model::storage::{AppendError, Batch, HistogramRow, Refusal, Refused, SeriesRef, SeriesRuns, Timestamps};
use parking_lot::MutexGuard;
use rustc_hash::FxHashMap;

use crate::head::{Head, Place, Shard, Verdict, check_window};
use crate::store::Store;
use crate::wal::decode::{forget_stale, keep_unless_stale};
use crate::wal::record::{
    Row, ScrapeHead, push_histograms, push_samples, push_scrape_delta, push_scrape_full, push_series,
};
use crate::wal::starts::push_starts;

/// A source's scrapes are written in full at least this often, so that a damaged record costs no more of them.
const FULL_EVERY: u8 = 16;

/// What is remembered of a source's newest scrape, so that the next can be written against it.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Which of the series are to stay together.
    placement: u32,
    /// Counts the scrapes that were written to the log.
    count: u64,
    /// Scrapes since the one that was written in full, and that one.
    n_since_full: u8,
    /// The log segment they were written to; in another one the first is written in full.
    segment: u64,
    timestamp_ms: i64,
    series: SeriesRuns,
    /// The newest value of each that was not the stale marker.
    bits: Vec<u64>,
    /// Since when each counts; empty where that is known of none.
    starts: Vec<i64>,
}

impl Source {
    /// A source that has written nothing.
    pub(crate) fn new(placement: u32) -> Source {
        Source { placement, ..Source::default() }
    }

    /// Which of the series are to stay together.
    pub(crate) fn placement(&self) -> u32 {
        self.placement
    }
}

impl Store {
    /// Commits a batch; `source` is the one it comes from.
    pub(crate) fn commit_batch(
        &self,
        source: Option<(u32, &mut Source)>,
        batch: &Batch<'_>,
    ) -> Result<Vec<Refused>, AppendError> {
        let segment = self.wal.segment();
        let mut shards = Shards::lock(&self.head, batch);
        let mut refused = Vec::new();
        let mut starts = Vec::new();
        let rows = self.judge(&shards, batch, &mut refused, &mut starts);
        let histograms = self.judge_histograms(&shards, batch, &mut refused);
        if rows.is_empty() && histograms.is_empty() {
            return Ok(refused);
        }

        let series = rows.iter().map(|row| row.series).chain(histograms.iter().map(|row| row.series));
        let undeclared = shards.undeclared(series);
        let mut payload = Vec::with_capacity(64 + rows.len() * 4);
        self.push_definitions(&mut payload, source.as_ref().map(|(_, source)| source.placement), &undeclared);
        let n_definition_bytes = payload.len();
        if !histograms.is_empty() {
            let starts_of_histograms: Vec<i64> = histograms.iter().map(|row| row.start_ms).collect();
            if starts_of_histograms.iter().any(|&start_ms| start_ms != 0) {
                push_starts(&mut payload, &starts_of_histograms);
            }
            let rows = histograms.iter().map(|row| (row.series, row.timestamp_ms, &row.value));
            push_histograms(&mut payload, rows);
        }
        let scrape = source
            .filter(|_| matches!(batch.timestamps, Timestamps::All(_)))
            .map(|(number, source)| Scrape { number, source });
        let written = match scrape {
            Some(scrape) if !rows.is_empty() => Some(scrape.push(&mut payload, *segment, &rows, &starts)),
            _ => {
                if !rows.is_empty() {
                    if !starts.is_empty() {
                        push_starts(&mut payload, &starts);
                    }
                    push_samples(&mut payload, &rows);
                }
                None
            }
        };
        let appended = self.wal.append(&segment, &payload[..n_definition_bytes], &payload);
        let appended = appended.map_err(|error| AppendError::NotWritable(error.to_string()))?;
        self.note_logged(rows.len() + histograms.len(), undeclared.len());

        if let Some(written) = written {
            written.remember(*segment, &rows, &starts);
        }
        for (series, _) in &undeclared {
            let place = Place::of(*series);
            shards.get_mut(place).declare(place.slot);
        }
        shards.apply(batch, &rows, &starts, &histograms, self.late_window_ms(), &mut refused);
        shards.note_applied(appended.sequence);
        drop(shards);
        drop(segment);
        refused.sort_unstable_by_key(|refused| refused.row);
        Ok(refused)
    }

    /// The float rows that can be appended, and since when they count, where that is known of any. Those that repeat the newest
    /// sample are taken and dropped.
    fn judge(
        &self,
        shards: &Shards<'_>,
        batch: &Batch<'_>,
        refused: &mut Vec<Refused>,
        starts: &mut Vec<i64>,
    ) -> Vec<Row> {
        let (limit, window_ms) = (self.ahead_limit(), self.late_window_ms());
        let mut rows = Vec::with_capacity(batch.series.len());
        let mut newest = NewestInBatch::new(batch, window_ms);
        for (row, (&series, value)) in batch.series.iter().zip(batch.values).enumerate() {
            let timestamp_ms = batch.timestamps.at(row);
            let bits = value.to_bits();
            let place = Place::of(series);
            let verdict = limit
                .check(timestamp_ms)
                .and_then(|()| newest.check(series, timestamp_ms))
                .and_then(|()| shards.get(place).ok_or(Refusal::UnknownSeries))
                .and_then(|shard| shard.judge(place.slot, timestamp_ms, bits, window_ms));
            match verdict {
                Ok(Verdict::New | Verdict::Late) => {
                    rows.push(Row { series, timestamp_ms, bits });
                    if let Some(&start_ms) = batch.starts.get(row) {
                        starts.push(start_ms);
                    }
                }
                Ok(Verdict::Repeated) => {}
                Err(refusal) => refused.push(Refused { row, refusal }),
            }
        }
        if starts.iter().all(|&start_ms| start_ms == 0) {
            starts.clear();
        }
        starts.resize(if starts.is_empty() { 0 } else { rows.len() }, 0);
        rows
    }

    fn judge_histograms<'a>(
        &self,
        shards: &Shards<'_>,
        batch: &Batch<'a>,
        refused: &mut Vec<Refused>,
    ) -> Vec<&'a HistogramRow> {
        let limit = self.ahead_limit();
        let mut rows = Vec::new();
        for (row, histogram) in batch.histograms.iter().enumerate() {
            let place = Place::of(histogram.series);
            let verdict = limit.check(histogram.timestamp_ms).and_then(|()| {
                let shard = shards.get(place).ok_or(Refusal::UnknownSeries)?;
                shard.judge_histogram(place.slot, histogram.timestamp_ms, &histogram.value)
            });
            match verdict {
                Ok(Verdict::New) => rows.push(histogram),
                Ok(Verdict::Repeated | Verdict::Late) => {}
                Err(refusal) => refused.push(Refused { row: batch.series.len() + row, refusal }),
            }
        }
        rows
    }

    /// Appends sections that define series, those of one placement together.
    fn push_definitions(&self, payload: &mut Vec<u8>, placement: Option<u32>, undeclared: &[(SeriesRef, u32)]) {
        if undeclared.is_empty() {
            return;
        }
        let index = self.head.index();
        let index = index.read();
        let series: Vec<(SeriesRef, Labels)> =
            undeclared.iter().map(|&(series, id)| (series, index.labels(id))).collect();
        drop(index);
        let placement_of = |labels: &Labels| placement.unwrap_or_else(|| placement_of_target(labels));
        for together in series.chunk_by(|(_, one), (_, next)| placement_of(one) == placement_of(next)) {
            let placement = placement_of(&together[0].1);
            push_series(payload, placement, together.iter().map(|(series, labels)| (*series, labels)));
        }
    }
}

/// The newest time of each series in a batch so far. A row that is too late only because of one before it in the same
/// batch must be refused before it is logged: a replay cannot know how late was too late.
struct NewestInBatch {
    /// `None` where the rows lie too close together for that.
    newest_ms: Option<FxHashMap<SeriesRef, i64>>,
    window_ms: i64,
}

impl NewestInBatch {
    fn new(batch: &Batch<'_>, window_ms: i64) -> NewestInBatch {
        let is_wide = match batch.timestamps {
            Timestamps::All(_) => false,
            Timestamps::Each(timestamps) => {
                let oldest_ms = timestamps.iter().copied().min().unwrap_or(0);
                let newest_ms = timestamps.iter().copied().max().unwrap_or(0);
                newest_ms.saturating_sub(oldest_ms) > window_ms
            }
        };
        NewestInBatch { newest_ms: is_wide.then(FxHashMap::default), window_ms }
    }

    fn check(&mut self, series: SeriesRef, timestamp_ms: i64) -> Result<(), Refusal> {
        let Some(newest_ms) = &mut self.newest_ms else { return Ok(()) };
        let newest_ms = newest_ms.entry(series).or_insert(timestamp_ms);
        check_window(timestamp_ms, *newest_ms, self.window_ms)?;
        *newest_ms = timestamp_ms.max(*newest_ms);
        Ok(())
    }
}

/// Which series of a remote sender are to stay together: those of one target.
pub(crate) fn placement_of_target(labels: &Labels) -> u32 {
    let target = labels.without(|name| name != "job" && name != "instance");
    placement_of_source(&target)
}

/// Which series of a source are to stay together: all of them.
pub(crate) fn placement_of_source(name: &Labels) -> u32 {
    name.fingerprint(0) as u32
}

/// A scrape that is being written.
struct Scrape<'a> {
    number: u32,
    source: &'a mut Source,
}

impl<'a> Scrape<'a> {
    /// Appends the scrape, against the one before where that is possible.
    fn push(self, payload: &mut Vec<u8>, segment: u64, rows: &[Row], starts: &[i64]) -> WrittenScrape<'a> {
        let Scrape { number, source } = self;
        let head =
            ScrapeHead { source: number, count: source.count.wrapping_add(1), timestamp_ms: rows[0].timestamp_ms };
        let has_same_series = source.segment == segment
            && source.n_since_full < FULL_EVERY
            && source.series.are(rows.iter().map(|row| row.series));
        let bits: Vec<u64> = rows.iter().map(|row| row.bits).collect();
        if has_same_series {
            if starts != source.starts {
                // Where it is known of none any more, that must be said.
                let zeros = if starts.is_empty() { vec![0; rows.len()] } else { Vec::new() };
                push_starts(payload, if starts.is_empty() { &zeros } else { starts });
            }
            push_scrape_delta(payload, head, source.timestamp_ms, &bits, &source.bits);
        } else {
            let series: Vec<SeriesRef> = rows.iter().map(|row| row.series).collect();
            if !starts.is_empty() {
                push_starts(payload, starts);
            }
            push_scrape_full(payload, head, &series, &bits);
        }
        WrittenScrape { source, is_full: !has_same_series, bits }
    }
}

/// A scrape that is in the log once its record is.
struct WrittenScrape<'a> {
    source: &'a mut Source,
    is_full: bool,
    bits: Vec<u64>,
}

impl WrittenScrape<'_> {
    /// Notes what the next scrape is written against.
    fn remember(self, segment: u64, rows: &[Row], starts: &[i64]) {
        let WrittenScrape { source, is_full, mut bits } = self;
        source.count = source.count.wrapping_add(1);
        source.segment = segment;
        source.timestamp_ms = rows[0].timestamp_ms;
        if source.starts != starts {
            source.starts = starts.to_vec();
        }
        if is_full {
            source.n_since_full = 1;
            source.series = rows.iter().map(|row| row.series).collect();
            forget_stale(&mut bits);
            source.bits = bits;
        } else {
            source.n_since_full += 1;
            keep_unless_stale(&mut source.bits, &bits);
        }
    }
}

/// The shards that a batch touches, locked by rising number.
struct Shards<'a>(Vec<Option<MutexGuard<'a, Shard>>>);

impl<'a> Shards<'a> {
    fn lock(head: &'a Head, batch: &Batch<'_>) -> Shards<'a> {
        let mut touched = [false; 256];
        for series in batch.series.iter().chain(batch.histograms.iter().map(|row| &row.series)) {
            touched[Place::of(*series).shard] = true;
        }
        let shards = head.shards.iter().zip(touched);
        Shards(shards.map(|(shard, is_touched)| is_touched.then(|| shard.lock())).collect())
    }

    /// The shard of a series that still has its place.
    fn get(&self, place: Place) -> Option<&Shard> {
        self.0.get(place.shard)?.as_deref().filter(|shard| shard.has(place))
    }

    /// The shard of a series that was found in one.
    fn get_mut(&mut self, place: Place) -> &mut Shard {
        self.0[place.shard].as_deref_mut().expect("every shard that the batch touches is locked")
    }

    /// Those of `series` that are not defined in the log of this run yet, each once, with their numbers in the index.
    fn undeclared(&self, series: impl Iterator<Item = SeriesRef>) -> Vec<(SeriesRef, u32)> {
        let mut undeclared: Vec<(SeriesRef, u32)> = series
            .filter_map(|series| {
                let place = Place::of(series);
                let shard = self.get(place)?;
                if shard.is_declared(place.slot) {
                    return None;
                }
                Some((series, shard.series_id(place)?))
            })
            .collect();
        undeclared.dedup();
        undeclared
    }

    /// Notes which record of the log was applied last.
    fn note_applied(&mut self, sequence: u64) {
        self.0.iter_mut().flatten().for_each(|shard| shard.note_applied(sequence));
    }

    /// Appends the rows. One that only now turns out to be double (its series stands twice in the batch) is refused here;
    /// the log has it, and a replay will refuse it again.
    fn apply(
        &mut self,
        batch: &Batch<'_>,
        rows: &[Row],
        starts: &[i64],
        histograms: &[&HistogramRow],
        window_ms: i64,
        refused: &mut Vec<Refused>,
    ) {
        let mut refused_rows = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let place = Place::of(row.series);
            let shard = self.get_mut(place);
            match shard.append(place.slot, row.timestamp_ms, row.bits, window_ms) {
                Ok(verdict) if !starts.is_empty() || shard.has_starts() => {
                    let start_ms = starts.get(at).copied().unwrap_or(0);
                    shard.note_start(place.slot, row.timestamp_ms, start_ms, verdict);
                }
                Ok(_) => {}
                Err(refusal) => refused_rows.push((row, refusal)),
            }
        }
        for (row, refusal) in refused_rows {
            let is_it = |at: &usize| {
                batch.series[*at] == row.series
                    && batch.timestamps.at(*at) == row.timestamp_ms
                    && batch.values[*at].to_bits() == row.bits
                    && !refused.iter().any(|refused| refused.row == *at)
            };
            if let Some(row) = (0..batch.series.len()).rev().find(is_it) {
                refused.push(Refused { row, refusal });
            }
        }
        for histogram in histograms {
            let place = Place::of(histogram.series);
            let shard = self.get_mut(place);
            match shard.append_histogram(place.slot, histogram.timestamp_ms, &histogram.value) {
                Ok(verdict) => shard.note_start(place.slot, histogram.timestamp_ms, histogram.start_ms, verdict),
                Err(refusal) => {
                    let at = batch.histograms.iter().position(|row| std::ptr::eq(row, *histogram));
                    refused.extend(at.map(|at| Refused { row: batch.series.len() + at, refusal }));
                }
            }
        }
    }
}
