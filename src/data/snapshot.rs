//! `narthex tsdb snapshot`: the store at one moment, in a directory of its own, from which another can be started.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::Directory;
use crate::cli::print;

/// What `narthex tsdb snapshot` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  narthex tsdb snapshot /var/lib/narthex

It prints the directory of the snapshot, below DIR/snapshots: blocks and what else never changes are given a second name there,
which costs no room. Start narthex on it with --storage.tsdb.path, or copy it elsewhere.
narthex must not run on DIR meanwhile; of one that runs, POST /api/v1/admin/tsdb/snapshot makes one.")]
pub(super) struct SnapshotArgs {
    #[command(flatten)]
    directory: Directory,
    /// Leave out what is in no block yet.
    #[arg(long)]
    skip_head: bool,
}

pub(super) fn run(args: &SnapshotArgs) -> anyhow::Result<ExitCode> {
    let (store, _) = args.directory.store()?;
    let name = store.snapshot(!args.skip_head).context("no snapshot was made")?;
    Ok(print(&format!("{}\n", args.directory.path.join("snapshots").join(name).display())))
}
