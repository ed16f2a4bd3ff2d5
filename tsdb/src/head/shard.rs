//! A shard: some of the series, with the memory of their chunks.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use model::storage::{HistogramValue, Refusal, SeriesRef};
use rustc_hash::FxHashMap;

use super::closed::ClosedChunks;
use super::histograms::Histograms;
use super::late::LateSamples;
use super::series::{CHUNK_SPAN_MS, CopiedChunks, NO_SERIES, Pin, Series, Verdict};
use super::slab::Slab;
use super::slots::Slots;
use super::{Place, Sealing};
use crate::chunk::bits::BitReader;
use crate::chunk::gorilla::Predictor;
use crate::index::SeriesId;
use crate::starts::{Starts, StartsReader};
use crate::wal::record::push_histograms;

/// Some of the series, and what belongs to them.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(super) series: Vec<Series>,
    /// The time of each series' oldest float.
    pub(super) oldest_ms: Vec<i64>,
    pub(super) slots: Slots,
    pub(super) slab: Slab,
    pub(super) closed: ClosedChunks,
    pub(super) late: LateSamples,
    /// The native histograms of the series that have any, by slot.
    pub(super) histograms: FxHashMap<u32, Histograms>,
    /// Since when the series count of which that is known.
    pub(super) starts: Starts,
    /// Chunks from before this time stand in blocks, or are being written into one: they no longer grow, and what still
    /// comes for that time is late. The least time there is while there are no blocks.
    pub(super) floor_ms: Floor,
    /// Chunks from before this time stand in blocks, all of them. What is in blocks may have been deleted there, so nothing is
    /// compared with what is still in memory of it.
    pub(super) sealed_to_ms: Floor,
    /// A bit for each slot whose series has been defined in the log of this run.
    pub(super) declared: Vec<u64>,
    /// All records of the log of this run before this one are applied.
    pub(super) applied_to: u64,
    pub(super) n_samples: u64,
    /// The times of the oldest and the newest sample of all series.
    pub(super) interval: Option<(i64, i64)>,
}

/// How far behind the floor samples are taken that are in the order of their series, even where late ones are refused: the head
/// may be sealed early, and that is not the senders' fault.
const MAX_EARLY_SEAL_MS: i64 = 3_600_000;

/// A time before which chunks no longer grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Floor(i64);

impl Default for Floor {
    fn default() -> Floor {
        Floor(i64::MIN)
    }
}

impl Shard {
    /// How many slots there are, free ones among them.
    pub(crate) fn n_slots(&self) -> usize {
        self.series.len()
    }

    /// The slot of the next series, and its generation.
    pub(crate) fn next_slot(&self) -> (usize, u32) {
        let slot = self.slots.first_free().unwrap_or(self.series.len());
        (slot, self.slots.generation(slot))
    }

    /// Adds a series in the next slot.
    pub(crate) fn add_series(&mut self, id: SeriesId) {
        match self.slots.take_free() {
            Some(slot) => self.series[slot].id = id,
            None => {
                self.series.push(Series::new(id));
                self.oldest_ms.push(i64::MAX);
            }
        }
    }

    /// How many series have had a slot before the present one or, where it is free, before the next.
    pub(crate) fn generation(&self, slot: usize) -> u32 {
        self.slots.generation(slot)
    }

    /// The slots that have a series, each with its generation.
    pub(crate) fn taken_slots(&self) -> impl Iterator<Item = (usize, u32)> {
        let slots = self.series.iter().enumerate().filter(|(_, series)| series.id != NO_SERIES);
        slots.map(|(slot, _)| (slot, self.generation(slot)))
    }

    /// Whether the series that was given a place still has it.
    pub(crate) fn has(&self, place: Place) -> bool {
        place.slot < self.series.len() && self.slots.generation(place.slot) == place.generation
    }

