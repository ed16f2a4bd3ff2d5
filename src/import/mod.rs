//! `narthex import …`: brings in what others have kept.
//!
//! narthex must not run on the data directory meanwhile. What is imported becomes sealed blocks; importing the same once more
//! changes nothing, and an import that is interrupted leaves whole blocks and can be run again.
//!
//! Exit: 0 for all of it, 1 where something could not be read or written.

mod directory;
mod openmetrics;
mod progress;
mod prometheus;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use journal::{Disk, OsDisk};

use crate::cli::complain;

pub(crate) use summary::{bytes, grouped, time};

/// What `narthex import` takes.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    command: ImportCommand,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Import the data directory of a Prometheus, or a snapshot of one: blocks, and what is still in its log.
    Prometheus(prometheus::PrometheusArgs),
    /// Import text with times, in the OpenMetrics format.
    #[command(name = "openmetrics")]
    OpenMetrics(openmetrics::OpenMetricsArgs),
}

/// Where to import to.
#[derive(Debug, Args)]
struct Target {
    /// The data directory of narthex, which must not run on it.
    #[arg(long = "storage.tsdb.path", value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
}

impl Target {
    fn open(&self) -> Result<tsdb::import::Importer, tsdb::import::ImportError> {
        let disk: Arc<dyn Disk> = Arc::new(OsDisk);
        tsdb::import::Importer::open(&disk, &self.data_dir)
    }
}

/// Carries out an import.
pub(crate) fn run(args: &ImportArgs) -> ExitCode {
    let imported = match &args.command {
        ImportCommand::Prometheus(args) => prometheus::run(args),
        ImportCommand::OpenMetrics(args) => openmetrics::run(args),
    };
    imported.unwrap_or_else(|error| {
        complain(&format_args!("{error:#}"));
        ExitCode::FAILURE
    })
}
