//! The image of a shard: all of it but its closed chunks, as bytes, for a checkpoint. Closed chunks do not change, so each is
//! written once, beside the checkpoints, and finds back to its series by slot and time.
//!
//! A row for each slot, in order: its state and the words of its open chunk; then late samples, native histograms, the
//! generations of slots and, where there are any, starts. The
//! chains of the slab are written out, so that reading them back lays each series' blocks side by side.
//! `docs/format/checkpoint.md` draws the bytes.

use model::storage::{HistogramValue, SeriesRef};

use super::closed::{ClosedChunk, ClosedId, NO_CHUNK};
use super::series::{NO_SERIES, Series};
use super::shard::Shard;
use crate::chunk::bits::PADDING;
use crate::chunk::gorilla::Predictor;
use crate::starts::Starts;
use crate::wal::record::{HISTOGRAMS, push_histograms, take_histograms};
use crate::wal::varint::{DecodeError, Input, push_signed, push_unsigned};

/// Bytes of a row before its words: oldest time i64, pending bits u64, words u16, how many bits are pending u8, predictor.
const ROW_LEN: usize = 19 + Predictor::IMAGE_LEN;

/// A closed chunk as it stands beside the checkpoints.
#[derive(Debug)]
pub(crate) struct ClosedImage {
    slot: u32,
    /// How many series had the slot before.
    generation: u32,
    chunk: ClosedChunk,
}

impl Shard {
    /// The number that the next closed chunk will have.
    pub(crate) fn next_closed(&self) -> ClosedId {
        self.closed.next_id()
    }

