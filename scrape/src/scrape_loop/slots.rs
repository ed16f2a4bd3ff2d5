//! When a target is scraped, and what time its samples get.
//!
//! Targets are spread over the interval by a hash of what they are, at places that do not change when narthex restarts.
//! A timer fires a little late; times within a tolerance are put back to where they should be, so that equal distances
//! look equal to storage, which compresses them to nothing.

use std::time::Duration;

/// Times are put right if they are off by no more than this, and by no more than a hundredth of the interval.
const MAX_TOLERANCE: Duration = Duration::from_millis(2);

/// How long to wait for the first scrape: up to the target's place in the interval.
pub(crate) fn first_delay(now_ms: i64, interval: Duration, place: u64) -> Duration {
    let interval_ms = interval_ms(interval);
    let place_ms = (u128::from(place) % interval.as_nanos().max(1) / 1_000_000) as i64;
    let delay_ms = (place_ms - now_ms).rem_euclid(interval_ms);
    Duration::from_millis(delay_ms as u64)
}

/// The grid on which the scrapes of a target lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    interval_ms: i64,
    tolerance_ms: i64,
    slot_ms: i64,
}

impl Slots {
    /// A grid with a slot now.
    pub(crate) fn new(now_ms: i64, interval: Duration) -> Slots {
        let tolerance = MAX_TOLERANCE.min(interval / 100);
        let tolerance_ms = tolerance.as_millis() as i64;
        Slots { interval_ms: interval_ms(interval), tolerance_ms, slot_ms: now_ms }
    }

    /// The time of a scrape that begins now: that of the slot if it is near.
    pub(crate) fn timestamp_ms(&mut self, now_ms: i64) -> i64 {
        if now_ms < self.slot_ms - self.tolerance_ms {
            // The clock was put back; times ahead of it would be wrong for as long as it was put back.
            self.slot_ms = now_ms;
        }
        let n_slots = (now_ms - self.slot_ms).max(0) / self.interval_ms;
        self.slot_ms += n_slots * self.interval_ms;
        if now_ms - self.slot_ms <= self.tolerance_ms {
            return self.slot_ms;
        }
        let next_ms = self.slot_ms + self.interval_ms;
        if next_ms - now_ms <= self.tolerance_ms { next_ms } else { now_ms }
    }
}

fn interval_ms(interval: Duration) -> i64 {
    i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(15);

    #[test]
    fn the_first_scrape_is_at_the_targets_place() {
        let check = |now_ms: i64, place_ms: u64| {
            let delay = first_delay(now_ms, INTERVAL, place_ms * 1_000_000).as_millis() as i64;
            assert!((0..15_000).contains(&delay), "{delay}");
            assert_eq!((now_ms + delay).rem_euclid(15_000), (place_ms % 15_000) as i64);
        };
        for now_ms in [0, 1, 14_999, 15_000, 1_700_000_000_123, -7] {
            for place_ms in [0, 1, 7_000, 14_999, 15_000, u64::MAX / 1_000_000] {
                check(now_ms, place_ms);
            }
        }
    }

    #[test]
    fn places_are_spread_over_the_interval() {
        let mut n_in_second = [0; 15];
        for target in 0u64..15_000 {
            let place = target.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            n_in_second[first_delay(0, INTERVAL, place).as_secs() as usize] += 1;
        }
        assert!(n_in_second.iter().all(|n| (800..1200).contains(n)), "{n_in_second:?}");
    }

    #[test]
    fn small_delays_are_put_right() {
        let mut slots = Slots::new(1_000, INTERVAL);
        let mut check = |now_ms: i64, timestamp_ms: i64| assert_eq!(slots.timestamp_ms(now_ms), timestamp_ms);
        check(1_000, 1_000);
        check(16_001, 16_000);
        check(31_002, 31_000);
        check(46_003, 46_003);
        check(60_999, 61_000);
        check(75_500, 75_500);
        check(91_001, 91_000);
        // Slots were missed.
        check(151_002, 151_000);
    }

    #[test]
    fn the_tolerance_is_a_hundredth_of_a_short_interval() {
        let mut slots = Slots::new(0, Duration::from_millis(150));
        assert_eq!(slots.timestamp_ms(151), 150);
        assert_eq!(slots.timestamp_ms(302), 302);
    }

    #[test]
    fn a_clock_that_is_put_back_is_followed_at_once() {
        let mut slots = Slots::new(3_600_000, INTERVAL);
        assert_eq!(slots.timestamp_ms(3_615_000), 3_615_000);
        assert_eq!(slots.timestamp_ms(30_000), 30_000);
        assert_eq!(slots.timestamp_ms(45_001), 45_000);
    }
}