    /// The index's number of a series.
    pub(crate) fn series_id(&self, place: Place) -> Option<SeriesId> {
        self.has(place).then(|| self.series[place.slot].id).filter(|&id| id != NO_SERIES)
    }

    /// Whether nothing is left in memory of a series.
    pub(super) fn has_ended(&self, slot: usize) -> bool {
        self.series[slot].id != NO_SERIES && self.interval(slot).is_none()
    }

    /// The index's numbers of the series of which nothing is left in memory.
    pub(super) fn ended(&self) -> impl Iterator<Item = SeriesId> {
        (0..self.series.len()).filter(|&slot| self.has_ended(slot)).map(|slot| self.series[slot].id)
    }

    pub(super) fn n_ended(&self) -> usize {
        self.ended().count()
    }

    /// Frees the slot of a series that has ended, for another.
    pub(super) fn free_series(&mut self, slot: usize) {
        self.series[slot] = Series::new(NO_SERIES);
        self.oldest_ms[slot] = i64::MAX;
        self.late.forget(slot);
        self.histograms.remove(&(slot as u32));
        self.starts.forget(slot);
        if let Some(word) = self.declared.get_mut(slot / 64) {
            *word &= !(1 << (slot % 64));
        }
        self.slots.free(slot);
    }

    /// Gives the series their numbers in another index, by their old numbers.
    pub(super) fn renumber(&mut self, ids: &[SeriesId]) {
        for series in self.series.iter_mut().filter(|series| series.id != NO_SERIES) {
            series.id = ids[series.id as usize];
        }
    }

    /// Whether a float can be appended to a series. It may be older than the series' newest by `late_window_ms`.
    pub(crate) fn judge(
        &self,
        slot: usize,
        timestamp_ms: i64,
        bits: u64,
        late_window_ms: i64,
    ) -> Result<Verdict, Refusal> {
        let series = self.series.get(slot).ok_or(Refusal::UnknownSeries)?;
        if !self.histograms.is_empty()
            && let Some(newest_ms) = self.newest_histogram_ms(slot)
        {
            check_after(timestamp_ms, newest_ms)?;
        }
        match series.judge(timestamp_ms, bits) {
            Err(Refusal::OutOfOrder) => {
                check_window(timestamp_ms, series.newest_ms(), late_window_ms)?;
                self.judge_late(slot, timestamp_ms, bits)
            }
            Ok(Verdict::New) if timestamp_ms < self.floor_ms.0 => {
                check_window(timestamp_ms, self.floor_ms.0, late_window_ms.max(MAX_EARLY_SEAL_MS))?;
                self.judge_late(slot, timestamp_ms, bits)
            }
            Ok(Verdict::Repeated) | Err(Refusal::Duplicate) if timestamp_ms < self.sealed_to_ms.0 => {
                self.judge_late(slot, timestamp_ms, bits)
            }
            verdict => verdict,
        }
    }

    fn judge_late(&self, slot: usize, timestamp_ms: i64, bits: u64) -> Result<Verdict, Refusal> {
        let in_chunks = || self.bits_in_chunks(slot, timestamp_ms).filter(|_| timestamp_ms >= self.sealed_to_ms.0);
        match self.late.get(slot, timestamp_ms).or_else(in_chunks) {
            None => Ok(Verdict::Late),
            Some(known) if known == bits => Ok(Verdict::Repeated),
            Some(_) => Err(Refusal::Duplicate),
        }
    }

    /// The value that the chunks of a series hold for a time.
    fn bits_in_chunks(&self, slot: usize, timestamp_ms: i64) -> Option<u64> {
        let mut chunks = CopiedChunks::default();
        self.copy_chunks(slot, self.pin(slot), timestamp_ms, &mut chunks);
        // The oldest of those that reach to the time is the only one that can hold it.
        let (bytes, n_samples) = chunks.pop()?;
        let mut reader = BitReader::new(&chunks.bytes()[bytes]);
        let (mut predictor, mut bits) = Predictor::decode_first(&mut reader);
        for _ in 1..n_samples {
            if predictor.last_ms >= timestamp_ms {
                break;
            }
            bits = predictor.decode(&mut reader);
        }
        (predictor.last_ms == timestamp_ms).then_some(bits)
    }

