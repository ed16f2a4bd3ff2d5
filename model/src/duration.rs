//! Durations as Prometheus writes them: `1h30m`, `15s`, `2w`; units from large to small, no fractions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name;

/// Units from large to small, in milliseconds. Years have 365 days.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// The longest duration, in milliseconds: what fits into 63 bits of nanoseconds, about 292 years, as in Prometheus.
const MAX_MS: u64 = (1 << 63) / 1_000_000;

/// A duration in whole milliseconds, read and written in Prometheus's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromDuration(i64);

impl PromDuration {
    /// No time at all.
    pub const ZERO: PromDuration = PromDuration(0);

    /// A duration of so many milliseconds.
    pub const fn from_millis(millis: i64) -> PromDuration {
        PromDuration(millis)
    }

    /// A duration of so many seconds.
    pub const fn from_secs(secs: i64) -> PromDuration {
        PromDuration(secs * 1000)
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// In seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// As the standard library has it; a negative duration becomes none.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.try_into().unwrap_or(0))
    }

    /// Whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// Why a text is not a duration, in Prometheus's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing was given.
    #[error("empty duration string")]
    Empty,
    /// A number without a unit, units in the wrong order, or other characters.
    #[error("not a valid duration string: {}", name::quoted(.0))]
    Invalid(String),
    /// A unit that is not one of y, w, d, h, m, s, ms.
    #[error("unknown unit {} in duration {}", name::quoted(.unit), name::quoted(.text))]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// More than about 292 years.
    #[error("duration out of range")]
    OutOfRange,
}

impl FromStr for PromDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<PromDuration, DurationError> {
        match text {
            "0" => return Ok(PromDuration::ZERO),
            "" => return Err(DurationError::Empty),
            _ => {}
        }
        let invalid = || DurationError::Invalid(text.to_owned());
        let mut rest = text;
        let mut millis = 0u64;
        let mut units = UNITS.iter();
        while !rest.is_empty() {
            let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
            let (unit, after) = split_while(after, |c| !c.is_ascii_digit());
            rest = after;
            let number: u64 = digits.parse().map_err(|_| invalid())?;
            if unit.is_empty() {
                return Err(invalid());
            }
            if !UNITS.iter().any(|(known, _)| *known == unit) {
                return Err(DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() });
            }
            let (_, factor) = units.find(|(next, _)| *next == unit).ok_or_else(invalid)?;
            millis = number
                .checked_mul(*factor)
                .and_then(|part| part.checked_add(millis))
                .filter(|&sum| sum <= MAX_MS)
                .ok_or(DurationError::OutOfRange)?;
        }
        Ok(PromDuration(millis as i64))
    }
}

fn split_while(text: &str, take: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !take(c)).unwrap_or(text.len()))
}

impl fmt::Display for PromDuration {
    /// Years and weeks only where nothing remains: `90d` reads easier than `12w6d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut millis = self.0.unsigned_abs();
        for (unit, factor) in UNITS {
            let must_be_exact = matches!(unit, "y" | "w");
            if must_be_exact && !millis.is_multiple_of(factor) {
                continue;
            }
            if millis >= factor {
                write!(f, "{}{unit}", millis / factor)?;
                millis %= factor;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for PromDuration {
    /// A field that is there and has no value is zero, as in Prometheus.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PromDuration, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            Some(text) => text.parse().map_err(serde::de::Error::custom),
            None => Ok(PromDuration::ZERO),
        }
    }
}

impl Serialize for PromDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_and_milliseconds() {
        for (text, millis, printed) in [
            ("0", 0, "0s"),
            ("0w", 0, "0s"),
            ("1ms", 1, "1ms"),
            ("324ms", 324, "324ms"),
            ("3s", 3000, "3s"),
            ("5m", 300_000, "5m"),
            ("1h30m", 5_400_000, "1h30m"),
            ("4d1h", 349_200_000, "4d1h"),
            ("14d", 1_209_600_000, "2w"),
            ("3w", 1_814_400_000, "3w"),
            ("3w2d1h", 1_990_800_000, "23d1h"),
            ("10y", 315_360_000_000, "10y"),
        ] {
            let duration: PromDuration = text.parse().unwrap();
            assert_eq!((duration.as_millis(), duration.to_string().as_str()), (millis, printed), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration() {
        for (text, want) in [
            ("", "empty duration string"),
            ("1", "not a valid duration string: \"1\""),
            ("1.5h", "unknown unit \".\" in duration \"1.5h\""),
            ("-1s", "not a valid duration string: \"-1s\""),
            ("1m1d", "not a valid duration string: \"1m1d\""),
            ("1m1m", "not a valid duration string: \"1m1m\""),
            ("5y1hs", "unknown unit \"hs\" in duration \"5y1hs\""),
            ("294y", "duration out of range"),
            ("99999999999999999999s", "not a valid duration string: \"99999999999999999999s\""),
        ] {
            assert_eq!(text.parse::<PromDuration>().unwrap_err().to_string(), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(millis in 0i64..MAX_MS as i64) {
            let duration = PromDuration::from_millis(millis);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }
    }
}
