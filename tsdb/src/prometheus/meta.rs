//! `meta.json`: what a block says of itself.

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use serde_json::Value;

use super::ForeignError;
use super::bytes::map;
use crate::block::BlockId;

/// Hints of blocks whose end says nothing of what else of that time has been written to blocks.
const APART: [&str; 3] = ["from-out-of-order", "from-stale-series", "from-selected-series"];

/// What a block says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignMeta {
    /// Its name.
    pub id: BlockId,
    /// No sample is older, in milliseconds since the Unix epoch.
    pub min_ms: i64,
    /// All samples are older.
    pub end_ms: i64,
    /// How many samples it had when it was written.
    pub n_samples: u64,
    /// How many series.
    pub n_series: u64,
    /// Whether everything older than its end stands in blocks: not where it was made of late samples or of chosen series.
    pub is_in_order: bool,
}

pub(super) fn read(disk: &Arc<dyn Disk>, dir: &Path) -> Result<ForeignMeta, ForeignError> {
    let path = dir.join("meta.json");
    let bytes = map(disk, &path)?;
    let document: Value = serde_json::from_slice(&bytes).map_err(|error| ForeignError::damaged(&path, &error))?;
    if document["version"] != 1 {
        let what = format!("block version {}", document["version"]);
        return Err(ForeignError::Unknown { path, what });
    }
    let missing = |what: &str| ForeignError::damaged(&path, &format_args!("it does not say {what}"));
    let id = document["ulid"].as_str().and_then(|id| id.parse().ok()).ok_or_else(|| missing("its ULID"))?;
    let min_ms = document["minTime"].as_i64().ok_or_else(|| missing("when it begins"))?;
    let end_ms = document["maxTime"].as_i64().ok_or_else(|| missing("when it ends"))?;
    let count = |name: &str| document["stats"][name].as_u64().unwrap_or(0);
    let hints = document["compaction"]["hints"].as_array().map_or(&[][..], Vec::as_slice);
    let is_in_order = !hints.iter().filter_map(Value::as_str).any(|hint| APART.contains(&hint));
    Ok(ForeignMeta { id, min_ms, end_ms, n_samples: count("numSamples"), n_series: count("numSeries"), is_in_order })
}
