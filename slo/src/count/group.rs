//! Up to [`GROUP_LEN`] increments as bytes: what their sum is can be read without reading them.
//!
//! A group is a head (how many, the first and the last time, whether the counts are whole numbers, the sums, the length of
//! what follows) and the increments: differences of differences of times, and the counts. Groups may stand one behind the
//! other: [`upto`] walks the heads and reads the increments of one group at most.

use super::bytes::{In, Out};
use super::events::{Events, Increment};

/// Increments of a group.
pub(super) const GROUP_LEN: usize = 64;

/// Whole numbers up to here are exact.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Writes increments as groups, one behind the other. They must be in order of time.
pub(super) fn encode(increments: &[Increment]) -> Vec<u8> {
    let mut out = Out::default();
    increments.chunks(GROUP_LEN).for_each(|group| encode_group(group, &mut out));
    out.0
}

fn encode_group(group: &[Increment], out: &mut Out) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let sum = group.iter().fold(Events::default(), |sum, increment| sum + increment.events);
    let all_are_whole = is_whole(sum) && group.iter().all(|increment| is_whole(increment.events));
    let mut body = Out::default();
    let (mut before_ms, mut step_ms) = (first.at_ms, 0);
    for increment in group {
        let next_ms = increment.at_ms - before_ms;
        body.i64(next_ms - step_ms);
        (before_ms, step_ms) = (increment.at_ms, next_ms);
        put(increment.events, all_are_whole, &mut body);
    }
    out.u64(group.len() as u64);
    out.i64(first.at_ms);
    out.u64((last.at_ms - first.at_ms) as u64);
    out.u64(u64::from(all_are_whole));
    put(sum, all_are_whole, out);
    out.bytes(&body.0);
}

fn is_whole(events: Events) -> bool {
    let is_exact =
        |count: f64| count.trunc() == count && count.abs() <= MAX_WHOLE && (count != 0.0 || count.is_sign_positive());
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

impl Head<'_> {
    /// Hands out increments as long as `take` wants more.
    fn each(mut self, mut take: impl FnMut(Increment) -> bool) -> Option<()> {
        let (mut at_ms, mut step_ms) = (self.first_ms, 0i64);
        for _ in 0..self.n_increments {
            step_ms = step_ms.checked_add(self.body.i64()?)?;
            at_ms = at_ms.checked_add(step_ms)?;
            if !take(Increment { at_ms, events: get(self.is_whole, &mut self.body)? }) {
                break;
            }
        }
        Some(())
    }
}

/// Reads all increments; `None` where the bytes are no groups.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Increment>> {
    let (mut input, mut increments) = (In(bytes), Vec::new());
    while !input.0.is_empty() {
        head(&mut input)?.each(|increment| {
            increments.push(increment);
            true
        })?;
    }
    Some(increments)
}

/// The sum of the increments up to a time, that time included; `None` where the bytes are no groups.
pub(super) fn upto(bytes: &[u8], at_ms: i64) -> Option<Events> {
    let (mut input, mut sum) = (In(bytes), Events::default());
    while !input.0.is_empty() {
        let head = head(&mut input)?;
        if head.first_ms > at_ms {
            break;
        }
        if head.last_ms <= at_ms {
            sum += head.sum;
            continue;
        }
        // Added up apart, so that fractions come to the same as where a group is read alone.
        let mut inside = Events::default();
        head.each(|increment| {
            let is_in = increment.at_ms <= at_ms;
            inside += if is_in { increment.events } else { Events::default() };
            is_in
        })?;
        sum += inside;
        break;
    }
    Some(sum)
}

/// The group in which a time lies.
pub(super) struct Around<'b> {
    /// The sum of the groups before it.
    pub(super) before: Events,
    /// From the group's first increment, or the beginning of time where none has begun,
    pub(super) from_ms: i64,
    /// until the first of the next, or the end of time.
    pub(super) to_ms: i64,
    /// Its bytes; none where none has begun.
    pub(super) bytes: &'b [u8],
}

/// The last group that has begun at a time; `None` where the bytes up to there are no groups.
pub(super) fn around(bytes: &[u8], at_ms: i64) -> Option<Around<'_>> {
    let mut around = Around { before: Events::default(), from_ms: i64::MIN, to_ms: i64::MAX, bytes: &[] };
    let (mut input, mut of_group) = (In(bytes), Events::default());
    while !input.0.is_empty() {
        let rest = input.0;
        let head = head(&mut input)?;
        if head.first_ms > at_ms {
            around.to_ms = head.first_ms;
            break;
        }
        around.before += of_group;
        of_group = head.sum;
        around.from_ms = head.first_ms;
        around.bytes = &rest[..rest.len() - input.0.len()];
    }
    Some(around)
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
                assert_eq!(upto(&bytes, at_ms), Some(want), "{at_ms}");
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
