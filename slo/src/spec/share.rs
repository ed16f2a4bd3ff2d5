//! Shares of one as exact decimals: `99.9` percent is not a binary float.

use std::fmt;

/// How many parts make one.
const ONE: u64 = 1_000_000_000;

/// A share of one, in parts per 10^9, so that 99.9 % and 0.999 are the same to the last digit. From 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u64);

/// Why a text is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// It is not a decimal number without an exponent.
    #[error("{0:?} is not a decimal number")]
    NotDecimal(String),
    /// It has more digits behind the point than can be held.
    #[error("{0:?} has more digits than the nine decimal places of a ratio")]
    TooFine(String),
    /// It is below zero or above one (100 %).
    #[error("{text:?} is outside of {lowest} to {highest}")]
    Outside {
        /// The text.
        text: String,
        /// The lowest that is allowed, as it would be written.
        lowest: &'static str,
        /// The highest that is allowed, as it would be written.
        highest: &'static str,
    },
}

impl Share {
    /// Of parts per 10^9; `None` above 10^9.
    pub fn from_parts(parts: u64) -> Option<Share> {
        (parts <= ONE).then_some(Share(parts))
    }

    /// Of a percentage as people write it: `99.9`, `99.95`.
    ///
    /// # Errors
    /// When it is no decimal number, is finer than 10^-7 percent, or is outside of 0 to 100.
    pub fn from_percent(text: &str) -> Result<Share, ShareError> {
        parse(text, 7, "100")
    }

    /// Of a ratio as people write it: `0.999`.
    ///
    /// # Errors
    /// When it is no decimal number, has more than nine places, or is outside of 0 to 1.
    pub fn from_ratio(text: &str) -> Result<Share, ShareError> {
        parse(text, 9, "1")
    }

    /// Parts per 10^9.
    pub fn parts(self) -> u64 {
        self.0
    }

    /// What is missing to one: the budget of an objective.
    #[must_use]
    pub fn rest(self) -> Share {
        Share(ONE - self.0)
    }

    /// The nearest float.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    /// As a percentage with the digits that it needs: `99.9`.
    pub fn percent_text(self) -> String {
        digits(self.0, 7)
    }
}

impl fmt::Display for Share {
    /// As a ratio with the digits that it needs: `0.999`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(self.0, 9))
    }
}

fn parse(text: &str, n_places: usize, highest: &'static str) -> Result<Share, ShareError> {
    let not_decimal = || ShareError::NotDecimal(text.to_owned());
    let outside = || ShareError::Outside { text: text.to_owned(), lowest: "0", highest };
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err(outside());
    }
    let (whole, places) = trimmed.split_once('.').unwrap_or((trimmed, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && places.is_empty()) || !is_digits(whole) || !is_digits(places) {
        return Err(not_decimal());
    }
    let places = places.trim_end_matches('0');
    if places.len() > n_places {
        return Err(ShareError::TooFine(text.to_owned()));
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > 3 {
        return Err(outside());
    }
    let padded = format!("{whole:0>1}{places:0<n_places$}");
    let parts = padded.parse().map_err(|_| not_decimal())?;
    Share::from_parts(parts).ok_or_else(outside)
}

fn digits(parts: u64, n_places: usize) -> String {
    let padded = format!("{parts:0>width$}", width = n_places + 1);
    let (whole, places) = padded.split_at(padded.len() - n_places);
    let places = places.trim_end_matches('0');
    if places.is_empty() { whole.to_owned() } else { format!("{whole}.{places}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_exact() {
        let check = |percent: &str, parts: u64, ratio: &str| {
            let share = Share::from_percent(percent).unwrap();
            assert_eq!((share.parts(), share.to_string().as_str()), (parts, ratio), "{percent}");
            assert_eq!(Share::from_ratio(ratio), Ok(share), "{percent}");
            assert_eq!(Share::from_percent(&share.percent_text()), Ok(share), "{percent}");
        };
        check("99.9", 999_000_000, "0.999");
        check("99.95", 999_500_000, "0.9995");
        check("99.99999", 999_999_900, "0.9999999");
        check("99", 990_000_000, "0.99");
        check("100", ONE, "1");
        check("0", 0, "0");
        check("00.10", 1_000_000, "0.001");
        assert_eq!(Share::from_percent("99.9").unwrap().rest().to_string(), "0.001");
    }

    #[test]
    fn what_is_no_share_is_refused() {
        let check = |percent: &str, want: &str| {
            assert_eq!(Share::from_percent(percent).unwrap_err().to_string(), want, "{percent}");
        };
        check("", "\"\" is not a decimal number");
        check("ninety", "\"ninety\" is not a decimal number");
        check("9e1", "\"9e1\" is not a decimal number");
        check("100.1", "\"100.1\" is outside of 0 to 100");
        check("-1", "\"-1\" is outside of 0 to 100");
        check("1000000000000000000000000", "\"1000000000000000000000000\" is outside of 0 to 100");
        check("99.12345678", "\"99.12345678\" has more digits than the nine decimal places of a ratio");
    }
}
