//! Blocks: the samples of a window of time in one immutable file.

mod cursor;
mod error;
mod id;
mod mapped;
mod meta;
mod pages;
mod postings;
mod reader;
mod runs;
mod symbols;
mod writer;

pub use cursor::BlockCursor;
pub use error::BlockError;
pub use id::{BlockId, NotABlockId};
pub use meta::{BlockMeta, BlockSpec};
pub use reader::{Block, Kind, RawChunk};
pub use writer::{BlockWriter, SeriesSamples};