    /// Appends a float, if it can be; see [`Shard::judge`].
    pub(crate) fn append(
        &mut self,
        slot: usize,
        timestamp_ms: i64,
        bits: u64,
        late_window_ms: i64,
    ) -> Result<Verdict, Refusal> {
        let verdict = self.judge(slot, timestamp_ms, bits, late_window_ms)?;
        match verdict {
            Verdict::New => {
                if self.series[slot].is_empty() {
                    self.oldest_ms[slot] = timestamp_ms;
                }
                self.series[slot].append(&mut self.slab, &mut self.closed, timestamp_ms, bits);
            }
            Verdict::Late => {
                self.oldest_ms[slot] = self.oldest_ms[slot].min(timestamp_ms);
                self.late.insert(slot, timestamp_ms, bits);
            }
            Verdict::Repeated => return Ok(verdict),
        }
        self.note_sample(timestamp_ms);
        Ok(verdict)
    }

    /// Appends a float that the log holds: what was refused when it came is refused now, but whatever was late then was not too
    /// late. Answers what it was to its series, unless it was refused.
    pub(crate) fn append_again(&mut self, slot: usize, timestamp_ms: i64, bits: u64) -> Option<Verdict> {
        let is_plain = self.histograms.is_empty() && timestamp_ms >= self.floor_ms.0;
        match self.series.get_mut(slot) {
            // Nearly all of them.
            Some(series) if is_plain && !series.is_empty() && timestamp_ms > series.newest_ms() => {
                series.append(&mut self.slab, &mut self.closed, timestamp_ms, bits);
                self.note_sample(timestamp_ms);
                Some(Verdict::New)
            }
            _ => self.append(slot, timestamp_ms, bits, i64::MAX).ok(),
        }
    }

    /// Whether it is known of any series since when it counts.
    pub(crate) fn has_starts(&self) -> bool {
        !self.starts.is_empty()
    }

    /// Notes since when a sample counts that was just appended, 0 where that is not known. One that was there before keeps what
    /// it has.
    pub(crate) fn note_start(&mut self, slot: usize, timestamp_ms: i64, start_ms: i64, verdict: Verdict) {
        if verdict != Verdict::Repeated {
            self.starts.note(slot, timestamp_ms, start_ms, verdict == Verdict::Late);
        }
    }

    /// Goes to the starts of a series between two times, both included.
    pub(crate) fn seek_starts(&self, slot: usize, first_ms: i64, last_ms: i64, reader: &mut StartsReader) {
        if self.starts.is_empty() { reader.clear() } else { reader.seek(&self.starts, slot, first_ms, last_ms) }
    }

    /// Whether a native histogram can be appended to a series.
    pub(crate) fn judge_histogram(
        &self,
        slot: usize,
        timestamp_ms: i64,
        value: &HistogramValue,
    ) -> Result<Verdict, Refusal> {
        let series = self.series.get(slot).ok_or(Refusal::UnknownSeries)?;
        if timestamp_ms < self.sealed_to_ms.0 {
            return Err(Refusal::TooOld);
        }
        if let Some(of_series) = self.histograms.get(&(slot as u32)) {
            if let Some((newest_ms, newest)) = of_series.newest()
                && timestamp_ms == *newest_ms
                && have_same_bits(newest, value)
            {
                return Ok(Verdict::Repeated);
            }
            if let Some(newest_ms) = of_series.newest_ms() {
                check_after(timestamp_ms, newest_ms)?;
            }
        }
        if timestamp_ms < self.floor_ms.0 {
            return Err(Refusal::TooOld);
        }
        if !series.is_empty() {
            check_after(timestamp_ms, series.newest_ms())?;
        }
        Ok(Verdict::New)
    }

