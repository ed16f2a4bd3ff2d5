//! What lies in the data directory, in numbers: for the status page.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::block::BlockMeta;
use crate::checkpoint::{CHECKPOINT_DIR, CHUNKS_DIR};
use crate::sealed::Retention;
use crate::stats::{Top, largest};
use crate::store::Store;
use crate::wal::{NAMES_DIR, WAL_DIR};

/// What lies in the data directory.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The blocks, oldest first.
    pub blocks: Vec<BlockMeta>,
    /// Bytes of what was summed up of them.
    pub downsampled_bytes: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Bytes of the checkpoints and of the closed chunks beside them.
    pub checkpoint_bytes: u64,
    /// How long ago a checkpoint was begun, or tried, last.
    pub since_checkpoint: Option<Duration>,
    /// Samples in the log behind it.
    pub n_tail: u64,
    /// What is kept.
    pub retention: Retention,
    /// Targets by series in the head, as `{job="…", instance="…"}`, largest first. An instance of several jobs counts whole
    /// for the one that was seen first.
    pub series_by_target: Top,
}

impl Store {
    /// What lies in the data directory, and the `limit` largest targets.
    pub fn files(&self, limit: usize) -> Files {
        let last_checkpoint = self.checkpoints.try_lock().map(|checkpoints| checkpoints.last());
        Files {
            blocks: self.sealed().metas().cloned().collect(),
            downsampled_bytes: self.sealed().all_downsampled().map(|file| file.n_bytes()).sum(),
            log_bytes: self.dir_bytes(WAL_DIR) + self.dir_bytes(NAMES_DIR),
            checkpoint_bytes: self.dir_bytes(CHECKPOINT_DIR) + self.dir_bytes(CHUNKS_DIR),
            since_checkpoint: last_checkpoint.map(|last| self.clock().elapsed().saturating_sub(last)),
            n_tail: self.n_tail.load(Ordering::Relaxed),
            retention: self.retention(),
            series_by_target: self.series_by_target(limit),
        }
    }

    /// The bytes of the files in a directory of the store; what goes away meanwhile has none.
    fn dir_bytes(&self, name: &str) -> u64 {
        let dir: &Path = &self.dir.join(name);
        let names = self.disk.list(dir).unwrap_or_default();
        names.iter().map(|name| self.disk.len(&dir.join(name)).unwrap_or(0)).sum()
    }

    fn series_by_target(&self, limit: usize) -> Top {
        let index = self.head.index();
        let index = index.read();
        let mut by_instance: Top = index.values("instance").map(|(value, n)| (value.to_owned(), n)).collect();
        let largest = largest(&mut by_instance, limit);
        let named = largest.into_iter().map(|(instance, n_series)| {
            let first = index.first_with("instance", &instance);
            let job = first.map_or("", |id| index.label(id, "job"));
            (format!("{{job=\"{job}\", instance=\"{instance}\"}}"), n_series)
        });
        named.collect()
    }
}
