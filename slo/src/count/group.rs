//! Up to [`GROUP_LEN`] increments as bytes: what their sum is can be read without reading them.
//!
//! A group is a head (how many, the first and the last time, whether the counts are whole numbers, the sums, the length of
//! what follows) and the increments: differences of differences of times, and the counts. Groups may stand one behind the
//! other: [`find`] walks the heads and reads the increments of one group at most.

use std::ops::Range;

use super::bytes::{In, Out};
use super::events::{Events, Increment};

/// Increments of a group.
pub(super) const GROUP_LEN: usize = 64;

/// Room for an increment, and for a head: more is made where it is needed.
const USUAL_BYTES: usize = 6;
const HEAD_BYTES: usize = 32;
/// Whole numbers up to here are exact.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Writes increments as groups, one behind the other. They must be in order of time.
pub(super) fn encode(increments: &[Increment]) -> Vec<u8> {
    let mut out = Out(Vec::with_capacity(increments.len() * USUAL_BYTES + HEAD_BYTES));
    let mut body = Out(Vec::with_capacity(increments.len().min(GROUP_LEN) * USUAL_BYTES));
    for group in increments.chunks(GROUP_LEN) {
        body.0.clear();
        encode_group(group, &mut body, &mut out);
    }
    out.0
}

fn encode_group(group: &[Increment], body: &mut Out, out: &mut Out) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let sum = group.iter().fold(Events::default(), |sum, increment| sum + increment.events);
    let all_are_whole = is_whole(sum) && group.iter().all(|increment| is_whole(increment.events));
    let (mut before_ms, mut step_ms) = (first.at_ms, 0);
    for increment in group {
        let next_ms = increment.at_ms - before_ms;
        body.i64(next_ms - step_ms);
        (before_ms, step_ms) = (increment.at_ms, next_ms);
        put(increment.events, all_are_whole, body);
    }
    out.u64(group.len() as u64);
    out.i64(first.at_ms);
    out.u64((last.at_ms - first.at_ms) as u64);
    out.u64(u64::from(all_are_whole));
    put(sum, all_are_whole, out);
    out.bytes(&body.0);
}

/// Whether counts are whole numbers that add up exactly.
pub(super) fn is_whole(events: Events) -> bool {
    let is_exact = |count: f64| {
        count as i64 as f64 == count && count.abs() <= MAX_WHOLE && (count != 0.0 || count.is_sign_positive())
    };
    is_exact(events.bad) && is_exact(events.total)
}

fn put(events: Events, is_whole: bool, out: &mut Out) {
    for count in [events.bad, events.total] {
        if is_whole { out.i64(count as i64) } else { out.f64(count) }
    }
}

fn get(is_whole: bool, input: &mut In<'_>) -> Option<Events> {
    let mut count = || if is_whole { input.i64().map(|count| count as f64) } else { input.f64() };
    Some(Events { bad: count()?, total: count()? })
}

/// What a group's head says, and its increments.
struct Head<'a> {
    n_increments: usize,
    first_ms: i64,
    last_ms: i64,
    is_whole: bool,
    sum: Events,
    body: In<'a>,
}

fn head<'a>(input: &mut In<'a>) -> Option<Head<'a>> {
    let n_increments = input.count()?;
    let first_ms = input.i64()?;
    let last_ms = first_ms.checked_add_unsigned(input.u64()?)?;
    let is_whole = input.u64()? == 1;
    let sum = get(is_whole, input)?;
    Some(Head { n_increments, first_ms, last_ms, is_whole, sum, body: In(input.bytes()?) })
}

/// A place among the increments of a group: before the time of one, or behind it and before its counts.
struct Walk<'a> {
    body: In<'a>,
    is_whole: bool,
    /// The time that was read last, and how long after the one before it is.
    at_ms: i64,
    step_ms: i64,
}

impl<'a> Head<'a> {
    fn walk(self) -> Walk<'a> {
        Walk { body: self.body, is_whole: self.is_whole, at_ms: self.first_ms, step_ms: 0 }
    }
}

impl Walk<'_> {
    fn next_ms(&mut self) -> Option<i64> {
        self.step_ms = self.step_ms.checked_add(self.body.i64()?)?;
        self.at_ms = self.at_ms.checked_add(self.step_ms)?;
        Some(self.at_ms)
    }

    fn counts(&mut self) -> Option<Events> {
        get(self.is_whole, &mut self.body)
    }
}

/// Reads all increments; `None` where the bytes are no groups.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Increment>> {
    let (mut input, mut increments) = (In(bytes), Vec::new());
    while !input.0.is_empty() {
        let head = head(&mut input)?;
        let n_increments = head.n_increments;
        let mut walk = head.walk();
        for _ in 0..n_increments {
            increments.push(Increment { at_ms: walk.next_ms()?, events: walk.counts()? });
        }
    }
    Some(increments)
}

