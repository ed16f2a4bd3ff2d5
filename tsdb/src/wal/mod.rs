//! The write-ahead log: what is in it, and how it is written and read back.

mod apply;
pub(crate) mod decode;
mod in_blocks;
pub(crate) mod record;
mod replay;
pub(crate) mod starts;
mod values;
pub(crate) mod varint;
mod writer;

pub(crate) use in_blocks::InBlocks;
pub(crate) use replay::replay;
pub use replay::{Progress, ReplayError, Replayed};
pub(crate) use writer::{LogStart, NAMES_DIR, WAL_DIR, Wal, WalOptions};