    /// Appends a native histogram, if it can be.
    pub(crate) fn append_histogram(
        &mut self,
        slot: usize,
        timestamp_ms: i64,
        value: &HistogramValue,
    ) -> Result<Verdict, Refusal> {
        let verdict = self.judge_histogram(slot, timestamp_ms, value)?;
        if verdict == Verdict::New {
            self.histograms.entry(slot as u32).or_default().push(timestamp_ms, value.clone());
            self.note_sample(timestamp_ms);
        }
        Ok(verdict)
    }

    /// Whether a series may have samples in an interval, both ends included, that do not stand in blocks.
    pub(crate) fn overlaps(&self, slot: usize, sealing: Sealing, start_ms: i64, end_ms: i64) -> bool {
        let Some(series) = self.series.get(slot) else { return false };
        let from_ms = start_ms.max(sealing.floor_ms);
        let is_within = |oldest_ms, newest_ms| from_ms <= end_ms && newest_ms >= from_ms && oldest_ms <= end_ms;
        let histograms = self.histograms.get(&(slot as u32)).and_then(Histograms::interval);
        (!series.is_empty() && is_within(self.oldest_ms[slot], series.newest_ms()))
            || histograms.is_some_and(|(oldest_ms, newest_ms)| is_within(oldest_ms, newest_ms))
            || self.late.overlaps(slot, sealing.n_seals, start_ms, end_ms)
    }

    /// The times of the oldest and the newest sample of a series.
    pub(crate) fn interval(&self, slot: usize) -> Option<(i64, i64)> {
        let series = self.series.get(slot)?;
        let newest_ms = series.newest_ms().max(self.late.newest_ms(slot).unwrap_or(i64::MIN));
        let floats = (self.oldest_ms[slot] <= newest_ms).then(|| (self.oldest_ms[slot], newest_ms));
        let histograms = self.histograms.get(&(slot as u32)).and_then(Histograms::interval);
        match (floats, histograms) {
            (Some(floats), Some(histograms)) => Some((floats.0.min(histograms.0), floats.1.max(histograms.1))),
            (floats, histograms) => floats.or(histograms),
        }
    }

    /// The times of the oldest and the newest sample of all series.
    pub(crate) fn whole_interval(&self) -> Option<(i64, i64)> {
        self.interval
    }

    /// What is committed to a series now.
    pub(crate) fn pin(&self, slot: usize) -> Pin {
        self.series[slot].pin()
    }

    /// Copies the chunks of a series that were committed at `pin` and reach to `start_ms` or beyond.
    pub(crate) fn copy_chunks(&self, slot: usize, pin: Pin, start_ms: i64, out: &mut CopiedChunks) {
        self.series[slot].copy_chunks(&self.slab, &self.closed, pin, start_ms, out);
    }

    /// How many late samples a series has ever had.
    pub(crate) fn n_late(&self, slot: usize) -> u32 {
        self.late.n_ever(slot)
    }

    /// The time of the oldest late sample of a series.
    pub(crate) fn oldest_late_ms(&self, slot: usize) -> Option<i64> {
        self.late.oldest_ms(slot)
    }

    /// The first `n_committed` late samples of a series that lie in an interval, in the order of time, without those that so
    /// many seals have written into blocks.
    pub(crate) fn late(
        &self,
        slot: usize,
        n_committed: u32,
        n_seals: u32,
        start_ms: i64,
        end_ms: i64,
    ) -> impl Iterator<Item = (i64, u64)> {
        self.late.range(slot, n_committed, n_seals, start_ms, end_ms)
    }

    /// How many native histograms a series has ever had.
    pub(crate) fn n_histograms(&self, slot: usize) -> usize {
        self.histograms.get(&(slot as u32)).map_or(0, Histograms::n_ever)
    }

