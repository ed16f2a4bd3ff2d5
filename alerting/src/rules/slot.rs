//! When groups are evaluated: at times that are an interval apart and the same after each start.

use model::Labels;

use crate::Fingerprint;

/// The times at which a group is evaluated, in milliseconds since the Unix epoch: `offset_ms` modulo `interval_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// How far they are apart; at least one.
    pub interval_ms: i64,
    /// Spread over the interval by a hash of what the group is, so that not all groups are evaluated at once.
    pub offset_ms: i64,
}

/// The next evaluation, and how many are left out because it is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Its time.
    pub slot_ms: i64,
    /// How many there would have been before it.
    pub n_missed: u64,
    /// By how much the times were moved back since the last one, because the clock was.
    pub set_back_ms: i64,
}

impl Slots {
    /// The times of a group.
    pub fn of(file: &str, group: &str, interval_ms: i64) -> Slots {
        let interval_ms = interval_ms.max(1);
        let hash = Fingerprint::of(&Labels::from_pairs([("name", group), ("file", file)])).0;
        Slots { interval_ms, offset_ms: (hash % interval_ms.unsigned_abs()).cast_signed() }
    }

    /// The last of them that is not after a time.
    pub fn at_or_before(&self, at_ms: i64) -> i64 {
        at_ms - (at_ms - self.offset_ms).rem_euclid(self.interval_ms)
    }

    /// The first of them after a time.
    pub fn after(&self, at_ms: i64) -> i64 {
        self.at_or_before(at_ms) + self.interval_ms
    }

    /// By how much times move back when the clock shows `now_ms` and the last evaluation was that of `last_ms`: by whole
    /// intervals, to before now, where what was to come would be more than two intervals away. A clock that was set back
    /// less is waited for.
    pub fn set_back_ms(&self, last_ms: i64, now_ms: i64) -> i64 {
        if now_ms < last_ms - self.interval_ms { last_ms - self.at_or_before(now_ms) } else { 0 }
    }

    /// Which evaluation is due at a time when the last one was that of `last_ms`; `None` where none is. An evaluation that
    /// is an interval late or more is left out, and the one before now takes its place: none is ever repeated or caught up.
    pub fn due(&self, last_ms: i64, now_ms: i64) -> Option<Next> {
        let n_passed = (now_ms - last_ms).div_euclid(self.interval_ms);
        let n_missed = u64::try_from(n_passed - 1).ok()?;
        Some(Next { slot_ms: last_ms + n_passed * self.interval_ms, n_missed, set_back_ms: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: Slots = Slots { interval_ms: 100, offset_ms: 30 };

    #[test]
    fn slots_are_an_interval_apart() {
        for (at_ms, want) in [(30, 30), (29, -70), (129, 30), (130, 130), (-1, -70)] {
            assert_eq!(SLOTS.at_or_before(at_ms), want, "{at_ms}");
            assert_eq!(SLOTS.after(at_ms), want + 100, "{at_ms}");
        }
        let slots = Slots::of("rules.yml", "a", 60_000);
        assert_eq!(slots, Slots::of("rules.yml", "a", 60_000));
        assert_ne!(slots, Slots::of("rules.yml", "b", 60_000));
        assert!((0..60_000).contains(&slots.offset_ms));
        assert_eq!(Slots::of("a", "b", 0).after(7), 8);
    }

    #[test]
    fn what_is_late_is_left_out_and_counted() {
        let check = |now_ms, want: Option<(i64, u64)>| {
            let next = SLOTS.due(130, now_ms).map(|next| (next.slot_ms, next.n_missed));
            assert_eq!(next, want, "{now_ms}");
        };
        check(-1000, None);
        check(130, None);
        check(229, None);
        check(230, Some((230, 0)));
        check(329, Some((230, 0)));
        check(330, Some((330, 1)));
        check(1049, Some((1030, 8)));
    }

    #[test]
    fn a_clock_that_is_set_back_a_little_is_waited_for_and_otherwise_times_move() {
        for (now_ms, want) in [(2000, 0), (1029, 0), (930, 0), (929, 200), (135, 900)] {
            assert_eq!(SLOTS.set_back_ms(1030, now_ms), want, "{now_ms}");
        }
    }
}
