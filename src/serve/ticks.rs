//! When ticks are due.

use std::time::Duration;

use alerting::rules::Slots;

/// A timer may fire so much early.
const EARLY_MS: i64 = 5;

/// Ticks at slots, of which each has one at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks {
    /// The slot of the last tick; before the first, the one that it would have had.
    last_ms: i64,
}

impl Ticks {
    /// Those that come after a time.
    pub(super) fn after(now_ms: i64, slots: Slots) -> Ticks {
        Ticks { last_ms: slots.at_or_before(now_ms) }
    }

    /// How long it is until the next. Where the slots have become others, or the clock was set back far, it is one of those that
    /// come now; a clock that was set back less is waited for.
    pub(super) fn wait(&mut self, now_ms: i64, slots: Slots) -> Duration {
        let last_ms = slots.at_or_before(self.last_ms);
        self.last_ms = last_ms - slots.set_back_ms(last_ms, now_ms);
        let wait_ms = (slots.after(self.last_ms) - now_ms).clamp(1, slots.interval_ms);
        Duration::from_millis(wait_ms.unsigned_abs())
    }

    /// The slot of the tick that is due; `None` where none is.
    pub(super) fn due(&self, now_ms: i64, slots: Slots) -> Option<i64> {
        slots.due(self.last_ms, now_ms + EARLY_MS).map(|next| next.slot_ms)
    }

    /// A tick has had its slot.
    pub(super) fn note(&mut self, slot_ms: i64) {
        self.last_ms = slot_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: Slots = Slots { interval_ms: 1000, offset_ms: 30 };

    fn wait_ms(ticks: &mut Ticks, now_ms: i64, slots: Slots) -> u128 {
        ticks.wait(now_ms, slots).as_millis()
    }

    #[test]
    fn each_slot_has_one_tick_and_what_is_late_is_left_out() {
        let mut ticks = Ticks::after(5_400, SLOTS);
        assert_eq!((wait_ms(&mut ticks, 5_400, SLOTS), ticks.due(6_020, SLOTS)), (630, None));
        // A timer that fires early means its slot.
        for (now_ms, slot_ms, next_ms) in [(6_027, 6_030, 1_003), (7_045, 7_030, 985), (9_999, 9_030, 31)] {
            assert_eq!(ticks.due(now_ms, SLOTS), Some(slot_ms));
            ticks.note(slot_ms);
            assert_eq!(ticks.due(now_ms, SLOTS), None);
            assert_eq!(wait_ms(&mut ticks, now_ms, SLOTS), next_ms.min(1_000));
        }
        // One that took longer than an interval is followed at once.
        assert_eq!((wait_ms(&mut ticks, 10_100, SLOTS), ticks.due(10_100, SLOTS)), (1, Some(10_030)));
    }

    #[test]
    fn a_clock_that_is_set_back_doubles_no_slot() {
        let mut ticks = Ticks::after(5_400, SLOTS);
        ticks.note(6_030);
        // A little: it is waited for.
        assert_eq!((ticks.due(6_990, SLOTS), wait_ms(&mut ticks, 6_990, SLOTS)), (None, 40));
        assert_eq!((ticks.due(5_800, SLOTS), wait_ms(&mut ticks, 5_800, SLOTS)), (None, 1_000));
        // Far: ticks go on from where it stands.
        assert_eq!((wait_ms(&mut ticks, 2_500, SLOTS), ticks.due(2_500, SLOTS)), (530, None));
        assert_eq!(ticks.due(3_031, SLOTS), Some(3_030));
    }

    #[test]
    fn slots_that_become_others_begin_behind_the_last_tick() {
        let mut ticks = Ticks::after(5_400, SLOTS);
        ticks.note(6_030);
        let others = Slots { interval_ms: 700, offset_ms: 0 };
        assert_eq!((wait_ms(&mut ticks, 6_040, others), ticks.due(6_300, others)), (260, Some(6_300)));
    }
}