    /// The first `n_committed` native histograms of a series that lie in an interval, as queries see them.
    pub(crate) fn histograms(
        &self,
        slot: usize,
        n_committed: usize,
        start_ms: i64,
        end_ms: i64,
    ) -> impl Iterator<Item = (i64, &HistogramValue)> {
        let all = self.histograms.get(&(slot as u32)).map_or(&[][..], |of_series| of_series.first(n_committed));
        let wanted = all.iter().filter(move |(timestamp_ms, _)| (start_ms..=end_ms).contains(timestamp_ms));
        wanted.map(|(timestamp_ms, value)| (*timestamp_ms, value))
    }

    /// The native histogram before a time, of the first `n_committed` of a series, that stands in no block of those that hold
    /// what is before `floor_ms`; only where no float can lie between.
    pub(crate) fn histogram_before(
        &self,
        slot: usize,
        n_committed: usize,
        floor_ms: i64,
        time_ms: i64,
    ) -> Option<&HistogramValue> {
        if !self.series.get(slot)?.is_empty() || self.late.oldest_ms(slot).is_some() {
            return None;
        }
        let all = self.histograms.get(&(slot as u32))?.first(n_committed);
        let n_before = all.partition_point(|&(timestamp_ms, _)| timestamp_ms < time_ms);
        let (timestamp_ms, value) = all[..n_before].last()?;
        (*timestamp_ms >= floor_ms).then_some(value)
    }

    /// From now on chunks from before a time no longer grow: those that are open are closed.
    pub(crate) fn freeze_before(&mut self, time_ms: i64) {
        self.floor_ms = Floor(self.floor_ms.0.max(time_ms));
        let Shard { series, slab, closed, .. } = self;
        series.iter_mut().for_each(|series| series.close_before(slab, closed, time_ms));
    }

    /// Notes the windows of [`CHUNK_SPAN_MS`] that begin before a time and hold samples, by their numbers since 1970. No chunk
    /// reaches over the end of one; in the last of them all may be from after the time.
    pub(crate) fn note_windows(&self, until_ms: i64, windows: &mut BTreeSet<i64>) {
        let open = self.series.iter().filter_map(Series::open_ms);
        let histograms = self.histograms.values().flat_map(Histograms::all).map(|&(timestamp_ms, _)| timestamp_ms);
        let times = self.closed.last_times().chain(open).chain(self.late.times()).chain(histograms);
        let begins_before = |window: &i64| window.saturating_mul(CHUNK_SPAN_MS) < until_ms;
        windows.extend(times.map(|time_ms| time_ms.div_euclid(CHUNK_SPAN_MS)).filter(begins_before));
    }

    /// Notes that a seal, counted from 1, has written everything from before a time into blocks: but of the late samples of
    /// each series only the first `n_late`, given by slot.
    pub(crate) fn note_sealed(&mut self, time_ms: i64, n_late: &[(usize, u32)], seal: u32) {
        self.sealed_to_ms = Floor(self.sealed_to_ms.0.max(time_ms));
        n_late.iter().for_each(|&(slot, n_committed)| self.late.note_sealed(slot, n_committed, time_ms, seal));
    }

    /// Whether there are late samples that stand in no block.
    pub(crate) fn has_unsealed_late(&self) -> bool {
        self.late.has_unsealed()
    }

    /// Removes the late samples from before a time, all of which stand in blocks.
    pub(crate) fn remove_late_before(&mut self, time_ms: i64) {
        self.late.remove_all_before(time_ms);
    }

