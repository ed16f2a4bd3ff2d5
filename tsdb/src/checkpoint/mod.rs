//! Checkpoints: the head and its index as they were at one place in the log, so that a start need not read what came before.
//!
//! A checkpoint is one file in `checkpoint/`: what must be read of the log after it, an image of each shard, an image of the
//! index. Closed chunks do not change, so they are appended once to a journal of their own, `chunks/`, and a checkpoint says
//! how much of that it needs. It begins with a new segment of the log; then each shard is held for as long as copying it
//! takes, and notes which record it has applied last, so that the log can be read on from there, exactly.
//!
//! Two are kept, and the log from the older one on: where the newer cannot be read, nothing is lost.
//! `docs/format/checkpoint.md` draws the bytes and says what damage costs.
//!
//! Deliberately absent: a checkpoint of what has changed only. The whole of it is written at the speed of the disk.

mod chunks;
mod file;
mod restore;
mod write;

pub(crate) use chunks::CHUNKS_DIR;
pub(crate) use file::CHECKPOINT_DIR;
pub(crate) use restore::{Found, Position, restore, runs};
pub use write::{CheckpointError, CheckpointStats};
pub(crate) use write::{Checkpoints, Opened, tail_of};
