//! When a budget will be gone, and when it comes back: what is known to leave the window, and the pace at which events come.
//!
//! The pace is the median of three: of the last hour, of the last six hours, and of the six hours that came next a week ago. So
//! an incident that began a few minutes ago is seen, and the last minute alone decides nothing. With these the budget at a
//! horizon h is `1 - (B - B_off(h) + b·h) / ((1 - T)·(N - N_off(h) + n·h))`, where what leaves a rolling window is counted and
//! not guessed. After one window nothing is left but the pace, and nothing changes any more.

use crate::history::Counts;
use crate::spec::Share;
use crate::window::Span;

const HOUR_MS: i64 = 3_600_000;
const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
/// The future is looked at in so many steps.
pub(crate) const N_STEPS: i64 = 336;

/// What is to be expected, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forecast {
    /// When nothing of the budget will be left; at once where nothing is. `None` where that is not to be expected.
    pub exhausted_at_ms: Option<i64>,
    /// When something of a spent budget will be left again, because old events have left the window.
    pub recovers_at_ms: Option<i64>,
    /// Of a calendar: the share of the budget that will be left when the period ends.
    pub remaining_ratio_at_end: Option<f64>,
}

/// How fast events come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Bad events in a millisecond.
    pub bad: f64,
    /// All events in a millisecond.
    pub total: f64,
}

impl Pace {
    /// The pace at an instant; `began_ms` is when the first events were counted.
    pub fn at(at_ms: i64, began_ms: i64, counts: impl Fn(i64, i64) -> Counts) -> Pace {
        let [_, of_late, _] = Pace::spread(at_ms, began_ms, counts);
        of_late
    }

    /// The paces at which bad events may come: the slowest of those that are looked at, the pace at the instant, the fastest.
    /// Events come at the same pace in all of them.
    pub fn spread(at_ms: i64, began_ms: i64, counts: impl Fn(i64, i64) -> Counts) -> [Pace; 3] {
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
        let (bad, total): (Vec<f64>, Vec<f64>) = known.unzip();
        let slowest = bad.iter().copied().reduce(f64::min).unwrap_or_default();
        let fastest = bad.iter().copied().reduce(f64::max).unwrap_or_default();
        let total = median(total);
        [slowest, median(bad), fastest].map(|bad| Pace { bad, total })
    }
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

/// What a forecast goes by.
#[derive(Clone, Copy, Debug)]
pub struct Known<'k> {
    /// The instant.
    pub at_ms: i64,
    /// The span of the window at that instant.
    pub span: Span,
    /// Whether the window moves with time.
    pub is_rolling: bool,
    /// What is promised.
    pub target: Share,
    /// Bad events in the window so far.
    pub bad: f64,
    /// How many were allowed so far.
    pub allowed: f64,
    /// How fast events come.
    pub pace: Pace,
    /// Of a rolling window, what will leave it, oldest first: equal parts of it, [`N_STEPS`] of them. Empty for a calendar.
    pub leaving: &'k [Counts],
}

impl Forecast {
    /// What is to be expected.
    pub fn of(known: &Known<'_>) -> Forecast {
        let end_ms = if known.is_rolling { known.at_ms + known.span.length_ms() } else { known.span.to_ms };
        let step_ms = ((end_ms - known.at_ms) / N_STEPS).max(1);
        let rest = known.target.rest().as_f64();
        let (mut bad, mut allowed) = (known.bad, known.allowed);
        let is_gone_now = allowed > 0.0 && bad >= allowed || allowed <= 0.0 && bad > 0.0;
        let mut forecast = Forecast { exhausted_at_ms: is_gone_now.then_some(known.at_ms), ..Forecast::default() };
        let mut left = allowed - bad;
        for step in 0..N_STEPS {
            let off = usize::try_from(step).ok().and_then(|step| known.leaving.get(step)).copied().unwrap_or_default();
            bad += known.pace.bad * step_ms as f64 - off.bad;
            allowed += rest * (known.pace.total * step_ms as f64 - off.total);
            let was_left = left;
            left = allowed - bad;
            let crossed_ms = || known.at_ms + step * step_ms + (step_ms as f64 * crossing(was_left, left)) as i64;
            if forecast.exhausted_at_ms.is_none() && left <= 0.0 && bad > 0.0 {
                forecast.exhausted_at_ms = Some(crossed_ms());
            }
            if is_gone_now && forecast.recovers_at_ms.is_none() && left > 0.0 {
                forecast.recovers_at_ms = Some(crossed_ms());
            }
        }
        let is_known = !known.is_rolling && allowed > 0.0;
        forecast.remaining_ratio_at_end = is_known.then(|| 1.0 - bad / allowed);
        forecast
    }
}