    /// Frees everything from before a time, when it stands in blocks: but of the late samples of each series only the first
    /// `n_late`, given by slot.
    pub(crate) fn free_before(&mut self, time_ms: i64, n_late: &[(usize, u32)]) {
        self.closed.free_before(time_ms);
        for &(slot, n_committed) in n_late {
            self.late.remove_before(slot, n_committed, time_ms);
        }
        self.histograms.values_mut().for_each(|of_series| of_series.drop_before(time_ms));
        for (slot, oldest_ms) in self.oldest_ms.iter_mut().enumerate().filter(|(_, oldest_ms)| **oldest_ms < time_ms) {
            *oldest_ms = self.late.oldest_ms(slot).map_or(time_ms, |late_ms| late_ms.min(time_ms));
        }
        for slot in self.starts.slots() {
            let needed_from_ms = self.late.oldest_ms(slot).map_or(time_ms, |late_ms| late_ms.min(time_ms));
            self.starts.drop_before(slot, needed_from_ms);
        }
        let left = (0..self.series.len()).filter_map(|slot| self.interval(slot));
        self.interval = left.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    }

    /// Whether a series has been defined in the log of this run.
    pub(crate) fn is_declared(&self, slot: usize) -> bool {
        self.declared.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Notes that a series has been defined in the log of this run.
    pub(crate) fn declare(&mut self, slot: usize) {
        self.declared.resize(self.series.len().div_ceil(64).max(self.declared.len()), 0);
        self.declared[slot / 64] |= 1 << (slot % 64);
    }

    /// Notes that a record of the log of this run, and all before it, have been applied.
    pub(crate) fn note_applied(&mut self, sequence: u64) {
        self.applied_to = self.applied_to.max(sequence + 1);
    }

    /// All records of a run of the log before this one have been applied.
    pub(crate) fn applied_to(&self) -> u64 {
        self.applied_to
    }

    /// Begins a new run of the log: its records are counted from 0.
    pub(crate) fn begin_run(&mut self) {
        self.applied_to = 0;
        self.declared.clear();
    }

    /// Samples appended since the start.
    pub(crate) fn n_samples(&self) -> u64 {
        self.n_samples
    }

    /// Open and closed chunks.
    pub(crate) fn n_chunks(&self) -> usize {
        self.closed.len() + self.series.iter().filter(|series| !series.is_empty()).count()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.series.capacity() * (size_of::<Series>() + size_of::<i64>())
            + self.slots.n_bytes()
            + self.slab.n_bytes()
            + self.closed.n_bytes()
            + self.late.n_bytes()
            + self.starts.n_bytes()
    }

    fn note_sample(&mut self, timestamp_ms: i64) {
        self.n_samples += 1;
        let (oldest_ms, newest_ms) = self.interval.unwrap_or((timestamp_ms, timestamp_ms));
        self.interval = Some((oldest_ms.min(timestamp_ms), newest_ms.max(timestamp_ms)));
    }

    fn newest_histogram_ms(&self, slot: usize) -> Option<i64> {
        self.histograms.get(&(slot as u32))?.newest_ms()
    }
}

/// Refuses what is older than the newest sample by more than the window for late samples.
pub(crate) fn check_window(timestamp_ms: i64, newest_ms: i64, late_window_ms: i64) -> Result<(), Refusal> {
    if timestamp_ms >= newest_ms.saturating_sub(late_window_ms) {
        Ok(())
    } else if late_window_ms > 0 {
        Err(Refusal::TooOld)
    } else {
        Err(Refusal::OutOfOrder)
    }
}

/// Refuses what is not after the newest sample.
fn check_after(timestamp_ms: i64, newest_ms: i64) -> Result<(), Refusal> {
    match timestamp_ms.cmp(&newest_ms) {
        Ordering::Less => Err(Refusal::OutOfOrder),
        Ordering::Equal => Err(Refusal::Duplicate),
        Ordering::Greater => Ok(()),
    }
}

/// Whether two histograms would be written alike: NaN equals itself here, and -0 does not equal 0.
fn have_same_bits(one: &HistogramValue, other: &HistogramValue) -> bool {
    let written = |value| {
        let mut out = Vec::new();
        push_histograms(&mut out, std::iter::once((SeriesRef(0), 0, value)));
        out
    };
    written(one) == written(other)
}