    /// Appends the image of the shard to `out`, and hands out each chunk that was closed since `from`.
    pub(crate) fn push_image(&self, from: ClosedId, out: &mut Vec<u8>, mut closed: impl FnMut(ClosedRef<'_>)) {
        push_unsigned(out, self.applied_to);
        push_unsigned(out, self.n_samples);
        push_interval(out, self.interval);
        push_unsigned(out, self.series.len() as u64);
        for (slot, series) in self.series.iter().enumerate() {
            self.push_row(slot, series, out);
            for (_, chunk) in self.closed.back_from(series.closed).take_while(|(id, _)| *id >= from) {
                closed(ClosedRef { slot, generation: self.slots.generation(slot), chunk });
            }
        }
        // Those that stand in blocks are read there.
        let late = self.late.unsealed();
        push_unsigned(out, late.len() as u64);
        for (slot, samples) in late {
            push_unsigned(out, u64::from(slot));
            push_unsigned(out, samples.len() as u64);
            for (timestamp_ms, bits) in samples {
                out.extend_from_slice(&timestamp_ms.to_le_bytes());
                out.extend_from_slice(&bits.to_le_bytes());
            }
        }
        let rows =
            self.histograms.iter().flat_map(|(&slot, of_series)| of_series.all().iter().map(move |row| (slot, row)));
        let rows: Vec<_> = rows.map(|(slot, (at_ms, value))| (SeriesRef(u64::from(slot)), *at_ms, value)).collect();
        push_histograms(out, rows.into_iter());
        push_unsigned(out, self.slots.used_again().count() as u64);
        for (slot, generation) in self.slots.used_again() {
            push_unsigned(out, slot as u64);
            push_unsigned(out, u64::from(generation));
        }
        self.starts.push_image(out);
    }

    fn push_row(&self, slot: usize, series: &Series, out: &mut Vec<u8>) {
        let from = out.len();
        out.resize(from + ROW_LEN, 0);
        self.slab.push_words(&series.open, out);
        let n_words = (out.len() - from - ROW_LEN) / 8;
        let row = &mut out[from..];
        row[0..8].copy_from_slice(&self.oldest_ms[slot].to_le_bytes());
        row[8..16].copy_from_slice(&series.open.pending.to_le_bytes());
        row[16..18].copy_from_slice(&(n_words as u16).to_le_bytes());
        row[18] = series.open.n_pending;
        row[19..ROW_LEN].copy_from_slice(&series.predictor.image());
    }

    /// The shard that an image shows. Its series have no numbers yet, and no closed chunks: see [`Shard::number_series`] and
    /// [`Shard::take_closed`].
    ///
    /// # Errors
    /// When the bytes are no image.
    pub(crate) fn from_image(image: &[u8]) -> Result<Shard, DecodeError> {
        let mut input = Input::new(image);
        let applied_to = input.ordinal("a sequence number")?;
        let n_samples = input.ordinal("a number of samples")?;
        let interval = take_interval(&mut input)?;
        let mut shard = Shard { applied_to, n_samples, interval, ..Shard::default() };
        let n_series = input.count("a number of series")?;
        shard.series.reserve_exact(n_series);
        shard.oldest_ms.reserve_exact(n_series);
        for _ in 0..n_series {
            shard.take_row(&mut input)?;
        }
        shard.take_late(&mut input)?;
        shard.take_histograms(&mut input)?;
        shard.take_generations(&mut input)?;
        shard.starts = Starts::take_image(&mut input, shard.series.len())?;
        if input.is_empty() { Ok(shard) } else { Err(input.error("the end of an image")) }
    }

    fn take_row(&mut self, input: &mut Input<'_>) -> Result<(), DecodeError> {
        let row: &[u8; ROW_LEN] = take_array(input, "a row")?;
        let oldest_ms = take_u64(&mut Input::new(&row[0..8]), "a timestamp")? as i64;
        let pending = take_u64(&mut Input::new(&row[8..16]), "bits")?;
        let n_words = usize::from(u16::from_le_bytes([row[16], row[17]]));
        let n_pending = row[18];
        let image = row.last_chunk().ok_or_else(|| input.error("a predictor"))?;
        let predictor = Predictor::from_image(image).ok_or_else(|| input.error("a predictor"))?;
        let is_chain = n_pending < 64 && pending.checked_shl(u32::from(n_pending)).unwrap_or(0) == 0;
        if !is_chain || (predictor.n_encoded() == 0) != (n_words == 0) {
            return Err(input.error("an open chunk"));
        }
        let words = input.bytes(8 * n_words, "the words of a chunk")?;
        let open = self.slab.chain_of(words, pending, n_pending);
        self.series.push(Series { id: 0, closed: NO_CHUNK, open, predictor });
        self.oldest_ms.push(oldest_ms);
        Ok(())
    }

    fn take_late(&mut self, input: &mut Input<'_>) -> Result<(), DecodeError> {
        for _ in 0..input.count("a number of slots")? {
            let slot = self.take_slot(input)?;
            for _ in 0..input.count("a number of late samples")? {
                let timestamp_ms = take_u64(input, "a timestamp")? as i64;
                self.late.insert(slot, timestamp_ms, take_u64(input, "a value")?);
            }
        }
        Ok(())
    }

    fn take_histograms(&mut self, input: &mut Input<'_>) -> Result<(), DecodeError> {
        if input.byte("a section")? != HISTOGRAMS {
            return Err(input.error("native histograms"));
        }
        let n_series = self.series.len() as u64;
        let mut is_whole = true;
        take_histograms(input, |slot, timestamp_ms, value: HistogramValue| {
            is_whole &= slot.0 < n_series;
            let samples = self.histograms.entry(slot.0 as u32).or_default();
            is_whole &= samples.newest_ms().is_none_or(|newest_ms| newest_ms < timestamp_ms);
            samples.push(timestamp_ms, value);
        })?;
        if is_whole { Ok(()) } else { Err(input.error("native histograms in order")) }
    }

    fn take_generations(&mut self, input: &mut Input<'_>) -> Result<(), DecodeError> {
        for _ in 0..input.count("a number of slots")? {
            let slot = self.take_slot(input)?;
            self.slots.set_generation(slot, take_u32(input, "a generation")?);
        }
        Ok(())
    }

    fn take_slot(&self, input: &mut Input<'_>) -> Result<usize, DecodeError> {
        let slot = input.unsigned("a slot")? as usize;
        if slot < self.series.len() { Ok(slot) } else { Err(input.error("a slot")) }
    }

    /// Gives back their numbers in the index to the series of a shard that was read from an image: `ids` has those of each
    /// slot, [`NO_SERIES`] for those that are free. Slots behind the image's are those of series that were made after it.
    /// `None` where a free slot has samples.
    pub(crate) fn number_series(&mut self, ids: &[u32]) -> Option<()> {
        for (slot, &id) in ids.iter().enumerate() {
            match self.series.get_mut(slot) {
                Some(series) => series.id = id,
                None => self.add_series(id),
            }
        }
        let is_free = |slot: &usize| ids[*slot] == NO_SERIES;
        self.slots.set_free((0..ids.len()).filter(is_free));
        (0..ids.len()).filter(is_free).all(|slot| self.interval(slot).is_none()).then_some(())
    }

    /// Gives back its closed chunks to a shard that was read from an image. They may be in any order, and in part twice; where
    /// one is missing, the series' others are found all the same. The oldest get the lowest numbers.
    pub(crate) fn take_closed(&mut self, mut images: Vec<ClosedImage>) {
        images.sort_unstable_by_key(|image| (image.chunk.last_ms, image.slot, image.generation));
        images.dedup_by_key(|image| (image.chunk.last_ms, image.slot, image.generation));
        for ClosedImage { slot, generation, mut chunk } in images {
            // Those of a series that had the slot before stand in blocks.
            let is_present = self.slots.generation(slot as usize) == generation;
            let Some(series) = self.series.get_mut(slot as usize).filter(|_| is_present) else { continue };
            chunk.before = series.closed;
            series.closed = self.closed.push(chunk);
        }
    }
}

/// A closed chunk whose image is to be written.
#[derive(Debug)]
pub(crate) struct ClosedRef<'a> {
    slot: usize,
    generation: u32,
    chunk: &'a ClosedChunk,
}