/// Where between two values zero lies, from 0 to 1.
fn crossing(before: f64, after: f64) -> f64 {
    let part = before / (before - after);
    if part.is_finite() { part.clamp(0.0, 1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * HOUR_MS;
    const WINDOW_MS: i64 = 28 * DAY_MS;

    fn known(bad: f64, pace: Pace, leaving: &[Counts]) -> Known<'_> {
        let total: f64 = leaving.iter().map(|counts| counts.total).sum();
        let target = Share::from_percent("99").unwrap();
        let span = Span { from_ms: 0, to_ms: WINDOW_MS };
        Known { at_ms: WINDOW_MS, span, is_rolling: true, target, bad, allowed: total * 0.01, pace, leaving }
    }

    /// 1000 events in each step, of them so many bad in the steps named.
    fn window(bad: &[(usize, f64)]) -> Vec<Counts> {
        let mut steps = vec![Counts { total: 1000.0, ..Counts::default() }; N_STEPS as usize];
        for (step, bad) in bad {
            steps[*step].bad = *bad;
        }
        steps
    }

    fn hours(at_ms: Option<i64>) -> Option<i64> {
        at_ms.map(|at_ms| (at_ms - WINDOW_MS + HOUR_MS / 2) / HOUR_MS)
    }

    #[test]
    fn what_rolls_off_counts() {
        let total = 1000.0 / (2 * HOUR_MS) as f64;
        // A quiet service that spent everything on its second day, of 28: it comes back when that day leaves.
        let steps = window(&[(14, 4000.0)]);
        let quiet = Forecast::of(&known(4000.0, Pace { bad: 0.0, total }, &steps));
        assert_eq!((hours(quiet.exhausted_at_ms), hours(quiet.recovers_at_ms)), (Some(0), Some(28)));
        // One that burns twice as fast as evenly with half of the budget left, 1680 of 3360, is gone after a quarter of the window.
        let steps = window(&[(335, 1680.0)]);
        let burning = Forecast::of(&known(1680.0, Pace { bad: 0.02 * total, total }, &steps));
        assert_eq!((hours(burning.exhausted_at_ms), burning.recovers_at_ms), (Some(168), None));
        // The same where what was spent leaves in time: the pace is twice the even one, so it is gone once it has come up.
        let steps = window(&[(2, 1680.0)]);
        let recovering = Forecast::of(&known(1680.0, Pace { bad: 0.02 * total, total }, &steps));
        assert_eq!(hours(recovering.exhausted_at_ms), Some(336));
        // Slower than evenly never spends it.
        let steps = window(&[]);
        assert_eq!(Forecast::of(&known(0.0, Pace { bad: 0.009 * total, total }, &steps)), Forecast::default());
        assert_eq!(Forecast::of(&known(0.0, Pace::default(), &[])), Forecast::default());
    }

    #[test]
    fn a_calendar_is_looked_at_to_its_end() {
        let span = Span { from_ms: 0, to_ms: 10 * DAY_MS };
        let target = Share::from_percent("99").unwrap();
        let total = 1000.0 / DAY_MS as f64;
        let at = |bad: f64, pace: f64| Known {
            at_ms: 5 * DAY_MS,
            span,
            is_rolling: false,
            target,
            bad,
            allowed: 50.0,
            pace: Pace { bad: pace * total, total },
            leaving: &[],
        };
        let forecast = Forecast::of(&at(25.0, 0.01));
        let at_end = forecast.remaining_ratio_at_end.unwrap();
        assert!((at_end - 0.25).abs() < 1e-3 && forecast.exhausted_at_ms.is_none(), "{forecast:?}");
        let forecast = Forecast::of(&at(25.0, 0.03));
        assert_eq!(forecast.exhausted_at_ms.map(|at_ms| (at_ms + HOUR_MS / 2) / HOUR_MS), Some(150));
    }

    #[test]
    fn the_pace_is_the_median_of_what_is_known() {
        // 1 bad event a second for the last half hour, after nothing.
        let at_ms = 100 * DAY_MS;
        let counts = |from_ms: i64, to_ms: i64| {
            let begin_ms = from_ms.max(at_ms - HOUR_MS / 2);
            Counts { bad: (to_ms - begin_ms).max(0) as f64 / 1000.0, total: 1e6, ..Counts::default() }
        };
        let per_hour = |pace: Pace| (pace.bad * HOUR_MS as f64).round();
        assert_eq!(per_hour(Pace::at(at_ms, 0, counts)), 300.0, "the six hours' mean stands in the middle");
        assert_eq!(per_hour(Pace::at(at_ms, at_ms - HOUR_MS, counts)), 1800.0, "only the last hour is known");
        assert_eq!(per_hour(Pace::at(at_ms, at_ms - HOUR_MS / 4, counts)), 3600.0, "only a part of it");
        assert_eq!(per_hour(Pace::at(at_ms, at_ms, counts)), 3600.0, "the first sample");
    }
}
