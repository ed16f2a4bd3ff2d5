//! How much of the time was measured: steps of how many targets there should be, and how many were seen.
//!
//! Only changes are kept, so that time in which nothing goes wrong costs nothing. A gap is known when it ends, or when it is
//! noticed, and is then put where it began.

use smallvec::SmallVec;

use super::bytes::{In, Out};

/// So many changes are kept apart; then every second of the older half goes, and what is between the others is spread evenly.
const MAX_CHANGES: usize = 1024;

/// Levels from a time on, and what had come together until then.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Change {
    at_ms: i64,
    expected: i64,
    measured: i64,
    /// Target-milliseconds that were to be measured before.
    expected_ms: f64,
    /// Those that were.
    measured_ms: f64,
}

/// Targets of an objective along time.
#[derive(Clone, Debug, Default)]
pub(super) struct Presence {
    changes: SmallVec<[Change; 1]>,
}

/// Targets that come or go at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) at_ms: i64,
    /// How many more there should be.
    pub(super) expected: i64,
    /// How many more are seen.
    pub(super) measured: i64,
}

impl Change {
    /// As [`Change`], at a later time without any change.
    fn reached(self, at_ms: i64) -> Change {
        let passed_ms = (at_ms - self.at_ms) as f64;
        // With no target at all, coverage falls with time.
        let expected_ms = self.expected_ms + self.expected.max(1) as f64 * passed_ms;
        Change { at_ms, expected_ms, measured_ms: self.measured_ms + self.measured.max(0) as f64 * passed_ms, ..self }
    }
}

impl Presence {
    /// Notes that targets came or went.
    pub(super) fn shift(&mut self, shift: Shift) {
        let mut at = self.changes.partition_point(|change| change.at_ms < shift.at_ms);
        if self.changes.get(at).is_none_or(|change| change.at_ms != shift.at_ms) {
            let start = Change { at_ms: shift.at_ms, ..Change::default() };
            let before = at.checked_sub(1).map_or(start, |before| self.changes[before].reached(shift.at_ms));
            self.changes.insert(at, before);
        }
        let first = at;
        while at < self.changes.len() {
            let change = &mut self.changes[at];
            change.expected += shift.expected;
            change.measured += shift.measured;
            if at > first {
                let reached = self.changes[at - 1].reached(self.changes[at].at_ms);
                let change = &mut self.changes[at];
                (change.expected_ms, change.measured_ms) = (reached.expected_ms, reached.measured_ms);
            }
            at += 1;
        }
        if self.changes.len() > MAX_CHANGES {
            let mut at = 0;
            self.changes.retain(|_| {
                at += 1;
                at > MAX_CHANGES / 2 || at % 2 == 1
            });
        }
    }

    /// The target-time, in milliseconds, that was measured and that was to be measured up to a time.
    pub(super) fn upto(&self, at_ms: i64) -> (f64, f64) {
        let n_begun = self.changes.partition_point(|change| change.at_ms <= at_ms);
        let Some(last) = n_begun.checked_sub(1).map(|last| self.changes[last]) else { return (0.0, 0.0) };
        let Some(next) = self.changes.get(n_begun) else {
            let reached = last.reached(at_ms);
            return (reached.measured_ms, reached.expected_ms);
        };
        let share = (at_ms - last.at_ms) as f64 / (next.at_ms - last.at_ms) as f64;
        let between = |from: f64, to: f64| from + (to - from) * share;
        (between(last.measured_ms, next.measured_ms), between(last.expected_ms, next.expected_ms))
    }

    /// Puts what another knows of the time behind `from_ms` in place of what it knows itself.
    pub(super) fn replace_behind(&mut self, from_ms: i64, other: &Presence) {
        let (ours, theirs) = (self.upto(from_ms), other.upto(from_ms));
        self.changes.retain(|change| change.at_ms < from_ms);
        let n_begun = other.changes.partition_point(|change| change.at_ms <= from_ms);
        let level = n_begun.checked_sub(1).map(|last| other.changes[last]).unwrap_or_default();
        let (measured_ms, expected_ms) = ours;
        self.changes.push(Change { at_ms: from_ms, measured_ms, expected_ms, ..level });
        self.changes.extend(other.changes[n_begun..].iter().map(|change| Change {
            measured_ms: change.measured_ms - theirs.0 + ours.0,
            // Until the other began, no target was there, and time passed.
            expected_ms: change.expected_ms - theirs.1
                + ours.1
                + if n_begun == 0 { (other.changes[0].at_ms - from_ms) as f64 } else { 0.0 },
            ..*change
        }));
    }

