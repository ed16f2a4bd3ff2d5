//! How fast a budget burns, and whether that is to be told.
//!
//! A burn rate is the error ratio of a span over what the objective allows: 1 spends the budget evenly over its window. A pair
//! of windows tells when both burn faster than its factor: the long one says that it matters, the short one that it goes on.

mod confidence;
mod pair;
mod reach;

pub use confidence::lower_bound;
pub use pair::{Burning, Confidence, PairBurn};
pub use reach::{detection_ms, is_reachable, no_data_after_ms};

use crate::history::Counts;
use crate::spec::Share;

/// How many parts make one share.
const ONE: f64 = 1e9;

/// The burn rate of what was counted. 0 where there were no events; infinite where bad events meet an objective of 100 %.
pub fn burn_rate(counts: Counts, target: Share) -> f64 {
    if counts.total <= 0.0 || counts.bad <= 0.0 {
        return 0.0;
    }
    // In this order 1 % of errors at 99.9 % is 10 and not 9.999….
    (counts.bad * ONE) / (counts.total * target.rest().parts() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burn_rates() {
        let check = |bad: f64, total: f64, percent: &str, want: f64| {
            let counts = Counts { bad, total, ..Counts::default() };
            assert_eq!(burn_rate(counts, Share::from_percent(percent).unwrap()), want, "{bad}/{total} at {percent}");
        };
        check(0.0, 0.0, "99.9", 0.0);
        check(0.0, 1000.0, "99.9", 0.0);
        check(1.0, 100.0, "99.9", 10.0);
        check(1.0, 1000.0, "99.9", 1.0);
        check(144.0, 10_000.0, "99.9", 14.4);
        check(1.0, 1.0, "99", 100.0);
        check(1.0, 1.0, "100", f64::INFINITY);
        check(0.0, 1.0, "100", 0.0);
    }
}
