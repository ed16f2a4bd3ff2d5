//! The edges of windows: where they lie among the increments, and what comes next there.
//!
//! A tick asks for the same windows as the tick before, a little later. An edge that no increment has passed since needs no look
//! at any; one that some have passed adds these, and nobody reads again what lies before it. Of a group that lies on disk its edge
//! keeps what is still to come, so that a file is read once for some sixty increments.

use parking_lot::Mutex;

use super::chunk::Bodies;
use super::events::Events;
use super::group;
use super::log::Log;

/// So many are kept: eight of burn rates, that of the budget, and those of exclusions.
const MAX_EDGES: usize = 16;
/// An edge that is no further behind than this is one that has moved on: ticks are closer, windows lie further apart.
const MOVED_MS: i64 = 600_000;

/// Edges that were asked for lately. They are true until the log changes before or behind them, which it tells.
#[derive(Debug, Default)]
pub(super) struct Edges(Mutex<Vec<Edge>>);

/// A place between two increments.
#[derive(Debug)]
pub(super) struct Edge {
    /// What is asked from the increment before on,
    pub(super) from_ms: i64,
    /// until the one behind, is answered
    pub(super) to_ms: i64,
    /// with the sum of all up to here.
    pub(super) sum: Events,
    pub(super) ahead: Ahead,
}

/// Where the increment behind an edge stands.
#[derive(Debug)]
pub(super) enum Ahead {
    /// Somewhere.
    Unknown,
    /// It is that of a number among the loose ones.
    Loose(u32),
    /// Its counts stand at a place in a chunk in memory; with it, `n_left` of its group are to come.
    Held { chunk: u32, at: u32, n_left: u8, is_first: bool },
    /// Its counts are the first of these bytes, from `at` on.
    Stored { bytes: Box<[u8]>, at: u16, n_left: u8, is_first: bool },
}

/// A copy of what was counted looks for itself.
impl Clone for Edges {
    fn clone(&self) -> Edges {
        Edges::default()
    }
}

impl Edges {
    /// The sum of a log's increments up to a time behind which it has some.
    pub(super) fn upto(&self, at_ms: i64, log: &Log, bodies: &dyn Bodies) -> Events {
        let mut edges = self.0.lock();
        let mut before: Option<usize> = None;
        for (number, edge) in edges.iter().enumerate() {
            if edge.to_ms > at_ms {
                if edge.from_ms <= at_ms {
                    return edge.sum;
                }
            } else if at_ms - edge.to_ms <= MOVED_MS && before.is_none_or(|other| edges[other].to_ms < edge.to_ms) {
                before = Some(number);
            }
        }
        if let Some(number) = before {
            if edges[number].move_to(at_ms, log) {
                return edges[number].sum;
            }
            edges.swap_remove(number);
        }
        let (sum, edge) = log.find(at_ms, bodies);
        if let Some(edge) = edge {
            if edges.len() >= MAX_EDGES {
                edges.remove(0);
            }
            edges.reserve_exact(1);
            edges.push(edge);
        }
        sum
    }

    /// Something has changed behind a time: edges with an increment behind that are forgotten.
    pub(super) fn forget_from(&mut self, at_ms: i64) {
        self.0.get_mut().retain(|edge| edge.to_ms <= at_ms);
    }

    /// Chunks have changed.
    pub(super) fn forget(&mut self) {
        self.0.get_mut().clear();
    }

    /// The memory that they take, in bytes.
    pub(super) fn n_bytes(&self) -> usize {
        let edges = self.0.lock();
        edges.capacity() * size_of::<Edge>() + edges.iter().map(Edge::n_bytes).sum::<usize>()
    }
}

impl Edge {
    /// Lets increments pass up to a time. Answers `false` where it does not know all of them: it is of no use then.
    fn move_to(&mut self, at_ms: i64, log: &Log) -> bool {
        while self.to_ms <= at_ms {
            let Some((events, behind_ms)) = self.pass(log) else { return false };
            (self.from_ms, self.to_ms) = (self.to_ms, behind_ms);
            self.sum += events;
        }
        group::is_whole(self.sum)
    }

    /// The next increment, and when the one behind it is.
    fn pass(&mut self, log: &Log) -> Option<(Events, i64)> {
        let (next_ms, step_ms) = (self.to_ms, self.to_ms.saturating_sub(self.from_ms));
        // Times of a group lean on each other, and not on those of the group before.
        let times = |is_first: &mut bool| (next_ms, if std::mem::take(is_first) { 0 } else { step_ms });
        match &mut self.ahead {
            Ahead::Unknown => None,
            Ahead::Loose(number) => {
                let (next, behind) = (log.loose(*number)?, log.loose(*number + 1)?);
                *number += 1;
                group::is_whole(next.events).then_some((next.events, behind.at_ms))
            }
            Ahead::Held { chunk, at, n_left, is_first } => {
                let bytes = log.held(*chunk)?;
                let mut rest = bytes.get(*at as usize..)?;
                let (events, behind_ms) = group::step(&mut rest, times(is_first), *n_left)?;
                (*at, *n_left) = ((bytes.len() - rest.len()) as u32, *n_left - 1);
                Some((events, behind_ms?))
            }
            Ahead::Stored { bytes, at, n_left, is_first } => {
                let mut rest = bytes.get(usize::from(*at)..)?;
                let (events, behind_ms) = group::step(&mut rest, times(is_first), *n_left)?;
                (*at, *n_left) = ((bytes.len() - rest.len()) as u16, *n_left - 1);
                Some((events, behind_ms?))
            }
        }
    }

