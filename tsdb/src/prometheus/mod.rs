//! What Prometheus writes, read directly: blocks, write-ahead log, log of late samples, and the chunks of its head.
//!
//! [`ForeignBlock`] is a block, [`ForeignHead`] everything that is in no block yet. Both are read as Prometheus itself reads
//! them at a start, and end in blocks of ours, bit for bit. Damage costs what is damaged, named, where Prometheus drops
//! all of its log behind it.
//!
//! The formats are those of its manual (`tsdb/docs/format`) and of version 3.14. Deliberately absent: writing any of them,
//! postings, exemplars, metadata, and start times, for which our blocks have no place yet.

mod bits;
mod block;
mod bytes;
mod chunk;
mod error;
mod floats;
mod head;
mod head_chunks;
mod histograms;
mod index;
mod log;
mod meta;
mod outcome;
mod record;
mod tombstones;

pub use block::ForeignBlock;
pub use chunk::read_chunk;
pub use error::{ForeignError, Malformed};
pub use head::ForeignHead;
pub use meta::ForeignMeta;
pub use outcome::{Outcome, Watch};
