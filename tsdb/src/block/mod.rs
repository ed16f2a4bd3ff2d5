//! Blocks: the samples of a window of time in one immutable file.
//!
//! Values stand in chunks of at most 1,024 samples, each encoded in the way that is the shortest for it (`codec`);
//! timestamps stand in columns that all series of a target share. Behind them is an index: labels to series, as sets of
//! numbers, and series to chunks. Everything has a checksum: the index is verified when the block is opened, chunks and
//! columns when they are read. `docs/format/block.md` draws the bytes.
//!
//! Sizes lean on order: series of one target that are written side by side share their column and most labels, and what is
//! written for each beside its values comes to a few bytes.
//!
//! A damaged chunk is left out and named, and its neighbours are read; a damaged column takes the chunks on it with it; a
//! block whose index is damaged is not opened. Deliberately absent: changing a block, and which blocks there are.

mod chunks;
mod columns;
mod columns_reader;
mod cursor;
mod error;
mod id;
mod label_index;
mod label_sets;
mod labels_reader;
mod labels_writer;
mod layout;
mod mapped;
mod matching;
mod meta;
mod pages;
mod postings;
mod quarantine;
mod reader;
mod runs;
mod series;
mod starts;
mod symbols;
mod writer;

pub use cursor::BlockCursor;
pub use error::BlockError;
pub use id::{BlockId, NotABlockId};
pub(crate) use layout::Prover;
pub(crate) use mapped::Bytes;
pub use meta::{BlockMeta, BlockSpec, LogPlace};
pub use reader::{Block, Kind, RawChunk};
pub use writer::{BlockWriter, SeriesSamples};

const EXTENSION: &str = ".nblk";
const TEMPORARY_EXTENSION: &str = ".tmp";

/// The name of a block's file.
pub fn file_name(id: BlockId) -> String {
    format!("{id}{EXTENSION}")
}

/// The block whose file has a name; `None` where it is not that of a block.
pub fn id_of_file(name: &str) -> Option<BlockId> {
    name.strip_suffix(EXTENSION)?.parse().ok()
}

/// Whether a name is that of a block that has not been finished: what a killed process leaves.
pub fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(TEMPORARY_EXTENSION).is_some_and(|id| id.parse::<BlockId>().is_ok())
}

fn temporary_file_name(id: BlockId) -> String {
    format!("{id}{TEMPORARY_EXTENSION}")
}
