//! The state of one series in the head: an open chunk and what is needed to go on with it, in one line of cache.

use model::storage::Refusal;

use super::closed::{ClosedChunk, ClosedChunks, ClosedId, NO_CHUNK};
use super::slab::{Chain, Slab};
use crate::chunk::gorilla::Predictor;
use crate::index::SeriesId;

/// Samples in a full chunk.
const CHUNK_SAMPLES: u16 = 120;
/// Samples in the shortest first chunk of a series.
const MIN_FIRST_SAMPLES: u16 = 8;
/// The number of no series.
pub(crate) const NO_SERIES: SeriesId = SeriesId::MAX;
/// A chunk ends at every multiple of this, so that blocks can be cut out of the head.
pub(crate) const CHUNK_SPAN_MS: i64 = 2 * 3_600_000;

/// One series. Times are in milliseconds.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Series {
    pub(crate) id: SeriesId,
    /// The newest closed chunk.
    pub(super) closed: ClosedId,
    /// The bits of the open chunk.
    pub(super) open: Chain,
    /// What the next sample is encoded against. Where none has been encoded, no chunk is open; the newest time and value
    /// are still those of the newest sample.
    pub(super) predictor: Predictor,
}

/// What a selection remembers of a series: what has been committed up to then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    /// The newest closed chunk.
    pub(crate) closed: ClosedId,
    /// Samples in the chunk that was open.
    pub(crate) n_open: u16,
}

/// What a sample is to its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    New,
    /// There are newer ones, but it is not too late.
    Late,
    /// The newest sample, or a late one, again, bit for bit: taken, and nothing changes.
    Repeated,
}

impl Series {
    pub(crate) fn new(id: SeriesId) -> Series {
        Series { id, closed: NO_CHUNK, open: Chain::EMPTY, predictor: Predictor::default() }
    }

    /// Whether there has never been a sample.
    pub(crate) fn is_empty(&self) -> bool {
        // A series of which all stands in blocks has no chunk after a restart either, but a newest time.
        !self.has_open_chunk() && self.closed == NO_CHUNK && self.newest_ms() == 0
    }

    fn has_open_chunk(&self) -> bool {
        self.predictor.n_encoded() > 0
    }

    /// Closes the open chunk if its samples are all from before a time.
    pub(crate) fn close_before(&mut self, slab: &mut Slab, closed: &mut ClosedChunks, time_ms: i64) {
        if self.has_open_chunk() && self.newest_ms() < time_ms {
            self.close(slab, closed);
            self.predictor.begin_chunk();
        }
    }

    /// The newest sample's time; meaningless while there is none.
    pub(crate) fn newest_ms(&self) -> i64 {
        self.predictor.last_ms
    }

    /// Whether a sample can be appended to the open chunk.
    pub(crate) fn judge(&self, timestamp_ms: i64, bits: u64) -> Result<Verdict, Refusal> {
        if self.is_empty() || timestamp_ms > self.newest_ms() {
            Ok(Verdict::New)
        } else if timestamp_ms < self.newest_ms() {
            Err(Refusal::OutOfOrder)
        } else if bits == self.predictor.last_bits() {
            Ok(Verdict::Repeated)
        } else {
            Err(Refusal::Duplicate)
        }
    }

    /// Appends a sample that was judged to be new.
    pub(crate) fn append(&mut self, slab: &mut Slab, closed: &mut ClosedChunks, timestamp_ms: i64, bits: u64) {
        let is_full = self.predictor.n_encoded() >= self.n_full()
            || timestamp_ms.div_euclid(CHUNK_SPAN_MS) != self.newest_ms().div_euclid(CHUNK_SPAN_MS);
        if self.has_open_chunk() && !is_full {
            self.predictor.encode(&mut slab.writer(&mut self.open), timestamp_ms, bits);
            return;
        }
        if self.has_open_chunk() {
            self.close(slab, closed);
        }
        self.predictor = Predictor::encode_first(&mut slab.writer(&mut self.open), timestamp_ms, bits);
    }

    /// How many samples make the open chunk full. Chunks of series that began together must not all end together, so the
    /// first of each has any part of the usual number: open chunks are half full on average then, at any time.
    fn n_full(&self) -> u16 {
        if self.closed != NO_CHUNK {
            return CHUNK_SAMPLES;
        }
        let spread = (self.id.wrapping_mul(0x9e37_79b1) >> 20) as u16;
        MIN_FIRST_SAMPLES + spread % (CHUNK_SAMPLES - MIN_FIRST_SAMPLES + 1)
    }

    fn close(&mut self, slab: &mut Slab, closed: &mut ClosedChunks) {
        let bytes = closed.boxed(|bytes| slab.copy(&self.open, bytes));
        slab.release(&mut self.open);
        self.closed = closed.push(ClosedChunk {
            bytes,
            last_ms: self.newest_ms(),
            before: self.closed,
            n_samples: self.predictor.n_encoded(),
        });
    }

    /// The time of the newest sample of the open chunk.
    pub(crate) fn open_ms(&self) -> Option<i64> {
        self.has_open_chunk().then(|| self.newest_ms())
    }

    /// What is committed now.
    pub(crate) fn pin(&self) -> Pin {
        Pin { closed: self.closed, n_open: self.predictor.n_encoded() }
    }

    /// Copies the chunks that were committed at `pin` and reach to `start_ms` or beyond: oldest last.
    pub(crate) fn copy_chunks(
        &self,
        slab: &Slab,
        closed: &ClosedChunks,
        pin: Pin,
        start_ms: i64,
        out: &mut CopiedChunks,
    ) {
        if pin.n_open > 0 {
            match closed.back_from(self.closed).take_while(|&(id, _)| id != pin.closed).last() {
                // The chunk that was open then has been closed since.
                Some((_, chunk)) => out.push(|bytes| bytes.extend_from_slice(&chunk.bytes), pin.n_open),
                None => out.push(|bytes| slab.copy(&self.open, bytes), pin.n_open),
            }
        }
        for (_, chunk) in closed.back_from(pin.closed).take_while(|(_, chunk)| chunk.last_ms >= start_ms) {
            out.push(|bytes| bytes.extend_from_slice(&chunk.bytes), chunk.n_samples);
        }
    }
}

/// Chunks of one series, copied so that they can be decoded without holding anyone up.
#[derive(Debug, Default)]
pub(crate) struct CopiedChunks {
    bytes: Vec<u8>,
    /// Where each chunk ends, and how many samples of it are wanted; the newest first.
    ends: Vec<(usize, u16)>,
}

impl CopiedChunks {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Takes the oldest chunk that is left, by its place in the bytes.
    pub(crate) fn pop(&mut self) -> Option<(std::ops::Range<usize>, u16)> {
        let (end, n_samples) = self.ends.pop()?;
        let start = self.ends.last().map_or(0, |&(end, _)| end);
        Some((start..end, n_samples))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn push(&mut self, copy: impl FnOnce(&mut Vec<u8>), n_samples: u16) {
        copy(&mut self.bytes);
        self.ends.push((self.bytes.len(), n_samples));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_series_is_one_line_of_cache() {
        assert_eq!(size_of::<super::Series>(), 64);
    }
}
