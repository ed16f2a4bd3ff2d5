//! Times as people write them on a command line.

use std::str::FromStr;

use model::duration::PromDuration;

/// A time, or a distance from now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    /// Milliseconds since the Unix epoch.
    At(i64),
    /// Milliseconds before now.
    Ago(i64),
}

impl When {
    /// The time in milliseconds since the Unix epoch.
    pub(super) fn at(self, now_ms: i64) -> i64 {
        match self {
            When::At(ms) => ms,
            When::Ago(ms) => now_ms - ms,
        }
    }

    /// The time as the API takes it.
    pub(super) fn as_parameter(self, now_ms: i64) -> String {
        as_parameter(self.at(now_ms))
    }
}

/// A time in seconds with three decimals.
pub(super) fn as_parameter(ms: i64) -> String {
    format!("{}{}.{:03}", if ms < 0 { "-" } else { "" }, ms.abs() / 1000, ms.abs() % 1000)
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        if let Ok(seconds) = text.parse::<f64>()
            && seconds.is_finite()
        {
            return Ok(When::At((seconds * 1000.0).round() as i64));
        }
        if let Ok(ago) = text.parse::<PromDuration>() {
            return Ok(When::Ago(ago.as_millis()));
        }
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| {
            "expected RFC 3339 (2026-11-23T10:00:00Z), Unix seconds, or a duration (5m ago: 5m)".to_owned()
        })?;
        Ok(When::At(timestamp.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, want) in [
            ("1700000000", When::At(1_700_000_000_000)),
            ("1700000000.5", When::At(1_700_000_000_500)),
            ("-1", When::At(-1000)),
            ("5m", When::Ago(300_000)),
            ("2023-11-14T22:13:20Z", When::At(1_700_000_000_000)),
            ("2023-11-14T23:13:20.25+01:00", When::At(1_700_000_000_250)),
        ] {
            assert_eq!(text.parse(), Ok(want), "{text}");
        }
        assert!("yesterday".parse::<When>().is_err());
        assert_eq!((as_parameter(-1500), as_parameter(7)), ("-1.500".to_owned(), "0.007".to_owned()));
    }
}
