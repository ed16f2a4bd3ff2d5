//! Opening the store, and telling the web server how it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use journal::{Disk, OsDisk};
use model::Clock;
use model::rng::SeededRng;
use tsdb::{
    Cardinality, Downsampling, Files, HeadStats, MaintenanceStats, Options, Progress, Replayed, Store, WalStats,
};
use web::{DiskSpace, StorageStatus};

use crate::cli::flags::Flags;
use crate::config::{Config, limit_or};
use crate::serve::memory;

/// The data directory where no flag names one.
pub(super) const DEFAULT_DIR: &str = "data";

/// The store, and what was found when it was opened.
#[derive(Debug)]
pub(super) struct OpenStore {
    store: Arc<Store>,
    path: PathBuf,
    n_corruptions: u64,
}

/// Opens the store on a thread of its own, and says in the log what was found.
pub(super) async fn open(
    flags: &Flags,
    config: &Config,
    clock: Arc<dyn Clock>,
    progress: Arc<Progress>,
) -> anyhow::Result<OpenStore> {
    let data_dir = flags.path("storage.tsdb.path").unwrap_or_else(|| PathBuf::from(DEFAULT_DIR));
    let options = options(config);
    let began = clock.elapsed();
    let opening = {
        let (clock, path) = (Arc::clone(&clock), data_dir.clone());
        tokio::task::spawn_blocking(move || {
            let disk: Arc<dyn Disk> = Arc::new(OsDisk);
            let mut rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
            Ok::<_, anyhow::Error>(Store::open(&disk, &clock, &mut rng, &path, options, &progress)?)
        })
    };
    let (store, replayed) = opening.await.context("the store cannot be opened")??;
    let seconds = clock.elapsed().saturating_sub(began).as_secs_f64();
    tracing::info!(
        series = replayed.n_series,
        samples = replayed.n_samples,
        bytes = replayed.n_bytes,
        seconds,
        "storage open"
    );
    Ok(OpenStore { store: Arc::new(store), path: data_dir, n_corruptions: report_damage(&replayed) })
}

fn options(config: &Config) -> Options {
    let default = Options::default();
    let limits = &config.narthex.limits;
    let max_series = limit_or(limits.head_series, memory::default_head_series());
    Options {
        max_series,
        max_metric_series: limit_or(limits.metric_series, default_metric_series(max_series)),
        max_target_series: limit_or(limits.target_series, default_target_series(max_series)),
        max_ahead_ms: limits
            .sample_ahead
            .map_or(default.max_ahead_ms, |ahead| if ahead.is_zero() { i64::MAX } else { ahead.as_millis() }),
        checkpoint_interval: config
            .narthex
            .checkpoint_interval
            .map_or(default.checkpoint_interval, |interval| Duration::from_millis(interval.as_millis().max(0) as u64)),
        late_window_ms: config.storage.tsdb.out_of_order_time_window.as_millis(),
        ..default
    }
}

/// From which age on blocks are summed up.
pub(super) fn downsampling(config: &Config) -> Downsampling {
    config.narthex.downsampling.unwrap_or_default().ages()
}

/// One metric does not take more than a quarter of what there is room for, if nothing is said.
pub(super) fn default_metric_series(max_series: u64) -> u64 {
    if max_series == u64::MAX { u64::MAX } else { max_series / 4 }
}

/// One target does not take more than half.
pub(super) fn default_target_series(max_series: u64) -> u64 {
    if max_series == u64::MAX { u64::MAX } else { max_series / 2 }
}

/// Names each damaged place in the log, and each block that cannot be read; how many there are.
fn report_damage(replayed: &Replayed) -> u64 {
    for damage in &replayed.damage {
        let (segment, from, to) = (&damage.segment, damage.from, damage.to);
        if damage.torn_tail {
            tracing::info!(%segment, from, to, "the log ends in a record that was never finished");
        } else {
            tracing::warn!(%segment, from, to, "a part of the log is damaged and is left out");
        }
    }
    for damaged in &replayed.damaged_blocks {
        tracing::error!(damaged, "a block cannot be read: its samples are missing, its file stays as it is");
    }
    for damaged in &replayed.damaged_checkpoints {
        tracing::warn!(damaged, "a checkpoint cannot be read: the one before and the log since were read in its place");
    }
    if let Some(damaged) = &replayed.damaged_deletions {
        tracing::warn!(
            damaged,
            "one of the two copies of the deletions is damaged: the other was read, and both are written anew"
        );
    }
    for damage in &replayed.damaged_chunks {
        let (segment, from, to) = (&damage.segment, damage.from, damage.to);
        tracing::warn!(%segment, from, to, "a part of the closed chunks is damaged and is left out");
    }
    for place in &replayed.unreadable {
        tracing::error!(place, "a record of the log makes no sense and is left out");
    }
    if replayed.n_skipped_scrapes > 0 {
        tracing::warn!(scrapes = replayed.n_skipped_scrapes, "scrapes that leaned on damaged ones are left out");
    }
    let n_damaged = replayed.damage.iter().filter(|damage| !damage.torn_tail).count();
    let n_files = replayed.damaged_blocks.len()
        + replayed.damaged_checkpoints.len()
        + usize::from(replayed.damaged_deletions.is_some());
    (n_damaged + n_files + replayed.damaged_chunks.len() + replayed.unreadable.len()) as u64
}

impl OpenStore {
    /// The store.
    pub(super) fn store(&self) -> &Arc<Store> {
        &self.store
    }
}

impl StorageStatus for OpenStore {
    fn head(&self) -> HeadStats {
        self.store.head_stats()
    }

    fn wal(&self) -> WalStats {
        self.store.wal_stats()
    }

    fn maintenance(&self) -> MaintenanceStats {
        self.store.maintenance_stats()
    }

    fn cardinality(&self, limit: usize) -> Cardinality {
        self.store.cardinality(limit)
    }

    fn files(&self, limit: usize) -> Files {
        self.store.files(limit)
    }

    fn disk_space(&self) -> Option<DiskSpace> {
        let disk = rustix::fs::statvfs(&self.path).ok()?;
        let bytes = |n_blocks: u64| n_blocks.saturating_mul(disk.f_frsize);
        Some(DiskSpace { free_bytes: bytes(disk.f_bavail), total_bytes: bytes(disk.f_blocks) })
    }

    fn n_corruptions(&self) -> u64 {
        self.n_corruptions
    }
}
