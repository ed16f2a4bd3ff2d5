//! Following the store: model's [`Feed`] over the write-ahead log.
//!
//! A cursor reads the log while it is written, behind the writer's back and never beyond what is whole. Its position is a
//! place in the log, so it goes on after a restart where it was; because a scrape is written against the one before, it
//! begins to decode a little earlier and hands out what comes behind the position. Labels come from the head, and for runs
//! that have ended from their definitions in the log.
//!
//! Whoever follows holds what it has not read, so that no checkpoint removes it, up to [`Options::max_held_bytes`]
//! (crate::Options::max_held_bytes).

mod cursor;
mod holds;
mod names;
mod numbers;

use model::storage::{Feed, FeedCursor, FeedError, FeedHold, FeedPosition};

use self::cursor::Cursor;
pub(crate) use self::holds::Holds;
pub(crate) use self::names::RestoredRun;
use crate::store::Store;

impl Feed for Store {
    fn follow(&self, from: FeedPosition) -> Result<Box<dyn FeedCursor>, FeedError> {
        Ok(Box::new(Cursor::new(self, from)?))
    }

    fn newest(&self) -> FeedPosition {
        let (segment, offset) = self.wal.newest();
        FeedPosition { segment: segment.number, offset, run: segment.salt }
    }

    fn hold(&self, position: FeedPosition) -> Box<dyn FeedHold> {
        Box::new(self.wal.holds().hold(position.segment))
    }
}
