//! Closed chunks: full ones, which no longer change.

/// The number of a closed chunk in its shard.
pub(crate) type ClosedId = u32;
/// No chunk.
pub(crate) const NO_CHUNK: ClosedId = u32::MAX;

/// A chunk that no longer changes.
#[derive(Debug)]
pub(crate) struct ClosedChunk {
    /// The bits, and the padding that a reader needs.
    pub(crate) bytes: Box<[u8]>,
    pub(crate) last_ms: i64,
    /// The chunk of the same series before this one.
    pub(crate) before: ClosedId,
    pub(crate) n_samples: u16,
}

/// All closed chunks of a shard.
#[derive(Debug, Default)]
pub(crate) struct ClosedChunks {
    chunks: Vec<ClosedChunk>,
    n_bytes: usize,
}

impl ClosedChunks {
    pub(crate) fn push(&mut self, chunk: ClosedChunk) -> ClosedId {
        self.n_bytes += chunk.bytes.len();
        self.chunks.push(chunk);
        (self.chunks.len() - 1) as ClosedId
    }

    /// The number that the next chunk will have.
    pub(crate) fn next_id(&self) -> ClosedId {
        self.chunks.len() as ClosedId
    }

    pub(crate) fn get(&self, id: ClosedId) -> &ClosedChunk {
        &self.chunks[id as usize]
    }

    /// The chunk with that number and those before it, newest first.
    pub(crate) fn back_from(&self, newest: ClosedId) -> impl Iterator<Item = (ClosedId, &ClosedChunk)> {
        std::iter::successors((newest != NO_CHUNK).then_some(newest), |&id| {
            let before = self.get(id).before;
            (before != NO_CHUNK).then_some(before)
        })
        .map(|id| (id, self.get(id)))
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_bytes + self.chunks.capacity() * size_of::<ClosedChunk>()
    }
}
