//! Finding the blocks of a directory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Sealed;
use crate::block::{Block, BlockError, BlockId, id_of_file, is_unfinished};
use crate::downsample;

/// The directory of blocks, in the data directory.
pub(crate) const BLOCKS_DIR: &str = "blocks";

/// What was found in a directory of blocks.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) sealed: Sealed,
    /// Blocks that cannot be read, each with the reason. Their files stay as they are.
    pub(crate) damaged: Vec<String>,
    /// The blocks that there are files of, whole or not.
    pub(crate) files: FxHashSet<BlockId>,
    /// What each block has become part of, as far as that is known.
    pub(crate) merged_into: FxHashMap<BlockId, BlockId>,
}

/// Opens the blocks in `data_dir/blocks`, and what was summed up of them. What was never finished, or has been merged into another block, is removed.
///
/// # Errors
/// When the directory cannot be read or changed, or a block is of a newer version. A damaged block is left aside.
pub(crate) fn open(disk: &Arc<dyn Disk>, data_dir: &Path) -> Result<Found, BlockError> {
    let dir = data_dir.join(BLOCKS_DIR);
    let not_readable = |error: io::Error| BlockError::Io { path: dir.clone(), error: Arc::new(error) };
    disk.create_dir_all(&dir).map_err(not_readable)?;
    let mut found = Found::default();
    let mut blocks = Vec::new();
    for name in disk.list(&dir).map_err(not_readable)? {
        let path = dir.join(&name);
        if is_unfinished(&name) {
            disk.remove(&path).map_err(not_readable)?;
        } else if let Some(id) = id_of_file(&name) {
            found.files.insert(id);
            match Block::open(disk, &path) {
                Ok(block) => blocks.push(Arc::new(block)),
                Err(error @ BlockError::Version { .. }) => return Err(error),
                Err(error) => found.damaged.push(error.to_string()),
            }
        }
    }
    let into = |block: &Arc<Block>| (block.meta().sources.clone(), block.meta().id);
    let sources = blocks.iter().map(into).flat_map(|(sources, id)| sources.into_iter().map(move |source| (source, id)));
    found.merged_into = sources.collect();
    let is_merged = |block: &Arc<Block>| found.merged_into.contains_key(&block.meta().id);
    let (gone, kept): (Vec<_>, Vec<_>) = blocks.into_iter().partition(is_merged);
    for block in gone {
        disk.remove(block.path()).map_err(not_readable)?;
        found.files.remove(&block.meta().id);
    }
    found.sealed = downsample::open(disk, data_dir, &kept)
        .into_iter()
        .fold(Sealed::new(kept), |sealed, (id, file)| sealed.with_downsampled(id, file));
    Ok(found)
}
