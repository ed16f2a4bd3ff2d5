//! How fast events come.
//!
//! The pace of late is the median of three: of the last hour, of the last six hours, and of the six hours that came next a week
//! ago. So an outlier of one of them decides nothing. The last five minutes have the last word where that pace cannot have made
//! what they saw, and after them a shorter window over which burning is looked at, if there is one: an incident that burns now
//! is not averaged away, and one that is over does not go on in a forecast. They contradict by more than three standard
//! deviations of a number of Poisson's, so that a few events, or none for a while where few come, change nothing.

use crate::history::Counts;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
/// What is now, in milliseconds: the shortest window over which burning is looked at by default.
pub(crate) const NOW_MS: i64 = 5 * MINUTE_MS;
/// So many standard deviations from what is expected are no chance.
const MAX_DEVIATIONS: f64 = 3.0;

/// How fast events come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Bad events in a millisecond.
    pub bad: f64,
    /// All events in a millisecond.
    pub total: f64,
}

impl Pace {
    /// The paces at which bad events may come: the slowest of those that are looked at, the pace at the instant, the fastest.
    /// Events come at the same pace in all of them. `began_ms` is when the first events were counted, and `shortest_ms` the
    /// shortest window over which burning is looked at.
    pub fn spread(at_ms: i64, began_ms: i64, shortest_ms: i64, counts: impl Fn(i64, i64) -> Counts) -> [Pace; 3] {
        let spans =
            [(at_ms - HOUR_MS, at_ms), (at_ms - 6 * HOUR_MS, at_ms), (at_ms - WEEK_MS, at_ms - WEEK_MS + 6 * HOUR_MS)];
        let known = spans.iter().enumerate().filter_map(|(number, (from_ms, to_ms))| {
            // The last hour may have begun later; the other two say nothing then.
            let from_ms = if number == 0 { (*from_ms).max(began_ms - 1) } else { *from_ms };
            (from_ms + 1 >= began_ms && from_ms < *to_ms).then(|| {
                let counts = counts(from_ms, *to_ms);
                let length_ms = (to_ms - from_ms) as f64;
                (counts.bad / length_ms, counts.total / length_ms)
            })
        });
        let (mut bad, total): (Vec<f64>, Vec<f64>) = known.unzip();
        let mut pace = median(bad.clone());
        let shorter = (shortest_ms < NOW_MS).then_some(shortest_ms);
        for window_ms in [NOW_MS].into_iter().chain(shorter).filter(|window_ms| at_ms - window_ms + 1 >= began_ms) {
            let seen = contradicting(&counts(at_ms - window_ms, at_ms), window_ms, pace);
            bad.extend(seen);
            pace = seen.unwrap_or(pace);
        }
        let slowest = bad.iter().copied().reduce(f64::min).unwrap_or_default();
        let fastest = bad.iter().copied().reduce(f64::max).unwrap_or_default();
        let total = median(total);
        [slowest, pace, fastest].map(|bad| Pace { bad, total })
    }

    /// The same as a burn rate: 1 is as fast as a budget lasts of which `rest` of each event is allowed. `None` where nothing is.
    pub fn burn_rate(&self, rest: f64) -> Option<f64> {
        if self.bad <= 0.0 {
            return Some(0.0);
        }
        let rate = self.bad / (self.total * rest);
        rate.is_finite().then_some(rate)
    }
}

