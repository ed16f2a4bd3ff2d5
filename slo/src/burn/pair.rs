//! One pair of windows, held against what was counted.

use crate::history::Counts;
use crate::spec::{BurnPair, LowTraffic, Severity, Share};

use super::{burn_rate, lower_bound};

/// What a pair of windows sees at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct PairBurn {
    /// The burn rate of the long window.
    pub long: f64,
    /// The burn rate of the short window.
    pub short: f64,
    /// Whether it is to be told, and how urgently.
    pub burning: Burning,
    /// How sure that is; `None` where nobody asks.
    pub confidence: Option<Confidence>,
}

/// Whether a budget burns too fast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Burning {
    /// It does not.
    No,
    /// It does, as urgently as the pair says.
    Yes,
    /// It does by the numbers, but few events made them: as urgently as this.
    Unsure(Severity),
}

/// What few events say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    /// The lower bound of the error ratio over the long window.
    pub lower_bound: f64,
    /// What it has to exceed: the factor times what the objective allows.
    pub threshold: f64,
    /// The bad events in the long window.
    pub bad: f64,
    /// How many of them are enough in any case.
    pub enough: u64,
}

impl Confidence {
    /// Whether it is sure enough.
    pub fn is_sure(&self) -> bool {
        self.lower_bound > self.threshold || self.bad >= self.enough as f64
    }
}

impl PairBurn {
    /// What a pair sees in the counts of its two windows.
    pub fn of(pair: &BurnPair, low: Option<&LowTraffic>, target: Share, long: Counts, short: Counts) -> PairBurn {
        let (long_burn, short_burn) = (burn_rate(long, target), burn_rate(short, target));
        let confidence = low.map(|low| Confidence {
            lower_bound: lower_bound(long.bad, long.total, low.confidence),
            threshold: pair.factor * target.rest().as_f64(),
            bad: long.bad,
            enough: low.min_bad_events,
        });
        let is_burning = long_burn > pair.factor && short_burn > pair.factor;
        let unsure = low.filter(|_| confidence.is_some_and(|confidence| !confidence.is_sure()));
        let burning = match unsure {
            _ if !is_burning => Burning::No,
            Some(low) if low.otherwise != pair.severity => Burning::Unsure(low.otherwise.clone()),
            _ => Burning::Yes,
        };
        PairBurn { long: long_burn, short: short_burn, burning, confidence }
    }

    /// How urgently it is to be told; `None` where it is not.
    pub fn told_as<'p>(&'p self, pair: &'p BurnPair) -> Option<&'p Severity> {
        match &self.burning {
            Burning::No => None,
            Burning::Yes => Some(&pair.severity),
            Burning::Unsure(severity) => Some(severity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_windows_have_to_burn_and_few_events_wake_nobody() {
        let pair =
            BurnPair { severity: Severity::Page, long_ms: 3_600_000, short_ms: 300_000, factor: 14.4, for_ms: 0 };
        let low = LowTraffic { min_bad_events: 5, confidence: 0.95, otherwise: Severity::Ticket };
        let check = |long: (f64, f64), short: (f64, f64), low: Option<&LowTraffic>, want: Option<Severity>| {
            let counts = |(bad, total)| Counts { bad, total, ..Counts::default() };
            let target = Share::from_percent("99.9").unwrap();
            let burn = PairBurn::of(&pair, low, target, counts(long), counts(short));
            assert_eq!(burn.told_as(&pair), want.as_ref(), "{long:?} {short:?}");
        };
        let page = || Some(Severity::Page);
        check((20.0, 1000.0), (2.0, 100.0), None, page());
        check((20.0, 1000.0), (1.0, 100.0), None, None);
        check((14.0, 1000.0), (2.0, 100.0), None, None);
        // Exactly the factor is not above it.
        check((144.0, 10_000.0), (144.0, 10_000.0), None, None);
        // One failure of ten requests an hour.
        check((1.0, 10.0), (1.0, 1.0), None, page());
        check((1.0, 10.0), (1.0, 1.0), Some(&low), page());
        check((1.0, 60.0), (1.0, 5.0), Some(&low), Some(Severity::Ticket));
        check((5.0, 300.0), (1.0, 20.0), Some(&low), page());
    }
}
