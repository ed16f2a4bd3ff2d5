//! How a budget is expected to go on: at the pace that a forecast goes by, between the slowest and the fastest that it looks at.
//!
//! A period of a calendar goes on to its end. A window that moves with time goes on for a quarter of its length: what is shown at
//! an instant ahead is what will be left of the window that ends there, so that old events leave as they came.

use serde::Serialize;

use super::Moment;
use crate::forecast::{Known, Pace};

/// About so many points.
const N_POINTS: usize = 28;

/// What is expected of an instant ahead: shares of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ExpectedPoint {
    /// When.
    pub at: Moment,
    /// At the pace of the forecast.
    pub remaining_ratio: f64,
    /// At the fastest pace.
    pub low: f64,
    /// At the slowest pace.
    pub high: f64,
}

/// What is expected at the end of each step, at the slowest pace, at that of the forecast, and at the fastest.
pub(crate) fn course<'k>(
    known: &'k Known<'_>,
    [slow, pace, fast]: [Pace; 3],
) -> impl Iterator<Item = ExpectedPoint> + 'k {
    let (best, worst) = (known.course(slow), known.course(fast));
    known.course(pace).zip(best).zip(worst).map(|((ahead, best), worst)| ExpectedPoint {
        at: Moment(ahead.at_ms),
        remaining_ratio: ahead.remaining_ratio(),
        low: worst.remaining_ratio(),
        high: best.remaining_ratio(),
    })
}

/// As much of the course as is drawn beside a burn-down.
pub(super) fn points(known: &Known<'_>, paces: [Pace; 3]) -> Vec<ExpectedPoint> {
    let n_shown = if known.is_rolling { known.n_steps / 4 } else { known.n_steps };
    let every = (n_shown / N_POINTS).max(1);
    course(known, paces).take(n_shown).skip(every - 1).step_by(every).collect()
}
