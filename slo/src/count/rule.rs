//! What a sample of a counter adds: the rules of resets, of first values and of series that come back.
//!
//! - The increment belongs to the later sample. A lower value is a reset, and counts whole. The increment over a gap counts.
//! - A first value counts where the series is known to have begun at zero: the target's last successful scrape, at most five
//!   minutes ago, lacked it; or its created timestamp or its process's start lies behind that scrape. At a target's very first
//!   scrape they have to lie within one scrape interval before it.
//! - A series that was missing from successful scrapes and comes back goes on from its last value, unless its process began
//!   since. A created timestamp behind the last value always means that it began anew.

use super::target::{Before, LOOKBACK_MS, Target};

/// A sample of a counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) at_ms: i64,
    pub(super) value: f64,
    /// Since when it counts; 0 where that is not known.
    pub(super) start_ms: i64,
}

/// What a series adds with its first value; `None` where nobody knows whether it began at zero.
pub(super) fn first(now: Reached, target: &Target, interval_ms: i64) -> Option<f64> {
    let starts = [now.start_ms, target.process_start_ms];
    let began_behind = |ms: i64| starts.iter().any(|&start_ms| start_ms > 0 && start_ms > ms && start_ms <= now.at_ms);
    let began_at_zero = match target.success_before(now.at_ms) {
        Before::Success(success_ms) => now.at_ms - success_ms <= LOOKBACK_MS || began_behind(success_ms),
        Before::None | Before::Forgotten => began_behind(now.at_ms - target.interval_ms(interval_ms) - 1),
    };
    began_at_zero.then_some(now.value)
}

/// What a series adds with a value behind another.
pub(super) fn next((last_ms, last): (i64, f64), now: Reached, target: &Target) -> f64 {
    let was_missing = matches!(target.success_before(now.at_ms), Before::Success(success_ms) if success_ms > last_ms);
    let began_since = |start_ms: i64| start_ms > last_ms && start_ms <= now.at_ms;
    let began_anew = began_since(now.start_ms) || (was_missing && began_since(target.process_start_ms));
    if began_anew || now.value < last { now.value } else { now.value - last }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    /// A target that was scraped at some minutes, and whose process began at a time; 0 for none.
    fn target(successes: &[i64], process_start_ms: i64) -> Target {
        let mut target = Target::default();
        target.process_start_ms = process_start_ms;
        successes.iter().for_each(|minute| drop(target.up(minute * MINUTE, 1.0)));
        target
    }

    #[test]
    fn first_values_count_where_a_start_at_zero_is_known() {
        let check = |successes: &[i64], process_start_ms, start_ms, want: Option<f64>| {
            let now = Reached { at_ms: 100 * MINUTE, value: 7.0, start_ms };
            let got = first(now, &target(successes, process_start_ms), MINUTE);
            assert_eq!(got, want, "{successes:?} {process_start_ms} {start_ms}");
        };
        check(&[98, 99], 1, 0, Some(7.0));
        check(&[94, 95], 1, 0, Some(7.0));
        check(&[93, 94], 1, 0, None);
        check(&[93, 94], 94 * MINUTE + 1, 0, Some(7.0));
        check(&[93, 94], 0, 94 * MINUTE + 1, Some(7.0));
        check(&[93, 94], 0, 94 * MINUTE, None);
        check(&[], 0, 0, None);
        check(&[], 98 * MINUTE, 0, None);
        check(&[], 99 * MINUTE, 0, Some(7.0));
        check(&[], 0, 99 * MINUTE, Some(7.0));
        // A start in the future is none.
        check(&[93, 94], 101 * MINUTE, 101 * MINUTE, None);
        // `up` of the same scrape came first.
        check(&[93, 94, 100], 1, 0, None);
    }

    #[test]
    fn increments_follow_the_last_value_unless_it_began_anew() {
        let check = |last: (i64, f64), value, successes: &[i64], process_start, start, want| {
            let now = Reached { at_ms: 100 * MINUTE, value, start_ms: start * MINUTE };
            let got = next((last.0 * MINUTE, last.1), now, &target(successes, process_start * MINUTE));
            assert_eq!(got, want, "{last:?} {value} {successes:?} {process_start} {start}");
        };
        check((99, 5.0), 7.0, &[98, 99], 1, 0, 2.0);
        check((99, 5.0), 3.0, &[98, 99], 1, 0, 3.0);
        // Over a gap, and over one in which the series alone was missing.
        check((40, 5.0), 7.0, &[39, 40], 1, 0, 2.0);
        check((40, 5.0), 7.0, &[98, 99], 1, 0, 2.0);
        check((40, 5.0), 7.0, &[98, 99], 50, 0, 7.0);
        check((40, 5.0), 7.0, &[98, 99], 40, 0, 2.0);
        check((99, 5.0), 7.0, &[98, 99], 1, 100, 7.0);
        check((99, 5.0), 7.0, &[98, 99], 1, 99, 2.0);
    }
}
