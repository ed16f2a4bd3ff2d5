//! What lies behind objectives when a server starts: days of raw samples of some of them, and what was counted of all.
//!
//! Samples of all would be twelve thousand million. Those of the first routes are written as blocks, once, and both servers get
//! them. The counts are made by the same code as those of a server, over samples that are made up while they are read, and in the
//! same place, so that the server with objectives goes on where they end.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use benches::disk::HastyDisk;
use benches::shop::Shop as Counted;
use journal::Disk;
use slo::history::History;
use slo::spec;

use crate::budgets::Load;
use crate::shop::{Shop, now_ms};

/// Prepares the data directories of a server with objectives, and of one without.
pub(crate) fn prepare(shop: &Shop, load: Load, with: &Path, without: &Path) -> io::Result<()> {
    let Load { n_objectives, n_whole, days_before, .. } = load;
    let began = Instant::now();
    let end_ms = now_ms();
    let past = Arc::new(shop.past(n_whole, end_ms));
    let disk: Arc<dyn Disk> = Arc::new(HastyDisk::default());
    let written = past.import(&disk, with);
    copy(with, without)?;
    let (n_samples, mib) = (written.n_samples, written.n_bytes >> 20);
    println!("{days_before} days of {n_whole} routes, {n_samples} samples in {mib} MiB: {:.0?}", began.elapsed());
    let began = Instant::now();
    let counted = Counted::open(&disk, with, end_ms, Some(past));
    counted.promise(&Arc::new(spec::load(&Shop::specs(n_objectives))));
    counted.counting.close();
    let standing = counted.counting.standing();
    counted.store.close().map_err(io::Error::other)?;
    let mib = standing.n_stored_bytes >> 20;
    println!("counted for {n_objectives} objectives, {mib} MiB: {:.0?}", began.elapsed());
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let status = Command::new("cp").arg("-r").args([from, to]).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("data is not copied: {status}"))) }
}