    fn n_bytes(&self) -> usize {
        match &self.ahead {
            Ahead::Stored { bytes, .. } => bytes.len(),
            Ahead::Unknown | Ahead::Loose(_) | Ahead::Held { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::count::chunk::Place;

    /// Bytes in memory, by offset, and how often they were read.
    #[derive(Debug, Default)]
    struct Kept {
        bytes: RefCell<Vec<Vec<u8>>>,
        n_read: Cell<usize>,
        is_damaged: Cell<bool>,
    }

    impl Bodies for Kept {
        fn body(&self, place: Place) -> Option<Vec<u8>> {
            self.n_read.set(self.n_read.get() + 1);
            let bytes = self.bytes.borrow().get(usize::try_from(place.offset).ok()?).cloned();
            bytes.filter(|_| !self.is_damaged.get())
        }
    }

    impl Kept {
        fn keep(&self, bytes: &[u8]) -> Option<Place> {
            self.bytes.borrow_mut().push(bytes.to_vec());
            let offset = self.bytes.borrow().len() as u64 - 1;
            Some(Place { segment: (1, 2), offset, n_bytes: bytes.len() as u32, crc: 0 })
        }
    }

    /// An increment each 15 ms, of which the older ones are stored.
    fn log(kept: &Kept, n: i64, events: impl Fn(i64) -> Events) -> Log {
        let mut log = Log::default();
        (1..=n).for_each(|at| log.add(at * 15, events(at), kept));
        log.store(n / 2 * 15, kept, &mut |bytes| kept.keep(bytes));
        log
    }

    fn whole(at: i64) -> Events {
        Events { bad: (at % 7) as f64, total: 13.0 }
    }

    /// Of which sums must not hang on who was asked before.
    fn fractional(at: i64) -> Events {
        Events { bad: 0.1 * (at % 7) as f64, total: 1.3 }
    }

    #[test]
    fn answers_are_those_of_who_asks_for_the_first_time() {
        for events in [whole as fn(i64) -> Events, fractional] {
            let kept = Kept::default();
            let log = log(&kept, 4000, events);
            for at_ms in (0..60_100).step_by(37).chain((0..60_100).rev().step_by(101)) {
                assert_eq!(log.upto(at_ms, &kept), log.clone().upto(at_ms, &kept), "{at_ms}");
            }
        }
    }

    /// What all of the first increments are.
    fn first(n: i64) -> Events {
        (1..=n).fold(Events::default(), |sum, at| sum + whole(at))
    }

    #[test]
    fn edges_in_chunks_that_go_to_disk_go_on() {
        let kept = Kept::default();
        let mut log = Log::default();
        (1..=4000).for_each(|at| log.add(at * 15, whole(at), &kept));
        let check = |log: &Log, n: i64| assert_eq!(log.upto(n * 15, &kept), first(n), "{n}");
        // The newest first, as windows are asked for: what is a little behind would move on to the next.
        let asked: Vec<i64> = (100..3900).step_by(300).collect();
        asked.iter().rev().for_each(|n| check(&log, *n));
        log.store(2000 * 15, &kept, &mut |bytes| kept.keep(bytes));
        asked.iter().rev().for_each(|n| check(&log, n + 1));
    }

    #[test]
    fn windows_that_move_on_read_each_group_once() {
        let (kept, n) = (Kept::default(), 4000);
        let log = log(&kept, n, whole);
        for at_ms in (15..=640 * 15).step_by(15) {
            for ahead_ms in [0, 4000] {
                let at_ms = at_ms + ahead_ms;
                assert_eq!(log.upto(at_ms, &kept), first(at_ms / 15), "{at_ms}");
            }
        }
        assert!((20..=24).contains(&kept.n_read.get()), "{}", kept.n_read.get());
    }

    #[test]
    fn what_cannot_be_read_is_read_again() {
        let kept = Kept::default();
        let log = log(&kept, 4000, whole);
        kept.is_damaged.set(true);
        assert_eq!(log.upto(150, &kept), Events::default());
        kept.is_damaged.set(false);
        assert_eq!(log.upto(150, &kept).total, 130.0);
    }
}
