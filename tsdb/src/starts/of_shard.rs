//! The starts of a shard's series, by slot.

use rustc_hash::FxHashMap;

use super::{Run, Runs, within};
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// Since when the series of a shard count: those of which that is known at some time.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    by_slot: FxHashMap<u32, Runs>,
}

impl Starts {
    /// Whether of no series a start is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_slot.is_empty()
    }

    /// Notes the start of a sample of a series, 0 where it is not known; `is_late` where there may be newer ones.
    pub(crate) fn note(&mut self, slot: usize, timestamp_ms: i64, start_ms: i64, is_late: bool) {
        let slot = slot as u32;
        if start_ms == 0 && !self.by_slot.contains_key(&slot) {
            return;
        }
        let runs = self.by_slot.entry(slot).or_default();
        if is_late { runs.note_late(timestamp_ms, start_ms) } else { runs.note_newest(timestamp_ms, start_ms) }
    }

    /// Replaces `runs` by what is known of a series between two times, both included.
    pub(crate) fn read(&self, slot: usize, first_ms: i64, last_ms: i64, runs: &mut Vec<Run>) {
        runs.clear();
        if let Some(of_series) = self.by_slot.get(&(slot as u32)) {
            let all: Vec<Run> = of_series.iter().collect();
            runs.extend_from_slice(within(&all, first_ms, last_ms));
        }
    }

    /// The slots of which something is known.
    pub(crate) fn slots(&self) -> Vec<usize> {
        self.by_slot.keys().map(|&slot| slot as usize).collect()
    }

    /// Forgets what was before a time.
    pub(crate) fn drop_before(&mut self, slot: usize, time_ms: i64) {
        if let Some(runs) = self.by_slot.get_mut(&(slot as u32)) {
            runs.drop_before(time_ms);
            if runs.is_empty() {
                self.forget(slot);
            }
        }
    }

    /// Begins anew with a series of which nothing is known.
    pub(crate) fn forget(&mut self, slot: usize) {
        self.by_slot.remove(&(slot as u32));
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        let entries = self.by_slot.capacity() * size_of::<(u32, Runs)>();
        entries + self.by_slot.values().map(Runs::n_bytes).sum::<usize>()
    }

    /// Appends the image of all, for a checkpoint; nothing where there is nothing.
    pub(crate) fn push_image(&self, out: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        push_unsigned(out, self.by_slot.len() as u64);
        for (&slot, runs) in &self.by_slot {
            push_unsigned(out, u64::from(slot));
            push_unsigned(out, runs.bytes().len() as u64);
            out.extend_from_slice(runs.bytes());
        }
    }

    /// Takes an image of series with slots below `n_slots`.
    ///
    /// # Errors
    /// When the bytes are no image.
    pub(crate) fn take_image(input: &mut Input<'_>, n_slots: usize) -> Result<Starts, DecodeError> {
        let mut starts = Starts::default();
        if input.is_empty() {
            return Ok(starts);
        }
        for _ in 0..input.count("a number of slots")? {
            let slot = input.unsigned("a slot")?;
            let slot = u32::try_from(slot).ok().filter(|&slot| (slot as usize) < n_slots);
            let slot = slot.ok_or_else(|| input.error("a slot"))?;
            let n_bytes = input.count("a length")?;
            let runs = Runs::of_bytes(input.bytes(n_bytes, "runs")?)?;
            starts.by_slot.insert(slot, runs);
        }
        Ok(starts)
    }
}
