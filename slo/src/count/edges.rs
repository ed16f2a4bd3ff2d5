//! The groups of stored chunks in which the edges of windows lie.
//!
//! A tick asks for the same windows as the tick before, a little later. A group holds a quarter of an hour of increments 15 s
//! apart, so that the file is read once for some sixty ticks, and not for each edge at each of them.

use parking_lot::Mutex;

use super::events::Events;
use super::group;
use super::log::Place;

/// So many are kept: an objective has about four windows that reach into what is stored.
const MAX_EDGES: usize = 6;

/// Groups that were read lately. They are true for ever: what lies at a place never changes.
#[derive(Debug, Default)]
pub(super) struct Edges(Mutex<Vec<Edge>>);

/// A group, and what comes before it in its chunk.
#[derive(Debug)]
struct Edge {
    place: Place,
    /// What is asked from this time on is answered,
    from_ms: i64,
    /// and until this time, which is not.
    to_ms: i64,
    before: Events,
    bytes: Box<[u8]>,
}

/// A copy of what was counted reads for itself.
impl Clone for Edges {
    fn clone(&self) -> Edges {
        Edges::default()
    }
}

impl Edges {
    /// The sum of a stored chunk's increments up to a time, that time included; `None` where its bytes, which `read` answers, are
    /// no groups.
    pub(super) fn upto(&self, place: Place, at_ms: i64, read: impl FnOnce() -> Option<Vec<u8>>) -> Option<Events> {
        let mut edges = self.0.lock();
        let is_it = |edge: &&Edge| edge.place == place && (edge.from_ms..edge.to_ms).contains(&at_ms);
        if let Some(edge) = edges.iter().find(is_it) {
            return edge.upto(at_ms);
        }
        let edge = Edge::of(place, at_ms, &read()?)?;
        let answer = edge.upto(at_ms);
        // A window that has moved on does not come back.
        let moved = edges.iter_mut().find(|other| other.place == place && other.to_ms == edge.from_ms);
        match moved {
            Some(other) => *other = edge,
            None => {
                if edges.len() >= MAX_EDGES {
                    edges.remove(0);
                }
                edges.push(edge);
            }
        }
        answer
    }

    /// The memory that they take, in bytes.
    pub(super) fn n_bytes(&self) -> usize {
        let edges = self.0.lock();
        edges.capacity() * size_of::<Edge>() + edges.iter().map(|edge| edge.bytes.len()).sum::<usize>()
    }
}

impl Edge {
    fn of(place: Place, at_ms: i64, bytes: &[u8]) -> Option<Edge> {
        let group::Around { before, from_ms, to_ms, bytes } = group::around(bytes, at_ms)?;
        Some(Edge { place, from_ms, to_ms, before, bytes: bytes.into() })
    }

    fn upto(&self, at_ms: i64) -> Option<Events> {
        group::upto(&self.bytes, at_ms).map(|inside| self.before + inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::events::Increment;

    fn place(offset: u64) -> Place {
        Place { segment: (1, 7), offset, n_bytes: 0, crc: 0 }
    }

    /// An increment each 15 ms; fractions, of which sums must not hang on who was asked before.
    fn chunk() -> Vec<u8> {
        let increments: Vec<Increment> = (1..=1440)
            .map(|at| Increment { at_ms: at * 15, events: Events { bad: 0.1 * (at % 7) as f64, total: 1.3 } })
            .collect();
        group::encode(&increments)
    }

    #[test]
    fn answers_are_those_of_the_whole_chunk() {
        let (chunk, edges) = (chunk(), Edges::default());
        for at_ms in (0..22_000).step_by(37).chain((0..22_000).rev().step_by(101)) {
            let want = group::upto(&chunk, at_ms);
            assert_eq!(edges.upto(place(0), at_ms, || Some(chunk.clone())), want, "{at_ms}");
        }
        assert!(edges.n_bytes() < 8192, "{}", edges.n_bytes());
    }

    #[test]
    fn windows_that_move_on_read_each_group_once() {
        let (chunk, edges, mut n_read) = (chunk(), Edges::default(), 0);
        let mut ask = |offset, at_ms| {
            let read = || {
                n_read += 1;
                Some(chunk.clone())
            };
            assert!(edges.upto(place(offset), at_ms, read).is_some());
        };
        // Four windows, in two chunks, over twenty of its 22½ groups.
        for at_ms in (15..=1280 * 15).step_by(15) {
            for (offset, ahead_ms) in [(0, 0), (0, 2000), (5000, 0), (5000, 700)] {
                ask(offset, at_ms + ahead_ms);
            }
        }
        assert!((80..=88).contains(&n_read), "{n_read}");
    }

    #[test]
    fn what_cannot_be_read_is_read_again() {
        let edges = Edges::default();
        assert_eq!(edges.upto(place(0), 100, || None), None);
        assert_eq!(edges.upto(place(0), 100, || Some(vec![0xff; 9])), None);
        assert_eq!(edges.upto(place(0), 100, || Some(chunk())), group::upto(&chunk(), 100));
    }
}
