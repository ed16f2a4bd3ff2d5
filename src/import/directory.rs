//! What lies in a data directory of Prometheus's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustix::fs::{FlockOperation, Mode, OFlags};
use tsdb::block::BlockId;

/// The parts of a data directory of Prometheus's.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// The directories of its blocks, oldest first.
    pub(super) blocks: Vec<PathBuf>,
    /// The newest checkpoint of its log, with its number.
    pub(super) checkpoint: Option<(u64, PathBuf)>,
    /// Whether there is a log.
    pub(super) has_log: bool,
}

impl Directory {
    /// Looks through a directory, which may be a single block as well.
    pub(super) fn read(dir: &Path) -> anyhow::Result<Directory> {
        if dir.join("meta.json").is_file() {
            return Ok(Directory { blocks: vec![dir.to_owned()], ..Directory::default() });
        }
        let mut directory = Directory { has_log: dir.join("wal").is_dir(), ..Directory::default() };
        for name in subdirectories(dir).with_context(|| format!("cannot read {}", dir.display()))? {
            if name.parse::<BlockId>().is_ok() {
                directory.blocks.push(dir.join(name));
            }
        }
        directory.blocks.sort();
        if directory.has_log {
            let names = subdirectories(&dir.join("wal"))?;
            let numbered = names.iter().filter_map(|name| {
                let number = name.strip_prefix("checkpoint.")?.parse().ok()?;
                Some((number, dir.join("wal").join(name)))
            });
            directory.checkpoint = numbered.max();
        }
        if directory.blocks.is_empty() && !directory.has_log {
            bail!("{} holds neither blocks nor a log of Prometheus's", dir.display());
        }
        Ok(directory)
    }
}

fn subdirectories(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// Fails where a Prometheus runs on the directory: its lock file is locked. Nothing is written.
pub(super) fn check_unused(dir: &Path) -> anyhow::Result<()> {
    // Where there is no lock file nobody runs on it.
    let Ok(file) = rustix::fs::open(dir.join("lock"), OFlags::RDONLY, Mode::empty()) else { return Ok(()) };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(rustix::io::Errno::WOULDBLOCK) => bail!(
            "{} is in use by a Prometheus: stop it, or import a snapshot of it (POST /api/v1/admin/tsdb/snapshot)",
            dir.display()
        ),
        _ => Ok(()),
    }
}
