//! From what the shards have acknowledged to a place in the feed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::storage::FeedPosition;

/// So many places are remembered; where there are more, the newest stands for those that come.
const MAX_MARKS: usize = 4096;

/// How many rows each shard has settled: sent, or given up for good.
pub(super) type Settled = Arc<[AtomicU64]>;

/// The places in the feed behind which rows are still under way.
#[derive(Debug)]
pub(super) struct Marks {
    marks: VecDeque<Mark>,
    pushed: Vec<u64>,
    settled: Settled,
}

/// All rows before a place have been given to the shards once each has been given so many.
#[derive(Debug)]
struct Mark {
    position: FeedPosition,
    pushed: Box<[u64]>,
}

impl Marks {
    /// Of so many shards that have been given nothing.
    pub(super) fn new(n_shards: usize) -> Marks {
        let settled = (0..n_shards).map(|_| AtomicU64::new(0)).collect();
        Marks { marks: VecDeque::new(), pushed: vec![0; n_shards], settled }
    }

    /// Where shards count what they have settled.
    pub(super) fn settled(&self) -> Settled {
        Arc::clone(&self.settled)
    }

    /// A row was given to a shard.
    pub(super) fn pushed(&mut self, shard: usize) {
        self.pushed[shard] += 1;
    }

    /// All rows before a place have been given to the shards.
    pub(super) fn reach(&mut self, position: FeedPosition) {
        let is_full = self.marks.len() >= MAX_MARKS;
        match self.marks.back_mut() {
            Some(last) if is_full || *last.pushed == *self.pushed => {
                last.position = position;
                last.pushed.copy_from_slice(&self.pushed);
            }
            _ => self.marks.push_back(Mark { position, pushed: self.pushed.clone().into_boxed_slice() }),
        }
    }

    /// The newest place before which everything is settled, if there is one that was not told before.
    pub(super) fn advance(&mut self) -> Option<FeedPosition> {
        let mut position = None;
        while let Some(mark) = self.marks.front()
            && mark.pushed.iter().zip(&*self.settled).all(|(n, settled)| settled.load(Ordering::Acquire) >= *n)
        {
            position = self.marks.pop_front().map(|mark| mark.position);
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_reached_when_all_shards_have_settled_what_comes_before() {
        let at = |offset| FeedPosition { segment: 1, offset, run: 7 };
        let mut marks = Marks::new(2);
        let settled = marks.settled();
        let settle = |shard: usize, n| _ = settled[shard].fetch_add(n, Ordering::AcqRel);
        marks.reach(at(1));
        assert_eq!(marks.advance(), Some(at(1)), "nothing was under way");
        marks.pushed(0);
        marks.pushed(1);
        marks.reach(at(2));
        marks.reach(at(3));
        marks.pushed(0);
        marks.reach(at(4));
        settle(0, 2);
        assert_eq!(marks.advance(), None, "the other shard has not");
        settle(1, 1);
        assert_eq!(marks.advance(), Some(at(4)));
        assert_eq!(marks.advance(), None);
        for offset in 10..20_000 {
            marks.pushed(1);
            marks.reach(at(offset));
        }
        assert_eq!(marks.marks.len(), MAX_MARKS);
        settle(1, 19_989);
        assert_eq!(marks.advance(), Some(at(MAX_MARKS as u64 + 8)), "the last stands for all that came");
        settle(1, 1);
        assert_eq!(marks.advance(), Some(at(19_999)));
    }
}
