//! What is known of a block as a whole.

use super::BlockId;

/// What a block is to be.
#[derive(Clone, Debug)]
pub struct BlockSpec {
    /// 0 for what was sealed from the head, one more for each compaction.
    pub level: u8,
    /// Everything before this time stood in blocks when this one was written.
    pub sealed_to_ms: Option<i64>,
    /// The blocks that it replaces.
    pub sources: Vec<BlockId>,
    /// The distance of samples, where they were summed up; 0 for samples as they came.
    pub resolution_ms: i64,
}

/// What is known of a block as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockMeta {
    /// Its name.
    pub id: BlockId,
    /// The time of its first sample, in milliseconds since the Unix epoch.
    pub min_ms: i64,
    /// The time of its last sample.
    pub max_ms: i64,
    /// How many series it holds.
    pub n_series: u64,
    /// How many samples.
    pub n_samples: u64,
    /// How many chunks of values.
    pub n_chunks: u64,
    /// How long the file is.
    pub n_bytes: u64,
    /// 0 for what was sealed from the head, one more for each compaction.
    pub level: u8,
    /// Everything before this time stood in blocks when this one was written.
    pub sealed_to_ms: Option<i64>,
    /// The blocks that it replaces.
    pub sources: Vec<BlockId>,
    /// The distance of samples, where they were summed up; 0 for samples as they came.
    pub resolution_ms: i64,
    /// How many bytes each part of the file takes, by its name.
    pub parts: Vec<(&'static str, u64)>,
}
