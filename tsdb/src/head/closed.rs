//! Closed chunks: full ones, which no longer change. Once they stand in a block, their bytes are freed.

use std::collections::VecDeque;

/// The number of a closed chunk in its shard.
pub(crate) type ClosedId = u32;
/// No chunk.
pub(crate) const NO_CHUNK: ClosedId = u32::MAX;

/// A chunk that no longer changes.
#[derive(Debug)]
pub(crate) struct ClosedChunk {
    /// The bits, and the padding that a reader needs; empty once they are freed.
    pub(crate) bytes: Box<[u8]>,
    pub(crate) last_ms: i64,
    /// The chunk of the same series before this one.
    pub(crate) before: ClosedId,
    pub(crate) n_samples: u16,
}

/// All closed chunks of a shard. Numbers are never used again, so that a selection may keep them.
#[derive(Debug, Default)]
pub(crate) struct ClosedChunks {
    /// Those from number `n_gone` on.
    chunks: VecDeque<ClosedChunk>,
    /// How many were closed before those, all of them freed.
    n_gone: ClosedId,
    n_freed: usize,
    n_bytes: usize,
    /// Kept for its memory.
    scratch: Vec<u8>,
}

impl ClosedChunks {
    pub(crate) fn push(&mut self, chunk: ClosedChunk) -> ClosedId {
        self.n_bytes += chunk.bytes.len();
        self.chunks.push_back(chunk);
        self.next_id() - 1
    }

    /// The bytes that `copy` appends, in as much memory as they need: where it would grow and shrink, a head of many series
    /// would leave holes.
    pub(crate) fn boxed(&mut self, copy: impl FnOnce(&mut Vec<u8>)) -> Box<[u8]> {
        self.scratch.clear();
        copy(&mut self.scratch);
        self.scratch.as_slice().into()
    }

    /// The number that the next chunk will have.
    pub(crate) fn next_id(&self) -> ClosedId {
        self.n_gone + self.chunks.len() as ClosedId
    }

    /// A chunk that has not been freed.
    fn get(&self, id: ClosedId) -> Option<&ClosedChunk> {
        let at = id.checked_sub(self.n_gone)?;
        self.chunks.get(at as usize).filter(|chunk| !chunk.bytes.is_empty())
    }

    /// Frees the chunks that hold only samples from before a time.
    pub(crate) fn free_before(&mut self, time_ms: i64) {
        for chunk in self.chunks.iter_mut().filter(|chunk| chunk.last_ms < time_ms && !chunk.bytes.is_empty()) {
            self.n_bytes -= chunk.bytes.len();
            self.n_freed += 1;
            chunk.bytes = Box::default();
        }
        while self.chunks.pop_front_if(|chunk| chunk.bytes.is_empty()).is_some() {
            self.n_gone += 1;
            self.n_freed -= 1;
        }
        self.chunks.shrink_to(self.chunks.len() * 2);
    }

    /// The times of the newest samples of all that have not been freed.
    pub(crate) fn last_times(&self) -> impl Iterator<Item = i64> {
        self.chunks.iter().filter(|chunk| !chunk.bytes.is_empty()).map(|chunk| chunk.last_ms)
    }

    /// The chunk with that number and those before it, newest first, as far as they have not been freed: older ones are
    /// freed first.
    pub(crate) fn back_from(&self, newest: ClosedId) -> impl Iterator<Item = (ClosedId, &ClosedChunk)> {
        let entry = |id: ClosedId| self.get(id).map(|chunk| (id, chunk));
        std::iter::successors(entry(newest), move |(_, chunk)| entry(chunk.before))
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.len() - self.n_freed
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_bytes + self.chunks.capacity() * size_of::<ClosedChunk>()
    }
}
