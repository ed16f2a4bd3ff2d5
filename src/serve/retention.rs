//! How long samples are kept: what the configuration says, and where it is silent the flags; 15 days where both are.

use std::path::PathBuf;

use anyhow::Context;
use model::duration::PromDuration;
use model::size::ByteSize;
use tsdb::Retention;

use crate::cli::flags::Flags;
use crate::config::Config;

const DEFAULT: PromDuration = PromDuration::from_secs(15 * 86_400);

/// What the flags say; zero where they say nothing.
#[derive(Clone, Debug)]
pub(super) struct RetentionFlags {
    time: PromDuration,
    size: ByteSize,
    data_dir: PathBuf,
}

/// What is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) retention: Retention,
    /// The same in the words of `/api/v1/status/runtimeinfo`.
    pub(super) words: String,
}

impl RetentionFlags {
    /// # Errors
    /// When a size or a duration cannot be read.
    pub(super) fn of(flags: &Flags) -> anyhow::Result<RetentionFlags> {
        fn parsed<T: Default + std::str::FromStr>(flags: &Flags, name: &str) -> anyhow::Result<T>
        where
            T::Err: std::error::Error + Send + Sync + 'static,
        {
            match flags.text(name) {
                "" => Ok(T::default()),
                text => text.parse().with_context(|| format!("--{name}={text}")),
            }
        }
        Ok(RetentionFlags {
            time: parsed(flags, "storage.tsdb.retention.time")?,
            size: parsed(flags, "storage.tsdb.retention.size")?,
            data_dir: flags.path("storage.tsdb.path").unwrap_or_else(|| "data".into()),
        })
    }

    /// What is kept with a configuration.
    pub(super) fn with(&self, config: &Config) -> Kept {
        let of_file = &config.storage.tsdb.retention;
        let size = [self.part_of_disk(of_file.percentage), of_file.size, self.size];
        let size = size.into_iter().find(|size| size.as_u64() > 0);
        let time = [of_file.time, self.time].into_iter().find(|time| !time.is_zero());
        let time = time.or_else(|| size.is_none().then_some(DEFAULT));
        let words = [time.map(|time| time.to_string()), size.map(|size| size.to_string())];
        Kept {
            retention: Retention { time_ms: time.map(PromDuration::as_millis), n_bytes: size.map(ByteSize::as_u64) },
            words: words.into_iter().flatten().collect::<Vec<_>>().join(" or "),
        }
    }

    /// So many percent of the disk on which the data lies; nothing where its size is not known.
    fn part_of_disk(&self, percentage: f64) -> ByteSize {
        let n_bytes = rustix::fs::statvfs(&self.data_dir).map_or(0, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
        ByteSize((n_bytes as f64 * percentage / 100.0) as u64)
    }
}
