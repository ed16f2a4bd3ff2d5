//! `narthex import prometheus DIR`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use journal::{Disk, OsDisk};
use model::{Clock, SystemClock};
use tsdb::import::Importer;
use tsdb::prometheus::{ForeignBlock, ForeignHead, Outcome};

use super::Target;
use super::directory::{Directory, check_unused};
use super::progress::Progress;
use super::summary::{bytes, grouped, summary, time};
use crate::cli::{complain, complain_raw, print};

/// What `narthex import prometheus` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex import prometheus /var/lib/prometheus
  narthex import prometheus /var/lib/prometheus/snapshots/20261128T090000Z-0123456789abcdef
  narthex import prometheus /var/lib/prometheus --dry-run

Importing once more changes nothing; an import that was interrupted can be run again.
Exit: 0 all of it is there, 1 something could not be read or written")]
pub(super) struct PrometheusArgs {
    /// The data directory of a Prometheus that does not run, a snapshot of one that does, or one block.
    dir: PathBuf,
    #[command(flatten)]
    target: Target,
    /// Say what there is, and import nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was opened.
struct Found {
    blocks: Vec<ForeignBlock>,
    head: Option<ForeignHead>,
}

pub(super) fn run(args: &PrometheusArgs) -> anyhow::Result<ExitCode> {
    check_unused(&args.dir)?;
    let mut outcome = Outcome::default();
    let found = Found::open(args, &mut outcome)?;
    if args.dry_run {
        print(&found.list());
    } else {
        let importer = args.target.open()?;
        found.import(&importer, &mut outcome).context("cannot write a block; what was written before stays")?;
    }
    outcome.damaged.iter().for_each(|damaged| complain_raw(damaged));
    if outcome.n_damaged > outcome.damaged.len() as u64 {
        complain(&format_args!("… and {} more", outcome.n_damaged - outcome.damaged.len() as u64));
    }
    if !args.dry_run {
        print(&summary(&outcome, SystemClock::new().now_ms()));
    }
    Ok(if outcome.n_damaged == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Found {
    /// Opens everything; a block that cannot be opened is named and left out.
    fn open(args: &PrometheusArgs, outcome: &mut Outcome) -> anyhow::Result<Found> {
        let disk: Arc<dyn Disk> = Arc::new(OsDisk);
        let directory = Directory::read(&args.dir)?;
        let mut blocks = Vec::new();
        for dir in &directory.blocks {
            match ForeignBlock::open(&disk, dir) {
                Ok(block) => blocks.push(block),
                Err(error) => outcome.damage(format!("block left out: {error}")),
            }
        }
        let in_order = blocks.iter().map(ForeignBlock::meta).filter(|meta| meta.is_in_order);
        let from_ms = in_order.map(|meta| meta.end_ms).max();
        let head = if directory.has_log {
            Some(ForeignHead::open(&disk, &args.dir, directory.checkpoint, from_ms)?)
        } else {
            None
        };
        Ok(Found { blocks, head })
    }

    fn import(&self, importer: &Importer, outcome: &mut Outcome) -> Result<(), tsdb::block::BlockError> {
        let mut progress = Progress::new(self.n_bytes());
        let mut watch = |n_bytes, n_samples| progress.add(n_bytes, n_samples);
        for block in &self.blocks {
            block.import(importer, outcome, &mut watch)?;
        }
        if let Some(head) = &self.head {
            head.import(importer, outcome, &mut watch)?;
        }
        progress.end();
        Ok(())
    }

    fn n_bytes(&self) -> u64 {
        self.blocks.iter().map(ForeignBlock::n_bytes).sum::<u64>() + self.head.as_ref().map_or(0, ForeignHead::n_bytes)
    }

    /// A line for each block, and one for the log.
    fn list(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            let meta = block.meta();
            text.push_str(&format!(
                "block {}  {} to {}  {} series  {} samples  {}\n",
                meta.id,
                time(meta.min_ms),
                time(meta.end_ms),
                grouped(meta.n_series),
                grouped(meta.n_samples),
                bytes(block.n_bytes())
            ));
        }
        if let Some(head) = &self.head {
            text.push_str(&format!("log and chunks of the head  {}\n", bytes(head.n_bytes())));
        }
        text
    }
}
