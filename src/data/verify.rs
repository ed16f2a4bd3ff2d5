//! `narthex tsdb verify`: reads every chunk of every block, the checkpoint and the log, and names what is damaged.

use std::process::ExitCode;

use clap::Args;
use tsdb::block::{Block, BlockMeta};
use tsdb::downsample::of_block;
use tsdb::{OpenError, Replayed};

use super::{Directory, StoreError};
use crate::cli::{complain_raw, print};
use crate::import::{bytes, grouped};

/// What `narthex tsdb verify` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  narthex tsdb verify /var/lib/narthex

Where narthex runs on the directory, only the blocks are read.
Exit: 0 everything is whole, 1 something is damaged, named on standard error")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    directory: Directory,
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let (mut damaged, mut text) = (Vec::new(), String::new());
    let (mut n_blocks, mut n_samples, mut n_bytes, mut n_downsampled) = (0, 0, 0, 0);
    for path in args.directory.block_files()? {
        match Block::open(&Directory::disk(), &path) {
            Ok(block) => {
                block.verify();
                damaged.extend(block.quarantined());
                n_downsampled += verify_downsampled(&args.directory, block.meta(), &mut damaged);
                (n_blocks, n_samples) = (n_blocks + 1, n_samples + block.meta().n_samples);
                n_bytes += block.meta().n_bytes;
            }
            Err(error) => damaged.push(error.to_string()),
        }
    }
    let (n_samples, n_bytes) = (grouped(n_samples), bytes(n_bytes));
    text.push_str(&format!("blocks: {n_blocks} with {n_samples} samples, {n_bytes}\n"));
    if n_downsampled > 0 {
        text.push_str(&format!("downsampled: {} files\n", grouped(n_downsampled)));
    }
    match args.directory.store() {
        Ok((_, replayed)) => {
            let (series, samples, bytes) =
                (grouped(replayed.n_series), grouped(replayed.n_samples), bytes(replayed.n_bytes));
            text.push_str(&format!("checkpoint and log: {series} series, {samples} samples, {bytes}\n"));
            damaged.extend(damage_of(&replayed));
        }
        Err(StoreError::Open(OpenError::Locked { .. })) => {
            text.push_str("checkpoint and log: not read, narthex runs on the directory\n");
        }
        Err(error) => return Err(error.into()),
    }
    damaged.iter().for_each(|damaged| complain_raw(damaged));
    text.push_str(&match damaged.len() {
        0 => "everything is whole\n".to_owned(),
        n => format!("{n} damaged places\n"),
    });
    print(&text);
    Ok(if damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads what was downsampled of a block; how many files there are.
fn verify_downsampled(directory: &Directory, block: &BlockMeta, damaged: &mut Vec<String>) -> u64 {
    let files = of_block(&Directory::disk(), &directory.path, block);
    let n_files = files.len() as u64;
    for file in files {
        match file {
            Ok(file) => {
                file.verify();
                let shown = file.path().display();
                damaged.extend(file.is_damaged().then(|| format!("{shown} is damaged; it costs no sample: remove it")));
            }
            Err(error) => damaged.push(error.to_string()),
        }
    }
    n_files
}

/// What of the checkpoint and the log could not be read. Blocks have been read already; what a kill leaves at the end of the
/// log is no damage.
fn damage_of(replayed: &Replayed) -> Vec<String> {
    let mut damaged = replayed.damaged_checkpoints.clone();
    damaged.extend(replayed.damaged_deletions.clone());
    for (what, places) in [("closed chunks", &replayed.damaged_chunks), ("log", &replayed.damage)] {
        let torn = places.iter().filter(|damage| !damage.torn_tail);
        damaged.extend(
            torn.map(|damage| format!("{what}: {} from byte {} to {}", damage.segment, damage.from, damage.to)),
        );
    }
    damaged.extend(replayed.unreadable.iter().map(|place| format!("a record makes no sense: {place}")));
    if replayed.n_skipped_scrapes > 0 {
        damaged.push(format!("{} scrapes lean on damaged ones", replayed.n_skipped_scrapes));
    }
    damaged
}
