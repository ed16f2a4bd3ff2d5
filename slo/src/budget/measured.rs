//! A budget in numbers.

use serde::Serialize;

use crate::history::Counts;
use crate::spec::Share;
use crate::window::Span;

/// How a budget is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nobody knows: nothing was measured, or nothing for long.
    NoData,
    /// More than half is left.
    Healthy,
    /// Half or less is left.
    Caution,
    /// A quarter or less is left.
    Critical,
    /// Nothing is left.
    Exhausted,
}

impl State {
    /// All of them.
    pub const ALL: [State; 5] = [State::NoData, State::Healthy, State::Caution, State::Critical, State::Exhausted];

    /// Its name in the API and in labels.
    pub fn as_str(self) -> &'static str {
        match self {
            State::NoData => "nodata",
            State::Healthy => "healthy",
            State::Caution => "caution",
            State::Critical => "critical",
            State::Exhausted => "exhausted",
        }
    }

    /// Of a budget of which so much is left; of one that allows nothing and was spent, nothing is.
    fn of(remaining_ratio: Option<f64>) -> State {
        match remaining_ratio {
            None => State::Exhausted,
            Some(ratio) if ratio <= 0.0 => State::Exhausted,
            Some(ratio) if ratio <= 0.25 => State::Critical,
            Some(ratio) if ratio <= 0.5 => State::Caution,
            Some(_) => State::Healthy,
        }
    }
}

/// A budget at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) at_ms: i64,
    /// The span of the window: of a calendar to the end of the period.
    pub(crate) span: Span,
    /// The target in force.
    pub(crate) target: Share,
    /// What was counted in the window so far.
    pub(crate) counts: Counts,
    /// How many bad events were allowed so far.
    pub(crate) allowed: f64,
    /// Whether nothing is known.
    pub(crate) is_unknown: bool,
}

impl Measured {
    /// The share of good events; `None` where there were no events.
    pub(crate) fn sli(&self) -> Option<f64> {
        (self.counts.total > 0.0).then(|| self.counts.good() / self.counts.total)
    }

    /// What is left of the budget, in events.
    pub(crate) fn remaining(&self) -> f64 {
        self.allowed - self.counts.bad
    }

    /// The share of the budget that is left, below 0 where more was spent. `None` where nothing was allowed and something spent.
    pub(crate) fn remaining_ratio(&self) -> Option<f64> {
        match (self.allowed > 0.0, self.counts.bad > 0.0) {
            (true, _) => Some(1.0 - self.counts.bad / self.allowed),
            (false, false) => Some(1.0),
            (false, true) => None,
        }
    }

    pub(crate) fn state(&self) -> State {
        if self.is_unknown { State::NoData } else { State::of(self.remaining_ratio()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_ratios() {
        let check = |bad: f64, total: f64, allowed: f64, want: (Option<f64>, State)| {
            let counts = Counts { bad, total, ..Counts::default() };
            let span = Span { from_ms: 0, to_ms: 1 };
            let measured = Measured { at_ms: 1, span, target: Share::default(), counts, allowed, is_unknown: false };
            assert_eq!((measured.remaining_ratio(), measured.state()), want, "{bad} of {allowed}");
        };
        check(0.0, 0.0, 0.0, (Some(1.0), State::Healthy));
        check(4.0, 1000.0, 10.0, (Some(0.6), State::Healthy));
        check(5.0, 1000.0, 10.0, (Some(0.5), State::Caution));
        check(8.0, 1000.0, 10.0, (Some(0.19999999999999996), State::Critical));
        check(10.0, 1000.0, 10.0, (Some(0.0), State::Exhausted));
        check(30.0, 1000.0, 10.0, (Some(-2.0), State::Exhausted));
        check(1.0, 1000.0, 0.0, (None, State::Exhausted));
    }
}
