//! Durations as OpenSLO writes them: a number and a unit, where `m` are minutes and `M` are months.

use crate::spec::CalendarUnit;

/// More is no duration: a hundred years of seconds.
const MAX_COUNT: u64 = 100 * 366 * 86_400;
/// The longest duration: a hundred years.
const MAX_MS: i64 = 100 * 366 * 86_400_000;

/// A duration: so many of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpecDuration {
    pub(super) count: u32,
    /// `None` for seconds, which OpenSLO does not have.
    pub(super) unit: Option<CalendarUnit>,
}

impl SpecDuration {
    /// Reads a duration.
    ///
    /// # Errors
    /// In words: what it is not.
    pub(super) fn parse(text: &str) -> Result<SpecDuration, String> {
        let wrong =
            || format!("{text:?} is no duration: a number and one of s, m, h, d, w, M, Q, Y are needed, as in 28d");
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "s" => None,
            "m" => Some(CalendarUnit::Minute),
            "h" => Some(CalendarUnit::Hour),
            "d" => Some(CalendarUnit::Day),
            "w" => Some(CalendarUnit::Week),
            "M" => Some(CalendarUnit::Month),
            "Q" => Some(CalendarUnit::Quarter),
            "Y" => Some(CalendarUnit::Year),
            _ => return Err(wrong()),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let too_long = || format!("{text:?} is longer than a hundred years");
        let count = digits.parse::<u64>().ok().filter(|count| *count <= MAX_COUNT).ok_or_else(too_long)?;
        let duration = SpecDuration { count: u32::try_from(count).map_err(|_| too_long())?, unit };
        match duration.nominal_ms() {
            0 => Err(format!("{text:?} is no time at all")),
            length if length > MAX_MS => Err(too_long()),
            _ => Ok(duration),
        }
    }

    /// Its length in milliseconds; of months, quarters and years the nominal one.
    pub(super) fn nominal_ms(self) -> i64 {
        i64::from(self.count) * self.unit.map_or(1000, CalendarUnit::nominal_ms)
    }

    /// Whether its length does not depend on a calendar.
    pub(super) fn is_fixed(self) -> bool {
        !matches!(self.unit, Some(CalendarUnit::Month | CalendarUnit::Quarter | CalendarUnit::Year))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text: &str, want: Result<i64, &str>| {
            let found = SpecDuration::parse(text).map(SpecDuration::nominal_ms);
            assert_eq!(found, want.map_err(|message| format!("{text:?} {message}")), "{text}");
        };
        check("30s", Ok(30_000));
        check("1m", Ok(60_000));
        check("1M", Ok(30 * 86_400_000));
        check("1Q", Ok(91 * 86_400_000));
        check("28d", Ok(28 * 86_400_000));
        check("2w", Ok(14 * 86_400_000));
        check("1Y", Ok(365 * 86_400_000));
        let form = "is no duration: a number and one of s, m, h, d, w, M, Q, Y are needed, as in 28d";
        for text in ["", "1", "d", "1h30m", "1.5h", "-1d", "1 d", "1x", "1ms"] {
            check(text, Err(form));
        }
        check("0d", Err("is no time at all"));
        check("101Y", Err("is longer than a hundred years"));
        check("99999999999999999999999d", Err("is longer than a hundred years"));
    }
}
