//! `narthex tsdb …`: looks into a data directory.
//!
//! `list` and `analyze` read blocks only, which never change: narthex may run meanwhile. The others open the store as a start
//! of narthex does, and need it for themselves.
//!
//! Exit: 0 fine, 1 where something is damaged or cannot be read.

mod analyze;
mod dump;
mod histogram;
mod list;
mod snapshot;
mod table;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::{Clock, SystemClock};
use tsdb::block::{Block, BlockError, id_of_file};
use tsdb::{OpenError, Options, Progress, Replayed, Store};

use crate::cli::complain;

/// What `narthex tsdb` takes.
#[derive(Debug, Args)]
pub(crate) struct TsdbArgs {
    #[command(subcommand)]
    command: TsdbCommand,
}

#[derive(Debug, Subcommand)]
enum TsdbCommand {
    /// List the blocks: times, series, samples, bytes.
    List(list::ListArgs),
    /// Say where series come from and which change the most.
    Analyze(analyze::AnalyzeArgs),
    /// Print samples, a line each, as promtool does.
    Dump(dump::DumpArgs),
    /// Make a snapshot: a directory from which another narthex can be started.
    Snapshot(snapshot::SnapshotArgs),
    /// Read everything, and name what is damaged.
    Verify(verify::VerifyArgs),
}

/// The data directory.
#[derive(Debug, Args)]
struct Directory {
    /// The data directory.
    #[arg(value_name = "DIR", default_value = "data")]
    path: PathBuf,
}

/// How an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Aligned columns, for people.
    Table,
    /// One JSON document.
    Json,
}

/// Carries out what is asked.
pub(crate) fn run(args: &TsdbArgs) -> ExitCode {
    let done = match &args.command {
        TsdbCommand::List(args) => list::run(args),
        TsdbCommand::Analyze(args) => analyze::run(args),
        TsdbCommand::Dump(args) => dump::run(args),
        TsdbCommand::Snapshot(args) => snapshot::run(args),
        TsdbCommand::Verify(args) => verify::run(args),
    };
    done.unwrap_or_else(|error| {
        complain(&format_args!("{error:#}"));
        ExitCode::FAILURE
    })
}

impl Directory {
    fn disk() -> Arc<dyn Disk> {
        Arc::new(OsDisk)
    }

    /// The files of the blocks, by name, which is by the time at which they were made.
    fn block_files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let dir = self.path.join("blocks");
        let reading = || format!("{} is no data directory of narthex's", self.path.display());
        let mut names = Directory::disk().list(&dir).with_context(reading)?;
        names.retain(|name| id_of_file(name).is_some());
        names.sort();
        Ok(names.into_iter().map(|name| dir.join(name)).collect())
    }

    /// Opens the blocks, in the order of their times; those that cannot be opened are told. A running narthex may have merged
    /// some meanwhile.
    fn blocks(&self) -> anyhow::Result<Vec<Block>> {
        let disk = Directory::disk();
        let mut blocks = Vec::new();
        for path in self.block_files()? {
            match Block::open(&disk, &path) {
                Ok(block) => blocks.push(block),
                Err(BlockError::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => complain(&error),
            }
        }
        blocks.sort_by_key(|block| (block.meta().min_ms, block.meta().max_ms, block.meta().id));
        Ok(blocks)
    }

    /// Opens the store, as a start does.
    fn store(&self) -> Result<(Store, Replayed), StoreError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let mut rng = SeededRng::from_entropy().map_err(|error| StoreError::Randomness(error.to_string()))?;
        if !is_directory(&self.path) {
            return Err(StoreError::Missing(self.path.clone()));
        }
        let options = Options { max_series: u64::MAX, ..Options::default() };
        Ok(Store::open(&Directory::disk(), &clock, &mut rng, &self.path, options, &Progress::default())?)
    }
}

fn is_directory(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Why the store was not opened.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("{} is no directory", .0.display())]
    Missing(PathBuf),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("no randomness: {0}")]
    Randomness(String),
}
