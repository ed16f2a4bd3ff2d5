//! Numbers and times as the API shows them, and shares of numbers without rounding on the way.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::spec::Share;

/// The largest number up to which floats have all integers: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// How many parts make one share.
const ONE: u128 = 1_000_000_000;

/// A number of events. An integer is written as an integer, up to 2^53; what is not finite as null.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Amount(pub f64);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() <= EXACT {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// An instant in milliseconds since the Unix epoch, written as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bound = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        write!(f, "{}", Timestamp::from_millisecond(self.0).unwrap_or(bound))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A share of a number: of integers up to 2^53 to the last digit that a float has.
pub(crate) fn share_of(share: Share, number: f64) -> f64 {
    if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) {
        let parts = number as u128 * u128::from(share.parts());
        return (parts / ONE) as f64 + (parts % ONE) as f64 / ONE as f64;
    }
    number * share.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_moments() {
        let check = |amount: f64, want: &str| assert_eq!(serde_json::to_string(&Amount(amount)).unwrap(), want);
        check(3.0, "3");
        check(-3.0, "-3");
        check(-0.0, "0");
        check(9_007_199_254_740_992.0, "9007199254740992");
        check(7.2, "7.2");
        check(f64::NAN, "null");
        check(f64::NEG_INFINITY, "null");
        assert_eq!(Moment(1_767_225_600_000).to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(Moment(1_767_225_600_123).to_string(), "2026-01-01T00:00:00.123Z");
        assert!(Moment(i64::MAX).to_string().starts_with("9999-12-30"), "{}", Moment(i64::MAX));
    }

    #[test]
    fn shares_are_not_rounded_on_the_way() {
        let check = |percent: &str, number: f64, want: f64| {
            assert_eq!(share_of(Share::from_percent(percent).unwrap().rest(), number), want, "{percent} {number}");
        };
        // As binary floats 1 - 0.999 is 0.0010000000000000009.
        check("99.9", 1000.0, 1.0);
        check("99.9", 7200.0, 7.2);
        check("99.99", 144_000.0, 14.4);
        check("99.9", 9_007_199_254_740_000.0, 9_007_199_254_740.0);
        check("99.9", 0.0, 0.0);
        check("99", 1.5, 0.015);
    }
}
