//! What followers hold of the log.

use std::io;
use std::sync::Arc;

use journal::SegmentName;
use model::storage::{FeedHold, FeedPosition};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// Which segments followers have not read yet.
#[derive(Debug)]
pub(crate) struct Holds {
    /// By the follower's number.
    held: Mutex<Held>,
    max_bytes: u64,
}

#[derive(Debug, Default)]
struct Held {
    segments: FxHashMap<u64, u64>,
    next: u64,
}

impl Holds {
    /// None so far; together they may hold so many bytes.
    pub(crate) fn new(max_bytes: u64) -> Arc<Holds> {
        Arc::new(Holds { held: Mutex::default(), max_bytes })
    }

    /// Holds the log from a segment on.
    pub(super) fn hold(self: &Arc<Holds>, segment: u64) -> Hold {
        let mut held = self.held.lock();
        let number = held.next;
        held.next += 1;
        held.segments.insert(number, segment);
        Hold { holds: Arc::clone(self), number }
    }

    /// The first segment that followers need, or if they need none before `start` one that tells of which run they need the
    /// definitions; given those that are there with their lengths. Where those before `start` are too long together, the
    /// newest of them count. `None` where nobody follows.
    pub(crate) fn first_held(
        &self,
        start: u64,
        segments: impl FnOnce() -> io::Result<Vec<(SegmentName, u64)>>,
    ) -> io::Result<Option<SegmentName>> {
        let Some(oldest) = self.held.lock().segments.values().copied().min() else { return Ok(None) };
        // Scrapes lean on earlier ones, which may stand in the segment before.
        let oldest = oldest.saturating_sub(1);
        let mut n_bytes = 0;
        let mut first: Option<SegmentName> = None;
        for (name, len) in segments()?.into_iter().rev() {
            n_bytes += if name.number < start { len } else { 0 };
            if n_bytes > self.max_bytes || (name.number < oldest && first.is_some()) {
                break;
            }
            first = Some(name);
        }
        Ok(first)
    }

    /// The first of some segments that must all stay together with those behind it, as far as the limit reaches.
    pub(crate) fn first_within_limit(&self, segments: &[(SegmentName, u64)]) -> Option<SegmentName> {
        let mut n_bytes = 0;
        let newest_first = segments.iter().rev().take_while(|(_, len)| {
            n_bytes += len;
            n_bytes <= self.max_bytes
        });
        newest_first.last().map(|(name, _)| *name)
    }
}

/// What one follower holds.
#[derive(Debug)]
pub(super) struct Hold {
    holds: Arc<Holds>,
    number: u64,
}

impl FeedHold for Hold {
    fn move_to(&self, position: FeedPosition) {
        self.holds.held.lock().segments.insert(self.number, position.segment);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.holds.held.lock().segments.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_follower_counts_as_far_as_the_limit_reaches() {
        let holds = Holds::new(250);
        let there = || Ok((1..=9).map(|number| (SegmentName { number, salt: 0 }, 100)).collect());
        let first = |start| holds.first_held(start, there).unwrap().map(|name| name.number);
        assert_eq!(first(8), None);
        let one = holds.hold(7);
        let other = holds.hold(9);
        assert_eq!(first(8), Some(6), "and the one before");
        assert_eq!(first(3), Some(6), "which tells the run");
        other.move_to(FeedPosition { segment: 2, ..FeedPosition::default() });
        assert_eq!(first(8), Some(6), "but no more than the limit");
        assert_eq!(first(4), Some(2), "the first is before the segment it reads");
        drop(one);
        other.move_to(FeedPosition { segment: 20, ..FeedPosition::default() });
        assert_eq!(first(8), Some(9));
        drop(other);
        assert_eq!(first(8), None);
    }
}
