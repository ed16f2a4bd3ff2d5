//! The files of what was summed up: one beside each block for each resolution, named after it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;

use super::{Downsampled, Resolution};
use crate::block::{Block, BlockError, BlockId, BlockMeta};

/// Their directory, in the data directory.
pub(crate) const DOWNSAMPLED_DIR: &str = "downsampled";

/// The file of a block and a resolution.
pub(super) fn path_of(dir: &Path, block: BlockId, resolution: Resolution) -> PathBuf {
    dir.join(DOWNSAMPLED_DIR).join(format!("{block}.{}", resolution.name()))
}

/// What a file is called until it is whole.
pub(super) fn temporary(path: &Path) -> PathBuf {
    path.with_added_extension("tmp")
}

/// The block and the resolution that a file has its name from.
fn named_after(name: &str) -> Option<(BlockId, Resolution)> {
    let (block, extension) = name.split_once('.')?;
    let resolution = Resolution::ALL.into_iter().find(|resolution| resolution.name() == extension)?;
    Some((block.parse().ok()?, resolution))
}

/// Opens what was summed up of one block, to look into it; the store need not be open. Files that are not there are left out.
pub fn of_block(disk: &Arc<dyn Disk>, data_dir: &Path, block: &BlockMeta) -> Vec<Result<Downsampled, BlockError>> {
    let paths = Resolution::ALL.map(|resolution| (path_of(data_dir, block.id, resolution), resolution));
    let there = paths.into_iter().filter(|(path, _)| disk.len(path).is_ok());
    there.map(|(path, resolution)| Downsampled::open(disk, &path, block, resolution)).collect()
}

/// Opens what was summed up of these blocks. All else in the directory is removed: it follows from blocks that are gone, or
/// can be made again. What the disk refuses costs time, not samples, so it keeps nobody from starting.
pub(crate) fn open(disk: &Arc<dyn Disk>, data_dir: &Path, blocks: &[Arc<Block>]) -> Vec<(BlockId, Arc<Downsampled>)> {
    let dir = data_dir.join(DOWNSAMPLED_DIR);
    let mut found = Vec::new();
    for name in disk.list(&dir).unwrap_or_default() {
        let path = dir.join(&name);
        let opened = named_after(&name).and_then(|(id, resolution)| {
            let block = blocks.iter().find(|block| block.meta().id == id)?;
            let downsampled = Downsampled::open(disk, &path, block.meta(), resolution).ok()?;
            Some((id, Arc::new(downsampled)))
        });
        match opened {
            Some(opened) => found.push(opened),
            None => drop(disk.remove(&path)),
        }
    }
    found
}

/// Removes what was summed up of a block that is gone. What cannot be removed goes at the next start.
pub(crate) fn remove_of(disk: &dyn Disk, data_dir: &Path, block: BlockId) {
    for resolution in Resolution::ALL {
        let path = path_of(data_dir, block, resolution);
        if disk.len(&path).is_ok() {
            let _ = disk.remove(&path);
        }
    }
}