/// Where a time lies among increments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The sum of the increments up to there, that time included.
    pub(super) sum: Events,
    /// When the last of them was; `None` where there is none.
    pub(super) last_ms: Option<i64>,
    /// When the next is; `None` where there is none.
    pub(super) next_ms: Option<i64>,
    /// Where the next stands, if sums may go on from here.
    pub(super) ahead: Option<Ahead>,
}

/// The increments of a group that are still to come.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ahead {
    /// The bytes from the counts of the next on, to the end of the group.
    pub(super) bytes: Range<usize>,
    /// How many they are.
    pub(super) n_left: u8,
    /// Whether the group begins with the next.
    pub(super) is_first: bool,
}

/// Where a time lies; `None` where the bytes up to there are no groups.
pub(super) fn find(bytes: &[u8], at_ms: i64) -> Option<Found> {
    let (mut input, mut found) = (In(bytes), Found::default());
    let mut all_are_whole = true;
    while !input.0.is_empty() {
        let head = head(&mut input)?;
        all_are_whole &= head.is_whole;
        if head.last_ms <= at_ms {
            found.sum += head.sum;
            found.last_ms = Some(head.last_ms);
            continue;
        }
        // Added up apart, so that fractions come to the same as where the whole group is.
        let mut inside = Events::default();
        let (end, n_increments) = (bytes.len() - input.0.len(), head.n_increments);
        let mut walk = head.walk();
        for n_passed in 0..n_increments {
            let next_ms = walk.next_ms()?;
            if next_ms > at_ms {
                let (bytes, is_first) = (end - walk.body.0.len()..end, n_passed == 0);
                let n_left = u8::try_from(n_increments - n_passed).ok().filter(|_| all_are_whole);
                (found.next_ms, found.ahead) = (Some(next_ms), n_left.map(|n_left| Ahead { bytes, n_left, is_first }));
                break;
            }
            inside += walk.counts()?;
            found.last_ms = Some(next_ms);
        }
        found.sum += inside;
        break;
    }
    Some(found)
}

/// The next of the increments that are to come, which are whole numbers, and when the one behind it is: `step_ms` is the time
/// between it and the one before. `bytes` are left as they stand then.
pub(super) fn step(bytes: &mut &[u8], (next_ms, step_ms): (i64, i64), n_left: u8) -> Option<(Events, Option<i64>)> {
    let mut walk = Walk { body: In(bytes), is_whole: true, at_ms: next_ms, step_ms };
    let events = walk.counts()?;
    let behind_ms = if n_left > 1 { Some(walk.next_ms()?) } else { None };
    *bytes = walk.body.0;
    Some((events, behind_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn increments(counts: &[(i64, f64, f64)]) -> Vec<Increment> {
        let increment = |&(at_ms, bad, total)| Increment { at_ms, events: Events { bad, total } };
        counts.iter().map(increment).collect()
    }

    #[test]
    fn groups_come_back_and_add_up() {
        let regular: Vec<_> = (0..200).map(|at| (1_700_000_000_000 + at * 15_000, (at % 3) as f64, 100.0)).collect();
        for counts in [
            Vec::new(),
            vec![(-5, 1.0, 2.0)],
            vec![(0, 0.5, 1.0), (7, 0.25, 1.0), (1_000_000_000_000, -3.0, 1e300)],
            vec![(0, 9_007_199_254_740_992.0, 9_007_199_254_740_992.0)],
            regular,
        ] {
            let increments = increments(&counts);
            let bytes = encode(&increments);
            assert_eq!(decode(&bytes).unwrap(), increments);
            for at_ms in counts.iter().flat_map(|(at_ms, ..)| [at_ms - 1, *at_ms]) {
                let upto_it = increments.iter().filter(|increment| increment.at_ms <= at_ms);
                let want = upto_it.fold(Events::default(), |sum, increment| sum + increment.events);
                let found = find(&bytes, at_ms).unwrap();
                assert_eq!(found.sum, want, "{at_ms}");
                let times = || increments.iter().map(|increment| increment.at_ms);
                assert_eq!(found.last_ms, times().rfind(|ms| *ms <= at_ms), "{at_ms}");
                assert_eq!(found.next_ms, times().find(|ms| *ms > at_ms), "{at_ms}");
            }
        }
    }

    #[test]
    fn regular_increments_take_few_bytes() {
        let counts: Vec<_> = (0..640).map(|at| (1_700_000_000_000 + at * 15_000, (at % 3) as f64, 60.0)).collect();
        let n_bytes = encode(&increments(&counts)).len();
        assert!(n_bytes < 640 * 4, "{n_bytes}");
    }

    #[test]
    fn damage_is_told_or_harmless() {
        let bytes = encode(&increments(&[(0, 1.0, 2.0), (10, 1.0, 2.0)]));
        for len in 1..bytes.len() {
            assert_eq!(decode(&bytes[..len]), None, "{len}");
        }
    }
}