    /// The memory that it takes, in bytes.
    pub(super) fn n_bytes(&self) -> usize {
        if self.changes.spilled() { self.changes.capacity() * size_of::<Change>() } else { 0 }
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.u64(self.changes.len() as u64);
        for change in &self.changes {
            out.i64(change.at_ms);
            out.i64(change.expected);
            out.i64(change.measured);
            out.f64(change.expected_ms);
            out.f64(change.measured_ms);
        }
    }

    pub(super) fn read(input: &mut In<'_>) -> Option<Presence> {
        let change = |input: &mut In<'_>| {
            let (at_ms, expected, measured) = (input.i64()?, input.i64()?, input.i64()?);
            Some(Change { at_ms, expected, measured, expected_ms: input.f64()?, measured_ms: input.f64()? })
        };
        let n_changes = input.count()?;
        Some(Presence { changes: (0..n_changes).map(|_| change(input)).collect::<Option<SmallVec<_>>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(shifts: &[(i64, i64, i64)]) -> Presence {
        let mut presence = Presence::default();
        for &(at_ms, expected, measured) in shifts {
            presence.shift(Shift { at_ms, expected, measured });
        }
        presence
    }

    #[test]
    fn time_adds_up() {
        let check = |shifts: &[(i64, i64, i64)], from_ms, to_ms, want: (f64, f64)| {
            let presence = presence(shifts);
            let (from, to) = (presence.upto(from_ms), presence.upto(to_ms));
            assert_eq!((to.0 - from.0, to.1 - from.1), want, "{shifts:?}");
        };
        check(&[], 0, 100, (0.0, 0.0));
        check(&[(10, 1, 1)], 0, 100, (90.0, 90.0));
        check(&[(10, 1, 1), (10, 1, 1)], 0, 100, (180.0, 180.0));
        check(&[(10, 1, 1), (50, 0, 1), (30, 0, -1)], 20, 60, (20.0, 40.0));
        check(&[(10, 1, 1), (50, 0, 1), (30, 0, -1)], 35, 45, (0.0, 10.0));
        // The last target has gone, and coverage falls with time.
        check(&[(10, 1, 1), (50, -1, -1)], 0, 100, (40.0, 90.0));
        // One of two.
        check(&[(0, 1, 1), (0, 1, 1), (50, -1, -1)], 0, 100, (150.0, 150.0));
    }

    #[test]
    fn what_another_knows_is_put_behind() {
        let check = |ours: &[(i64, i64, i64)], from_ms, theirs: &[(i64, i64, i64)], want: (f64, f64)| {
            let mut presence = presence(ours);
            presence.replace_behind(from_ms, &self::presence(theirs));
            assert_eq!(presence.upto(100), want, "{ours:?} {theirs:?}");
        };
        check(&[(0, 1, 1)], 50, &[(20, 1, 1), (60, 0, -1), (70, 0, 1)], (90.0, 100.0));
        check(&[(0, 2, 2)], 50, &[(80, 1, 1)], (120.0, 150.0));
        check(&[(0, 1, 1)], 50, &[], (50.0, 100.0));
    }

    #[test]
    fn many_changes_are_thinned_and_sums_stay() {
        let shifts: Vec<_> = (0..5000).map(|at| (at * 100, 0, if at % 2 == 0 { 1 } else { -1 })).collect();
        let presence = presence(&shifts);
        assert!(presence.changes.len() <= MAX_CHANGES);
        assert_eq!(presence.upto(500_000), (250_000.0, 500_000.0));
        let mut out = Out::default();
        presence.write(&mut out);
        assert_eq!(Presence::read(&mut In(&out.0)).unwrap().changes, presence.changes);
    }
}