/// The pace of bad events in a window, where another one cannot have made them; `None` where it can, or nothing was measured.
fn contradicting(seen: &Counts, window_ms: i64, pace: f64) -> Option<f64> {
    let expected = pace * window_ms as f64;
    let deviation = (seen.bad - expected).abs() / expected.max(1.0).sqrt();
    let is_measured = seen.measured_ms > 0.0 || seen.total > 0.0;
    (is_measured && deviation > MAX_DEVIATIONS).then(|| seen.bad / window_ms as f64)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_MS: i64 = 100 * 24 * HOUR_MS;

    /// Bad events an hour at an instant where so many came in each hour of spans that end and begin so long before it.
    fn per_hour(began_ms: i64, spans: &[(i64, i64, f64)]) -> [f64; 3] {
        per_hour_over(NOW_MS, began_ms, spans)
    }

    fn per_hour_over(shortest_ms: i64, began_ms: i64, spans: &[(i64, i64, f64)]) -> [f64; 3] {
        let counts = |from_ms: i64, to_ms: i64| {
            let bad = spans.iter().map(|(begin_ms, end_ms, per_hour)| {
                let length_ms = (to_ms.min(AT_MS - end_ms) - from_ms.max(AT_MS - begin_ms)).max(0);
                length_ms as f64 * per_hour / HOUR_MS as f64
            });
            let total = if spans.is_empty() { 0.0 } else { (to_ms - from_ms) as f64 };
            Counts { bad: bad.sum(), total, ..Counts::default() }
        };
        Pace::spread(AT_MS, began_ms, shortest_ms, counts).map(|pace| (pace.bad * HOUR_MS as f64).round())
    }

    #[test]
    fn of_late_is_the_median_of_what_is_known() {
        // 24 an hour since ever, but for twice as many in the last hour: the six hours' mean stands in the middle.
        let steady = [(400 * 24 * HOUR_MS, HOUR_MS, 24.0), (HOUR_MS, 0, 48.0)];
        assert_eq!(per_hour(0, &steady), [24.0, 28.0, 48.0]);
        // Only the last hour is known, only a part of it, only the first sample, nothing.
        assert_eq!(per_hour(AT_MS - HOUR_MS, &steady), [48.0; 3]);
        assert_eq!(per_hour(AT_MS - HOUR_MS / 30, &steady), [48.0; 3]);
        assert_eq!(per_hour(AT_MS, &steady), [48.0; 3]);
        assert_eq!(per_hour(0, &[]), [0.0; 3]);
    }

    #[test]
    fn what_burns_now_is_not_averaged_away() {
        // 3600 an hour for the last half hour, after nothing.
        assert_eq!(per_hour(0, &[(HOUR_MS / 2, 0, 3600.0)]), [0.0, 3600.0, 3600.0]);
        assert_eq!(per_hour(AT_MS - HOUR_MS, &[(4 * MINUTE_MS, 0, 3600.0)]), [240.0, 2880.0, 2880.0]);
    }

    #[test]
    fn what_is_over_does_not_go_on() {
        // 7200 an hour for half a minute six minutes ago, in an hour that is all that is known; nothing since.
        let over = (6 * MINUTE_MS, 6 * MINUTE_MS - MINUTE_MS / 2, 7200.0);
        assert_eq!(
            per_hour(AT_MS - HOUR_MS, &[over]),
            [60.0; 3],
            "five events are expected, and none may come by chance"
        );
        let over = (10 * MINUTE_MS, 5 * MINUTE_MS, 7200.0);
        assert_eq!(per_hour(AT_MS - HOUR_MS, &[over]), [0.0, 0.0, 600.0]);
        // With some all the time: what goes on is what comes now.
        assert_eq!(per_hour(AT_MS - HOUR_MS, &[over, (HOUR_MS, 0, 36.0)]), [36.0, 36.0, 636.0]);
    }

    #[test]
    fn a_shorter_window_sees_sooner_that_it_is_over() {
        // 72000 an hour for half a minute, two minutes ago.
        let over = (2 * MINUTE_MS + MINUTE_MS / 2, 2 * MINUTE_MS, 72_000.0);
        assert_eq!(per_hour(AT_MS - HOUR_MS, &[over]), [600.0, 7200.0, 7200.0]);
        assert_eq!(per_hour_over(MINUTE_MS / 4, AT_MS - HOUR_MS, &[over]), [0.0, 0.0, 7200.0]);
        // And that it has begun.
        let burning = [(MINUTE_MS / 4, 0, 72_000.0)];
        assert_eq!(per_hour_over(MINUTE_MS / 4, AT_MS - HOUR_MS, &burning), [300.0, 72_000.0, 72_000.0]);
        // It has no say in what it cannot tell: one an hour.
        assert_eq!(per_hour_over(1000, AT_MS - HOUR_MS, &[(HOUR_MS, 0, 1.0)]), [1.0; 3]);
    }

    #[test]
    fn few_events_contradict_nothing() {
        // One an hour, the last one half an hour ago, or a moment ago.
        let one = |ago_ms: i64| (ago_ms + 1000, ago_ms, 3600.0);
        assert_eq!(per_hour(AT_MS - HOUR_MS, &[one(HOUR_MS / 2)]), [1.0; 3]);
        assert_eq!(per_hour(AT_MS - HOUR_MS, &[one(MINUTE_MS)]), [1.0; 3]);
    }

    #[test]
    fn where_nothing_was_measured_nothing_is_contradicted() {
        let counts = |from_ms: i64, _: i64| {
            let is_measured = from_ms < AT_MS - NOW_MS;
            if is_measured { Counts { bad: 600.0, total: 6000.0, ..Counts::default() } } else { Counts::default() }
        };
        let [_, pace, _] = Pace::spread(AT_MS, AT_MS - HOUR_MS, NOW_MS, counts);
        assert_eq!((pace.bad * HOUR_MS as f64).round(), 600.0);
        // All is well measured, and nobody asks for anything any more.
        let idle = |from_ms: i64, to_ms: i64| Counts { measured_ms: 1.0, ..counts(from_ms, to_ms) };
        assert_eq!(Pace::spread(AT_MS, AT_MS - HOUR_MS, NOW_MS, idle)[1].bad, 0.0);
    }

    #[test]
    fn a_pace_is_a_burn_rate() {
        assert_eq!(Pace { bad: 0.2, total: 10.0 }.burn_rate(0.01), Some(2.0));
        assert_eq!(Pace { bad: 0.0, total: 0.0 }.burn_rate(0.01), Some(0.0));
        assert_eq!(Pace { bad: 0.2, total: 10.0 }.burn_rate(0.0), None);
    }
}
