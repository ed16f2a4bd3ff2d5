//! When a budget will be gone, and when it comes back: what is known to leave the window, and the pace at which events come.
//!
//! With a pace ([`Pace`]) the budget at a horizon h is `1 - (B - B_off(h) + b·h) / ((1 - T)·(N - N_off(h) + n·h))`, where what
//! leaves a rolling window is counted and not guessed. After one window nothing is left but the pace, and nothing changes any more.

mod pace;

pub(crate) use pace::NOW_MS;
pub use pace::Pace;

use crate::history::Counts;
use crate::window::Span;

/// The future is looked at in so many steps.
pub const N_STEPS: usize = 336;

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

/// What a forecast goes by.
#[derive(Clone, Copy, Debug)]
pub struct Known<'k> {
    /// The instant.
    pub at_ms: i64,
    /// How far steps into the future are apart, in milliseconds.
    pub step_ms: i64,
    /// How many there are.
    pub n_steps: usize,
    /// Whether the window moves with time.
    pub is_rolling: bool,
    /// How much of an event is allowed.
    pub rest: f64,
    /// Bad events in the window so far.
    pub bad: f64,
    /// How many were allowed so far.
    pub allowed: f64,
    /// Of a rolling window, what will leave it in each step, oldest first. Empty for a calendar.
    pub leaving: &'k [Counts],
}

/// A budget at an instant ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahead {
    /// When.
    pub at_ms: i64,
    /// Bad events in the window that there is then.
    pub bad: f64,
    /// How many will be allowed.
    pub allowed: f64,
}

impl Ahead {
    /// The share that will be left; all of it where nothing can be spent.
    pub fn remaining_ratio(&self) -> f64 {
        if self.allowed > 0.0 { 1.0 - self.bad.max(0.0) / self.allowed } else { 1.0 }
    }
}

/// How far the steps of a forecast are apart, in milliseconds: of a rolling window over its length, else to the end of the span.
pub fn step_ms(span: Span, is_rolling: bool, at_ms: i64) -> i64 {
    let ahead_ms = if is_rolling { span.length_ms() } else { span.to_ms - at_ms };
    (ahead_ms / N_STEPS as i64).max(1)
}

impl Known<'_> {
    /// The budget at the end of each step, if events come at a pace.
    pub fn course(&self, pace: Pace) -> impl Iterator<Item = Ahead> {
        let now = Ahead { at_ms: self.at_ms, bad: self.bad, allowed: self.allowed };
        let step_ms = self.step_ms;
        (0..self.n_steps).scan(now, move |ahead, step| {
            let off = self.leaving.get(step).copied().unwrap_or_default();
            ahead.at_ms += step_ms;
            ahead.bad += pace.bad * step_ms as f64 - off.bad;
            ahead.allowed += self.rest * (pace.total * step_ms as f64 - off.total);
            Some(*ahead)
        })
    }
}

impl Forecast {
    /// What is to be expected at a pace.
    pub fn of(known: &Known<'_>, pace: Pace) -> Forecast {
        let (bad, allowed) = (known.bad, known.allowed);
        let is_gone_now = allowed > 0.0 && bad >= allowed || allowed <= 0.0 && bad > 0.0;
        let mut forecast = Forecast { exhausted_at_ms: is_gone_now.then_some(known.at_ms), ..Forecast::default() };
        let (mut left, mut end) = (allowed - bad, None);
        for ahead in known.course(pace) {
            let was_left = left;
            left = ahead.allowed - ahead.bad;
            let began_ms = ahead.at_ms - known.step_ms;
            let crossed_ms = || began_ms + (known.step_ms as f64 * crossing(was_left, left)) as i64;
            if forecast.exhausted_at_ms.is_none() && left <= 0.0 && ahead.bad > 0.0 {
                forecast.exhausted_at_ms = Some(crossed_ms());
            }
            if is_gone_now && forecast.recovers_at_ms.is_none() && left > 0.0 {
                forecast.recovers_at_ms = Some(crossed_ms());
            }
            end = Some(ahead);
        }
        let end = end.filter(|end| !known.is_rolling && end.allowed > 0.0);
        forecast.remaining_ratio_at_end = end.map(|end| 1.0 - end.bad / end.allowed);
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
    use crate::spec::Share;

    const HOUR_MS: i64 = 3_600_000;
    const DAY_MS: i64 = 24 * HOUR_MS;
    const WINDOW_MS: i64 = 28 * DAY_MS;

    fn known(bad: f64, leaving: &[Counts]) -> Known<'_> {
        let total: f64 = leaving.iter().map(|counts| counts.total).sum();
        let rest = Share::from_percent("99").unwrap().rest().as_f64();
        let step_ms = WINDOW_MS / N_STEPS as i64;
        let allowed = total * rest;
        Known { at_ms: WINDOW_MS, step_ms, n_steps: N_STEPS, is_rolling: true, rest, bad, allowed, leaving }
    }

    /// 1000 events in each step, of them so many bad in the steps named.
    fn window(bad: &[(usize, f64)]) -> Vec<Counts> {
        let mut steps = vec![Counts { total: 1000.0, ..Counts::default() }; N_STEPS];
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
        let quiet = Forecast::of(&known(4000.0, &steps), Pace { bad: 0.0, total });
        assert_eq!((hours(quiet.exhausted_at_ms), hours(quiet.recovers_at_ms)), (Some(0), Some(28)));
        // One that burns twice as fast as evenly with half of the budget left, 1680 of 3360, is gone after a quarter of the window.
        let steps = window(&[(335, 1680.0)]);
        let burning = Forecast::of(&known(1680.0, &steps), Pace { bad: 0.02 * total, total });
        assert_eq!((hours(burning.exhausted_at_ms), burning.recovers_at_ms), (Some(168), None));
        // The same where what was spent leaves in time: the pace is twice the even one, so it is gone once it has come up.
        let steps = window(&[(2, 1680.0)]);
        let recovering = Forecast::of(&known(1680.0, &steps), Pace { bad: 0.02 * total, total });
        assert_eq!(hours(recovering.exhausted_at_ms), Some(336));
        // Slower than evenly never spends it.
        let steps = window(&[]);
        assert_eq!(Forecast::of(&known(0.0, &steps), Pace { bad: 0.009 * total, total }), Forecast::default());
        assert_eq!(Forecast::of(&known(0.0, &[]), Pace::default()), Forecast::default());
    }

    #[test]
    fn a_calendar_is_looked_at_to_its_end() {
        let span = Span { from_ms: 0, to_ms: 10 * DAY_MS };
        let total = 1000.0 / DAY_MS as f64;
        let known = Known {
            at_ms: 5 * DAY_MS,
            step_ms: step_ms(span, false, 5 * DAY_MS),
            n_steps: N_STEPS,
            is_rolling: false,
            rest: 0.01,
            bad: 25.0,
            allowed: 50.0,
            leaving: &[],
        };
        let at = |pace: f64| Forecast::of(&known, Pace { bad: pace * total, total });
        let forecast = at(0.01);
        let at_end = forecast.remaining_ratio_at_end.unwrap();
        assert!((at_end - 0.25).abs() < 1e-3 && forecast.exhausted_at_ms.is_none(), "{forecast:?}");
        let forecast = at(0.03);
        assert_eq!(forecast.exhausted_at_ms.map(|at_ms| (at_ms + HOUR_MS / 2) / HOUR_MS), Some(150));
    }
}