impl ClosedRef<'_> {
    /// The time of the newest sample.
    pub(crate) fn last_ms(&self) -> i64 {
        self.chunk.last_ms
    }

    /// Appends the image.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        let bits = &self.chunk.bytes[..self.chunk.bytes.len().saturating_sub(PADDING)];
        push_unsigned(out, u64::from(self.generation) << 32 | self.slot as u64);
        push_unsigned(out, u64::from(self.chunk.n_samples));
        push_signed(out, self.chunk.last_ms);
        out.extend_from_slice(bits);
    }
}

impl ClosedImage {
    /// The time of the newest sample.
    pub(crate) fn last_ms(&self) -> i64 {
        self.chunk.last_ms
    }

    /// Reads an image that [`Shard::push_image`] handed out.
    ///
    /// # Errors
    /// When the bytes are no image.
    pub(crate) fn take(input: &mut Input<'_>) -> Result<ClosedImage, DecodeError> {
        let place = input.unsigned("a slot")?;
        let (slot, generation) = (place as u32, (place >> 32) as u32);
        let n_samples = input.unsigned("a number of samples")?;
        let n_samples = u16::try_from(n_samples).ok().filter(|&n| n > 0).ok_or_else(|| input.error("samples"))?;
        let last_ms = input.signed("a timestamp")?;
        let bits = input.rest();
        let mut bytes = Vec::with_capacity(bits.len() + PADDING);
        bytes.extend_from_slice(bits);
        bytes.resize(bits.len() + PADDING, 0);
        let chunk = ClosedChunk { bytes: bytes.into_boxed_slice(), last_ms, before: NO_CHUNK, n_samples };
        Ok(ClosedImage { slot, generation, chunk })
    }
}

fn push_interval(out: &mut Vec<u8>, interval: Option<(i64, i64)>) {
    out.push(u8::from(interval.is_some()));
    let (oldest_ms, newest_ms) = interval.unwrap_or_default();
    push_signed(out, oldest_ms);
    push_signed(out, newest_ms);
}

fn take_interval(input: &mut Input<'_>) -> Result<Option<(i64, i64)>, DecodeError> {
    let is_some = input.byte("an interval")? == 1;
    let interval = (input.signed("a timestamp")?, input.signed("a timestamp")?);
    Ok(is_some.then_some(interval))
}

fn take_u32(input: &mut Input<'_>, expected: &'static str) -> Result<u32, DecodeError> {
    u32::try_from(input.unsigned(expected)?).map_err(|_| input.error(expected))
}

fn take_u64(input: &mut Input<'_>, expected: &'static str) -> Result<u64, DecodeError> {
    take_array(input, expected).map(|bytes| u64::from_le_bytes(*bytes))
}

fn take_array<'a, const N: usize>(input: &mut Input<'a>, expected: &'static str) -> Result<&'a [u8; N], DecodeError> {
    let bytes = input.bytes(N, expected)?;
    bytes.first_chunk().ok_or_else(|| input.error(expected))
}
