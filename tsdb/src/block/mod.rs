//! Blocks: the samples of a window of time in one immutable file.

mod cursor;
mod error;
mod id;
mod meta;
mod reader;
mod writer;

pub use cursor::BlockCursor;
pub use error::BlockError;
pub use id::{BlockId, NotABlockId};
pub use meta::{BlockMeta, BlockSpec};
pub use reader::{Block, Kind, RawChunk};
pub use writer::{BlockWriter, SeriesSamples};
